// What the parts of the contract suite about workflows share.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "store/contract/report.hpp"

namespace meter::testing {

inline constexpr std::chrono::milliseconds run_lease{1'000};
inline constexpr std::chrono::milliseconds run_timeout{100'000};

WorkflowNode sample_node(const Strategy& strategy, std::int64_t number, std::string key);
/// index -> details.
Workflow sample_workflow(const Strategy& strategy, std::int64_t number);
Workflow add_workflow(ContractReport& report, Store& store, const Strategy& strategy, std::int64_t number);
WorkflowRun sample_run(const Workflow& workflow, std::int64_t number);
WorkflowRun add_run(ContractReport& report, Store& store, const Workflow& workflow, std::int64_t number);
ClaimedWorkflowRun claim_run(ContractReport& report, Store& store, std::int64_t now);
bool nothing_due(ContractReport& report, Store& store, std::int64_t now);
/// Node `index` starts with `count` jobs from `first_number` on; `planned` says that these are all.
NodeChange sample_node_change(const ClaimedWorkflowRun& claimed, std::size_t node, std::int64_t first_number,
                              std::int64_t count, bool planned);
NodeChange ended_change(const ClaimedWorkflowRun& claimed, std::size_t node, NodeStatus status, std::int64_t now);
void complete_job(ContractReport& report, Store& store, std::int64_t now, const std::string& results);
void fail_job(ContractReport& report, Store& store, std::int64_t now, std::string error);
WorkflowRun run_now(ContractReport& report, Store& store, const WorkflowRun& run);

}  // namespace meter::testing
