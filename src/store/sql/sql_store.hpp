// All stores over one SQL database.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "meter/store.hpp"
#include "store/sql/api_key_store.hpp"
#include "store/sql/automation_execution_store.hpp"
#include "store/sql/automation_store.hpp"
#include "store/sql/connection.hpp"
#include "store/sql/delivery_store.hpp"
#include "store/sql/discovery_store.hpp"
#include "store/sql/idempotency_store.hpp"
#include "store/sql/job_store.hpp"
#include "store/sql/schedule_store.hpp"
#include "store/sql/strategy_group_store.hpp"
#include "store/sql/strategy_store.hpp"
#include "store/sql/workflow_store.hpp"

namespace meter::sql {

/// Facts that are kept twice for speed and do not agree; one sentence for each finding.
std::vector<std::string> inconsistencies(Connection& connection);

class SqlStore final : public Store {
public:
    /// The database's schema must be up to date (migrate()).
    explicit SqlStore(std::unique_ptr<Database> database);

    StrategyStore& strategies() override { return strategies_; }
    JobStore& jobs() override { return jobs_; }
    ScheduleStore& schedules() override { return schedules_; }
    IdempotencyStore& idempotency() override { return idempotency_; }
    ApiKeyStore& api_keys() override { return api_keys_; }
    DeliveryStore& deliveries() override { return deliveries_; }
    DiscoveryStore& discoveries() override { return discoveries_; }
    StrategyGroupStore& strategy_groups() override { return strategy_groups_; }
    WorkflowStore& workflows() override { return workflows_; }
    AutomationStore& automations() override { return automations_; }
    ExecutionStore& executions() override { return executions_; }
    Result<void> ping() override;
    Result<std::vector<std::string>> check() override;
    Result<void> backup(const std::string& path) override;
    Result<void> export_records(const RecordSink& sink) override;
    Result<void> import_records(RecordSource& source) override;

private:
    const std::unique_ptr<Database> database_;
    SqlStrategyStore strategies_;
    SqlJobStore jobs_;
    SqlScheduleStore schedules_;
    SqlIdempotencyStore idempotency_;
    SqlApiKeyStore api_keys_;
    SqlDeliveryStore deliveries_;
    SqlDiscoveryStore discoveries_;
    SqlStrategyGroupStore strategy_groups_;
    SqlWorkflowStore workflows_;
    SqlAutomationStore automations_;
    SqlExecutionStore executions_;
};

}  // namespace meter::sql
