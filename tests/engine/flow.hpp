// Pages that link to pages, and an engine on them, for the tests of workflows.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "meter/engine.hpp"
#include "meter/json.hpp"
#include "meter/testing/manual_clock.hpp"
#include "meter/testing/scripted_fetcher.hpp"

namespace flow {

inline std::string at(const std::string& path) {
    return "https://site.test/" + path;
}

/// A page whose items are {"name","link"}.
inline std::string page(const std::vector<std::pair<std::string, std::string>>& items) {
    std::string html = "<ul>";
    for (const auto& [name, link] : items) html += "<li class=item><a href='" + link + "'>" + name + "</a></li>";
    return html + "</ul>";
}

inline meter::Value plan() {
    return meter::parse_json(R"({"container":{"selector":"li.item"},
        "fields":{"name":{"selector":"a"},"link":{"selector":"a","attribute":"href"}}})")
        .value();
}

/// An engine whose clock, site and threads the test drives.
struct Fixture {
    std::shared_ptr<meter::testing::ManualClock> clock = std::make_shared<meter::testing::ManualClock>();
    std::shared_ptr<meter::testing::ScriptedFetcher> site = std::make_shared<meter::testing::ScriptedFetcher>();
    std::shared_ptr<meter::Store> store = meter::open_store("memory:").value();
    meter::WorkflowOptions options = {};
    std::unique_ptr<meter::Engine> engine;
    std::string strategy_id;

    explicit Fixture(meter::WorkflowOptions workflows = {}) : options(workflows) {
        site->page(at("sample"), page({{"sample", at("sample")}}));
        reopen();
        strategy_id = strategy();
    }

    /// A process that has died and started again: what it held comes back when its lease runs out.
    void reopen() {
        engine.reset();
        engine = meter::Engine::open({.store = store,
                                      .fetcher = site,
                                      .clock = clock,
                                      .jobs = {.workers = 0, .max_attempts = 1'000},
                                      .workflows = options})
                     .value();
    }

    std::string strategy() {
        return engine->create_strategy({.url = at("sample"), .description = {}, .name = "Links", .strategy = plan()})
            .value()
            .strategy_id;
    }

    /// index -> details; the index links to the details.
    meter::Workflow two_steps() {
        meter::WorkflowBuilder builder("Two steps");
        builder.start("index", strategy_id, {at("index")}).then("details", strategy_id, {.url_field = "link"});
        return engine->create_workflow(builder.request()).value();
    }

    void link_index(const std::vector<std::string>& details) {
        std::vector<std::pair<std::string, std::string>> items;
        for (const auto& path : details) items.emplace_back(path, at(path));
        site->page(at("index"), page(items));
    }

    void detail(const std::string& path, const std::string& name) { site->page(at(path), page({{name, at("end")}})); }

    meter::WorkflowRun run(const meter::Workflow& workflow, bool force = false) {
        const auto started = engine->run_workflow(workflow.workflow_id, force).value();
        engine->run_pending().value();
        return engine->get_workflow_run(workflow.workflow_id, started.run_id).value();
    }

    meter::WorkflowRun now(const meter::WorkflowRun& run) {
        return engine->get_workflow_run(run.workflow_id, run.run_id).value();
    }

    meter::Value output(const meter::Workflow& workflow, const meter::WorkflowOutputQuery& query = {}) {
        return meter::parse_json(engine->latest_workflow_output(workflow.workflow_id, query).value()).value();
    }

    std::size_t fetches() const { return site->requests().size(); }
};

}  // namespace flow
