#include "url/url.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "core/unicode.hpp"
#include "core/url_text.hpp"

namespace meter::url {
namespace {

/// Longest URL that is looked at, in characters: encoding makes nine bytes of one character, and redirects may lead to
/// longer URLs than requests may name.
constexpr std::size_t url_longest = 64u << 10;

struct CurlUrlDelete {
    void operator()(CURLU* handle) const noexcept { curl_url_cleanup(handle); }
};
using CurlUrl = std::unique_ptr<CURLU, CurlUrlDelete>;

/// A part of a parsed URL; nullopt when it is absent.
std::optional<std::string> url_part(CURLU* handle, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(handle, part, &text, flags) != CURLUE_OK) return std::nullopt;
    std::string out(text);
    curl_free(text);
    return out;
}

void append_encoded(std::string& out, char c) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
}

/// Percent-encodes what is not ASCII and leaves the rest as written.
std::string encode_non_ascii(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (static_cast<unsigned char>(c) >= 0x80)
            append_encoded(out, c);
        else
            out.push_back(c);
    }
    return out;
}

/// The URL in ASCII, so that libcurl has nothing to convert; nullopt when the host has no ASCII form.
std::optional<std::string> to_ascii_url(std::string_view text) {
    const std::size_t authority = text.find("://") + 3;
    const std::size_t path = std::min(text.find_first_of("/?#", authority), text.size());
    const std::size_t at = text.substr(0, path).rfind('@');
    const std::size_t host = at == std::string_view::npos || at < authority ? authority : at + 1;
    const std::string_view host_port = text.substr(host, path - host);
    std::string out = encode_non_ascii(text.substr(0, host));
    if (host_port.starts_with('[')) {
        out.append(host_port);
    } else {
        const std::string_view name = host_port.substr(0, host_port.find(':'));
        const auto ascii = core::to_ascii_host(name);
        if (!ascii) return std::nullopt;
        out.append(*ascii).append(host_port.substr(name.size()));
    }
    return out.append(encode_non_ascii(text.substr(path)));
}

std::uint16_t default_port(std::string_view scheme) noexcept {
    return scheme == "https" ? 443 : 80;
}

// ---- URLs as most are written, where there is nothing to decide ----------------------------------------------------

/// Which characters mean nothing but themselves: in host names (letters in lower case), and in paths and queries.
enum UrlCharacter : unsigned char { in_host = 1, in_path = 2 };

constexpr std::array<unsigned char, 256> make_url_characters() {
    std::array<unsigned char, 256> table{};
    for (unsigned char c = '0'; c <= '9'; ++c) table[c] = in_host | in_path;
    for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = in_host | in_path;
    for (unsigned char c = 'A'; c <= 'Z'; ++c) table[c] = in_path;
    for (const char c : std::string_view("._~!$&'()*+,;=:@-/")) table[static_cast<unsigned char>(c)] = in_path;
    return table;
}
constexpr std::array<unsigned char, 256> url_characters = make_url_characters();

constexpr bool is_upper_hex(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

/// Whether every reader takes this host name for itself: lower-case labels without "--" (IDNA's prefixes), the last one
/// beginning with a letter (no spelling of an address).
bool is_plain_name(std::string_view text) noexcept {
    constexpr std::size_t longest_label = 63, longest_name = 253;  // RFC 1035 2.3.4
    std::size_t label = 0;
    const auto ends_well = [&](std::size_t end) {
        return end > label && end - label <= longest_label && text[end - 1] != '-';
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '.') {
            if (!ends_well(i)) return false;
            label = i + 1;
        } else if (c == '-') {
            if (i == label || text[i - 1] == '-') return false;
        } else if ((url_characters[static_cast<unsigned char>(c)] & in_host) == 0) {
            return false;
        }
    }
    return ends_well(text.size()) && text.size() <= longest_name && text[label] >= 'a';
}

/// A decimal number up to `most` as it is usually written; nullopt for anything else.
std::optional<unsigned> plain_number(std::string_view digits, unsigned most) noexcept {
    if (digits.empty() || digits.size() > 5 || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
    unsigned number = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + static_cast<unsigned>(c - '0');
    }
    if (number > most) return std::nullopt;
    return number;
}

/// Four decimal numbers (RFC 3986 3.2.2, IPv4address).
bool is_plain_ipv4(std::string_view text) noexcept {
    for (int part = 0; part < 4; ++part) {
        const std::size_t end = part < 3 ? text.find('.') : text.size();
        if (end == std::string_view::npos || !plain_number(text.substr(0, end), 255)) return false;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return true;
}

/// The parts of a URL that is written as to_string() would write it.
struct PlainUrl {
    std::string_view scheme, host;
    unsigned port = 0;
    std::size_t path = 0, query = 0;  ///< where each begins; `query`: the "?", or the end
};

/// nullopt does not mean that the text is no URL, or that it has another spelling: only that this scan cannot tell.
std::optional<PlainUrl> scan_plain_url(std::string_view text) noexcept {
    PlainUrl url;
    if (text.starts_with("https://"))
        url.scheme = text.substr(0, 5);
    else if (text.starts_with("http://"))
        url.scheme = text.substr(0, 4);
    else
        return std::nullopt;
    const std::size_t authority = url.scheme.size() + 3;
    url.path = text.find('/', authority);
    if (url.path == std::string_view::npos || text.size() > url_longest) return std::nullopt;
    url.host = text.substr(authority, url.path - authority);
    url.port = default_port(url.scheme);
    if (const std::size_t colon = url.host.find(':'); colon != std::string_view::npos) {
        const auto port = plain_number(url.host.substr(colon + 1), 65535);
        if (!port || *port == 0 || *port == url.port) return std::nullopt;
        url.port = *port;
        url.host = url.host.substr(0, colon);
    }
    if (!is_plain_name(url.host) && !is_plain_ipv4(url.host)) return std::nullopt;

    url.query = text.size();
    for (std::size_t i = url.path; i < text.size(); ++i) {
        const char c = text[i];
        if ((url_characters[static_cast<unsigned char>(c)] & in_path) != 0) {
            // "/." may begin a dot segment.
            if (c == '.' && text[i - 1] == '/' && url.query == text.size()) return std::nullopt;
        } else if (c == '%') {
            // %2E is a dot to some.
            if (i + 2 >= text.size() || !is_upper_hex(text[i + 1]) || !is_upper_hex(text[i + 2]) ||
                (text[i + 1] == '2' && text[i + 2] == 'E'))
                return std::nullopt;
        } else if (c == '?' && i + 1 < text.size()) {
            url.query = std::min(url.query, i);
        } else {
            return std::nullopt;
        }
    }
    return url;
}

std::optional<Url> read_url(std::string_view text) {
    if (const auto plain = scan_plain_url(text)) {
        Url url;
        url.scheme = plain->scheme;
        url.host = plain->host;
        url.port = static_cast<std::uint16_t>(plain->port);
        url.path = text.substr(plain->path, plain->query - plain->path);
        url.has_query = plain->query < text.size();
        if (url.has_query) url.query = text.substr(plain->query + 1);
        return url;
    }
    if (!core::is_url_text(text, url_longest)) return std::nullopt;
    const auto ascii = to_ascii_url(text);
    const CurlUrl handle(curl_url());
    if (!ascii || !handle || curl_url_set(handle.get(), CURLUPART_URL, ascii->c_str(), 0) != CURLUE_OK)
        return std::nullopt;

    Url url;
    url.scheme = core::ascii_lower(url_part(handle.get(), CURLUPART_SCHEME).value_or(""));
    url.host = core::ascii_lower(url_part(handle.get(), CURLUPART_HOST).value_or(""));
    if ((url.scheme != "http" && url.scheme != "https") || url.host.empty()) return std::nullopt;
    const std::string port = url_part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or("");
    if (std::from_chars(port.data(), port.data() + port.size(), url.port).ec != std::errc{}) return std::nullopt;
    url.user = url_part(handle.get(), CURLUPART_USER).value_or("");
    if (const auto password = url_part(handle.get(), CURLUPART_PASSWORD)) url.user.append(1, ':').append(*password);
    url.path = url_part(handle.get(), CURLUPART_PATH).value_or("/");
    if (auto query = url_part(handle.get(), CURLUPART_QUERY)) {
        url.query = std::move(*query);
        url.has_query = true;
    }
    url.fragment = url_part(handle.get(), CURLUPART_FRAGMENT).value_or("");
    return url;
}

bool is_unreserved(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

}  // namespace

Result<void> validate_url(std::string_view text) {
    return core::validate_url(text);
}

Result<Url> parse_url(std::string_view text) {
    if (auto url = read_url(text)) return std::move(*url);
    return Error{ErrorCode::invalid_url, "Invalid URL format", std::string(text)};
}

std::string to_string(const Url& url, bool with_fragment) {
    std::string out = url.scheme + "://";
    if (!url.user.empty()) out.append(url.user).push_back('@');
    out.append(url.host);
    if (url.port != default_port(url.scheme)) out.append(1, ':').append(std::to_string(url.port));
    out.append(url.path);
    if (url.has_query) out.append(1, '?').append(url.query);
    if (with_fragment && !url.fragment.empty()) out.append(1, '#').append(url.fragment);
    return out;
}

std::string origin(const Url& url) {
    return url.scheme + "://" + url.host + ":" + std::to_string(url.port);
}

bool is_normal(std::string_view text) noexcept {
    return scan_plain_url(text).has_value();
}

std::optional<std::string> normalize(std::string_view text) {
    if (is_normal(text)) return std::string(text);
    const auto url = read_url(text);
    if (!url) return std::nullopt;
    return to_string(*url, false);
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
    return core::percent_decode(text, plus_is_space);
}

std::string percent_encode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (is_unreserved(c))
            out.push_back(c);
        else
            append_encoded(out, c);
    }
    return out;
}

std::vector<std::string> path_segments(const Url& url) {
    std::vector<std::string> out;
    std::string_view rest = url.path;
    while (rest.size() > 1) {  // a slash at the end begins no segment
        rest.remove_prefix(1);
        const std::size_t end = std::min(rest.find('/'), rest.size());
        out.push_back(percent_decode(rest.substr(0, end)));
        rest.remove_prefix(end);
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> query_members(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> out;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view member = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (member.empty()) continue;
        const std::size_t mark = std::min(member.find('='), member.size());
        out.emplace_back(percent_decode(member.substr(0, mark), true),
                         percent_decode(member.substr(std::min(mark + 1, member.size())), true));
    }
    return out;
}

}  // namespace meter::url
