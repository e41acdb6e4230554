// /api/strategy-groups (wire contract 18)
#include <utility>

#include "input.hpp"
#include "meter/json.hpp"
#include "meter/strategy_group.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

constexpr int group_webhook_retry_seconds = 5;
constexpr std::string_view group_name = "Strategy group";

/// Reads the body with `parse` and the id of the path, and answers with `run(id, request)`.
template <class Parse, class Run>
Answer with_group_body(Call& call, Parse&& parse, Run&& run) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse(std::get<Value>(body));
    if (!request) return call.fail(request.error());
    const auto id = read_uuid(call.path.get("group_id"));
    if (!id) return call.fail(not_found(group_name));
    return run(*id, *request);
}

/// The same for operations without a body.
template <class Run>
Answer with_group(Call& call, Run&& run) {
    if (const auto problem = refuse_body(call.request)) return call.fail(*problem);
    const auto id = read_uuid(call.path.get("group_id"));
    if (!id) return call.fail(not_found(group_name));
    return run(*id);
}

Answer message(std::string_view text, Object more = {}) {
    Object body{{"message", text}};
    for (auto& [name, value] : more) body.append(name, value);
    return {.body = to_json(Value(std::move(body)))};
}

Answer create_group(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_strategy_group_request(std::get<Value>(body));
    if (!request) return call.fail(request.error());
    const auto group = services.engine.create_strategy_group(*request, call.caller);
    if (!group) return call.fail(group.error());
    return {.status = 201, .body = to_json(*group)};
}

Answer list_groups(Services& services, Call& call) {
    const auto range = read_range(call.query, 50);
    if (!range) return call.fail(range.error(), Source::query);
    const auto groups = services.engine.list_strategy_groups(*range, call.caller);
    if (!groups) return call.fail(groups.error());
    return {.body = json_array(*groups)};
}

Answer get_group(Services& services, Call& call) {
    return with_group(call, [&](const std::string& id) -> Answer {
        const auto detail = services.engine.get_strategy_group(id, call.caller);
        if (!detail) return call.fail(detail.error());
        return {.body = to_json(*detail)};
    });
}

Answer update_group(Services& services, Call& call) {
    return with_group_body(call, parse_strategy_group_patch,
                           [&](const std::string& id, const StrategyGroupPatch& patch) -> Answer {
                               const auto group = services.engine.update_strategy_group(id, patch, call.caller);
                               if (!group) return call.fail(group.error());
                               return {.body = to_json(*group)};
                           });
}

Answer delete_group(Services& services, Call& call) {
    return with_group(call, [&](const std::string& id) -> Answer {
        const auto deleted = services.engine.delete_strategy_group(id, call.caller);
        if (!deleted) return call.fail(deleted.error());
        return message("Strategy group deleted successfully");
    });
}

Answer add_strategies(Services& services, Call& call) {
    return with_group_body(call, parse_group_members_request,
                           [&](const std::string& id, const std::vector<std::string>& strategy_ids) -> Answer {
                               const auto added = services.engine.add_to_strategy_group(id, strategy_ids, call.caller);
                               if (!added) return call.fail(added.error());
                               return message("Strategies added to the group", {{"added", *added}});
                           });
}

Answer remove_strategy(Services& services, Call& call) {
    return with_group(call, [&](const std::string& id) -> Answer {
        const auto strategy_id = read_uuid(call.path.get("strategy_id"));
        if (!strategy_id) return call.fail(not_found("Strategy"));
        const auto removed = services.engine.remove_from_strategy_group(id, *strategy_id, call.caller);
        if (!removed) return call.fail(removed.error());
        return message("Strategy removed from the group");
    });
}

Answer apply_schedule(Services& services, Call& call) {
    return with_group_body(call, parse_group_schedule_request,
                           [&](const std::string& id, const SchedulePatch& patch) -> Answer {
                               const auto applied = services.engine.apply_group_schedule(id, patch, call.caller);
                               if (!applied) return call.fail(applied.error());
                               return {.body = to_json(*applied)};
                           });
}

Answer delete_schedules(Services& services, Call& call) {
    return with_group(call, [&](const std::string& id) -> Answer {
        const auto deleted = services.engine.delete_group_schedules(id, call.caller);
        if (!deleted) return call.fail(deleted.error());
        return message("Group schedules deleted successfully", {{"deleted", *deleted}});
    });
}

Answer toggle_schedules(Services& services, Call& call) {
    return with_group_body(call, parse_group_toggle_request, [&](const std::string& id, bool enabled) -> Answer {
        const auto updated = services.engine.toggle_group_schedules(id, enabled, call.caller);
        if (!updated) return call.fail(updated.error());
        return message(enabled ? "Group schedules enabled" : "Group schedules disabled",
                       {{"enabled", enabled}, {"updated", *updated}});
    });
}

Answer apply_schema(Services& services, Call& call) {
    return with_group_body(call, parse_group_schema_request, [&](const std::string& id, const Value& schema) -> Answer {
        const auto queued = services.engine.apply_group_schema(id, schema, call.caller);
        if (!queued) return call.fail(queued.error());
        return message("Schema regeneration started", {{"strategy_count", *queued}});
    });
}

Answer schema_progress(Services& services, Call& call) {
    return with_group(call, [&](const std::string& id) -> Answer {
        const auto progress = services.engine.group_schema_progress(id, call.caller);
        if (!progress) return call.fail(progress.error());
        return {.body = to_json(*progress)};
    });
}

Answer test_group_webhook(Services& services, Call& call) {
    const auto parse = [](const Value& body) { return parse_webhook_test(body, false); };
    return with_group_body(call, parse, [&](const std::string& id, const WebhookTest& test) -> Answer {
        // As test_webhook: the receiver may take as long as any.
        const auto place = services.executes.enter(call.request.peer);
        if (!place) return call.fail(unavailable("Too many requests are waiting", group_webhook_retry_seconds));
        const auto outcome = services.engine.test_group_webhook(id, test, call.caller, place->token());
        if (!outcome) return call.fail(outcome.error());
        return {.body = to_json(*outcome)};
    });
}

}  // namespace

std::vector<Route> strategy_group_routes() {
    constexpr std::string_view all = "/api/strategy-groups";
    constexpr std::string_view one = "/api/strategy-groups/{group_id}";
    constexpr std::string_view schedule = "/api/strategy-groups/{group_id}/schedule";
    return {
        {.method = "POST", .path = all, .scope = "meter", .handler = create_group},
        {.method = "GET", .path = all, .scope = "meter", .handler = list_groups},
        {.method = "GET", .path = one, .scope = "meter", .handler = get_group},
        {.method = "PATCH", .path = one, .scope = "meter", .handler = update_group},
        {.method = "DELETE", .path = one, .scope = "meter", .handler = delete_group},
        {.method = "POST",
         .path = "/api/strategy-groups/{group_id}/strategies",
         .scope = "meter",
         .handler = add_strategies},
        {.method = "DELETE",
         .path = "/api/strategy-groups/{group_id}/strategies/{strategy_id}",
         .scope = "meter",
         .handler = remove_strategy},
        {.method = "POST", .path = schedule, .scope = "meter", .handler = apply_schedule},
        {.method = "DELETE", .path = schedule, .scope = "meter", .handler = delete_schedules},
        {.method = "PATCH",
         .path = "/api/strategy-groups/{group_id}/schedule/toggle",
         .scope = "meter",
         .handler = toggle_schedules},
        {.method = "PATCH",
         .path = "/api/strategy-groups/{group_id}/schema",
         .scope = "meter",
         .handler = apply_schema},
        {.method = "GET",
         .path = "/api/strategy-groups/{group_id}/schema/progress",
         .scope = "meter",
         .handler = schema_progress},
        {.method = "POST",
         .path = "/api/strategy-groups/{group_id}/webhook/test",
         .scope = "meter",
         .handler = test_group_webhook},
    };
}

}  // namespace meter::server
