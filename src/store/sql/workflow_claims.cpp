// Who moves a run on, and until when. As with jobs, a claim raises `token`, and every later write names it.
#include <utility>

#include "store/sql/delivery_rows.hpp"
#include "store/sql/workflow_rows.hpp"
#include "store/sql/workflow_store.hpp"

namespace meter::sql {
namespace {

constexpr std::string_view due_run =
    "FROM workflow_runs WHERE due_at IS NOT NULL AND due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1) "
    "ORDER BY due_at, run_id LIMIT 1";

std::optional<std::string> next_due_run(Connection& connection, TimePoint now, std::string_view lock) {
    std::string sql = "SELECT run_id ";
    sql.append(due_run).append(lock);
    return find_row<std::string>(connection, sql, {now}, [](Columns& columns) { return columns.text(); });
}

ClaimedWorkflowRun read_claimed(Connection& connection, std::string_view run_id, TimePoint now) {
    static const std::string sql = "SELECT " + std::string(run_columns) +
                                   ", token, CASE WHEN deadline_at <= $2 THEN 1 ELSE 0 END FROM workflow_runs "
                                   "WHERE run_id = $1";
    auto claimed = find_row<ClaimedWorkflowRun>(connection, sql, {run_id, now}, [](Columns& columns) {
                       ClaimedWorkflowRun found;
                       found.run = read_run(columns);
                       found.token = columns.integer();
                       found.expired = columns.boolean();
                       return found;
                   }).value();
    claimed.definition = find_run_definition(connection, run_id);
    claimed.nodes = find_node_progress(connection, run_id);
    connection.run(
        "SELECT run_id, output_hash FROM workflow_runs WHERE workflow_id = $1 AND status IN ('completed', 'partial') "
        "ORDER BY created_at DESC, run_id DESC LIMIT 1",
        {claimed.run.workflow_id}, [&](const Row& row) {
            claimed.previous_run_id = std::string(row.text(0));
            claimed.previous_output_hash = row.text(1);
        });
    if (claimed.previous_run_id) claimed.previous_nodes = find_node_progress(connection, *claimed.previous_run_id);
    return claimed;
}

}  // namespace

Result<std::optional<ClaimedWorkflowRun>> SqlWorkflowStore::claim_next(TimePoint now, std::chrono::milliseconds lease) {
    using Claimed = std::optional<ClaimedWorkflowRun>;
    // Asked for all the time: when nothing is due that costs a read and the writer nothing.
    const auto waiting = database_.read("workflows.claim_next", [&](Connection& connection) -> Result<bool> {
        return next_due_run(connection, now, "").has_value();
    });
    if (!waiting) return waiting.error();
    if (!*waiting) return Claimed{};
    return database_.write("workflows.claim_next", [&](Connection& connection) -> Result<Claimed> {
        const auto run_id = next_due_run(connection, now, connection.dialect().claim_lock);
        if (!run_id) return Claimed{};
        connection.run("UPDATE workflow_runs SET token = token + 1, lease_until = $2, due_at = $2 WHERE run_id = $1",
                       {*run_id, now + lease});
        return std::optional(read_claimed(connection, *run_id, now));
    });
}

Result<bool> SqlWorkflowStore::heartbeat(const WorkflowRunRef& claim, TimePoint now, std::chrono::milliseconds lease) {
    return database_.write("workflows.heartbeat", [&](Connection& connection) -> Result<bool> {
        return connection.run(
                   "UPDATE workflow_runs SET due_at = CASE WHEN due_at < lease_until THEN due_at ELSE $3 END, "
                   "lease_until = $3 WHERE run_id = $1 AND token = $2 AND lease_until IS NOT NULL",
                   {claim.run_id, claim.token, now + lease}) != 0;
    });
}

// Due at once when a node's last job ended since the claim (due_at says so), or before its planning was written.
Result<bool> SqlWorkflowStore::release(const WorkflowRunRef& claim, TimePoint now, std::optional<TimePoint> again_at) {
    return database_.write("workflows.release", [&](Connection& connection) -> Result<bool> {
        return connection.run(
                   "UPDATE workflow_runs SET due_at = CASE WHEN due_at < lease_until OR EXISTS (SELECT 1 FROM "
                   "workflow_node_runs WHERE workflow_node_runs.run_id = $1 AND workflow_node_runs.status = 'running' "
                   "AND planned = 1 AND open_jobs = 0) THEN CAST($3 AS BIGINT) ELSE COALESCE($4, deadline_at) END, "
                   "lease_until = NULL WHERE run_id = $1 AND token = $2 AND lease_until IS NOT NULL",
                   {claim.run_id, claim.token, now, again_at}) != 0;
    });
}

Result<bool> SqlWorkflowStore::finish(const WorkflowRunRef& claim, const WorkflowRunEnd& end) {
    return database_.write("workflows.finish", [&](Connection& connection) -> Result<bool> {
        const auto ended = connection.run(
            "UPDATE workflow_runs SET status = $3, error = $4, changed_since_previous = $5, output_hash = $6, "
            "completed_at = $7, started_at = COALESCE(started_at, $7), due_at = NULL, lease_until = NULL "
            "WHERE run_id = $1 AND token = $2 AND lease_until IS NOT NULL",
            {claim.run_id, claim.token, to_string(end.status), end.error, end.changed_since_previous, end.output_hash,
             end.completed_at});
        if (ended == 0) return false;
        close_run(connection, claim.run_id, end.completed_at);
        insert_deliveries(connection, end.deliveries);
        return true;
    });
}

Result<bool> SqlWorkflowStore::fail_open_jobs(const WorkflowRunRef& claim, std::string_view error, TimePoint now) {
    return database_.write("workflows.fail_open_jobs", [&](Connection& connection) -> Result<bool> {
        const auto held = find_row<std::int64_t>(
            connection, "SELECT 1 FROM workflow_runs WHERE run_id = $1 AND token = $2 AND lease_until IS NOT NULL",
            {claim.run_id, claim.token}, [](Columns& columns) { return columns.integer(); });
        if (!held) return false;
        fail_jobs_of_run(connection, claim.run_id, error, now);
        return true;
    });
}

}  // namespace meter::sql
