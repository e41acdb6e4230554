// Reading api plans and what they capture.
#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/unicode.hpp"
#include "extract/member.hpp"
#include "extract/plan.hpp"
#include "extract/url_template.hpp"

namespace meter::detail {
namespace {

const std::string api_at = "strategy.request";

bool is_scalar_or_scalars(const Value& value) {
    const auto* array = value.if_array();
    if (array == nullptr) return value.is_scalar();
    return std::all_of(array->begin(), array->end(), [](const Value& member) { return member.is_scalar(); });
}

/// Checks the placeholders of every string in the value. Recursion is bounded: plans are at most 64 levels deep.
Result<void> check_templates(const Value& value, const std::string& at) {
    if (const std::string* text = value.if_string()) {
        if (!is_template(*text)) return {};
        const auto parts = parse_template(*text);
        return parts ? Result<void>() : Result<void>(plan_error(at, parts.error().message));
    }
    if (const auto* array = value.if_array())
        for (std::size_t i = 0; i < array->size(); ++i) {
            auto checked = check_templates((*array)[i], at + "." + std::to_string(i));
            if (!checked) return checked;
        }
    if (const auto* object = value.if_object())
        for (const auto& [key, member] : *object) {
            auto checked = check_templates(member, at + "." + key);
            if (!checked) return checked;
        }
    return {};
}

Result<void> read_api_url(ApiPlan& plan, const Object& request) {
    const std::string at = api_at + ".url";
    if (plan_member(request, "url") == nullptr) return plan_missing(at);
    const auto url = plan_string(request, "url", api_at);
    if (!url) return url.error();
    if (url->size() > 4096) return plan_error(at, "Invalid URL format");
    const auto parts = parse_template(*url);
    if (!parts) return plan_error(at, parts.error().message);

    const std::size_t end = template_path_end(*url);
    auto endpoint = normalize_endpoint(std::string_view(*url).substr(0, end));
    if (!endpoint) return plan_error(at, "Invalid URL format");
    plan.endpoint = std::move(*endpoint);
    if (end == std::string::npos || (*url)[end] != '?') return {};
    std::string_view query = std::string_view(*url).substr(end + 1);
    query = query.substr(0, query.find('#'));
    for (auto& [name, value] : url::query_members(query)) {
        if (plan.query.size() >= 1'000) return plan_error(at, "at most 1000 query members are allowed");
        add_query_member(plan.query, std::move(name), std::move(value));
    }
    return {};
}

Result<void> read_api_query(ApiPlan& plan, const Object& request) {
    const auto query = plan_object(request, "query", api_at);
    if (!query) return query.error();
    if (*query == nullptr) return {};
    if ((*query)->size() > 1'000) return plan_error(api_at + ".query", "at most 1000 members are allowed");
    for (const auto& [name, value] : **query) {
        const std::string at = api_at + ".query." + name;
        if (!is_scalar_or_scalars(value)) return plan_error(at, "must be a scalar or an array of scalars");
        auto checked = check_templates(value, at);
        if (!checked) return checked;
        if (value.is_null()) continue;
        // `query` says what is sent: a name that the URL has as well is replaced.
        const std::string& key = name;
        const auto same =
            std::find_if(plan.query.begin(), plan.query.end(), [&](const auto& member) { return member.first == key; });
        if (same != plan.query.end())
            same->second = value;
        else
            plan.query.emplace_back(name, value);
    }
    return {};
}

Result<void> read_api_headers(ApiPlan& plan, const Object& request) {
    const auto headers = plan_object(request, "headers", api_at);
    if (!headers) return headers.error();
    if (*headers == nullptr) return {};
    if ((*headers)->size() > 100) return plan_error(api_at + ".headers", "at most 100 headers are allowed");
    for (const auto& [name, value] : **headers) {
        const std::string at = api_at + ".headers." + name;
        // RFC 9110 section 5.1: a field name is a token; 5.5: a value has no control characters but tab.
        const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
            return c > 0x20 && c < 0x7F && std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
        });
        if (!token) return plan_error(api_at + ".headers", "'" + core::sanitize_utf8(name) + "' is no header name");
        const std::string* text = value.if_string();
        if (text == nullptr) return plan_error(at, "must be a string");
        const bool clean = std::all_of(text->begin(), text->end(), [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return c == '\t' || (byte >= 0x20 && byte != 0x7F);
        });
        if (!clean) return plan_error(at, "must not hold control characters");
        plan.headers.emplace_back(name, *text);
    }
    return {};
}

Result<void> read_api_body(ApiPlan& plan, const Object& request) {
    const Value* body = plan_member(request, "body");
    // A captured body without a type is JSON: "none" would leave out what was captured.
    const auto type = plan_string(request, "body_type", api_at, body == nullptr ? "none" : "json");
    if (!type) return type.error();
    if (*type == "json")
        plan.body_type = ApiPlan::Body::json;
    else if (*type == "form")
        plan.body_type = ApiPlan::Body::form;
    else if (*type != "none")
        return plan_error(api_at + ".body_type", "must be json, form or none");
    if (plan.body_type == ApiPlan::Body::none || body == nullptr) {
        plan.body_type = ApiPlan::Body::none;
        return {};
    }
    if (plan.method != "POST") return plan_error(api_at + ".body", "a body needs method POST");
    auto checked = check_templates(*body, api_at + ".body");
    if (!checked) return checked;
    if (plan.body_type == ApiPlan::Body::form) {
        const Object* members = body->if_object();
        if (members == nullptr) return plan_error(api_at + ".body", "must be an object for a form");
        for (const auto& [name, value] : *members)
            if (!is_scalar_or_scalars(value))
                return plan_error(api_at + ".body." + name, "must be a scalar or an array of scalars");
    }
    plan.body = *body;
    return {};
}

/// Every scalar below `value` by dotted name, names once. Recursion is bounded as in check_templates().
void capture_scalars(const Value& value, const std::string& name, std::unordered_set<std::string>& seen,
                     Object& captured) {
    if (value.is_scalar()) {
        if (!name.empty() && seen.insert(name).second) captured.append(name, value);
        return;
    }
    const std::string prefix = name.empty() ? "" : name + ".";
    if (const auto* array = value.if_array())
        for (std::size_t i = 0; i < array->size(); ++i)
            capture_scalars((*array)[i], prefix + std::to_string(i), seen, captured);
    if (const auto* object = value.if_object())
        for (const auto& [key, member] : *object) capture_scalars(member, prefix + key, seen, captured);
}

}  // namespace

void add_query_member(std::vector<std::pair<std::string, Value>>& query, std::string name, Value value) {
    const auto found =
        std::find_if(query.begin(), query.end(), [&](const auto& member) { return member.first == name; });
    if (found == query.end()) {
        query.emplace_back(std::move(name), std::move(value));
        return;
    }
    Value& known = found->second;
    if (!known.is_array()) known = Value::Array{known};
    known.if_array()->push_back(std::move(value));
}

Result<ApiPlan> parse_api_plan(const Object& definition) {
    const auto request = plan_object(definition, "request", "strategy");
    if (!request) return request.error();
    if (*request == nullptr) return plan_missing(api_at);
    ApiPlan plan;
    auto method = plan_string(**request, "method", api_at, "GET");
    if (!method) return method.error();
    if (*method != "GET" && *method != "POST") return plan_error(api_at + ".method", "must be GET or POST");
    plan.method = std::move(*method);
    for (const auto read : {read_api_url, read_api_query, read_api_headers, read_api_body}) {
        auto done = read(plan, **request);
        if (!done) return done.error();
    }
    auto source = plan_json_source(definition);
    if (!source) return source.error();
    plan.source = std::move(*source);
    return plan;
}

Value captured_parameters(const ApiPlan& plan) {
    Object captured;
    std::unordered_set<std::string> seen;
    for (const auto& [name, value] : plan.query)
        if (seen.insert(name).second) captured.append(name, value);
    if (plan.body_type == ApiPlan::Body::form) {
        for (const auto& [name, value] : *plan.body.if_object())
            if (seen.insert(name).second) captured.append(name, value);
    } else if (plan.body_type == ApiPlan::Body::json) {
        capture_scalars(plan.body, "", seen, captured);
    }
    return captured;
}

}  // namespace meter::detail
