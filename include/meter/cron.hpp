// When schedules are due: cron expressions, interval arithmetic, jitter. Pure: the time now is an argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/time.hpp"

namespace meter {

/// A validated cron expression of five fields, read in UTC or in a named time zone. Cheap to copy; const calls need no
/// lock.
class METER_EXPORT Cron {
public:
    /// Parses "minute hour day-of-month month day-of-week", or a name: `@hourly`, `@daily`, `@midnight`, `@weekly`,
    /// `@monthly`, `@yearly`, `@annually`.
    ///   auto nine = meter::Cron::parse("0 9 * * 1-5", "Europe/Berlin").value();
    /// Errors: invalid_argument; `subject` is the field that is wrong ("minute", "hour", "day", "month", "weekday"),
    /// "cron_expression" when the text as a whole is (four fields, 30 February), or "timezone". The message of all but
    /// the last is "Invalid cron expression: <why>".
    /// Source: wire contract 13.1; crontab(5), clock changes as cron(8) of cronie. `timezone` is an IANA name.
    static Result<Cron> parse(std::string_view text, std::string_view timezone = "UTC");

    /// First due minute strictly after `after`; nullopt only beyond the year 9999. Where clocks go forward, a skipped
    /// minute is due at the first one after it; where they go back, a repeated one is due once, the first time.
    /// Expressions whose minute or hour starts with `*` follow real time instead.
    std::optional<TimePoint> next_after(TimePoint after) const;

    /// The expression, as given.
    const std::string& text() const noexcept;
    /// The time zone, as given.
    const std::string& timezone() const noexcept;

    /// Equal when text and time zone are.
    friend METER_EXPORT bool operator==(const Cron& a, const Cron& b) noexcept;

    Cron(const Cron&);
    Cron& operator=(const Cron&);
    Cron(Cron&&) noexcept;
    Cron& operator=(Cron&&) noexcept;
    ~Cron();

private:
    struct Impl;
    explicit Cron(std::shared_ptr<const Impl> impl);
    std::shared_ptr<const Impl> impl_;
};

/// The next `count` due times strictly after `after`, ascending.
METER_EXPORT std::vector<TimePoint> next_runs(const Cron& cron, TimePoint after, std::size_t count);

/// `count` due times of an interval, the first at `first_due`. `interval` must be positive.
METER_EXPORT std::vector<TimePoint> next_runs(std::chrono::seconds interval, TimePoint first_due, std::size_t count);

/// The due time that follows the tick of `due`, when that tick is handled at `now`: the first point of the grid
/// due + k * interval (k >= 1) after `now`. So ticks missed while the process was down become one, and the grid stays;
/// a clock that went back never makes a tick due twice. `interval` must be positive.
/// Source: wire contract 13.1 (misfire), design section 5.
METER_EXPORT TimePoint next_due(TimePoint due, std::chrono::seconds interval, TimePoint now);

/// The same for cron: the first match strictly after both `due` and `now`.
METER_EXPORT std::optional<TimePoint> next_due(const Cron& cron, TimePoint due, TimePoint now);

/// How long the tick of `due` is delayed: 0 to `most` (inclusive, whole milliseconds), evenly spread over schedules
/// and ticks, always the same for one schedule and tick, so that a restart neither repeats nor moves it.
METER_EXPORT std::chrono::milliseconds jitter(std::string_view schedule_id, TimePoint due, std::chrono::seconds most);

}  // namespace meter
