// Bodies of the workflow endpoints (wire contract 19.1). Kinds and lengths are checked here; what needs the graph, the
// content of JSON members and URLs where the workflow is stored.
#include "json/members.hpp"
#include "json/wire_parts.hpp"
#include "meter/json.hpp"
#include "meter/workflow.hpp"

namespace meter {
namespace {

constexpr std::size_t most_workflow_nodes = 500;
constexpr std::size_t most_workflow_edges = 2'000;
constexpr std::size_t most_static_urls = 10'000;
constexpr json::TextLength workflow_name_length{1, 200};
constexpr json::TextLength workflow_description_length{0, 10'000};
constexpr json::TextLength node_key_length{1, 100};

std::optional<std::vector<std::string>> read_static_urls(json::Members& in) {
    return in.texts("static_urls", 0, most_static_urls);
}

std::optional<NodeInputType> read_input_type(json::Members& in) {
    const auto type = in.word("input_type", {"static_urls", "upstream_urls", "upstream_data", "trigger_only"});
    return type ? std::optional(static_cast<NodeInputType>(*type)) : std::nullopt;
}

std::optional<std::string> read_static_parameters(json::Members& in) {
    const auto parameters = json::read_parameters(in, "static_parameters");
    return parameters ? std::optional(to_json(*parameters)) : std::nullopt;
}

std::optional<std::string> read_parameter_config(json::Members& in) {
    if (in.object("parameter_config") == nullptr) return std::nullopt;
    Value config = *in.find("parameter_config");
    for (auto& [name, source] : *config.if_object())
        if (Object* members = source.if_object()) json::drop_nulls(*members, {"required"});
    return to_json(config);
}

WorkflowNode read_node(json::Members& in) {
    in.require({"node_key", "strategy_id", "input_type"});
    WorkflowNode node;
    node.node_key = in.text("node_key", node_key_length).value_or("");
    node.strategy_id = in.uuid("strategy_id").value_or("");
    node.input_type = read_input_type(in).value_or(NodeInputType::static_urls);
    node.static_urls = read_static_urls(in);
    node.url_field = in.text("url_field");
    node.static_parameters = read_static_parameters(in);
    node.parameter_config = read_parameter_config(in);
    return node;
}

WorkflowEdge read_edge(json::Members& in) {
    in.require({"source_node_key", "target_node_key"});
    WorkflowEdge edge;
    edge.source_node_key = in.text("source_node_key", node_key_length).value_or("");
    edge.target_node_key = in.text("target_node_key", node_key_length).value_or("");
    // Without conditions, as on strategies: {} is no filter (wire contract 8.4).
    if (const auto filter = json::read_filter_config(in); filter && !filter->if_object()->empty())
        edge.filter_config = to_json(*filter);
    return edge;
}

/// A member of a patch that null clears.
template <class T, class Read>
std::optional<std::optional<T>> read_clearable(json::Members& in, std::string_view name, Read read) {
    if (in.is_null(name)) return std::optional<std::optional<T>>(std::in_place);
    std::optional<T> value = read();
    return value ? std::optional<std::optional<T>>(std::move(value)) : std::nullopt;
}

}  // namespace

Result<WorkflowRequest> parse_workflow_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"name"});
    WorkflowRequest request;
    request.name = in.text("name", workflow_name_length).value_or("");
    request.description = in.text("description", workflow_description_length);
    request.nodes = json::read_objects(in, "nodes", most_workflow_nodes, read_node);
    request.edges = json::read_objects(in, "edges", most_workflow_edges, read_edge);
    if (in.error()) return *in.error();
    return request;
}

Result<WorkflowPatch> parse_workflow_patch(const Value& body) {
    json::Members in(body, json::Nulls::kept);
    WorkflowPatch patch;
    patch.name = in.text("name", workflow_name_length);
    patch.description = read_clearable<std::string>(
        in, "description", [&] { return in.text("description", workflow_description_length); });
    patch.enabled = in.flag("enabled");
    if (in.error()) return *in.error();
    return patch;
}

Result<WorkflowNode> parse_workflow_node(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    WorkflowNode node = read_node(in);
    if (in.error()) return *in.error();
    return node;
}

Result<WorkflowNodePatch> parse_workflow_node_patch(const Value& body) {
    json::Members in(body, json::Nulls::kept);
    WorkflowNodePatch patch;
    patch.node_key = in.text("node_key", node_key_length);
    patch.strategy_id = in.uuid("strategy_id");
    patch.input_type = read_input_type(in);
    patch.static_urls =
        read_clearable<std::vector<std::string>>(in, "static_urls", [&] { return read_static_urls(in); });
    patch.url_field = read_clearable<std::string>(in, "url_field", [&] { return in.text("url_field"); });
    patch.static_parameters =
        read_clearable<std::string>(in, "static_parameters", [&] { return read_static_parameters(in); });
    patch.parameter_config =
        read_clearable<std::string>(in, "parameter_config", [&] { return read_parameter_config(in); });
    if (in.error()) return *in.error();
    return patch;
}

Result<WorkflowEdge> parse_workflow_edge(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    WorkflowEdge edge = read_edge(in);
    if (in.error()) return *in.error();
    return edge;
}

Result<bool> parse_workflow_run_request(const Value& body) {
    if (body.is_null()) return false;
    json::Members in(body, json::Nulls::dropped);
    const bool force = in.flag("force").value_or(false);
    if (in.error()) return *in.error();
    return force;
}

}  // namespace meter
