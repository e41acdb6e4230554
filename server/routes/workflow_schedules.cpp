// /api/workflows/{workflow_id}/schedules (wire contract 19.8)
#include <utility>

#include "input.hpp"
#include "meter/workflow.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

Answer create_workflow_schedule(Services& services, Call& call) {
    auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_workflow_schedule_request(without_null_members(std::get<Value>(std::move(body))));
    if (!request) return call.fail(request.error());
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto schedule = services.engine.create_workflow_schedule(*id, *request, call.caller);
    if (!schedule) return call.fail(schedule.error());
    return {.status = 201, .body = to_workflow_schedule_json(*schedule, SecretShown::yes)};
}

Answer list_workflow_schedules(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto schedules = services.engine.list_workflow_schedules(*id, call.caller);
    if (!schedules) return call.fail(schedules.error());
    std::string out = "[";
    for (const Schedule& schedule : *schedules) {
        if (out.size() > 1) out += ',';
        out += to_workflow_schedule_json(schedule);
    }
    return {.body = std::move(out += ']')};
}

Answer update_workflow_schedule(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto patch = parse_workflow_schedule_patch(std::get<Value>(body));
    if (!patch) return call.fail(patch.error());
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto schedule_id = read_uuid(call.path.get("schedule_id"));
    if (!schedule_id) return call.fail(not_found("Schedule"));
    const auto updated = services.engine.update_workflow_schedule(*id, *schedule_id, *patch, call.caller);
    if (!updated) return call.fail(updated.error());
    return {.body = to_workflow_schedule_json(updated->schedule,
                                              updated->secret_changed ? SecretShown::yes : SecretShown::no)};
}

Answer delete_workflow_schedule(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto schedule_id = read_uuid(call.path.get("schedule_id"));
    if (!schedule_id) return call.fail(not_found("Schedule"));
    const auto deleted = services.engine.delete_workflow_schedule(*id, *schedule_id, call.caller);
    if (!deleted) return call.fail(deleted.error());
    return {.body = R"({"message":"Schedule deleted successfully"})"};
}

}  // namespace

std::vector<Route> workflow_schedule_routes() {
    return {
        {.method = "POST",
         .path = "/api/workflows/{workflow_id}/schedules",
         .scope = "meter",
         .handler = create_workflow_schedule},
        {.method = "GET",
         .path = "/api/workflows/{workflow_id}/schedules",
         .scope = "meter",
         .handler = list_workflow_schedules},
        {.method = "PATCH",
         .path = "/api/workflows/{workflow_id}/schedules/{schedule_id}",
         .scope = "meter",
         .handler = update_workflow_schedule},
        {.method = "DELETE",
         .path = "/api/workflows/{workflow_id}/schedules/{schedule_id}",
         .scope = "meter",
         .handler = delete_workflow_schedule},
    };
}

}  // namespace meter::server
