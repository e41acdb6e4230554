// What a workflow has to be before it is stored (wire contract 19.1). What answers 422 comes after all that answers
// 400.
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/id.hpp"
#include "core/url_text.hpp"
#include "json/members.hpp"
#include "json/wire_parts.hpp"
#include "meter/filter.hpp"
#include "meter/json.hpp"
#include "workflow/graph.hpp"
#include "workflow/parameters.hpp"

namespace meter::workflow {
namespace {

constexpr std::size_t longest_node_key = 100;
constexpr std::size_t most_node_urls = 10'000;

std::string member_path(const std::string& path, std::string_view member) {
    return path.empty() ? std::string(member) : (path + ".").append(member);
}

/// "nodes.3", of node, "member": about a member of one node.
Error node_error(const WorkflowNode& node, const std::string& path, std::string_view member, std::string_view why) {
    std::string message = "Node '" + node.node_key + "': ";
    message += why;
    return {ErrorCode::invalid_argument, std::move(message), member_path(path, member)};
}

std::string edge_name(const WorkflowEdge& edge) {
    return "Edge '" + edge.source_node_key + "' -> '" + edge.target_node_key + "'";
}

Error edge_error(const WorkflowEdge& edge, std::size_t index, std::string_view member, std::string_view why) {
    std::string message = edge_name(edge);
    message += why;
    return {ErrorCode::invalid_argument, std::move(message), member_path("edges." + std::to_string(index), member)};
}

/// Does it take items from upstream?
bool takes_items(const WorkflowNode& node) noexcept {
    return node.input_type != NodeInputType::static_urls;
}

Result<void> check_static_parameters(const WorkflowNode& node, const std::string& path) {
    if (!node.static_parameters) return {};
    const auto parameters = parse_json(*node.static_parameters);
    const Object* object = parameters ? parameters->if_object() : nullptr;
    if (object == nullptr) return node_error(node, path, "static_parameters", "static_parameters must be an object");
    for (const auto& [name, value] : *object)
        if (!json::is_parameter(value))
            return node_error(node, path, "static_parameters." + name,
                              "static_parameters." + name + " must be a scalar, an array of scalars or null");
    return {};
}

Result<void> check_parameter_config(const WorkflowNode& node, const std::string& path) {
    if (!node.parameter_config) return {};
    const auto config = parse_json(*node.parameter_config);
    const auto map = ParameterMap::parse(config ? *config : Value(), "parameter_config");
    if (map) return {};
    return node_error(node, path, map.error().subject, map.error().message);
}

/// All but URLs.
Result<void> check_node_members(const WorkflowNode& node, const std::string& path) {
    const std::size_t characters = json::count_characters(node.node_key);
    if (characters == 0 || characters > longest_node_key)
        return Error{ErrorCode::invalid_argument,
                     member_path(path, "node_key") + " must be a string of 1 to 100 characters",
                     member_path(path, "node_key")};
    if (!core::normalize_uuid(node.strategy_id))
        return node_error(node, path, "strategy_id", "strategy_id must be a UUID");
    const bool no_urls = !node.static_urls || node.static_urls->empty();
    if (node.input_type == NodeInputType::static_urls && no_urls)
        return node_error(node, path, "static_urls", "static_urls must not be empty");
    if (node.static_urls && node.static_urls->size() > most_node_urls)
        return node_error(node, path, "static_urls", "static_urls must have at most 10000 members");
    if (node.input_type == NodeInputType::upstream_urls && (!node.url_field || node.url_field->empty()))
        return node_error(node, path, "url_field", "url_field is required for input_type upstream_urls");
    if (auto valid = check_static_parameters(node, path); !valid) return valid;
    return check_parameter_config(node, path);
}

Result<void> check_node_urls(const WorkflowNode& node, const std::string& path) {
    if (!node.static_urls) return {};
    for (std::size_t i = 0; i < node.static_urls->size(); ++i)
        if (auto valid = core::validate_url((*node.static_urls)[i]); !valid)
            return Error{valid.error().code, valid.error().message,
                         member_path(path, "static_urls." + std::to_string(i))};
    return {};
}

Result<void> check_edge_filter(const WorkflowEdge& edge, std::size_t index) {
    if (!edge.filter_config) return {};
    const auto config = parse_json(*edge.filter_config);
    if (!config) return edge_error(edge, index, "filter_config", ": filter_config must be a JSON object");
    const auto filter = Filter::parse(*config);
    if (filter) return {};
    return edge_error(edge, index, filter.error().subject, ": " + filter.error().message);
}

std::string node_path(std::size_t index) {
    return "nodes." + std::to_string(index);
}

}  // namespace

Result<void> check_node(const WorkflowNode& node, const std::string& path) {
    if (auto valid = check_node_members(node, path); !valid) return valid;
    return check_node_urls(node, path);
}

Result<Graph> check_workflow(const std::vector<WorkflowNode>& nodes, const std::vector<WorkflowEdge>& edges,
                             Completeness completeness) {
    if (nodes.size() > most_nodes)
        return Error{ErrorCode::invalid_argument, "A workflow has at most 500 nodes", "nodes"};
    if (edges.size() > most_edges)
        return Error{ErrorCode::invalid_argument, "A workflow has at most 2000 edges", "edges"};

    std::unordered_map<std::string_view, std::size_t> index_of;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (auto valid = check_node_members(nodes[i], node_path(i)); !valid) return valid.error();
        if (!index_of.emplace(nodes[i].node_key, i).second)
            return node_error(nodes[i], node_path(i), "node_key", "another node has the same node_key");
        names.push_back(nodes[i].node_key);
    }

    std::vector<Arc> arcs;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const auto source = index_of.find(edges[i].source_node_key);
        if (source == index_of.end()) return edge_error(edges[i], i, "source_node_key", " begins at an unknown node");
        const auto target = index_of.find(edges[i].target_node_key);
        if (target == index_of.end()) return edge_error(edges[i], i, "target_node_key", " ends at an unknown node");
        arcs.push_back({source->second, target->second});
    }
    auto graph = Graph::make(names, arcs);
    if (!graph) return graph;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (!takes_items(nodes[arcs[i].to]))
            return edge_error(edges[i], i, "target_node_key", " ends at a static_urls node, which takes no items");
        if (auto valid = check_edge_filter(edges[i], i); !valid) return valid.error();
    }
    if (completeness == Completeness::required)
        for (std::size_t i = 0; i < nodes.size(); ++i)
            if (takes_items(nodes[i]) && graph->is_start(i))
                return node_error(
                    nodes[i], node_path(i), "input_type",
                    "input_type " + std::string(to_string(nodes[i].input_type)) + " needs an incoming edge");

    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (auto valid = check_node_urls(nodes[i], node_path(i)); !valid) return valid.error();
    return graph;
}

}  // namespace meter::workflow
