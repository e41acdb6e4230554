// Scanning numbers in running text, for numbers, prices and dates.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "generate/values/values.hpp"

namespace meter::generate::detail {

/// Decoded code point and its length; malformed bytes are U+FFFD of one byte.
struct CodePoint {
    char32_t value = 0;
    std::size_t length = 0;  ///< 0 at the end of the text
};
CodePoint code_point_at(std::string_view text, std::size_t at) noexcept;
/// The code point that ends at `end`.
CodePoint code_point_before(std::string_view text, std::size_t end) noexcept;

/// The value of a decimal digit of any of the scripts that write prices and dates with their own; -1 for others.
int digit_value(char32_t code_point) noexcept;

/// Letters of any script, combining marks included; neither digits, spaces nor punctuation.
bool is_word_char(char32_t code_point) noexcept;

bool is_text_space(char32_t code_point) noexcept;

/// Position past white space.
std::size_t skip_text_space(std::string_view text, std::size_t at) noexcept;

struct ScanRules {
    DecimalSign decimal = DecimalSign::automatic;
    bool spaced_fraction = false;  ///< "119. 95" is 119.95: prices
    bool euro_fraction = false;    ///< "35€ 99" is 35.99: prices
    bool three_decimals = false;   ///< "423.923" is 423.923: currencies with thousandths
};

struct ScannedNumber {
    double value = 0;
    ByteRange range;
    bool negative = false;              ///< `value` is below zero and the range starts at the sign
    bool regular = true;                ///< false: "1.2.3", which no rule reads as one number
    bool point = false, comma = false;  ///< which sign was taken for the decimal sign
};

/// The first number at or behind `from`.
std::optional<ScannedNumber> scan_number(std::string_view text, std::size_t from, const ScanRules& rules = {});

}  // namespace meter::generate::detail
