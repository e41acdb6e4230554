#include "meter/testing/store_contract.hpp"

#include <exception>
#include <utility>

#include "store/contract/report.hpp"

namespace meter::testing {
namespace {

struct ContractPart {
    const char* name;
    void (*check)(ContractReport&, Store&);
};

constexpr ContractPart contract_parts[] = {
    {"strategies", check_strategies},
    {"strategies.list", check_strategy_lists},
    {"strategies.remove", check_strategy_removal},
    {"strategies.snapshots", check_snapshots},
    {"strategies.list_audit", check_audit},
    {"strategies.quota", check_quota},
    {"strategies.reserve_quota", check_last_quota_slot},
    {"jobs.insert", check_job_insert},
    {"jobs.list", check_job_lists},
    {"jobs.batches", check_batches},
    {"jobs.claim_next", check_claim_order},
    {"jobs.claim", check_host_load},
    {"jobs.claim_next in parallel", check_concurrent_claims},
    {"jobs.fencing", check_fencing},
    {"jobs.leases", check_leases},
    {"jobs.failures", check_failures},
    {"jobs.complete", check_completion},
    {"jobs.baselines", check_baselines},
    {"jobs.baselines in parallel", check_baseline_race},
    {"jobs.drop_ended_before", check_job_retention},
    {"jobs.drop_ended_before: batches", check_batch_retention},
    {"jobs.drop_ended_before: ticks", check_tick_retention},
    {"jobs.drop_ended_before: workflow runs", check_run_retention},
    {"jobs.drop_ended_before: executions", check_execution_jobs},
    {"idempotency", check_idempotency},
    {"idempotency in parallel", check_idempotency_race},
    {"schedules", check_schedules},
    {"schedules.tick", check_ticks},
    {"schedules.tick in parallel", check_tick_race},
    {"schedules.rewind", check_rewind},
    {"schedules: jobs without an attempt left", check_exhausted_jobs},
    {"schedules.health", check_health_of_schedules},
    {"schedules.changes", check_changes},
    {"schedules.changes of a removed schedule", check_orphaned_change},
    {"schedules.mark_seen in parallel", check_seen_race},
    {"api_keys", check_api_keys},
    {"deliveries.list", check_delivery_lists},
    {"deliveries of ended jobs", check_delivery_writes},
    {"deliveries.claim_due", check_delivery_claims},
    {"deliveries.end_attempt", check_delivery_endings},
    {"deliveries.claim_due by endpoint", check_delivery_places},
    {"deliveries.claim_due in parallel", check_delivery_race},
    {"discoveries", check_discoveries},
    {"automations", check_automations},
    {"automation changes", check_automation_changes},
    {"automations.templates", check_automation_templates},
    {"automations: timers", check_automation_timers},
    {"executions", check_executions},
    {"executions.claim_next", check_execution_claims},
    {"executions: nodes", check_execution_nodes},
    {"executions.stop", check_execution_ends},
    {"executions.spans", check_execution_data},
    {"executions.claim_next by account", check_execution_turns},
    {"executions.drop_ended_before", check_execution_retention},
    {"discoveries.claim_next", check_discovery_claims},
    {"discoveries.finish_tick", check_discovery_ticks},
    {"strategy_groups", check_strategy_groups},
    {"strategy_groups.add", check_group_members},
    {"strategy_groups.apply", check_group_schedules},
    {"strategy_groups.start_regeneration", check_regenerations},
    {"strategy_groups.claim_regeneration", check_regeneration_claims},
    {"workflows", check_workflows},
    {"workflows.runs", check_workflow_runs},
    {"workflows.claim_next", check_workflow_claims},
    {"workflows.advance", check_workflow_steps},
    {"workflows.start_run in parallel", check_workflow_race},
    {"workflows: schedules", check_workflow_schedules},
    {"health", check_health},
};

}  // namespace

std::vector<std::string> check_store_contract(const std::function<std::shared_ptr<Store>()>& make) {
    std::vector<std::string> violations;
    const auto run = [&](std::string name, const std::function<void(ContractReport&, Store&, Store&)>& check) {
        ContractReport report(std::move(name));
        try {
            const auto store = make(), other = make();
            if (report.expect(store != nullptr && other != nullptr, "make() returns a store"))
                check(report, *store, *other);
        } catch (const std::exception& thrown) {
            report.expect(false, std::string("threw ") + thrown.what());
        }
        violations.insert(violations.end(), report.violations().begin(), report.violations().end());
    };
    for (const auto& part : contract_parts)
        run(part.name, [&](ContractReport& report, Store& store, Store& other) {
            part.check(report, store);
            check_transfer(report, store, other);
        });
    run("import_records", check_unfit_records);
    return violations;
}

}  // namespace meter::testing
