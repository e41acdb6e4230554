#include "fetch/policy.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "core/unicode.hpp"
#include "fetch/failure.hpp"

namespace meter::fetch {
namespace {

constexpr std::chrono::milliseconds longest_backoff = std::chrono::hours(1);
constexpr std::chrono::seconds longest_retry_after = std::chrono::hours(24 * 365);

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> list) noexcept {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_ascii_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool is_ascii_alpha(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// RFC 3986 3.1; empty when the text has no scheme.
std::string_view scheme_of(std::string_view text) noexcept {
    if (text.empty() || !is_ascii_alpha(text.front())) return {};
    for (std::size_t i = 1; i < text.size(); ++i) {
        const char c = text[i];
        if (c == ':') return text.substr(0, i);
        if (!is_ascii_alpha(c) && !is_ascii_digit(c) && c != '+' && c != '-' && c != '.') return {};
    }
    return {};
}

/// Servers write Location in Latin-1 too. Bytes that are not UTF-8 are escaped one by one, so that the server gets back
/// the bytes it sent.
std::string escape_if_not_utf8(std::string_view location) {
    if (core::is_valid_utf8(location)) return std::string(location);
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(location.size() + 16);
    for (const char c : location) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            out += c;
        } else {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

}  // namespace

bool is_known_method(std::string_view method) noexcept {
    return is_one_of(method, {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"});
}

bool is_idempotent(std::string_view method) noexcept {
    return is_one_of(method, {"GET", "HEAD", "PUT", "DELETE"});
}

bool expects_body(std::string_view method) noexcept {
    return is_one_of(method, {"POST", "PUT", "PATCH"});
}

bool is_redirect(int status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string redirected_method(int status, std::string_view method) {
    if ((status == 301 || status == 302) && method == "POST") return "GET";
    if (status == 303 && method != "HEAD") return "GET";
    return std::string(method);
}

Result<url::Url> redirect_target(const url::Url& from, std::string_view location) {
    const std::string text = url::resolve(url::to_string(from, false), escape_if_not_utf8(location));
    auto target = url::parse_url(text);
    if (target) {
        // A page must not make us log in somewhere: credentials come from the caller's URL only.
        target->user.clear();
        return target;
    }
    const auto scheme = scheme_of(text);
    const bool other_scheme =
        !scheme.empty() && !core::ascii_iequals(scheme, "http") && !core::ascii_iequals(scheme, "https");
    if (other_scheme) return blocked_error(text);
    return network_error("invalid redirect", text, false);
}

void drop_body_headers(std::vector<Header>& headers) {
    std::erase_if(headers, [](const Header& header) {
        const std::string name = core::ascii_lower(header.first);
        return is_one_of(name, {"content-type", "content-encoding", "content-language", "content-location"});
    });
}

bool may_retry_failure(Blame blame, std::string_view method) noexcept {
    return blame == Blame::connect || (blame == Blame::exchange && is_idempotent(method));
}

bool may_retry_status(int status, std::string_view method) noexcept {
    if (status == 429 || status == 503) return true;
    return (status == 502 || status == 504) && is_idempotent(method);
}

std::chrono::milliseconds backoff(std::chrono::milliseconds first, int retry) noexcept {
    auto delay = std::min(first, longest_backoff);
    for (int i = 0; i < retry && delay < longest_backoff; ++i) delay *= 4;
    return std::min(delay, longest_backoff);
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, TimePoint now) {
    const std::string text(core::trim(value));
    if (text.empty()) return std::nullopt;
    if (std::all_of(text.begin(), text.end(), is_ascii_digit)) {
        std::int64_t seconds = 0;
        for (const char c : text)
            seconds = std::min<std::int64_t>(seconds * 10 + (c - '0'), longest_retry_after.count());
        return std::chrono::seconds(seconds);
    }
    // RFC 9110 5.6.7: three forms of dates, all of which begin with the name of a day. libcurl reads them and many
    // more, so the first letter is checked here.
    if (!is_ascii_alpha(text.front())) return std::nullopt;
    const time_t when = curl_getdate(text.c_str(), nullptr);
    if (when < 0) return std::nullopt;
    const auto delay = std::chrono::sys_seconds(std::chrono::seconds(when)) - now;
    return std::clamp<std::chrono::milliseconds>(delay, std::chrono::milliseconds(0), longest_retry_after);
}

}  // namespace meter::fetch
