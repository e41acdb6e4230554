// What the parts of SqlScheduleStore, and the endings of jobs, share.
#pragma once

#include <optional>
#include <string_view>

#include "meter/store.hpp"
#include "store/sql/columns.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

/// Columns of read_schedule().
inline constexpr std::string_view schedule_columns =
    "schedule_id, account_id, strategy_id, workflow_id, automation_id, url, urls, interval_seconds, cron_expression, "
    "timezone, "
    "jitter_seconds, "
    "enabled, webhook_url, webhook_metadata, webhook_secret, webhook_type, webhook_on, parameters, \"ignore\", "
    "\"key\", "
    "strategy_group_id, discovery_id, rediscover, next_run_at, last_run_at, health_state, health_count, health_since, "
    "created_at, "
    "updated_at, version";

Schedule read_schedule(Columns& columns);

// ScheduleStore::insert(), update() and remove() within a transaction of the caller.
Result<void> insert_schedule(Connection& connection, const Schedule& schedule, const std::optional<DueTime>& due);
Result<std::optional<Schedule>> update_schedule(Connection& connection, const Schedule& schedule,
                                                const std::optional<std::optional<DueTime>>& due);
bool remove_schedule(Connection& connection, std::string_view account_id, std::string_view schedule_id);

/// Adds the change of a completed job to the changelog of its schedule, if that is still there. Belongs into the
/// transaction that completes the job.
void store_change(Connection& connection, std::string_view job_id, const ChangeRecord& change);

/// Brings the schedule's health up to date once every job of its last tick has ended. Belongs into the transaction that
/// ends the job.
void update_health(Connection& connection, const std::optional<std::string>& schedule_id, TimePoint now);

}  // namespace meter::sql
