// /api/v1/workflows/{id}/execute, /deploy, /undeploy and /api/v1/executions (wire contract 20.2, 20.5, 20.6)
#include <array>
#include <utility>

#include "input.hpp"
#include "meter/automation_execution.hpp"
#include "meter/json.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

AutomationCaller execution_caller(const Call& call) {
    return {.account_id = call.caller.account_id,
            .user_id = call.caller.user_id,
            .organization_id = call.caller.organization_id};
}

Answer execute_automation(Services& services, Call& call) {
    Value given = Object{};  // no body is an empty one
    if (!call.request.body.empty()) {
        auto body = read_object_body(call.request);
        if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
        given = std::get<Value>(std::move(body));
    }
    const auto request = parse_execution_request(given);
    if (!request) return call.fail(request.error());
    const auto started = services.engine.executions().start(call.path.get("id"), *request, execution_caller(call));
    if (!started) return call.fail(started.error());
    std::string out = R"({"executionId":)";
    append_json_string(out, started->execution_id);
    return {.status = 201, .body = out.append("}")};
}

Answer deployed(const Result<Automation>& automation, Call& call, std::string_view message) {
    if (!automation) return call.fail(automation.error());
    std::string out = R"({"message":)";
    append_json_string(out, message);
    out += R"(,"workflowId":)";
    append_json_string(out, automation->automation_id);
    out += R"(,"status":)";
    append_json_string(out, to_string(automation->status));
    return {.body = out.append("}")};
}

Answer deploy_automation(Services& services, Call& call) {
    if (const auto problem = refuse_body(call.request)) return call.fail(*problem);
    return deployed(services.engine.automations().deploy(call.path.get("id"), execution_caller(call)), call,
                    "Workflow deployed successfully");
}

Answer undeploy_automation(Services& services, Call& call) {
    if (const auto problem = refuse_body(call.request)) return call.fail(*problem);
    return deployed(services.engine.automations().undeploy(call.path.get("id"), execution_caller(call)), call,
                    "Workflow undeployed successfully");
}

Answer list_executions(Services& services, Call& call) {
    static constexpr std::array<std::string_view, 5> statuses{"pending", "running", "completed", "failed", "stopped"};
    static constexpr std::array<std::string_view, 4> triggers{"manual", "schedule", "webhook", "api"};
    ExecutionQuery query;
    const auto range = read_range(call.query, 20, 100);
    if (!range) return call.fail(range.error(), Source::query);
    query.range = *range;
    if (const std::string* automation = call.query.find("workflow_id")) query.automation_id = *automation;
    const auto status = read_word_member(call.query, "status", statuses);
    if (!status) return call.fail(status.error(), Source::query);
    if (*status) query.status = parse_execution_status(**status);
    const auto trigger = read_word_member(call.query, "trigger_type", triggers);
    if (!trigger) return call.fail(trigger.error(), Source::query);
    if (*trigger) query.trigger = parse_execution_trigger(**trigger);
    const auto since = read_moment(call.query, "since", call.now);
    if (!since) return call.fail(since.error(), Source::query);
    query.since = *since;
    const auto until = read_moment(call.query, "until", call.now);
    if (!until) return call.fail(until.error(), Source::query);
    query.until = *until;
    if (const std::string* sort = call.query.find("sort"))
        if (const auto read = read_execution_sort(*sort, query); !read) return call.fail(read.error(), Source::query);
    const auto list = services.engine.executions().list(query, execution_caller(call));
    if (!list) return call.fail(list.error(), Source::query);
    return {.body = to_json(*list, query.range)};
}

Answer get_execution(Services& services, Call& call) {
    const auto execution = services.engine.executions().get(call.path.get("executionId"), execution_caller(call));
    if (!execution) return call.fail(execution.error());
    return {.body = to_json(*execution)};
}

Answer stop_execution(Services& services, Call& call) {
    if (const auto problem = refuse_body(call.request)) return call.fail(*problem);
    const auto execution = services.engine.executions().stop(call.path.get("executionId"), execution_caller(call));
    if (!execution) return call.fail(execution.error());
    return {.body = to_json(*execution)};
}

Answer list_spans(Services& services, Call& call) {
    const auto id = call.path.get("executionId");
    const auto spans = services.engine.executions().spans(id, execution_caller(call));
    if (!spans) return call.fail(spans.error());
    return {.body = spans_json(id, *spans)};
}

Answer list_logs(Services& services, Call& call) {
    const auto range = read_range(call.query, 100);
    if (!range) return call.fail(range.error(), Source::query);
    const auto id = call.path.get("executionId");
    const auto logs = services.engine.executions().logs(id, *range, execution_caller(call));
    if (!logs) return call.fail(logs.error());
    return {.body = to_json(*logs, id, *range)};
}

}  // namespace

std::vector<Route> automation_execution_routes() {
    constexpr std::string_view reads = "workflows:read";
    constexpr std::string_view writes = "workflows:write";
    constexpr std::string_view executes = "workflows:execute";
    return {
        {.method = "POST", .path = "/api/v1/workflows/{id}/execute", .scope = executes, .handler = execute_automation},
        {.method = "POST", .path = "/api/v1/workflows/{id}/deploy", .scope = writes, .handler = deploy_automation},
        {.method = "POST", .path = "/api/v1/workflows/{id}/undeploy", .scope = writes, .handler = undeploy_automation},
        {.method = "GET", .path = "/api/v1/executions", .scope = reads, .handler = list_executions},
        {.method = "GET", .path = "/api/v1/executions/{executionId}", .scope = reads, .handler = get_execution},
        {.method = "POST",
         .path = "/api/v1/executions/{executionId}/stop",
         .scope = executes,
         .handler = stop_execution},
        {.method = "GET", .path = "/api/v1/executions/{executionId}/spans", .scope = reads, .handler = list_spans},
        {.method = "GET", .path = "/api/v1/executions/{executionId}/logs", .scope = reads, .handler = list_logs},
    };
}

}  // namespace meter::server
