// Which ended jobs may go in SqlJobStore, and what goes with them.
#include <algorithm>
#include <utility>

#include "store/sql/columns.hpp"
#include "store/sql/job_store.hpp"

namespace meter::sql {
namespace {

/// Jobs of the run of their workflow that `run` selects, and those whose outputs it hands on.
std::string needed_by_run(std::string_view run) {
    std::string sql = "EXISTS (SELECT 1 FROM workflow_runs AS own JOIN workflow_node_runs AS node ON node.run_id = (";
    sql.append(run).append(
        ") AND node.node_id = jobs.workflow_node_id WHERE own.run_id = jobs.workflow_run_id AND "
        "(COALESCE(node.source_run_id, node.run_id) = jobs.workflow_run_id OR EXISTS (SELECT 1 FROM workflow_inputs "
        "AS input WHERE input.job_id = jobs.job_id AND input.run_id = COALESCE(node.source_run_id, node.run_id) AND "
        "input.reused = 1)))");
    return sql;
}

/// What is false stays false: nothing takes up an ended job that was not needed. So it may be looked at before the rows
/// are removed.
const std::string& needed_job() {
    static const std::string sql =
        "EXISTS (SELECT 1 FROM baselines WHERE baselines.job_id = jobs.job_id) "
        "OR EXISTS (SELECT 1 FROM batches WHERE batches.batch_id = jobs.batch_id AND "
        "(batches.pending > 0 OR batches.running > 0)) "
        // No tick between the job's and the newest one.
        "OR EXISTS (SELECT 1 FROM schedules WHERE schedules.schedule_id = jobs.schedule_id AND NOT EXISTS "
        "(SELECT 1 FROM jobs AS later WHERE later.schedule_id = jobs.schedule_id AND later.account_id = "
        "jobs.account_id AND later.created_at > jobs.created_at AND later.created_at < schedules.last_run_at)) "
        "OR EXISTS (SELECT 1 FROM automation_executions AS execution WHERE execution.account_id = jobs.account_id AND "
        "execution.due_at IS NOT NULL AND execution.started_at <= jobs.created_at) "
        "OR " +
        needed_by_run(
            "SELECT now_open.run_id FROM workflow_runs AS now_open WHERE now_open.workflow_id = own.workflow_id AND "
            "now_open.status IN ('pending', 'running')") +
        " OR " +
        needed_by_run(
            "SELECT finished.run_id FROM workflow_runs AS finished WHERE finished.workflow_id = own.workflow_id AND "
            "finished.status IN ('completed', 'partial') ORDER BY finished.created_at DESC, finished.run_id DESC "
            "LIMIT 1");
    return sql;
}

struct OldJob {
    EndedPlace place;
    std::optional<std::string> batch_id;
    bool needed = false;
};

OldJob read_old_job(Columns& columns) {
    OldJob job;
    job.place.job_id = columns.text();
    job.place.completed_at = columns.time();
    job.batch_id = columns.optional_text();
    job.needed = columns.boolean();
    return job;
}

}  // namespace

Result<DroppedJobs> SqlJobStore::drop_ended_before(TimePoint moment, const std::optional<EndedPlace>& after,
                                                   std::int64_t limit) {
    static const std::string sql = "SELECT job_id, completed_at, batch_id, CASE WHEN " + needed_job() +
                                   " THEN 1 ELSE 0 END FROM jobs WHERE completed_at IS NOT NULL AND completed_at < $1 "
                                   "AND (completed_at, job_id) > ($2, $3) ORDER BY completed_at, job_id LIMIT $4";
    if (limit < 1) return Error{ErrorCode::invalid_argument, "limit must be at least 1", "limit"};
    const EndedPlace start = after.value_or(EndedPlace{TimePoint::min(), {}});
    const auto look = [&](Connection& connection) -> Result<std::vector<OldJob>> {
        std::vector<OldJob> jobs;
        connection.run(sql, {moment, start.completed_at, start.job_id, limit}, [&](const Row& row) {
            Columns columns(row);
            jobs.push_back(read_old_job(columns));
        });
        return jobs;
    };
    // The look takes longer than what it leads to, and most jobs may be needed: the writer is for the rest.
    const auto looked = database_.read("jobs.drop_ended_before", look);
    if (!looked) return looked.error();
    DroppedJobs result;
    if (looked->size() == static_cast<std::size_t>(limit)) result.next = looked->back().place;
    if (std::all_of(looked->begin(), looked->end(), [](const OldJob& job) { return job.needed; })) return result;
    return database_.write("jobs.drop_ended_before", [&](Connection& connection) -> Result<DroppedJobs> {
        result.dropped = 0;
        for (const OldJob& job : *looked) {
            if (job.needed) continue;
            result.dropped += connection.run("DELETE FROM jobs WHERE job_id = $1", {job.place.job_id});
            if (job.batch_id)
                connection.run(
                    "DELETE FROM batches WHERE batch_id = $1 AND NOT EXISTS (SELECT 1 FROM jobs WHERE "
                    "jobs.batch_id = batches.batch_id)",
                    {*job.batch_id});
        }
        return result;
    });
}

}  // namespace meter::sql
