// Points in time and their text form.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "meter/export.hpp"
#include "meter/result.hpp"

namespace meter {

/// A moment in UTC, in milliseconds. Everything the library stores and compares is of this type.
using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;

/// "2025-01-15T10:30:00Z": RFC 3339, UTC, whole seconds (a fraction is cut). Years 0000 to 9999.
METER_EXPORT std::string format_time(TimePoint time);

/// Reads RFC 3339 text: "T" or a space between date and time, optional fraction (cut to milliseconds), "Z" or a
/// numeric offset. A leap second (":60") reads as the second after it.
/// Errors: invalid_argument with the text as `subject`.
METER_EXPORT Result<TimePoint> parse_time(std::string_view text);

}  // namespace meter
