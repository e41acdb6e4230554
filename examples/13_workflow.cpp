// A workflow: the pages that a list links to are scraped; run again, only what is new or has changed.
#include <iostream>

#include "loopback_site.hpp"
#include "meter/meter.hpp"

int main() {
    LoopbackSite site{{"/jobs", "<li><a href=/jobs/1>Cook</a><li><a href=/jobs/2>Baker</a>"},
                      {"/jobs/1", "<h1>Cook</h1><b>$20</b>"},
                      {"/jobs/2", "<h1>Baker</h1><b>$22</b>"}};
    meter::EngineOptions options;
    options.fetch.allow_private_networks = true;  // the site of this example is on loopback
    options.jobs.workers = 0;                     // run_pending() runs workflows and jobs
    const auto engine = meter::Engine::open(options).value();
    const auto strategy = [&](const std::string& path, const char* plan) {
        const meter::StrategyRequest request{
            .url = site.url(path), .name = path, .strategy = meter::parse_json(plan).value()};
        return engine->create_strategy(request).value().strategy_id;
    };
    const auto list =
        strategy("/jobs", R"({"container":{"selector":"li"},"fields":{"link":{"selector":"a","attribute":"href"}}})");
    const auto job = strategy(
        "/jobs/1", R"({"container":{"selector":"body"},"fields":{"title":{"selector":"h1"},"pay":{"selector":"b"}}})");

    meter::WorkflowBuilder flow("Jobs");
    flow.start("list", list, {site.url("/jobs")}).then("details", job, {.url_field = "link"});
    const auto workflow = engine->create_workflow(flow.request()).value();
    meter::WorkflowRun run;
    for (int i = 0; i < 2; ++i) {  // the second time nothing is new: the list is read again, the details stay
        run = engine->run_workflow(workflow.workflow_id).value();
        engine->run_pending().value();
    }
    run = engine->get_workflow_run(workflow.workflow_id, run.run_id).value();
    const auto output = engine->latest_workflow_output(workflow.workflow_id, {.flat = true}).value();
    std::cout << output << "\n";
    const bool reused = run.node_executions[1].skip_reason == meter::SkipReason::unchanged;
    return reused && output.find("Baker") != std::string::npos ? 0 : 1;
}
