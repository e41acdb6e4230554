// JSON text to Value and back.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter {

/// What parse_json() refuses.
struct JsonLimits {
    /// Deepest nesting of arrays and objects; [1, 512].
    std::size_t max_depth = 64;
    /// Longest text in bytes.
    std::size_t max_bytes = 64u << 20;
};

/// Reads one JSON text (RFC 8259). The last of repeated keys counts; integers within int64 stay exact, others become
/// doubles. Iterative and linear in the text.
/// Errors: parse, with the byte offset in the message, for malformed JSON or UTF-8, a byte order mark, a raw NUL
/// byte, lone surrogates, numbers beyond double; too_large beyond a limit.
METER_EXPORT Result<Value> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Compact JSON text, members in their order, shortest numbers that read back the same (ECMA-262 Number::toString).
/// A double that is not finite is written as null and malformed UTF-8 as U+FFFD, so the text is always valid.
METER_EXPORT std::string to_json(const Value& value);

/// The same, indented by two spaces a level.
METER_EXPORT std::string to_pretty_json(const Value& value);

/// Appends a JSON string literal, quotes included. For writers that assemble JSON from stored parts.
METER_EXPORT void append_json_string(std::string& out, std::string_view text);

}  // namespace meter
