// Executes automations: claims executions, keeps their leases alive, runs their nodes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "meter/engine.hpp"
#include "run/automation_execution.hpp"
#include "run/claim_pool.hpp"

namespace meter::run {

/// Accounts have their turn, and none has more than its part of the workers. Memory holds no truth: what is lost with
/// the process goes on, where it was, when its lease runs out; nodes that completed are not run again. Threads: every
/// member from any thread.
class AutomationRunner {
public:
    AutomationRunner(AutomationRunnerParts parts, int workers, const AutomationOptions& options);
    ~AutomationRunner();  ///< stop()
    AutomationRunner(const AutomationRunner&) = delete;
    AutomationRunner& operator=(const AutomationRunner&) = delete;

    /// Executes what is due on this thread until nothing is left; how many claims that were.
    Result<std::size_t> run_pending(std::stop_token stop) { return pool_.run_pending(stop); }
    /// Stops the work on one execution in this process. What is stored stays as it is.
    void cancel(std::string_view execution_id) { pool_.cancel(execution_id); }
    /// Gives claimed executions back. Idempotent.
    void stop();

    /// One was stopped by a caller.
    void count_stopped() noexcept { ++stopped_; }
    /// Fills in what is counted since the start.
    void add_to(EngineMetrics& metrics) const noexcept;

private:
    Result<std::optional<ClaimedWork>> claim();
    /// Claims for the account in turn, and counts it as busy. One after the other: what is counted holds for the next.
    Result<std::optional<ClaimedExecution>> claim_in_turn();
    void perform(const ClaimedExecution& claimed, std::stop_token stop);
    /// Removes some of the executions that ended long ago.
    void drop_old(TimePoint now);

    const AutomationRunnerParts parts_;
    const AutomationOptions options_;
    const int per_account_;  ///< executions of one account that run at a time here; 0: no bound
    std::atomic<std::uint64_t> completed_{0}, failed_{0}, stopped_{0};
    TimePoint next_drop_{};  ///< used by the pool's housekeeping thread only

    std::mutex claim_mutex_;
    std::condition_variable claim_ended_;
    bool claiming_ = false;            // guarded by claim_mutex_
    std::string last_account_;         // guarded by claim_mutex_: the one that had its turn last
    std::map<std::string, int> busy_;  // guarded by claim_mutex_: executions that run here, by account
    ClaimPool pool_;                   // last: its threads use the rest
};

}  // namespace meter::run
