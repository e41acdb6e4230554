#include "url/url.hpp"

#include <curl/curl.h>

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

std::optional<Url> read_url(std::string_view text) {
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

std::uint16_t default_port(std::string_view scheme) noexcept {
    return scheme == "https" ? 443 : 80;
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

std::optional<std::string> normalize(std::string_view text) {
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
