#include "store/sql/schedule_store.hpp"

#include <utility>

#include "store/sql/delivery_rows.hpp"
#include "store/sql/schedule_rows.hpp"
#include "store/sql/strategy_store.hpp"

namespace meter::sql {
namespace {

[[noreturn]] void throw_unknown_word(std::string_view what, std::string_view stored) {
    throw Exception(Error{ErrorCode::store,
                          "The database holds an unknown " + std::string(what) + "; check it for damage",
                          std::string(stored.substr(0, 100))});
}

/// A stored word of an enumeration.
template <class Enum>
Enum read_word(const std::string& stored, std::optional<Enum> (*parse)(std::string_view), std::string_view what) {
    const auto word = parse(stored);
    if (!word) throw_unknown_word(what, stored);
    return *word;
}

std::optional<std::string> stored_urls(const Schedule& schedule) {
    if (!schedule.urls) return std::nullopt;
    return stored_list(*schedule.urls);
}

std::optional<std::string_view> stored_type(const Schedule& schedule) {
    if (!schedule.webhook_type) return std::nullopt;
    return to_string(*schedule.webhook_type);
}

std::optional<TimePoint> next_run_of(const std::optional<DueTime>& due) {
    return due ? std::optional(due->next_run_at) : std::nullopt;
}

std::optional<TimePoint> tick_of(const std::optional<DueTime>& due) {
    return due ? std::optional(due->tick_at) : std::nullopt;
}

/// What the schedule runs has to be the account's.
Result<void> check_subject(Connection& connection, const Schedule& schedule) {
    const std::string& id = schedule.workflow_id ? *schedule.workflow_id : schedule.strategy_id;
    const auto there = find_row<std::int64_t>(
        connection,
        schedule.workflow_id ? "SELECT 1 FROM workflows WHERE workflow_id = $1 AND account_id = $2"
                             : "SELECT 1 FROM strategies WHERE strategy_id = $1 AND account_id = $2",
        {id, schedule.account_id}, [](Columns& columns) { return columns.integer(); });
    if (there) return {};
    return Error{ErrorCode::not_found, schedule.workflow_id ? "Workflow not found" : "Strategy not found", id};
}

}  // namespace

Schedule read_schedule(Columns& columns) {
    Schedule schedule;
    schedule.schedule_id = columns.text();
    schedule.account_id = columns.text();
    schedule.strategy_id = columns.optional_text().value_or("");
    schedule.workflow_id = columns.optional_text();
    schedule.automation_id = columns.optional_text();
    schedule.url = columns.optional_text();
    schedule.urls = columns.optional_list();
    schedule.interval_seconds = columns.optional_integer();
    schedule.cron_expression = columns.optional_text();
    schedule.timezone = columns.optional_text();
    schedule.jitter_seconds = columns.integer();
    schedule.enabled = columns.boolean();
    schedule.webhook_url = columns.optional_text();
    schedule.webhook_metadata = columns.optional_text();
    schedule.webhook_secret = columns.optional_text();
    if (const auto type = columns.optional_text())
        schedule.webhook_type = read_word<WebhookType>(
            *type, [](std::string_view word) { return parse_webhook_type(word); }, "webhook type");
    schedule.webhook_on = read_word<WebhookOn>(
        columns.text(), [](std::string_view word) { return parse_webhook_on(word); }, "webhook rule");
    schedule.parameters = columns.optional_text();
    schedule.ignore = columns.optional_text();
    schedule.key = columns.optional_text();
    schedule.strategy_group_id = columns.optional_text();
    schedule.discovery_id = columns.optional_text();
    schedule.rediscover = columns.boolean();
    schedule.next_run_at = columns.optional_time();
    schedule.last_run_at = columns.optional_time();
    schedule.health.state = read_word<HealthState>(
        columns.text(), [](std::string_view word) { return parse_health_state(word); }, "health");
    schedule.health.count = columns.integer();
    schedule.health.since = columns.optional_time();
    schedule.created_at = columns.time();
    schedule.updated_at = columns.time();
    schedule.version = columns.integer();
    return schedule;
}

Result<void> insert_schedule(Connection& connection, const Schedule& schedule, const std::optional<DueTime>& due) {
    if (auto there = check_subject(connection, schedule); !there) return there;
    if (schedule.rediscover && schedule.discovery_id) {
        const auto discovery = find_row<std::int64_t>(
            connection, "SELECT 1 FROM discoveries WHERE discovery_id = $1 AND account_id = $2",
            {*schedule.discovery_id, schedule.account_id}, [](Columns& columns) { return columns.integer(); });
        if (!discovery) return Error{ErrorCode::not_found, "Discovery not found", *schedule.discovery_id};
    }
    const auto inserted = connection.run(
        "INSERT INTO schedules (schedule_id, account_id, strategy_id, workflow_id, url, urls, interval_seconds, "
        "cron_expression, timezone, jitter_seconds, enabled, webhook_url, webhook_metadata, webhook_secret, "
        "webhook_type, webhook_on, parameters, \"ignore\", \"key\", strategy_group_id, discovery_id, rediscover, "
        "next_run_at, tick_at, created_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
        "$12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27) ON CONFLICT DO NOTHING",
        {schedule.schedule_id,
         schedule.account_id,
         schedule.workflow_id ? Param(nullptr) : Param(schedule.strategy_id),
         schedule.workflow_id,
         schedule.url,
         stored_urls(schedule),
         schedule.interval_seconds,
         schedule.cron_expression,
         schedule.timezone,
         schedule.jitter_seconds,
         schedule.enabled,
         schedule.webhook_url,
         schedule.webhook_metadata,
         schedule.webhook_secret,
         stored_type(schedule),
         to_string(schedule.webhook_on),
         schedule.parameters,
         schedule.ignore,
         schedule.key,
         schedule.strategy_group_id,
         schedule.discovery_id,
         schedule.rediscover,
         next_run_of(due),
         tick_of(due),
         schedule.created_at,
         schedule.updated_at,
         schedule.version});
    if (inserted == 0)
        return Error{ErrorCode::conflict, "A schedule with this id exists already", schedule.schedule_id};
    return {};
}

Result<void> SqlScheduleStore::insert(const Schedule& schedule, const std::optional<DueTime>& due) {
    return database_.write("schedules.insert",
                           [&](Connection& connection) { return insert_schedule(connection, schedule, due); });
}

Result<void> SqlScheduleStore::insert_with_strategy(const Schedule& schedule, const std::optional<DueTime>& due,
                                                    const Strategy& strategy, const AuditEvent& created,
                                                    const std::optional<PageSnapshot>& snapshot,
                                                    std::string_view reservation) {
    return database_.write("schedules.insert_with_strategy", [&](Connection& connection) -> Result<void> {
        if (auto stored = insert_strategy(connection, strategy, created, snapshot, reservation); !stored) return stored;
        return insert_schedule(connection, schedule, due);
    });
}

Result<std::optional<Schedule>> SqlScheduleStore::find(std::string_view account_id, std::string_view schedule_id) {
    static const std::string sql = "SELECT " + std::string(schedule_columns) +
                                   " FROM schedules WHERE schedule_id = $1 AND account_id = $2 "
                                   "AND automation_id IS NULL";
    return look_up<Schedule>(database_, "schedules.find", sql, {schedule_id, account_id}, read_schedule);
}

Result<std::vector<Schedule>> SqlScheduleStore::list(std::string_view account_id, const ScheduleQuery& query) {
    if (auto valid = validate(query.range); !valid) return valid.error();
    std::string sql = "SELECT " + std::string(schedule_columns) + " FROM schedules WHERE account_id = $1";
    std::vector<Param> params{account_id};
    if (query.workflow_id) {
        sql += " AND workflow_id = $2";
        params.emplace_back(*query.workflow_id);
    } else if (query.strategy_id) {
        sql += " AND strategy_id = $2";
        params.emplace_back(*query.strategy_id);
    } else {
        sql += " AND workflow_id IS NULL AND automation_id IS NULL";
    }
    params.emplace_back(query.range.limit);
    params.emplace_back(query.range.offset);
    sql += " ORDER BY created_at DESC, schedule_id DESC LIMIT $" + std::to_string(params.size() - 1) + " OFFSET $" +
           std::to_string(params.size());
    return database_.read("schedules.list", [&](Connection& connection) -> Result<std::vector<Schedule>> {
        std::vector<Schedule> schedules;
        connection.execute(sql, params, [&](const Row& row) {
            Columns columns(row);
            schedules.push_back(read_schedule(columns));
        });
        return schedules;
    });
}

Result<std::optional<Schedule>> update_schedule(Connection& connection, const Schedule& schedule,
                                                const std::optional<std::optional<DueTime>>& due) {
    static const std::string sql =
        "UPDATE schedules SET url = $4, urls = $5, interval_seconds = $6, cron_expression = $7, timezone = $8, "
        "jitter_seconds = $9, enabled = $10, webhook_url = $11, webhook_metadata = $12, webhook_secret = $13, "
        "webhook_type = $14, webhook_on = $15, parameters = $16, \"ignore\" = $17, \"key\" = $18, "
        "strategy_group_id = $19, discovery_id = $20, next_run_at = CASE WHEN $21 = 1 THEN $22 ELSE next_run_at END, "
        "tick_at = CASE WHEN $21 = 1 THEN $23 ELSE tick_at END, updated_at = $24, rediscover = $25, "
        "version = version + 1 "
        "WHERE schedule_id = $1 AND account_id = $2 AND version = $3 RETURNING " +
        std::string(schedule_columns);
    const auto next = due.value_or(std::nullopt);
    auto updated = find_row<Schedule>(connection, sql,
                                      {schedule.schedule_id,
                                       schedule.account_id,
                                       schedule.version,
                                       schedule.url,
                                       stored_urls(schedule),
                                       schedule.interval_seconds,
                                       schedule.cron_expression,
                                       schedule.timezone,
                                       schedule.jitter_seconds,
                                       schedule.enabled,
                                       schedule.webhook_url,
                                       schedule.webhook_metadata,
                                       schedule.webhook_secret,
                                       stored_type(schedule),
                                       to_string(schedule.webhook_on),
                                       schedule.parameters,
                                       schedule.ignore,
                                       schedule.key,
                                       schedule.strategy_group_id,
                                       schedule.discovery_id,
                                       due.has_value(),
                                       next_run_of(next),
                                       tick_of(next),
                                       schedule.updated_at,
                                       schedule.rediscover},
                                      read_schedule);
    if (updated) return updated;
    const auto there = find_row<std::int64_t>(
        connection, "SELECT 1 FROM schedules WHERE schedule_id = $1 AND account_id = $2",
        {schedule.schedule_id, schedule.account_id}, [](Columns& columns) { return columns.integer(); });
    if (!there) return std::optional<Schedule>{};
    return Error{ErrorCode::conflict, "The schedule was changed meanwhile", schedule.schedule_id, true};
}

Result<std::optional<Schedule>> SqlScheduleStore::update(const Schedule& schedule,
                                                         const std::optional<std::optional<DueTime>>& due) {
    return database_.write("schedules.update",
                           [&](Connection& connection) { return update_schedule(connection, schedule, due); });
}

bool remove_schedule(Connection& connection, std::string_view account_id, std::string_view schedule_id) {
    const auto removed =
        connection.run("DELETE FROM schedules WHERE schedule_id = $1 AND account_id = $2", {schedule_id, account_id});
    if (removed == 0) return false;
    connection.run("DELETE FROM baselines WHERE schedule_id = $1", {schedule_id});
    connection.run("DELETE FROM discoveries WHERE schedule_id = $1", {schedule_id});
    drop_pending_deliveries(connection, account_id, schedule_id);
    return true;
}

Result<bool> SqlScheduleStore::remove(std::string_view account_id, std::string_view schedule_id) {
    return database_.write("schedules.remove", [&](Connection& connection) -> Result<bool> {
        return remove_schedule(connection, account_id, schedule_id);
    });
}

}  // namespace meter::sql
