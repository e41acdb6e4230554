#include "store/contract/workflow_samples.hpp"

#include <utility>

namespace meter::testing {

WorkflowNode sample_node(const Strategy& strategy, std::int64_t number, std::string key) {
    WorkflowNode node;
    node.node_id = sample_id(number);
    node.node_key = std::move(key);
    node.strategy_id = strategy.strategy_id;
    node.created_at = node.updated_at = moment(number);
    return node;
}

Workflow sample_workflow(const Strategy& strategy, std::int64_t number) {
    Workflow workflow;
    workflow.workflow_id = sample_id(number);
    workflow.account_id = strategy.account_id;
    workflow.name = "Workflow " + std::to_string(number);
    workflow.description = "list and details";
    workflow.created_at = workflow.updated_at = moment(number);
    workflow.nodes = {sample_node(strategy, number + 1, "index"), sample_node(strategy, number + 2, "details")};
    workflow.nodes[0].static_urls = {{"https://shop.example/list", "https://shop.example/more"}};
    workflow.nodes[0].static_parameters = R"({"page":1})";
    workflow.nodes[1].input_type = NodeInputType::upstream_urls;
    workflow.nodes[1].url_field = "link";
    workflow.nodes[1].parameter_config = R"({"id":"sku"})";
    WorkflowEdge edge;
    edge.edge_id = sample_id(number + 3);
    edge.source_node_key = "index";
    edge.target_node_key = "details";
    edge.filter_config = R"({"conditions":[]})";
    edge.created_at = moment(number);
    workflow.edges = {edge};
    return workflow;
}

Workflow add_workflow(ContractReport& report, Store& store, const Strategy& strategy, std::int64_t number) {
    Workflow workflow = sample_workflow(strategy, number);
    report.take(store.workflows().insert(workflow), "insert of a workflow");
    return workflow;
}

WorkflowRun sample_run(const Workflow& workflow, std::int64_t number) {
    WorkflowRun run;
    run.run_id = sample_id(number);
    run.workflow_id = workflow.workflow_id;
    run.account_id = workflow.account_id;
    run.created_at = moment(number);
    return run;
}

WorkflowRun add_run(ContractReport& report, Store& store, const Workflow& workflow, std::int64_t number) {
    WorkflowRun run = sample_run(workflow, number);
    report.take(store.workflows().start_run(run, run.created_at + run_timeout), "start_run()");
    return run;
}

ClaimedWorkflowRun claim_run(ContractReport& report, Store& store, std::int64_t now) {
    auto claimed = report.take(store.workflows().claim_next(moment(now), run_lease), "claim_next()");
    report.expect(claimed.has_value() && claimed->nodes.size() == claimed->definition.nodes.size(),
                  "claim_next() finds the run that is due, with all its nodes");
    if (!claimed || claimed->nodes.size() < 2) return {};
    return *std::move(claimed);
}

bool nothing_due(ContractReport& report, Store& store, std::int64_t now) {
    return !report.take(store.workflows().claim_next(moment(now), run_lease), "claim_next()");
}

NodeChange sample_node_change(const ClaimedWorkflowRun& claimed, std::size_t node, std::int64_t first_number,
                              std::int64_t count, bool planned) {
    const WorkflowNode& definition = claimed.definition.nodes[node];
    NodeChange change;
    change.node_id = definition.node_id;
    change.progress = claimed.nodes[node];
    change.progress.execution.status = NodeStatus::running;
    change.progress.execution.started_at = moment(first_number);
    change.progress.planned = planned;
    change.progress.signature = "signature";
    change.progress.input_hash = "input";
    if (count > 1) change.batch_id = sample_id(first_number + 500);
    for (std::int64_t i = 0; i < count; ++i) {
        NodeInput input;
        input.sequence = claimed.nodes[node].input_count + i;
        input.url = "https://shop.example/" + definition.node_key + "/" + std::to_string(input.sequence);
        input.feed_hash = "feed " + std::to_string(input.sequence);
        input.job_id = sample_id(first_number + i);
        Job job;
        job.job_id = input.job_id;
        job.account_id = claimed.run.account_id;
        job.strategy_id = definition.strategy_id;
        job.batch_id = change.batch_id;
        job.workflow_run_id = claimed.run.run_id;
        job.workflow_node_id = definition.node_id;
        job.url = input.url;
        job.created_at = moment(first_number + i);
        change.inputs.push_back(std::move(input));
        change.jobs.push_back(std::move(job));
    }
    return change;
}

NodeChange ended_change(const ClaimedWorkflowRun& claimed, std::size_t node, NodeStatus status, std::int64_t now) {
    NodeChange change;
    change.node_id = claimed.definition.nodes[node].node_id;
    change.progress = claimed.nodes[node];
    change.progress.planned = true;
    change.progress.execution.status = status;
    change.progress.execution.completed_at = moment(now);
    return change;
}

void complete_job(ContractReport& report, Store& store, std::int64_t now, const std::string& results) {
    const ClaimedJob job = claim(report, store, now);
    JobCompletion completion = sample_completion(job, "hash of " + job.job.url);
    completion.results = results;
    completion.key.workflow_node = job.job.workflow_node_id;
    report.expect(report.take(store.jobs().complete(completion), "complete()"), "complete() of a job of a run");
}

void fail_job(ContractReport& report, Store& store, std::int64_t now, std::string error) {
    const ClaimedJob job = claim(report, store, now);
    JobFailure failure;
    failure.claim = claim_ref(job);
    failure.completed_at = moment(now);
    failure.error = std::move(error);
    report.expect(report.take(store.jobs().fail(failure), "fail()"), "fail() of a job of a run");
}

WorkflowRun run_now(ContractReport& report, Store& store, const WorkflowRun& run) {
    const auto found =
        report.take(store.workflows().find_run(run.account_id, run.workflow_id, run.run_id), "find_run()");
    report.expect(found.has_value() && found->node_executions.size() == 2, "find_run() shows every node");
    if (!found || found->node_executions.size() != 2) {
        WorkflowRun none;
        none.node_executions.resize(2);
        return none;
    }
    return *found;
}

}  // namespace meter::testing
