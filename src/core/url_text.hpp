// URLs as text: the checks that need no parser, shared by request reading and the URL module.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "meter/result.hpp"

namespace meter::core {

/// Wire contract 1: scheme http or https, non-empty host, no white space or control characters, at most 4096 characters
/// (code points), valid UTF-8. The host is an IPv6 literal or has an ASCII form, a port is a number up to 65535, and
/// there is nothing before the host that parsers disagree about. Text that passes is stored as given.
/// Errors: invalid_url "Invalid URL format" with the text as subject.
Result<void> validate_url(std::string_view text);

/// The same with another limit of length, in code points.
bool is_url_text(std::string_view text, std::size_t max_characters);

/// Percent-decodes; malformed escapes stay. `plus_is_space` for query values.
std::string percent_decode(std::string_view text, bool plus_is_space = false);

/// The ASCII form of a host name: percent escapes decoded, lower case, other scripts mapped (NFKC case folding, as UTS
/// #46 non-transitional but for its table of refused code points) and written in Punycode (RFC 3492). nullopt when the
/// result is no host name: a forbidden character, a label above 63 or a name above 253 bytes. Ours, because libcurl's
/// conversion goes through the locale, which a library may not set: in "C" it always fails.
std::optional<std::string> to_ascii_host(std::string_view host);

}  // namespace meter::core
