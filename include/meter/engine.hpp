// The engine: strategies and jobs on top of a store, a fetcher and a clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "meter/automation.hpp"
#include "meter/automation_execution.hpp"
#include "meter/clock.hpp"
#include "meter/discovery.hpp"
#include "meter/export.hpp"
#include "meter/fetcher.hpp"
#include "meter/generator.hpp"
#include "meter/job.hpp"
#include "meter/logger.hpp"
#include "meter/notifier.hpp"
#include "meter/result.hpp"
#include "meter/schedule.hpp"
#include "meter/store.hpp"
#include "meter/strategy.hpp"
#include "meter/strategy_group.hpp"
#include "meter/webhook.hpp"
#include "meter/workflow.hpp"

namespace meter {

class Connections;
class NodeRegistry;

/// How jobs run.
struct JobOptions {
    /// Threads that run jobs. 0: none, the host calls Engine::run_pending(). [0, 1024]
    int workers = 64;
    /// Jobs of one host and port that run at a time, so that a slow one leaves workers to the others. 0: two more than
    /// FetchOptions::per_host with the built-in fetcher, no bound with another. [0, 1024]
    int per_host = 0;
    std::chrono::milliseconds lease{30'000};     ///< renewed every third of it; [100 ms, 1 h]
    std::chrono::milliseconds sweep{5'000};      ///< between looks for expired leases; [10 ms, 1 h]
    std::int64_t max_attempts = 2;               ///< claims before a job that keeps losing its worker fails; [1, 1000]
    std::int64_t max_pending = 1'000'000;        ///< more are refused as unavailable; [1, 1e9]
    std::chrono::seconds execute_timeout{3600};  ///< of Engine::execute(); [1 s, 24 h]
    /// How long ended jobs are kept; JobStore::drop_ended_before() says which stay longer. 0: until their strategy is
    /// deleted. [0, 10 years]
    std::chrono::hours retention{0};
    ExtractLimits extract = {};  ///< "Extraction failed: too many results" beyond them
};

/// The allowance of strategies per account and 30 days.
struct QuotaOptions {
    std::string tier = "enterprise";  ///< free, hobby, pro or enterprise
    std::int64_t limit = -1;          ///< -1: unlimited
};

/// How schedules run.
struct ScheduleOptions {
    std::chrono::seconds min_interval{60};  ///< shortest interval of a schedule or schedule trigger; [1 s, 24 h]
};

/// How discoveries are run.
struct DiscoveryOptions {
    /// Discoveries that run at a time. 0, or JobOptions::workers = 0: none, the host calls Engine::run_pending().
    /// [0, 64]
    int workers = 2;
    bool respect_robots = true;               ///< see make_robots_fetcher()
    std::chrono::milliseconds lease{30'000};  ///< renewed every third of it; [100 ms, 1 h]
    DiscoveryLimits limits = {};
};

/// How strategies of groups are made again for a schema.
struct StrategyGroupOptions {
    /// Strategies that are made at a time. 0, or JobOptions::workers = 0: none, the host calls Engine::run_pending().
    /// [0, 64]
    int workers = 1;
    std::chrono::milliseconds lease{30'000};  ///< renewed every third of it; [100 ms, 1 h]
};

/// How workflows are run.
struct WorkflowOptions {
    /// Threads that plan nodes; their jobs run with all others. 0, or JobOptions::workers = 0: none, the host calls
    /// Engine::run_pending(). [0, 64]
    int workers = 2;
    std::int64_t max_node_jobs = 10'000;       ///< more inputs of a node are cut; [1, 1e7]
    std::chrono::seconds run_timeout{21'600};  ///< [1 s, 30 days]
    std::chrono::milliseconds lease{30'000};   ///< of one step; renewed every third of it; [100 ms, 1 h]
};

/// How automations are executed.
struct AutomationOptions {
    /// Executions that run at a time. 0, or JobOptions::workers = 0: none, the host calls Engine::run_pending().
    /// [0, 256]
    int workers = 8;
    /// Those of one account, so that long ones leave workers to the others. 0: half of the workers, at least one; [0,
    /// 256].
    int per_account = 0;
    /// Nodes of one execution that run beside each other; [1, 64].
    int parallel_nodes = 4;
    std::int64_t max_pending = 10'000;  ///< executions that wait or run; more are refused as unavailable; [1, 1e6]
    std::chrono::milliseconds lease{30'000};  ///< renewed every third of it; [100 ms, 1 h]
    /// Bytes of the items that are kept between the nodes of one execution while it runs, as JSON; the node that hands
    /// out more fails. [1 MiB, 1 TiB]
    std::int64_t max_spilled_bytes = std::int64_t{4} << 30;
    std::chrono::hours retention{24 * 30};  ///< how long ended executions are kept; [1 h, 10 years]
};

/// The parts an engine is made of. A null seam means the built-in one.
struct EngineOptions {
    std::shared_ptr<Store> store = {};          ///< null: open_store("memory:")
    std::shared_ptr<Fetcher> fetcher = {};      ///< null: make_fetcher(fetch)
    std::shared_ptr<Clock> clock = {};          ///< null: system_clock()
    std::shared_ptr<Logger> logger = {};        ///< null: null_logger()
    std::shared_ptr<Generator> generator = {};  ///< null: make_generator(fetcher), and the model of `chat` beside it
    std::shared_ptr<Notifier> notifier = {};    ///< null: through `fetcher` (or one of its own), mail by webhooks.smtp
    /// Types of automation nodes; null: the built-in ones. The engine keeps a copy, to which it adds those that use it.
    std::shared_ptr<const NodeRegistry> nodes = {};
    std::shared_ptr<const Connections> connections = {};  ///< of automation nodes; null: none
    FetchOptions fetch = {};
    /// A language model to ask when strategies are made or refined, never by jobs; without a URL none. Through
    /// `fetcher` when that is given, else through one of its own with `chat`'s switch for private addresses.
    ChatOptions chat = {};
    JobOptions jobs = {};
    QuotaOptions quota = {};
    DiscoveryOptions discovery = {};
    StrategyGroupOptions strategy_groups = {};
    WorkflowOptions workflows = {};
    AutomationOptions automations = {};
    WebhookOptions webhooks = {};
    ScheduleOptions schedules = {};
    /// How long a strategy's page is kept for refining it; [0, 10 years].
    std::chrono::hours snapshot_retention{24 * 30};
    /// Limit of one strategy creation; the client gives up after 60 s. [1 s, 1 h]
    std::chrono::seconds generate_deadline{55};
};

/// Checks ranges. Errors: invalid_argument with the dotted field as `subject` ("jobs.workers").
METER_EXPORT Result<void> validate(const EngineOptions& options);

/// Counters since the engine was opened, and gauges of now.
struct EngineMetrics {
    std::uint64_t jobs_completed = 0;
    std::uint64_t jobs_failed = 0;
    std::uint64_t jobs_unchanged = 0;  ///< completed from the baseline: a 304, or the same page byte for byte
    std::uint64_t items_extracted = 0;
    std::uint64_t bytes_fetched = 0;
    std::int64_t jobs_pending = 0;
    std::int64_t jobs_running = 0;
    std::uint64_t delivery_attempts = 0;
    std::uint64_t deliveries_delivered = 0;
    std::uint64_t deliveries_failed = 0;  ///< given up
    std::int64_t deliveries_in_flight = 0;
    std::uint64_t discoveries_completed = 0;  ///< those of ticks included
    std::uint64_t discoveries_failed = 0;
    std::uint64_t regenerations_completed = 0;  ///< strategies made again for their group's schema
    std::uint64_t regenerations_failed = 0;
    std::uint64_t workflow_runs_completed = 0;
    std::uint64_t workflow_runs_partial = 0;
    std::uint64_t workflow_runs_failed = 0;
    std::uint64_t workflow_runs_cancelled = 0;
    std::int64_t workflow_runs_open = 0;  ///< pending or running, those of other processes on the same store included
    std::uint64_t workflow_node_transitions = 0;  ///< changes of a node's status in a run
    std::uint64_t executions_completed = 0;       ///< of automations
    std::uint64_t executions_failed = 0;
    std::uint64_t executions_stopped = 0;
    std::int64_t executions_open = 0;  ///< pending or running, those of other processes on the same store included
};

/// Strategies made, kept and run. Several engines may live in one process; they share nothing but what the options
/// hand them.
///   auto engine = Engine::open({}).value();
///   auto strategy = engine->create_strategy({.url = url, .name = "Shop", .strategy = plan}).value();
///   auto job = engine->execute({.strategy_id = strategy.strategy_id, .url = url}).value();
/// Threads: every member from any thread. The engine owns its workers and one housekeeping thread.
/// Errors of every call: store, unavailable while stopping; not_found for ids that are unknown or another account's
/// ("Strategy not found", "Job not found", "Batch not found").
class METER_EXPORT Engine {
public:
    /// Errors: those of validate(), open_store() and make_fetcher().
    static Result<std::unique_ptr<Engine>> open(EngineOptions options = {});

    /// stop() without grace.
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Fetches the page, makes a plan from it and the description (or takes the given one), runs it on the page and
    /// stores the strategy with a preview. Counts against the quota.
    /// Errors: invalid_argument, invalid_url, not_found (strategy_group_id), quota_exceeded; the fetch's own errors;
    /// unprocessable when nothing on the page fits ("No items could be extracted"; `subject` says what was looked for)
    /// or it is a captcha or a login; unsupported; unavailable when the generator's back end is away, or past the
    /// deadline.
    Result<Strategy> create_strategy(const StrategyRequest& request, const Caller& caller = {},
                                     std::stop_token stop = {});
    Result<Strategy> get_strategy(std::string_view strategy_id, const Caller& caller = {});
    Result<std::vector<Strategy>> list_strategies(ListRange range = {}, const Caller& caller = {});
    /// Changes the plan by feedback in words, on the page kept from making it (fetched again when that is gone). Two
    /// refinements at once are applied one after the other. Jobs that run keep the plan they began with.
    /// Errors: not_found; invalid_argument for empty feedback and content strategies; unprocessable "Feedback not
    /// understood: <words>" or when the new plan extracts nothing; those of the fetch. The plan stays then.
    Result<Strategy> refine_strategy(std::string_view strategy_id, std::string_view feedback, const Caller& caller = {},
                                     std::stop_token stop = {});
    /// A changed filter recomputes the preview from the snapshot while that is kept. Later jobs only.
    Result<Strategy> update_strategy(std::string_view strategy_id, const StrategyPatch& patch,
                                     const Caller& caller = {});
    /// Removes the strategy and its jobs; pending and running ones stop.
    Result<void> delete_strategy(std::string_view strategy_id, const Caller& caller = {});
    Result<std::vector<AuditEvent>> list_audit(const AuditQuery& query = {}, const Caller& caller = {});
    Result<StrategyQuota> quota(const Caller& caller = {});

    /// Queues one job; durable when it returns.
    Result<Job> submit(const JobRequest& request, const Caller& caller = {});
    /// Queues one job for each URL, all or none.
    Result<Batch> submit_batch(const BatchRequest& request, const Caller& caller = {});
    /// submit() and wait_for_job(). A failed job is a success of this call. Past JobOptions::execute_timeout the job
    /// fails "Job timed out after 3600 seconds". When `stop` is requested: cancelled, while the job goes on.
    Result<Job> execute(const JobRequest& request, const Caller& caller = {}, std::stop_token stop = {});
    /// Waits until the job has ended. Errors: timeout, cancelled; the job is not touched by either.
    Result<Job> wait_for_job(std::string_view job_id, std::chrono::milliseconds timeout, const Caller& caller = {},
                             std::stop_token stop = {});
    Result<Job> get_job(std::string_view job_id, const Caller& caller = {});
    Result<std::vector<Job>> list_jobs(const JobQuery& query = {}, const Caller& caller = {});
    /// Every job of the strategy, newest first.
    Result<std::vector<HistoryEntry>> history(std::string_view strategy_id, ListRange range = {.limit = 1000},
                                              const Caller& caller = {});
    Result<BatchProgress> batch_progress(std::string_view batch_id, const Caller& caller = {});

    /// How a completed job differs from another, the baseline. The same id twice is allowed, other strategies and URLs
    /// too. Errors: not_found; invalid_argument "Both jobs must be completed".
    Result<Comparison> compare_jobs(std::string_view job_id, std::string_view other_job_id, const Caller& caller = {});

    /// Stores a schedule; it ticks first one interval from now, or at the next match of its cron expression. The answer
    /// holds the webhook's secret, given or generated.
    /// Errors: invalid_argument ("Invalid cron expression: ..."), invalid_url, not_found (strategy), unprocessable
    /// "Email notifications are not configured".
    Result<Schedule> create_schedule(const ScheduleRequest& request, const Caller& caller = {});
    Result<Schedule> get_schedule(std::string_view schedule_id, const Caller& caller = {});
    Result<std::vector<Schedule>> list_schedules(const ScheduleQuery& query = {}, const Caller& caller = {});
    /// Running jobs end as they began. A changed interval, cron expression or time zone, and enabling again, count from
    /// now; whatever else changes leaves the next run where it is. Errors: as create_schedule().
    Result<UpdatedSchedule> update_schedule(std::string_view schedule_id, const SchedulePatch& patch,
                                            const Caller& caller = {});
    /// Its jobs stay. Running ones end, without being told to anybody.
    Result<void> delete_schedule(std::string_view schedule_id, const Caller& caller = {});
    /// Replaces the webhook's secret at once. Errors: invalid_argument "Schedule has no webhook URL".
    Result<Schedule> regenerate_webhook_secret(std::string_view schedule_id, const Caller& caller = {});
    /// create_strategy() and create_schedule() on the same URL, both or neither. What can be wrong with the schedule is
    /// found before anything is fetched.
    Result<Watch> create_watch(const WatchRequest& request, const Caller& caller = {}, std::stop_token stop = {});

    /// The same without looking at the page, for programs that bring watches from elsewhere: whether the plan fits is
    /// seen when the schedule runs first, and until then there is no preview. Errors: as create_watch();
    /// invalid_argument without a plan, which only content strategies do not need.
    Result<Watch> add_watch(const WatchRequest& request, bool enabled = true, const Caller& caller = {});

    /// Changed jobs of a schedule that were not seen, newest first: at most 1000, and about 64 MiB of results. Exactly
    /// the returned ones become seen, in one step. Errors: invalid_argument (filter).
    Result<ScheduleChanges> schedule_changes(std::string_view schedule_id, const ChangesQuery& query = {},
                                             const Caller& caller = {});
    /// Every changed job of a schedule, newest first. Errors: invalid_argument (range, filter).
    Result<Changelog> schedule_changelog(std::string_view schedule_id, const ChangelogQuery& query = {},
                                         const Caller& caller = {});

    /// Stores a discovery; it runs in the background. Errors: those of validate(DiscoveryRequest).
    Result<Discovery> start_discovery(const DiscoveryRequest& request, const Caller& caller = {});
    /// Errors of these: not_found "Discovery not found".
    Result<Discovery> get_discovery(std::string_view discovery_id, const Caller& caller = {});
    Result<std::vector<Discovery>> list_discoveries(const DiscoveryQuery& query = {}, const Caller& caller = {});
    /// What was found so far, in order. `range.limit` in [1, 10000].
    Result<DiscoveredUrls> discovered_urls(std::string_view discovery_id, ListRange range = {.limit = 100},
                                           const Caller& caller = {});
    /// Queues a job for each URL of a completed discovery. Errors: conflict "Discovery is not completed";
    /// invalid_argument "No URLs to scrape", or naming a URL that was not discovered; those of submit_batch().
    Result<Batch> execute_discovery(std::string_view discovery_id, const DiscoveryExecuteRequest& request,
                                    const Caller& caller = {});
    /// A schedule whose URLs are those of a completed discovery; with `rediscover` each tick runs the discovery again
    /// first, and does with the URLs of the tick before when that fails. Errors: as create_schedule(); conflict
    /// "Discovery is not completed"; invalid_argument "No URLs to scrape" when there are none and there will be none.
    Result<Schedule> schedule_discovery(std::string_view discovery_id, const DiscoveryScheduleRequest& request,
                                        const Caller& caller = {});
    /// Removes the discovery, stopping it when it runs, and the schedules made from it. Batches and jobs stay.
    Result<void> delete_discovery(std::string_view discovery_id, const Caller& caller = {});

    Result<StrategyGroup> create_strategy_group(const StrategyGroupRequest& request, const Caller& caller = {});
    /// Errors of these: not_found "Strategy group not found".
    Result<StrategyGroupDetail> get_strategy_group(std::string_view group_id, const Caller& caller = {});
    Result<std::vector<StrategyGroup>> list_strategy_groups(ListRange range = {.limit = 50}, const Caller& caller = {});
    Result<StrategyGroup> update_strategy_group(std::string_view group_id, const StrategyGroupPatch& patch,
                                                const Caller& caller = {});
    /// Its strategies and their schedules stay, ungrouped.
    Result<void> delete_strategy_group(std::string_view group_id, const Caller& caller = {});
    /// All or none; those of another group leave it, and lose the schedule they had from it. How many were no members.
    /// Errors: not_found "Strategy not found", the id as subject.
    Result<std::int64_t> add_to_strategy_group(std::string_view group_id, const std::vector<std::string>& strategy_ids,
                                               const Caller& caller = {});
    /// Removes the schedule it had from the group too. Errors: not_found "Strategy not found" when it is no member.
    Result<void> remove_from_strategy_group(std::string_view group_id, std::string_view strategy_id,
                                            const Caller& caller = {});
    /// Gives each member a schedule on its own URL, or changes the one it has from the group; all or none. The patch
    /// has timing and webhook members only. Webhook members that are absent stay as they are, the timing is replaced;
    /// all share one secret. Errors: as create_schedule().
    Result<GroupScheduleOutcome> apply_group_schedule(std::string_view group_id, const SchedulePatch& patch,
                                                      const Caller& caller = {});
    /// Schedules that callers made are left alone, here and below. How many there were.
    Result<std::int64_t> delete_group_schedules(std::string_view group_id, const Caller& caller = {});
    /// All in one step; how many the group has.
    Result<std::int64_t> toggle_group_schedules(std::string_view group_id, bool enabled, const Caller& caller = {});
    /// Keeps the schema and makes every member again for it, in the background: same id, same scraper type; what fails
    /// keeps its plan. Plans that callers gave are only run again. How many were queued; content strategies are not.
    /// Errors: invalid_argument (schema), conflict "Schema regeneration is already running".
    Result<std::int64_t> apply_group_schema(std::string_view group_id, const Value& output_schema,
                                            const Caller& caller = {});
    Result<RegenerationProgress> group_schema_progress(std::string_view group_id, const Caller& caller = {});
    /// test_webhook(); without a URL with what was last applied to the group. Errors: invalid_argument when there is
    /// none either.
    Result<WebhookTestOutcome> test_group_webhook(std::string_view group_id, const WebhookTest& test,
                                                  const Caller& caller = {}, std::stop_token stop = {});

    /// Checks and stores a workflow. Errors: those of wire contract 19.1 (invalid_argument naming node or edge,
    /// invalid_url; not_found "Strategy not found").
    Result<Workflow> create_workflow(const WorkflowRequest& request, const Caller& caller = {});
    /// Errors of these: not_found "Workflow not found", "Node not found", "Edge not found".
    Result<Workflow> get_workflow(std::string_view workflow_id, const Caller& caller = {});
    Result<std::vector<Workflow>> list_workflows(ListRange range = {.limit = 50}, const Caller& caller = {});
    Result<Workflow> update_workflow(std::string_view workflow_id, const WorkflowPatch& patch,
                                     const Caller& caller = {});
    /// Removes it with its runs and schedules; an open run is cancelled. Jobs stay.
    Result<void> delete_workflow(std::string_view workflow_id, const Caller& caller = {});
    /// Nodes are named by id or key. Runs that are under way go on with the definition they started with.
    Result<WorkflowNode> add_workflow_node(std::string_view workflow_id, const WorkflowNode& node,
                                           const Caller& caller = {});
    Result<WorkflowNode> update_workflow_node(std::string_view workflow_id, std::string_view node,
                                              const WorkflowNodePatch& patch, const Caller& caller = {});
    /// Its edges go with it.
    Result<void> delete_workflow_node(std::string_view workflow_id, std::string_view node, const Caller& caller = {});
    Result<WorkflowEdge> add_workflow_edge(std::string_view workflow_id, const WorkflowEdge& edge,
                                           const Caller& caller = {});
    Result<void> delete_workflow_edge(std::string_view workflow_id, std::string_view edge_id,
                                      const Caller& caller = {});

    /// Starts a run; it goes on in the background. `force`: every node runs, whatever an earlier run may hand on.
    /// Errors: invalid_argument "Workflow has no nodes" or about an unfinished graph; conflict "Workflow is already
    /// running", whose subject is the id of that run.
    Result<WorkflowRun> run_workflow(std::string_view workflow_id, bool force = false, const Caller& caller = {});
    /// Waits until the run has ended. Errors: not_found "Workflow run not found"; timeout, cancelled; the run is not
    /// touched by either.
    Result<WorkflowRun> wait_for_workflow_run(std::string_view workflow_id, std::string_view run_id,
                                              std::chrono::milliseconds timeout, const Caller& caller = {},
                                              std::stop_token stop = {});
    Result<WorkflowRun> get_workflow_run(std::string_view workflow_id, std::string_view run_id,
                                         const Caller& caller = {});
    /// Newest first, without node executions.
    Result<std::vector<WorkflowRun>> list_workflow_runs(std::string_view workflow_id, ListRange range = {.limit = 20},
                                                        const Caller& caller = {});
    /// Errors: conflict "Workflow run has already finished"; a cancelled run is returned as it is.
    Result<WorkflowRun> cancel_workflow_run(std::string_view workflow_id, std::string_view run_id,
                                            const Caller& caller = {});
    /// The output of the newest completed or partial run as JSON text (wire contract 19.7). Errors: not_found "No
    /// completed runs found".
    Result<std::string> latest_workflow_output(std::string_view workflow_id, const WorkflowOutputQuery& query = {},
                                               const Caller& caller = {});
    /// The graph as SVG; with a run its states and counts.
    Result<std::string> draw_workflow(std::string_view workflow_id, std::optional<std::string_view> run_id = {},
                                      const Caller& caller = {});

    /// As schedules of strategies; the request's strategy, URLs and parameters are not looked at. Errors: not_found
    /// "Workflow not found", "Schedule not found" (also when it is another workflow's).
    Result<Schedule> create_workflow_schedule(std::string_view workflow_id, const ScheduleRequest& request,
                                              const Caller& caller = {});
    Result<std::vector<Schedule>> list_workflow_schedules(std::string_view workflow_id, const Caller& caller = {});
    Result<UpdatedSchedule> update_workflow_schedule(std::string_view workflow_id, std::string_view schedule_id,
                                                     const SchedulePatch& patch, const Caller& caller = {});
    Result<void> delete_workflow_schedule(std::string_view workflow_id, std::string_view schedule_id,
                                          const Caller& caller = {});

    /// Makes the ticks that are due and runs executions and pending jobs on the calling thread until none is left or
    /// `stop` is requested; how many jobs ran. Meant for JobOptions::workers = 0, harmless otherwise.
    Result<std::size_t> run_pending(std::stop_token stop = {});

    /// Webhook deliveries, newest first, without payloads.
    Result<std::vector<Delivery>> list_deliveries(const DeliveryQuery& query = {}, const Caller& caller = {});
    /// Errors: not_found "Delivery not found".
    Result<Delivery> get_delivery(std::string_view delivery_id, const Caller& caller = {});
    /// Sends an ended delivery again: same id and body, attempts anew. Errors: not_found, conflict while it is pending
    /// and when its schedule is gone or has no webhook any more.
    Result<Delivery> replay_delivery(std::string_view delivery_id, const Caller& caller = {});
    /// Makes one attempt with a sample event; an answer that is no success is an outcome, not an error.
    /// Errors: invalid_url, invalid_argument (secret), cancelled.
    Result<WebhookTestOutcome> test_webhook(const WebhookTest& test, std::stop_token stop = {});
    /// Makes the attempts that are due on the calling thread, one after the other, until none is left or `stop` is
    /// requested; how many. Meant for JobOptions::workers or WebhookOptions::max_in_flight = 0, harmless otherwise.
    Result<std::size_t> deliver_pending(std::stop_token stop = {});

    /// Takes no more work, lets running jobs end for up to `grace`, gives the rest back to the queue. Idempotent.
    void stop(std::chrono::milliseconds grace = std::chrono::milliseconds{0});

    /// The automation dialect's workflows.
    Automations& automations() noexcept;
    Executions& executions() noexcept;
    /// The types of nodes that its executions know.
    const NodeRegistry& nodes() const noexcept;

    EngineMetrics metrics() const;
    Store& store() noexcept;
    Clock& clock() noexcept;

private:
    struct Impl;
    explicit Engine(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace meter
