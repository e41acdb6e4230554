// Automations: made, changed, versioned, shared, deployed (wire contract 20.1 to 20.4).
#include "meter/automation.hpp"

#include <algorithm>
#include <utility>

#include "core/id.hpp"
#include "core/unicode.hpp"
#include "engine/automation_parts.hpp"
#include "engine/automation_templates.hpp"
#include "meter/json.hpp"
#include "meter/store.hpp"

namespace meter {
namespace {

constexpr std::int64_t most_listed_automations = 100;
constexpr std::size_t longest_automation_name = 200;
constexpr std::size_t most_settings_bytes = 64u << 10;
constexpr int change_tries = 100;  // each conflict means that another change was stored

Error automation_not_found(std::string_view id) {
    return {ErrorCode::not_found, "Workflow not found", std::string(id)};
}

/// A stored JSON text; what cannot be read becomes `otherwise`.
Value read_stored(std::string_view text, Value otherwise) {
    auto value = parse_json(text, {.max_depth = 128});
    return value ? *std::move(value) : std::move(otherwise);
}

Automation shown_to(const AutomationCaller& caller, Automation automation) {
    if (automation.account_id != caller.account_id)
        automation.graph = without_automation_secrets(std::move(automation.graph));
    return automation;
}

Result<Automation> require_own(Store& store, std::string_view id, const AutomationCaller& caller) {
    auto found = require_visible_automation(store, id, caller);
    if (found && found->account_id != caller.account_id)
        return Error{ErrorCode::forbidden, "Only the owner can modify this workflow", std::string(id)};
    return found;
}

/// Without its graph.
AutomationVersion first_version(const Automation& automation, std::string_view created_by) {
    return {.version = 1,
            .version_tag = "v1.0.0",
            .description = "Initial version",
            .created_by = std::string(created_by),
            .created_at = automation.created_at};
}

std::string merged_settings(std::string_view settings, const Object& changes) {
    Value merged = read_stored(settings, Object{});
    for (const auto& [name, value] : changes) merged.if_object()->set(name, value);
    return to_json(merged);
}

/// Each change merges into what is there: without a bound they would grow until nothing can read them.
Result<void> check_settings(std::string_view settings) {
    if (settings.size() <= most_settings_bytes) return {};
    return Error{ErrorCode::invalid_argument,
                 "settings must have at most " + std::to_string(most_settings_bytes) + " bytes once they are merged",
                 "settings"};
}

/// "<name> (Copy)", within the longest name there may be.
std::string copy_name(std::string_view name) {
    constexpr std::string_view suffix = " (Copy)";
    std::size_t kept = 0, characters = 0;
    while (kept < name.size() && characters < longest_automation_name - suffix.size()) {
        (void)core::next_code_point(name, kept);
        ++characters;
    }
    return std::string(name.substr(0, kept)).append(suffix);
}

/// Reads, changes and writes an automation of the caller's until nobody came in between.
template <class Change>
Result<Automation> change(const AutomationParts& parts, std::string_view id, const AutomationCaller& caller,
                          const Change& apply) {
    for (int attempt = 1;; ++attempt) {
        auto automation = require_own(*parts.store, id, caller);
        if (!automation) return automation;
        if (auto applied = apply(*automation); !applied) return applied.error();
        automation->updated_at = std::max(parts.clock->now(), automation->created_at);
        const auto timers = timers_of(*automation, *parts.nodes, parts.min_interval, automation->updated_at);
        const auto written = parts.store->automations().update(*automation, timers);
        if (written) {
            if (!*written) return automation_not_found(id);
            if (!timers.empty()) parts.scheduler->wake();
            ++automation->revision;
            return automation;
        }
        if (written.error().code != ErrorCode::conflict || attempt == change_tries) return written.error();
    }
}

}  // namespace

AutomationGraph without_automation_secrets(AutomationGraph graph) {
    const auto erase_from = [](Value* config) {
        if (config != nullptr && config->is_object()) config->if_object()->erase("secret");
    };
    // What cannot be read is not shown either.
    Value nodes = read_stored(graph.nodes, Value::Array{});
    if (Value::Array* list = nodes.if_array())
        for (Value& node : *list)
            if (Object* members = node.if_object()) erase_from(members->find("config"));
    graph.nodes = to_json(nodes);
    Value config = read_stored(graph.config, Object{});
    erase_from(&config);
    graph.config = to_json(config);
    return graph;
}

Result<Automation> require_visible_automation(Store& store, std::string_view id, const AutomationCaller& caller) {
    if (const Automation* builtin = find_builtin_template(id)) return *builtin;
    auto found = store.automations().find(caller, id);
    if (!found) return found.error();
    if (!*found) return automation_not_found(id);
    return **std::move(found);
}

Automations::Automations(std::shared_ptr<const AutomationParts> parts) : parts_(std::move(parts)) {}

Result<Automation> Automations::create(const AutomationRequest& request, const AutomationCaller& caller) {
    if (auto fit = check_settings(request.graph.settings); !fit) return fit.error();
    Automation automation;
    automation.created_at = automation.updated_at = parts_->clock->now();
    automation.automation_id = core::new_prefixed_id("wf", automation.created_at);
    automation.account_id = caller.account_id;
    automation.owner_id = caller.user_id;
    automation.organization_id = caller.organization_id;
    automation.name = request.name;
    automation.description = request.description;
    automation.status = request.status;
    automation.tags = request.tags;
    automation.is_public = request.is_public;
    automation.is_template = request.is_template;
    automation.graph = request.graph;
    const AutomationVersion first = first_version(automation, caller.user_id);
    const auto timers = timers_of(automation, *parts_->nodes, parts_->min_interval, automation.created_at);
    if (auto stored = parts_->store->automations().insert(automation, first, timers); !stored) return stored.error();
    if (!timers.empty()) parts_->scheduler->wake();
    return automation;
}

Result<Automation> Automations::get(std::string_view automation_id, const AutomationCaller& caller) {
    auto found = require_visible_automation(*parts_->store, automation_id, caller);
    if (!found) return found;
    return shown_to(caller, *std::move(found));
}

Result<AutomationList> Automations::list(const AutomationQuery& query, const AutomationCaller& caller) {
    if (query.range.limit < 1 || query.range.limit > most_listed_automations)
        return Error{ErrorCode::invalid_argument, "limit must be between 1 and 100", "limit"};
    return parts_->store->automations().list(caller, query);
}

Result<Automation> Automations::update(std::string_view automation_id, const AutomationPatch& patch,
                                       const AutomationCaller& caller) {
    return change(*parts_, automation_id, caller, [&](Automation& automation) -> Result<void> {
        if (patch.name) automation.name = *patch.name;
        if (patch.description) automation.description = *patch.description;
        if (patch.tags) automation.tags = *patch.tags;
        if (patch.is_public) automation.is_public = *patch.is_public;
        if (patch.is_template) automation.is_template = *patch.is_template;
        if (patch.nodes) automation.graph.nodes = *patch.nodes;
        if (patch.connections) automation.graph.connections = *patch.connections;
        if (patch.config) automation.graph.config = *patch.config;
        if (!patch.settings) return {};
        automation.graph.settings = merged_settings(automation.graph.settings, *patch.settings);
        return check_settings(automation.graph.settings);
    });
}

Result<Automation> Automations::set_status(std::string_view automation_id, AutomationStatus status,
                                           const AutomationCaller& caller) {
    return change(*parts_, automation_id, caller, [&](Automation& automation) -> Result<void> {
        automation.status = status;
        return {};
    });
}

Result<Automation> Automations::deploy(std::string_view automation_id, const AutomationCaller& caller) {
    return change(*parts_, automation_id, caller, [&](Automation& automation) -> Result<void> {
        if (auto fit = check_graph(*parts_->nodes, automation.graph, parts_->connections.get()); !fit) return fit;
        if (auto fit = check_intervals(automation.graph, *parts_->nodes, parts_->min_interval); !fit) return fit;
        automation.status = AutomationStatus::active;
        return {};
    });
}

Result<Automation> Automations::undeploy(std::string_view automation_id, const AutomationCaller& caller) {
    return set_status(automation_id, AutomationStatus::draft, caller);
}

Result<void> Automations::remove(std::string_view automation_id, const AutomationCaller& caller) {
    if (const auto own = require_own(*parts_->store, automation_id, caller); !own) return own.error();
    const auto open = parts_->store->executions().open_ids(automation_id);
    if (!open) return open.error();
    const auto removed = parts_->store->automations().remove(caller.account_id, automation_id);
    if (!removed) return removed.error();
    if (!*removed) return automation_not_found(automation_id);
    // One that was started in between finds itself gone at its next step.
    for (const std::string& execution_id : *open) {
        parts_->automation_runner->cancel(execution_id);
        parts_->runner->announce(execution_id);
    }
    return {};
}

Result<Automation> Automations::duplicate(std::string_view automation_id, const AutomationCaller& caller) {
    auto original = get(automation_id, caller);
    if (!original) return original;
    if (find_builtin_template(automation_id) != nullptr) original->graph = graph_for_copy(original->graph);
    return create({.name = copy_name(original->name),
                   .description = std::move(original->description),
                   .tags = std::move(original->tags),
                   .graph = std::move(original->graph)},
                  caller);
}

Result<AutomationVersion> Automations::create_version(std::string_view automation_id,
                                                      const AutomationVersionRequest& request,
                                                      const AutomationCaller& caller) {
    if (const auto own = require_own(*parts_->store, automation_id, caller); !own) return own.error();
    auto added = parts_->store->automations().add_version(caller.account_id, automation_id,
                                                          {.version_tag = request.version_tag,
                                                           .description = request.description,
                                                           .created_by = caller.user_id,
                                                           .created_at = parts_->clock->now()});
    if (!added) return added.error();
    if (!*added) return automation_not_found(automation_id);
    return **std::move(added);
}

Result<AutomationVersions> Automations::versions(std::string_view automation_id, const AutomationCaller& caller) {
    const auto automation = require_visible_automation(*parts_->store, automation_id, caller);
    if (!automation) return automation.error();
    if (find_builtin_template(automation_id) != nullptr)
        return AutomationVersions{.automation_id = automation->automation_id,
                                  .current_version = 1,
                                  .versions = {first_version(*automation, automation->owner_id)}};
    auto versions = parts_->store->automations().versions(automation_id);
    if (!versions) return versions.error();
    return AutomationVersions{.automation_id = automation->automation_id,
                              .current_version = automation->version,
                              .versions = *std::move(versions)};
}

Result<AutomationVersion> Automations::version(std::string_view automation_id, std::int64_t version,
                                               const AutomationCaller& caller) {
    const auto automation = require_visible_automation(*parts_->store, automation_id, caller);
    if (!automation) return automation.error();
    if (find_builtin_template(automation_id) != nullptr && version == 1) {
        AutomationVersion first = first_version(*automation, automation->owner_id);
        first.graph = automation->graph;
        return first;
    }
    auto found = parts_->store->automations().find_version(automation_id, version);
    if (!found) return found.error();
    if (!*found) return Error{ErrorCode::not_found, "Version not found", std::to_string(version)};
    if (automation->account_id != caller.account_id)
        (*found)->graph = without_automation_secrets(std::move((*found)->graph));
    return **std::move(found);
}

Result<void> Automations::share(std::string_view automation_id, std::string_view user_id,
                                const AutomationCaller& caller) {
    const auto own = require_own(*parts_->store, automation_id, caller);
    if (!own) return own.error();
    if (user_id == own->owner_id)
        return Error{ErrorCode::invalid_argument, "A workflow cannot be shared with its owner", "userId"};
    const auto shared =
        parts_->store->automations().share(caller.account_id, automation_id, user_id, parts_->clock->now());
    if (!shared) return shared.error();
    if (!*shared) return automation_not_found(automation_id);
    return {};
}

Result<void> Automations::unshare(std::string_view automation_id, std::string_view user_id,
                                  const AutomationCaller& caller) {
    if (const auto own = require_own(*parts_->store, automation_id, caller); !own) return own.error();
    const auto ended = parts_->store->automations().unshare(caller.account_id, automation_id, user_id);
    if (!ended) return ended.error();
    if (!*ended) return Error{ErrorCode::not_found, "Share not found", std::string(user_id)};
    return {};
}

Result<std::vector<AutomationShare>> Automations::shares(std::string_view automation_id,
                                                         const AutomationCaller& caller) {
    if (const auto visible = require_visible_automation(*parts_->store, automation_id, caller); !visible)
        return visible.error();
    return parts_->store->automations().shares(automation_id);
}

Result<std::vector<Automation>> Automations::templates(const AutomationCaller& caller) {
    auto templates = parts_->store->automations().templates(caller);
    if (!templates) return templates;
    for (Automation& automation : *templates) automation = shown_to(caller, std::move(automation));
    templates->insert(templates->end(), builtin_templates().begin(), builtin_templates().end());
    return templates;
}

Result<AutomationStats> Automations::stats(const AutomationCaller& caller) {
    return parts_->store->automations().stats(caller);
}

}  // namespace meter
