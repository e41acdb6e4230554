// What an engine is made of.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "meter/engine.hpp"
#include "meter/node.hpp"
#include "meter/schema.hpp"
#include "run/automation_runner.hpp"
#include "run/compiled.hpp"
#include "run/discoverer.hpp"
#include "run/outbox.hpp"
#include "run/regenerator.hpp"
#include "run/runner.hpp"
#include "run/scheduler.hpp"
#include "run/workflow_runner.hpp"

namespace meter {

/// Creations count against the quota for this long.
constexpr std::chrono::hours quota_window{24 * 30};

/// A strategy that was made and is to be stored.
struct NewStrategy {
    const Strategy& strategy;
    const AuditEvent& created;
    const std::optional<PageSnapshot>& snapshot;
    std::string_view reservation;
};

/// Is the page of a new strategy looked at? Unseen needs a ready plan.
enum class PageUse { fetched, unseen };

struct METER_LOCAL Engine::Impl {
    EngineOptions options;                // every seam set
    std::shared_ptr<NodeRegistry> nodes;  // not changed any more once something runs
    std::unique_ptr<run::Outbox> outbox;
    std::unique_ptr<run::Runner> runner;          // after the outbox, which it wakes
    std::unique_ptr<run::Discoverer> discoverer;  // after the runner, which it wakes
    std::unique_ptr<run::Scheduler> scheduler;    // after all that it wakes
    std::unique_ptr<run::Regenerator> regenerator;
    std::shared_ptr<run::Bell> run_due = std::make_shared<run::Bell>();        // what wakes `workflow_runner`
    std::unique_ptr<run::WorkflowRunner> workflow_runner;                      // after the runner, which it uses
    std::shared_ptr<run::Bell> execution_due = std::make_shared<run::Bell>();  // what wakes `automation_runner`
    std::unique_ptr<run::AutomationRunner> automation_runner;                  // after all that its nodes use
    std::unique_ptr<Automations> automations;
    std::unique_ptr<Executions> executions;

    TimePoint now() const { return options.clock->now(); }
    StrategyGroupStore& strategy_groups() const { return options.store->strategy_groups(); }
    StrategyStore& strategies() const { return options.store->strategies(); }
    JobStore& jobs() const { return options.store->jobs(); }
    WorkflowStore& workflows() const { return options.store->workflows(); }
    DiscoveryStore& discoveries() const { return options.store->discoveries(); }
    ScheduleStore& schedules() const { return options.store->schedules(); }

    Result<Strategy> require_strategy(std::string_view strategy_id, const Caller& caller) const;
    Result<StrategyGroup> require_strategy_group(std::string_view group_id, const Caller& caller) const;
    /// Schedules of strategies, or those of one workflow: what is of another kind is not found.
    Result<Schedule> require_schedule(std::string_view schedule_id, const Caller& caller,
                                      const std::optional<std::string>& workflow_id = {}) const;
    Result<UpdatedSchedule> patch_schedule(std::string_view schedule_id, const SchedulePatch& patch,
                                           const Caller& caller, const std::optional<std::string>& workflow_id = {});
    Result<void> remove_schedule(std::string_view schedule_id, const Caller& caller,
                                 const std::optional<std::string>& workflow_id = {});
    Result<Workflow> require_workflow(std::string_view workflow_id, const Caller& caller) const;
    /// Engine::run_workflow() and Engine::cancel_workflow_run(). An empty `run_id`: a new one.
    Result<WorkflowRun> start_run(std::string_view workflow_id, bool force, const Caller& caller,
                                  std::string_view run_id = {});
    Result<WorkflowRun> cancel_run(std::string_view workflow_id, std::string_view run_id, const Caller& caller);
    /// not_found: of the workflow when that is not there either.
    Error missing_run(const std::string& workflow_id, const std::string& run_id, const Caller& caller) const;
    /// Runs pending jobs and moves workflow runs on, on this thread, until nothing is left; how many jobs.
    Result<std::size_t> run_jobs(std::stop_token stop);
    /// Adds the node types that need an engine to `nodes`. After `workflow_runner`, before anything runs nodes.
    Result<void> add_own_nodes();
    /// Applies `change` to a workflow as it is stored; again when another change came first.
    Result<Workflow> change_workflow(std::string_view workflow_id, const Caller& caller,
                                     const std::function<Result<void>(Workflow&)>& change);
    Result<StrategyQuota> quota(const Caller& caller) const;
    /// Engine::create_strategy(); `store` keeps what was made.
    Result<Strategy> make_strategy(const StrategyRequest& request, PageUse page, const Caller& caller,
                                   std::stop_token stop, const std::function<Result<void>(const NewStrategy&)>& store);
    Result<Watch> keep_watch(const WatchRequest& request, PageUse page, bool enabled, const Caller& caller,
                             std::stop_token stop);
    Error stopping_error() const { return {ErrorCode::unavailable, "The engine is stopping", {}, true}; }
};

/// Ids reach the store in lower case; what is no UUID is simply not there.
Result<std::string> object_id(std::string_view text, std::string_view thing);

/// "<Thing> not found".
Error not_found(std::string_view thing, std::string_view id);

/// A group that keeps changing while it is to be changed.
Error busy_group(std::string_view group_id);

/// invalid_argument about one member of a request.
Error bad_request(std::string message, std::string subject);

/// The `preview_data` of a strategy: its first ten items.
std::string preview_of(const run::CompiledStrategy& compiled, std::vector<Value> items);

/// See run::Regenerate. A plan that the caller gave is run again, any other made anew; the scraper type stays. Errors:
/// as Engine::create_strategy().
Result<StrategyUpdate> regenerate_strategy(const EngineOptions& options, const Strategy& current,
                                           std::string_view output_schema, std::optional<PageSnapshot> kept,
                                           std::stop_token stop);

/// The built-in notifier of these options. Errors: those of make_fetcher() and make_mail_sender().
Result<std::shared_ptr<Notifier>> make_notifier(const EngineOptions& options);

/// See run::TargetLookup.
Result<std::optional<WebhookTarget>> target_of_schedule(Store& store, std::string_view account_id,
                                                        std::string_view schedule_id);

/// Can this engine send e-mail?
bool can_send_mail(const EngineOptions& options) noexcept;

/// The stored form of a noise rule; a null is none.
std::optional<std::string> rule_text(const Value& rule);

/// The stored form of parameters: api strategies only, others ignore them (wire contract 8.6).
std::optional<std::string> stored_parameters(const Strategy& strategy, const std::optional<Value>& parameters);
/// Errors: invalid_argument when they are not name -> scalar or array of scalars.
Result<void> check_parameters(const std::optional<Value>& parameters);

/// The output schema of a strategy, if it has one.
Result<std::optional<OutputSchema>> schema_of(const Strategy& strategy);

/// Errors: invalid_argument naming `limit` or `offset`.
Result<void> validate(const ListRange& range, std::int64_t most);

}  // namespace meter
