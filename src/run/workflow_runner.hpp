// Runs workflows: claims runs that want attention, keeps their leases alive, moves them on step by step.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "meter/clock.hpp"
#include "meter/engine.hpp"
#include "meter/logger.hpp"
#include "meter/store.hpp"
#include "run/bell.hpp"
#include "run/claim_pool.hpp"

namespace meter::run {

class Runner;

/// The seams a workflow runner works on. All set.
struct WorkflowRunnerParts {
    std::shared_ptr<Store> store;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Logger> logger;
    std::shared_ptr<Bell> due;               ///< rung when a run may want attention
    std::function<void()> deliveries_added;  ///< called after a run put something into the outbox
};

/// A few threads that plan; the jobs of a run go through the Runner like all others. Memory holds no truth: what is
/// lost with the process goes on, where it was, when its lease runs out. Threads: every member from any thread.
class WorkflowRunner {
public:
    /// `runner` outlives this. `max_pending`: planning waits while so many jobs do.
    WorkflowRunner(WorkflowRunnerParts parts, Runner& runner, int workers, const WorkflowOptions& options,
                   std::int64_t max_pending);
    ~WorkflowRunner();  ///< stop()
    WorkflowRunner(const WorkflowRunner&) = delete;
    WorkflowRunner& operator=(const WorkflowRunner&) = delete;

    /// Makes the steps that are due on this thread until none is left; how many.
    Result<std::size_t> run_pending(std::stop_token stop) { return pool_.run_pending(stop); }
    /// Gives claimed runs back. Idempotent.
    void stop();

    /// A run ended, here or by Engine::cancel_workflow_run().
    void count_end(RunStatus status) noexcept;
    /// Fills in what is counted since the start.
    void add_to(EngineMetrics& metrics) const noexcept;

private:
    Result<std::optional<ClaimedWork>> claim();
    void make_step(const ClaimedWorkflowRun& claimed, std::stop_token stop);

    const WorkflowRunnerParts parts_;
    Runner& runner_;
    const WorkflowOptions options_;
    const std::int64_t max_pending_;
    std::atomic<std::uint64_t> completed_{0}, partial_{0}, failed_{0}, cancelled_{0}, node_transitions_{0};
    ClaimPool pool_;
};

}  // namespace meter::run
