// Who executes an automation, and until when. As with jobs, a claim raises `token`, and every later write names it.
#include <algorithm>
#include <utility>

#include "store/sql/automation_execution_rows.hpp"
#include "store/sql/automation_execution_store.hpp"

namespace meter::sql {
namespace {

std::string read_id_column(Columns& columns) {
    return columns.text();
}

bool any_execution_due(Connection& connection, TimePoint now) {
    return find_row<std::string>(connection,
                                 "SELECT execution_id FROM automation_executions WHERE due_at IS NOT NULL AND "
                                 "due_at <= $1 ORDER BY due_at, execution_id LIMIT 1",
                                 {now}, read_id_column)
        .has_value();
}

/// Two seeks for each account that has anything open, until one has its turn.
std::optional<std::string> next_due_execution(Connection& connection, const ExecutionClaim& claim,
                                              std::string_view lock) {
    std::string due =
        "SELECT execution_id FROM automation_executions WHERE account_id = $1 AND due_at IS NOT NULL AND due_at <= $2 "
        "ORDER BY due_at, execution_id LIMIT 1";
    due.append(lock);
    const auto next_account = [&](std::string_view comparison, std::string_view account) {
        std::string sql = "SELECT account_id FROM automation_executions WHERE due_at IS NOT NULL AND account_id ";
        sql.append(comparison).append(" $1 ORDER BY account_id LIMIT 1");
        return find_row<std::string>(connection, sql, {account}, read_id_column);
    };
    const auto take = [&](const std::string& account) -> std::optional<std::string> {
        if (std::find(claim.full_accounts.begin(), claim.full_accounts.end(), account) != claim.full_accounts.end())
            return std::nullopt;
        return find_row<std::string>(connection, due, {account, claim.now}, read_id_column);
    };
    // The accounts behind the last one served, then those from the first up to it: each once.
    for (auto account = next_account(">", claim.after_account); account; account = next_account(">", *account))
        if (auto execution_id = take(*account)) return execution_id;
    for (auto account = next_account(">=", ""); account && *account <= claim.after_account;
         account = next_account(">", *account))
        if (auto execution_id = take(*account)) return execution_id;
    return std::nullopt;
}

/// Does the claim hold? Keeps everybody else out until the end of the transaction.
bool touch_held(Connection& connection, const ExecutionRef& claim, std::optional<TimePoint> now) {
    return connection.run(
               "UPDATE automation_executions SET updated_at = COALESCE($3, updated_at) "
               "WHERE execution_id = $1 AND token = $2 AND lease_until IS NOT NULL",
               {claim.execution_id, claim.token, now}) != 0;
}

void insert_chunks(Connection& connection, std::string_view execution_id, const std::vector<ItemChunk>& chunks) {
    for (const ItemChunk& chunk : chunks) {
        connection.run(
            "INSERT INTO automation_items (execution_id, position, port, sequence, items) VALUES ($1, $2, $3, $4, $5)",
            {execution_id, chunk.node, chunk.port, chunk.sequence, chunk.items});
        connection.run(
            "UPDATE automation_spans SET spilled_bytes = COALESCE(spilled_bytes, 0) + $3 "
            "WHERE execution_id = $1 AND position = $2",
            {execution_id, chunk.node, chunk.items.size()});
    }
}

void insert_logs(Connection& connection, std::string_view execution_id, const std::vector<ExecutionLog>& logs) {
    if (logs.empty()) return;
    std::int64_t sequence =
        find_row<std::int64_t>(connection,
                               "SELECT COALESCE(MAX(sequence) + 1, 0) FROM automation_logs WHERE execution_id = $1",
                               {execution_id}, [](Columns& columns) { return columns.integer(); })
            .value_or(0);
    for (const ExecutionLog& log : logs)
        connection.run(
            "INSERT INTO automation_logs (execution_id, sequence, log_id, level, message, node_id, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            {execution_id, sequence++, log.log_id, to_string(log.level), log.message, log.node_id, log.created_at});
}

/// What an execution that has ended leaves behind.
void close_spans(Connection& connection, std::string_view execution_id, TimePoint now) {
    connection.run(
        "UPDATE automation_spans SET ended_at = CASE WHEN status = 'running' THEN $2 ELSE ended_at END, "
        "status = CASE WHEN status = 'running' THEN 'stopped' WHEN failed_tries > 0 THEN 'failed' ELSE 'skipped' END, "
        "retry_at = NULL WHERE execution_id = $1 AND status IN ('pending', 'running')",
        {execution_id, now});
    connection.run("DELETE FROM automation_items WHERE execution_id = $1", {execution_id});
}

ClaimedExecution read_claimed_execution(Connection& connection, std::string_view execution_id,
                                        std::int64_t max_losses) {
    static const std::string sql = "SELECT " + execution_columns() +
                                   ", token, deadline_at, losses FROM automation_executions WHERE execution_id = $1";
    auto claimed = find_row<ClaimedExecution>(connection, sql, {execution_id}, [&](Columns& columns) {
                       ClaimedExecution found;
                       found.execution = read_execution(columns);
                       found.token = columns.integer();
                       found.deadline = columns.time();
                       found.given_up = columns.integer() >= max_losses;
                       return found;
                   }).value();
    read_execution_graph(connection, claimed.execution);
    connection.run(
        "SELECT status, failed_tries, retry_at, COALESCE(spilled_bytes, 0) FROM automation_spans "
        "WHERE execution_id = $1 ORDER BY position",
        {execution_id}, [&](const Row& row) {
            Columns columns(row);
            ExecutionNode& node = claimed.nodes.emplace_back();
            node.status = read_span_status(columns);
            node.failed_tries = columns.integer();
            node.retry_at = columns.optional_time();
            node.spilled_bytes = columns.integer();
        });
    return claimed;
}

}  // namespace

Result<std::optional<ClaimedExecution>> SqlExecutionStore::claim_next(const ExecutionClaim& claim) {
    using Claimed = std::optional<ClaimedExecution>;
    // Asked for all the time: when nothing is due that costs a read and the writer nothing.
    const auto waiting = database_.read("executions.claim_next", [&](Connection& connection) -> Result<bool> {
        return any_execution_due(connection, claim.now) && next_due_execution(connection, claim, "");
    });
    if (!waiting) return waiting.error();
    if (!*waiting) return Claimed{};
    return database_.write("executions.claim_next", [&](Connection& connection) -> Result<Claimed> {
        const auto execution_id = next_due_execution(connection, claim, connection.dialect().claim_lock);
        if (!execution_id) return Claimed{};
        connection.run(
            "UPDATE automation_executions SET token = token + 1, losses = losses + CASE WHEN lease_until IS NULL "
            "THEN 0 ELSE 1 END, status = 'running', started_at = COALESCE(started_at, $2), "
            "deadline_at = COALESCE(deadline_at, $2 + timeout_ms), updated_at = $2, due_at = $3, lease_until = $3 "
            "WHERE execution_id = $1",
            {*execution_id, claim.now, claim.now + claim.lease});
        return std::optional(read_claimed_execution(connection, *execution_id, claim.max_losses));
    });
}

Result<bool> SqlExecutionStore::heartbeat(const ExecutionRef& claim, TimePoint now, std::chrono::milliseconds lease) {
    return database_.write("executions.heartbeat", [&](Connection& connection) -> Result<bool> {
        return connection.run(
                   "UPDATE automation_executions SET due_at = $3, lease_until = $3 "
                   "WHERE execution_id = $1 AND token = $2 AND lease_until IS NOT NULL",
                   {claim.execution_id, claim.token, now + lease}) != 0;
    });
}

Result<bool> SqlExecutionStore::start_node(const ExecutionRef& claim, std::int64_t node, TimePoint now) {
    return database_.write("executions.start_node", [&](Connection& connection) -> Result<bool> {
        if (!touch_held(connection, claim, now)) return false;
        connection.run("DELETE FROM automation_items WHERE execution_id = $1 AND position = $2",
                       {claim.execution_id, node});
        const auto ordinal =
            find_row<std::int64_t>(connection,
                                   "SELECT COALESCE(MAX(ordinal) + 1, 0) FROM automation_spans WHERE execution_id = $1",
                                   {claim.execution_id}, [](Columns& columns) { return columns.integer(); })
                .value_or(0);
        connection.run(
            "UPDATE automation_spans SET status = 'running', ordinal = COALESCE(ordinal, $3), "
            "started_at = COALESCE(started_at, $4), ended_at = NULL, retry_at = NULL, spilled_bytes = 0 "
            "WHERE execution_id = $1 AND position = $2",
            {claim.execution_id, node, ordinal, now});
        return true;
    });
}

Result<bool> SqlExecutionStore::add_items(const ExecutionRef& claim, const std::vector<ItemChunk>& chunks) {
    return database_.write("executions.add_items", [&](Connection& connection) -> Result<bool> {
        if (!touch_held(connection, claim, std::nullopt)) return false;
        insert_chunks(connection, claim.execution_id, chunks);
        return true;
    });
}

Result<bool> SqlExecutionStore::end_node(const ExecutionRef& claim, const NodeEnd& end) {
    return database_.write("executions.end_node", [&](Connection& connection) -> Result<bool> {
        if (!touch_held(connection, claim, end.ended_at)) return false;
        connection.run(
            "UPDATE automation_spans SET status = $3, retry_at = $4, error = $5, input_items = $6, output_items = $7, "
            "input_data = $8, output_data = $9, ended_at = $10, failed_tries = failed_tries + $11 "
            "WHERE execution_id = $1 AND position = $2",
            {claim.execution_id, end.node, to_string(end.status), end.retry_at, end.error, end.input_items,
             end.output_items, end.input_data, end.output_data, end.ended_at,
             end.status == SpanStatus::completed ? 0 : 1});
        if (end.status == SpanStatus::completed)
            connection.run("UPDATE automation_executions SET losses = 0 WHERE execution_id = $1", {claim.execution_id});
        insert_chunks(connection, claim.execution_id, end.chunks);
        insert_logs(connection, claim.execution_id, end.logs);
        return true;
    });
}

Result<std::optional<std::string>> SqlExecutionStore::items(const ExecutionRef& claim, std::int64_t node,
                                                            std::string_view port, std::int64_t sequence) {
    using Chunk = std::optional<std::string>;
    return database_.read("executions.items", [&](Connection& connection) -> Result<Chunk> {
        auto chunk = find_row<std::string>(connection,
                                           "SELECT items FROM automation_items WHERE execution_id = $1 AND "
                                           "position = $2 AND port = $3 AND sequence = $4",
                                           {claim.execution_id, node, port, sequence}, read_id_column);
        if (chunk) return chunk;
        // Whoever ends an execution drops its chunks with its lease: held after the look means there was none.
        const auto held = find_row<std::string>(connection,
                                                "SELECT execution_id FROM automation_executions WHERE "
                                                "execution_id = $1 AND token = $2 AND lease_until IS NOT NULL",
                                                {claim.execution_id, claim.token}, read_id_column);
        if (!held) return Error{ErrorCode::cancelled, "The execution was stopped", claim.execution_id};
        return Chunk();
    });
}

Result<bool> SqlExecutionStore::release(const ExecutionRef& claim, TimePoint again_at) {
    return database_.write("executions.release", [&](Connection& connection) -> Result<bool> {
        return connection.run(
                   "UPDATE automation_executions SET due_at = $3, lease_until = NULL "
                   "WHERE execution_id = $1 AND token = $2 AND lease_until IS NOT NULL",
                   {claim.execution_id, claim.token, again_at}) != 0;
    });
}

Result<bool> SqlExecutionStore::finish(const ExecutionRef& claim, ExecutionStatus status,
                                       const std::optional<std::string>& error, TimePoint now) {
    return database_.write("executions.finish", [&](Connection& connection) -> Result<bool> {
        const auto ended = connection.run(
            "UPDATE automation_executions SET status = $3, error = $4, ended_at = $5, updated_at = $5, due_at = NULL, "
            "lease_until = NULL WHERE execution_id = $1 AND token = $2 AND lease_until IS NOT NULL",
            {claim.execution_id, claim.token, to_string(status), error, now});
        if (ended == 0) return false;
        close_spans(connection, claim.execution_id, now);
        return true;
    });
}

Result<bool> SqlExecutionStore::add_logs(const ExecutionRef& claim, const std::vector<ExecutionLog>& logs) {
    return database_.write("executions.add_logs", [&](Connection& connection) -> Result<bool> {
        const auto last =
            connection.run("UPDATE automation_executions SET token = token WHERE execution_id = $1 AND token = $2",
                           {claim.execution_id, claim.token});
        if (last == 0) return false;
        insert_logs(connection, claim.execution_id, logs);
        return true;
    });
}

Result<bool> SqlExecutionStore::stop(std::string_view execution_id, TimePoint now) {
    return database_.write("executions.stop", [&](Connection& connection) -> Result<bool> {
        const auto stopped = connection.run(
            "UPDATE automation_executions SET status = 'stopped', ended_at = $2, updated_at = $2, due_at = NULL, "
            "lease_until = NULL WHERE execution_id = $1 AND due_at IS NOT NULL",
            {execution_id, now});
        if (stopped == 0) return false;
        close_spans(connection, execution_id, now);
        return true;
    });
}

}  // namespace meter::sql
