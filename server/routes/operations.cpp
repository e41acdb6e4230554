// Probes, metrics and the API description (wire contract 1)
#include "meter/json.hpp"
#include "meter/version.hpp"
#include "openapi_text.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

constexpr int probe_retry_seconds = 5;

Answer healthz(Services& services, Call& call) {
    if (services.stopping) return call.fail(unavailable("The server is stopping", probe_retry_seconds));
    std::string body = R"({"status":"ok","version":)";
    append_json_string(body, version());
    return {.body = body + "}"};
}

Answer readyz(Services& services, Call& call) {
    if (services.stopping) return call.fail(unavailable("The server is stopping", probe_retry_seconds));
    if (const auto ping = services.engine.store().ping(); !ping)
        return call.fail(unavailable("The store cannot be written", probe_retry_seconds));
    return {.body = R"({"status":"ok"})"};
}

Answer metrics(Services& services, Call&) {
    std::string text = services.metrics.text() + metrics_text(services.engine.metrics());
    text +=
        gauge_text("meter_http_connections", "Open connections.", static_cast<std::int64_t>(services.connections()));
    return {.body = std::move(text), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
}

Answer openapi(Services&, Call&) {
    return {.body = openapi_json()};
}

}  // namespace

std::vector<Route> operation_routes() {
    return {
        {.method = "GET", .path = "/healthz", .scope = no_key_needed, .handler = healthz},
        {.method = "GET", .path = "/readyz", .scope = no_key_needed, .handler = readyz},
        {.method = "GET", .path = "/metrics", .scope = "*", .handler = metrics},
        {.method = "GET", .path = "/openapi.json", .scope = no_key_needed, .handler = openapi},
    };
}

std::vector<Route> all_routes() {
    std::vector<Route> routes;
    for (auto part :
         {strategy_routes(), job_routes(), schedule_routes(), discovery_routes(), strategy_group_routes(),
          workflow_routes(), workflow_run_routes(), workflow_schedule_routes(), webhook_routes(), account_routes(),
          automation_routes(), automation_execution_routes(), node_type_routes(), hook_routes(), operation_routes()})
        routes.insert(routes.end(), part.begin(), part.end());
    return routes;
}

}  // namespace meter::server
