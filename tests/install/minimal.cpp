// What is left without optional features: pages to records and their differences; stores of SQLite are refused.
#include <cstdio>

#include "meter/meter.hpp"

int main() {
    const auto definition =
        meter::parse_json(R"({"container":{"selector":"li"},"fields":{"name":{"selector":"b"}}})").value();
    const auto plan = meter::Plan::parse(definition).value();
    const auto before = meter::extract("<ul><li><b>A</b><li><b>B</b></ul>", plan).value().items;
    const auto after = meter::extract("<ul><li><b>A</b><li><b>C</b></ul>", plan).value().items;
    const bool changed = meter::diff(before, after).changed;

    bool refused = true;
    for (const char* url : {"memory:", "sqlite:meter.db"}) {
        const auto store = meter::open_store(url);
        refused = refused && !store && store.error().code == meter::ErrorCode::unsupported;
    }
    const auto engine = meter::Engine::open({});
    std::printf("libmeter %s: %zu items, %s; %s\n", std::string(meter::version()).c_str(), after.size(),
                changed ? "changed" : "unchanged", engine ? "engine" : engine.error().message.c_str());
    return before.size() == 2 && changed && refused && !engine ? 0 : 1;
}
