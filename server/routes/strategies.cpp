// /api/strategies (wire contract 8.2 to 8.4, 11.6)
#include <array>
#include <utility>

#include "idempotency.hpp"
#include "input.hpp"
#include "meter/strategy.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

constexpr int generate_retry_seconds = 30;

/// Runs `make`, which gives a strategy, in one of the places for such calls.
template <class Make>
Answer generated_answer(Services& services, const Call& call, int status, Make&& make) {
    const auto place = services.generations.enter(nullptr);
    if (!place) return call.fail(unavailable("Too many strategies are being made", generate_retry_seconds));
    const Result<Strategy> strategy = make(place->token());
    if (strategy) return {.status = status, .body = to_json(*strategy)};
    auto problem = to_problem(strategy.error());
    if (problem.status == 503) problem.headers = {{"Retry-After", std::to_string(generate_retry_seconds)}};
    return call.fail(problem);
}

Answer make_strategy(Services& services, const Call& call, const Value& body) {
    const auto request = parse_strategy_request(without_null_members(body));
    if (!request) return call.fail(request.error());
    return generated_answer(services, call, 201, [&](std::stop_token stop) {
        return services.engine.create_strategy(*request, call.caller, stop);
    });
}

Answer refine_strategy(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto feedback = parse_refine_request(std::get<Value>(body));
    if (!feedback) return call.fail(feedback.error());
    const auto id = read_uuid(call.path.get("strategy_id"));
    if (!id) return call.fail(not_found("Strategy"));
    return generated_answer(services, call, 200, [&](std::stop_token stop) {
        return services.engine.refine_strategy(*id, *feedback, call.caller, stop);
    });
}

Answer generate_strategy(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto& value = std::get<Value>(body);
    return with_idempotency(services, call, value, [&] { return make_strategy(services, call, value); });
}

Answer list_strategies(Services& services, Call& call) {
    const auto range = read_range(call.query, 20);
    if (!range) return call.fail(range.error(), Source::query);
    const auto strategies = services.engine.list_strategies(*range, call.caller);
    if (!strategies) return call.fail(strategies.error());
    return {.body = json_array(*strategies)};
}

Answer list_audit(Services& services, Call& call) {
    static constexpr std::array<std::string_view, 2> events{"created", "deleted"};
    const auto range = read_range(call.query, 50);
    if (!range) return call.fail(range.error(), Source::query);
    const auto strategy_id = read_uuid_member(call.query, "strategy_id");
    if (!strategy_id) return call.fail(strategy_id.error(), Source::query);
    const auto event = read_word_member(call.query, "event", events);
    if (!event) return call.fail(event.error(), Source::query);
    const auto since = read_since(call.query, call.now);
    if (!since) return call.fail(since.error(), Source::query);
    const auto found = services.engine.list_audit(
        {.strategy_id = *strategy_id, .event = *event, .since = *since, .range = *range}, call.caller);
    if (!found) return call.fail(found.error());
    return {.body = json_array(*found)};
}

Answer get_strategy(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("strategy_id"));
    if (!id) return call.fail(not_found("Strategy"));
    const auto strategy = services.engine.get_strategy(*id, call.caller);
    if (!strategy) return call.fail(strategy.error());
    return {.body = to_json(*strategy)};
}

Answer update_strategy(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto patch = parse_strategy_patch(std::get<Value>(body));
    if (!patch) return call.fail(patch.error());
    const auto id = read_uuid(call.path.get("strategy_id"));
    if (!id) return call.fail(not_found("Strategy"));
    const auto strategy = services.engine.update_strategy(*id, *patch, call.caller);
    if (!strategy) return call.fail(strategy.error());
    return {.body = to_json(*strategy)};
}

Answer delete_strategy(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("strategy_id"));
    if (!id) return call.fail(not_found("Strategy"));
    const auto deleted = services.engine.delete_strategy(*id, call.caller);
    if (!deleted) return call.fail(deleted.error());
    return {.body = R"({"message":"Strategy deleted successfully"})"};
}

Answer strategy_history(Services& services, Call& call) {
    const auto range = read_range(call.query, 1000);
    if (!range) return call.fail(range.error(), Source::query);
    const auto id = read_uuid(call.path.get("strategy_id"));
    if (!id) return call.fail(not_found("Strategy"));
    const auto history = services.engine.history(*id, *range, call.caller);
    if (!history) return call.fail(history.error());
    return {.body = json_array(*history)};
}

}  // namespace

std::vector<Route> strategy_routes() {
    return {
        {.method = "POST",
         .path = "/api/strategies/generate",
         .scope = "meter",
         .bucket = Bucket::generation,
         .handler = generate_strategy,
         .quota_headers = true},
        {.method = "POST",
         .path = "/api/strategies/{strategy_id}/refine",
         .scope = "meter",
         .bucket = Bucket::generation,
         .handler = refine_strategy},
        {.method = "GET", .path = "/api/strategies", .scope = "meter", .handler = list_strategies},
        {.method = "GET", .path = "/api/strategies/audit", .scope = "meter", .handler = list_audit},
        {.method = "GET", .path = "/api/strategies/{strategy_id}", .scope = "meter", .handler = get_strategy},
        {.method = "PATCH", .path = "/api/strategies/{strategy_id}", .scope = "meter", .handler = update_strategy},
        {.method = "DELETE", .path = "/api/strategies/{strategy_id}", .scope = "meter", .handler = delete_strategy},
        {.method = "GET",
         .path = "/api/strategies/{strategy_id}/history",
         .scope = "meter",
         .handler = strategy_history},
        {.method = "GET",
         .path = "/api/jobs/strategies/{strategy_id}/history",
         .scope = "meter",
         .handler = strategy_history},
    };
}

}  // namespace meter::server
