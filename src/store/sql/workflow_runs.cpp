// Runs of workflows as callers see them: started, read, cancelled.
#include <algorithm>
#include <set>
#include <utility>

#include "json/wire_workflow.hpp"
#include "store/sql/strategy_rows.hpp"
#include "store/sql/workflow_rows.hpp"
#include "store/sql/workflow_store.hpp"

namespace meter::sql {
namespace {

constexpr std::string_view cancelled_job = "Cancelled";

/// A stored word of an enumeration of workflows.
template <class Enum>
Enum run_word(const std::string& stored, std::optional<Enum> (*parse)(std::string_view) noexcept) {
    const auto word = parse(stored);
    if (!word)
        throw Exception(Error{ErrorCode::store,
                              "The database holds an unknown state of a workflow run; check it for damage",
                              stored.substr(0, 100)});
    return *word;
}

NodeProgress read_node_progress(Columns& columns) {
    NodeProgress node;
    NodeExecution& execution = node.execution;
    execution.node_key = columns.text();
    execution.node_id = columns.text();
    execution.status = run_word<NodeStatus>(columns.text(), parse_node_status);
    if (const auto reason = columns.optional_text())
        execution.skip_reason = run_word<SkipReason>(*reason, parse_skip_reason);
    execution.job_id = columns.optional_text();
    execution.batch_id = columns.optional_text();
    execution.job_count = columns.integer();
    execution.failed_job_count = columns.integer();
    execution.item_count = columns.integer();
    execution.reused_count = columns.integer();
    execution.error = columns.optional_text();
    execution.started_at = columns.optional_time();
    execution.completed_at = columns.optional_time();
    node.planned = columns.boolean();
    node.input_count = columns.integer();
    node.open_jobs = columns.integer();
    node.signature = columns.text();
    node.input_hash = columns.text();
    node.job_error = columns.optional_text();
    return node;
}

std::optional<WorkflowRun> find_one_run(Connection& connection, std::string_view condition,
                                        std::initializer_list<Param> params) {
    std::string sql = "SELECT ";
    sql.append(run_columns).append(" FROM workflow_runs WHERE ").append(condition);
    auto run = find_row<WorkflowRun>(connection, sql, params, read_run);
    if (!run) return run;
    for (NodeProgress& node : find_node_progress(connection, run->run_id))
        run->node_executions.push_back(std::move(node.execution));
    return run;
}

}  // namespace

WorkflowRun read_run(Columns& columns) {
    WorkflowRun run;
    run.run_id = columns.text();
    run.workflow_id = columns.text();
    run.account_id = columns.text();
    run.schedule_id = columns.optional_text();
    run.status = run_word<RunStatus>(columns.text(), parse_run_status);
    run.trigger = columns.text() == to_string(RunTrigger::schedule) ? RunTrigger::schedule : RunTrigger::manual;
    run.force = columns.boolean();
    run.changed_since_previous = columns.optional_boolean();
    run.error = columns.optional_text();
    run.created_at = columns.time();
    run.started_at = columns.optional_time();
    run.completed_at = columns.optional_time();
    run.failed_job_count = columns.integer();
    return run;
}

std::vector<NodeProgress> find_node_progress(Connection& connection, std::string_view run_id) {
    std::vector<std::pair<std::int64_t, NodeProgress>> placed;  // few: not worth an index
    connection.run(
        "SELECT position, node_key, node_id, status, skip_reason, job_id, CASE WHEN job_count > 1 THEN batch_id END, "
        "job_count, failed_job_count, item_count, reused_count, error, started_at, completed_at, planned, input_count, "
        "open_jobs, signature, input_hash, job_error FROM workflow_node_runs WHERE run_id = $1",
        {run_id}, [&](const Row& row) {
            Columns columns(row);
            const std::int64_t position = columns.integer();
            placed.emplace_back(position, read_node_progress(columns));
        });
    std::sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<NodeProgress> nodes;
    nodes.reserve(placed.size());
    for (auto& [position, node] : placed) nodes.push_back(std::move(node));
    return nodes;
}

Workflow find_run_definition(Connection& connection, std::string_view run_id) {
    const auto text =
        find_row<std::string>(connection, "SELECT definition FROM workflow_run_definitions WHERE run_id = $1", {run_id},
                              [](Columns& columns) { return columns.text(); });
    if (!text)
        throw Exception(Error{ErrorCode::store, "A workflow run has lost its definition; check the database for damage",
                              std::string(run_id)});
    return json::parse_stored_workflow(*text).value();
}

Result<void> insert_workflow_run(Connection& connection, const WorkflowRun& run, TimePoint deadline) {
    static const std::string strategies_sql =
        "INSERT INTO workflow_run_strategies (run_id, " + std::string(strategy_columns) + ") SELECT $1, " +
        std::string(strategy_columns) +
        " FROM strategies WHERE strategy_id IN (SELECT strategy_id FROM workflow_nodes WHERE workflow_id = $2)";
    const auto workflow = find_workflow(connection, run.account_id, run.workflow_id);
    if (!workflow) return Error{ErrorCode::not_found, "Workflow not found", run.workflow_id};
    if (workflow->nodes.empty()) return Error{ErrorCode::invalid_argument, "Workflow has no nodes", "nodes"};
    const auto inserted = connection.run(
        "INSERT INTO workflow_runs (run_id, workflow_id, account_id, schedule_id, status, \"trigger\", force, "
        "created_at, deadline_at, due_at) VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, $7) "
        "ON CONFLICT DO NOTHING",
        {run.run_id, run.workflow_id, run.account_id, run.schedule_id, to_string(run.trigger), run.force,
         run.created_at, deadline});
    if (inserted == 0) {
        const auto open = find_row<std::string>(
            connection, "SELECT run_id FROM workflow_runs WHERE workflow_id = $1 AND status IN ('pending', 'running')",
            {run.workflow_id}, [](Columns& columns) { return columns.text(); });
        if (open) return Error{ErrorCode::conflict, "Workflow is already running", *open};
        return Error{ErrorCode::conflict, "A workflow run with this id exists already", run.run_id};
    }
    connection.run("INSERT INTO workflow_run_definitions (run_id, definition) VALUES ($1, $2)",
                   {run.run_id, json::stored_workflow(*workflow)});
    connection.run(strategies_sql, {run.run_id, run.workflow_id});
    std::int64_t position = 0;
    for (const WorkflowNode& node : workflow->nodes)
        connection.run(
            "INSERT INTO workflow_node_runs (run_id, node_id, position, node_key, status) "
            "VALUES ($1, $2, $3, $4, 'pending')",
            {run.run_id, node.node_id, position++, node.node_key});
    return {};
}

Result<void> SqlWorkflowStore::start_run(const WorkflowRun& run, TimePoint deadline) {
    return database_.write("workflows.start_run",
                           [&](Connection& connection) { return insert_workflow_run(connection, run, deadline); });
}

Result<std::optional<WorkflowRun>> SqlWorkflowStore::find_run(std::string_view account_id, std::string_view workflow_id,
                                                              std::string_view run_id) {
    return database_.read("workflows.find_run", [&](Connection& connection) -> Result<std::optional<WorkflowRun>> {
        return find_one_run(connection, "run_id = $1 AND workflow_id = $2 AND account_id = $3",
                            {run_id, workflow_id, account_id});
    });
}

Result<std::optional<Workflow>> SqlWorkflowStore::run_definition(std::string_view account_id, std::string_view run_id) {
    return database_.read("workflows.run_definition", [&](Connection& connection) -> Result<std::optional<Workflow>> {
        const auto there =
            find_row<std::int64_t>(connection, "SELECT 1 FROM workflow_runs WHERE run_id = $1 AND account_id = $2",
                                   {run_id, account_id}, [](Columns& columns) { return columns.integer(); });
        if (!there) return std::optional<Workflow>{};
        return std::optional(find_run_definition(connection, run_id));
    });
}

Result<std::optional<std::vector<WorkflowRun>>> SqlWorkflowStore::list_runs(std::string_view account_id,
                                                                            std::string_view workflow_id,
                                                                            ListRange range) {
    using Runs = std::vector<WorkflowRun>;
    if (auto valid = validate(range); !valid) return valid.error();
    static const std::string sql = "SELECT " + std::string(run_columns) +
                                   " FROM workflow_runs WHERE workflow_id = $1 "
                                   "ORDER BY created_at DESC, run_id DESC LIMIT $2 OFFSET $3";
    return database_.read("workflows.list_runs", [&](Connection& connection) -> Result<std::optional<Runs>> {
        const auto there =
            find_row<std::int64_t>(connection, "SELECT 1 FROM workflows WHERE workflow_id = $1 AND account_id = $2",
                                   {workflow_id, account_id}, [](Columns& columns) { return columns.integer(); });
        if (!there) return std::optional<Runs>{};
        Runs runs;
        connection.run(sql, {workflow_id, range.limit, range.offset}, [&](const Row& row) {
            Columns columns(row);
            runs.push_back(read_run(columns));
        });
        return std::optional(std::move(runs));
    });
}

Result<std::optional<WorkflowRun>> SqlWorkflowStore::latest_finished(std::string_view account_id,
                                                                     std::string_view workflow_id) {
    return database_.read("workflows.latest_finished", [&](Connection& connection) {
        return Result<std::optional<WorkflowRun>>(
            find_one_run(connection,
                         "workflow_id = $1 AND account_id = $2 AND status IN ('completed', 'partial') "
                         "ORDER BY created_at DESC, run_id DESC LIMIT 1",
                         {workflow_id, account_id}));
    });
}

Result<std::int64_t> SqlWorkflowStore::count_open_runs() {
    return database_.read("workflows.count_open_runs", [](Connection& connection) -> Result<std::int64_t> {
        const auto count = find_row<std::int64_t>(
            connection, "SELECT count(*) FROM workflow_runs WHERE status IN ('pending', 'running')", {},
            [](Columns& columns) { return columns.integer(); });
        return count.value_or(0);
    });
}

Result<std::optional<Strategy>> SqlWorkflowStore::run_strategy(std::string_view account_id, std::string_view run_id,
                                                               std::string_view strategy_id) {
    static const std::string sql = "SELECT " + std::string(strategy_columns) +
                                   " FROM workflow_run_strategies WHERE run_id = $1 AND strategy_id = $2 AND "
                                   "account_id = $3";
    return database_.read("workflows.run_strategy", [&](Connection& connection) -> Result<std::optional<Strategy>> {
        return find_row<Strategy>(connection, sql, {run_id, strategy_id, account_id}, read_strategy);
    });
}

Result<std::optional<WorkflowRun>> SqlWorkflowStore::cancel(std::string_view account_id, std::string_view workflow_id,
                                                            std::string_view run_id, TimePoint now) {
    using Cancelled = std::optional<WorkflowRun>;
    return database_.write("workflows.cancel", [&](Connection& connection) -> Result<Cancelled> {
        constexpr std::string_view condition = "run_id = $1 AND workflow_id = $2 AND account_id = $3";
        auto run = find_one_run(connection, condition, {run_id, workflow_id, account_id});
        if (!run || run->status == RunStatus::cancelled) return run;
        if (run->status != RunStatus::pending && run->status != RunStatus::running)
            return Error{ErrorCode::conflict, "Workflow run has already finished", std::string(run_id)};
        connection.run(
            "UPDATE workflow_runs SET status = 'cancelled', completed_at = $2, changed_since_previous = 0, due_at = "
            "NULL, lease_until = NULL, token = token + 1 WHERE run_id = $1",
            {run_id, now});
        close_run(connection, run_id, now);
        return find_one_run(connection, condition, {run_id, workflow_id, account_id});
    });
}

void end_node_job(Connection& connection, std::string_view run_id, std::string_view node_id, const JobEnd& end) {
    const auto was_last = find_row<bool>(
        connection,
        "UPDATE workflow_node_runs SET open_jobs = open_jobs - 1, failed_job_count = failed_job_count + $3, "
        "item_count = item_count + $4, job_error = COALESCE(job_error, $5) WHERE run_id = $1 AND node_id = $2 "
        "RETURNING CASE WHEN planned = 1 AND open_jobs = 0 THEN 1 ELSE 0 END",
        {run_id, node_id, end.error.has_value(), end.item_count, end.error},
        [](Columns& columns) { return columns.boolean(); });
    if (was_last.value_or(false))
        connection.run("UPDATE workflow_runs SET due_at = $2 WHERE run_id = $1 AND due_at > $2", {run_id, end.at});
}

void fail_jobs_of_run(Connection& connection, std::string_view run_id, std::string_view error, TimePoint now) {
    std::int64_t pending = 0;
    std::int64_t running = 0;
    connection.run(
        "SELECT COALESCE(SUM(CASE WHEN status = 'pending' THEN 1 ELSE 0 END), 0), COUNT(*) FROM jobs "
        "WHERE workflow_run_id = $1 AND workflow_run_id IS NOT NULL AND status IN ('pending', 'running')",
        {run_id}, [&](const Row& row) {
            pending = row.integer(0);
            running = row.integer(1) - pending;
        });
    if (pending == 0 && running == 0) return;
    connection.run(
        "UPDATE jobs SET status = 'failed', outcome = 'failed', error = $2, lease_until = NULL, completed_at = $3 "
        "WHERE workflow_run_id = $1 AND workflow_run_id IS NOT NULL AND status IN ('pending', 'running')",
        {run_id, error, now});
    connection.run("UPDATE job_totals SET pending = pending - $1, running = running - $2", {pending, running});
    // Every job of such a batch is one of the run.
    connection.run(
        "UPDATE batches SET failed = failed + pending + running, pending = 0, running = 0 WHERE batch_id IN "
        "(SELECT batch_id FROM workflow_node_runs WHERE run_id = $1 AND batch_id IS NOT NULL)",
        {run_id});
    connection.run(
        "UPDATE workflow_node_runs SET failed_job_count = failed_job_count + open_jobs, open_jobs = 0, "
        "job_error = COALESCE(job_error, $2) WHERE run_id = $1 AND open_jobs > 0",
        {run_id, error});
}

void close_run(Connection& connection, std::string_view run_id, TimePoint now) {
    fail_jobs_of_run(connection, run_id, cancelled_job, now);
    connection.run(
        "UPDATE workflow_node_runs SET status = 'cancelled', completed_at = $2 WHERE run_id = $1 AND "
        "status IN ('pending', 'running')",
        {run_id, now});
    connection.run("DELETE FROM workflow_run_strategies WHERE run_id = $1", {run_id});
}

void forget_jobs_in_runs(Connection& connection, std::string_view strategy_id, TimePoint now) {
    std::set<std::pair<std::string, std::string>> nodes;  // a node has one strategy: all its open jobs go
    connection.run(
        "SELECT workflow_run_id, workflow_node_id FROM jobs WHERE strategy_id = $1 AND workflow_run_id IS NOT "
        "NULL AND status IN ('pending', 'running')",
        {strategy_id}, [&](const Row& row) { nodes.emplace(row.text(0), row.text(1)); });
    for (const auto& node : nodes) {
        connection.run(
            "UPDATE workflow_node_runs SET failed_job_count = failed_job_count + open_jobs, open_jobs = 0, "
            "job_error = COALESCE(job_error, 'Strategy not found') WHERE run_id = $1 AND node_id = $2",
            {node.first, node.second});
        connection.run("UPDATE workflow_runs SET due_at = $2 WHERE run_id = $1 AND due_at > $2", {node.first, now});
    }
}

}  // namespace meter::sql
