#include "meter/time.hpp"

#include <algorithm>
#include <optional>

namespace meter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr TimePoint time_first{sys_days{std::chrono::year{0} / 1 / 1}};
constexpr TimePoint time_last{sys_days{std::chrono::year{9999} / 12 / 31} + std::chrono::days(1) - milliseconds(1)};

void append_two_digits(std::string& out, unsigned number) {
    out.push_back(static_cast<char>('0' + number / 10));
    out.push_back(static_cast<char>('0' + number % 10));
}

/// Reads a text from left to right; every step says whether it succeeded.
struct TimeReader {
    std::string_view rest;

    bool one_of(std::string_view accepted) {
        if (rest.empty() || accepted.find(rest.front()) == std::string_view::npos) return false;
        rest.remove_prefix(1);
        return true;
    }
    /// Exactly `count` digits, at most `max`.
    bool number(std::size_t count, int max, int& out) {
        out = 0;
        for (; count > 0; --count) {
            if (rest.empty() || rest.front() < '0' || rest.front() > '9') return false;
            out = out * 10 + (rest.front() - '0');
            rest.remove_prefix(1);
        }
        return out <= max;
    }
    /// "." and any number of digits, or nothing; digits after the third are cut.
    bool fraction(int& millis) {
        millis = 0;
        if (!one_of(".")) return true;
        int scale = 100;
        std::size_t digits = 0;
        for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits, scale /= 10)
            millis += (rest[digits] - '0') * scale;
        rest.remove_prefix(digits);
        return digits > 0;
    }
    /// "Z" or a numeric offset, in minutes east of UTC.
    bool offset(int& minutes) {
        minutes = 0;
        if (one_of("Zz")) return true;
        const bool west = rest.starts_with('-');
        int hour = 0, minute = 0;
        if (!one_of("+-") || !number(2, 23, hour) || !one_of(":") || !number(2, 59, minute)) return false;
        minutes = (hour * 60 + minute) * (west ? -1 : 1);
        return true;
    }
};

std::optional<TimePoint> read_time(std::string_view text) {
    TimeReader in{text};
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millis = 0, offset = 0;
    // RFC 3339 section 5.6, with the space that its note allows
    if (!in.number(4, 9999, year) || !in.one_of("-") || !in.number(2, 12, month) || !in.one_of("-") ||
        !in.number(2, 31, day) || !in.one_of("Tt ") || !in.number(2, 23, hour) || !in.one_of(":") ||
        !in.number(2, 59, minute) || !in.one_of(":") || !in.number(2, 60, second) || !in.fraction(millis) ||
        !in.offset(offset) || !in.rest.empty())
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    if (second == 60) millis = 0;  // every part of a leap second is the moment after it
    const TimePoint time = sys_days{date} + std::chrono::hours(hour) + std::chrono::minutes(minute - offset) +
                           seconds(second) + milliseconds(millis);
    if (time < time_first || time > time_last) return std::nullopt;
    return time;
}

}  // namespace

std::string format_time(TimePoint time) {
    const auto whole = std::chrono::floor<seconds>(std::clamp(time, time_first, time_last));
    const auto days = std::chrono::floor<std::chrono::days>(whole);
    const std::chrono::year_month_day date{days};
    const std::chrono::hh_mm_ss clock{whole - days};
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    std::string out;
    out.reserve(20);
    append_two_digits(out, year / 100);
    append_two_digits(out, year % 100);
    out.push_back('-');
    append_two_digits(out, static_cast<unsigned>(date.month()));
    out.push_back('-');
    append_two_digits(out, static_cast<unsigned>(date.day()));
    out.push_back('T');
    append_two_digits(out, static_cast<unsigned>(clock.hours().count()));
    out.push_back(':');
    append_two_digits(out, static_cast<unsigned>(clock.minutes().count()));
    out.push_back(':');
    append_two_digits(out, static_cast<unsigned>(clock.seconds().count()));
    out.push_back('Z');
    return out;
}

Result<TimePoint> parse_time(std::string_view text) {
    if (const auto time = read_time(text)) return *time;
    return Error{ErrorCode::invalid_argument, "Expected a time like 2025-01-15T10:30:00Z", std::string(text)};
}

}  // namespace meter
