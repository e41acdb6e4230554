#include "input.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "meter/json.hpp"

namespace meter::server {
namespace {

constexpr std::size_t max_json_depth = 64;

Error bad_member(std::string_view name, std::string_view expectation) {
    return {ErrorCode::invalid_argument, std::string(name) + " " + std::string(expectation), std::string(name)};
}

std::optional<std::int64_t> whole_integer(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

Result<std::int64_t> read_integer(const Query& query, std::string_view name, std::int64_t otherwise, std::int64_t min,
                                  std::int64_t max, std::string_view expectation) {
    const std::string* text = query.find(name);
    if (!text) return otherwise;
    const auto number = whole_integer(*text);
    if (!number || *number < min || *number > max) return bad_member(name, expectation);
    return *number;
}

// "<n><unit>": the duration; nullopt when the text is no such thing. Nine digits of weeks stay far within int64.
std::optional<std::chrono::seconds> relative_time(std::string_view text) {
    if (text.size() < 2 || text.size() > 10) return std::nullopt;
    std::int64_t unit = 0;
    switch (text.back()) {
        case 's':
            unit = 1;
            break;
        case 'm':
            unit = 60;
            break;
        case 'h':
            unit = 3600;
            break;
        case 'd':
            unit = 86'400;
            break;
        case 'w':
            unit = 604'800;
            break;
        default:
            return std::nullopt;
    }
    text.remove_suffix(1);
    if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    return std::chrono::seconds(*whole_integer(text) * unit);
}

// RFC 3339, or ISO 8601 without an offset (what Python's isoformat() writes) or without a time of day: then UTC.
std::optional<TimePoint> read_iso_time(std::string_view text) {
    for (const std::string_view rest : {"", "Z", "T00:00:00Z"})
        if (const auto time = parse_time(std::string(text).append(rest))) return *time;
    return std::nullopt;
}

bool is_json_media_type(std::string_view content_type) {
    auto type = content_type.substr(0, std::min(content_type.find(';'), content_type.size()));
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
    return lower_ascii(type) == "application/json";
}

}  // namespace

std::optional<std::string> read_uuid(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    auto lower = lower_ascii(text);
    for (std::size_t i = 0; i < lower.size(); ++i) {
        const char c = lower[i];
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return std::nullopt;
    }
    return lower;
}

Result<ListRange> read_range(const Query& query, std::int64_t default_limit, std::int64_t max_limit) {
    const auto limit = read_integer(query, "limit", default_limit, 1, max_limit,
                                    "must be an integer from 1 to " + std::to_string(max_limit));
    if (!limit) return limit.error();
    const auto offset = read_integer(query, "offset", 0, 0, INT64_MAX, "must be an integer of at least 0");
    if (!offset) return offset.error();
    return ListRange{.limit = *limit, .offset = *offset};
}

Result<std::optional<std::string>> read_uuid_member(const Query& query, std::string_view name) {
    const std::string* text = query.find(name);
    if (!text) return std::optional<std::string>{};
    auto id = read_uuid(*text);
    if (!id) return bad_member(name, "must be a UUID");
    return id;
}

Result<std::optional<std::string>> read_word_member(const Query& query, std::string_view name,
                                                    std::span<const std::string_view> words) {
    const std::string* text = query.find(name);
    if (!text) return std::optional<std::string>{};
    if (std::ranges::find(words, *text) != words.end()) return std::optional<std::string>(*text);
    std::string expectation = "must be one of: ";
    for (const auto word : words) {
        if (word != words.front()) expectation += ", ";
        expectation += word;
    }
    return bad_member(name, expectation);
}

Result<std::optional<bool>> read_flag_member(const Query& query, std::string_view name) {
    const std::string* text = query.find(name);
    if (!text) return std::optional<bool>{};
    const auto lower = lower_ascii(*text);
    if (lower == "true" || lower == "1") return std::optional<bool>(true);
    if (lower == "false" || lower == "0") return std::optional<bool>(false);
    return bad_member(name, "must be true or false");
}

Result<std::optional<TimePoint>> read_since(const Query& query, TimePoint now) {
    return read_moment(query, "since", now);
}

Result<std::optional<TimePoint>> read_moment(const Query& query, std::string_view name, TimePoint now) {
    const std::string* text = query.find(name);
    if (!text) return std::optional<TimePoint>{};
    if (const auto back = relative_time(*text)) return std::optional<TimePoint>(now - *back);
    auto time = read_iso_time(*text);
    if (!time) {
        // The "+" of an offset that was not sent as %2B has become a space.
        if (const auto space = text->rfind(' '); space != std::string::npos && space > 10) {
            std::string mended = *text;
            mended[space] = '+';
            time = read_iso_time(mended);
        }
    }
    if (!time) return bad_member(name, "must be an ISO 8601 time, or a number followed by s, m, h, d or w");
    return time;
}

std::variant<Value, Problem> read_object_body(const HttpRequest& request) {
    if (request.body.empty()) return invalid_request("Request body must be a JSON object", "body");
    if (const auto* type = request.head.header("content-type"); type && !is_json_media_type(*type))
        return invalid_request("Content-Type must be application/json");
    auto body = parse_json(request.body, {.max_depth = max_json_depth, .max_bytes = request.body.size()});
    if (!body) {
        auto problem = invalid_request(body.error().message, "body");
        if (body.error().code == ErrorCode::parse) problem.code = "malformed_json";
        return problem;
    }
    if (!body->is_object()) return invalid_request("Request body must be a JSON object", "body");
    return std::move(*body);
}

std::optional<Problem> refuse_encoding(const HttpRequest& request) {
    const std::string* encoding = request.head.header("content-encoding");
    if (!encoding || (request.head.count("content-encoding") == 1 && lower_ascii(*encoding) == "identity"))
        return std::nullopt;
    return http_problem(400, "Content-Encoding is not accepted on requests");
}

std::optional<Problem> refuse_body(const HttpRequest& request) {
    if (request.body.empty()) return std::nullopt;
    auto body = read_object_body(request);
    if (auto* problem = std::get_if<Problem>(&body)) return std::move(*problem);
    return std::nullopt;
}

Value without_null_members(Value body) {
    Object* object = body.if_object();
    if (!object) return body;
    Object kept;
    for (auto& [name, value] : *object)
        if (!value.is_null()) kept.append(name, std::move(value));
    return kept;
}

}  // namespace meter::server
