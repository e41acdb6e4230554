// Strategy groups: two shops that are given one schema and one schedule together.
#include <iostream>

#include "loopback_site.hpp"
#include "meter/meter.hpp"

namespace {

std::string tea(const std::string& name, const std::string& price) {
    return "<li><a href=/t>" + name + "</a><span class=price>" + price + "</span></li>";
}

}  // namespace

int main() {
    LoopbackSite site{
        {"/north", "<ul>" + tea("Sencha", "$12.40") + tea("Assam", "$9.80") + tea("Oolong", "$15") + "</ul>"},
        {"/south", "<ul>" + tea("Rooibos", "$7.20") + tea("Mate", "$6") + tea("Chai", "$8.10") + "</ul>"}};
    meter::EngineOptions options;
    options.fetch.allow_private_networks = true;  // the shops of this example are on loopback
    options.jobs.workers = 0;                     // run_pending() makes the strategies again
    const auto engine = meter::Engine::open(options).value();

    const auto group = engine->create_strategy_group({.name = "Tea shops"}).value();
    std::vector<std::string> members;
    for (const char* path : {"/north", "/south"}) {
        const auto strategy =
            engine->create_strategy({.url = site.url(path), .description = "names and prices", .name = path}).value();
        members.push_back(strategy.strategy_id);
    }
    engine->add_to_strategy_group(group.group_id, members).value();

    // Every member is made again, in the background, so that its items have these fields and types.
    const meter::Value schema(meter::Object{{"name", "string"}, {"price", "number"}});
    engine->apply_group_schema(group.group_id, schema).value();
    engine->run_pending().value();
    const auto progress = engine->group_schema_progress(group.group_id).value();
    for (const auto& strategy : engine->get_strategy_group(group.group_id).value().strategies)
        std::cout << strategy.name << " " << strategy.preview_data << "\n";

    // One schedule for each member, on its own URL; a second call changes them all.
    meter::SchedulePatch hourly;
    hourly.interval_seconds = 3600;
    const auto made = engine->apply_group_schedule(group.group_id, hourly).value();
    meter::SchedulePatch each_morning;
    each_morning.cron_expression = "0 8 * * *";
    const auto changed = engine->apply_group_schedule(group.group_id, each_morning).value();
    std::cout << meter::to_json(progress) << "\n" << meter::to_json(changed) << "\n";

    return progress.status() == meter::RegenerationStatus::completed && progress.completed == 2 && made.created == 2 &&
                   changed.updated == 2 && engine->list_schedules().value().size() == 2
               ? 0
               : 1;
}
