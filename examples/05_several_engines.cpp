// Several engines in one program: each has its own store, workers and limits, and knows nothing of the other. The
// first runs its jobs on threads of its own; the second has none, and the program says when work is done.
#include <iostream>

#include "loopback_site.hpp"
#include "meter/meter.hpp"

namespace {

meter::Strategy watch_headlines(meter::Engine& engine, const std::string& url) {
    const auto plan =
        meter::parse_json(R"({"container": {"selector": "li"}, "fields": {"headline": {"selector": ":self"}}})");
    return engine.create_strategy({.url = url, .name = "Headlines", .strategy = plan.value()}).value();
}

}  // namespace

int main() {
    const LoopbackSite site{{"/a", "<ul><li>Rain<li>Sun</ul>"}, {"/b", "<ul><li>Snow</ul>"}};

    meter::EngineOptions busy;
    busy.fetch.allow_private_networks = true;
    busy.fetch.user_agent = "busy/1.0";
    busy.jobs.workers = 4;

    meter::EngineOptions stepped = busy;  // both stores are null here: each engine opens a "memory:" of its own
    stepped.fetch.user_agent = "stepped/1.0";
    stepped.jobs.workers = 0;

    const auto first = meter::Engine::open(busy).value();
    const auto second = meter::Engine::open(stepped).value();

    const auto on_first = watch_headlines(*first, site.url("/a"));
    const auto on_second = watch_headlines(*second, site.url("/b"));
    const auto stranger = second->get_strategy(on_first.strategy_id);
    std::cout << "the second engine, asked for the first one's strategy: "
              << (stranger ? "found" : stranger.error().message) << "\n";

    const auto done = first->execute({.strategy_id = on_first.strategy_id, .url = site.url("/a")}).value();
    std::cout << "first engine, by its workers: " << done.results.value_or("?") << "\n";

    const auto job = second->submit({.strategy_id = on_second.strategy_id, .url = site.url("/b")}).value();
    const auto waiting = second->get_job(job.job_id).value();
    const auto ran = second->run_pending().value();
    const auto ended = second->get_job(job.job_id).value();
    std::cout << "second engine, step by step: " << meter::to_string(waiting.status) << ", " << ran << " job run, "
              << meter::to_string(ended.status) << " " << ended.results.value_or("?") << "\n";

    const bool as_expected = !stranger && stranger.error().code == meter::ErrorCode::not_found &&
                             done.item_count == 2 && waiting.status == meter::JobStatus::pending && ran == 1 &&
                             ended.results == R"([{"headline":"Snow"}])";
    return as_expected ? 0 : 1;
}
