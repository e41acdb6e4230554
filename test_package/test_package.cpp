// A strategy from a page and a sentence, records, a difference, and an engine that runs a job on a store in memory,
// which libmeter has when it was built with SQLite.
#include <cstdio>
#include <memory>
#include <string>

#include "meter/meter.hpp"
#include "meter/testing/scripted_fetcher.hpp"

namespace {

std::string shop_page(const char* price) {
    std::string page = "<html><body><ul>";
    for (const char* name : {"Kettle", "Teapot", "Cup", "Tray"})
        page += "<li class=\"product\"><a href=\"/p/" + std::string(name) + "\"><h3>" + name +
                "</h3></a><span class=\"price\">$" + price + "</span></li>";
    return page + "</ul></body></html>";
}

}  // namespace

int main() {
    const std::string url = "https://shop.test/list", before = shop_page("19.99"), after = shop_page("24.99");

    const auto made = meter::generate_strategy(before, url, "product names and prices");
    if (!made) return std::printf("generate: %s\n", made.error().message.c_str()), 1;

    const auto plan = meter::Plan::parse(made->definition).value();
    const auto old_items = meter::extract(before, plan, url).value().items;
    const auto new_items = meter::extract(after, plan, url).value().items;
    const auto changes = meter::diff(old_items, new_items, meter::ChangeRules::parse({}, {}).value());
    if (old_items.size() != 4 || !changes.changed || changes.modified_items.size() != 4)
        return std::printf("extract or diff: %zu items\n", old_items.size()), 1;

    const auto store = meter::open_store("memory:");
    if (!HAS_STORE) {
        std::printf("libmeter %s without stores\n", std::string(meter::version()).c_str());
        return !store && store.error().code == meter::ErrorCode::unsupported ? 0 : 1;
    }
    auto site = std::make_shared<meter::testing::ScriptedFetcher>();
    site->page(url, before);
    auto engine = meter::Engine::open({.store = store.value(), .fetcher = site, .jobs = {.workers = 1}}).value();
    const auto strategy = engine->create_strategy({.url = url, .name = "Shop", .strategy = made->definition}).value();
    const auto job = engine->execute({.strategy_id = strategy.strategy_id, .url = url}).value();
    std::printf("libmeter %s\n%s\n%s\n", std::string(meter::version()).c_str(),
                meter::to_json(made->definition).c_str(), job.results.value_or(job.error.value_or("nothing")).c_str());
    return job.status == meter::JobStatus::completed && job.item_count == 4 ? 0 : 1;
}
