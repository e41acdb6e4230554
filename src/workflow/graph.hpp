// The graph of a workflow: checks, order, neighbours, layers. Boost.Graph is behind it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "meter/result.hpp"
#include "meter/workflow.hpp"

namespace meter::workflow {

/// From one node to another, by index.
struct Arc {
    std::size_t from = 0;
    std::size_t to = 0;
};

/// A directed acyclic graph. Node and arc indexes are those it was made from. Immutable.
class Graph {
public:
    /// Linear in nodes and arcs. `names` are for messages. Errors: invalid_argument for an arc to itself, an arc that
    /// is there twice, and for a cycle, whose path is in the text: "Workflow contains a cycle: a -> b -> a".
    static Result<Graph> make(const std::vector<std::string>& names, const std::vector<Arc>& arcs);

    std::size_t size() const noexcept { return incoming_.size(); }
    const std::vector<Arc>& arcs() const noexcept { return arcs_; }
    /// Indexes of arcs, in the order of `arcs`.
    const std::vector<std::size_t>& incoming(std::size_t node) const { return incoming_[node]; }
    const std::vector<std::size_t>& outgoing(std::size_t node) const { return outgoing_[node]; }
    /// Every node after its upstreams; of those that could be next, the one with the smallest index.
    const std::vector<std::size_t>& order() const noexcept { return order_; }
    /// Longest path from a start node, for drawing.
    const std::vector<std::size_t>& layers() const noexcept { return layers_; }
    bool is_start(std::size_t node) const { return incoming_[node].empty(); }
    bool is_leaf(std::size_t node) const { return outgoing_[node].empty(); }

private:
    std::vector<Arc> arcs_;
    std::vector<std::vector<std::size_t>> incoming_, outgoing_;
    std::vector<std::size_t> order_, layers_;
};

/// Most nodes and edges of a workflow (wire contract 19.1).
inline constexpr std::size_t most_nodes = 500;
inline constexpr std::size_t most_edges = 2'000;

/// Checks one node by itself: lengths, ids, what its input type needs, JSON members, URLs last. `path` is its own
/// dotted path, empty for a request body. Errors: invalid_argument, the text names the node; invalid_url "Invalid URL
/// format".
Result<void> check_node(const WorkflowNode& node, const std::string& path);

/// Is every node that takes items from upstream connected? When nodes are added one by one that waits (wire contract
/// 19.1).
enum class Completeness { required, later };

/// Checks members, keys, edges, filters and the graph (wire contract 19.1). Errors: invalid_argument, invalid_url;
/// `subject` is the dotted member ("edges.0.target_node_key"), the text names node or edge.
Result<Graph> check_workflow(const std::vector<WorkflowNode>& nodes, const std::vector<WorkflowEdge>& edges,
                             Completeness completeness);

}  // namespace meter::workflow
