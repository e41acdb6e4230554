#include "workflow/states.hpp"

#include <algorithm>

namespace meter::workflow {

bool ended(NodeStatus status) noexcept {
    return status != NodeStatus::pending && status != NodeStatus::running;
}

bool good(const NodeExecution& node) noexcept {
    return node.status == NodeStatus::completed ||
           (node.status == NodeStatus::skipped && node.skip_reason == SkipReason::unchanged);
}

std::vector<std::size_t> ready_nodes(const Graph& graph, const std::vector<NodeExecution>& nodes) {
    std::vector<std::size_t> ready;
    for (std::size_t node = 0; node < graph.size(); ++node) {
        const auto& arcs = graph.incoming(node);
        if (nodes[node].status == NodeStatus::pending && std::all_of(arcs.begin(), arcs.end(), [&](std::size_t arc) {
                return ended(nodes[graph.arcs()[arc].from].status);
            }))
            ready.push_back(node);
    }
    return ready;
}

bool upstreams_failed(const Graph& graph, const std::vector<NodeExecution>& nodes, std::size_t node) {
    const auto& arcs = graph.incoming(node);
    return !arcs.empty() &&
           std::none_of(arcs.begin(), arcs.end(), [&](std::size_t arc) { return good(nodes[graph.arcs()[arc].from]); });
}

NodeStatus ended_status(std::int64_t job_count, std::int64_t failed_job_count, std::int64_t reused_count) noexcept {
    const bool nothing = job_count > 0 && failed_job_count >= job_count && reused_count == 0;
    return nothing ? NodeStatus::failed : NodeStatus::completed;
}

Verdict verdict(const Graph& graph, const std::vector<NodeExecution>& nodes) {
    const bool clean = std::all_of(nodes.begin(), nodes.end(),
                                   [](const NodeExecution& node) { return good(node) && node.failed_job_count == 0; });
    if (clean) return {RunStatus::completed};
    for (std::size_t node = 0; node < graph.size(); ++node)
        if (graph.is_leaf(node) && good(nodes[node])) return {RunStatus::partial};

    // No leaf is good, so some node failed, or was cut off before it could.
    const NodeExecution* first = nullptr;
    for (const std::size_t node : graph.order()) {
        if (nodes[node].status == NodeStatus::failed) {
            first = &nodes[node];
            break;
        }
        if (first == nullptr && !good(nodes[node])) first = &nodes[node];
    }
    const bool failed = first->status == NodeStatus::failed;
    const std::string why =
        first->error.value_or(failed ? "All its jobs failed" : std::string(to_string(first->status)));
    return {RunStatus::failed, "Node '" + first->node_key + "' failed: " + why};
}

std::vector<LeafLabel> leaf_labels(const Graph& graph, const std::vector<WorkflowNode>& nodes) {
    constexpr std::string_view script_prefix = "script:";
    std::vector<LeafLabel> labels;
    for (std::size_t node = 0; node < graph.size(); ++node) {
        if (!graph.is_leaf(node)) continue;
        std::string label = "default";
        if (!labels.empty()) {
            label = nodes[node].node_key;
            if (label.starts_with(script_prefix)) label.erase(0, script_prefix.size());
            std::replace(label.begin(), label.end(), '_', ' ');
        }
        labels.push_back({node, std::move(label)});
    }
    return labels;
}

}  // namespace meter::workflow
