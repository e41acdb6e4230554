// A cron expression as sets of minutes, hours, days, months and weekdays.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "meter/result.hpp"

namespace meter::schedule {

/// Minutes since 1970-01-01T00:00 on some clock: of UTC or of a wall.
using ClockMinute = std::int64_t;

/// One field: a bit for each value it allows.
struct CronField {
    std::uint64_t values = 0;
    bool starts_with_star = false;

    bool has(unsigned value) const noexcept { return (values >> value & 1u) != 0; }
};

struct CronFields {
    CronField minute, hour, day, month, weekday;  ///< weekday: 0 to 6, Sunday is 0

    /// Does the expression follow real time through clock changes? (cron(8) of cronie: minute or hour is a star.)
    bool follows_real_time() const noexcept { return minute.starts_with_star || hour.starts_with_star; }

    /// First matching minute at or after `from`, at most `last`; nullopt when there is none. A few microseconds, since
    /// it skips months, days and hours that do not match.
    std::optional<ClockMinute> first_at_or_after(ClockMinute from, ClockMinute last) const;
};

/// Errors: as Cron::parse() but for the time zone.
Result<CronFields> parse_cron(std::string_view text);

}  // namespace meter::schedule
