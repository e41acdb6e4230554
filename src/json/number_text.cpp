#include "json/number_text.hpp"

#include <charconv>
#include <cmath>
#include <string_view>

namespace meter::json {

void append_number(std::string& out, std::int64_t number) {
    char text[24];
    out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

void append_number(std::string& out, double number) {
    if (!std::isfinite(number)) {
        out.append("null");
        return;
    }
    if (number == 0) {
        out.push_back('0');
        return;
    }
    // std::to_chars gives the shortest digits, and of several the closest, as ECMA-262 asks: d[.ddd]e±xx
    char text[32];
    const char* const end = std::to_chars(text, text + sizeof text, number, std::chars_format::scientific).ptr;
    std::string_view rest(text, static_cast<std::size_t>(end - text));
    if (rest.front() == '-') {
        out.push_back('-');
        rest.remove_prefix(1);
    }
    const std::size_t mark = rest.find('e');
    std::string digits(1, rest.front());
    if (mark > 2) digits.append(rest.substr(2, mark - 2));
    int exponent = 0;
    std::from_chars(rest.data() + mark + (rest[mark + 1] == '+' ? 2 : 1), rest.data() + rest.size(), exponent);

    // ECMA-262 Number::toString, steps 6 to 11: n is the place of the decimal point, k the number of digits
    const int n = exponent + 1;
    const int k = static_cast<int>(digits.size());
    if (n > 21 || n < -5) {
        out.push_back(digits.front());
        if (k > 1) out.append(1, '.').append(digits, 1);
        out.append(exponent < 0 ? "e-" : "e+");
        append_number(out, static_cast<std::int64_t>(std::abs(exponent)));
    } else if (n <= 0) {
        out.append("0.").append(static_cast<std::size_t>(-n), '0').append(digits);
    } else if (k <= n) {
        out.append(digits).append(static_cast<std::size_t>(n - k), '0');
    } else {
        out.append(digits, 0, static_cast<std::size_t>(n)).append(1, '.').append(digits, static_cast<std::size_t>(n));
    }
}

}  // namespace meter::json
