// /api/account (wire contract 7)
#include "routes/routes.hpp"

namespace meter::server {
namespace {

Answer account_quota(Services& services, Call& call) {
    const auto quota = services.engine.quota(call.caller);
    if (!quota) return call.fail(quota.error());
    return {.body = to_json(*quota)};
}

}  // namespace

std::vector<Route> account_routes() {
    return {{.method = "GET", .path = "/api/account/quota", .scope = "meter", .handler = account_quota}};
}

}  // namespace meter::server
