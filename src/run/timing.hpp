// When a schedule is due: its interval or cron expression, made ready to be asked (wire contract 13.1).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "meter/cron.hpp"
#include "meter/result.hpp"
#include "meter/schedule.hpp"
#include "meter/store.hpp"

namespace meter::run {

class Timing {
public:
    /// Errors: those of Cron::parse(), also for the time zone of an interval, where it has no effect.
    static Result<Timing> of(const Schedule& schedule);

    /// Counted from `now`: interval, or the next match.
    std::optional<DueTime> first(TimePoint now) const;
    /// After the tick of `due`, handled at `now`.
    std::optional<DueTime> following(TimePoint due, TimePoint now) const;
    /// The due times of the grid that `next_run_at` is a point of, from the first one after `now` on and before
    /// `next_run_at`; at most `count`.
    std::vector<DueTime> between(TimePoint now, TimePoint next_run_at, std::size_t count) const;
    /// `count` due times, the first at `next_run_at`.
    std::vector<TimePoint> upcoming(TimePoint next_run_at, std::size_t count) const;
    /// Due then, ticking up to `jitter_seconds` later, but within the first half of the time to the next one: a tick
    /// that is delayed must not swallow another.
    DueTime at(TimePoint due) const;

private:
    std::string schedule_id_;
    std::optional<Cron> cron_;  // nullopt: the interval
    std::chrono::seconds interval_{0};
    std::chrono::seconds jitter_{0};
};

}  // namespace meter::run
