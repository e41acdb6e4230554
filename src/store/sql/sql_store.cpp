#include "store/sql/sql_store.hpp"

#include <utility>

#include "store/sql/columns.hpp"
#include "store/sql/transfer.hpp"

namespace meter::sql {
namespace {

std::int64_t count_rows(Connection& connection, std::string_view sql) {
    return find_row<std::int64_t>(connection, sql, {}, [](Columns& columns) { return columns.integer(); }).value_or(0);
}

}  // namespace

std::vector<std::string> inconsistencies(Connection& connection) {
    struct Rule {
        std::string_view sql;  ///< counts the rows that break it
        std::string_view finding;
    };
    constexpr Rule rules[] = {
        {"SELECT COUNT(*) FROM job_totals WHERE pending <> (SELECT COUNT(*) FROM jobs WHERE status = 'pending') "
         "OR running <> (SELECT COUNT(*) FROM jobs WHERE status = 'running')",
         "the number of pending or running jobs is not what the jobs say"},
        {"SELECT COUNT(*) FROM batches LEFT JOIN (SELECT batch_id, "
         "SUM(CASE WHEN status = 'pending' THEN 1 ELSE 0 END) AS pending, "
         "SUM(CASE WHEN status = 'running' THEN 1 ELSE 0 END) AS running, "
         "SUM(CASE WHEN status = 'completed' THEN 1 ELSE 0 END) AS completed, "
         "SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed "
         "FROM jobs WHERE batch_id IS NOT NULL GROUP BY batch_id) AS counted ON counted.batch_id = batches.batch_id "
         "WHERE batches.pending <> COALESCE(counted.pending, 0) OR batches.running <> COALESCE(counted.running, 0) "
         // Some of those that have ended may have been removed since.
         "OR batches.completed < COALESCE(counted.completed, 0) OR batches.failed < COALESCE(counted.failed, 0) "
         "OR batches.job_count <> batches.pending + batches.running + batches.completed + batches.failed",
         "batches whose progress is not what their jobs say"},
        {"SELECT COUNT(*) FROM jobs LEFT JOIN job_results ON job_results.job_id = jobs.job_id "
         "WHERE jobs.status = 'completed' AND job_results.job_id IS NULL",
         "completed jobs without results"},
        {"SELECT COUNT(*) FROM baselines LEFT JOIN jobs ON jobs.job_id = baselines.job_id WHERE jobs.job_id IS NULL",
         "baselines without their job"},
        {"SELECT COUNT(*) FROM workflow_node_runs LEFT JOIN (SELECT workflow_run_id, workflow_node_id, COUNT(*) AS "
         "open "
         "FROM jobs WHERE workflow_run_id IS NOT NULL AND status IN ('pending', 'running') "
         "GROUP BY workflow_run_id, workflow_node_id) AS counted ON counted.workflow_run_id = run_id AND "
         "counted.workflow_node_id = node_id WHERE open_jobs <> COALESCE(counted.open, 0)",
         "nodes of workflow runs whose open jobs are not what the jobs say"},
    };
    std::vector<std::string> findings;
    for (const auto& rule : rules)
        if (const auto count = count_rows(connection, rule.sql); count != 0)
            findings.push_back(std::to_string(count) + " x " + std::string(rule.finding));
    return findings;
}

SqlStore::SqlStore(std::unique_ptr<Database> database)
    : database_(std::move(database)),
      strategies_(*database_),
      jobs_(*database_),
      schedules_(*database_),
      idempotency_(*database_),
      api_keys_(*database_),
      deliveries_(*database_),
      discoveries_(*database_),
      strategy_groups_(*database_),
      workflows_(*database_),
      automations_(*database_),
      executions_(*database_) {}

// Only a page that goes all the way to the disk proves "writable", and SQLite writes none when a row stays the same:
// so there and back again.
Result<void> SqlStore::ping() {
    return database_->write("ping", [](Connection& connection) -> Result<void> {
        connection.run("UPDATE job_totals SET pending = pending + 1");
        if (connection.run("UPDATE job_totals SET pending = pending - 1") == 1) return {};
        return Error{ErrorCode::store, "The database has lost its counters; check it for damage"};
    });
}

Result<std::vector<std::string>> SqlStore::check() {
    auto findings = database_->check();
    if (!findings || !findings->empty()) return findings;
    auto more = database_->read("check", [](Connection& connection) -> Result<std::vector<std::string>> {
        return inconsistencies(connection);
    });
    return more;
}

Result<void> SqlStore::backup(const std::string& path) {
    return database_->back_up(path);
}

Result<void> SqlStore::export_records(const RecordSink& sink) {
    return database_->read("export", [&](Connection& connection) { return export_tables(connection, sink); });
}

Result<void> SqlStore::import_records(RecordSource& source) {
    return database_->write("import", [&](Connection& connection) { return import_tables(connection, source); });
}

}  // namespace meter::sql
