#include "store/sql/job_rows.hpp"

namespace meter::sql {

Job read_job(Columns& columns) {
    Job job;
    job.job_id = columns.text();
    job.account_id = columns.text();
    job.strategy_id = columns.text();
    job.schedule_id = columns.optional_text();
    job.batch_id = columns.optional_text();
    job.workflow_run_id = columns.optional_text();
    job.url = columns.text();
    job.parameters = columns.optional_text();
    job.status = columns.job_status();
    job.item_count = columns.optional_integer();
    job.content_hash = columns.optional_text();
    job.has_changes = columns.optional_boolean();
    job.error = columns.optional_text();
    job.outcome = columns.optional_outcome();
    job.warnings = columns.list();
    job.attempt = columns.integer();
    job.created_at = columns.time();
    job.started_at = columns.optional_time();
    job.completed_at = columns.optional_time();
    return job;
}

void count_move(Connection& connection, const std::optional<std::string>& batch_id, JobStatus from, JobStatus to) {
    const auto change = [&](JobStatus status) { return int{to == status} - int{from == status}; };
    connection.run("UPDATE job_totals SET pending = pending + $1, running = running + $2",
                   {change(JobStatus::pending), change(JobStatus::running)});
    if (!batch_id) return;
    connection.run(
        "UPDATE batches SET pending = pending + $2, running = running + $3, completed = completed + $4, "
        "failed = failed + $5 WHERE batch_id = $1",
        {*batch_id, change(JobStatus::pending), change(JobStatus::running), change(JobStatus::completed),
         change(JobStatus::failed)});
}

}  // namespace meter::sql
