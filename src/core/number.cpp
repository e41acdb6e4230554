#include "core/number.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

#include "core/unicode.hpp"

namespace meter::core {
namespace {

bool is_decimal_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

std::size_t count_digits(std::string_view text, std::size_t pos) noexcept {
    std::size_t end = pos;
    while (end < text.size() && is_decimal_digit(text[end])) ++end;
    return end - pos;
}

/// Is the decimal number below 1 in magnitude? Tells underflow from overflow.
bool is_below_one(std::string_view number) noexcept {
    const std::size_t mark = std::min(number.find_first_of("eE"), number.size());
    const std::string_view mantissa = number.substr(0, mark);
    const auto point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
    const auto lead = static_cast<std::int64_t>(mantissa.find_first_of("123456789"));
    std::int64_t exponent = 0;
    for (const char c : number.substr(mark))
        if (is_decimal_digit(c)) exponent = std::min<std::int64_t>(exponent * 10 + (c - '0'), 1'000'000'000'000);
    if (number.substr(mark).find('-') != std::string_view::npos) exponent = -exponent;
    return (lead < point ? point - lead - 1 : point - lead) + exponent < 0;
}

/// The finite number of -?digits[.digits][e[sign]digits]; a number too small for a double is 0.
std::optional<double> to_finite_number(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && std::isfinite(number)) return number;
    if (error == std::errc::result_out_of_range && is_below_one(text)) return 0.0;
    return std::nullopt;
}

/// Length of the separator of thousands at `pos`, 0 when there is none: a comma or one white-space character.
std::size_t thousands_separator(std::string_view text, std::size_t pos) noexcept {
    if (pos >= text.size()) return 0;
    if (text[pos] == ',') return 1;
    std::size_t end = pos;
    return is_space(next_code_point(text, end)) ? end - pos : 0;
}

/// Appends the whole part that starts at `pos` to `out`, groups joined, and returns where it ends. Groups of three
/// digits after one to three ("1,299", "1 299"), or with commas the Indian form ("1,00,000"); all separators alike.
/// Any other comma or space ends the number: "2,5" is 2, "10 20" is 10.
std::size_t read_whole_part(std::string_view text, std::size_t pos, std::string& out) {
    const std::size_t first = count_digits(text, pos);
    out.append(text.substr(pos, first));
    pos += first;
    const std::size_t width = thousands_separator(text, pos);
    if (first > 3 || width == 0) return pos;
    const std::string_view separator = text.substr(pos, width);

    std::string groups;        // joined groups seen after the first
    std::size_t accepted = 0;  // digits of `groups` that a group of three closed
    std::size_t end = pos;
    bool pairs = false;
    for (std::size_t at = pos; text.substr(at, width) == separator;) {
        const std::size_t digits = count_digits(text, at + width);
        const bool indian = digits == 2 && separator == "," && first <= 2;
        if (digits != 3 && !indian) break;
        groups.append(text.substr(at + width, digits));
        at += width + digits;
        if (digits == 3) {
            accepted = groups.size();
            end = at;
            if (pairs) break;
        } else if (accepted != 0) {
            break;
        }
        pairs = pairs || indian;
    }
    out.append(groups, 0, accepted);
    return end;
}

/// Is there a minus sign before `pos`, with nothing or a currency sign between ("-5", "-$5", "-€ 5")?
bool has_minus_before(std::string_view text, std::size_t pos) noexcept {
    bool currency = false, gap = false;
    while (pos > 0) {
        std::size_t start = pos - 1;
        while (start > 0 && pos - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
        std::size_t end = start;
        const char32_t c = next_code_point(text, end);
        if (c == '-' || c == 0x2212) return currency || !gap;
        if (utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_SC)
            currency = true;
        else if (is_space(c))
            gap = true;
        else
            return false;
        pos = start;
    }
    return false;
}

}  // namespace

std::optional<double> find_number(std::string_view text) {
    const std::size_t start = text.find_first_of("0123456789");
    if (start == std::string_view::npos) return std::nullopt;
    std::string number;
    if (has_minus_before(text, start)) number.push_back('-');
    const std::size_t end = read_whole_part(text, start, number);
    if (end < text.size() && text[end] == '.') {
        if (const std::size_t digits = count_digits(text, end + 1); digits > 0)
            number.append(text.substr(end, digits + 1));
    }
    return to_finite_number(number);
}

std::optional<double> exact_number(std::string_view text) {
    text = trim(text);
    std::size_t pos = text.starts_with('-') ? 1 : 0;
    const auto digits = [&] {
        const std::size_t count = count_digits(text, pos);
        pos += count;
        return count > 0;
    };
    if (!digits()) return std::nullopt;
    if (pos < text.size() && text[pos] == '.' && (++pos, !digits())) return std::nullopt;
    if (pos < text.size() && (text[pos] == 'e' || text[pos] == 'E')) {
        ++pos;
        if (pos < text.size() && (text[pos] == '+' || text[pos] == '-')) ++pos;
        if (!digits()) return std::nullopt;
    }
    return pos == text.size() ? to_finite_number(text) : std::nullopt;
}

}  // namespace meter::core
