#include "json/wire_workflow.hpp"

#include <limits>

#include "json/members.hpp"
#include "json/object_writer.hpp"
#include "json/wire_parts.hpp"
#include "meter/json.hpp"

namespace meter::json {
namespace {

constexpr JsonLimits stored_workflow_limits{.max_bytes = std::size_t{1} << 31};

// Times in milliseconds and JSON members as texts: what is read back is the same to the byte.

std::int64_t stored_time(TimePoint time) {
    return time.time_since_epoch().count();
}

std::string stored_node(const WorkflowNode& node) {
    ObjectWriter out;
    out.text("node_id", node.node_id)
        .text("node_key", node.node_key)
        .text("strategy_id", node.strategy_id)
        .text("input_type", to_string(node.input_type));
    if (node.static_urls) out.texts("static_urls", *node.static_urls);
    out.text_or_null("url_field", node.url_field)
        .text_or_null("static_parameters", node.static_parameters)
        .text_or_null("parameter_config", node.parameter_config)
        .integer("created_at", stored_time(node.created_at))
        .integer("updated_at", stored_time(node.updated_at));
    return std::move(out).finish();
}

std::string stored_edge(const WorkflowEdge& edge) {
    ObjectWriter out;
    out.text("edge_id", edge.edge_id)
        .text("source_node_key", edge.source_node_key)
        .text("target_node_key", edge.target_node_key)
        .text_or_null("filter_config", edge.filter_config)
        .integer("created_at", stored_time(edge.created_at));
    return std::move(out).finish();
}

template <class Part, class Write>
std::string stored_parts(const std::vector<Part>& parts, Write write) {
    std::string json = "[";
    for (const Part& part : parts) {
        if (json.size() > 1) json += ',';
        json += write(part);
    }
    return json += ']';
}

constexpr std::size_t any_count = std::numeric_limits<std::size_t>::max();
constexpr std::int64_t any_least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t any_most = std::numeric_limits<std::int64_t>::max();

TimePoint read_stored_time(Members& in, std::string_view name) {
    return TimePoint{std::chrono::milliseconds{in.integer(name, any_least, any_most).value_or(0)}};
}

WorkflowNode read_stored_node(Members& in) {
    in.require({"node_id", "node_key", "strategy_id", "input_type", "created_at", "updated_at"});
    WorkflowNode node;
    node.node_id = in.text("node_id").value_or("");
    node.node_key = in.text("node_key").value_or("");
    node.strategy_id = in.text("strategy_id").value_or("");
    if (const auto type = parse_node_input_type(in.text("input_type").value_or("")))
        node.input_type = *type;
    else
        in.fail("input_type", "is unknown");
    node.static_urls = in.texts("static_urls", 0, any_count);
    node.url_field = in.text("url_field");
    node.static_parameters = in.text("static_parameters");
    node.parameter_config = in.text("parameter_config");
    node.created_at = read_stored_time(in, "created_at");
    node.updated_at = read_stored_time(in, "updated_at");
    return node;
}

WorkflowEdge read_stored_edge(Members& in) {
    in.require({"edge_id", "source_node_key", "target_node_key", "created_at"});
    WorkflowEdge edge;
    edge.edge_id = in.text("edge_id").value_or("");
    edge.source_node_key = in.text("source_node_key").value_or("");
    edge.target_node_key = in.text("target_node_key").value_or("");
    edge.filter_config = in.text("filter_config");
    edge.created_at = read_stored_time(in, "created_at");
    return edge;
}

Error damaged(const Error& why) {
    return {ErrorCode::store, "The stored definition of a workflow cannot be read: " + why.message, why.subject};
}

}  // namespace

std::string stored_workflow(const Workflow& workflow) {
    ObjectWriter out;
    out.text("workflow_id", workflow.workflow_id)
        .text("account_id", workflow.account_id)
        .text("name", workflow.name)
        .text_or_null("description", workflow.description)
        .flag("enabled", workflow.enabled)
        .json("nodes", stored_parts(workflow.nodes, stored_node))
        .json("edges", stored_parts(workflow.edges, stored_edge))
        .integer("created_at", stored_time(workflow.created_at))
        .integer("updated_at", stored_time(workflow.updated_at))
        .integer("version", workflow.version);
    return std::move(out).finish();
}

Result<Workflow> parse_stored_workflow(std::string_view text) {
    const auto value = parse_json(text, stored_workflow_limits);
    if (!value) return damaged(value.error());
    Members in(*value, Nulls::dropped);
    in.require(
        {"workflow_id", "account_id", "name", "enabled", "nodes", "edges", "created_at", "updated_at", "version"});
    Workflow workflow;
    workflow.workflow_id = in.text("workflow_id").value_or("");
    workflow.account_id = in.text("account_id").value_or("");
    workflow.name = in.text("name").value_or("");
    workflow.description = in.text("description");
    workflow.enabled = in.flag("enabled").value_or(true);
    workflow.nodes = read_objects(in, "nodes", any_count, read_stored_node);
    workflow.edges = read_objects(in, "edges", any_count, read_stored_edge);
    workflow.created_at = read_stored_time(in, "created_at");
    workflow.updated_at = read_stored_time(in, "updated_at");
    workflow.version = in.integer("version", any_least, any_most).value_or(1);
    if (in.error()) return damaged(*in.error());
    return workflow;
}

}  // namespace meter::json
