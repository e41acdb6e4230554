#include "run/automation_runner.hpp"

#include <exception>
#include <memory>
#include <utility>

namespace meter::run {
namespace {

constexpr std::int64_t most_losses = 5;  // of workers, without that a node completes in between

}  // namespace

AutomationRunner::AutomationRunner(AutomationRunnerParts parts, int workers, const AutomationOptions& options)
    : parts_(std::move(parts)),
      options_(options),
      pool_({parts_.clock, parts_.logger, [this] { return claim(); }}, workers, options.lease) {
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
    auto claimed = parts_.store->executions().claim_next(parts_.clock->now(), options_.lease, most_losses);
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

void AutomationRunner::perform(const ClaimedExecution& claimed, std::stop_token stop) {
    const auto left = [&]() -> Result<std::optional<ExecutionStatus>> {
        try {
            return AutomationExecution(parts_, claimed, options_.parallel_nodes, stop).perform();
        } catch (const std::exception& e) {  // a store of the user's, or no memory
            return Error{ErrorCode::store, e.what()};
        }
    }();
    if (!left) {
        parts_.logger->log(LogLevel::error, "execution interrupted",
                           {{"execution_id", claimed.execution.execution_id}, {"reason", left.error().message}});
        return;
    }
    if (*left) ++(**left == ExecutionStatus::completed ? completed_ : failed_);
}

}  // namespace meter::run
