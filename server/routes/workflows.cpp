// /api/workflows: definitions, nodes and edges, drawing (wire contract 19.1, 19.8)
#include "meter/workflow.hpp"

#include <utility>

#include "input.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

Answer create_workflow(Services& services, Call& call) {
    auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_workflow_request(without_null_members(std::get<Value>(std::move(body))));
    if (!request) return call.fail(request.error());
    const auto workflow = services.engine.create_workflow(*request, call.caller);
    if (!workflow) return call.fail(workflow.error());
    return {.status = 201, .body = to_json(*workflow)};
}

Answer list_workflows(Services& services, Call& call) {
    const auto range = read_range(call.query, 50);
    if (!range) return call.fail(range.error(), Source::query);
    const auto workflows = services.engine.list_workflows(*range, call.caller);
    if (!workflows) return call.fail(workflows.error());
    return {.body = json_array(*workflows)};
}

Answer get_workflow(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto workflow = services.engine.get_workflow(*id, call.caller);
    if (!workflow) return call.fail(workflow.error());
    return {.body = to_json(*workflow)};
}

Answer update_workflow(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto patch = parse_workflow_patch(std::get<Value>(body));
    if (!patch) return call.fail(patch.error());
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto workflow = services.engine.update_workflow(*id, *patch, call.caller);
    if (!workflow) return call.fail(workflow.error());
    return {.body = to_json(*workflow)};
}

Answer delete_workflow(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto deleted = services.engine.delete_workflow(*id, call.caller);
    if (!deleted) return call.fail(deleted.error());
    return {.body = R"({"message":"Workflow deleted successfully"})"};
}

Answer add_node(Services& services, Call& call) {
    auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto node = parse_workflow_node(without_null_members(std::get<Value>(std::move(body))));
    if (!node) return call.fail(node.error());
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto added = services.engine.add_workflow_node(*id, *node, call.caller);
    if (!added) return call.fail(added.error());
    return {.status = 201, .body = to_json(*added)};
}

// Nodes are named by id or key, so a node's part of the path has no form that could be malformed.
Answer update_node(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto patch = parse_workflow_node_patch(std::get<Value>(body));
    if (!patch) return call.fail(patch.error());
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto node = services.engine.update_workflow_node(*id, call.path.get("node_id"), *patch, call.caller);
    if (!node) return call.fail(node.error());
    return {.body = to_json(*node)};
}

Answer delete_node(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto deleted = services.engine.delete_workflow_node(*id, call.path.get("node_id"), call.caller);
    if (!deleted) return call.fail(deleted.error());
    return {.body = R"({"message":"Node deleted successfully"})"};
}

Answer add_edge(Services& services, Call& call) {
    auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto edge = parse_workflow_edge(without_null_members(std::get<Value>(std::move(body))));
    if (!edge) return call.fail(edge.error());
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto added = services.engine.add_workflow_edge(*id, *edge, call.caller);
    if (!added) return call.fail(added.error());
    return {.status = 201, .body = to_json(*added)};
}

Answer delete_edge(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto edge_id = read_uuid(call.path.get("edge_id"));
    if (!edge_id) return call.fail(not_found("Edge"));
    const auto deleted = services.engine.delete_workflow_edge(*id, *edge_id, call.caller);
    if (!deleted) return call.fail(deleted.error());
    return {.body = R"({"message":"Edge deleted successfully"})"};
}

Answer draw_workflow(Services& services, Call& call) {
    const auto run_id = read_uuid_member(call.query, "run_id");
    if (!run_id) return call.fail(run_id.error(), Source::query);
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    std::optional<std::string_view> run;
    if (*run_id) run = **run_id;
    auto drawing = services.engine.draw_workflow(*id, run, call.caller);
    if (!drawing) return call.fail(drawing.error());
    return {.body = std::move(*drawing), .content_type = "image/svg+xml"};
}

}  // namespace

std::vector<Route> workflow_routes() {
    return {
        {.method = "POST", .path = "/api/workflows", .scope = "meter", .handler = create_workflow},
        {.method = "GET", .path = "/api/workflows", .scope = "meter", .handler = list_workflows},
        {.method = "GET", .path = "/api/workflows/{workflow_id}", .scope = "meter", .handler = get_workflow},
        {.method = "PUT", .path = "/api/workflows/{workflow_id}", .scope = "meter", .handler = update_workflow},
        {.method = "DELETE", .path = "/api/workflows/{workflow_id}", .scope = "meter", .handler = delete_workflow},
        {.method = "POST", .path = "/api/workflows/{workflow_id}/nodes", .scope = "meter", .handler = add_node},
        {.method = "PUT",
         .path = "/api/workflows/{workflow_id}/nodes/{node_id}",
         .scope = "meter",
         .handler = update_node},
        {.method = "DELETE",
         .path = "/api/workflows/{workflow_id}/nodes/{node_id}",
         .scope = "meter",
         .handler = delete_node},
        {.method = "POST", .path = "/api/workflows/{workflow_id}/edges", .scope = "meter", .handler = add_edge},
        {.method = "DELETE",
         .path = "/api/workflows/{workflow_id}/edges/{edge_id}",
         .scope = "meter",
         .handler = delete_edge},
        {.method = "GET", .path = "/api/workflows/{workflow_id}/graph.svg", .scope = "meter", .handler = draw_workflow},
    };
}

}  // namespace meter::server
