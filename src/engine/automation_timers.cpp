// Schedule triggers: when the nodes of an active automation tick (wire contract 20.2).
#include <utility>

#include "core/id.hpp"
#include "engine/automation_parts.hpp"
#include "json/wire_automation.hpp"
#include "run/timing.hpp"

namespace meter {
namespace {

constexpr std::string_view schedule_trigger = "schedule-trigger";

std::optional<std::string> timer_text(const Value& config, std::string_view member) {
    const Value* value = config.find(member);
    const std::string* text = value != nullptr ? value->if_string() : nullptr;
    return text != nullptr && !text->empty() ? std::optional(*text) : std::nullopt;
}

}  // namespace

std::vector<AutomationTimer> timers_of(const Automation& automation, const NodeRegistry& nodes, TimePoint now) {
    std::vector<AutomationTimer> timers;
    if (automation.status != AutomationStatus::active) return timers;
    for (const auto& node : json::read_stored_nodes(automation.graph.nodes)) {
        const NodeType* type = nodes.find(node.type);
        if (type == nullptr || type->node_id != schedule_trigger) continue;
        // Any status can be set (wire contract 20.2): what could not be deployed is not armed.
        if (!nodes.check_config(node.type, node.config, nullptr).empty()) continue;
        Schedule schedule;
        if (const Value* interval = node.config.find("intervalSeconds"); interval != nullptr && interval->is_integer())
            schedule.interval_seconds = *interval->if_integer();
        schedule.cron_expression = timer_text(node.config, "cronExpression");
        schedule.timezone = timer_text(node.config, "timezone");
        const auto timing = run::Timing::of(schedule);
        if (!timing) continue;
        const auto first = timing->first(now);
        if (!first) continue;
        timers.push_back({.node_id = node.id,
                          .interval_seconds = schedule.interval_seconds,
                          .cron_expression = std::move(schedule.cron_expression),
                          .timezone = std::move(schedule.timezone),
                          .next_run_at = first->next_run_at});
    }
    return timers;
}

}  // namespace meter
