// Where workflows, their runs and what their nodes hand on are kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/job.hpp"
#include "meter/result.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"
#include "meter/webhook.hpp"
#include "meter/workflow.hpp"

namespace meter {

// The rules for every store (meter/store.hpp) hold here too.

/// Names one claim of a run.
struct WorkflowRunRef {
    std::string run_id = {};
    std::int64_t token = 0;
};

/// What a node's execution keeps besides what it shows: where planning stands, and what a later run compares with.
struct NodeProgress {
    NodeExecution execution;
    bool planned = false;          ///< every input is stored; the node ends when its last job does
    std::int64_t input_count = 0;  ///< stored: where planning goes on
    std::int64_t open_jobs = 0;    ///< stored and not ended
    std::string signature = {};    ///< over the node, its strategy and its incoming edges (wire contract 19.6)
    std::string input_hash = {};   ///< over the items that passed its edges
    std::optional<std::string> job_error = {};  ///< of the first of its jobs that failed

    bool operator==(const NodeProgress&) const = default;
};

/// A run as handed to who moves it on.
struct ClaimedWorkflowRun {
    WorkflowRun run;                  ///< without node_executions: `nodes` has them
    Workflow definition;              ///< as it was when the run was made
    std::vector<NodeProgress> nodes;  ///< in the order of `definition.nodes`
    std::int64_t token = 0;
    /// The newest completed or partial run of the workflow, whose outputs may be handed on; nullopt when there is none.
    std::optional<std::string> previous_run_id = {};
    std::vector<NodeProgress> previous_nodes = {};  ///< of that run, in the order of its definition
    std::string previous_output_hash = {};          ///< of that run: WorkflowRunEnd::output_hash
    bool expired = false;                           ///< past its deadline

    WorkflowRunRef ref() const { return {run.run_id, token}; }
};

/// One input of a node and the job that has, or had, its output.
struct NodeInput {
    std::int64_t sequence = 0;   ///< from 0, in the order of planning
    std::string url = {};        ///< as requested
    std::string feed_hash = {};  ///< over the feeding item and the parameters
    std::string job_id = {};     ///< of this run; of an earlier one when `reused`
    bool reused = false;
    std::int64_t item_count = 0;  ///< reused: items of that job
};

/// What an input was fed with.
struct NodeFeed {
    std::int64_t sequence = 0;
    std::string feed_hash = {};

    bool operator==(const NodeFeed&) const = default;
};

/// Which part of what a node hands on.
struct NodeOutputQuery {
    std::string run_id = {};
    std::string node_id = {};
    std::int64_t first_sequence = 0;
    std::int64_t limit = 100;          ///< [1, 1000]
    std::size_t max_bytes = 4u << 20;  ///< no more once the results exceed this (one at least)
    bool with_results = true;          ///< false: `results` stay empty
};

/// What one job of a node hands on.
struct NodeOutput {
    std::int64_t sequence = 0;
    std::string url = {};
    std::string job_id = {};
    std::string content_hash = {};
    std::string results = {};  ///< JSON array text, as the job has it
};

/// Changes to one node, written together with those of others.
struct NodeChange {
    std::string node_id = {};
    /// Status, skip_reason, error and times, `planned`, signature and input_hash. All else is kept by the store: the
    /// counts follow from inputs, jobs and the ends of jobs, job_id and batch_id from the first jobs.
    NodeProgress progress = {};
    std::vector<NodeInput> inputs = {};  ///< added; their sequences go on from those that are there
    std::vector<Job> jobs = {};          ///< inserted as pending for the inputs that are not reused, in their order
    std::optional<std::string> batch_id = {};  ///< of `jobs`: made, or made larger by them
    /// Hands on what the node of the same id handed on in this earlier run, instead of inputs of its own.
    std::optional<std::string> copy_from_run = {};
};

/// How a run ends.
struct WorkflowRunEnd {
    RunStatus status = RunStatus::completed;
    std::optional<std::string> error = {};
    bool changed_since_previous = false;
    std::string output_hash = {};  ///< over what the leaves hand on; kept for the next run
    TimePoint completed_at{};
    std::vector<Delivery> deliveries = {};  ///< put into the outbox with it
};

class METER_EXPORT WorkflowStore {
public:
    virtual ~WorkflowStore();

    /// Errors: not_found "Strategy not found" (subject: its id) when a node's strategy is not the account's.
    virtual Result<void> insert(const Workflow& workflow) = 0;
    virtual Result<std::optional<Workflow>> find(std::string_view account_id, std::string_view workflow_id) = 0;
    /// Newest first by created_at, ties by id descending.
    virtual Result<std::vector<Workflow>> list(std::string_view account_id, ListRange range) = 0;
    /// Replaces everything that a caller can change, and raises `version`. The workflow after the change; nullopt when
    /// it is not there. Errors: conflict when its version is no longer `workflow.version`; not_found as insert().
    virtual Result<std::optional<Workflow>> update(const Workflow& workflow) = 0;
    /// Removes it with its runs and schedules; unfinished jobs of its runs fail "Cancelled", jobs stay. False when it
    /// is not there.
    virtual Result<bool> remove(std::string_view account_id, std::string_view workflow_id, TimePoint now) = 0;

    /// A pending run of the definition as it is stored now, every node pending; the strategies of its nodes are kept as
    /// they are now, for its jobs. Errors: not_found "Workflow not found"; invalid_argument "Workflow has no nodes";
    /// conflict "Workflow is already running" with the id of that run as subject. Atomic: of two callers one succeeds.
    virtual Result<void> start_run(const WorkflowRun& run, TimePoint deadline) = 0;
    /// With node executions.
    virtual Result<std::optional<WorkflowRun>> find_run(std::string_view account_id, std::string_view workflow_id,
                                                        std::string_view run_id) = 0;
    /// The definition a run was started with.
    virtual Result<std::optional<Workflow>> run_definition(std::string_view account_id, std::string_view run_id) = 0;
    /// Newest first, without node executions; nullopt when the workflow is not there.
    virtual Result<std::optional<std::vector<WorkflowRun>>> list_runs(std::string_view account_id,
                                                                      std::string_view workflow_id,
                                                                      ListRange range) = 0;
    /// The newest run that is completed or partial, with node executions.
    virtual Result<std::optional<WorkflowRun>> latest_finished(std::string_view account_id,
                                                               std::string_view workflow_id) = 0;
    /// Runs of all accounts that are pending or running.
    virtual Result<std::int64_t> count_open_runs() = 0;
    /// A strategy as it was when the run was started.
    virtual Result<std::optional<Strategy>> run_strategy(std::string_view account_id, std::string_view run_id,
                                                         std::string_view strategy_id) = 0;

    /// The run that waits longest for its next step (started, the last job of a node ended, past its deadline), held
    /// until now + lease. Atomic: two callers never get the same one.
    virtual Result<std::optional<ClaimedWorkflowRun>> claim_next(TimePoint now, std::chrono::milliseconds lease) = 0;
    /// Extends a lease. False when it is no longer held.
    virtual Result<bool> heartbeat(const WorkflowRunRef& claim, TimePoint now, std::chrono::milliseconds lease) = 0;
    /// Writes changes of nodes; the run becomes running. False when the claim is no longer held, or the run has ended
    /// (nothing is written). Errors: not_found "Strategy not found" when that of a job was deleted meanwhile.
    virtual Result<bool> advance(const WorkflowRunRef& claim, const std::vector<NodeChange>& changes,
                                 TimePoint now) = 0;
    /// Gives the claim back. The run is due again at once when all jobs of a planned node that runs have ended, else at
    /// `again_at` (nullopt: when that happens, or at its deadline). False when the claim is no longer held.
    virtual Result<bool> release(const WorkflowRunRef& claim, TimePoint now, std::optional<TimePoint> again_at) = 0;
    /// Ends the run; what is open of it is cancelled. False when the claim is no longer held.
    virtual Result<bool> finish(const WorkflowRunRef& claim, const WorkflowRunEnd& end) = 0;
    /// Cancels: unfinished jobs fail "Cancelled", open nodes are cancelled. The run after it; nullopt when it is not
    /// there. Errors: conflict "Workflow run has already finished" for any end but cancelled.
    virtual Result<std::optional<WorkflowRun>> cancel(std::string_view account_id, std::string_view workflow_id,
                                                      std::string_view run_id, TimePoint now) = 0;
    /// Fails the unfinished jobs of a claimed run with this error (its deadline has passed). False as advance().
    virtual Result<bool> fail_open_jobs(const WorkflowRunRef& claim, std::string_view error, TimePoint now) = 0;

    /// What a node hands on, in order. Jobs that did not complete hand on nothing.
    virtual Result<std::vector<NodeOutput>> outputs(const NodeOutputQuery& query) = 0;
    /// The feeds of the inputs whose outputs a node in a run hands on, in order. `limit` [1, 10000]; errors:
    /// invalid_argument.
    virtual Result<std::vector<NodeFeed>> feeds(std::string_view run_id, std::string_view node_id,
                                                std::int64_t first_sequence, std::int64_t limit) = 0;
    /// Those of these inputs whose jobs completed, marked as reused, in no order.
    virtual Result<std::vector<NodeInput>> reusable(std::string_view run_id, std::string_view node_id,
                                                    const std::vector<std::int64_t>& sequences) = 0;
};

}  // namespace meter
