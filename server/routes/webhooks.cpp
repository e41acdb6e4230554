// /api/webhooks (wire contract 15.5, 15.6)
#include <array>
#include <utility>

#include "input.hpp"
#include "meter/webhook.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

constexpr int webhook_test_retry_seconds = 5;

Answer test_webhook(Services& services, Call& call) {
    auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto test = parse_webhook_test(without_null_members(std::get<Value>(std::move(body))));
    if (!test) return call.fail(test.error());
    // The receiver may take as long as any: like executions, tests must leave threads to the other requests.
    const auto place = services.executes.enter(call.request.peer);
    if (!place) return call.fail(unavailable("Too many requests are waiting", webhook_test_retry_seconds));
    const auto outcome = services.engine.test_webhook(*test, place->token());
    if (!outcome) return call.fail(outcome.error());
    return {.body = to_json(*outcome)};
}

Answer list_deliveries(Services& services, Call& call) {
    static constexpr std::array<std::string_view, 3> statuses{"pending", "delivered", "failed"};
    DeliveryQuery query;
    const auto range = read_range(call.query, 50);
    if (!range) return call.fail(range.error(), Source::query);
    query.range = *range;
    const auto schedule_id = read_uuid_member(call.query, "schedule_id");
    if (!schedule_id) return call.fail(schedule_id.error(), Source::query);
    query.schedule_id = *schedule_id;
    const auto status = read_word_member(call.query, "status", statuses);
    if (!status) return call.fail(status.error(), Source::query);
    if (*status) query.status = parse_delivery_status(**status);
    const auto deliveries = services.engine.list_deliveries(query, call.caller);
    if (!deliveries) return call.fail(deliveries.error());
    return {.body = json_array(*deliveries)};
}

Answer replay_delivery(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("delivery_id"));
    if (!id) return call.fail(not_found("Delivery"));
    const auto delivery = services.engine.replay_delivery(*id, call.caller);
    if (!delivery) return call.fail(delivery.error());
    return {.body = to_json(*delivery)};
}

}  // namespace

std::vector<Route> webhook_routes() {
    return {
        {.method = "POST", .path = "/api/webhooks/test", .scope = "meter", .handler = test_webhook},
        {.method = "GET", .path = "/api/webhooks/deliveries", .scope = "meter", .handler = list_deliveries},
        {.method = "POST",
         .path = "/api/webhooks/deliveries/{delivery_id}/replay",
         .scope = "meter",
         .handler = replay_delivery},
    };
}

}  // namespace meter::server
