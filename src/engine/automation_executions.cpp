// Executions of automations: started, read, stopped (wire contract 20.5, 20.6).
#include <utility>

#include "core/id.hpp"
#include "engine/automation_parts.hpp"
#include "engine/automation_templates.hpp"
#include "meter/automation_execution.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

constexpr std::int64_t most_listed_executions = 100;
constexpr std::int64_t most_listed_logs = 1000;

Error execution_not_found(std::string_view id) {
    return {ErrorCode::not_found, "Execution not found", std::string(id)};
}

Result<Execution> require_execution(Store& store, std::string_view id, const AutomationCaller& caller) {
    auto found = store.executions().find(caller, id);
    if (!found) return found.error();
    if (!*found) return execution_not_found(id);
    return **std::move(found);
}

Execution shown_to(const AutomationCaller& caller, Execution execution) {
    if (execution.account_id != caller.account_id)
        execution.graph = without_automation_secrets(std::move(execution.graph));
    return execution;
}

}  // namespace

Executions::Executions(std::shared_ptr<const AutomationParts> parts) : parts_(std::move(parts)) {}

Result<Execution> Executions::start(std::string_view automation_id, const ExecutionRequest& request,
                                    const AutomationCaller& caller) {
    if (parts_->runner->stopping())
        return Error{ErrorCode::unavailable, "The engine is stopping", std::string(automation_id), true};
    auto automation = require_visible_automation(*parts_->store, automation_id, caller);
    if (!automation) return automation.error();
    if (find_builtin_template(automation_id) != nullptr)
        return Error{ErrorCode::conflict, "A built-in template is executed as a copy: duplicate it",
                     std::string(automation_id)};
    if (request.definition) {
        if (automation->account_id != caller.account_id)
            return Error{ErrorCode::forbidden, "Only the owner can execute another definition",
                         std::string(automation_id)};
        automation->graph.nodes = request.definition->nodes;
        automation->graph.connections = request.definition->connections;
        if (auto fit = check_graph(*parts_->nodes, automation->graph, parts_->connections.get()); !fit)
            return fit.error();
    }
    if (automation->status == AutomationStatus::paused || automation->status == AutomationStatus::archived)
        return Error{ErrorCode::conflict, "Workflow is " + std::string(to_string(automation->status)),
                     std::string(automation_id)};
    const auto open = parts_->store->executions().count_open();
    if (!open) return open.error();
    if (*open >= parts_->max_pending)
        return Error{ErrorCode::unavailable, "Too many executions wait", std::string(automation_id), true};
    Execution execution;
    execution.created_at = execution.updated_at = parts_->clock->now();
    execution.execution_id = core::new_prefixed_id("exec", execution.created_at);
    execution.automation_id = automation->automation_id;
    execution.account_id = automation->account_id;
    execution.user_id = request.trigger == ExecutionTrigger::api || request.trigger == ExecutionTrigger::manual
                            ? caller.user_id
                            : automation->owner_id;
    execution.organization_id = automation->organization_id;
    execution.trigger = request.trigger;
    execution.trigger_inputs = to_json(request.trigger_inputs);
    execution.graph = std::move(automation->graph);
    if (auto stored = parts_->store->executions().insert(execution); !stored) return stored.error();
    parts_->execution_due->ring();
    return get(execution.execution_id, caller);
}

Result<Execution> Executions::get(std::string_view execution_id, const AutomationCaller& caller) {
    auto execution = require_execution(*parts_->store, execution_id, caller);
    if (!execution) return execution;
    return shown_to(caller, *std::move(execution));
}

Result<Execution> Executions::wait(std::string_view execution_id, std::chrono::milliseconds timeout,
                                   const AutomationCaller& caller, std::stop_token stop) {
    const std::string id(execution_id);
    std::optional<Execution> seen;
    const auto ended = parts_->runner->wait(id, parts_->clock->now() + timeout, stop, [&]() -> Result<bool> {
        auto execution = get(id, caller);
        if (!execution) return execution.error();
        if (!has_ended(execution->status)) return false;
        seen = *std::move(execution);
        return true;
    });
    if (!ended) return ended.error();
    if (!*ended) return Error{ErrorCode::timeout, "The execution has not ended yet", id, true};
    return *std::move(seen);
}

Result<ExecutionList> Executions::list(const ExecutionQuery& query, const AutomationCaller& caller) {
    if (query.range.limit < 1 || query.range.limit > most_listed_executions)
        return Error{ErrorCode::invalid_argument, "limit must be between 1 and 100", "limit"};
    auto list = parts_->store->executions().list(caller, query);
    if (!list) return list;
    for (Execution& execution : list->executions) execution = shown_to(caller, std::move(execution));
    return list;
}

Result<Execution> Executions::stop(std::string_view execution_id, const AutomationCaller& caller) {
    const auto visible = require_execution(*parts_->store, execution_id, caller);
    if (!visible) return visible;
    const auto stopped = parts_->store->executions().stop(execution_id, parts_->clock->now());
    if (!stopped) return stopped.error();
    if (*stopped) {
        parts_->automation_runner->count_stopped();
        parts_->automation_runner->cancel(execution_id);
        parts_->runner->announce(execution_id);
    }
    auto now = get(execution_id, caller);
    if (now && now->status != ExecutionStatus::stopped)
        return Error{ErrorCode::conflict, "Execution has already ended", std::string(execution_id)};
    return now;
}

Result<std::vector<ExecutionSpan>> Executions::spans(std::string_view execution_id, const AutomationCaller& caller) {
    if (const auto visible = require_execution(*parts_->store, execution_id, caller); !visible) return visible.error();
    return parts_->store->executions().spans(execution_id);
}

Result<ExecutionLogs> Executions::logs(std::string_view execution_id, ListRange range, const AutomationCaller& caller) {
    if (range.limit < 1 || range.limit > most_listed_logs)
        return Error{ErrorCode::invalid_argument, "limit must be between 1 and 1000", "limit"};
    if (const auto visible = require_execution(*parts_->store, execution_id, caller); !visible) return visible.error();
    return parts_->store->executions().logs(execution_id, range);
}

}  // namespace meter
