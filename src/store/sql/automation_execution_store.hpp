// Executions with their spans, logs and items, in SQL.
#pragma once

#include "meter/automation_store.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

class SqlExecutionStore final : public ExecutionStore {
public:
    explicit SqlExecutionStore(Database& database) : database_(database) {}

    // automation_executions.cpp
    Result<void> insert(const Execution& execution) override;
    Result<std::optional<Execution>> find(const AutomationCaller& caller, std::string_view execution_id) override;
    Result<ExecutionList> list(const AutomationCaller& caller, const ExecutionQuery& query) override;
    Result<std::vector<ExecutionSpan>> spans(std::string_view execution_id) override;
    Result<ExecutionLogs> logs(std::string_view execution_id, ListRange range) override;
    Result<std::vector<std::string>> open_ids(std::string_view automation_id) override;
    Result<std::int64_t> count_open() override;
    Result<std::int64_t> drop_ended_before(TimePoint moment, std::int64_t limit) override;

    // automation_claims.cpp
    Result<bool> stop(std::string_view execution_id, TimePoint now) override;
    Result<std::optional<ClaimedExecution>> claim_next(const ExecutionClaim& claim) override;
    Result<bool> heartbeat(const ExecutionRef& claim, TimePoint now, std::chrono::milliseconds lease) override;
    Result<bool> start_node(const ExecutionRef& claim, std::int64_t node, TimePoint now) override;
    Result<bool> add_items(const ExecutionRef& claim, const std::vector<ItemChunk>& chunks) override;
    Result<bool> end_node(const ExecutionRef& claim, const NodeEnd& end) override;
    Result<std::optional<std::string>> items(const ExecutionRef& claim, std::int64_t node, std::string_view port,
                                             std::int64_t sequence) override;
    Result<bool> release(const ExecutionRef& claim, TimePoint again_at) override;
    Result<bool> finish(const ExecutionRef& claim, ExecutionStatus status, const std::optional<std::string>& error,
                        TimePoint now) override;
    Result<bool> add_logs(const ExecutionRef& claim, const std::vector<ExecutionLog>& logs) override;

private:
    Database& database_;
};

}  // namespace meter::sql
