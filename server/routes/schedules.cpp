// /api/schedules, /api/watch (wire contract 13, 14, 16)
#include <utility>

#include "input.hpp"
#include "meter/json.hpp"
#include "meter/schedule.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

constexpr int watch_retry_seconds = 30;

Answer create_schedule(Services& services, Call& call) {
    auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_schedule_request(without_null_members(std::get<Value>(std::move(body))));
    if (!request) return call.fail(request.error());
    const auto schedule = services.engine.create_schedule(*request, call.caller);
    if (!schedule) return call.fail(schedule.error());
    return {.status = 201, .body = to_json(*schedule, SecretShown::yes)};
}

Answer list_schedules(Services& services, Call& call) {
    const auto range = read_range(call.query, 1000);
    if (!range) return call.fail(range.error(), Source::query);
    const auto strategy_id = read_uuid_member(call.query, "strategy_id");
    if (!strategy_id) return call.fail(strategy_id.error(), Source::query);
    const auto schedules = services.engine.list_schedules({.strategy_id = *strategy_id, .range = *range}, call.caller);
    if (!schedules) return call.fail(schedules.error());
    return {.body = json_array(*schedules)};
}

Answer get_schedule(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("schedule_id"));
    if (!id) return call.fail(not_found("Schedule"));
    const auto schedule = services.engine.get_schedule(*id, call.caller);
    if (!schedule) return call.fail(schedule.error());
    return {.body = to_json(*schedule)};
}

Answer update_schedule(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto patch = parse_schedule_patch(std::get<Value>(body));
    if (!patch) return call.fail(patch.error());
    const auto id = read_uuid(call.path.get("schedule_id"));
    if (!id) return call.fail(not_found("Schedule"));
    const auto updated = services.engine.update_schedule(*id, *patch, call.caller);
    if (!updated) return call.fail(updated.error());
    return {.body = to_json(updated->schedule, updated->secret_changed ? SecretShown::yes : SecretShown::no)};
}

Answer delete_schedule(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("schedule_id"));
    if (!id) return call.fail(not_found("Schedule"));
    const auto deleted = services.engine.delete_schedule(*id, call.caller);
    if (!deleted) return call.fail(deleted.error());
    return {.body = R"({"message":"Schedule deleted successfully"})"};
}

Answer regenerate_secret(Services& services, Call& call) {
    if (const auto problem = refuse_body(call.request)) return call.fail(*problem);
    const auto id = read_uuid(call.path.get("schedule_id"));
    if (!id) return call.fail(not_found("Schedule"));
    const auto schedule = services.engine.regenerate_webhook_secret(*id, call.caller);
    if (!schedule) return call.fail(schedule.error());
    const Value answer(
        Object{{"schedule_id", schedule->schedule_id}, {"webhook_secret", schedule->webhook_secret.value_or("")}});
    return {.body = to_json(answer)};
}

std::string filter_text(const Query& query) {
    const std::string* filter = query.find("filter");
    return filter != nullptr ? *filter : std::string();
}

Answer schedule_changes(Services& services, Call& call) {
    const auto mark_seen = read_flag_member(call.query, "mark_seen");
    if (!mark_seen) return call.fail(mark_seen.error(), Source::query);
    const auto id = read_uuid(call.path.get("schedule_id"));
    if (!id) return call.fail(not_found("Schedule"));
    // HEAD shows nothing, so nothing was seen.
    const bool mark = mark_seen->value_or(true) && call.request.head.method != "HEAD";
    const auto changes =
        services.engine.schedule_changes(*id, {.mark_seen = mark, .filter = filter_text(call.query)}, call.caller);
    if (!changes) return call.fail(changes.error(), Source::query);
    return {.body = to_json(*changes)};
}

Answer schedule_changelog(Services& services, Call& call) {
    const auto range = read_range(call.query, 20, 100);
    if (!range) return call.fail(range.error(), Source::query);
    const auto include_items = read_flag_member(call.query, "include_items");
    if (!include_items) return call.fail(include_items.error(), Source::query);
    const auto id = read_uuid(call.path.get("schedule_id"));
    if (!id) return call.fail(not_found("Schedule"));
    const auto changelog = services.engine.schedule_changelog(
        *id, {.range = *range, .include_items = include_items->value_or(true), .filter = filter_text(call.query)},
        call.caller);
    if (!changelog) return call.fail(changelog.error(), Source::query);
    return {.body = to_json(*changelog)};
}

Answer create_watch(Services& services, Call& call) {
    auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_watch_request(without_null_members(std::get<Value>(std::move(body))));
    if (!request) return call.fail(request.error());
    const auto place = services.generations.enter(nullptr);
    if (!place) return call.fail(unavailable("Too many strategies are being made", watch_retry_seconds));
    const auto watch = services.engine.create_watch(*request, call.caller, place->token());
    if (watch) return {.status = 201, .body = to_json(*watch)};
    auto problem = to_problem(watch.error());
    if (problem.status == 503) problem.headers = {{"Retry-After", std::to_string(watch_retry_seconds)}};
    return call.fail(problem);
}

}  // namespace

std::vector<Route> schedule_routes() {
    return {
        {.method = "POST", .path = "/api/schedules", .scope = "meter", .handler = create_schedule},
        {.method = "GET", .path = "/api/schedules", .scope = "meter", .handler = list_schedules},
        {.method = "GET", .path = "/api/schedules/{schedule_id}", .scope = "meter", .handler = get_schedule},
        {.method = "PATCH", .path = "/api/schedules/{schedule_id}", .scope = "meter", .handler = update_schedule},
        {.method = "DELETE", .path = "/api/schedules/{schedule_id}", .scope = "meter", .handler = delete_schedule},
        {.method = "POST",
         .path = "/api/schedules/{schedule_id}/webhook-secret/regenerate",
         .scope = "meter",
         .handler = regenerate_secret},
        {.method = "GET",
         .path = "/api/schedules/{schedule_id}/changes",
         .scope = "meter",
         .handler = schedule_changes},
        {.method = "GET",
         .path = "/api/schedules/{schedule_id}/changelog",
         .scope = "meter",
         .handler = schedule_changelog},
        {.method = "POST",
         .path = "/api/watch",
         .scope = "meter",
         .bucket = Bucket::generation,
         .handler = create_watch,
         .quota_headers = true},
    };
}

}  // namespace meter::server
