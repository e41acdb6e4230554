// Executions of automations: started, followed, stopped; what each of their nodes did.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "meter/automation.hpp"
#include "meter/export.hpp"
#include "meter/logger.hpp"
#include "meter/result.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"
#include "meter/value.hpp"

namespace meter {

enum class ExecutionStatus { pending, running, completed, failed, stopped };
enum class ExecutionTrigger { manual, schedule, webhook, api };
enum class SpanStatus { pending, running, completed, failed, skipped, stopped };

METER_EXPORT std::string_view to_string(ExecutionStatus status) noexcept;
METER_EXPORT std::optional<ExecutionStatus> parse_execution_status(std::string_view name) noexcept;
METER_EXPORT std::string_view to_string(ExecutionTrigger trigger) noexcept;
METER_EXPORT std::optional<ExecutionTrigger> parse_execution_trigger(std::string_view name) noexcept;
METER_EXPORT std::string_view to_string(SpanStatus status) noexcept;
METER_EXPORT std::optional<SpanStatus> parse_span_status(std::string_view name) noexcept;

/// Completed, failed or stopped?
METER_EXPORT bool has_ended(ExecutionStatus status) noexcept;

/// One execution of an automation (wire contract 20.5, 20.6). It goes on with the graph it was started with.
struct Execution {
    std::string execution_id;   ///< "exec_" and 32 hexadecimal digits
    std::string automation_id;  ///< the wire's workflowId
    std::string account_id;     ///< the automation's owner, for whom it acts
    std::string user_id;        ///< who started it; for triggers the owner
    std::string organization_id;
    ExecutionStatus status = ExecutionStatus::pending;
    ExecutionTrigger trigger = ExecutionTrigger::api;
    std::optional<std::string> schedule_id = {};  ///< of the trigger's schedule; not on the wire
    std::string trigger_inputs = "{}";            ///< JSON text: what the trigger nodes emit
    AutomationGraph graph = {};
    std::optional<std::string> error = {};
    std::int64_t node_count = 0;   ///< of the graph
    std::int64_t ended_nodes = 0;  ///< completed, failed or stopped
    TimePoint created_at{};
    std::optional<TimePoint> started_at = {};
    std::optional<TimePoint> ended_at = {};
    TimePoint updated_at{};

    bool operator==(const Execution&) const = default;
};

/// Ended nodes in percent, rounded down; without nodes 100 once it is completed.
METER_EXPORT int progress_of(const Execution& execution) noexcept;

/// The wire form (JSON object text).
METER_EXPORT std::string to_json(const Execution& execution);

/// What one node of an execution did.
struct ExecutionSpan {
    std::string span_id;  ///< "span_" and 32 hexadecimal digits
    std::string node_id;  ///< of the node in the graph
    std::optional<std::string> node_label = {};
    std::string node_type;  ///< the node's `nodeId`
    SpanStatus status = SpanStatus::pending;
    std::optional<TimePoint> started_at = {};  ///< of its first try
    std::optional<TimePoint> ended_at = {};    ///< of its last try
    std::int64_t input_items = 0;              ///< read by the last try
    std::int64_t output_items = 0;
    /// The first items of the last try, as a JSON array of at most 64 KiB; none before it has ended. Values of
    /// connections and of the nodes' `secret` members are replaced by "***".
    std::optional<std::string> input_data = {};
    std::optional<std::string> output_data = {};
    std::optional<std::string> error = {};

    bool operator==(const ExecutionSpan&) const = default;
};

/// {"executionId","count","spans"}
METER_EXPORT std::string spans_json(std::string_view execution_id, const std::vector<ExecutionSpan>& spans);

struct ExecutionLog {
    std::string log_id;  ///< "log_" and 32 hexadecimal digits
    LogLevel level = LogLevel::info;
    std::string message;
    std::optional<std::string> node_id = {};
    TimePoint created_at{};

    bool operator==(const ExecutionLog&) const = default;
};

struct ExecutionLogs {
    std::int64_t count = 0;          ///< over all pages
    std::vector<ExecutionLog> logs;  ///< of this page, oldest first
};
METER_EXPORT std::string to_json(const ExecutionLogs& logs, std::string_view execution_id, ListRange range);

/// What an execution is started with.
struct ExecutionRequest {
    /// Nodes and connections in the place of the stored ones, for this execution only.
    struct Definition {
        std::string nodes = "[]";        ///< as AutomationGraph::nodes
        std::string connections = "[]";  ///< as AutomationGraph::connections
    };
    std::optional<Definition> definition = {};
    Value trigger_inputs = Object{};  ///< the output of the trigger nodes
    ExecutionTrigger trigger = ExecutionTrigger::api;
};

/// Reads {"definition":{"nodes","connections"},"triggerInputs"}. Errors: invalid_argument (`subject` is the dotted
/// member).
METER_EXPORT Result<ExecutionRequest> parse_execution_request(const Value& body);

/// Which executions a list shows; all given conditions must hold.
struct ExecutionQuery {
    std::optional<std::string> automation_id = {};
    std::optional<ExecutionStatus> status = {};
    std::optional<ExecutionTrigger> trigger = {};
    std::optional<TimePoint> since = {};  ///< started at or after; one that waits counts as started when it was made
    std::optional<TimePoint> until = {};  ///< started before
    enum class Sort { started_at, ended_at, created_at, status } sort = Sort::started_at;
    bool ascending = false;
    ListRange range = {};  ///< limit [1, 100]
};

/// Reads "field" or "field:asc|desc" into a query, ascending where no direction is given. Errors: invalid_argument.
METER_EXPORT Result<void> read_execution_sort(std::string_view text, ExecutionQuery& query);

struct ExecutionList {
    std::int64_t count = 0;  ///< matches over all pages
    /// Of this page, without nodes and connections; a config or trigger inputs above 64 KiB are left out.
    std::vector<Execution> executions;
};
METER_EXPORT std::string to_json(const ExecutionList& list, ListRange range);

struct AutomationParts;

/// Executions of automations (wire contract 20.5, 20.6); Engine::executions(). They are seen by those who see their
/// automation. Threads: every member from any thread. Errors of every call: store; not_found "Execution not found",
/// "Workflow not found".
///   const auto started = engine.executions().start(automation.automation_id, {.trigger_inputs = inputs}).value();
///   const auto ended = engine.executions().wait(started.execution_id, 60s).value();
class METER_EXPORT Executions {
public:
    explicit Executions(std::shared_ptr<const AutomationParts> parts);

    /// Stores an execution; it runs in the background, and again from where it was when its process dies. Errors:
    /// conflict when the automation is paused or archived; unavailable while AutomationOptions::max_pending are open;
    /// for a definition those of the deploy check, and forbidden for anyone but the owner: nodes act with the owner's
    /// account and connections.
    Result<Execution> start(std::string_view automation_id, const ExecutionRequest& request = {},
                            const AutomationCaller& caller = {});
    Result<Execution> get(std::string_view execution_id, const AutomationCaller& caller = {});
    /// Waits until it has ended. Errors: timeout, cancelled; the execution is not touched by either.
    Result<Execution> wait(std::string_view execution_id, std::chrono::milliseconds timeout,
                           const AutomationCaller& caller = {}, std::stop_token stop = {});
    /// Errors: invalid_argument (range).
    Result<ExecutionList> list(const ExecutionQuery& query = {}, const AutomationCaller& caller = {});
    /// Whoever sees it may stop it: its running nodes are told at once. One that is stopped stays as it is. Errors:
    /// conflict "Execution has already ended".
    Result<Execution> stop(std::string_view execution_id, const AutomationCaller& caller = {});
    /// One for each node: those that started in that order, then the others in the graph's. Their data have 8 MiB
    /// together at most: `input_data` and `output_data` of a span for which nothing is left are nullopt.
    Result<std::vector<ExecutionSpan>> spans(std::string_view execution_id, const AutomationCaller& caller = {});
    /// What happened to it and what its nodes logged. `range.limit` in [1, 1000].
    Result<ExecutionLogs> logs(std::string_view execution_id, ListRange range = {.limit = 100},
                               const AutomationCaller& caller = {});

private:
    std::shared_ptr<const AutomationParts> parts_;
};

}  // namespace meter
