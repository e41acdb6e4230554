// What the parts of SqlJobStore share: rows to jobs, and the counters that follow every change of status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "meter/job.hpp"
#include "meter/job_store.hpp"
#include "store/sql/columns.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

/// Columns of read_job(), without results. Qualified, since job_results has a job_id too.
inline constexpr std::string_view job_columns =
    "jobs.job_id, jobs.account_id, jobs.strategy_id, jobs.schedule_id, jobs.batch_id, jobs.workflow_run_id, "
    "jobs.workflow_node_id, jobs.url, jobs.parameters, jobs.status, jobs.item_count, jobs.content_hash, "
    "jobs.has_changes, jobs.error, jobs.outcome, "
    "jobs.warnings, jobs.attempt, jobs.created_at, jobs.started_at, jobs.completed_at";

Job read_job(Columns& columns);

std::optional<Baseline> find_baseline(Connection& connection, const BaselineKey& key);

/// Inserts one job as pending, without counting it anywhere.
void insert_pending_job(Connection& connection, const Job& job);

/// Inserts a batch whose jobs are all pending.
void insert_batch(Connection& connection, const Batch& batch, std::size_t pending);

/// Inserts the jobs of a tick as pending, and counts them.
void insert_tick_jobs(Connection& connection, const std::vector<Job>& jobs, const std::optional<Batch>& batch);

/// What follows a job's status: its batch, its schedule, its node in a run of a workflow.
struct JobPlace {
    std::optional<std::string> batch_id;
    std::optional<std::string> schedule_id;
    std::optional<std::string> workflow_run_id;
    std::optional<std::string> workflow_node_id;
};

/// Columns of read_job_place(); those of `jobs` in a RETURNING too.
inline constexpr std::string_view job_place_columns = "batch_id, schedule_id, workflow_run_id, workflow_node_id";

JobPlace read_job_place(Columns& columns);

/// Moves jobs of a batch, or of none, between two statuses in the counters of the batch and of the store. Belongs into
/// the transaction that changes the jobs.
void count_move(Connection& connection, const std::optional<std::string>& batch_id, JobStatus from, JobStatus to,
                std::int64_t jobs = 1);

/// How a job ended.
struct JobEnd {
    TimePoint at{};
    std::int64_t item_count = 0;                 ///< completed
    std::optional<std::string_view> error = {};  ///< failed
};

/// count_move() of a job that has ended; its node in a run counts it too.
void count_end(Connection& connection, const JobPlace& place, JobStatus from, const JobEnd& end);

}  // namespace meter::sql
