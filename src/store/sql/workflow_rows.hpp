// Rows of workflows and their runs, as the parts of SqlWorkflowStore and the stores of jobs and schedules share them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/workflow_store.hpp"
#include "store/sql/columns.hpp"
#include "store/sql/job_rows.hpp"

namespace meter::sql {

std::optional<Workflow> find_workflow(Connection& connection, std::string_view account_id,
                                      std::string_view workflow_id);
bool is_enabled_workflow(Connection& connection, std::string_view workflow_id);

/// Columns of read_run(), without node executions.
inline constexpr std::string_view run_columns =
    "run_id, workflow_id, account_id, schedule_id, status, \"trigger\", force, changed_since_previous, error, "
    "created_at, started_at, completed_at, (SELECT COALESCE(SUM(failed_job_count), 0) FROM workflow_node_runs "
    "WHERE workflow_node_runs.run_id = workflow_runs.run_id)";
WorkflowRun read_run(Columns& columns);

/// The nodes of a run, in definition order.
std::vector<NodeProgress> find_node_progress(Connection& connection, std::string_view run_id);

/// Throws Exception (store) when it is not there.
Workflow find_run_definition(Connection& connection, std::string_view run_id);

/// WorkflowStore::start_run() within a transaction of the caller. What it refuses has written nothing.
Result<void> insert_workflow_run(Connection& connection, const WorkflowRun& run, TimePoint deadline);

/// A job of a node has ended: counts it there, and calls for attention when it was the last. Belongs into the
/// transaction that ends the job.
void end_node_job(Connection& connection, std::string_view run_id, std::string_view node_id, const JobEnd& end);

/// Fails every unfinished job of a run, and counts them everywhere.
void fail_jobs_of_run(Connection& connection, std::string_view run_id, std::string_view error, TimePoint now);

/// The end of a run for what belongs to it: unfinished jobs fail "Cancelled", open nodes are cancelled, and what was
/// kept for its jobs goes.
void close_run(Connection& connection, std::string_view run_id, TimePoint now);

/// The unfinished jobs of a strategy are about to go with it: nodes that wait for them count them as failed.
void forget_jobs_in_runs(Connection& connection, std::string_view strategy_id, TimePoint now);

}  // namespace meter::sql
