// What a graph needs to be deployed (wire contract 20.2, 20.5).
#include <algorithm>
#include <map>
#include <utility>

#include "meter/automation.hpp"
#include "meter/json.hpp"
#include "meter/node.hpp"
#include "nodes/builtin.hpp"
#include "workflow/graph.hpp"

namespace meter {
namespace {

constexpr std::size_t graph_text_depth = 128;  // as deep as a stored graph may be

/// A node as the check sees it.
struct GraphNode {
    std::string id;
    const NodeType* type;
};

Error graph_error(std::string message, std::string subject) {
    return {ErrorCode::invalid_argument, std::move(message), std::move(subject)};
}

/// The array in one member of a graph. Errors: invalid_argument.
Result<Value::Array> graph_list(std::string_view text, std::string_view member) {
    const auto value = parse_json(text, {.max_depth = graph_text_depth});
    if (!value || value->if_array() == nullptr)
        return graph_error(std::string(member) + " must be an array", std::string(member));
    return *value->if_array();
}

/// Type and config of one node. Errors: invalid_argument naming the node.
Result<GraphNode> graph_check_node(const NodeRegistry& registry, const Value& node, const std::string& path,
                                   const Connections* connections) {
    const std::string id = nodes::config_text(node, "id");
    if (id.empty()) return graph_error(path + ".id must be a text", path + ".id");
    const std::string type = nodes::config_text(node, "nodeId");
    const Value* config = node.find("config");
    const auto errors =
        registry.check_config(type, config == nullptr || config->is_null() ? Value(Object{}) : *config, connections);
    if (errors.empty()) return GraphNode{id, registry.find(type)};
    return graph_error("Node '" + id + "': " + errors.front().message, path + "." + errors.front().subject);
}

/// `role` is "source" or "target". Errors: invalid_argument.
Result<std::size_t> graph_end(const Value& connection, const std::string& role, const std::string& path,
                              const std::map<std::string, std::size_t>& by_id) {
    const std::string id = nodes::config_text(connection, role + "NodeId");
    const auto found = by_id.find(id);
    if (found == by_id.end())
        return graph_error("A connection names the node '" + id + "', which is not there",
                           path + "." + role + "NodeId");
    return found->second;
}

/// An absent or empty port is the usual one.
Result<void> graph_check_port(const GraphNode& node, const std::vector<NodePort>& ports, const Value& connection,
                              const std::string& role, std::string_view usual, const std::string& path) {
    std::string port = nodes::config_text(connection, role + "Port");
    if (port.empty()) port = usual;
    if (std::any_of(ports.begin(), ports.end(), [&](const NodePort& one) { return one.id == port; })) return {};
    return graph_error(
        "Node '" + node.id + "' (" + node.type->node_id + ") has no " + std::string(usual) + " port '" + port + "'",
        path + "." + role + "Port");
}

/// Nodes that are connected twice, by different ports, are one arc. Errors: invalid_argument with the path of the
/// cycle.
Result<void> graph_check_cycles(const std::vector<GraphNode>& nodes, std::vector<workflow::Arc> arcs) {
    const auto pair_of = [](const workflow::Arc& arc) { return std::pair(arc.from, arc.to); };
    std::sort(arcs.begin(), arcs.end(), [&](const auto& a, const auto& b) { return pair_of(a) < pair_of(b); });
    arcs.erase(
        std::unique(arcs.begin(), arcs.end(), [&](const auto& a, const auto& b) { return pair_of(a) == pair_of(b); }),
        arcs.end());
    std::vector<std::string> names;
    for (const GraphNode& node : nodes) names.push_back(node.id);
    for (const workflow::Arc& arc : arcs)
        if (arc.from == arc.to)
            return graph_error("Workflow contains a cycle: " + names[arc.from] + " -> " + names[arc.to], "connections");
    if (const auto graph = workflow::Graph::make(names, arcs); !graph)
        return graph_error(graph.error().message, "connections");
    return {};
}

Result<void> graph_check(const NodeRegistry& registry, const AutomationGraph& graph, const Connections* connections) {
    const auto stored_nodes = graph_list(graph.nodes, "nodes");
    if (!stored_nodes) return stored_nodes.error();
    const auto stored_connections = graph_list(graph.connections, "connections");
    if (!stored_connections) return stored_connections.error();

    std::vector<GraphNode> nodes;
    std::map<std::string, std::size_t> by_id;
    for (std::size_t i = 0; i < stored_nodes->size(); ++i) {
        const std::string path = "nodes." + std::to_string(i);
        auto node = graph_check_node(registry, (*stored_nodes)[i], path, connections);
        if (!node) return node.error();
        if (!by_id.emplace(node->id, i).second)
            return graph_error("Node '" + node->id + "' is there twice", path + ".id");
        nodes.push_back(*std::move(node));
    }
    std::vector<workflow::Arc> arcs;
    for (std::size_t i = 0; i < stored_connections->size(); ++i) {
        const Value& connection = (*stored_connections)[i];
        const std::string path = "connections." + std::to_string(i);
        const auto from = graph_end(connection, "source", path, by_id);
        if (!from) return from.error();
        const auto to = graph_end(connection, "target", path, by_id);
        if (!to) return to.error();
        const GraphNode &source = nodes[*from], &target = nodes[*to];
        if (auto ok = graph_check_port(source, source.type->outputs, connection, "source", "output", path); !ok)
            return ok;
        if (auto ok = graph_check_port(target, target.type->inputs, connection, "target", "input", path); !ok)
            return ok;
        arcs.push_back({*from, *to});
    }
    return graph_check_cycles(nodes, std::move(arcs));
}

}  // namespace

Result<void> check_graph(const NodeRegistry& registry, const AutomationGraph& graph, const Connections* connections) {
    auto checked = graph_check(registry, graph, connections);
    if (checked || connections == nullptr) return checked;
    Error error = checked.error();
    error.message = connections->redact(std::move(error.message));
    error.subject = connections->redact(std::move(error.subject));
    return error;
}

}  // namespace meter
