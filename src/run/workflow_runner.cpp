#include "run/workflow_runner.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include "run/runner.hpp"
#include "run/workflow_step.hpp"

namespace meter::run {
namespace {

constexpr std::chrono::seconds step_pause{1};  // what could not go on is tried again after it

}  // namespace

WorkflowRunner::WorkflowRunner(WorkflowRunnerParts parts, Runner& runner, int workers, const WorkflowOptions& options,
                               std::int64_t max_pending)
    : parts_(std::move(parts)),
      runner_(runner),
      options_(options),
      max_pending_(max_pending),
      pool_({parts_.clock, parts_.logger, [this] { return claim(); }}, workers, options.lease) {
    parts_.due->listen([this] { pool_.notify(); });
}

WorkflowRunner::~WorkflowRunner() {
    stop();
}

void WorkflowRunner::stop() {
    parts_.due->listen({});
    pool_.stop();
}

void WorkflowRunner::count_end(RunStatus status) noexcept {
    switch (status) {
        case RunStatus::completed:
            ++completed_;
            break;
        case RunStatus::partial:
            ++partial_;
            break;
        case RunStatus::failed:
            ++failed_;
            break;
        case RunStatus::cancelled:
            ++cancelled_;
            break;
        case RunStatus::pending:
        case RunStatus::running:
            break;
    }
}

void WorkflowRunner::add_to(EngineMetrics& metrics) const noexcept {
    metrics.workflow_runs_completed = completed_;
    metrics.workflow_runs_partial = partial_;
    metrics.workflow_runs_failed = failed_;
    metrics.workflow_runs_cancelled = cancelled_;
    metrics.workflow_node_transitions = node_transitions_;
}

Result<std::optional<ClaimedWork>> WorkflowRunner::claim() {
    auto claimed = parts_.store->workflows().claim_next(parts_.clock->now(), options_.lease);
    if (!claimed) return claimed.error();
    if (!*claimed) return std::optional<ClaimedWork>{};
    const auto run = std::make_shared<const ClaimedWorkflowRun>(**std::move(claimed));
    ClaimedWork work;
    work.id = run->run.run_id;
    work.renew = [this, ref = run->ref()](TimePoint now) {
        return parts_.store->workflows().heartbeat(ref, now, options_.lease);
    };
    work.perform = [this, run](std::stop_token stop) { make_step(*run, stop); };
    return std::optional(std::move(work));
}

void WorkflowRunner::make_step(const ClaimedWorkflowRun& claimed, std::stop_token stop) {
    const WorkflowRunRef ref = claimed.ref();
    WorkflowStep step({.store = *parts_.store,
                       .clock = *parts_.clock,
                       .options = options_,
                       .jobs_added = [this](std::size_t count) { runner_.notify(count); },
                       .queue_is_full = [this] { return runner_.pending_estimate() >= max_pending_; },
                       .jobs_failed = [this](std::string_view run_id) { runner_.cancel_run(run_id); },
                       .nodes_moved = [this](std::size_t count) { node_transitions_ += count; },
                       .run_ended = [this](RunStatus status) { count_end(status); }},
                      claimed, stop);
    const auto left = [&]() -> Result<StepEnd> {
        try {
            return step.make();
        } catch (const std::exception& e) {  // a store of the user's, or no memory
            return Error{ErrorCode::store, e.what()};
        }
    }();
    if (!left)
        parts_.logger->log(LogLevel::error, "workflow step failed",
                           {{"run_id", ref.run_id}, {"reason", left.error().message}});
    const StepEnd end = left ? *left : StepEnd::later;
    if (end == StepEnd::delivered) parts_.deliveries_added();
    if (end == StepEnd::finished || end == StepEnd::delivered) runner_.announce(ref.run_id);
    if (end != StepEnd::waits && end != StepEnd::later) return;
    const TimePoint now = parts_.clock->now();
    std::optional<TimePoint> again;
    if (end == StepEnd::later) again = stop.stop_requested() ? now : now + step_pause;
    if (const auto released = parts_.store->workflows().release(ref, now, again); !released)
        parts_.logger->log(LogLevel::warning, "workflow run not released",
                           {{"run_id", ref.run_id}, {"reason", released.error().message}});
}

}  // namespace meter::run
