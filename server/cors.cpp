#include "cors.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace meter::server {
namespace {

// The same for every path: what does not exist there is answered 404 or 405, which the page may then read.
constexpr std::string_view cors_methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
// What requests are read for. "*" would not do: it leaves out Authorization (Fetch, "CORS-preflight fetch").
constexpr std::string_view cors_request_headers =
    "Authorization, Content-Type, Idempotency-Key, X-API-Key, X-Webhook-Secret, webhook-id, webhook-timestamp, "
    "webhook-signature";
// What answers say beyond the headers that every page may read (Fetch, "CORS-safelisted response-header name").
constexpr std::string_view cors_answer_headers =
    "Allow, Date, Idempotent-Replayed, Retry-After, WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, "
    "X-RateLimit-Reset, X-Request-Id, X-Strategy-Quota-Limit, X-Strategy-Quota-Reset, "
    "X-Strategy-Quota-Tier, X-Strategy-Quota-Used";
constexpr std::string_view cors_max_age_seconds = "600";

constexpr std::size_t longest_origin = 512;  // the longest name of a host has 253 characters

constexpr bool is_lower_letter(char c) noexcept {
    return c >= 'a' && c <= 'z';
}

constexpr bool is_decimal_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

// RFC 3986 3.1
bool is_scheme(std::string_view text) noexcept {
    return !text.empty() && is_lower_letter(text.front()) && std::ranges::all_of(text, [](char c) {
        return is_lower_letter(c) || is_decimal_digit(c) || c == '+' || c == '-' || c == '.';
    });
}

// "[::1]" with its address in the one form, so that other spellings of it are equal.
std::optional<std::string> serialized_v6(std::string_view host) {
    if (host.size() < 3 || host.back() != ']') return std::nullopt;
    in6_addr address{};
    const std::string inside(host.substr(1, host.size() - 2));
    if (inet_pton(AF_INET6, inside.c_str(), &address) != 1) return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(AF_INET6, &address, text.data(), text.size());
    return "[" + std::string(text.data()) + "]";
}

// A name, or an IPv4 address: that is what a host with a number at its end is to browsers (URL standard, 3.5).
bool is_host(const std::string& host) noexcept {
    if (host.empty() || host.size() > 253 || host.front() == '.' || host.back() == '.') return false;
    if (host.find("..") != std::string::npos) return false;
    if (!std::ranges::all_of(
            host, [](char c) { return is_lower_letter(c) || is_decimal_digit(c) || c == '-' || c == '_' || c == '.'; }))
        return false;
    const auto dot = host.rfind('.');
    const auto last = std::string_view(host).substr(dot == std::string::npos ? 0 : dot + 1);
    const bool number = std::ranges::all_of(last, is_decimal_digit) ||
                        (last.starts_with("0x") && last.find_first_not_of("0123456789abcdef", 2) == last.npos);
    in_addr address{};
    return !number || inet_pton(AF_INET, host.c_str(), &address) == 1;
}

std::string_view without_blanks(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// RFC 9110 12.5.5: caches keep answers to one origin from the pages of others.
void vary_by_origin(Answer& answer) {
    for (auto& [name, value] : answer.headers) {
        if (lower_ascii(name) != "vary") continue;
        if (value != "*") value += ", Origin";
        return;
    }
    answer.headers.emplace_back("Vary", "Origin");
}

}  // namespace

std::optional<std::string> serialized_origin(std::string_view text) {
    const auto mark = text.find("://");
    if (text.size() > longest_origin || mark == std::string_view::npos) return std::nullopt;
    const auto scheme = lower_ascii(text.substr(0, mark));
    const auto authority = text.substr(mark + 3);
    if (!is_scheme(scheme)) return std::nullopt;

    const auto bracket = authority.starts_with('[') ? std::min(authority.find(']'), authority.size()) : 0;
    const auto colon = std::min(authority.find(':', bracket), authority.size());
    auto host = lower_ascii(authority.substr(0, colon));
    if (bracket > 0) {
        const auto v6 = serialized_v6(host);
        if (!v6) return std::nullopt;
        host = *v6;
    } else if (!is_host(host)) {
        return std::nullopt;
    }

    std::string origin = scheme + "://" + host;
    if (colon == authority.size()) return origin;
    const auto digits = authority.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (code != std::errc() || end != digits.data() + digits.size() || port == 0) return std::nullopt;
    const int own_port = scheme == "http" ? 80 : scheme == "https" ? 443 : 0;
    if (port != own_port) origin += ":" + std::to_string(port);
    return origin;
}

Result<Cors> Cors::parse(std::string_view text) {
    Cors cors;
    text = without_blanks(text);
    if (text == "*") cors.every_page_ = true;
    if (text.empty() || cors.every_page_) return cors;
    for (std::size_t start = 0; start <= text.size();) {
        const auto end = std::min(text.find(',', start), text.size());
        const auto entry = without_blanks(text.substr(start, end - start));
        auto origin = serialized_origin(entry);
        if (!origin)
            return Error{ErrorCode::invalid_argument,
                         "must be origins like https://app.example or http://localhost:3000 with commas between, or * "
                         "alone; this is no origin: \"" +
                             std::string(entry) + "\""};
        cors.origins_.push_back(*std::move(origin));
        start = end + 1;
    }
    std::ranges::sort(cors.origins_);
    return cors;
}

bool Cors::allow(const RequestHead& request, Answer& answer) const {
    // One value for all, with or without Origin, so that no cache has to tell answers apart (Fetch, "CORS protocol and
    // HTTP caches").
    if (every_page_) {
        answer.headers.emplace_back("Access-Control-Allow-Origin", "*");
        return true;
    }
    if (origins_.empty()) return false;
    vary_by_origin(answer);
    if (request.count("origin") != 1) return false;
    const std::string& sent = *request.header("origin");
    const auto origin = serialized_origin(sent);
    if (!origin || !std::ranges::binary_search(origins_, *origin)) return false;
    answer.headers.emplace_back("Access-Control-Allow-Origin", sent);  // the browser compares it byte by byte
    return true;
}

std::optional<Answer> Cors::preflight(const RequestHead& request) const {
    if (request.method != "OPTIONS" || !request.header("origin") || !request.header("access-control-request-method"))
        return std::nullopt;
    Answer answer{.status = 204};
    if (!allow(request, answer)) return std::nullopt;
    answer.headers.emplace_back("Access-Control-Allow-Methods", cors_methods);
    answer.headers.emplace_back("Access-Control-Allow-Headers", cors_request_headers);
    answer.headers.emplace_back("Access-Control-Max-Age", cors_max_age_seconds);
    return answer;
}

void Cors::share(const RequestHead& request, Answer& answer) const {
    if (allow(request, answer)) answer.headers.emplace_back("Access-Control-Expose-Headers", cors_answer_headers);
}

}  // namespace meter::server
