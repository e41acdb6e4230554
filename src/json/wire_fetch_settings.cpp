// The fetch settings of a strategy (wire contract 8.5, schema FetchSettings).
#include <algorithm>
#include <array>

#include "core/unicode.hpp"
#include "json/members.hpp"
#include "meter/strategy.hpp"

namespace meter {
namespace {

constexpr std::size_t fetch_max_pairs = 50;
constexpr std::size_t fetch_max_header = 8192;
constexpr std::size_t fetch_max_cookie = 4096;
constexpr std::size_t fetch_max_selector = 2048;

/// Headers the fetcher sets itself: framing, connection handling, cookies (they have a member of their own) and the
/// validators that decide whether a page is unchanged.
constexpr std::array<std::string_view, 15> fetcher_headers{
    "connection",       "content-length",    "cookie",        "expect",     "host", "http2-settings",
    "if-match",         "if-modified-since", "if-none-match", "keep-alive", "te",   "trailer",
    "proxy-connection", "transfer-encoding", "upgrade"};

/// token of RFC 9110 section 5.6.2
bool is_http_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

/// No control characters but the tab (RFC 9110 section 5.5): a line break would start another header.
bool is_header_value(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7F; });
}

void check_header(json::Members& headers, std::string_view name) {
    const auto value = headers.text(name, {.max = fetch_max_header});
    const std::string lower = core::ascii_lower(name);
    if (!is_http_token(name))
        headers.fail(name, "is not a valid header name");
    else if (lower == "cookie")
        headers.fail(name, "cannot be set as a header, use fetch.cookies");
    else if (std::find(fetcher_headers.begin(), fetcher_headers.end(), lower) != fetcher_headers.end() ||
             lower.starts_with("proxy-"))
        headers.fail(name, "is set by the fetcher and cannot be given");
    else if (value && !is_header_value(*value))
        headers.fail(name, "must not contain line breaks or control characters");
}

void check_cookie(json::Members& cookies, std::string_view name) {
    const auto value = cookies.text(name, {.max = fetch_max_cookie});
    if (!is_http_token(name))
        cookies.fail(name, "is not a valid cookie name");
    else if (value && (!is_header_value(*value) || value->find(';') != std::string::npos))
        cookies.fail(name, "must not contain semicolons, line breaks or control characters");
}

/// An object of at most 50 texts, each looked at by `check`.
template <class Check>
void check_pairs(json::Members& settings, std::string_view name, Check check) {
    const Object* object = settings.object(name);
    if (object == nullptr) return;
    if (object->size() > fetch_max_pairs) return settings.fail(name, "must have at most 50 members");
    json::Members pairs(*settings.find(name), json::Nulls::kept, settings.path_of(name));
    for (const auto& [key, value] : *object) check(pairs, key);
    if (pairs.error()) settings.fail(*pairs.error());
}

}  // namespace

Result<void> validate_fetch_settings(const Value& fetch) {
    json::Members in(fetch, json::Nulls::dropped, "fetch");
    if (in.word("render", {"http", "browser"}) == std::size_t{1})
        in.fail({ErrorCode::unsupported, "No browser is configured", "fetch.render"});
    check_pairs(in, "headers", check_header);
    check_pairs(in, "cookies", check_cookie);
    (void)in.text("wait_for", {.max = fetch_max_selector});
    (void)in.integer("timeout_seconds", 1, 600);
    if (in.error()) return *in.error();
    return {};
}

}  // namespace meter
