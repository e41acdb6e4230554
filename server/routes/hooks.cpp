// /hooks/{workflowId}/{nodeId}: what other systems start executions with (wire contract 20.5)
#include <string>
#include <utility>
#include <variant>

#include "input.hpp"
#include "meter/automation.hpp"
#include "meter/automation_execution.hpp"
#include "meter/json.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

/// A header that is there once; what comes twice proves nothing.
std::string_view only_header(const RequestHead& head, std::string_view name) {
    const std::string* value = head.count(name) == 1 ? head.header(name) : nullptr;
    return value != nullptr ? std::string_view(*value) : std::string_view();
}

/// Who guesses secrets is told to wait, from the same network also with the right one: an answer to each guess would
/// be all that is needed. Others are not kept out by him. Called for hooks that are there, so strangers cannot fill it.
RateState count_proof(Services& services, const Call& call, std::string_view workflow_id, bool proven) {
    std::string from(workflow_id);
    from += ' ';
    if (call.request.peer) from += call.request.peer->network;
    return proven ? services.bad_hook_limit.peek(from, call.now) : services.bad_hook_limit.take(from, call.now);
}

Answer call_hook(Services& services, Call& call) {
    const RequestHead& head = call.request.head;
    const HookProof proof{.secret = only_header(head, "x-webhook-secret"),
                          .id = only_header(head, "webhook-id"),
                          .timestamp = only_header(head, "webhook-timestamp"),
                          .signatures = only_header(head, "webhook-signature"),
                          .body = call.request.body};
    const std::string_view workflow_id = call.path.get("workflowId");
    const auto owner = services.engine.automations().open_hook(workflow_id, call.path.get("nodeId"), proof);
    if (!owner) return call.fail(owner.error());
    if (call.request.body_too_large) return call.fail(http_problem(413, "Request body too large"));
    if (const auto problem = refuse_encoding(call.request)) return call.fail(*problem);
    if (const RateState rate = count_proof(services, call, workflow_id, owner->has_value()); !rate.allowed)
        return call.fail(rate_limited(retry_after_seconds(rate, call.now)));
    if (!*owner) return call.fail(unauthorized("Invalid or missing webhook secret or signature"));
    if (const RateState rate = services.hook_limit.take(workflow_id, call.now); !rate.allowed)
        return call.fail(rate_limited(retry_after_seconds(rate, call.now)));
    Value inputs = Object{};
    if (!call.request.body.empty()) {
        auto body = read_object_body(call.request);
        if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
        inputs = std::get<Value>(std::move(body));
    }
    const auto started = services.engine.executions().start(
        workflow_id, {.trigger_inputs = std::move(inputs), .trigger = ExecutionTrigger::webhook}, **owner);
    if (!started) return call.fail(started.error());
    std::string body = R"({"executionId":)";
    append_json_string(body, started->execution_id);
    return {.status = 201, .body = body.append("}")};
}

}  // namespace

std::vector<Route> hook_routes() {
    return {
        {.method = "POST", .path = "/hooks/{workflowId}/{nodeId}", .scope = no_key_needed, .handler = call_hook},
    };
}

}  // namespace meter::server
