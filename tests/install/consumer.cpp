// What a first program does: extract from a string, and run a job on an engine.
#include <cstdio>
#include <memory>

#include "meter/meter.hpp"
#include "meter/testing/scripted_fetcher.hpp"

int main() {
    const auto definition =
        meter::parse_json(R"({"container":{"selector":"li"},"fields":{"name":{"selector":"b"}}})").value();
    const auto plan = meter::Plan::parse(definition).value();
    const auto found = meter::extract("<ul><li><b>A</b><li><b>B</b></ul>", plan).value();
    if (found.items.size() != 2) return 1;

    auto site = std::make_shared<meter::testing::ScriptedFetcher>();
    site->page("https://shop.test/", "<ul><li><b>A</b></ul>");
    auto engine = meter::Engine::open({.fetcher = site, .jobs = {.workers = 1}}).value();
    const auto strategy =
        engine->create_strategy({.url = "https://shop.test/", .name = "Shop", .strategy = definition}).value();
    const auto job = engine->execute({.strategy_id = strategy.strategy_id, .url = strategy.url}).value();
    std::printf("libmeter %s: %s\n", std::string(meter::version()).c_str(), job.results.value_or("no results").c_str());
    return job.status == meter::JobStatus::completed && job.item_count == 1 ? 0 : 1;
}
