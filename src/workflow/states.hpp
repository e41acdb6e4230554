// How the states of nodes make the next steps of a run, and its end. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "meter/workflow.hpp"
#include "workflow/graph.hpp"

namespace meter::workflow {

/// Has this node ended?
bool ended(NodeStatus status) noexcept;

/// Does it hand something on: completed, or skipped as unchanged?
bool good(const NodeExecution& node) noexcept;

/// Pending nodes all of whose upstreams have ended, by ascending index.
std::vector<std::size_t> ready_nodes(const Graph& graph, const std::vector<NodeExecution>& nodes);

/// Is there no upstream that is good, though there are upstreams? Then the node is skipped `upstream_failed`.
bool upstreams_failed(const Graph& graph, const std::vector<NodeExecution>& nodes, std::size_t node);

/// The status of a node whose inputs are all planned and whose jobs have all ended: failed when there were jobs and
/// all failed and nothing was reused; else completed.
NodeStatus ended_status(std::int64_t job_count, std::int64_t failed_job_count, std::int64_t reused_count) noexcept;

struct Verdict {
    RunStatus status = RunStatus::completed;
    std::optional<std::string> error = {};  ///< when failed: of the first failed node in Graph::order()
};

/// The end of a run all of whose nodes have ended (the table of wire contract 19.5). The error is "Node '<key>' failed:
/// <why>", why being the node's own error.
Verdict verdict(const Graph& graph, const std::vector<NodeExecution>& nodes);

/// Labels of the leaves in output (wire contract 19.7), one for each leaf in definition order.
struct LeafLabel {
    std::size_t node = 0;
    std::string label = {};
};
std::vector<LeafLabel> leaf_labels(const Graph& graph, const std::vector<WorkflowNode>& nodes);

}  // namespace meter::workflow
