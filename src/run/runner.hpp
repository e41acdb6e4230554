// Runs jobs: claims them, scrapes, judges, stores; keeps leases alive and sweeps those of the dead.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/signal.hpp"
#include "meter/clock.hpp"
#include "meter/engine.hpp"
#include "meter/fetcher.hpp"
#include "meter/logger.hpp"
#include "meter/store.hpp"
#include "run/compiled.hpp"

namespace meter::run {

/// The seams a runner works on. All set.
struct RunnerParts {
    std::shared_ptr<Store> store;
    std::shared_ptr<Fetcher> fetcher;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Logger> logger;
    std::function<void()> deliveries_added = {};  ///< called after a job put something into the outbox
    std::function<void()> run_job_ended = {};     ///< called after the last running job of a workflow node has ended
};

/// A fixed pool of workers and one housekeeping thread. Memory holds no truth: every job is a row, and what is lost
/// with the process comes back when its lease runs out.
/// Threads: every member from any thread.
class Runner {
public:
    Runner(RunnerParts parts, const JobOptions& options, std::chrono::milliseconds snapshot_retention);
    ~Runner();  ///< stop() without grace

    /// Tells the workers that `count` jobs were queued.
    void notify(std::size_t count);
    /// Runs pending jobs on this thread until none is left; how many.
    Result<std::size_t> run_pending(std::stop_token stop);

    /// Stops the work on one job, or on all jobs of a strategy or a workflow run, in this process. What they wrote
    /// stays as it is.
    void cancel_job(std::string_view job_id);
    void cancel_strategy(std::string_view strategy_id);
    void cancel_run(std::string_view run_id);

    /// What this id names has ended: wait() asks again.
    void announce(std::string_view id);
    /// Waits until `ended()` says true; it is asked again whenever a job of this id ends, at announce(), and now and
    /// then. False past the deadline. Errors: those of `ended`; cancelled; unavailable when the runner has stopped
    /// before that.
    Result<bool> wait(std::string_view job_id, TimePoint deadline, std::stop_token stop,
                      const std::function<Result<bool>()>& ended);

    /// See Engine::stop().
    void stop(std::chrono::milliseconds grace);
    bool stopping() const noexcept { return stopping_.load(); }

    /// Pending jobs as last counted, plus those queued since.
    std::int64_t pending_estimate() const noexcept { return pending_estimate_.load(); }
    EngineMetrics metrics() const;

    CompiledCache& compiled() noexcept { return compiled_; }

private:
    struct Running {
        ClaimRef claim;
        std::string strategy_id;
        std::optional<std::string> workflow_run_id;
        std::optional<std::string> workflow_node_id;
        std::stop_source stop{std::nostopstate};
    };
    struct Waiter {
        std::condition_variable_any wake;
        bool woken = false;
    };
    enum class Ran { one, none, failed };
    using Claim = Result<std::optional<ClaimedJob>>;
    struct Asker {
        Claim outcome{std::nullopt};
        bool leads = false;  ///< has to claim for all
        core::Signal turn = {};
    };

    void work(std::stop_token stop);
    void keep_house(std::stop_token stop);
    /// `freed` is kept between calls: the host whose last place this thread gave up with its job before.
    Ran run_one(std::stop_token stop, std::string& freed);
    /// The next job for this thread; nullopt when none may run. Threads that ask at the same time share one call of the
    /// store, which is what makes the bound for each host exact.
    Claim next_job();
    void claim_for_all(std::unique_lock<std::mutex> lock);
    bool job_left(const std::string& host);  ///< had as many jobs as may run?
    void wake_one_worker();
    void run_claimed(const ClaimedJob& claimed, std::stop_token stop);
    /// `stop` ends this job, `own_stop` the thread that runs it.
    void perform(const ClaimedJob& claimed, std::stop_token stop, std::stop_token own_stop);
    void end_with_error(const ClaimedJob& claimed, const Error& error, Outcome outcome);
    /// Repeats a store call while its error is worth it; the lease is kept alive meanwhile.
    Result<bool> persist(std::stop_token stop, const std::function<Result<bool>()>& call);
    void renew_leases(TimePoint now);
    void sweep(TimePoint now);
    /// One step of removing what ended long ago; when to take the next.
    TimePoint drop_old_jobs(TimePoint now);
    bool is_last_of_node(const Job& job) const;  ///< with mutex_ held
    void cancel_where(const std::function<bool(const Running&)>& matches);
    Result<std::shared_ptr<const Strategy>> strategy_of(const ClaimedJob& claimed);
    void wake_all_waiters();

    const RunnerParts parts_;
    const JobOptions options_;
    const std::chrono::milliseconds snapshot_retention_;
    const std::string worker_id_;
    CompiledCache compiled_;

    std::atomic<bool> stopping_{false};    // no new work
    std::atomic<bool> grace_over_{false};  // running jobs go back to the queue; nobody need wait for them
    std::atomic<std::int64_t> pending_estimate_{0};
    std::atomic<std::uint64_t> completed_{0}, failed_{0}, unchanged_{0}, items_{0}, bytes_{0};

    std::mutex stop_mutex_;  // makes stop() idempotent; held while it works
    bool stopped_ = false;   // guarded by stop_mutex_

    mutable std::mutex mutex_;
    std::condition_variable_any ready_changed_;
    std::condition_variable_any running_changed_;
    std::size_t ready_ = 0;                                  // guarded by mutex_: claims worth trying
    std::unordered_map<std::string, Running> running_;       // guarded by mutex_, by job id
    std::unordered_multimap<std::string, Waiter*> waiters_;  // guarded by mutex_, by job id

    std::mutex claim_mutex_;      // guards the rest of this group
    std::vector<Asker*> askers_;  // whom the next round claims for; each waits for it on its own stack
    bool round_goes_on_ = false;  // or is about to begin: another thread claims
    HostLoad hosts_;

    std::optional<EndedPlace> dropped_up_to_;  // of the housekeeper alone

    std::vector<std::jthread> workers_;
    std::jthread housekeeper_;
};

}  // namespace meter::run
