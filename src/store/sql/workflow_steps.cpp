// What the nodes of a run do and hand on.
#include <algorithm>
#include <utility>

#include "store/sql/workflow_rows.hpp"
#include "store/sql/workflow_store.hpp"

namespace meter::sql {
namespace {

void write_state(Connection& connection, std::string_view run_id, const NodeChange& change) {
    const NodeProgress& progress = change.progress;
    const NodeExecution& execution = progress.execution;
    std::optional<std::string_view> reason;
    if (execution.skip_reason) reason = to_string(*execution.skip_reason);
    connection.run(
        "UPDATE workflow_node_runs SET status = $3, skip_reason = $4, error = $5, started_at = $6, completed_at = $7, "
        "planned = $8, signature = $9, input_hash = $10 WHERE run_id = $1 AND node_id = $2",
        {run_id, change.node_id, to_string(execution.status), reason, execution.error, execution.started_at,
         execution.completed_at, progress.planned, progress.signature, progress.input_hash});
}

/// An earlier run that handed on what a still earlier one did leads straight to that one.
void hand_on(Connection& connection, std::string_view run_id, std::string_view node_id, std::string_view source) {
    connection.run(
        "UPDATE workflow_node_runs SET (source_run_id, item_count, reused_count) = (SELECT COALESCE(source_run_id, "
        "run_id), item_count, job_count - failed_job_count + reused_count FROM workflow_node_runs AS earlier WHERE "
        "earlier.run_id = $3 AND earlier.node_id = $2) WHERE run_id = $1 AND node_id = $2",
        {run_id, node_id, source});
}

void insert_inputs(Connection& connection, std::string_view run_id, const NodeChange& change) {
    std::int64_t reused = 0;
    std::int64_t reused_items = 0;
    for (const NodeInput& input : change.inputs) {
        connection.run(
            "INSERT INTO workflow_inputs (run_id, node_id, sequence, url, feed_hash, job_id, reused) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            {run_id, change.node_id, input.sequence, input.url, input.feed_hash, input.job_id, input.reused});
        if (!input.reused) continue;
        ++reused;
        reused_items += input.item_count;
    }
    connection.run(
        "UPDATE workflow_node_runs SET input_count = input_count + $3, reused_count = reused_count + $4, "
        "item_count = item_count + $5 WHERE run_id = $1 AND node_id = $2",
        {run_id, change.node_id, change.inputs.size(), reused, reused_items});
}

Result<void> insert_jobs(Connection& connection, std::string_view run_id, const NodeChange& change) {
    const Job& first = change.jobs.front();
    const auto strategy = find_row<std::int64_t>(
        connection, "SELECT 1 FROM strategies WHERE strategy_id = $1 AND account_id = $2",
        {first.strategy_id, first.account_id}, [](Columns& columns) { return columns.integer(); });
    if (!strategy) return Error{ErrorCode::not_found, "Strategy not found", first.strategy_id};
    const std::size_t count = change.jobs.size();
    if (change.batch_id)
        connection.run(
            "INSERT INTO batches (batch_id, account_id, strategy_id, job_count, created_at, pending) "
            "VALUES ($1, $2, $3, $4, $5, $4) ON CONFLICT (batch_id) DO UPDATE SET "
            "job_count = batches.job_count + excluded.job_count, pending = batches.pending + excluded.pending",
            {*change.batch_id, first.account_id, first.strategy_id, count, first.created_at});
    for (const Job& job : change.jobs) insert_pending_job(connection, job);
    connection.run("UPDATE job_totals SET pending = pending + $1", {count});
    connection.run(
        "UPDATE workflow_node_runs SET job_count = job_count + $3, open_jobs = open_jobs + $3, "
        "job_id = COALESCE(job_id, $4), batch_id = COALESCE(batch_id, $5) WHERE run_id = $1 AND node_id = $2",
        {run_id, change.node_id, count, first.job_id, change.batch_id});
    return {};
}

}  // namespace

Result<bool> SqlWorkflowStore::advance(const WorkflowRunRef& claim, const std::vector<NodeChange>& changes,
                                       TimePoint now) {
    for (const NodeChange& change : changes)
        for (const Job& job : change.jobs)
            if (job.batch_id != change.batch_id || job.workflow_run_id != claim.run_id ||
                job.workflow_node_id != change.node_id)
                return Error{ErrorCode::invalid_argument, "A job names another run, node or batch than its change",
                             job.job_id};
    return database_.write("workflows.advance", [&](Connection& connection) -> Result<bool> {
        const auto held = connection.run(
            "UPDATE workflow_runs SET status = 'running', started_at = COALESCE(started_at, $3) "
            "WHERE run_id = $1 AND token = $2 AND lease_until IS NOT NULL",
            {claim.run_id, claim.token, now});
        if (held == 0) return false;
        for (const NodeChange& change : changes) {
            write_state(connection, claim.run_id, change);
            if (change.copy_from_run) hand_on(connection, claim.run_id, change.node_id, *change.copy_from_run);
            if (!change.inputs.empty()) insert_inputs(connection, claim.run_id, change);
            if (change.jobs.empty()) continue;
            if (auto inserted = insert_jobs(connection, claim.run_id, change); !inserted) return inserted.error();
        }
        return true;
    });
}

Result<std::vector<NodeOutput>> SqlWorkflowStore::outputs(const NodeOutputQuery& query) {
    if (auto valid = validate(ListRange{.limit = query.limit}); !valid) return valid.error();
    return database_.read("workflows.outputs", [&](Connection& connection) -> Result<std::vector<NodeOutput>> {
        std::vector<NodeOutput> outputs;
        connection.run(
            "SELECT workflow_inputs.sequence, workflow_inputs.url, workflow_inputs.job_id, jobs.content_hash "
            "FROM workflow_inputs JOIN jobs ON jobs.job_id = workflow_inputs.job_id "
            "WHERE workflow_inputs.run_id = (SELECT COALESCE(source_run_id, run_id) FROM workflow_node_runs "
            "WHERE run_id = $1 AND node_id = $2) AND workflow_inputs.node_id = $2 AND workflow_inputs.sequence >= $3 "
            "AND jobs.status = 'completed' ORDER BY workflow_inputs.sequence LIMIT $4",
            {query.run_id, query.node_id, query.first_sequence, query.limit}, [&](const Row& row) {
                Columns columns(row);
                NodeOutput output;
                output.sequence = columns.integer();
                output.url = columns.text();
                output.job_id = columns.text();
                output.content_hash = columns.text();
                outputs.push_back(std::move(output));
            });
        if (!query.with_results) return outputs;
        // One by one, so that what is beyond `max_bytes` is not read.
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            auto results = find_row<std::string>(connection, "SELECT results FROM job_results WHERE job_id = $1",
                                                 {outputs[i].job_id}, [](Columns& columns) { return columns.text(); });
            outputs[i].results = std::move(results).value_or("[]");
            bytes += outputs[i].results.size();
            if (bytes > query.max_bytes) {
                outputs.resize(std::max<std::size_t>(i, 1));
                break;
            }
        }
        return outputs;
    });
}

Result<std::vector<NodeFeed>> SqlWorkflowStore::feeds(std::string_view run_id, std::string_view node_id,
                                                      std::int64_t first_sequence, std::int64_t limit) {
    if (limit < 1 || limit > 10'000)
        return Error{ErrorCode::invalid_argument, "limit must be between 1 and 10000", "limit"};
    return database_.read("workflows.feeds", [&](Connection& connection) -> Result<std::vector<NodeFeed>> {
        std::vector<NodeFeed> found;
        connection.run(
            "SELECT sequence, feed_hash FROM workflow_inputs WHERE run_id = (SELECT COALESCE(source_run_id, run_id) "
            "FROM workflow_node_runs WHERE run_id = $1 AND node_id = $2) AND node_id = $2 AND sequence >= $3 "
            "ORDER BY sequence LIMIT $4",
            {run_id, node_id, first_sequence, limit}, [&](const Row& row) {
                Columns columns(row);
                const std::int64_t sequence = columns.integer();
                found.push_back({sequence, columns.text()});
            });
        return found;
    });
}

Result<std::vector<NodeInput>> SqlWorkflowStore::reusable(std::string_view run_id, std::string_view node_id,
                                                          const std::vector<std::int64_t>& sequences) {
    return database_.read("workflows.reusable", [&](Connection& connection) -> Result<std::vector<NodeInput>> {
        std::vector<NodeInput> found;
        const auto source = find_row<std::string>(
            connection,
            "SELECT COALESCE(source_run_id, run_id) FROM workflow_node_runs WHERE run_id = $1 AND node_id = $2",
            {run_id, node_id}, [](Columns& columns) { return columns.text(); });
        if (!source) return found;
        for (const std::int64_t sequence : sequences) {
            auto input = find_row<NodeInput>(
                connection,
                "SELECT workflow_inputs.url, workflow_inputs.feed_hash, workflow_inputs.job_id, jobs.item_count "
                "FROM workflow_inputs JOIN jobs ON jobs.job_id = workflow_inputs.job_id WHERE workflow_inputs.run_id = "
                "$1 AND workflow_inputs.node_id = $2 AND workflow_inputs.sequence = $3 AND jobs.status = 'completed'",
                {*source, node_id, sequence}, [](Columns& columns) {
                    NodeInput read;
                    read.url = columns.text();
                    read.feed_hash = columns.text();
                    read.job_id = columns.text();
                    read.item_count = columns.integer();
                    return read;
                });
            if (!input) continue;
            input->sequence = sequence;
            input->reused = true;
            found.push_back(*std::move(input));
        }
        return found;
    });
}

}  // namespace meter::sql
