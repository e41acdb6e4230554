// What Automations and Executions work on.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "meter/automation_store.hpp"
#include "meter/node.hpp"
#include "meter/store.hpp"
#include "run/automation_runner.hpp"
#include "run/runner.hpp"
#include "run/scheduler.hpp"

namespace meter {

/// All set; what is named by pointer belongs to the engine and outlives the objects that use it.
struct METER_LOCAL AutomationParts {
    std::shared_ptr<Store> store;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<const NodeRegistry> nodes;
    std::shared_ptr<const Connections> connections;
    std::shared_ptr<run::Bell> execution_due;  ///< rung when one was stored
    run::AutomationRunner* automation_runner = nullptr;
    run::Runner* runner = nullptr;  // knows who waits, and whether the engine is stopping
    run::Scheduler* scheduler = nullptr;
    std::int64_t max_pending = 10'000;      // AutomationOptions
    std::chrono::seconds min_interval{60};  // of schedule triggers; EngineOptions::schedules
};

/// A visible automation with its graph. Errors: not_found "Workflow not found".
Result<Automation> require_visible_automation(Store& store, std::string_view id, const AutomationCaller& caller);

/// The graph without what only the owner may see: members named `secret` in the config of a node, and in that of the
/// automation itself.
AutomationGraph without_automation_secrets(AutomationGraph graph);

/// The schedule triggers of an automation that tick while it is active; none when it is not. Those that could not be
/// deployed (no such interval or cron expression, an interval below `min_interval`) are left out.
std::vector<AutomationTimer> timers_of(const Automation& automation, const NodeRegistry& nodes,
                                       std::chrono::seconds min_interval, TimePoint now);

/// Do the schedule triggers of a graph that check_graph() let through keep to the shortest interval? Errors:
/// invalid_argument naming the node, as check_graph() does.
Result<void> check_intervals(const AutomationGraph& graph, const NodeRegistry& nodes,
                             std::chrono::seconds min_interval);

}  // namespace meter
