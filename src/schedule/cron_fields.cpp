// Grammar of wire contract 13.1, after crontab(5).
#include "schedule/cron_fields.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace meter::schedule {
namespace {

constexpr std::size_t cron_max_text = 1000;
constexpr ClockMinute cron_minutes_a_day = 24 * 60;

constexpr std::array<std::string_view, 12> cron_months{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> cron_weekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct CronFieldRule {
    std::string_view name;
    unsigned low, high;
    unsigned open_end;  ///< where `5/15` and `*` end; below `high` for weekdays, where 7 is another name of 0
    std::span<const std::string_view> names;
};

constexpr std::array<CronFieldRule, 5> cron_rules{{{"minute", 0, 59, 59, {}},
                                                   {"hour", 0, 23, 23, {}},
                                                   {"day", 1, 31, 31, {}},
                                                   {"month", 1, 12, 12, cron_months},
                                                   {"weekday", 0, 7, 6, cron_weekdays}}};

struct CronMacro {
    std::string_view name, text;
};

constexpr std::array<CronMacro, 7> cron_macros{{{"@hourly", "0 * * * *"},
                                                {"@daily", "0 0 * * *"},
                                                {"@midnight", "0 0 * * *"},
                                                {"@weekly", "0 0 * * 0"},
                                                {"@monthly", "0 0 1 * *"},
                                                {"@yearly", "0 0 1 1 *"},
                                                {"@annually", "0 0 1 1 *"}}};

Error cron_error(std::string_view subject, std::string why) {
    return Error{ErrorCode::invalid_argument, "Invalid cron expression: " + std::move(why), std::string(subject)};
}

/// A part of the expression for a message: cut when it is long, with \x0A for what cannot be seen.
std::string cron_quoted(std::string_view part) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    constexpr std::size_t shown = 24;
    std::string out = "'";
    for (const char c : part.substr(0, shown)) {
        if (c > ' ' && c < 0x7F) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out.append("\\x").append(1, hex[byte >> 4]).append(1, hex[byte & 0xF]);
        }
    }
    return out.append(part.size() > shown ? "...'" : "'");
}

std::optional<unsigned> cron_number(std::string_view text) {
    if (text.empty() || text.size() > 9) return std::nullopt;
    unsigned number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + static_cast<unsigned>(c - '0');
    }
    return number;
}

bool cron_same_name(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; });
}

class CronFieldParser {
public:
    explicit CronFieldParser(const CronFieldRule& rule) : rule_(rule) {}

    Result<CronField> parse(std::string_view text) const {
        CronField field;
        field.starts_with_star = text.front() == '*';
        for (std::size_t from = 0;;) {
            const std::size_t comma = std::min(text.find(',', from), text.size());
            auto added = add(text.substr(from, comma - from), field.values);
            if (!added) return added.error();
            if (comma == text.size()) break;
            from = comma + 1;
        }
        if (rule_.high == 7 && field.has(7)) field.values = (field.values | 1u) & 0x7Fu;  // Sunday by its other number
        return field;
    }

private:
    Error wrong(std::string why) const {
        return cron_error(rule_.name, std::string(rule_.name) + ": " + std::move(why));
    }

    Result<unsigned> value(std::string_view text) const {
        for (std::size_t i = 0; i < rule_.names.size(); ++i)
            if (cron_same_name(text, rule_.names[i])) return static_cast<unsigned>(i) + rule_.low;
        const auto number = cron_number(text);
        if (!number) return wrong(cron_quoted(text) + " is no number" + (rule_.names.empty() ? "" : " or name"));
        if (*number < rule_.low || *number > rule_.high)
            return wrong(cron_quoted(text) + " is not between " + std::to_string(rule_.low) + " and " +
                         std::to_string(rule_.high));
        return *number;
    }

    /// One member of the list: `*`, `5`, `1-5`, each with an optional `/step`.
    Result<void> add(std::string_view part, std::uint64_t& values) const {
        if (part.empty()) return wrong("a member of the list is empty");
        unsigned step = 1;
        const std::size_t slash = part.find('/');
        const std::string_view range = part.substr(0, slash);
        if (slash != std::string_view::npos) {
            const auto number = cron_number(part.substr(slash + 1));
            if (!number || *number == 0) return wrong("the step of " + cron_quoted(part) + " is no positive number");
            step = *number;
        }
        unsigned from = rule_.low, to = rule_.open_end;
        if (range != "*") {
            const std::size_t dash = range.find('-');
            if (range.empty() || dash == 0 || dash == range.size() - 1)
                return wrong(cron_quoted(part) + " lacks a number");
            const auto first = value(range.substr(0, dash));
            if (!first) return first.error();
            from = *first;
            if (dash != std::string_view::npos) {
                const auto last = value(range.substr(dash + 1));
                if (!last) return last.error();
                to = *last;
                if (to < from) return wrong("the range " + cron_quoted(range) + " goes backwards");
            } else if (slash == std::string_view::npos || to < from) {
                to = from;  // a single value, or `7/2`
            }
        }
        for (std::uint64_t at = from; at <= to; at += step) values |= std::uint64_t{1} << at;
        return {};
    }

    const CronFieldRule& rule_;
};

bool cron_is_blank(char c) {
    return c == ' ' || c == '\t';
}

std::vector<std::string_view> cron_split(std::string_view text) {
    std::vector<std::string_view> parts;
    for (std::size_t at = 0; at < text.size();) {
        if (cron_is_blank(text[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && !cron_is_blank(text[end])) ++end;
        parts.push_back(text.substr(at, end - at));
        at = end;
    }
    return parts;
}

/// Some day of some allowed month. Where both day fields must match, every day of the year, 29 February too, falls on
/// every weekday within 40 years, so the weekdays do not matter.
bool cron_can_match(const CronFields& fields) {
    constexpr std::array<int, 13> longest{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!fields.day.starts_with_star && !fields.weekday.starts_with_star)
        return true;  // either: a weekday always comes
    const int first = std::countr_zero(fields.day.values);
    for (unsigned month = 1; month <= 12; ++month)
        if (fields.month.has(month) && first <= longest[month]) return true;
    return false;
}

/// crontab(5): when both day fields are restricted, either one is enough; a field that starts with `*` is not
/// restricted, and then both must match.
bool cron_day_matches(const CronFields& fields, const std::chrono::year_month_day& date, std::chrono::sys_days day) {
    const bool by_day = fields.day.has(static_cast<unsigned>(date.day()));
    const bool by_weekday = fields.weekday.has(std::chrono::weekday{day}.c_encoding());
    if (fields.day.starts_with_star || fields.weekday.starts_with_star) return by_day && by_weekday;
    return by_day || by_weekday;
}

/// The smallest allowed value at or above `from`.
std::optional<unsigned> cron_next_value(const CronField& field, unsigned from) {
    if (from > 63) return std::nullopt;
    const std::uint64_t rest = field.values >> from;
    if (rest == 0) return std::nullopt;
    return from + static_cast<unsigned>(std::countr_zero(rest));
}

}  // namespace

Result<CronFields> parse_cron(std::string_view text) {
    const std::string_view whole = "cron_expression";
    if (text.size() > cron_max_text) return cron_error(whole, "longer than 1000 characters");
    std::vector<std::string_view> parts = cron_split(text);
    if (parts.empty()) return cron_error(whole, "it is empty");
    if (parts.front().front() == '@') {
        const auto macro = std::find_if(cron_macros.begin(), cron_macros.end(),
                                        [&](const CronMacro& known) { return known.name == parts.front(); });
        if (macro == cron_macros.end() || parts.size() > 1)
            return cron_error(whole, "expected @hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually");
        parts = cron_split(macro->text);
    }
    if (parts.size() != cron_rules.size())
        return cron_error(whole, "expected 5 fields, found " + std::to_string(parts.size()));

    CronFields fields;
    const std::array<CronField*, 5> targets{&fields.minute, &fields.hour, &fields.day, &fields.month, &fields.weekday};
    for (std::size_t i = 0; i < cron_rules.size(); ++i) {
        auto field = CronFieldParser(cron_rules[i]).parse(parts[i]);
        if (!field) return field.error();
        *targets[i] = *field;
    }
    if (!cron_can_match(fields)) return cron_error(whole, "no month has such a day, so it would never run");
    return fields;
}

std::optional<ClockMinute> CronFields::first_at_or_after(ClockMinute from, ClockMinute last) const {
    namespace chrono = std::chrono;
    chrono::sys_days today{chrono::floor<chrono::days>(chrono::minutes{from})};
    const auto midnight = [&] { return ClockMinute{today.time_since_epoch().count()} * cron_minutes_a_day; };
    const auto at_most_last = [&](ClockMinute found) { return found <= last ? std::optional(found) : std::nullopt; };
    auto minute_of_day = static_cast<unsigned>(from - midnight());
    while (midnight() <= last) {
        const chrono::year_month_day date{today};
        if (!month.has(static_cast<unsigned>(date.month()))) {
            today = chrono::sys_days{(date.year() / date.month() + chrono::months{1}) / 1};
            minute_of_day = 0;
            continue;
        }
        if (cron_day_matches(*this, date, today)) {
            const unsigned this_hour = minute_of_day / 60;
            if (hour.has(this_hour)) {
                if (const auto found = cron_next_value(minute, minute_of_day % 60))
                    return at_most_last(midnight() + this_hour * 60 + *found);
            }
            if (const auto found = cron_next_value(hour, this_hour + 1))
                return at_most_last(midnight() + *found * 60 + *cron_next_value(minute, 0));
        }
        today += chrono::days{1};
        minute_of_day = 0;
    }
    return std::nullopt;
}

}  // namespace meter::schedule
