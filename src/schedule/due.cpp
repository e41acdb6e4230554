// What follows a tick: interval grids, the misfire rule, jitter.
#include <algorithm>
#include <cassert>
#include <cstdint>

#include "core/hash.hpp"
#include "meter/cron.hpp"

namespace meter {
namespace {

using std::chrono::milliseconds;

// format_time() ends here; a grid that would go on stays at its last point.
constexpr TimePoint due_latest{std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} - std::chrono::seconds{1}};

TimePoint due_after(TimePoint from, std::int64_t steps, milliseconds interval) {
    const std::int64_t room = (due_latest - std::min(from, due_latest)).count();
    if (steps > room / interval.count()) return due_latest;
    return from + steps * interval;
}

}  // namespace

std::vector<TimePoint> next_runs(const Cron& cron, TimePoint after, std::size_t count) {
    std::vector<TimePoint> runs;
    while (runs.size() < count) {
        const auto next = cron.next_after(after);
        if (!next) break;
        runs.push_back(*next);
        after = *next;
    }
    return runs;
}

std::vector<TimePoint> next_runs(std::chrono::seconds interval, TimePoint first_due, std::size_t count) {
    assert(interval.count() > 0);
    std::vector<TimePoint> runs;
    for (TimePoint due = first_due; runs.size() < count; due = due_after(due, 1, interval)) runs.push_back(due);
    return runs;
}

TimePoint next_due(TimePoint due, std::chrono::seconds interval, TimePoint now) {
    assert(interval.count() > 0);
    const milliseconds step = interval;
    const std::int64_t passed = now > due ? (now - due) / step : 0;
    return due_after(due, passed + 1, step);
}

std::optional<TimePoint> next_due(const Cron& cron, TimePoint due, TimePoint now) {
    return cron.next_after(std::max(due, now));
}

milliseconds jitter(std::string_view schedule_id, TimePoint due, std::chrono::seconds most) {
    if (most.count() <= 0) return milliseconds{0};
    core::Sha256 hash;
    hash.update(schedule_id);
    hash.update("@" + std::to_string(due.time_since_epoch().count()));
    std::uint64_t number = 0;
    for (const char digit : hash.finish_hex().substr(0, 16))
        number = number << 4 | static_cast<std::uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    // The bias of the remainder is below one in 10^12 for the hour that jitter can be.
    return milliseconds{static_cast<std::int64_t>(number % (static_cast<std::uint64_t>(most.count()) * 1000 + 1))};
}

}  // namespace meter
