#include "run/automation_runner.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

namespace meter::run {
namespace {

constexpr std::int64_t most_losses = 5;  // of workers, without that a node completes in between
constexpr std::int64_t execution_drop_batch = 100;
constexpr std::chrono::hours execution_retention_sweep{1};

int most_of_account(const AutomationOptions& options, int workers) {
    return options.per_account > 0 || workers == 0 ? options.per_account : std::max(workers / 2, 1);
}

}  // namespace

AutomationRunner::AutomationRunner(AutomationRunnerParts parts, int workers, const AutomationOptions& options)
    : parts_(std::move(parts)),
      options_(options),
      per_account_(most_of_account(options, workers)),
      pool_({parts_.clock, parts_.logger, [this] { return claim(); }, [this](TimePoint now) { drop_old(now); }},
            workers, options.lease) {
    parts_.due->listen([this] { pool_.notify(); });
}

AutomationRunner::~AutomationRunner() {
    stop();
}

void AutomationRunner::stop() {
    parts_.due->listen({});
    pool_.stop();
}

void AutomationRunner::add_to(EngineMetrics& metrics) const noexcept {
    metrics.executions_completed = completed_;
    metrics.executions_failed = failed_;
    metrics.executions_stopped = stopped_;
}

Result<std::optional<ClaimedWork>> AutomationRunner::claim() {
    auto claimed = claim_in_turn();
    if (!claimed) return claimed.error();
    if (!*claimed) return std::optional<ClaimedWork>{};
    const auto execution = std::make_shared<const ClaimedExecution>(**std::move(claimed));
    ClaimedWork work;
    work.id = execution->execution.execution_id;
    work.renew = [this, ref = execution->ref()](TimePoint now) {
        return parts_.store->executions().heartbeat(ref, now, options_.lease);
    };
    work.perform = [this, execution](std::stop_token stop) { perform(*execution, stop); };
    return std::optional(std::move(work));
}

Result<std::optional<ClaimedExecution>> AutomationRunner::claim_in_turn() {
    ExecutionClaim claim{.lease = options_.lease, .max_losses = most_losses};
    {
        std::unique_lock lock(claim_mutex_);
        claim_ended_.wait(lock, [&] { return !claiming_; });
        claiming_ = true;
        claim.after_account = last_account_;
        for (const auto& [account, running] : busy_)
            if (per_account_ > 0 && running >= per_account_) claim.full_accounts.push_back(account);
    }
    claim.now = parts_.clock->now();
    auto claimed = [&]() -> Result<std::optional<ClaimedExecution>> {
        try {
            return parts_.store->executions().claim_next(claim);
        } catch (const std::exception& e) {  // a store of the user's, or no memory
            return Error{ErrorCode::store, e.what()};
        }
    }();
    {
        const std::lock_guard lock(claim_mutex_);
        claiming_ = false;
        if (claimed && *claimed) {
            last_account_ = (*claimed)->execution.account_id;
            ++busy_[last_account_];
        }
    }
    claim_ended_.notify_one();
    return claimed;
}

void AutomationRunner::drop_old(TimePoint now) {
    if (now < next_drop_) return;
    const auto dropped = parts_.store->executions().drop_ended_before(now - options_.retention, execution_drop_batch);
    if (!dropped)
        parts_.logger->log(LogLevel::warning, "old executions not removed", {{"reason", dropped.error().message}});
    if (!dropped || *dropped < execution_drop_batch) next_drop_ = now + execution_retention_sweep;
}

void AutomationRunner::perform(const ClaimedExecution& claimed, std::stop_token stop) {
    const auto left = [&]() -> Result<std::optional<ExecutionStatus>> {
        try {
            return AutomationExecution(parts_, claimed, options_, stop).perform();
        } catch (const std::exception& e) {  // a store of the user's, or no memory
            return Error{ErrorCode::store, e.what()};
        }
    }();
    bool was_full = false;
    {
        const std::lock_guard lock(claim_mutex_);
        const auto busy = busy_.find(claimed.execution.account_id);
        was_full = per_account_ > 0 && busy->second >= per_account_;
        if (--busy->second == 0) busy_.erase(busy);
    }
    if (was_full) pool_.notify();  // who had to leave the account's executions alone
    if (!left) {
        parts_.logger->log(LogLevel::error, "execution interrupted",
                           {{"execution_id", claimed.execution.execution_id}, {"reason", left.error().message}});
        return;
    }
    if (*left) ++(**left == ExecutionStatus::completed ? completed_ : failed_);
}

}  // namespace meter::run
