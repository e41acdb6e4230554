// /api/v1/workflow-nodes: what nodes of automations may be (wire contract 20.6)
#include "input.hpp"
#include "meter/node.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

Answer list_node_types(Services& services, Call& call) {
    NodeTypeQuery query;
    const auto range = read_range(call.query, 50, 100);
    if (!range) return call.fail(range.error(), Source::query);
    query.range = *range;
    const auto active = read_flag_member(call.query, "active");
    if (!active) return call.fail(active.error(), Source::query);
    query.only_active = active->value_or(true);
    const auto system = read_flag_member(call.query, "isSystem");
    if (!system) return call.fail(system.error(), Source::query);
    query.is_system = *system;
    if (const std::string* type = call.query.find("type")) query.kind = *type;
    if (const std::string* category = call.query.find("category")) query.category = *category;
    if (const std::string* search = call.query.find("search")) query.search = *search;
    if (const std::string* sort = call.query.find("sort"))
        if (const auto read = read_node_type_sort(*sort, query); !read) return call.fail(read.error(), Source::query);
    return {.body = node_types_json(services.engine.nodes(), query)};
}

}  // namespace

std::vector<Route> node_type_routes() {
    return {
        {.method = "GET", .path = "/api/v1/workflow-nodes", .scope = "workflows:read", .handler = list_node_types},
    };
}

}  // namespace meter::server
