#include "http/head.hpp"

#include <algorithm>
#include <charconv>

namespace meter::server {
namespace {

char head_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool equals_ignoring_case(std::string_view a, std::string_view lower) noexcept {
    return std::ranges::equal(a, lower, {}, head_lower);
}

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

// tchar of RFC 9110 section 5.6.2
bool is_token_char(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, is_token_char);
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

Refusal bad_head(std::string_view detail) {
    return {400, std::string(detail)};
}

// The absolute form ("http://host/path") must be accepted (RFC 9112 3.2.2); only its path and query matter here.
std::string_view without_origin(std::string_view target) noexcept {
    for (std::string_view scheme : {"http://", "https://"}) {
        if (target.size() <= scheme.size() || !equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        const auto slash = target.find_first_of("/?");
        if (slash == std::string_view::npos || target[slash] == '?') return "/";
        return target.substr(slash);
    }
    return target;
}

std::optional<Refusal> parse_request_line(std::string_view line, const HeadLimits& limits, RequestHead& head) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return bad_head("Malformed request line");
    const auto method = line.substr(0, first);
    auto target = line.substr(first + 1, last - first - 1);
    const auto version = line.substr(last + 1);
    if (!is_token(method)) return bad_head("Malformed request line");
    if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || !is_digit(version[5]) || version[6] != '.' ||
        !is_digit(version[7]))
        return bad_head("Malformed request line");
    if (version[5] != '1') return bad_head("HTTP version not supported");
    if (target.size() > limits.max_target) return Refusal{414, "Request target too long"};
    if (target.empty() || !std::ranges::all_of(target, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; }))
        return bad_head("Malformed request target");
    target = without_origin(target);
    if (target.front() != '/' && target != "*") return bad_head("Malformed request target");
    head.method = method;
    head.target = target;
    head.http10 = version[7] == '0';
    return std::nullopt;
}

std::optional<Refusal> parse_header_line(std::string_view line, RequestHead& head) {
    // Continuation lines are obsolete and read differently by different servers (RFC 9112 5.2).
    if (line.front() == ' ' || line.front() == '\t') return bad_head("Folded header lines are not accepted");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return bad_head("Malformed header line");
    const auto value = trimmed(line.substr(colon + 1));
    // NUL, CR and LF were refused before; other control characters are the handler's business (RFC 9110 5.5).
    head.headers.emplace_back(lower_ascii(line.substr(0, colon)), std::string(value));
    return std::nullopt;
}

// RFC 9112 section 6.3, without its tolerances: what is ambiguous is how requests are smuggled.
std::optional<Refusal> find_framing(RequestHead& head) {
    const auto lengths = head.count("content-length");
    const auto codings = head.count("transfer-encoding");
    if (lengths > 1) return bad_head("Content-Length is given more than once");
    if (codings > 1) return bad_head("Transfer-Encoding is given more than once");
    if (lengths && codings) return bad_head("Content-Length and Transfer-Encoding exclude each other");
    if (codings) {
        if (head.http10) return bad_head("Transfer-Encoding needs HTTP/1.1");
        if (!equals_ignoring_case(*head.header("transfer-encoding"), "chunked"))
            return bad_head("Transfer-Encoding must be chunked");
        head.framing = Framing::chunked;
    } else if (lengths) {
        const std::string& text = *head.header("content-length");
        if (text.empty() || text.size() > 18 || !std::ranges::all_of(text, is_digit))
            return bad_head("Malformed Content-Length");
        std::from_chars(text.data(), text.data() + text.size(), head.content_length);
        head.framing = head.content_length > 0 ? Framing::length : Framing::none;
    }
    return std::nullopt;
}

void read_connection_headers(RequestHead& head) {
    head.keep_alive = !head.http10;
    for (const auto& [name, value] : head.headers) {
        if (name != "connection") continue;
        for (std::size_t start = 0; start <= value.size();) {
            const auto comma = std::min(value.find(',', start), value.size());
            const auto option = trimmed(std::string_view(value).substr(start, comma - start));
            if (equals_ignoring_case(option, "close")) {
                head.keep_alive = false;
                return;
            }
            if (equals_ignoring_case(option, "keep-alive")) head.keep_alive = true;
            start = comma + 1;
        }
    }
}

}  // namespace

std::string lower_ascii(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), head_lower);
    return lower;
}

const std::string* RequestHead::header(std::string_view name) const noexcept {
    const auto found = std::ranges::find(headers, name, [](const auto& h) { return std::string_view(h.first); });
    return found == headers.end() ? nullptr : &found->second;
}

std::size_t RequestHead::count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count(headers, name, [](const auto& h) { return std::string_view(h.first); }));
}

std::string_view RequestHead::path() const noexcept {
    return std::string_view(target).substr(0, std::min(target.find('?'), target.size()));
}

std::string_view RequestHead::query() const noexcept {
    const auto mark = target.find('?');
    return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
}

HeadReader::State HeadReader::refuse(int status, std::string_view detail) {
    refusal_ = {status, std::string(detail)};
    return State::refused;
}

HeadReader::State HeadReader::advance(std::string_view bytes) {
    // The longest method of ours and the version fit into 32 bytes beside the target.
    const std::size_t longest_line = limits_.max_target + 32;
    while (position_ < bytes.size()) {
        if (position_ >= limits_.max_bytes) return refuse(431, "Request header fields too large");
        const char c = bytes[position_++];
        if (c == '\0') return refuse(400, "NUL byte in the request head");
        if (c == '\n') {
            if (!after_cr_) return refuse(400, "Line feed without carriage return in the request head");
            after_cr_ = false;
            const bool blank = position_ - line_start_ == 2;
            line_start_ = position_;
            if (blank && lines_ > 0) return State::complete;
            // A stray empty line before the request line is ignored (RFC 9112 2.2).
            if (blank && ++blank_lines_ > 2) return refuse(400, "Malformed request line");
            if (!blank && ++lines_ > limits_.max_headers + 1) return refuse(431, "Too many request header fields");
            continue;
        }
        if (after_cr_) return refuse(400, "Carriage return without line feed in the request head");
        after_cr_ = c == '\r';
        if (lines_ == 0 && position_ - line_start_ > longest_line) return refuse(414, "Request target too long");
    }
    return State::more;
}

std::optional<Refusal> parse_head(std::string_view bytes, const HeadLimits& limits, RequestHead& head) {
    head = {};
    bool first = true;
    while (!bytes.empty()) {
        const auto end = bytes.find("\r\n");
        if (end == std::string_view::npos) return bad_head("Malformed request head");
        const auto line = bytes.substr(0, end);
        bytes.remove_prefix(end + 2);
        if (line.empty()) {
            if (first) continue;
            break;
        }
        auto refusal = first ? parse_request_line(line, limits, head) : parse_header_line(line, head);
        if (refusal) return refusal;
        first = false;
    }
    if (first) return bad_head("Malformed request line");
    // RFC 9112 3.2: exactly one Host in HTTP/1.1
    if (const auto hosts = head.count("host"); hosts > 1 || (hosts == 0 && !head.http10))
        return bad_head("Exactly one Host header is required");
    if (auto refusal = find_framing(head)) return refusal;
    read_connection_headers(head);
    // Other expectations may be ignored (RFC 9110 10.1.1).
    const auto* expect = head.header("expect");
    head.expects_continue =
        expect && !head.http10 && equals_ignoring_case(*expect, "100-continue") && head.framing != Framing::none;
    return std::nullopt;
}

RequestHead guess_head(std::string_view bytes) {
    RequestHead head;
    while (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
    auto end = std::min(bytes.find('\r'), bytes.size());
    const auto line = bytes.substr(0, end);
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return head;
    const auto target = line.substr(space + 1);
    head.target = without_origin(target.substr(0, std::min(target.find(' '), target.size())));
    // A line without its end may be a part of itself; behind an empty one is a body.
    constexpr std::string_view name = "origin:";
    while (end < bytes.size()) {
        const auto start = end + 2;
        end = bytes.find("\r\n", start);
        if (end == std::string_view::npos || end == start) break;
        const auto header = bytes.substr(start, end - start);
        if (header.size() > name.size() && equals_ignoring_case(header.substr(0, name.size()), name))
            head.headers.emplace_back("origin", std::string(trimmed(header.substr(name.size()))));
    }
    return head;
}

}  // namespace meter::server
