// What the parts of the contract suite share: the list of broken promises, and sample objects.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/store.hpp"

namespace meter::testing {

/// Collects broken promises. Threads: one.
class ContractReport {
public:
    explicit ContractReport(std::string part) : part_(std::move(part)) {}

    /// A sentence that should be true.
    bool expect(bool holds, std::string_view promise) {
        if (!holds) violations_.push_back(part_ + ": " + std::string(promise));
        return holds;
    }
    /// The value of a call that has to succeed; an empty one otherwise.
    template <class T>
    T take(Result<T> result, std::string_view call) {
        if (result) return *std::move(result);
        expect(false, std::string(call) + " failed: " + result.error().message);
        return T{};
    }
    void take(const Result<void>& result, std::string_view call) {
        if (!result) expect(false, std::string(call) + " failed: " + result.error().message);
    }
    template <class T>
    bool expect_error(const Result<T>& result, ErrorCode code, std::string_view promise) {
        return expect(!result && result.error().code == code, promise);
    }

    const std::vector<std::string>& violations() const noexcept { return violations_; }

private:
    const std::string part_;
    std::vector<std::string> violations_;
};

/// A moment, in milliseconds after a fixed one.
inline TimePoint moment(std::int64_t milliseconds) {
    return TimePoint{std::chrono::milliseconds{1'736'937'000'000 + milliseconds}};
}

/// A UUID whose order is the order of its number.
std::string sample_id(std::int64_t number);

Strategy sample_strategy(std::string account_id, std::int64_t number, TimePoint created_at = moment(0));
AuditEvent sample_event(const Strategy& strategy, std::string event, std::int64_t number);
/// Inserts a sample strategy with its event.
Strategy add_strategy(ContractReport& report, Store& store, std::string account_id, std::int64_t number);

/// Inserts a group named "Group <number>", made at `moment(number)`.
StrategyGroup add_group(ContractReport& report, Store& store, std::string account_id, std::int64_t number);

Job sample_job(const Strategy& strategy, std::int64_t number);
/// Inserts a sample job.
Job add_job(ContractReport& report, Store& store, const Strategy& strategy, std::int64_t number);
/// Claims a job at `moment(now)` for 1,000 ms; reports when none is pending.
ClaimedJob claim(ContractReport& report, Store& store, std::int64_t now);
ClaimRef claim_ref(const ClaimedJob& claimed);

BaselineKey key_of(const Job& job);
JobCompletion sample_completion(const ClaimedJob& claimed, std::string content_hash);
Baseline sample_baseline(const ClaimedJob& claimed, std::string content_hash);

Schedule sample_schedule(const Strategy& strategy, std::int64_t number);
DueTime sample_due(std::int64_t milliseconds);
/// Inserts a sample schedule that is due at `moment(due)`.
Schedule add_schedule(ContractReport& report, Store& store, const Strategy& strategy, std::int64_t number,
                      std::int64_t due);
/// A tick at the schedule's due time that makes one job.
ScheduleTick sample_tick(const Schedule& schedule, std::int64_t job_number, std::int64_t next);

/// Runs `work(i)` on `threads` threads that start together.
void in_parallel(int threads, const std::function<void(int)>& work);

template <class T>
std::vector<std::string> ids_of(const std::vector<T>& objects, std::string T::*id) {
    std::vector<std::string> ids;
    for (const auto& object : objects) ids.push_back(object.*id);
    return ids;
}

std::vector<std::string> sample_ids(std::initializer_list<std::int64_t> numbers);

// The parts of the suite.
void check_strategies(ContractReport& report, Store& store);
void check_strategy_lists(ContractReport& report, Store& store);
void check_strategy_removal(ContractReport& report, Store& store);
void check_snapshots(ContractReport& report, Store& store);
void check_audit(ContractReport& report, Store& store);
void check_quota(ContractReport& report, Store& store);
void check_last_quota_slot(ContractReport& report, Store& store);
void check_job_insert(ContractReport& report, Store& store);
void check_job_lists(ContractReport& report, Store& store);
void check_batches(ContractReport& report, Store& store);
void check_claim_order(ContractReport& report, Store& store);
void check_host_load(ContractReport& report, Store& store);
void check_concurrent_claims(ContractReport& report, Store& store);
void check_fencing(ContractReport& report, Store& store);
void check_leases(ContractReport& report, Store& store);
void check_failures(ContractReport& report, Store& store);
void check_completion(ContractReport& report, Store& store);
void check_baselines(ContractReport& report, Store& store);
void check_baseline_race(ContractReport& report, Store& store);
void check_job_retention(ContractReport& report, Store& store);
void check_batch_retention(ContractReport& report, Store& store);
void check_tick_retention(ContractReport& report, Store& store);
void check_run_retention(ContractReport& report, Store& store);
void check_idempotency(ContractReport& report, Store& store);
void check_idempotency_race(ContractReport& report, Store& store);
void check_schedules(ContractReport& report, Store& store);
void check_ticks(ContractReport& report, Store& store);
void check_tick_race(ContractReport& report, Store& store);
void check_exhausted_jobs(ContractReport& report, Store& store);
void check_rewind(ContractReport& report, Store& store);
void check_health_of_schedules(ContractReport& report, Store& store);
void check_changes(ContractReport& report, Store& store);
void check_orphaned_change(ContractReport& report, Store& store);
void check_seen_race(ContractReport& report, Store& store);
void check_api_keys(ContractReport& report, Store& store);
void check_delivery_lists(ContractReport& report, Store& store);
void check_delivery_writes(ContractReport& report, Store& store);
void check_delivery_claims(ContractReport& report, Store& store);
void check_delivery_endings(ContractReport& report, Store& store);
void check_delivery_places(ContractReport& report, Store& store);
void check_delivery_race(ContractReport& report, Store& store);
void check_discoveries(ContractReport& report, Store& store);
void check_discovery_claims(ContractReport& report, Store& store);
void check_discovery_ticks(ContractReport& report, Store& store);
void check_strategy_groups(ContractReport& report, Store& store);
void check_group_members(ContractReport& report, Store& store);
void check_group_schedules(ContractReport& report, Store& store);
void check_regenerations(ContractReport& report, Store& store);
void check_regeneration_claims(ContractReport& report, Store& store);
void check_workflows(ContractReport& report, Store& store);
void check_workflow_runs(ContractReport& report, Store& store);
void check_workflow_claims(ContractReport& report, Store& store);
void check_workflow_steps(ContractReport& report, Store& store);
void check_workflow_race(ContractReport& report, Store& store);
void check_workflow_schedules(ContractReport& report, Store& store);
void check_automations(ContractReport& report, Store& store);
void check_automation_changes(ContractReport& report, Store& store);
void check_automation_templates(ContractReport& report, Store& store);
void check_automation_timers(ContractReport& report, Store& store);
void check_executions(ContractReport& report, Store& store);
void check_execution_claims(ContractReport& report, Store& store);
void check_execution_nodes(ContractReport& report, Store& store);
void check_execution_ends(ContractReport& report, Store& store);
void check_execution_data(ContractReport& report, Store& store);
void check_execution_turns(ContractReport& report, Store& store);
void check_execution_retention(ContractReport& report, Store& store);
void check_execution_jobs(ContractReport& report, Store& store);
void check_health(ContractReport& report, Store& store);
/// Moves what another part left behind to an empty store.
void check_transfer(ContractReport& report, Store& full, Store& empty);
void check_unfit_records(ContractReport& report, Store& full, Store& empty);

}  // namespace meter::testing
