// The automations that come with the library, to be duplicated (wire contract 20.4).
#pragma once

#include <string_view>
#include <vector>

#include "meter/automation.hpp"

namespace meter {

/// All of them; nobody owns them, everybody may see them.
const std::vector<Automation>& builtin_templates();

/// Null pointer when it is none of them.
const Automation* find_builtin_template(std::string_view automation_id) noexcept;

/// A copy of their graphs that can be deployed: webhook triggers get secrets of their own.
AutomationGraph graph_for_copy(const AutomationGraph& graph);

}  // namespace meter
