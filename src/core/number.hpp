// Numbers as pages write them.
#pragma once

#include <optional>
#include <string_view>

namespace meter::core {

/// The number in a text: currency signs, thousands commas and spaces are stripped, then the first
/// -?digits[.digits] counts. "$19.99" 19.99, "€1,299.00" 1299, "-5%" -5, "free" nullopt. (Wire contract 9.)
std::optional<double> find_number(std::string_view text);

/// The whole trimmed text as a finite decimal number, nothing else in it; nullopt otherwise.
std::optional<double> exact_number(std::string_view text);

}  // namespace meter::core
