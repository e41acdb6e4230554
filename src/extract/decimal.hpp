// Numbers whose decimal sign is known.
#pragma once

#include <optional>
#include <string_view>

#include "meter/value.hpp"

namespace meter::detail {

/// The first number in a text, with this decimal sign ('.' or ','). The other sign, spaces, no-break spaces and
/// apostrophes between digits group thousands. A whole number is an integer; nullopt when there is none.
///   find_decimal("1.299,95 EUR", ',') is 1299.95
std::optional<Value> find_decimal(std::string_view text, char decimal);

}  // namespace meter::detail
