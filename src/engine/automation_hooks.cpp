// Who may start an execution through a webhook trigger (wire contract 20.5).
#include <string>
#include <utility>

#include "engine/automation_parts.hpp"
#include "meter/automation.hpp"
#include "meter/json.hpp"
#include "meter/store.hpp"
#include "meter/webhook.hpp"

namespace meter {
namespace {

constexpr std::chrono::minutes hook_tolerance{5};

Error hook_not_found(std::string_view node_id) {
    return {ErrorCode::not_found, "Webhook not found", std::string(node_id)};
}

std::string hook_text(const Value* object, std::string_view name) {
    const Value* value = object != nullptr ? object->find(name) : nullptr;
    const std::string* text = value != nullptr ? value->if_string() : nullptr;
    return text != nullptr ? *text : std::string();
}

/// The secret of a webhook-trigger node; empty when there is no such node, or none that could be deployed: any status
/// can be set.
std::string hook_secret(const AutomationGraph& graph, const NodeRegistry& registry, std::string_view node_id) {
    const auto nodes = parse_json(graph.nodes, {.max_depth = 128});
    if (!nodes || nodes->if_array() == nullptr) return {};
    for (const Value& node : *nodes->if_array()) {
        if (hook_text(&node, "id") != node_id) continue;
        const Value* config = node.find("config");
        if (hook_text(&node, "nodeId") != "webhook-trigger" || config == nullptr ||
            !registry.check_config("webhook-trigger", *config, nullptr).empty())
            return {};
        return hook_text(config, "secret");
    }
    return {};
}

}  // namespace

Result<std::optional<AutomationCaller>> Automations::open_hook(std::string_view automation_id, std::string_view node_id,
                                                               const HookProof& proof) {
    const auto automation = parts_->store->automations().find_any(automation_id);
    if (!automation) return automation.error();
    if (!*automation || (*automation)->status != AutomationStatus::active) return hook_not_found(node_id);
    const std::string secret = hook_secret((*automation)->graph, *parts_->nodes, node_id);
    if (secret.empty()) return hook_not_found(node_id);
    if (!equal_secrets(proof.secret, secret) && !verify_webhook(secret, proof.id, proof.timestamp, proof.signatures,
                                                                proof.body, parts_->clock->now(), hook_tolerance))
        return std::optional<AutomationCaller>();
    return std::optional(AutomationCaller{.account_id = (*automation)->account_id,
                                          .user_id = (*automation)->owner_id,
                                          .organization_id = (*automation)->organization_id});
}

}  // namespace meter
