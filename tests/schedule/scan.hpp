// A second opinion on cron: reads expressions naively and looks at every minute, one after the other.
#pragma once

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include "meter/cron.hpp"

namespace cron_scan {

using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::year;

inline std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == at)
            parts.emplace_back();
        else
            parts.back().push_back(c);
    }
    return parts;
}

inline int number(const std::string& text) {
    static const std::array<std::string, 19> names{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT",
                                                   "NOV", "DEC", "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
    for (int i = 0; i < 19; ++i)
        if (names[static_cast<std::size_t>(i)] == text) return i < 12 ? i + 1 : i - 12;
    return std::stoi(text);
}

/// Does one of the members of a field hold the value?
inline bool holds(const std::string& field, int value, int low, int high) {
    for (const std::string& member : split(field, ',')) {
        const auto by_step = split(member, '/');
        const auto range = split(by_step[0], '-');
        int from = low, to = high;
        if (by_step[0] != "*") {
            from = number(range[0]);
            to = range.size() == 2 ? number(range[1]) : by_step.size() == 2 ? high : from;
        }
        const int step = by_step.size() == 2 ? std::stoi(by_step[1]) : 1;
        for (int at = from; at <= to; at += step)
            if (at == value) return true;
    }
    return false;
}

/// What an expression says about minutes of a day and about days from `first` on.
struct Tables {
    std::vector<char> minute_of_day = std::vector<char>(1440);
    std::vector<char> days;
    bool real_time = false;

    Tables(const std::string& expression, sys_days first, int count) : days(static_cast<std::size_t>(count)) {
        const auto fields = split(expression, ' ');
        real_time = fields[0][0] == '*' || fields[1][0] == '*';
        const auto minute = allowed(fields[0], 0, 59), hour = allowed(fields[1], 0, 23),
                   day = allowed(fields[2], 1, 31);
        const auto month = allowed(fields[3], 1, 12);
        auto weekday = allowed(fields[4], 0, 6);
        if (holds(fields[4], 7, 0, 6)) weekday[0] = true;
        const bool both = fields[2][0] == '*' || fields[4][0] == '*';
        for (std::size_t i = 0; i < 1440; ++i) minute_of_day[i] = minute[i % 60] && hour[i / 60];
        for (int i = 0; i < count; ++i) {
            const std::chrono::year_month_day date{first + std::chrono::days{i}};
            const bool by_day = day[static_cast<unsigned>(date.day())];
            const bool by_weekday = weekday[std::chrono::weekday{first + std::chrono::days{i}}.c_encoding()];
            days[static_cast<std::size_t>(i)] =
                month[static_cast<unsigned>(date.month())] && (both ? by_day && by_weekday : by_day || by_weekday);
        }
    }

    static std::array<bool, 60> allowed(const std::string& field, int low, int high) {
        std::array<bool, 60> values{};
        for (int value = low; value <= high; ++value)
            values[static_cast<std::size_t>(value)] = holds(field, value, low, high);
        return values;
    }

    bool at(std::int64_t wall_minute) const {
        return days[static_cast<std::size_t>(wall_minute / 1440)] != 0 &&
               minute_of_day[static_cast<std::size_t>(wall_minute % 1440)] != 0;
    }
};

/// Wall clock of a zone for every minute of some years: minutes since `origin`, the day before the first.
struct Walls {
    std::string zone;
    sys_days origin;
    meter::TimePoint begin;
    int days = 0;
    std::vector<std::int32_t> wall;             ///< one for each minute of UTC
    std::vector<std::uint16_t> day, minute;     ///< the same, apart: days since `origin`, minutes of the day
    std::vector<meter::TimePoint> transitions;  ///< where the offset changes

    Walls(std::string name, int first_year, int years) : zone(std::move(name)) {
        const sys_days first{year{first_year} / 1 / 1}, last{year{first_year + years} / 1 / 1};
        origin = first - std::chrono::days{1};
        begin = first;
        days = static_cast<int>((last - origin).count()) + 2;
        const auto* data = date::locate_zone(zone);
        const auto count = static_cast<std::size_t>(minutes{last - first}.count());
        wall.reserve(count);
        auto info = data->get_info(std::chrono::sys_seconds{first});
        for (std::size_t i = 0; i < count; ++i) {
            const std::chrono::sys_seconds now = first + minutes{static_cast<std::int64_t>(i)};
            if (now >= info.end) {
                info = data->get_info(now);
                transitions.emplace_back(now);
            }
            wall.push_back(static_cast<std::int32_t>(
                std::chrono::duration_cast<minutes>(now + info.offset - std::chrono::sys_seconds{origin}).count()));
            day.push_back(static_cast<std::uint16_t>(wall.back() / 1440));
            minute.push_back(static_cast<std::uint16_t>(wall.back() % 1440));
        }
    }

    meter::TimePoint moment(std::size_t index) const { return begin + minutes{static_cast<std::int64_t>(index)}; }
};

/// All due moments after the first minute, by looking at each one (wire contract 13.1).
inline std::vector<meter::TimePoint> due_moments(const Walls& walls, const Tables& tables) {
    std::vector<meter::TimePoint> due;
    const char *const days = tables.days.data(), *const minutes_of_day = tables.minute_of_day.data();
    std::int32_t latest = walls.wall.front();  // the latest wall minute that has come
    for (std::size_t i = 1; i < walls.wall.size(); ++i) {
        const std::int32_t now = walls.wall[i];
        bool fires = false;
        if (tables.real_time || now == latest + 1) {
            fires = (days[walls.day[i]] & minutes_of_day[walls.minute[i]]) != 0;
        } else {
            for (std::int32_t minute = latest + 1; minute <= now && !fires; ++minute) fires = tables.at(minute);
        }
        if (now > latest) latest = now;
        if (fires) due.push_back(walls.moment(i));
    }
    return due;
}

/// Asks for the moment after each due one, and at random and around changes of the clock; counts wrong answers.
inline int wrong_answers(const meter::Cron& cron, const Walls& walls, const std::vector<meter::TimePoint>& due,
                         std::size_t questions, std::mt19937& random) {
    int wrong = 0;
    const auto ask = [&](meter::TimePoint after) {
        const auto next = std::upper_bound(due.begin(), due.end(), after);
        const auto got = cron.next_after(after);
        const bool right = next != due.end() ? got == *next : !got || *got > walls.moment(walls.wall.size() - 1);
        if (!right && ++wrong == 1) {
            MESSAGE("first wrong answer: \"", cron.text(), "\" in ", cron.timezone(), " after ",
                    meter::format_time(after), ": ", got ? meter::format_time(*got) : "none", ", expected ",
                    next != due.end() ? meter::format_time(*next) : "none");
        }
    };
    ask(walls.begin);
    if (due.size() <= questions) {
        for (const auto moment : due) ask(moment);
    } else {
        std::uniform_int_distribution<std::size_t> any(0, walls.wall.size() - 1);
        for (std::size_t i = 0; i < questions; ++i) ask(walls.moment(any(random)));
    }
    for (const auto change : walls.transitions)
        for (int minute = -125; minute <= 125; minute += 5) ask(change + minutes{minute});
    return wrong;
}

class RandomCron {
public:
    explicit RandomCron(std::mt19937& random) : random_(random) {}

    std::string operator()() {
        return field(0, 59) + " " + field(0, 23) + " " + field(1, 31) + " " + named(1, 12, 0) + " " + named(0, 7, 12);
    }

private:
    int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

    std::string member(int low, int high) {
        const int from = pick(low, high), to = pick(from, high);
        switch (pick(0, 5)) {
            case 0:
                return "*/" + std::to_string(pick(1, high + 2));
            case 1:
                return std::to_string(from) + "-" + std::to_string(to);
            case 2:
                return std::to_string(from) + "-" + std::to_string(to) + "/" + std::to_string(pick(1, 9));
            case 3:
                return std::to_string(from == 7 ? 6 : from) + "/" + std::to_string(pick(1, high));
            default:
                return std::to_string(from);
        }
    }

    std::string field(int low, int high) {
        if (pick(0, 2) == 0) return "*";
        std::string text = member(low, high);
        while (pick(0, 3) == 0) text += "," + member(low, high);
        return text;
    }

    std::string named(int low, int high, std::size_t names) {
        static const std::array<std::string, 19> known{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
                                                       "AUG", "SEP", "OCT", "NOV", "DEC", "SUN", "MON",
                                                       "TUE", "WED", "THU", "FRI", "SAT"};
        if (pick(0, 4) > 0) return field(low, high);
        return known[names + static_cast<std::size_t>(pick(0, names == 0 ? 11 : 6))];
    }

    std::mt19937& random_;
};

inline const std::vector<std::string>& zones() {
    static const std::vector<std::string> all{
        "UTC",           "Europe/Berlin",   "Europe/London",     "Europe/Dublin",       "America/New_York",
        "Asia/Kolkata",  "America/Chicago", "America/St_Johns",  "America/Sao_Paulo",   "America/Santiago",
        "Asia/Tokyo",    "Asia/Kathmandu",  "Australia/Sydney",  "Australia/Lord_Howe", "Pacific/Auckland",
        "Asia/Shanghai", "Pacific/Chatham", "Africa/Casablanca", "Africa/Cairo",        "America/Los_Angeles"};
    return all;
}

}  // namespace cron_scan
