// What the stores of automations, of executions and of schedules share.
#pragma once

#include <string_view>
#include <vector>

#include "meter/automation_store.hpp"
#include "store/sql/columns.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

/// Ids of what a caller may see: $1 account, $2 user, $3 organization. Each part is found by an index of its own.
inline constexpr std::string_view visible_automation_ids =
    "SELECT automation_id FROM automations WHERE account_id = $1 "
    "UNION ALL SELECT automation_id FROM automation_shares WHERE user_id = $2 "
    "UNION ALL SELECT automation_id FROM automations WHERE organization_id = $3 AND is_public = 1";

/// The same as a condition on one row of automations.
inline constexpr std::string_view automation_is_visible =
    "(automations.account_id = $1 OR (automations.is_public = 1 AND automations.organization_id = $3) OR EXISTS "
    "(SELECT 1 FROM automation_shares WHERE automation_shares.automation_id = automations.automation_id AND "
    "automation_shares.user_id = $2))";

/// Reads nodes, connections, config, settings.
AutomationGraph read_graph(Columns& columns);

/// ExecutionStore::insert() within a transaction of the caller.
Result<void> insert_execution(Connection& connection, const Execution& execution);

/// Makes the timers of an automation these: see AutomationStore::update().
void write_timers(Connection& connection, const Automation& automation, const std::vector<AutomationTimer>& timers);

}  // namespace meter::sql
