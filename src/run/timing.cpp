#include "run/timing.hpp"

#include <algorithm>

namespace meter::run {
namespace {

using std::chrono::seconds;

constexpr std::string_view any_expression = "0 0 * * *";

}  // namespace

Result<Timing> Timing::of(const Schedule& schedule) {
    Timing timing;
    timing.schedule_id_ = schedule.schedule_id;
    timing.interval_ = seconds(schedule.interval_seconds.value_or(0));
    timing.jitter_ = seconds(schedule.jitter_seconds);
    if (schedule.cron_expression || schedule.timezone) {
        const std::string_view expression =
            schedule.cron_expression ? std::string_view(*schedule.cron_expression) : any_expression;
        auto cron = Cron::parse(expression, schedule.timezone ? std::string_view(*schedule.timezone) : "UTC");
        if (!cron) return cron.error();
        if (schedule.cron_expression) timing.cron_ = *std::move(cron);
    }
    return timing;
}

DueTime Timing::at(TimePoint due) const {
    if (jitter_.count() == 0) return {due, due};
    const auto next = cron_ ? next_due(*cron_, due, due) : std::optional(due + interval_);
    const auto most = next ? std::min(jitter_, std::chrono::floor<seconds>((*next - due) / 2)) : jitter_;
    return {due, due + jitter(schedule_id_, due, most)};
}

std::optional<DueTime> Timing::first(TimePoint now) const {
    if (!cron_) return at(now + interval_);
    const auto due = cron_->next_after(now);
    if (!due) return std::nullopt;
    return at(*due);
}

std::optional<DueTime> Timing::following(TimePoint due, TimePoint now) const {
    const auto next = cron_ ? next_due(*cron_, due, now) : std::optional(next_due(due, interval_, now));
    if (!next) return std::nullopt;
    return at(*next);
}

std::vector<DueTime> Timing::between(TimePoint now, TimePoint next_run_at, std::size_t count) const {
    std::vector<DueTime> times;
    if (next_run_at <= now) return times;
    std::optional<TimePoint> due;
    if (cron_) {
        due = cron_->next_after(now);
    } else {
        const auto steps = (next_run_at - now - std::chrono::milliseconds(1)) / std::chrono::milliseconds(interval_);
        due = next_run_at - steps * interval_;
    }
    while (due && *due < next_run_at && times.size() < count) {
        times.push_back(at(*due));
        due = cron_ ? cron_->next_after(*due) : std::optional(*due + interval_);
    }
    return times;
}

std::vector<TimePoint> Timing::upcoming(TimePoint next_run_at, std::size_t count) const {
    if (!cron_) return next_runs(interval_, next_run_at, count);
    auto times = next_runs(*cron_, next_run_at, count - 1);
    times.insert(times.begin(), next_run_at);
    return times;
}

}  // namespace meter::run
