// Anchors of the store seams: their type identity lives here.
#include "meter/store.hpp"

namespace meter {

StrategyStore::~StrategyStore() = default;
JobStore::~JobStore() = default;
ScheduleStore::~ScheduleStore() = default;
IdempotencyStore::~IdempotencyStore() = default;
ApiKeyStore::~ApiKeyStore() = default;
DeliveryStore::~DeliveryStore() = default;
DiscoveryStore::~DiscoveryStore() = default;
AutomationStore::~AutomationStore() = default;
ExecutionStore::~ExecutionStore() = default;
WorkflowStore::~WorkflowStore() = default;
StrategyGroupStore::~StrategyGroupStore() = default;
Store::~Store() = default;

Result<void> Store::backup(const std::string&) {
    return Error{ErrorCode::unsupported, "This store is not backed up this way; use the means of its database"};
}

Result<void> Store::export_records(const RecordSink&) {
    return Error{ErrorCode::unsupported, "This store cannot be exported"};
}

Result<void> Store::import_records(RecordSource&) {
    return Error{ErrorCode::unsupported, "This store cannot be imported into"};
}

BaselineKey baseline_key(const Job& job) {
    return {.strategy_id = job.strategy_id,
            .url = job.url,
            .schedule_id = job.schedule_id,
            .workflow_node = job.workflow_node_id};
}

// For stores that know nothing of hosts: fair, but without a bound for each.
Result<std::vector<ClaimedJob>> JobStore::claim(TimePoint now, std::chrono::milliseconds lease, std::string_view worker,
                                                std::size_t most, const HostLoad&) {
    std::vector<ClaimedJob> claimed;
    while (claimed.size() < most) {
        auto next = claim_next(now, lease, worker);
        if (!next) {
            if (claimed.empty()) return next.error();
            break;
        }
        if (!*next) break;
        claimed.push_back(**std::move(next));
    }
    return claimed;
}

}  // namespace meter
