// What the nodes of a run hand on: read page by page, put together for callers, hashed (wire contract 19.6, 19.7).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "meter/result.hpp"
#include "meter/workflow.hpp"
#include "meter/workflow_store.hpp"
#include "workflow/graph.hpp"

namespace meter::run {

/// Hands every output of a node to `each`, in order; never holds more than a page of them. Errors: store, and those of
/// `each`, which end it.
Result<void> for_each_output(WorkflowStore& store, NodeOutputQuery query,
                             const std::function<Result<void>(const NodeOutput&)>& each);

/// The graph of a stored definition. Errors: as Graph::make().
Result<workflow::Graph> graph_of(const Workflow& definition);

/// What the leaves handed on as JSON object text: {url: {label: [items]}}, or with `flat` {url: [items]}. Stored
/// results are spliced in without being parsed.
Result<std::string> results_by_url(WorkflowStore& store, const Workflow& definition, const workflow::Graph& graph,
                                   std::string_view run_id, bool flat);

/// {node_key: [items]} of every node, as JSON object text.
Result<std::string> outputs_by_node(WorkflowStore& store, const Workflow& definition, std::string_view run_id);

/// Over what the leaves handed on: equal when they handed on the same results for the same URLs. In which order the
/// URLs came does not matter; the results of one URL that come one after the other count in their order.
Result<std::string> leaf_hash(WorkflowStore& store, const Workflow& definition, const workflow::Graph& graph,
                              std::string_view run_id);

}  // namespace meter::run
