// Runs of workflows: started, waited for, read, cancelled; what they handed on (wire contract 19.5, 19.7).
#include <utility>

#include "core/id.hpp"
#include "engine/impl.hpp"
#include "json/object_writer.hpp"
#include "run/workflow_output.hpp"
#include "workflow/graph.hpp"

namespace meter {
namespace {

bool has_ended(RunStatus status) {
    return status != RunStatus::pending && status != RunStatus::running;
}

}  // namespace

Result<WorkflowRun> Engine::run_workflow(std::string_view workflow_id, bool force, const Caller& caller) {
    return impl_->start_run(workflow_id, force, caller);
}

Result<WorkflowRun> Engine::Impl::start_run(std::string_view workflow_id, bool force, const Caller& caller,
                                            std::string_view run_id) {
    if (runner->stopping()) return stopping_error();
    const auto workflow = require_workflow(workflow_id, caller);
    if (!workflow) return workflow.error();
    if (workflow->nodes.empty()) return bad_request("Workflow has no nodes", "nodes");
    if (auto fit = workflow::check_workflow(workflow->nodes, workflow->edges, workflow::Completeness::required); !fit)
        return fit.error();
    WorkflowRun run;
    run.created_at = now();
    run.run_id = run_id.empty() ? core::new_uuid(run.created_at) : std::string(run_id);
    run.workflow_id = workflow->workflow_id;
    run.account_id = workflow->account_id;
    run.force = force;
    const TimePoint deadline = run.created_at + options.workflows.run_timeout;
    if (auto started = workflows().start_run(run, deadline); !started) return started.error();
    run_due->ring();
    // As it was stored: by now it may have moved on.
    for (const WorkflowNode& node : workflow->nodes)
        run.node_executions.push_back({.node_key = node.node_key, .node_id = node.node_id});
    return run;
}

Result<WorkflowRun> Engine::wait_for_workflow_run(std::string_view workflow_id, std::string_view run_id,
                                                  std::chrono::milliseconds timeout, const Caller& caller,
                                                  std::stop_token stop) {
    Impl& self = *impl_;
    const auto id = object_id(run_id, "Workflow run");
    if (!id) return id.error();
    std::optional<WorkflowRun> seen;
    const auto ended = self.runner->wait(*id, self.now() + timeout, stop, [&]() -> Result<bool> {
        auto run = get_workflow_run(workflow_id, *id, caller);
        if (!run) return run.error();
        if (!has_ended(run->status)) return false;
        seen = *std::move(run);
        return true;
    });
    if (!ended) return ended.error();
    if (!*ended) return Error{ErrorCode::timeout, "The workflow run has not ended yet", *id, true};
    return *std::move(seen);
}

Result<WorkflowRun> Engine::get_workflow_run(std::string_view workflow_id, std::string_view run_id,
                                             const Caller& caller) {
    const auto workflow = object_id(workflow_id, "Workflow");
    if (!workflow) return workflow.error();
    const auto id = object_id(run_id, "Workflow run");
    if (!id) return id.error();
    auto found = impl_->workflows().find_run(caller.account_id, *workflow, *id);
    if (!found) return found.error();
    if (!*found) return impl_->missing_run(*workflow, *id, caller);
    return **std::move(found);
}

Result<std::vector<WorkflowRun>> Engine::list_workflow_runs(std::string_view workflow_id, ListRange range,
                                                            const Caller& caller) {
    if (auto valid = validate(range, 1000); !valid) return valid.error();
    const auto id = object_id(workflow_id, "Workflow");
    if (!id) return id.error();
    auto runs = impl_->workflows().list_runs(caller.account_id, *id, range);
    if (!runs) return runs.error();
    if (!*runs) return not_found("Workflow", *id);
    return **std::move(runs);
}

Result<WorkflowRun> Engine::cancel_workflow_run(std::string_view workflow_id, std::string_view run_id,
                                                const Caller& caller) {
    return impl_->cancel_run(workflow_id, run_id, caller);
}

Error Engine::Impl::missing_run(const std::string& workflow_id, const std::string& run_id, const Caller& caller) const {
    const auto workflow = require_workflow(workflow_id, caller);
    return workflow ? not_found("Workflow run", run_id) : workflow.error();
}

Result<WorkflowRun> Engine::Impl::cancel_run(std::string_view workflow_id, std::string_view run_id,
                                             const Caller& caller) {
    const auto workflow = object_id(workflow_id, "Workflow");
    if (!workflow) return workflow.error();
    const auto id = object_id(run_id, "Workflow run");
    if (!id) return id.error();
    const TimePoint moment = now();
    auto cancelled = workflows().cancel(caller.account_id, *workflow, *id, moment);
    if (!cancelled) return cancelled.error();
    if (!*cancelled) return missing_run(*workflow, *id, caller);
    if ((*cancelled)->completed_at == moment) workflow_runner->count_end(RunStatus::cancelled);  // not again
    runner->cancel_run(*id);
    runner->announce(*id);
    return **std::move(cancelled);
}

Result<std::string> Engine::latest_workflow_output(std::string_view workflow_id, const WorkflowOutputQuery& query,
                                                   const Caller& caller) {
    WorkflowStore& store = impl_->workflows();
    const auto workflow = impl_->require_workflow(workflow_id, caller);
    if (!workflow) return workflow.error();
    const auto run = store.latest_finished(caller.account_id, workflow->workflow_id);
    if (!run) return run.error();
    const auto definition = *run ? store.run_definition(caller.account_id, (*run)->run_id)
                                 : Result<std::optional<Workflow>>(std::optional<Workflow>());
    if (!definition) return definition.error();
    if (!*definition) return Error{ErrorCode::not_found, "No completed runs found", workflow->workflow_id};
    const auto graph = run::graph_of(**definition);
    if (!graph) return graph.error();
    const auto results = run::results_by_url(store, **definition, *graph, (*run)->run_id, query.flat);
    if (!results) return results.error();

    json::ObjectWriter out;
    out.text("workflow_id", workflow->workflow_id)
        .text("run_id", (*run)->run_id)
        .text("status", to_string((*run)->status))
        .json(query.flat ? "final_results_by_url" : "final_results_by_url_grouped", *results);
    if (query.include_intermediate) {
        const auto outputs = run::outputs_by_node(store, **definition, (*run)->run_id);
        if (!outputs) return outputs.error();
        out.json("node_outputs", *outputs);
    }
    out.flag("changed_since_previous", (*run)->changed_since_previous.value_or(false))
        .time("completed_at", (*run)->completed_at.value_or((*run)->created_at));
    return std::move(out).finish();
}

}  // namespace meter
