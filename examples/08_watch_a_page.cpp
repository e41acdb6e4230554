// A change feed: watch a page, let time pass, read what is new. The clock is the program's own, so that a day takes no
// time; with the default options the engine's threads do all this by themselves.
#include <iostream>

#include "loopback_site.hpp"
#include "meter/meter.hpp"
#include "meter/testing/manual_clock.hpp"

int main() {
    using namespace std::chrono_literals;
    LoopbackSite site{{"/shop", R"(<ul><li class=product><h2>Kettle</h2><b class=price>$24.50</b>
                                        <li class=product><h2>Teapot</h2><b class=price>$18.00</b></ul>)"}};
    const auto clock = std::make_shared<meter::testing::ManualClock>();
    meter::EngineOptions options;
    options.fetch.allow_private_networks = true;  // the shop of this example is on loopback
    options.clock = clock;
    options.jobs.workers = 0;  // run_pending() makes ticks and runs jobs
    const auto engine = meter::Engine::open(options).value();
    const auto hour_later = [&] {
        clock->advance(1h);
        engine->run_pending().value();
    };

    const char* const plan = R"({"container": {"selector": "li.product"},
                                 "fields": {"name": {"selector": "h2"}, "price": {"selector": ".price"}}})";
    meter::WatchRequest request;
    request.strategy = {.url = site.url("/shop"), .name = "Shop", .strategy = meter::parse_json(plan).value()};
    request.interval_seconds = 3600;
    const auto watch = engine->create_watch(request).value();
    const std::string& id = watch.schedule.schedule_id;
    std::cout << "first run at " << meter::format_time(*watch.schedule.next_run_at) << "\n";

    hour_later();  // the first run is what later ones are compared with
    site.set("/shop", R"(<ul><li class=product><h2>Kettle</h2><b class=price>$21.00</b>
                             <li class=product><h2>Teapot</h2><b class=price>$18.00</b></ul>)");
    hour_later();
    site.set("/shop", "<h1>Down for maintenance</h1>");
    hour_later();  // broken is not changed: the schedule says so, the feed stays quiet
    const auto health = engine->get_schedule(id).value().health;
    std::cout << "health: " << meter::to_string(health.state) << "\n";

    const auto fresh = engine->schedule_changes(id, {.filter = "+kettle"}).value();
    for (const auto& change : fresh.changes) std::cout << change.url << " is now " << change.results << "\n";
    const auto log = engine->schedule_changelog(id).value();
    for (const auto& entry : log.entries) std::cout << "modified: " << entry.change.modified_items << "\n";

    const bool as_expected = fresh.changes.size() == 1 && engine->schedule_changes(id).value().changes.empty() &&
                             log.total == 1 && health.state == meter::HealthState::degraded &&
                             log.entries[0].change.modified_items ==
                                 R"([{"item":{"name":"Kettle","price":"$21.00"},)"
                                 R"("fields":{"price":{"old":"$24.50","new":"$21.00"}}}])";
    return as_expected ? 0 : 1;
}
