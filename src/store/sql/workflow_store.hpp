// Workflows, their runs and what their nodes hand on, in SQL.
#pragma once

#include "meter/workflow_store.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

class SqlWorkflowStore final : public WorkflowStore {
public:
    explicit SqlWorkflowStore(Database& database) : database_(database) {}

    // workflow_store.cpp
    Result<void> insert(const Workflow& workflow) override;
    Result<std::optional<Workflow>> find(std::string_view account_id, std::string_view workflow_id) override;
    Result<std::vector<Workflow>> list(std::string_view account_id, ListRange range) override;
    Result<std::optional<Workflow>> update(const Workflow& workflow) override;
    Result<bool> remove(std::string_view account_id, std::string_view workflow_id, TimePoint now) override;

    // workflow_runs.cpp
    Result<void> start_run(const WorkflowRun& run, TimePoint deadline) override;
    Result<std::optional<WorkflowRun>> find_run(std::string_view account_id, std::string_view workflow_id,
                                                std::string_view run_id) override;
    Result<std::optional<Workflow>> run_definition(std::string_view account_id, std::string_view run_id) override;
    Result<std::optional<std::vector<WorkflowRun>>> list_runs(std::string_view account_id, std::string_view workflow_id,
                                                              ListRange range) override;
    Result<std::optional<WorkflowRun>> latest_finished(std::string_view account_id,
                                                       std::string_view workflow_id) override;
    Result<std::int64_t> count_open_runs() override;
    Result<std::optional<Strategy>> run_strategy(std::string_view account_id, std::string_view run_id,
                                                 std::string_view strategy_id) override;
    Result<std::optional<WorkflowRun>> cancel(std::string_view account_id, std::string_view workflow_id,
                                              std::string_view run_id, TimePoint now) override;

    // workflow_claims.cpp
    Result<std::optional<ClaimedWorkflowRun>> claim_next(TimePoint now, std::chrono::milliseconds lease) override;
    Result<bool> heartbeat(const WorkflowRunRef& claim, TimePoint now, std::chrono::milliseconds lease) override;
    Result<bool> release(const WorkflowRunRef& claim, TimePoint now, std::optional<TimePoint> again_at) override;
    Result<bool> finish(const WorkflowRunRef& claim, const WorkflowRunEnd& end) override;
    Result<bool> fail_open_jobs(const WorkflowRunRef& claim, std::string_view error, TimePoint now) override;

    // workflow_steps.cpp
    Result<bool> advance(const WorkflowRunRef& claim, const std::vector<NodeChange>& changes, TimePoint now) override;
    Result<std::vector<NodeOutput>> outputs(const NodeOutputQuery& query) override;
    Result<std::vector<NodeFeed>> feeds(std::string_view run_id, std::string_view node_id, std::int64_t first_sequence,
                                        std::int64_t limit) override;
    Result<std::vector<NodeInput>> reusable(std::string_view run_id, std::string_view node_id,
                                            const std::vector<std::int64_t>& sequences) override;

private:
    Database& database_;
};

}  // namespace meter::sql
