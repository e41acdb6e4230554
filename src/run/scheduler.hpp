// Turns due schedules into jobs. Holds no timer for each schedule: it asks the store what is due, in batches.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "meter/clock.hpp"
#include "meter/logger.hpp"
#include "meter/result.hpp"
#include "meter/store.hpp"

namespace meter::run {

class Runner;

struct SchedulerParts {
    std::shared_ptr<Store> store;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Logger> logger;
    std::function<void()> runs_started;        ///< called after ticks started runs of workflows
    std::function<void()> discovery_queued;    ///< a tick began with a discovery; may be empty
    std::function<void()> executions_added;    ///< ticks started executions of automations; may be empty
    std::chrono::seconds run_timeout{21'600};  ///< of those runs of workflows
};

/// Threads: every member from any thread.
class Scheduler {
public:
    /// `runner` outlives the scheduler. No tick is made while `max_pending` jobs wait.
    Scheduler(SchedulerParts parts, Runner& runner, std::int64_t max_pending);
    ~Scheduler();  ///< stop()
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    /// Starts the thread that makes ticks when they are due.
    void start();
    /// Makes the ticks that are due now, on this thread; how many made jobs.
    Result<std::size_t> run_due(std::stop_token stop = {});
    /// A due time has come nearer: look again.
    void wake();
    /// Makes no more ticks. Idempotent.
    void stop();

private:
    enum class Round { progress, nothing, full };

    void loop(std::stop_token stop);
    /// After the clock went back: due times that had no tick yet are due again.
    void rewind(TimePoint now);
    Result<Round> run_batch(TimePoint now, std::size_t& made);
    ScheduleTick make_tick(const Schedule& schedule, TimePoint now) const;
    void nap_until(TimePoint when, std::stop_token stop);

    const SchedulerParts parts_;
    Runner& runner_;
    const std::int64_t max_pending_;

    std::mutex round_mutex_;               // one round at a time
    std::optional<TimePoint> newest_now_;  // guarded by round_mutex_

    std::mutex stop_mutex_;  // one stop() at a time

    std::mutex nap_mutex_;
    std::stop_source nap_;  // guarded by nap_mutex_: ends the present or next nap

    std::jthread thread_;
};

}  // namespace meter::run
