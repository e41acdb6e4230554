// Where automations, their versions, shares and executions are kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/automation.hpp"
#include "meter/automation_execution.hpp"
#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/time.hpp"

namespace meter {

// The rules for every store (meter/store.hpp) hold here too; what a call sees is what its caller may see.

/// A schedule trigger that is armed: a node of an active automation (wire contract 20.2).
struct AutomationTimer {
    std::string node_id = {};
    std::optional<std::int64_t> interval_seconds = {};  ///< exactly one of it and cron_expression
    std::optional<std::string> cron_expression = {};
    std::optional<std::string> timezone = {};
    TimePoint next_run_at{};  ///< when it ticks first, unless a timer of the node with the same timing is armed

    bool operator==(const AutomationTimer&) const = default;
};

class METER_EXPORT AutomationStore {
public:
    virtual ~AutomationStore();

    /// Together with its first version, and armed with these timers. Errors: conflict when the id exists.
    virtual Result<void> insert(const Automation& automation, const AutomationVersion& first,
                                const std::vector<AutomationTimer>& timers) = 0;
    virtual Result<std::optional<Automation>> find(const AutomationCaller& caller, std::string_view automation_id) = 0;
    /// Whosever it is: for triggers.
    virtual Result<std::optional<Automation>> find_any(std::string_view automation_id) = 0;
    /// Ties in the order of creation. Without graphs.
    virtual Result<AutomationList> list(const AutomationCaller& caller, const AutomationQuery& query) = 0;
    /// With graphs, newest first: 100 at most. They end before the one whose graph would make them more than 16 MiB
    /// (2^24 bytes) together, but not before the first.
    virtual Result<std::vector<Automation>> templates(const AutomationCaller& caller) = 0;
    virtual Result<AutomationStats> stats(const AutomationCaller& caller) = 0;

    /// Writes the members a caller can change, and `revision` + 1; false when it is not the account's. Its timers are
    /// these from then on; those whose timing is the same tick on as they did. Errors: conflict when its revision is no
    /// longer `automation.revision`.
    virtual Result<bool> update(const Automation& automation, const std::vector<AutomationTimer>& timers) = 0;
    /// With its versions, shares, timers and executions. False when it is not the account's.
    virtual Result<bool> remove(std::string_view account_id, std::string_view automation_id) = 0;

    /// Snapshots the stored graph as the next version: `version` and `graph` of the argument are ignored. nullopt when
    /// it is not the account's. Errors: conflict "Version tag already exists".
    virtual Result<std::optional<AutomationVersion>> add_version(std::string_view account_id,
                                                                 std::string_view automation_id,
                                                                 const AutomationVersion& version) = 0;
    /// Ascending, without graphs.
    virtual Result<std::vector<AutomationVersion>> versions(std::string_view automation_id) = 0;
    /// With its graph; nullopt when there is no such version.
    virtual Result<std::optional<AutomationVersion>> find_version(std::string_view automation_id,
                                                                  std::int64_t version) = 0;

    /// A share that is there stays as it is. False when the automation is not the account's.
    virtual Result<bool> share(std::string_view account_id, std::string_view automation_id, std::string_view user_id,
                               TimePoint shared_at) = 0;
    /// False when there is no such share.
    virtual Result<bool> unshare(std::string_view account_id, std::string_view automation_id,
                                 std::string_view user_id) = 0;
    /// In the order they were added.
    virtual Result<std::vector<AutomationShare>> shares(std::string_view automation_id) = 0;
};

/// Names one claim of an execution.
struct ExecutionRef {
    std::string execution_id = {};
    std::int64_t token = 0;
};

/// How far one node is.
struct ExecutionNode {
    SpanStatus status = SpanStatus::pending;
    std::int64_t failed_tries = 0;
    std::optional<TimePoint> retry_at = {};  ///< not to be tried again before it
    std::int64_t spilled_bytes = 0;          ///< of the items that its last try handed out

    bool operator==(const ExecutionNode&) const = default;
};

/// Which execution a worker asks for. The accounts have their turn.
struct ExecutionClaim {
    TimePoint now{};
    std::chrono::milliseconds lease{30'000};
    std::int64_t max_losses = 5;                  ///< of workers, without that a node was completed in between
    std::string after_account = {};               ///< the one that had its turn last
    std::vector<std::string> full_accounts = {};  ///< those whose executions have to wait
};

/// An execution as handed to a worker. `token` is the fence: every later write about this claim must name it.
struct ClaimedExecution {
    Execution execution = {};
    std::vector<ExecutionNode> nodes = {};  ///< those of the graph, in its order
    std::int64_t token = 0;
    TimePoint deadline{};   ///< start of the execution and its `timeout`
    bool given_up = false;  ///< lost its worker too often: it is only claimed to fail

    ExecutionRef ref() const { return {execution.execution_id, token}; }
};

/// Items that a node handed out through a port: JSON texts, each with a line feed behind it.
struct ItemChunk {
    std::int64_t node = 0;  ///< index in the graph
    std::string port = {};
    std::int64_t sequence = 0;  ///< from 0
    std::string items = {};
};

/// How a try of a node ended.
struct NodeEnd {
    std::int64_t node = 0;                      ///< index in the graph
    SpanStatus status = SpanStatus::completed;  ///< completed, failed, or pending: to be tried again
    std::optional<TimePoint> retry_at = {};     ///< of pending ones
    std::optional<std::string> error = {};      ///< of failed and pending ones, which count as a failed try
    std::int64_t input_items = 0, output_items = 0;
    std::string input_data = "[]", output_data = "[]";  ///< as in ExecutionSpan
    std::vector<ItemChunk> chunks = {};                 ///< the last ones
    std::vector<ExecutionLog> logs = {};                ///< appended to those of the execution
    TimePoint ended_at{};
};

/// Executions with their spans, logs and the items on their way from node to node. The rules for every store
/// (meter/store.hpp) hold here too.
class METER_EXPORT ExecutionStore {
public:
    virtual ~ExecutionStore();

    /// A pending execution with a span for each node of its graph. Errors: not_found "Workflow not found"; conflict
    /// when the id exists.
    virtual Result<void> insert(const Execution& execution) = 0;
    virtual Result<std::optional<Execution>> find(const AutomationCaller& caller, std::string_view execution_id) = 0;
    /// Ties in the order of creation. A limit of at most 1000.
    virtual Result<ExecutionList> list(const AutomationCaller& caller, const ExecutionQuery& query) = 0;
    /// In the order of Executions::spans(), with as much data as it says. None when there is no such execution, here
    /// and below.
    virtual Result<std::vector<ExecutionSpan>> spans(std::string_view execution_id) = 0;
    virtual Result<ExecutionLogs> logs(std::string_view execution_id, ListRange range) = 0;
    /// Ids of the pending and running ones.
    virtual Result<std::vector<std::string>> open_ids(std::string_view automation_id) = 0;
    /// Executions of all accounts that are pending or running.
    virtual Result<std::int64_t> count_open() = 0;
    /// Stops one that is pending or running, whoever holds it: its nodes are stopped or skipped, its items dropped.
    /// False when it has ended or is not there.
    virtual Result<bool> stop(std::string_view execution_id, TimePoint now) = 0;

    /// Of the first account behind `after_account` that is not full and has an execution due, from the first account
    /// again behind the last one: the execution that waits longest, held until now + lease and running. One that lost
    /// its worker `max_losses` times without that a node was completed in between is given up. Atomic: two callers
    /// never get the same one.
    virtual Result<std::optional<ClaimedExecution>> claim_next(const ExecutionClaim& claim) = 0;
    // False from the calls below: the claim is no longer held (taken over, stopped, deleted), nothing is written.

    /// Extends a lease.
    virtual Result<bool> heartbeat(const ExecutionRef& claim, TimePoint now, std::chrono::milliseconds lease) = 0;
    /// A try of a node begins; what an earlier one handed out is dropped.
    virtual Result<bool> start_node(const ExecutionRef& claim, std::int64_t node, TimePoint now) = 0;
    virtual Result<bool> add_items(const ExecutionRef& claim, const std::vector<ItemChunk>& chunks) = 0;
    virtual Result<bool> end_node(const ExecutionRef& claim, const NodeEnd& end) = 0;
    /// The items of one chunk; nullopt behind the last. Errors: cancelled when the claim is no longer held: chunks that
    /// are gone must not look like the end.
    virtual Result<std::optional<std::string>> items(const ExecutionRef& claim, std::int64_t node,
                                                     std::string_view port, std::int64_t sequence) = 0;
    /// Gives the claim back: due again at `again_at`. Not counted as a loss.
    virtual Result<bool> release(const ExecutionRef& claim, TimePoint again_at) = 0;
    /// Ends the execution as completed or failed: nodes that run are stopped, those that wait are skipped (failed when
    /// they had been tried), items are dropped.
    virtual Result<bool> finish(const ExecutionRef& claim, ExecutionStatus status,
                                const std::optional<std::string>& error, TimePoint now) = 0;

    /// What a node logged that did not end by itself. Also when the execution was stopped, or given back: false only
    /// when it was claimed again or is not there.
    virtual Result<bool> add_logs(const ExecutionRef& claim, const std::vector<ExecutionLog>& logs) = 0;
    /// Removes executions that ended before the moment, the longest ended first, with their spans and logs; how many,
    /// at most `limit`. Those that go on stay, however old.
    virtual Result<std::int64_t> drop_ended_before(TimePoint moment, std::int64_t limit) = 0;
};

}  // namespace meter
