// One claim of an execution: runs the nodes that are ready, until all have ended or none can go on.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "meter/clock.hpp"
#include "meter/engine.hpp"
#include "meter/fetcher.hpp"
#include "meter/logger.hpp"
#include "meter/node.hpp"
#include "meter/notifier.hpp"
#include "meter/store.hpp"
#include "run/automation_items.hpp"
#include "run/automation_plan.hpp"
#include "run/bell.hpp"

namespace meter::run {

/// The seams that executions work on. All set but `notifier`.
struct AutomationRunnerParts {
    std::shared_ptr<Store> store;
    std::shared_ptr<Fetcher> fetcher;
    std::shared_ptr<Notifier> notifier;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Logger> logger;
    std::shared_ptr<const NodeRegistry> nodes;
    std::shared_ptr<const Connections> connections;
    std::shared_ptr<Bell> due;                                 ///< rung when an execution was stored
    std::function<void(std::string_view execution_id)> ended;  ///< called after an execution ended here
};

/// Threads: one, beside those it starts for the nodes.
class AutomationExecution {
public:
    AutomationExecution(const AutomationRunnerParts& parts, const ClaimedExecution& claimed,
                        const AutomationOptions& options, std::stop_token stop);

    /// How the execution ended; nullopt when it goes on later (given back), or is no longer held. Errors: store.
    Result<std::optional<ExecutionStatus>> perform();

private:
    using End = std::optional<ExecutionStatus>;

    Result<End> walk(AutomationPlan plan);
    /// Tells those who wait when a retry is due, and everybody when the time is up.
    void watch(std::stop_token done);
    void end_nap();
    /// Runs nodes on this thread until there is nothing to wait for.
    void work();
    /// Held: mutex_.
    std::optional<std::size_t> next_ready(TimePoint now) const;
    void run_node(std::size_t node);
    Result<void> try_node(std::size_t node);
    void end_try(std::size_t node, const Result<void>& outcome, NodeEnd end);
    /// See NodeContext::runs_again.
    bool runs_again();
    void halt();
    Result<End> conclude();
    Result<End> finish(ExecutionStatus status, const std::optional<std::string>& error);
    Result<End> give_back(TimePoint again_at);
    std::string timeout_text() const;

    const AutomationRunnerParts& parts_;
    const ClaimedExecution& claimed_;
    const std::size_t parallel_;
    const std::stop_token stop_;
    const json::ExecutionSettings settings_;
    std::stop_source halted_;  // no more nodes; those that run end soon
    StoreTrouble trouble_;
    SpillBudget budget_;
    std::optional<AutomationPlan> plan_;       // not changed while nodes run
    std::optional<ExecutionRedactor> redact_;  // the same

    std::mutex mutex_;  // guards the rest
    std::condition_variable changed_;
    std::vector<ExecutionNode> nodes_;
    std::size_t running_ = 0;
    std::optional<std::string> failure_;
    bool timed_out_ = false;
    std::stop_source nap_;  // of watch()
};

}  // namespace meter::run
