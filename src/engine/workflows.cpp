// Workflows: made, changed node by node, removed, drawn (wire contract 19.1, 19.8).
#include <algorithm>
#include <utility>

#include "core/id.hpp"
#include "engine/impl.hpp"
#include "workflow/drawing.hpp"
#include "workflow/graph.hpp"

namespace meter {
namespace {

constexpr int workflow_update_tries = 100;  // each lost race means that another change was stored

/// The node named by id or key; end() when there is none.
auto find_node(std::vector<WorkflowNode>& nodes, std::string_view name) {
    const auto id = core::normalize_uuid(name);
    const auto by_id =
        std::find_if(nodes.begin(), nodes.end(), [&](const WorkflowNode& node) { return id && node.node_id == *id; });
    if (by_id != nodes.end()) return by_id;
    return std::find_if(nodes.begin(), nodes.end(), [&](const WorkflowNode& node) { return node.node_key == name; });
}

/// Ids reach the store in lower case.
Result<void> normalize_strategy(WorkflowNode& node) {
    auto id = object_id(node.strategy_id, "Strategy");
    if (!id) return id.error();
    node.strategy_id = *std::move(id);
    return {};
}

void begin_node(WorkflowNode& node, TimePoint now) {
    node.node_id = core::new_uuid(now);
    node.created_at = node.updated_at = now;
}

void begin_edge(WorkflowEdge& edge, TimePoint now) {
    edge.edge_id = core::new_uuid(now);
    edge.created_at = now;
}

Result<void> check_name(std::string_view name) {
    if (!name.empty()) return {};
    return bad_request("name must not be empty", "name");
}

Result<void> check_parts(const Workflow& workflow, workflow::Completeness completeness) {
    const auto graph = workflow::check_workflow(workflow.nodes, workflow.edges, completeness);
    if (!graph) return graph.error();
    return {};
}

/// A request for one part does not know its place among the others: what is "nodes.3.url_field" there is "url_field".
Result<void> about_part(Result<void> checked, std::string_view parts, std::size_t place) {
    if (checked) return checked;
    Error error = checked.error();
    const std::string prefix = std::string(parts) + '.' + std::to_string(place);
    if (error.subject == prefix)
        error.subject.clear();
    else if (error.subject.compare(0, prefix.size() + 1, prefix + '.') == 0)
        error.subject.erase(0, prefix.size() + 1);
    return error;
}

void patch_node(WorkflowNode& node, const WorkflowNodePatch& patch) {
    if (patch.node_key) node.node_key = *patch.node_key;
    if (patch.strategy_id) node.strategy_id = *patch.strategy_id;
    if (patch.input_type) node.input_type = *patch.input_type;
    if (patch.static_urls) node.static_urls = *patch.static_urls;
    if (patch.url_field) node.url_field = *patch.url_field;
    if (patch.static_parameters) node.static_parameters = *patch.static_parameters;
    if (patch.parameter_config) node.parameter_config = *patch.parameter_config;
}

}  // namespace

Result<Workflow> Engine::Impl::require_workflow(std::string_view workflow_id, const Caller& caller) const {
    const auto id = object_id(workflow_id, "Workflow");
    if (!id) return id.error();
    auto found = workflows().find(caller.account_id, *id);
    if (!found) return found.error();
    if (!*found) return not_found("Workflow", *id);
    return **std::move(found);
}

Result<Workflow> Engine::Impl::change_workflow(std::string_view workflow_id, const Caller& caller,
                                               const std::function<Result<void>(Workflow&)>& change) {
    for (int i = 0; i < workflow_update_tries; ++i) {
        auto workflow = require_workflow(workflow_id, caller);
        if (!workflow) return workflow;
        workflow->updated_at = std::max(now(), workflow->updated_at);
        if (auto changed = change(*workflow); !changed) return changed.error();
        auto stored = workflows().update(*workflow);
        if (!stored && stored.error().code == ErrorCode::conflict) continue;  // apply it to what is there now
        if (!stored) return stored.error();
        if (!*stored) return not_found("Workflow", workflow_id);
        return **std::move(stored);
    }
    return Error{ErrorCode::unavailable, "The workflow is being changed by others", std::string(workflow_id), true};
}

Result<Workflow> Engine::create_workflow(const WorkflowRequest& request, const Caller& caller) {
    Impl& self = *impl_;
    if (auto valid = check_name(request.name); !valid) return valid.error();
    Workflow workflow;
    workflow.created_at = workflow.updated_at = self.now();
    workflow.workflow_id = core::new_uuid(workflow.created_at);
    workflow.account_id = caller.account_id;
    workflow.name = request.name;
    workflow.description = request.description;
    workflow.nodes = request.nodes;
    workflow.edges = request.edges;
    for (WorkflowNode& node : workflow.nodes) begin_node(node, workflow.created_at);
    for (WorkflowEdge& edge : workflow.edges) begin_edge(edge, workflow.created_at);
    if (auto valid = check_parts(workflow, workflow::Completeness::required); !valid) return valid.error();
    for (WorkflowNode& node : workflow.nodes)
        if (auto strategy = normalize_strategy(node); !strategy) return strategy.error();
    if (auto stored = self.workflows().insert(workflow); !stored) return stored.error();
    return workflow;
}

Result<Workflow> Engine::get_workflow(std::string_view workflow_id, const Caller& caller) {
    return impl_->require_workflow(workflow_id, caller);
}

Result<std::vector<Workflow>> Engine::list_workflows(ListRange range, const Caller& caller) {
    if (auto valid = validate(range, 1000); !valid) return valid.error();
    return impl_->workflows().list(caller.account_id, range);
}

Result<Workflow> Engine::update_workflow(std::string_view workflow_id, const WorkflowPatch& patch,
                                         const Caller& caller) {
    if (!patch.name && !patch.description && !patch.enabled) return impl_->require_workflow(workflow_id, caller);
    return impl_->change_workflow(workflow_id, caller, [&](Workflow& workflow) -> Result<void> {
        if (patch.name) {
            if (auto valid = check_name(*patch.name); !valid) return valid;
            workflow.name = *patch.name;
        }
        if (patch.description) workflow.description = *patch.description;
        if (patch.enabled) workflow.enabled = *patch.enabled;
        return {};
    });
}

Result<void> Engine::delete_workflow(std::string_view workflow_id, const Caller& caller) {
    Impl& self = *impl_;
    const auto id = object_id(workflow_id, "Workflow");
    if (!id) return id.error();
    const auto runs = self.workflows().list_runs(caller.account_id, *id, {.limit = 1});
    if (!runs) return runs.error();
    const auto removed = self.workflows().remove(caller.account_id, *id, self.now());
    if (!removed) return removed.error();
    if (!*removed) return not_found("Workflow", *id);
    if (*runs && !(*runs)->empty()) {  // only the newest can have been open
        self.runner->cancel_run((*runs)->front().run_id);
        self.runner->announce((*runs)->front().run_id);
    }
    return {};
}

Result<WorkflowNode> Engine::add_workflow_node(std::string_view workflow_id, const WorkflowNode& node,
                                               const Caller& caller) {
    WorkflowNode added = node;
    const auto changed = impl_->change_workflow(workflow_id, caller, [&](Workflow& workflow) -> Result<void> {
        begin_node(added, workflow.updated_at);
        workflow.nodes.push_back(added);
        if (auto valid = check_parts(workflow, workflow::Completeness::later); !valid)
            return about_part(valid, "nodes", workflow.nodes.size() - 1);
        if (auto strategy = normalize_strategy(workflow.nodes.back()); !strategy) return strategy;
        added = workflow.nodes.back();
        return {};
    });
    if (!changed) return changed.error();
    return added;
}

Result<WorkflowNode> Engine::update_workflow_node(std::string_view workflow_id, std::string_view node,
                                                  const WorkflowNodePatch& patch, const Caller& caller) {
    WorkflowNode updated;
    const auto changed = impl_->change_workflow(workflow_id, caller, [&](Workflow& workflow) -> Result<void> {
        const auto found = find_node(workflow.nodes, node);
        if (found == workflow.nodes.end()) return not_found("Node", node);
        const std::string key = found->node_key;
        patch_node(*found, patch);
        found->updated_at = std::max(workflow.updated_at, found->updated_at);
        for (WorkflowEdge& edge : workflow.edges) {
            if (edge.source_node_key == key) edge.source_node_key = found->node_key;
            if (edge.target_node_key == key) edge.target_node_key = found->node_key;
        }
        if (auto valid = check_parts(workflow, workflow::Completeness::later); !valid)
            return about_part(valid, "nodes", static_cast<std::size_t>(found - workflow.nodes.begin()));
        if (auto strategy = normalize_strategy(*found); !strategy) return strategy;
        updated = *found;
        return {};
    });
    if (!changed) return changed.error();
    return updated;
}

Result<void> Engine::delete_workflow_node(std::string_view workflow_id, std::string_view node, const Caller& caller) {
    const auto changed = impl_->change_workflow(workflow_id, caller, [&](Workflow& workflow) -> Result<void> {
        const auto found = find_node(workflow.nodes, node);
        if (found == workflow.nodes.end()) return not_found("Node", node);
        const std::string key = found->node_key;
        workflow.nodes.erase(found);
        std::erase_if(workflow.edges, [&](const WorkflowEdge& edge) {
            return edge.source_node_key == key || edge.target_node_key == key;
        });
        return {};
    });
    if (!changed) return changed.error();
    return {};
}

Result<WorkflowEdge> Engine::add_workflow_edge(std::string_view workflow_id, const WorkflowEdge& edge,
                                               const Caller& caller) {
    WorkflowEdge added = edge;
    const auto changed = impl_->change_workflow(workflow_id, caller, [&](Workflow& workflow) -> Result<void> {
        begin_edge(added, workflow.updated_at);
        workflow.edges.push_back(added);
        return about_part(check_parts(workflow, workflow::Completeness::later), "edges", workflow.edges.size() - 1);
    });
    if (!changed) return changed.error();
    return added;
}

Result<void> Engine::delete_workflow_edge(std::string_view workflow_id, std::string_view edge_id,
                                          const Caller& caller) {
    const auto changed = impl_->change_workflow(workflow_id, caller, [&](Workflow& workflow) -> Result<void> {
        const auto id = core::normalize_uuid(edge_id);
        const auto erased =
            std::erase_if(workflow.edges, [&](const WorkflowEdge& edge) { return id && edge.edge_id == *id; });
        if (erased == 0) return not_found("Edge", edge_id);
        return {};
    });
    if (!changed) return changed.error();
    return {};
}

Result<std::string> Engine::draw_workflow(std::string_view workflow_id, std::optional<std::string_view> run_id,
                                          const Caller& caller) {
    Impl& self = *impl_;
    const auto workflow = self.require_workflow(workflow_id, caller);
    if (!workflow) return workflow.error();
    if (!run_id) return workflow::draw(*workflow, nullptr);
    const auto run = get_workflow_run(workflow->workflow_id, *run_id, caller);
    if (!run) return run.error();
    const auto definition = self.workflows().run_definition(caller.account_id, run->run_id);
    if (!definition) return definition.error();
    if (!*definition) return not_found("Workflow run", *run_id);
    return workflow::draw(**definition, &*run);
}

}  // namespace meter
