// /api/workflows/{workflow_id}/run, /runs (wire contract 19.5, 19.7)
#include <utility>

#include "input.hpp"
#include "meter/workflow.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

Answer run_workflow(Services& services, Call& call) {
    Value given;  // no body is an empty one
    if (!call.request.body.empty()) {
        auto body = read_object_body(call.request);
        if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
        given = without_null_members(std::get<Value>(std::move(body)));
    }
    const auto force = parse_workflow_run_request(given);
    if (!force) return call.fail(force.error());
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto run = services.engine.run_workflow(*id, *force, call.caller);
    if (run) return {.status = 201, .body = to_summary_json(*run, services.options.partial_as)};
    auto problem = to_problem(run.error());
    if (problem.status == 409) problem.members.emplace_back("run_id", run.error().subject);
    return call.fail(problem);
}

Answer list_runs(Services& services, Call& call) {
    const auto range = read_range(call.query, 20);
    if (!range) return call.fail(range.error(), Source::query);
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto runs = services.engine.list_workflow_runs(*id, *range, call.caller);
    if (!runs) return call.fail(runs.error());
    std::string out = "[";
    for (const WorkflowRun& run : *runs) {
        if (out.size() > 1) out += ',';
        out += to_summary_json(run, services.options.partial_as);
    }
    return {.body = std::move(out += ']')};
}

Answer get_run(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto run_id = read_uuid(call.path.get("run_id"));
    if (!run_id) return call.fail(not_found("Workflow run"));
    const auto run = services.engine.get_workflow_run(*id, *run_id, call.caller);
    if (!run) return call.fail(run.error());
    return {.body = to_json(*run, services.options.partial_as)};
}

// Takes no body; the client sends none.
Answer cancel_run(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    const auto run_id = read_uuid(call.path.get("run_id"));
    if (!run_id) return call.fail(not_found("Workflow run"));
    const auto run = services.engine.cancel_workflow_run(*id, *run_id, call.caller);
    if (!run) return call.fail(run.error());
    return {.body = to_json(*run, services.options.partial_as)};
}

Answer latest_output(Services& services, Call& call) {
    const auto flat = read_flag_member(call.query, "flat");
    if (!flat) return call.fail(flat.error(), Source::query);
    const auto intermediate = read_flag_member(call.query, "include_intermediate");
    if (!intermediate) return call.fail(intermediate.error(), Source::query);
    const auto id = read_uuid(call.path.get("workflow_id"));
    if (!id) return call.fail(not_found("Workflow"));
    auto output = services.engine.latest_workflow_output(
        *id, {.flat = flat->value_or(false), .include_intermediate = intermediate->value_or(false)}, call.caller);
    if (!output) return call.fail(output.error());
    return {.body = std::move(*output)};
}

}  // namespace

std::vector<Route> workflow_run_routes() {
    return {
        {.method = "POST", .path = "/api/workflows/{workflow_id}/run", .scope = "meter", .handler = run_workflow},
        {.method = "GET", .path = "/api/workflows/{workflow_id}/runs", .scope = "meter", .handler = list_runs},
        {.method = "GET", .path = "/api/workflows/{workflow_id}/runs/{run_id}", .scope = "meter", .handler = get_run},
        {.method = "POST",
         .path = "/api/workflows/{workflow_id}/runs/{run_id}/cancel",
         .scope = "meter",
         .handler = cancel_run},
        {.method = "GET",
         .path = "/api/workflows/{workflow_id}/runs/latest/output",
         .scope = "meter",
         .handler = latest_output},
    };
}

}  // namespace meter::server
