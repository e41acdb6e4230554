// The check on URL members of requests: a look at the text only, shared by request reading and the URL module.
#pragma once

#include <string_view>

#include "meter/result.hpp"

namespace meter::core {

/// Wire contract 1: scheme http or https, non-empty host, no white space or control characters, at most 4096 characters
/// (code points), valid UTF-8. A port is a number up to 65535; the host has none of the characters that no resolver
/// takes. Text that passes is stored as given.
/// Errors: invalid_url "Invalid URL format" with the text as subject.
Result<void> validate_url(std::string_view text);

}  // namespace meter::core
