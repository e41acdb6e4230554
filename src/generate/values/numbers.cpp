// Numbers as pages write them.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "core/unicode.hpp"
#include "generate/values/number_scan.hpp"

namespace meter::generate {
namespace detail {
namespace {

/// The digits of one number beyond which it is none.
constexpr std::size_t max_number_digits = 40;

/// Zeros of the decimal digits of scripts (Unicode 15, category Nd) met on pages.
constexpr std::array<char32_t, 18> script_zeros{0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6,  0xB66,  0xBE6,  0xC66,
                                                0xCE6, 0xD66, 0xE50, 0xED0, 0xF20, 0x1040, 0x17E0, 0x1810, 0xFF10};

enum class Separator { point, comma, group, euro };

bool is_apostrophe(char32_t c) noexcept {
    return c == '\'' || c == 0x2019 || c == 0x02BC || c == 0x66C;
}

/// Reads the digits from `at` on. Linear; stops at `limit` digits.
std::size_t digit_run(std::string_view text, std::size_t& at, std::string& digits) {
    std::size_t count = 0;
    while (true) {
        const CodePoint c = code_point_at(text, at);
        const int digit = c.length == 0 ? -1 : digit_value(c.value);
        if (digit < 0) return count;
        if (digits.size() < max_number_digits) digits.push_back(static_cast<char>('0' + digit));
        ++count;
        at += c.length;
    }
}

/// How many digits stand at `at`, at most five.
std::size_t digits_ahead(std::string_view text, std::size_t at) noexcept {
    std::size_t count = 0;
    while (count < 5) {
        const CodePoint c = code_point_at(text, at);
        if (c.length == 0 || digit_value(c.value) < 0) break;
        at += c.length;
        ++count;
    }
    return count;
}

struct ScanState {
    std::string digits;                 ///< all of them
    std::vector<Separator> separators;  ///< between the runs
    std::vector<std::size_t> runs;      ///< lengths of the runs
    bool full = false;                  ///< a separator that must be the decimal sign was read

    std::size_t seen(Separator kind) const noexcept {
        return static_cast<std::size_t>(std::count(separators.begin(), separators.end(), kind));
    }
};

/// After one or two digits behind a separator and a space comes the end of the number: nothing that goes on with it.
bool ends_fraction(std::string_view text, std::size_t at) noexcept {
    for (int i = 0; i < 2; ++i) at += code_point_at(text, at).length;
    const CodePoint c = code_point_at(text, at);
    if (c.length == 0) return true;
    if (c.value == '%' || digit_value(c.value) >= 0) return false;
    if (c.value == '.' || c.value == ',') return digits_ahead(text, at + c.length) == 0;
    return true;
}

/// Moves `at` past a separator that stands between two runs of one number.
std::optional<Separator> read_separator(std::string_view text, std::size_t& at, const ScanState& state,
                                        const ScanRules& rules) {
    if (state.full || state.runs.size() >= 16) return std::nullopt;
    const CodePoint c = code_point_at(text, at);
    if (c.length == 0) return std::nullopt;
    const std::size_t next = at + c.length;
    if (c.value == '.' || c.value == ',' || c.value == 0x66B || c.value == 0xFF0C || c.value == 0xFF0E) {
        const Separator kind = c.value == '.' || c.value == 0xFF0E ? Separator::point : Separator::comma;
        if (digits_ahead(text, next) > 0) {
            at = next;
            return kind;
        }
        const CodePoint space = code_point_at(text, next);
        if (rules.spaced_fraction && is_text_space(space.value) && digits_ahead(text, next + space.length) == 2 &&
            state.seen(kind) == 0 && ends_fraction(text, next + space.length)) {
            at = next + space.length;
            return kind;
        }
        return std::nullopt;
    }
    const bool decimals = state.seen(Separator::point) + state.seen(Separator::comma) > 0;
    const std::size_t last = state.runs.back();
    const bool groupable = state.runs.size() == 1 ? last <= 3 : last == 3;
    if (is_apostrophe(c.value) || is_text_space(c.value)) {
        // A group of thousands: exactly three digits behind it.
        if (!decimals && groupable && digits_ahead(text, next) == 3) {
            at = next;
            return Separator::group;
        }
    }
    if (rules.euro_fraction && !decimals) {
        std::size_t sign = skip_text_space(text, at);
        if (code_point_at(text, sign).value == 0x20AC && sign == at) {
            sign = skip_text_space(text, sign + 3);
            if (digits_ahead(text, sign) == 2 && ends_fraction(text, sign)) {
                at = sign;
                return Separator::euro;
            }
        }
    }
    return std::nullopt;
}

/// ".75": a point before the digits that nothing stands before.
bool has_bare_fraction(std::string_view text, std::size_t at) noexcept {
    if (at == 0 || text[at - 1] != '.') return false;
    const CodePoint left = code_point_before(text, at - 1);
    return !is_word_char(left.value) && digit_value(left.value) < 0 && !(is_text_space(left.value) && at > 2);
}

/// How many of the runs, from the left, make the whole part; `runs.size()` when there is no fraction.
std::size_t whole_runs(const ScanState& state, const ScanRules& rules, ScannedNumber& number) {
    const std::size_t all = state.runs.size();
    if (state.separators.empty()) return all;
    const Separator last = state.separators.back();
    if (last == Separator::group) return all;
    if (last == Separator::euro) return all - 1;
    const Separator other = last == Separator::point ? Separator::comma : Separator::point;
    if (state.full) return 1;  // ".75"
    const std::size_t digits = state.runs.back();
    const auto grouped = [&](std::size_t from) {
        return std::all_of(state.runs.begin() + static_cast<std::ptrdiff_t>(from), state.runs.end(),
                           [](std::size_t run) { return run == 3 || run == 2; });
    };
    bool decimal = false;
    if (state.seen(last) > 1) {
        number.regular = grouped(1) && digits == 3;
    } else if (state.seen(other) > 0) {
        decimal = true;  // both occur: the last one parts the fraction
    } else {
        const DecimalSign kind = last == Separator::point ? DecimalSign::point : DecimalSign::comma;
        const bool spaced = state.seen(Separator::group) > 0;
        const std::size_t whole = state.runs.front();
        const bool cannot_group = whole > 3 || state.digits.front() == '0' || spaced;
        decimal = digits != 3 || rules.decimal == kind || cannot_group ||
                  (rules.three_decimals && kind == DecimalSign::point);
    }
    if (!decimal) return all;
    number.point = last == Separator::point;
    number.comma = !number.point;
    return all - 1;
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size()) return {};
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) return {byte, 1};
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 1;
    if (length == 1 || at + length > text.size() || byte > 0xF4) return {0xFFFD, 1};
    char32_t value = byte & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const auto next = static_cast<unsigned char>(text[at + i]);
        if ((next & 0xC0) != 0x80) return {0xFFFD, 1};
        value = (value << 6) | (next & 0x3Fu);
    }
    return {value, length};
}

CodePoint code_point_before(std::string_view text, std::size_t end) noexcept {
    end = std::min(end, text.size());
    for (std::size_t length = 1; length <= 4 && length <= end; ++length) {
        const auto byte = static_cast<unsigned char>(text[end - length]);
        if ((byte & 0xC0) == 0x80) continue;
        const CodePoint c = code_point_at(text, end - length);
        return c.length == length ? c : CodePoint{0xFFFD, 1};
    }
    return end == 0 ? CodePoint{} : CodePoint{0xFFFD, 1};
}

int digit_value(char32_t c) noexcept {
    if (c < 0x80) return c >= '0' && c <= '9' ? static_cast<int>(c - '0') : -1;
    if (c < 0x660) return -1;
    for (const char32_t zero : script_zeros)
        if (c >= zero && c < zero + 10) return static_cast<int>(c - zero);
    return -1;
}

bool is_text_space(char32_t c) noexcept {
    return c < 0x80 ? c == ' ' || (c >= 9 && c <= 13) : core::is_space(c);
}

bool is_word_char(char32_t c) noexcept {
    if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
    if (c == 0xD7 || c == 0xF7 || c == 0xFFFD) return false;
    if (c >= 0x2000 && c <= 0x2BFF) return false;  // punctuation, currency signs, symbols
    if (c >= 0x3000 && c <= 0x3004) return false;
    if (c >= 0x3008 && c <= 0x3020) return false;
    if (c >= 0xFF00 && c <= 0xFF20) return false;
    if (c == 0x60C || c == 0x61B || c == 0x61F || c == 0x66A || c == 0x66B || c == 0x66C || c == 0x6D4) return false;
    if (c == 0x964 || c == 0x965 || c == 0x5BE || c == 0x5F3 || c == 0x5F4) return false;
    return digit_value(c) < 0 && !core::is_space(c);
}

std::size_t skip_text_space(std::string_view text, std::size_t at) noexcept {
    while (true) {
        const CodePoint c = code_point_at(text, at);
        if (c.length == 0 || !is_text_space(c.value)) return at;
        at += c.length;
    }
}

std::optional<ScannedNumber> scan_number(std::string_view text, std::size_t from, const ScanRules& rules) {
    std::size_t at = from;
    for (;; ++at) {
        const CodePoint c = code_point_at(text, at);
        if (c.length == 0) return std::nullopt;
        if (digit_value(c.value) >= 0) break;
        at += c.length - 1;
    }
    ScannedNumber number;
    number.range.begin = at;
    ScanState state;
    if (has_bare_fraction(text, at)) {
        --number.range.begin;
        number.point = true;
        state.digits = "0";
        state.runs.push_back(1);
        state.separators.push_back(Separator::point);
        state.full = true;
    }
    state.runs.push_back(digit_run(text, at, state.digits));
    while (const auto separator = read_separator(text, at, state, rules)) {
        state.separators.push_back(*separator);
        state.full = *separator == Separator::euro;
        state.runs.push_back(digit_run(text, at, state.digits));
    }
    number.range.end = at;

    const std::size_t whole = whole_runs(state, rules, number);
    std::size_t whole_digits = 0;
    for (std::size_t i = 0; i < whole; ++i) whole_digits += state.runs[i];
    std::string plain = state.digits;
    if (whole_digits < plain.size()) plain.insert(whole_digits, 1, '.');
    std::from_chars(plain.data(), plain.data() + plain.size(), number.value);
    if (whole_digits > max_number_digits) number.regular = false;

    // A sign that belongs to the number: not a dash between two things.
    const CodePoint sign = code_point_before(text, number.range.begin);
    if (sign.value == '-' || sign.value == 0x2212) {
        const std::size_t start = number.range.begin - sign.length;
        const CodePoint left = code_point_before(text, start);
        if (left.length == 0 || is_text_space(left.value) || left.value == '(' || left.value == '$') {
            number.negative = true;
            number.value = -number.value;
            number.range.begin = start;
        }
    }
    return number;
}

}  // namespace detail

std::optional<FoundNumber> find_number(std::string_view text, DecimalSign decimal) {
    const auto number = detail::scan_number(text, 0, {.decimal = decimal});
    if (!number) return std::nullopt;
    return FoundNumber{number->value, number->range};
}

namespace {

/// "1.2k", "3 Mio": what a word behind a number multiplies it by; 0 for other words.
double number_multiplier(std::string_view word) noexcept {
    struct Row {
        std::string_view word;
        double factor;
    };
    static constexpr auto rows = std::to_array<Row>({{"k", 1e3},
                                                     {"tsd", 1e3},
                                                     {"тыс", 1e3},
                                                     {"thousand", 1e3},
                                                     {"m", 1e6},
                                                     {"mn", 1e6},
                                                     {"mio", 1e6},
                                                     {"mil", 1e6},
                                                     {"million", 1e6},
                                                     {"млн", 1e6},
                                                     {"b", 1e9},
                                                     {"bn", 1e9},
                                                     {"billion", 1e9}});
    for (const Row& row : rows)
        if (core::ascii_iequals(word, row.word)) return row.factor;
    return 0;
}

/// Is the text nothing but signs of currency, plus, percent and spaces?
bool is_number_decoration(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const auto c = detail::code_point_at(text, at);
        const bool sign = c.value == '$' || c.value == '%' || c.value == '+' || c.value == '#' || c.value == '-' ||
                          (c.value >= 0xA2 && c.value <= 0xA5) || (c.value >= 0x20A0 && c.value <= 0x20C0) ||
                          c.value == '(' || c.value == ')' || c.value == '*';
        if (!sign && !detail::is_text_space(c.value)) return false;
        at += c.length;
    }
    return true;
}

}  // namespace

std::optional<double> parse_number(std::string_view text, DecimalSign decimal) {
    text = core::trim(text);
    if (text.size() > 64) return std::nullopt;
    const auto number = detail::scan_number(text, 0, {.decimal = decimal});
    if (!number || !number->regular) return std::nullopt;
    if (!is_number_decoration(text.substr(0, number->range.begin))) return std::nullopt;
    std::string_view rest = core::trim(text.substr(number->range.end));
    if (is_number_decoration(rest)) return number->value;
    if (rest.ends_with('+') || rest.ends_with('.')) rest.remove_suffix(1);
    const double factor = number_multiplier(rest);
    if (factor == 0) return std::nullopt;
    return number->value * factor;
}

DecimalSign decimal_sign_of(std::span<const std::string> texts) {
    std::size_t points = 0, commas = 0;
    std::size_t looked = 0;
    for (const std::string& text : texts) {
        if (++looked > 200) break;
        const auto number = detail::scan_number(std::string_view(text).substr(0, 200), 0);
        if (!number || !number->regular) continue;
        points += number->point ? 1 : 0;
        commas += number->comma ? 1 : 0;
    }
    if (points > 0 && commas == 0) return DecimalSign::point;
    if (commas > 0 && points == 0) return DecimalSign::comma;
    return DecimalSign::automatic;
}

}  // namespace meter::generate
