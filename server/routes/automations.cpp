// /api/v1/workflows and /api/v1/auth/whoami: the automation dialect (wire contract 20.1 to 20.4, 20.6)
#include <array>
#include <utility>

#include "input.hpp"
#include "meter/automation.hpp"
#include "meter/json.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

AutomationCaller caller_of(const Call& call) {
    return {.account_id = call.caller.account_id,
            .user_id = call.caller.user_id,
            .organization_id = call.caller.organization_id};
}

std::string id_of(const Call& call) {
    return std::string(call.path.get("id"));
}

/// {"workflowId": id} and more members as JSON text.
std::string id_json(std::string_view id, std::string_view rest = {}) {
    std::string body = R"({"workflowId":)";
    append_json_string(body, id);
    return body.append(rest).append("}");
}

Answer create_automation(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_automation_request(std::get<Value>(body));
    if (!request) return call.fail(request.error());
    const auto automation = services.engine.automations().create(*request, caller_of(call));
    if (!automation) return call.fail(automation.error());
    return {.status = 201, .body = id_json(automation->automation_id)};
}

Answer list_automations(Services& services, Call& call) {
    static constexpr std::array<std::string_view, 4> statuses{"draft", "active", "paused", "archived"};
    AutomationQuery query;
    const auto range = read_range(call.query, 20, 100);
    if (!range) return call.fail(range.error(), Source::query);
    query.range = *range;
    const auto status = read_word_member(call.query, "status", statuses);
    if (!status) return call.fail(status.error(), Source::query);
    if (*status) query.status = parse_automation_status(**status);
    if (const std::string* tag = call.query.find("tag")) query.tag = *tag;
    if (const std::string* search = call.query.find("search")) query.search = *search;
    if (const std::string* sort = call.query.find("sort"))
        if (const auto read = read_automation_sort(*sort, query); !read) return call.fail(read.error(), Source::query);
    const auto list = services.engine.automations().list(query, caller_of(call));
    if (!list) return call.fail(list.error(), Source::query);
    return {.body = to_json(*list, query.range)};
}

Answer get_automation(Services& services, Call& call) {
    const auto automation = services.engine.automations().get(id_of(call), caller_of(call));
    if (!automation) return call.fail(automation.error());
    return {.body = to_json(*automation)};
}

Answer update_automation(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto patch = parse_automation_patch(std::get<Value>(body));
    if (!patch) return call.fail(patch.error());
    const auto automation = services.engine.automations().update(id_of(call), *patch, caller_of(call));
    if (!automation) return call.fail(automation.error());
    return {.body = to_json(*automation)};
}

Answer delete_automation(Services& services, Call& call) {
    if (const auto problem = refuse_body(call.request)) return call.fail(*problem);
    const auto removed = services.engine.automations().remove(id_of(call), caller_of(call));
    if (!removed) return call.fail(removed.error());
    return {.status = 204};
}

Answer duplicate_automation(Services& services, Call& call) {
    if (const auto problem = refuse_body(call.request)) return call.fail(*problem);
    const auto copy = services.engine.automations().duplicate(id_of(call), caller_of(call));
    if (!copy) return call.fail(copy.error());
    return {.status = 201, .body = id_json(copy->automation_id)};
}

Answer set_automation_status(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto status = parse_automation_status_request(std::get<Value>(body));
    if (!status) return call.fail(status.error());
    const auto automation = services.engine.automations().set_status(id_of(call), *status, caller_of(call));
    if (!automation) return call.fail(automation.error());
    return {.body = to_json(*automation)};
}

Answer list_automation_versions(Services& services, Call& call) {
    const auto versions = services.engine.automations().versions(id_of(call), caller_of(call));
    if (!versions) return call.fail(versions.error());
    return {.body = to_json(*versions)};
}

Answer create_automation_version(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_automation_version_request(std::get<Value>(body));
    if (!request) return call.fail(request.error());
    const auto version = services.engine.automations().create_version(id_of(call), *request, caller_of(call));
    if (!version) return call.fail(version.error());
    std::string rest = ",\"version\":" + std::to_string(version->version) + ",\"versionTag\":";
    append_json_string(rest, version->version_tag);
    return {.status = 201, .body = id_json(id_of(call), rest)};
}

Answer list_automation_shares(Services& services, Call& call) {
    const auto shares = services.engine.automations().shares(id_of(call), caller_of(call));
    if (!shares) return call.fail(shares.error());
    return {.body = shares_json(id_of(call), *shares)};
}

Answer share_automation(Services& services, Call& call) {
    const auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto user = parse_automation_share_request(std::get<Value>(body));
    if (!user) return call.fail(user.error());
    const auto shared = services.engine.automations().share(id_of(call), *user, caller_of(call));
    if (!shared) return call.fail(shared.error());
    std::string rest = R"(,"message":"Workflow shared successfully","userId":)";
    append_json_string(rest, *user);
    return {.body = id_json(id_of(call), rest)};
}

Answer unshare_automation(Services& services, Call& call) {
    if (const auto problem = refuse_body(call.request)) return call.fail(*problem);
    const auto ended = services.engine.automations().unshare(id_of(call), call.path.get("userId"), caller_of(call));
    if (!ended) return call.fail(ended.error());
    return {.status = 204};
}

Answer list_automation_templates(Services& services, Call& call) {
    const auto templates = services.engine.automations().templates(caller_of(call));
    if (!templates) return call.fail(templates.error());
    std::string body = "{\"count\":" + std::to_string(templates->size()) + ",\"templates\":[";
    for (std::size_t i = 0; i < templates->size(); ++i) {
        if (i > 0) body += ',';
        body += to_template_json((*templates)[i]);
    }
    return {.body = body.append("]}")};
}

Answer automation_stats(Services& services, Call& call) {
    const auto stats = services.engine.automations().stats(caller_of(call));
    if (!stats) return call.fail(stats.error());
    return {.body = to_json(*stats)};
}

Answer who_am_i(Services&, Call& call) {
    std::string body = R"({"data":{"userId":)";
    append_json_string(body, call.caller.user_id);
    body += R"(,"organizationId":)";
    append_json_string(body, call.caller.organization_id);
    body += R"(,"keyPrefix":)";
    append_json_string(body, call.caller.api_key_prefix.value_or(""));
    body += R"(,"scopes":[)";
    for (const std::string& scope : call.scopes) {
        if (body.back() != '[') body += ',';
        append_json_string(body, scope);
    }
    body += R"(]},"meta":{"requestId":)";
    append_json_string(body, call.request_id);
    return {.body = body.append("}}")};
}

}  // namespace

std::vector<Route> automation_routes() {
    constexpr std::string_view reads = "workflows:read";
    constexpr std::string_view writes = "workflows:write";
    return {
        {.method = "POST", .path = "/api/v1/workflows", .scope = writes, .handler = create_automation},
        {.method = "GET", .path = "/api/v1/workflows", .scope = reads, .handler = list_automations},
        {.method = "GET", .path = "/api/v1/workflows/templates", .scope = reads, .handler = list_automation_templates},
        {.method = "GET", .path = "/api/v1/workflows/stats", .scope = reads, .handler = automation_stats},
        {.method = "GET", .path = "/api/v1/workflows/{id}", .scope = reads, .handler = get_automation},
        {.method = "PUT", .path = "/api/v1/workflows/{id}", .scope = writes, .handler = update_automation},
        {.method = "DELETE", .path = "/api/v1/workflows/{id}", .scope = writes, .handler = delete_automation},
        {.method = "POST",
         .path = "/api/v1/workflows/{id}/duplicate",
         .scope = writes,
         .handler = duplicate_automation},
        {.method = "PUT", .path = "/api/v1/workflows/{id}/status", .scope = writes, .handler = set_automation_status},
        {.method = "GET",
         .path = "/api/v1/workflows/{id}/versions",
         .scope = reads,
         .handler = list_automation_versions},
        {.method = "POST",
         .path = "/api/v1/workflows/{id}/versions",
         .scope = writes,
         .handler = create_automation_version},
        {.method = "GET", .path = "/api/v1/workflows/{id}/share", .scope = reads, .handler = list_automation_shares},
        {.method = "POST", .path = "/api/v1/workflows/{id}/share", .scope = writes, .handler = share_automation},
        {.method = "DELETE",
         .path = "/api/v1/workflows/{id}/share/{userId}",
         .scope = writes,
         .handler = unshare_automation},
        {.method = "GET", .path = "/api/v1/auth/whoami", .scope = any_key, .handler = who_am_i},
    };
}

}  // namespace meter::server
