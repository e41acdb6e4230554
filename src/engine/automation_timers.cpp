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

std::optional<std::int64_t> timer_interval(const Value& config) {
    const Value* value = config.find("intervalSeconds");
    return value != nullptr && value->is_integer() ? std::optional(*value->if_integer()) : std::nullopt;
}

bool is_schedule_trigger(const NodeRegistry& nodes, std::string_view name) {
    const NodeType* type = nodes.find(name);
    return type != nullptr && type->node_id == schedule_trigger;
}

}  // namespace

Result<void> check_intervals(const AutomationGraph& graph, const NodeRegistry& nodes,
                             std::chrono::seconds min_interval) {
    std::size_t position = 0;
    for (const auto& node : json::read_stored_nodes(graph.nodes)) {
        const std::string path = "nodes." + std::to_string(position++) + ".config.intervalSeconds";
        if (!is_schedule_trigger(nodes, node.type)) continue;
        if (timer_interval(node.config).value_or(min_interval.count()) < min_interval.count())
            return Error{ErrorCode::invalid_argument,
                         "Node '" + node.id + "': config.intervalSeconds must be at least " +
                             std::to_string(min_interval.count()),
                         path};
    }
    return {};
}

std::vector<AutomationTimer> timers_of(const Automation& automation, const NodeRegistry& nodes,
                                       std::chrono::seconds min_interval, TimePoint now) {
    std::vector<AutomationTimer> timers;
    if (automation.status != AutomationStatus::active) return timers;
    for (const auto& node : json::read_stored_nodes(automation.graph.nodes)) {
        if (!is_schedule_trigger(nodes, node.type)) continue;
        // Any status can be set (wire contract 20.2): what could not be deployed is not armed.
        if (!nodes.check_config(node.type, node.config, nullptr).empty()) continue;
        Schedule schedule;
        schedule.interval_seconds = timer_interval(node.config);
        if (schedule.interval_seconds && *schedule.interval_seconds < min_interval.count()) continue;
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
