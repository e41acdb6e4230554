// Node types that need an engine: meter-scrape and meter-workflow (wire contract 20.5).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>

#include "meter/node.hpp"
#include "meter/result.hpp"
#include "meter/schema.hpp"
#include "meter/store.hpp"
#include "meter/workflow.hpp"
#include "run/runner.hpp"

namespace meter {

/// What these nodes use of their engine, which outlives every run of them.
struct EngineNodeParts {
    std::shared_ptr<Store> store;
    run::Runner& runner;
    std::int64_t max_pending;    ///< JobOptions::max_pending
    std::int64_t max_node_jobs;  ///< WorkflowOptions::max_node_jobs
    /// Engine::run_workflow() and Engine::cancel_workflow_run() of an account. `run_id` of the new run; empty: any.
    std::function<Result<WorkflowRun>(std::string_view account_id, std::string_view workflow_id, bool force,
                                      std::string_view run_id)>
        start_run;
    std::function<Result<WorkflowRun>(std::string_view account_id, std::string_view workflow_id,
                                      std::string_view run_id)>
        cancel_run;
    /// Runs what jobs and workflow runs wait for on the calling thread; null when the engine has threads for it.
    std::function<Result<void>(std::stop_token stop)> run_pending;
};

/// Errors: conflict when the registry has these names already.
Result<void> add_engine_nodes(NodeRegistry& registry, EngineNodeParts parts);

/// Is what this try of a node began left for the next process? (NodeContext::runs_again)
bool left_for_later(const NodeContext& context);

/// Hands on the items in the results of a job, one by one.
Result<void> push_results(const OutputSchema* schema, std::string_view results, ItemSink& out);

NodeType meter_scrape_type(std::shared_ptr<const EngineNodeParts> parts);
NodeType meter_workflow_type(std::shared_ptr<const EngineNodeParts> parts);

}  // namespace meter
