#include "answers.hpp"

#include <algorithm>
#include <utility>

#include "meter/json.hpp"

namespace meter::server {
namespace {

constexpr std::string_view service_unavailable = "Service temporarily unavailable";
constexpr std::string_view no_items = "No items could be extracted";
constexpr int default_retry_seconds = 5;

struct CodeRow {
    ErrorCode code;
    int status;
    std::string_view name;
    std::string_view text;  ///< instead of the error's own message; empty: that one is meant for the caller
};

// Wire contract 3; the names are the enum of Error.code in openapi.yaml. The automation dialect has two of its own, as
// its answers there show: validation_error for invalid_request, and insufficient_scope.
constexpr CodeRow code_rows[] = {
    {ErrorCode::invalid_argument, 400, "invalid_request", ""},
    {ErrorCode::invalid_url, 422, "invalid_url", ""},
    {ErrorCode::not_found, 404, "not_found", ""},
    {ErrorCode::conflict, 409, "conflict", ""},
    {ErrorCode::quota_exceeded, 403, "quota_exceeded", ""},
    {ErrorCode::unsupported, 422, "unprocessable", ""},
    {ErrorCode::unprocessable, 422, "unprocessable", ""},
    {ErrorCode::network, 422, "unprocessable", ""},
    {ErrorCode::timeout, 422, "unprocessable", ""},
    {ErrorCode::blocked, 422, "unprocessable", ""},
    {ErrorCode::too_large, 422, "unprocessable", ""},
    {ErrorCode::parse, 422, "unprocessable", ""},
    {ErrorCode::store, 503, "unavailable", service_unavailable},
    {ErrorCode::unavailable, 503, "unavailable", ""},
    {ErrorCode::cancelled, 503, "unavailable", service_unavailable},
    {ErrorCode::internal, 500, "internal_error", "Internal server error"},
    {ErrorCode::forbidden, 403, "forbidden", ""},
};

/// "urls.17", not the text that is no URL.
bool is_member_path(std::string_view subject) noexcept {
    return !subject.empty() && std::all_of(subject.begin(), subject.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    });
}

}  // namespace

Problem to_problem(const Error& error, Source source) {
    for (const CodeRow& row : code_rows) {
        if (row.code != error.code) continue;
        Problem problem{
            .status = row.status, .code = row.name, .detail = row.text.empty() ? error.message : std::string(row.text)};
        if (problem.status == 400 ? !error.subject.empty()
                                  : error.code == ErrorCode::invalid_url && is_member_path(error.subject))
            problem.location = (source == Source::body ? "body." : "query.") + error.subject;
        // The detail is fixed (wire contract 8.2); what was looked for stands beside it.
        if (error.code == ErrorCode::unprocessable && error.message == no_items && !error.subject.empty()) {
            problem.location = "body";
            problem.reason = error.subject;
        }
        if (problem.status == 503) problem.headers.emplace_back("Retry-After", std::to_string(default_retry_seconds));
        return problem;
    }
    return {.status = 500, .code = "internal_error", .detail = "Internal server error"};
}

Problem invalid_request(std::string detail, std::string location) {
    return {.status = 400, .code = "invalid_request", .detail = std::move(detail), .location = std::move(location)};
}

Problem not_found(std::string_view thing) {
    return {.status = 404, .code = "not_found", .detail = std::string(thing) + " not found"};
}

Problem unavailable(std::string detail, int retry_after_seconds) {
    return {.status = 503,
            .code = "unavailable",
            .detail = std::move(detail),
            .headers = {{"Retry-After", std::to_string(retry_after_seconds)}}};
}

Problem unauthorized(std::string_view detail) {
    return {.status = 401,
            .code = "unauthorized",
            .detail = std::string(detail),
            .headers = {{"WWW-Authenticate", "Bearer realm=\"meter\""}}};
}

Problem rate_limited(std::int64_t retry_after_seconds) {
    const auto text = std::to_string(retry_after_seconds);
    return {
        .status = 429,
        .code = "rate_limited",
        .detail = "Rate limit exceeded. Retry after " + text + (retry_after_seconds == 1 ? " second." : " seconds."),
        .headers = {{"Retry-After", text}}};
}

Problem http_problem(int status, std::string detail) {
    if (status == 503) {
        auto problem = unavailable(std::move(detail), default_retry_seconds);
        problem.close = true;
        return problem;
    }
    const std::string_view code = status == 405   ? "method_not_allowed"
                                  : status == 413 ? "payload_too_large"
                                                  : "invalid_request";
    return {.status = status, .code = code, .detail = std::move(detail), .close = status != 405};
}

bool is_automation_path(std::string_view path) noexcept {
    for (const std::string_view prefix : {"/api/v1", "/hooks"})
        if (path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/')) return true;
    return false;
}

Answer to_answer(const Problem& problem, std::string_view path, std::string_view request_id) {
    Answer answer{.status = problem.status, .headers = problem.headers, .close = problem.close};
    std::string& body = answer.body;
    body = "{\"detail\":";
    append_json_string(body, problem.detail);
    if (is_automation_path(path)) {
        const bool invalid = problem.status == 400 && problem.code == "invalid_request";
        body += ",\"error\":{\"code\":";
        append_json_string(body, invalid ? "validation_error" : problem.code);
        body += ",\"message\":";
        append_json_string(body, problem.detail);
        body += "},\"meta\":{\"requestId\":";
        append_json_string(body, request_id);
        body += "}}";
        return answer;
    }
    body += ",\"code\":";
    append_json_string(body, problem.code);
    if (!problem.location.empty()) {
        body += ",\"errors\":[{\"loc\":";
        append_json_string(body, problem.location);
        body += ",\"msg\":";
        append_json_string(body, problem.reason.empty() ? problem.detail : problem.reason);
        body += "}]";
    }
    for (const auto& [name, value] : problem.members) {
        body += ',';
        append_json_string(body, name);
        body += ':';
        append_json_string(body, value);
    }
    body += '}';
    return answer;
}

}  // namespace meter::server
