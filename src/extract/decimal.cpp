#include "extract/decimal.hpp"

#include <charconv>
#include <cstdint>
#include <string>

namespace meter::detail {
namespace {

bool decimal_digit(std::string_view text, std::size_t at) {
    return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

/// Bytes of a sign that groups thousands; 0 when there is none at `at`.
std::size_t grouping_length(std::string_view text, std::size_t at, char decimal) {
    const char c = text[at];
    if (c == ' ' || c == '\'' || ((c == '.' || c == ',') && c != decimal)) return 1;
    // U+00A0, U+2009, U+202F, U+2019
    for (const std::string_view sign : {"\xc2\xa0", "\xe2\x80\x89", "\xe2\x80\xaf", "\xe2\x80\x99"})
        if (text.compare(at, sign.size(), sign) == 0) return sign.size();
    return 0;
}

}  // namespace

std::optional<Value> find_decimal(std::string_view text, char decimal) {
    const std::size_t start = text.find_first_of("0123456789");
    if (start == std::string_view::npos) return std::nullopt;
    std::string digits;
    if (start > 0 && text[start - 1] == '-') digits = "-";
    std::size_t at = start;
    while (at < text.size() && digits.size() < 400) {
        if (decimal_digit(text, at)) {
            digits += text[at++];
            continue;
        }
        // Groups have three digits and no fourth: "4 5" are two numbers.
        const std::size_t length = grouping_length(text, at, decimal);
        const std::size_t next = at + length;
        if (length == 0 || !decimal_digit(text, next) || !decimal_digit(text, next + 1) ||
            !decimal_digit(text, next + 2) || decimal_digit(text, next + 3))
            break;
        at = next;
    }
    bool fraction = false;
    if (at + 1 < text.size() && text[at] == decimal && decimal_digit(text, at + 1)) {
        fraction = true;
        digits += '.';
        for (++at; decimal_digit(text, at) && digits.size() < 400; ++at) digits += text[at];
    }
    const char* const end = digits.data() + digits.size();
    if (!fraction) {
        std::int64_t whole = 0;
        if (const auto read = std::from_chars(digits.data(), end, whole); read.ec == std::errc{}) return Value(whole);
    }
    double number = 0;
    if (std::from_chars(digits.data(), end, number).ec != std::errc{}) return std::nullopt;
    return Value(number);
}

}  // namespace meter::detail
