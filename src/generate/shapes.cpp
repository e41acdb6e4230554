#include "generate/shapes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "core/unicode.hpp"
#include "generate/values/values.hpp"

namespace meter::generate {
namespace {

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<signed char>(c) < 0;
}

constexpr auto currency_words =
    std::to_array<std::string_view>({"usd", "eur", "gbp", "chf", "kr",  "zł",  "kč", "ft",  "lei", "ron", "руб",
                                     "р",   "sek", "nok", "dkk", "pln", "aed", "rs", "inr", "czk", "huf", "cad",
                                     "aud", "nzd", "tl",  "try", "лв",  "грн", "円", "元",  "kn",  "din", "zar"});
constexpr auto currency_signs = std::to_array<std::string_view>(
    {"$", "€", "£", "¥", "₹", "₽", "₴", "₩", "₺", "円", "￥", "zł", "Kč", "元", "฿", "₪"});

/// Which bytes the words of a list begin with: most texts are told apart by them alone.
template <std::size_t N>
constexpr std::array<bool, 256> first_bytes(const std::array<std::string_view, N>& words) {
    std::array<bool, 256> first{};
    for (const std::string_view word : words) first[static_cast<unsigned char>(word.front())] = true;
    return first;
}

/// Is there a currency in `text`, a piece of a short text beside a number?
bool has_currency(std::string_view text) {
    const bool ascii = std::none_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) < 0; });
    if (ascii && text.find('$') != std::string_view::npos) return true;  // the only sign in ASCII
    if (!ascii)
        for (const std::string_view sign : currency_signs)
            if (text.find(sign) != std::string_view::npos) return true;
    std::string word;
    const auto known = [&] {
        return !word.empty() && std::find(currency_words.begin(), currency_words.end(), word) != currency_words.end();
    };
    for (const char c : text) {
        if (letter(c)) {
            word += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
            continue;
        }
        if (known()) return true;
        word.clear();
    }
    return known();
}

std::uint16_t number_shapes(std::string_view text, std::size_t first_digit) {
    std::uint16_t shape = 0;
    // The first number: digits and what separates groups of them.
    std::size_t end = first_digit;
    const auto in_number = [&](std::size_t at) -> std::size_t {
        const char c = text[at];
        if (digit(c) || c == '.' || c == ',' || c == '\'') return 1;
        if (c == ' ' && at + 1 < text.size() && digit(text[at + 1])) return 1;
        if (c == '\xc2' && at + 2 < text.size() && text[at + 1] == '\xa0' && digit(text[at + 2])) return 2;
        return 0;
    };
    while (end < text.size())
        if (const std::size_t step = in_number(end); step != 0)
            end += step;
        else
            break;
    const std::string_view before = text.substr(0, first_digit), after = text.substr(end);
    const std::size_t near = std::min<std::size_t>(after.size(), 10);
    if (text.size() < 60 && before.size() <= 24 &&
        (has_currency(before) || has_currency(after.substr(0, near)) ||
         (after.starts_with('-') && text[end - 1] == ',')))  // "25,-"
        shape |= shape_price;
    const auto only = [&](std::string_view part, std::string_view allowed) {
        return part.find_first_not_of(allowed) == std::string_view::npos;
    };
    if (before.size() <= 3 && only(before, " #(+-~") && after.size() <= 3 && only(after, " %kKmM)+")) {
        shape |= shape_number;
        const std::string_view number = text.substr(first_digit, end - first_digit);
        if (before.empty() && after.empty() && number.size() >= 4 && number.size() <= 12 &&
            (number[number.size() - 3] == '.' || number[number.size() - 3] == ',') && digit(number.back()) &&
            digit(number[number.size() - 2]))
            shape |= shape_bare_price;
    }
    return shape;
}

bool has_rating(std::string_view lower) {
    for (const std::string_view word : {"star", "out of", "of 5", "of 10", "rating", "/5", "/10", "sterne", "étoile"})
        if (lower.find(word) != std::string_view::npos) return true;
    return false;
}

bool looks_like_phone(std::string_view text) {
    int digits = 0;
    for (const char c : text) {
        if (digit(c))
            ++digits;
        else if (std::string_view(" +-()./").find(c) == std::string_view::npos)
            return false;
    }
    return digits >= 7 && digits <= 15;
}

bool looks_like_duration(std::string_view lower) {
    int digits = 0, colons = 0, others = 0;
    for (const char c : lower) {
        if (digit(c))
            ++digits;
        else if (c == ':')
            ++colons;
        else
            ++others;
    }
    if (others == 0 && (colons == 1 || colons == 2) && digits >= 2 && digits <= 6) return true;
    if (lower.size() > 24 || digits == 0) return false;
    for (const std::string_view unit : {"min", "hour", "hr", " h", "h ", "sec"})
        if (lower.find(unit) != std::string_view::npos && lower.find("ago") == std::string_view::npos) return true;
    return false;
}

/// Month names in part, enough to tell a date from other short texts with digits.
constexpr auto month_starts = std::to_array<std::string_view>(
    {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct",  "nov",  "dec", "ene", "abr",  "ago",  "dic",
     "gen", "mag", "giu", "lug", "set", "ott", "mai", "okt", "dez", "janv", "févr", "fév", "avr", "juin", "juil", "aoû",
     "déc", "янв", "фев", "мар", "апр", "мая", "май", "июн", "июл", "авг",  "сен",  "окт", "ноя", "дек",  "mär",  "mrt",
     "maj", "kwi", "cze", "lip", "sie", "wrz", "paź", "lis", "gru", "sty",  "lut",  "led", "úno", "bře",  "dub"});

bool starts_month(std::string_view word) {
    static constexpr auto first = first_bytes(month_starts);
    if (!first[static_cast<unsigned char>(word.front())]) return false;
    for (const std::string_view month : month_starts)
        if (word.starts_with(month) && word.size() <= month.size() + 9) return true;
    return false;
}

/// Digits, a separator, digits, a separator, digits; or a time of day.
bool has_numeric_date(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        if (!digit(text[at])) {
            ++at;
            continue;
        }
        std::size_t lengths[3] = {}, part = 0, i = at;
        char separator = 0;
        while (part < 3) {
            while (i < text.size() && digit(text[i])) ++lengths[part], ++i;
            if (lengths[part] == 0) break;
            ++part;
            if (part == 3 || i + 1 >= text.size() || !digit(text[i + 1])) break;
            if (separator == 0 && (text[i] == '-' || text[i] == '/' || text[i] == '.' || text[i] == ':'))
                separator = text[i];
            else if (separator == 0 || text[i] != separator)
                break;
            ++i;
        }
        const bool start = at == 0 || !(letter(text[at - 1]) || digit(text[at - 1]));
        if (start && part == 3 && separator != ':' &&
            ((lengths[0] == 4 && lengths[1] <= 2 && lengths[2] <= 2) ||
             (lengths[0] <= 2 && lengths[1] <= 2 && (lengths[2] == 4 || lengths[2] == 2))))
            return true;
        if (start && part >= 2 && separator == ':' && lengths[0] <= 2 && lengths[1] == 2) return true;
        if (start && part == 1 && lengths[0] == 4 && i + 2 < text.size() && text.compare(i, 3, "年") == 0) return true;
        if (part >= 1 && i + 3 <= text.size() && text.compare(i, 3, "月") == 0) return true;
        at = std::max(i, at + 1);
    }
    return false;
}

constexpr auto time_units =
    std::to_array<std::string_view>({"sec", "min", "hour", "day", "week", "month", "year", "stunde", "tag", "jour",
                                     "heure", "hora", "día", "dia", "uur", "dagen"});
constexpr auto ago_words =
    std::to_array<std::string_view>({"ago", "vor", "hace", "il", "geleden", "fa", "назад", "há"});
constexpr auto day_words =
    std::to_array<std::string_view>({"yesterday", "today", "gestern", "heute", "hier", "ayer", "hoy", "вчера",
                                     "сегодня", "vandaag", "gisteren", "ieri", "oggi", "ontem", "hoje"});

bool has_date(std::string_view lower, bool any_digit) {
    if (any_digit && has_numeric_date(lower)) return true;
    std::string_view word;
    bool number = false, month = false, unit = false, ago = false, day = false;
    for (std::size_t at = 0; at < lower.size();) {
        const char c = lower[at];
        if (digit(c)) {
            number = true;
            while (at < lower.size() && digit(lower[at])) ++at;
            continue;
        }
        if (!letter(c)) {
            ++at;
            continue;
        }
        const std::size_t start = at;
        while (at < lower.size() && letter(lower[at])) ++at;
        word = lower.substr(start, at - start);
        month = month || starts_month(word);
        static constexpr auto unit_first = first_bytes(time_units), ago_first = first_bytes(ago_words),
                              day_first = first_bytes(day_words);
        const auto first = static_cast<unsigned char>(word.front());
        if (unit_first[first])
            unit = unit || std::any_of(time_units.begin(), time_units.end(),
                                       [&](std::string_view known) { return word.starts_with(known); });
        if (ago_first[first]) ago = ago || std::find(ago_words.begin(), ago_words.end(), word) != ago_words.end();
        if (day_first[first]) day = day || std::find(day_words.begin(), day_words.end(), word) != day_words.end();
    }
    return (month && number) || (unit && ago) || day || lower == "just now";
}

}  // namespace

std::uint16_t shape_of(std::string_view text) {
    std::uint16_t shape = shape_known;
    const std::size_t first_digit = text.find_first_of("0123456789");
    const bool any_digit = first_digit != std::string_view::npos;
    if (any_digit) shape |= shape_digit;
    if (text.size() > 64) return shape;
    const std::string lower = core::ascii_lower(text);
    if (any_digit) {
        shape |= number_shapes(text, first_digit);
        if (has_rating(lower)) shape |= shape_rating;
        if (looks_like_phone(text)) shape |= shape_phone;
        if (looks_like_duration(lower)) shape |= shape_duration;
    }
    const std::string folded = any_digit || text.size() < 24 ? core::fold_case(text) : lower;
    if (has_date(folded, any_digit)) shape |= shape_date;
    if (text.find('@') != std::string_view::npos && is_email(text)) shape |= shape_email;
    return shape;
}

}  // namespace meter::generate
