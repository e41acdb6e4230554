// Ratings and durations.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/unicode.hpp"
#include "generate/values/number_scan.hpp"

namespace meter::generate {
namespace {

/// "★★★★☆", "⭐⭐⭐⭐": filled and empty stars, nothing else.
std::optional<Rating> star_rating(std::string_view text) {
    double full = 0;
    std::size_t stars = 0, filled = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto c = detail::code_point_at(text, at);
        at += c.length;
        if (c.value == 0x2605 || c.value == 0x2B50) {
            full += 1;
            ++filled;
        } else if (c.value == 0x2BE8 || c.value == 0xBD) {
            full += .5;
        } else if (c.value != 0x2606 && c.value != 0xFE0F) {
            if (!detail::is_text_space(c.value)) return std::nullopt;
            continue;
        } else if (c.value == 0xFE0F) {
            continue;
        }
        ++stars;
    }
    if (stars == 0 || stars > 10) return std::nullopt;
    return Rating{full, filled == stars ? 0 : static_cast<double>(stars)};
}

/// Does one of the words stand in the text, whole?
template <std::size_t N>
bool names_any(std::string_view text, const std::array<std::string_view, N>& words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
            const bool left = detail::is_word_char(detail::code_point_before(text, at).value);
            const bool right = detail::is_word_char(detail::code_point_at(text, at + word.size()).value);
            if (!left && !right) return true;
        }
        return false;
    });
}

struct DurationUnit {
    std::string_view word;
    std::int64_t seconds;
};

constexpr DurationUnit duration_units[] = {
    {"s", 1},        {"sec", 1},       {"secs", 1},       {"second", 1},   {"seconds", 1},   {"sek", 1},
    {"sekunden", 1}, {"сек", 1},       {"m", 60},         {"min", 60},     {"mins", 60},     {"minute", 60},
    {"minutes", 60}, {"minuten", 60},  {"minutos", 60},   {"minuti", 60},  {"minuta", 60},   {"minut", 60},
    {"minuter", 60}, {"minuto", 60},   {"мин", 60},       {"минут", 60},   {"хв", 60},       {"分钟", 60},
    {"분", 60},      {"h", 3600},      {"hr", 3600},      {"hrs", 3600},   {"hour", 3600},   {"hours", 3600},
    {"std", 3600},   {"stunde", 3600}, {"stunden", 3600}, {"heure", 3600}, {"heures", 3600}, {"hora", 3600},
    {"horas", 3600}, {"ora", 3600},    {"ore", 3600},     {"uur", 3600},   {"timme", 3600},  {"timmar", 3600},
    {"timer", 3600}, {"godz", 3600},   {"hod", 3600},     {"ч", 3600},     {"час", 3600},    {"часа", 3600},
    {"小时", 3600},  {"時間", 3600},   {"시간", 3600},    {"d", 86400},    {"day", 86400},   {"days", 86400},
    {"tage", 86400}, {"week", 604800}, {"weeks", 604800},
};

/// "PT1H30M", "P1DT2H" (ISO 8601 section 5.5.2.2; years and months have no fixed length and are none).
std::optional<std::int64_t> iso_duration(std::string_view text) {
    if (text.size() < 3 || (text[0] != 'P' && text[0] != 'p')) return std::nullopt;
    double total = 0;
    bool time = false, any = false;
    for (std::size_t at = 1; at < text.size();) {
        if (text[at] == 'T' || text[at] == 't') {
            if (time) return std::nullopt;
            time = true;
            ++at;
            continue;
        }
        double value = 0, scale = 0;
        std::size_t digits = 0;
        for (; at < text.size(); ++at) {
            const char c = text[at];
            if (c == '.' || c == ',') {
                if (scale != 0) return std::nullopt;
                scale = 1;
            } else if (c >= '0' && c <= '9') {
                if (++digits > 12) return std::nullopt;
                if (scale != 0)
                    value += (c - '0') * (scale /= 10);
                else
                    value = value * 10 + (c - '0');
            } else {
                break;
            }
        }
        if (digits == 0 || at == text.size()) return std::nullopt;
        const char unit = static_cast<char>(text[at++] & ~0x20);
        const double seconds = unit == 'W'           ? 604800
                               : unit == 'D'         ? 86400
                               : time && unit == 'H' ? 3600
                               : time && unit == 'M' ? 60
                               : time && unit == 'S' ? 1
                                                     : 0;
        if (seconds == 0) return std::nullopt;
        total += value * seconds;
        any = true;
    }
    if (!any || total > 1e12) return std::nullopt;
    return static_cast<std::int64_t>(std::llround(total));
}

/// "2:05:10", "3:42": with hours, or minutes and seconds.
std::optional<std::int64_t> clock_duration(std::string_view text) {
    std::int64_t total = 0, part = 0;
    std::size_t digits = 0, parts = 1;
    for (const char c : text) {
        if (c == ':') {
            if (digits == 0 || parts == 3) return std::nullopt;
            if (parts > 1 && digits != 2) return std::nullopt;
            total = (total + part) * 60;
            part = 0;
            digits = 0;
            ++parts;
        } else if (c >= '0' && c <= '9' && digits < 3) {
            part = part * 10 + (c - '0');
            ++digits;
        } else {
            return std::nullopt;
        }
    }
    if (parts == 1 || digits != 2 || part > 59) return std::nullopt;
    return total + part;
}

}  // namespace

std::optional<Rating> find_rating(std::string_view text) {
    text = core::trim(text);
    if (text.empty() || text.size() > 64) return std::nullopt;
    if (const auto stars = star_rating(text)) return stars;
    const auto first = detail::scan_number(text, 0);
    if (!first || !first->regular || first->value < 0) return std::nullopt;
    const auto second = detail::scan_number(text, first->range.end);
    const std::string folded = core::fold_case(text);
    static constexpr auto rating_words =
        std::to_array<std::string_view>({"star", "stars", "rating", "rated", "sterne", "sternen", "étoiles",
                                         "estrellas", "stelle", "estrelas", "оценка", "bewertung"});
    static constexpr auto of_words = std::to_array<std::string_view>(
        {"of", "out of", "von", "sur", "de", "di", "av", "van", "из", "z", "/", "af", "su", "din"});
    if (second) {
        const std::string between =
            core::fold_case(core::trim(text.substr(first->range.end, second->range.begin - first->range.end)));
        std::string_view plain = between;
        for (const std::string_view unit : {"stars ", "star ", "points ", "sterne "})
            if (plain.starts_with(unit)) plain.remove_prefix(unit.size());
        const bool of = std::find(of_words.begin(), of_words.end(), plain) != of_words.end();
        const double best = second->value;
        const bool scale = best == 5 || best == 10 || best == 100 || best == 6 || best == 20 || best == 4;
        const bool alone = first->range.begin == 0 && second->range.end == text.size();
        if (of && scale && first->value <= best && (alone || names_any(std::string_view(folded), rating_words)))
            return Rating{first->value, best};
        // "4.5 (120)", "4.5 stars, 12 reviews" hold a count beside the rating
    }
    if (first->value <= 10 && names_any(std::string_view(folded), rating_words)) return Rating{first->value, 0};
    return std::nullopt;
}

std::optional<std::int64_t> find_duration(std::string_view text) {
    text = core::trim(text);
    if (text.empty() || text.size() > 40) return std::nullopt;
    if (const auto iso = iso_duration(text)) return iso;
    if (const auto clock = clock_duration(text)) return clock;
    double total = 0;
    std::int64_t last = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto number = detail::scan_number(text, at);
        // Nothing but signs between the pieces: "1 h, 30 min"
        const std::size_t begin = number ? number->range.begin : text.size();
        const std::string_view between = core::trim(text.substr(at, begin - at));
        if (!between.empty() && between != "," && between != "." && between != "and" && between != "und" &&
            between != "et" && between != "~" && between != "+")
            return std::nullopt;
        if (!number) break;
        at = detail::skip_text_space(text, number->range.end);
        std::size_t end = at;
        for (auto c = detail::code_point_at(text, end); c.length > 0 && detail::is_word_char(c.value);
             c = detail::code_point_at(text, end))
            end += c.length;
        const std::string unit = core::fold_case(text.substr(at, end - at));
        const auto found = std::find_if(std::begin(duration_units), std::end(duration_units),
                                        [&](const DurationUnit& row) { return row.word == unit; });
        if (found == std::end(duration_units)) {
            // "1h20": minutes go without saying
            if (!unit.empty() || last != 3600 || end != text.size() || number->value >= 60) return std::nullopt;
            total += number->value * 60;
            break;
        }
        if (last != 0 && found->seconds >= last) return std::nullopt;
        if (number->value < 0 || number->value > 1e6) return std::nullopt;
        total += number->value * static_cast<double>(found->seconds);
        last = found->seconds;
        at = end;
    }
    if (last == 0) return std::nullopt;
    // A single letter is a unit only in company or behind hours: "5 m" is a length, "30 s" might be anything.
    const bool letter = text.find_first_of("hH") == std::string_view::npos && (last == 60 || last == 86400) &&
                        (text.ends_with('m') || text.ends_with('d')) && text.size() <= 6;
    if (letter) return std::nullopt;
    return static_cast<std::int64_t>(std::llround(total));
}

}  // namespace meter::generate
