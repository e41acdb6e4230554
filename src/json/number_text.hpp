// Numbers as JSON text: one spelling for each number.
#pragma once

#include <cstdint>
#include <string>

namespace meter::json {

/// Appends the number as ECMA-262 Number::toString spells it (RFC 8785 section 3.2.2.3): the fewest digits that read
/// back the same, exponents from 1e21 and below 1e-6. -0 is "0"; what is not finite is "null".
void append_number(std::string& out, double number);

/// Appends the digits of an integer, exact over the whole range of int64.
void append_number(std::string& out, std::int64_t number);

}  // namespace meter::json
