// URLs: one parser (libcurl's URL API) decides what a URL means, here and on the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/result.hpp"

namespace meter::url {

/// Parts of an absolute http or https URL. `host` is lower case, IPv6 in brackets, IDN in Punycode.
struct Url {
    std::string scheme;  ///< "http" or "https"
    std::string user;    ///< percent-encoded, with password as user:password; empty when absent
    std::string host;
    std::uint16_t port = 0;  ///< the scheme's default when absent
    std::string path = "/";  ///< percent-encoded, dot segments removed
    std::string query = {};  ///< without '?'
    bool has_query = false;
    std::string fragment = {};  ///< without '#'

    bool operator==(const Url&) const = default;
};

/// The check on URL members of requests (wire contract 1): http or https, non-empty host, no white space or control
/// characters, at most 4096 characters, valid UTF-8. Text that passes is stored as given.
/// Errors: invalid_url "Invalid URL format".
Result<void> validate_url(std::string_view text);

/// Parses an absolute http(s) URL; non-ASCII is percent-encoded (path, query) or Punycoded (host).
/// Errors: invalid_url "Invalid URL format" with the text as subject.
Result<Url> parse_url(std::string_view text);

/// The URL as text: default port left out; fragment only when `with_fragment`.
std::string to_string(const Url& url, bool with_fragment = true);

/// "https://host:port", always with the port: equal for the same origin only.
std::string origin(const Url& url);

/// Resolves a reference found on a page against an absolute base (RFC 3986 section 5.2, white space trimmed and inner
/// tabs and line breaks dropped as browsers do). Relative results are http(s) URLs in readable form: path and query
/// stay as written but for spaces. Other schemes (mailto:, javascript:, data:) come back as they are. Never fails: what
/// cannot be resolved is returned trimmed.
std::string resolve(std::string_view base, std::string_view reference);

/// One spelling for one page: fragment dropped, default port dropped, host lower-cased, dot segments removed.
/// nullopt for what is no http(s) URL.
std::optional<std::string> normalize(std::string_view text);

/// True only for text that normalize() gives back as it is, and that resolve() does whatever the base. False for what
/// one look at each byte does not decide. Cost: far below that of normalize(), which asks this first.
bool is_normal(std::string_view text) noexcept;

/// Percent-decodes; malformed escapes stay. `plus_is_space` for query values.
std::string percent_decode(std::string_view text, bool plus_is_space = false);
/// Percent-encodes everything but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);

/// Path segments, percent-decoded: "/a/b%20c" -> {"a", "b c"}.
std::vector<std::string> path_segments(const Url& url);
/// Query members in order, decoded.
std::vector<std::pair<std::string, std::string>> query_members(std::string_view query);

}  // namespace meter::url
