// /discover, /discoveries (wire contract 17)
#include <array>
#include <utility>

#include "input.hpp"
#include "meter/discovery.hpp"
#include "meter/schedule.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

Answer start_discovery(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_discovery_request(std::get<Value>(body));
    if (!request) return call.fail(request.error());
    const auto discovery = services.engine.start_discovery(*request, call.caller);
    if (!discovery) return call.fail(discovery.error());
    return {.status = 201, .body = to_short_json(*discovery)};
}

Answer get_discovery(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("discovery_id"));
    if (!id) return call.fail(not_found("Discovery"));
    const auto discovery = services.engine.get_discovery(*id, call.caller);
    if (!discovery) return call.fail(discovery.error());
    return {.body = to_json(*discovery)};
}

Answer list_discoveries(Services& services, Call& call) {
    static constexpr std::array<std::string_view, 4> statuses{"pending", "running", "completed", "failed"};
    const auto range = read_range(call.query, 50);
    if (!range) return call.fail(range.error(), Source::query);
    const auto status = read_word_member(call.query, "status", statuses);
    if (!status) return call.fail(status.error(), Source::query);
    DiscoveryQuery query;
    query.range = *range;
    if (*status) query.status = parse_discovery_status(**status);
    const auto discoveries = services.engine.list_discoveries(query, call.caller);
    if (!discoveries) return call.fail(discoveries.error());
    return {.body = json_array(*discoveries)};
}

Answer discovered_urls(Services& services, Call& call) {
    const auto range = read_range(call.query, 100, 10'000);
    if (!range) return call.fail(range.error(), Source::query);
    const auto id = read_uuid(call.path.get("discovery_id"));
    if (!id) return call.fail(not_found("Discovery"));
    const auto found = services.engine.discovered_urls(*id, *range, call.caller);
    if (!found) return call.fail(found.error());
    return {.body = to_json(*found, *id, *range)};
}

Answer execute_discovery(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_discovery_execute_request(std::get<Value>(body));
    if (!request) return call.fail(request.error());
    const auto id = read_uuid(call.path.get("discovery_id"));
    if (!id) return call.fail(not_found("Discovery"));
    const auto batch = services.engine.execute_discovery(*id, *request, call.caller);
    if (!batch) return call.fail(batch.error());
    return {.status = 201, .body = execution_json(*batch, *id)};
}

Answer schedule_discovery(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_discovery_schedule_request(std::get<Value>(body));
    if (!request) return call.fail(request.error());
    const auto id = read_uuid(call.path.get("discovery_id"));
    if (!id) return call.fail(not_found("Discovery"));
    const auto schedule = services.engine.schedule_discovery(*id, *request, call.caller);
    if (!schedule) return call.fail(schedule.error());
    return {.status = 201, .body = to_json(*schedule, SecretShown::yes)};
}

Answer delete_discovery(Services& services, Call& call) {
    if (const auto problem = refuse_body(call.request)) return call.fail(*problem);
    const auto id = read_uuid(call.path.get("discovery_id"));
    if (!id) return call.fail(not_found("Discovery"));
    const auto deleted = services.engine.delete_discovery(*id, call.caller);
    if (!deleted) return call.fail(deleted.error());
    return {.body = R"({"message":"Discovery deleted successfully"})"};
}

}  // namespace

std::vector<Route> discovery_routes() {
    return {
        {.method = "POST", .path = "/discover", .scope = "meter", .handler = start_discovery},
        {.method = "GET", .path = "/discoveries", .scope = "meter", .handler = list_discoveries},
        {.method = "GET", .path = "/discover/{discovery_id}", .scope = "meter", .handler = get_discovery},
        {.method = "DELETE", .path = "/discover/{discovery_id}", .scope = "meter", .handler = delete_discovery},
        {.method = "GET", .path = "/discover/{discovery_id}/urls", .scope = "meter", .handler = discovered_urls},
        {.method = "POST", .path = "/discover/{discovery_id}/execute", .scope = "meter", .handler = execute_discovery},
        {.method = "POST",
         .path = "/discover/{discovery_id}/schedule",
         .scope = "meter",
         .handler = schedule_discovery},
    };
}

}  // namespace meter::server
