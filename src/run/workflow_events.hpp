// What the end of a scheduled run tells its schedule's webhook (wire contract 15.2, 15.3).
#pragma once

#include <vector>

#include "meter/result.hpp"
#include "meter/store.hpp"
#include "meter/workflow.hpp"
#include "workflow/graph.hpp"

namespace meter::run {

/// The deliveries of a run that ends as `end` says; none for manual runs and schedules without a webhook. `run` holds
/// the node executions as they are at the end; a failed run
/// may have no graph. The results of the leaves are read here, once the rules let the run be
/// told. Errors: store.
Result<std::vector<Delivery>> run_events(Store& store, const Workflow& definition, const workflow::Graph* graph,
                                         const WorkflowRun& run, const WorkflowRunEnd& end);

}  // namespace meter::run
