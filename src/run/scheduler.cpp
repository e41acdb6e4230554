#include "run/scheduler.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "core/id.hpp"
#include "meter/json.hpp"
#include "run/runner.hpp"
#include "run/tick_jobs.hpp"
#include "run/timing.hpp"

namespace meter::run {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t batch_schedules = 500;     // looked at in one read, ticked in one transaction
constexpr milliseconds look_interval{1'000};      // schedules that other processes made
constexpr milliseconds clock_tolerance{1'000};    // a clock that goes back less is only being adjusted
constexpr std::size_t rewind_candidates = 1'000;  // due times looked at when the clock went back
constexpr std::chrono::hours unreadable_pause{1};

WorkflowRun tick_run(const Schedule& schedule, TimePoint now) {
    WorkflowRun run;
    run.run_id = core::new_uuid(now);
    run.workflow_id = *schedule.workflow_id;
    run.account_id = schedule.account_id;
    run.schedule_id = schedule.schedule_id;
    run.trigger = RunTrigger::schedule;
    run.created_at = now;
    return run;
}

Execution tick_execution(const Schedule& schedule, TimePoint due_at, TimePoint now) {
    Execution execution;
    execution.execution_id = core::new_prefixed_id("exec", now);
    execution.automation_id = *schedule.automation_id;
    execution.trigger = ExecutionTrigger::schedule;
    execution.schedule_id = schedule.schedule_id;
    execution.trigger_inputs = to_json(Value(Object{{"scheduledAt", format_time(due_at)}}));
    execution.created_at = execution.updated_at = now;
    return execution;
}

}  // namespace

Scheduler::Scheduler(SchedulerParts parts, Runner& runner, std::int64_t max_pending)
    : parts_(std::move(parts)), runner_(runner), max_pending_(max_pending) {}

Scheduler::~Scheduler() {
    stop();
}

void Scheduler::start() {
    thread_ = std::jthread([this](std::stop_token stop) { loop(stop); });
}

void Scheduler::stop() {
    const std::lock_guard once(stop_mutex_);
    thread_.request_stop();
    wake();
    if (thread_.joinable()) thread_.join();
}

void Scheduler::wake() {
    std::stop_source nap;
    {
        const std::lock_guard lock(nap_mutex_);
        nap = nap_;
    }
    nap.request_stop();
}

void Scheduler::nap_until(TimePoint when, std::stop_token stop) {
    std::stop_token nap;
    {
        const std::lock_guard lock(nap_mutex_);
        nap = nap_.get_token();
    }
    const std::stop_callback forward(stop, [this] { wake(); });
    parts_.clock->sleep_until(when, nap);
}

void Scheduler::loop(std::stop_token stop) {
    while (!stop.stop_requested()) {
        {
            // From here on a wake() ends the nap below, also one that comes while this round still looks.
            const std::lock_guard lock(nap_mutex_);
            nap_ = std::stop_source();
        }
        TimePoint when = parts_.clock->now() + look_interval;
        try {
            const auto made = run_due(stop);
            if (!made) {
                parts_.logger->log(LogLevel::error, "ticks not made", {{"reason", made.error().message}});
            } else if (const auto next = parts_.store->schedules().next_tick_at(); next && *next) {
                // What is due but was not made (a full queue) is looked at again after the interval.
                if (**next > parts_.clock->now()) when = std::min(when, **next);
            }
        } catch (const std::exception& e) {  // a store of the user's, or no memory
            parts_.logger->log(LogLevel::error, "ticks threw", {{"reason", e.what()}});
        }
        nap_until(when, stop);
    }
}

Result<std::size_t> Scheduler::run_due(std::stop_token stop) {
    const std::lock_guard lock(round_mutex_);
    std::size_t made = 0;
    while (!stop.stop_requested() && !runner_.stopping()) {
        const TimePoint now = parts_.clock->now();
        // Also at the first look: the clock may have gone back while nothing ran.
        if (!newest_now_ || now < *newest_now_ - clock_tolerance) rewind(now);
        newest_now_ = now;
        const auto round = run_batch(now, made);
        if (!round) return round.error();
        if (*round != Round::progress) break;
    }
    return made;
}

void Scheduler::rewind(TimePoint now) {
    const auto ahead = parts_.store->schedules().ticked_after(now + clock_tolerance);
    if (!ahead) {
        parts_.logger->log(LogLevel::error, "clock went back, schedules not read", {{"reason", ahead.error().message}});
        return;
    }
    for (const Schedule& schedule : *ahead) {
        const auto timing = Timing::of(schedule);
        if (!timing || !schedule.next_run_at) continue;
        const auto candidates = timing->between(now, *schedule.next_run_at, rewind_candidates);
        if (candidates.empty()) continue;
        if (const auto moved = parts_.store->schedules().rewind(schedule, candidates); !moved)
            parts_.logger->log(LogLevel::error, "schedule not rewound",
                               {{"schedule_id", schedule.schedule_id}, {"reason", moved.error().message}});
    }
}

ScheduleTick Scheduler::make_tick(const Schedule& schedule, TimePoint now) const {
    ScheduleTick tick{.schedule_id = schedule.schedule_id,
                      .version = schedule.version,
                      .due_at = schedule.next_run_at.value_or(now),
                      .ticked_at = now};
    if (const auto timing = Timing::of(schedule)) {
        tick.next = timing->following(tick.due_at, now);
    } else {
        // It was readable when it was stored: a time zone has left the system, and may come back.
        parts_.logger->log(LogLevel::error, "timing not readable",
                           {{"schedule_id", schedule.schedule_id}, {"reason", timing.error().message}});
        tick.next = DueTime{now + unreadable_pause, now + unreadable_pause};
    }
    if (schedule.workflow_id) {
        tick.run = tick_run(schedule, now);
        tick.run_deadline = now + parts_.run_timeout;
    }
    if (schedule.automation_id) tick.execution = tick_execution(schedule, tick.due_at, now);
    if (schedule.rediscover) {
        tick.discovery_id = core::new_uuid(now);
    } else {
        std::vector<std::string> urls = schedule.urls.value_or(std::vector<std::string>{});
        if (schedule.url) urls.push_back(*schedule.url);
        TickJobs made = make_tick_jobs(schedule, urls, now);
        tick.jobs = std::move(made.jobs);
        tick.batch = std::move(made.batch);
    }
    return tick;
}

Result<Scheduler::Round> Scheduler::run_batch(TimePoint now, std::size_t& made) {
    const auto due = parts_.store->schedules().due(now, batch_schedules);
    if (!due) return due.error();
    std::vector<ScheduleTick> ticks;
    std::int64_t jobs = runner_.pending_estimate();
    bool full = false;
    for (const Schedule& schedule : *due) {
        full = jobs >= max_pending_;
        if (full) break;
        ticks.push_back(make_tick(schedule, now));
        jobs += static_cast<std::int64_t>(ticks.back().jobs.size());
    }
    if (full) parts_.logger->log(LogLevel::warning, "ticks wait, the job queue is full", {});
    if (ticks.empty()) return full ? Round::full : Round::nothing;

    const auto outcomes = parts_.store->schedules().tick(ticks);
    if (!outcomes) return outcomes.error();
    std::size_t queued = 0;
    bool moved = false;
    bool runs = false;
    bool discoveries = false;
    bool executions = false;
    for (std::size_t i = 0; i < ticks.size() && i < outcomes->size(); ++i) {
        moved = moved || (*outcomes)[i] != TickOutcome::stale;
        if ((*outcomes)[i] == TickOutcome::skipped)
            parts_.logger->log(LogLevel::info, "tick skipped", {{"schedule_id", ticks[i].schedule_id}});
        if ((*outcomes)[i] != TickOutcome::made) continue;
        ++made;
        queued += ticks[i].jobs.size();
        runs = runs || ticks[i].run.has_value();
        discoveries = discoveries || ticks[i].discovery_id;
        executions = executions || ticks[i].execution;
    }
    if (discoveries && parts_.discovery_queued) parts_.discovery_queued();
    if (executions && parts_.executions_added) parts_.executions_added();
    if (queued > 0) runner_.notify(queued);
    if (runs && parts_.runs_started) parts_.runs_started();
    return moved && !full ? Round::progress : Round::full;
}

}  // namespace meter::run
