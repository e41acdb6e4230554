#include "store/sql/job_rows.hpp"

#include "store/sql/workflow_rows.hpp"
#include "url/url.hpp"

namespace meter::sql {
namespace {

/// What the politeness of the fetcher goes by; empty for what is no URL.
std::string host_and_port(std::string_view text) {
    const auto url = url::parse_url(text);
    return url ? url->host + ':' + std::to_string(url->port) : std::string();
}

}  // namespace

Job read_job(Columns& columns) {
    Job job;
    job.job_id = columns.text();
    job.account_id = columns.text();
    job.strategy_id = columns.text();
    job.schedule_id = columns.optional_text();
    job.batch_id = columns.optional_text();
    job.workflow_run_id = columns.optional_text();
    job.workflow_node_id = columns.optional_text();
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

void insert_pending_job(Connection& connection, const Job& job) {
    connection.run(
        "INSERT INTO jobs (job_id, account_id, strategy_id, schedule_id, batch_id, workflow_run_id, "
        "workflow_node_id, url, parameters, status, warnings, created_at, host) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', '[]', $10, $11)",
        {job.job_id, job.account_id, job.strategy_id, job.schedule_id, job.batch_id, job.workflow_run_id,
         job.workflow_node_id, job.url, job.parameters, job.created_at, host_and_port(job.url)});
}

void insert_batch(Connection& connection, const Batch& batch, std::size_t pending) {
    connection.run(
        "INSERT INTO batches (batch_id, account_id, strategy_id, job_count, created_at, pending) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        {batch.batch_id, batch.account_id, batch.strategy_id, batch.job_count, batch.created_at, pending});
}

void count_move(Connection& connection, const std::optional<std::string>& batch_id, JobStatus from, JobStatus to,
                std::int64_t jobs) {
    const auto change = [&](JobStatus status) { return (int{to == status} - int{from == status}) * jobs; };
    connection.run("UPDATE job_totals SET pending = pending + $1, running = running + $2",
                   {change(JobStatus::pending), change(JobStatus::running)});
    if (!batch_id) return;
    connection.run(
        "UPDATE batches SET pending = pending + $2, running = running + $3, completed = completed + $4, "
        "failed = failed + $5 WHERE batch_id = $1",
        {*batch_id, change(JobStatus::pending), change(JobStatus::running), change(JobStatus::completed),
         change(JobStatus::failed)});
}

JobPlace read_job_place(Columns& columns) {
    JobPlace place;
    place.batch_id = columns.optional_text();
    place.schedule_id = columns.optional_text();
    place.workflow_run_id = columns.optional_text();
    place.workflow_node_id = columns.optional_text();
    return place;
}

void count_end(Connection& connection, const JobPlace& place, JobStatus from, const JobEnd& end) {
    count_move(connection, place.batch_id, from, end.error ? JobStatus::failed : JobStatus::completed);
    if (place.workflow_run_id && place.workflow_node_id)
        end_node_job(connection, *place.workflow_run_id, *place.workflow_node_id, end);
}

void insert_tick_jobs(Connection& connection, const std::vector<Job>& jobs, const std::optional<Batch>& batch) {
    if (batch) insert_batch(connection, *batch, jobs.size());
    for (const Job& job : jobs) insert_pending_job(connection, job);
    connection.run("UPDATE job_totals SET pending = pending + $1", {jobs.size()});
}

}  // namespace meter::sql
