// The timing half of SqlScheduleStore: what is due, ticks, and what ticks leave behind.
//
// A tick is fenced twice: the schedule must be as it was when the jobs were made (version) and still wait for this due
// time, and (schedule, due time) has one row in schedule_ticks, which also holds after the clock went back.
#include <algorithm>
#include <utility>

#include "store/sql/automation_rows.hpp"
#include "store/sql/job_rows.hpp"
#include "store/sql/schedule_rows.hpp"
#include "store/sql/schedule_store.hpp"
#include "store/sql/workflow_rows.hpp"

namespace meter::sql {
namespace {

// Schedules of one answer of due() hold no more URLs than this together (but one at least).
constexpr std::size_t most_due_urls = 20'000;

std::size_t url_count(const Schedule& schedule) {
    return schedule.urls ? schedule.urls->size() : 1;
}

/// Moves the due time on; false when the schedule does not wait for it any more.
bool move_on(Connection& connection, const ScheduleTick& tick) {
    const Param next_run = tick.next ? Param(tick.next->next_run_at) : Param(nullptr);
    const Param next_tick = tick.next ? Param(tick.next->tick_at) : Param(nullptr);
    return connection.run(
               "UPDATE schedules SET next_run_at = $4, tick_at = $5 WHERE schedule_id = $1 AND version = $2 AND "
               "next_run_at = $3 AND enabled = 1",
               {tick.schedule_id, tick.version, tick.due_at, next_run, next_tick}) == 1;
}

bool is_first_tick(Connection& connection, const ScheduleTick& tick) {
    return connection.run("INSERT INTO schedule_ticks (schedule_id, due_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                          {tick.schedule_id, tick.due_at}) == 1;
}

/// The condition is that of the index jobs_of_running_ticks, word for word.
bool has_running_jobs(Connection& connection, std::string_view schedule_id) {
    return find_row<std::int64_t>(connection,
                                  "SELECT 1 FROM jobs WHERE schedule_id = $1 AND schedule_id IS NOT NULL AND "
                                  "status IN ('pending', 'running') LIMIT 1",
                                  {schedule_id}, [](Columns& columns) { return columns.integer(); })
        .has_value();
}

/// A run that may not start now (another is open, or the workflow is disabled or unfit) is a tick that is skipped.
bool start_ticked_run(Connection& connection, const ScheduleTick& tick) {
    return is_enabled_workflow(connection, tick.run->workflow_id) &&
           insert_workflow_run(connection, *tick.run, tick.run_deadline).has_value();
}

/// False when the automation may not be executed now.
bool start_ticked_execution(Connection& connection, Execution execution) {
    const auto open = find_row<std::int64_t>(
        connection,
        "SELECT 1 FROM automation_executions WHERE automation_id = $1 AND \"trigger\" = 'schedule' AND "
        "due_at IS NOT NULL LIMIT 1",
        {execution.automation_id}, [](Columns& columns) { return columns.integer(); });
    if (open) return false;
    const auto active = find_row<bool>(
        connection,
        "SELECT account_id, owner_id, organization_id, nodes, connections, config, settings FROM automations "
        "JOIN automation_graphs ON automation_graphs.automation_id = automations.automation_id "
        "WHERE automations.automation_id = $1 AND status = 'active'",
        {execution.automation_id}, [&](Columns& columns) {
            execution.account_id = columns.text();
            execution.user_id = columns.text();
            execution.organization_id = columns.text();
            execution.graph = read_graph(columns);
            return true;
        });
    return active && insert_execution(connection, execution).has_value();
}

bool has_running_discovery(Connection& connection, std::string_view schedule_id) {
    return find_row<std::int64_t>(connection, "SELECT 1 FROM discoveries WHERE schedule_id = $1 LIMIT 1", {schedule_id},
                                  [](Columns& columns) { return columns.integer(); })
        .has_value();
}

/// False when there is no discovery to run again.
bool run_discovery_again(Connection& connection, const ScheduleTick& tick) {
    return connection.run(
               "INSERT INTO discoveries (discovery_id, account_id, status, config, total_urls, sample_urls, truncated, "
               "created_at, schedule_id) SELECT $1, d.account_id, 'pending', d.config, 0, '[]', 0, $2, s.schedule_id "
               "FROM schedules s JOIN discoveries d ON d.discovery_id = s.discovery_id WHERE s.schedule_id = $3",
               {*tick.discovery_id, tick.ticked_at, tick.schedule_id}) == 1;
}

TickOutcome make_tick(Connection& connection, const ScheduleTick& tick) {
    if (!move_on(connection, tick)) return TickOutcome::stale;
    if (!is_first_tick(connection, tick) || has_running_jobs(connection, tick.schedule_id) ||
        has_running_discovery(connection, tick.schedule_id))
        return TickOutcome::skipped;
    if (tick.discovery_id && !run_discovery_again(connection, tick)) return TickOutcome::skipped;
    if (tick.run && !start_ticked_run(connection, tick)) return TickOutcome::skipped;
    if (tick.execution && !start_ticked_execution(connection, *tick.execution)) return TickOutcome::skipped;
    connection.run("UPDATE schedules SET last_run_at = $2 WHERE schedule_id = $1", {tick.schedule_id, tick.ticked_at});
    insert_tick_jobs(connection, tick.jobs, tick.batch);
    return TickOutcome::made;
}

}  // namespace

Result<std::vector<Schedule>> SqlScheduleStore::due(TimePoint now, std::int64_t limit) {
    static const std::string sql = "SELECT " + std::string(schedule_columns) +
                                   " FROM schedules WHERE tick_at IS NOT NULL AND tick_at <= $1 "
                                   "ORDER BY tick_at, schedule_id LIMIT $2";
    return database_.read("schedules.due", [&](Connection& connection) -> Result<std::vector<Schedule>> {
        std::vector<Schedule> due;
        std::size_t urls = 0;
        bool full = false;
        connection.run(sql, {now, limit}, [&](const Row& row) {
            if (full) return;
            Columns columns(row);
            Schedule schedule = read_schedule(columns);
            urls += url_count(schedule);
            full = urls >= most_due_urls;
            due.push_back(std::move(schedule));
        });
        return due;
    });
}

Result<std::optional<TimePoint>> SqlScheduleStore::next_tick_at() {
    return database_.read("schedules.next_tick_at", [](Connection& connection) -> Result<std::optional<TimePoint>> {
        return find_row<TimePoint>(connection,
                                   "SELECT tick_at FROM schedules WHERE tick_at IS NOT NULL "
                                   "ORDER BY tick_at, schedule_id LIMIT 1",
                                   {}, [](Columns& columns) { return columns.time(); });
    });
}

Result<std::vector<TickOutcome>> SqlScheduleStore::tick(const std::vector<ScheduleTick>& ticks) {
    return database_.write("schedules.tick", [&](Connection& connection) -> Result<std::vector<TickOutcome>> {
        std::vector<TickOutcome> outcomes;
        outcomes.reserve(ticks.size());
        for (const ScheduleTick& tick : ticks) outcomes.push_back(make_tick(connection, tick));
        return outcomes;
    });
}

Result<std::vector<Schedule>> SqlScheduleStore::ticked_after(TimePoint now) {
    static const std::string sql =
        "SELECT " + std::string(schedule_columns) + " FROM schedules WHERE enabled = 1 AND last_run_at > $1";
    return database_.read("schedules.ticked_after", [&](Connection& connection) -> Result<std::vector<Schedule>> {
        std::vector<Schedule> schedules;
        connection.run(sql, {now}, [&](const Row& row) {
            Columns columns(row);
            schedules.push_back(read_schedule(columns));
        });
        return schedules;
    });
}

Result<bool> SqlScheduleStore::rewind(const Schedule& schedule, const std::vector<DueTime>& candidates) {
    return database_.write("schedules.rewind", [&](Connection& connection) -> Result<bool> {
        for (const DueTime& due : candidates) {
            const auto ticked = find_row<std::int64_t>(
                connection, "SELECT 1 FROM schedule_ticks WHERE schedule_id = $1 AND due_at = $2",
                {schedule.schedule_id, due.next_run_at}, [](Columns& columns) { return columns.integer(); });
            if (ticked) continue;
            return connection.run(
                       "UPDATE schedules SET next_run_at = $4, tick_at = $5 WHERE schedule_id = $1 AND version = $2 "
                       "AND next_run_at = $3 AND enabled = 1",
                       {schedule.schedule_id, schedule.version, schedule.next_run_at, due.next_run_at, due.tick_at}) ==
                   1;
        }
        return false;
    });
}

Result<std::int64_t> SqlScheduleStore::drop_ticks_before(TimePoint moment) {
    return database_.write("schedules.drop_ticks_before", [&](Connection& connection) -> Result<std::int64_t> {
        return connection.run("DELETE FROM schedule_ticks WHERE due_at < $1", {moment});
    });
}

Result<std::optional<Outcome>> SqlScheduleStore::previous_outcome(std::string_view account_id,
                                                                  std::string_view schedule_id, std::string_view url,
                                                                  std::string_view except_job_id) {
    return database_.read("schedules.previous_outcome", [&](Connection& connection) -> Result<std::optional<Outcome>> {
        return find_row<std::optional<Outcome>>(
                   connection,
                   "SELECT outcome FROM jobs WHERE schedule_id = $1 AND account_id = $2 AND url = $3 AND job_id <> $4 "
                   "AND outcome IS NOT NULL ORDER BY created_at DESC, job_id DESC LIMIT 1",
                   {schedule_id, account_id, url, except_job_id},
                   [](Columns& columns) { return columns.optional_outcome(); })
            .value_or(std::nullopt);
    });
}

void update_health(Connection& connection, const std::optional<std::string>& schedule_id, TimePoint now) {
    if (!schedule_id || has_running_jobs(connection, *schedule_id)) return;
    struct Now {
        std::string account_id;
        TimePoint last_run_at;
        ScheduleHealth health;
    };
    const auto current =
        find_row<Now>(connection,
                      "SELECT account_id, last_run_at, health_state, health_count, health_since FROM schedules "
                      "WHERE schedule_id = $1 AND last_run_at IS NOT NULL",
                      {*schedule_id}, [](Columns& columns) {
                          Now read;
                          read.account_id = columns.text();
                          read.last_run_at = columns.time();
                          read.health.state = parse_health_state(columns.text()).value_or(HealthState::ok);
                          read.health.count = columns.integer();
                          read.health.since = columns.optional_time();
                          return read;
                      });
    if (!current) return;  // removed, or its jobs are of no tick
    auto state = HealthState::ok;
    connection.run(
        "SELECT outcome FROM jobs WHERE schedule_id = $1 AND account_id = $2 AND created_at >= $3 AND "
        "outcome IS NOT NULL",
        {*schedule_id, current->account_id, current->last_run_at}, [&](const Row& row) {
            Columns columns(row);
            const auto outcome = columns.optional_outcome().value_or(Outcome::ok);
            if (outcome == Outcome::failed || outcome == Outcome::blocked) state = HealthState::failing;
            if (outcome == Outcome::empty || outcome == Outcome::degraded)
                state = std::max(state, HealthState::degraded);
        });
    const bool same = current->health.since.has_value() && current->health.state == state;
    connection.run(
        "UPDATE schedules SET health_state = $2, health_count = $3, health_since = $4 WHERE schedule_id = $1",
        {*schedule_id, to_string(state), same ? current->health.count + 1 : 1, same ? current->health.since : now});
}

}  // namespace meter::sql
