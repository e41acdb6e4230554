#include "store/sql/strategy_group_store.hpp"

#include <utility>

#include "store/sql/columns.hpp"
#include "store/sql/schedule_rows.hpp"
#include "store/sql/strategy_store.hpp"

namespace meter::sql {
namespace {

constexpr std::string_view group_columns =
    "group_id, account_id, name, description, (SELECT COUNT(*) FROM strategies WHERE strategies.strategy_group_id = "
    "strategy_groups.group_id), output_schema, webhook_url, webhook_type, webhook_secret, webhook_metadata, "
    "webhook_on, created_at, updated_at, version";

StrategyGroup read_group(Columns& columns) {
    StrategyGroup group;
    group.group_id = columns.text();
    group.account_id = columns.text();
    group.name = columns.text();
    group.description = columns.optional_text();
    group.strategy_count = columns.integer();
    group.output_schema = columns.optional_text();
    group.webhook.url = columns.text();
    const auto type = parse_webhook_type(columns.text());
    group.webhook.secret = columns.text();
    group.webhook.metadata = columns.optional_text();
    const auto on = parse_webhook_on(columns.text());
    if (!type || !on)
        throw Exception(Error{ErrorCode::store, "A stored strategy group cannot be read", group.group_id});
    group.webhook.type = *type;
    group.webhook.on = *on;
    group.created_at = columns.time();
    group.updated_at = columns.time();
    group.version = columns.integer();
    return group;
}

std::optional<StrategyGroup> find_group(Connection& connection, std::string_view account_id,
                                        std::string_view group_id) {
    static const std::string sql =
        "SELECT " + std::string(group_columns) + " FROM strategy_groups WHERE group_id = $1 AND account_id = $2";
    return find_row<StrategyGroup>(connection, sql, {group_id, account_id}, read_group);
}

std::vector<Schedule> schedules_of_group(Connection& connection, std::string_view account_id,
                                         std::string_view group_id) {
    static const std::string sql = "SELECT " + std::string(schedule_columns) +
                                   " FROM schedules WHERE strategy_group_id = $1 AND account_id = $2 "
                                   "ORDER BY created_at, schedule_id";
    std::vector<Schedule> schedules;
    connection.run(sql, {group_id, account_id}, [&](const Row& row) {
        Columns columns(row);
        schedules.push_back(read_schedule(columns));
    });
    return schedules;
}

void touch_group(Connection& connection, std::string_view group_id, TimePoint now) {
    connection.run("UPDATE strategy_groups SET updated_at = $2, version = version + 1 WHERE group_id = $1",
                   {group_id, now});
}

/// Removes the schedule that a group made for one of its strategies.
void remove_schedule_of_member(Connection& connection, std::string_view account_id, std::string_view group_id,
                               std::string_view strategy_id) {
    std::vector<std::string> schedules;
    connection.run(
        "SELECT schedule_id FROM schedules WHERE strategy_group_id = $1 AND strategy_id = $2 AND account_id = $3",
        {group_id, strategy_id, account_id}, [&](const Row& row) { schedules.emplace_back(row.text(0)); });
    for (const auto& schedule_id : schedules) remove_schedule(connection, account_id, schedule_id);
}

Error group_conflict(std::string_view group_id) {
    return {ErrorCode::conflict, "The strategy group was changed meanwhile", std::string(group_id), true};
}

}  // namespace

Result<void> SqlStrategyGroupStore::insert(const StrategyGroup& group) {
    return database_.write("strategy_groups.insert", [&](Connection& connection) -> Result<void> {
        const auto inserted = connection.run(
            "INSERT INTO strategy_groups (group_id, account_id, name, description, created_at, updated_at, version) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            {group.group_id, group.account_id, group.name, group.description, group.created_at, group.updated_at,
             group.version});
        if (inserted == 0)
            return Error{ErrorCode::conflict, "A strategy group with this id exists already", group.group_id};
        return {};
    });
}

Result<std::optional<StrategyGroup>> SqlStrategyGroupStore::find(std::string_view account_id,
                                                                 std::string_view group_id) {
    return database_.read("strategy_groups.find", [&](Connection& connection) {
        return Result<std::optional<StrategyGroup>>(find_group(connection, account_id, group_id));
    });
}

Result<std::vector<StrategyGroup>> SqlStrategyGroupStore::list(std::string_view account_id, ListRange range) {
    if (auto valid = validate(range); !valid) return valid.error();
    static const std::string sql = "SELECT " + std::string(group_columns) +
                                   " FROM strategy_groups WHERE account_id = $1 "
                                   "ORDER BY created_at DESC, group_id DESC LIMIT $2 OFFSET $3";
    return database_.read("strategy_groups.list", [&](Connection& connection) -> Result<std::vector<StrategyGroup>> {
        std::vector<StrategyGroup> groups;
        connection.run(sql, {account_id, range.limit, range.offset}, [&](const Row& row) {
            Columns columns(row);
            groups.push_back(read_group(columns));
        });
        return groups;
    });
}

Result<std::optional<StrategyGroup>> SqlStrategyGroupStore::update(const StrategyGroup& group) {
    return database_.write(
        "strategy_groups.update", [&](Connection& connection) -> Result<std::optional<StrategyGroup>> {
            const auto updated = connection.run(
                "UPDATE strategy_groups SET name = $4, description = $5, updated_at = $6, version = version + 1 "
                "WHERE group_id = $1 AND account_id = $2 AND version = $3",
                {group.group_id, group.account_id, group.version, group.name, group.description, group.updated_at});
            auto stored = find_group(connection, group.account_id, group.group_id);
            if (updated == 0 && stored) return group_conflict(group.group_id);
            return stored;
        });
}

Result<bool> SqlStrategyGroupStore::remove(std::string_view account_id, std::string_view group_id) {
    return database_.write("strategy_groups.remove", [&](Connection& connection) -> Result<bool> {
        if (connection.run("DELETE FROM strategy_groups WHERE group_id = $1 AND account_id = $2",
                           {group_id, account_id}) == 0)
            return false;
        connection.run("UPDATE strategies SET strategy_group_id = NULL WHERE strategy_group_id = $1", {group_id});
        connection.run(
            "UPDATE schedules SET strategy_group_id = NULL, version = version + 1 WHERE strategy_group_id = $1",
            {group_id});
        return true;
    });
}

Result<std::vector<Strategy>> SqlStrategyGroupStore::strategies(std::string_view account_id,
                                                                std::string_view group_id) {
    return database_.read("strategy_groups.strategies", [&](Connection& connection) {
        return Result<std::vector<Strategy>>(strategies_of_group(connection, account_id, group_id));
    });
}

Result<std::optional<std::int64_t>> SqlStrategyGroupStore::add(std::string_view account_id, std::string_view group_id,
                                                               const std::vector<std::string>& strategy_ids,
                                                               TimePoint now) {
    return database_.write("strategy_groups.add", [&](Connection& connection) -> Result<std::optional<std::int64_t>> {
        if (!has_strategy_group(connection, account_id, group_id)) return std::optional<std::int64_t>{};
        std::int64_t added = 0;
        for (const auto& strategy_id : strategy_ids) {
            const auto before = find_row<std::optional<std::string>>(
                connection, "SELECT strategy_group_id FROM strategies WHERE strategy_id = $1 AND account_id = $2",
                {strategy_id, account_id}, [](Columns& columns) { return columns.optional_text(); });
            if (!before) return Error{ErrorCode::not_found, "Strategy not found", strategy_id};
            if (*before == group_id) continue;
            if (*before) {
                remove_schedule_of_member(connection, account_id, **before, strategy_id);
                touch_group(connection, **before, now);
            }
            connection.run("UPDATE strategies SET strategy_group_id = $2 WHERE strategy_id = $1",
                           {strategy_id, group_id});
            ++added;
        }
        if (added > 0) touch_group(connection, group_id, now);
        return std::optional(added);
    });
}

Result<bool> SqlStrategyGroupStore::remove_strategy(std::string_view account_id, std::string_view group_id,
                                                    std::string_view strategy_id, TimePoint now) {
    return database_.write("strategy_groups.remove_strategy", [&](Connection& connection) -> Result<bool> {
        const auto left = connection.run(
            "UPDATE strategies SET strategy_group_id = NULL WHERE strategy_id = $1 AND strategy_group_id = $2 AND "
            "account_id = $3",
            {strategy_id, group_id, account_id});
        if (left == 0) return false;
        remove_schedule_of_member(connection, account_id, group_id, strategy_id);
        touch_group(connection, group_id, now);
        return true;
    });
}

Result<std::vector<Schedule>> SqlStrategyGroupStore::schedules(std::string_view account_id, std::string_view group_id) {
    return database_.read("strategy_groups.schedules", [&](Connection& connection) {
        return Result<std::vector<Schedule>>(schedules_of_group(connection, account_id, group_id));
    });
}

Result<bool> SqlStrategyGroupStore::apply(const GroupScheduleChange& change) {
    const StrategyGroup& group = change.group;
    return database_.write("strategy_groups.apply", [&](Connection& connection) -> Result<bool> {
        const auto written = connection.run(
            "UPDATE strategy_groups SET webhook_url = $4, webhook_type = $5, webhook_secret = $6, "
            "webhook_metadata = $7, webhook_on = $8, updated_at = $9, version = version + 1 "
            "WHERE group_id = $1 AND account_id = $2 AND version = $3",
            {group.group_id, group.account_id, group.version, group.webhook.url, to_string(group.webhook.type),
             group.webhook.secret, group.webhook.metadata, to_string(group.webhook.on), group.updated_at});
        if (written == 0) {
            if (!has_strategy_group(connection, group.account_id, group.group_id)) return false;
            return group_conflict(group.group_id);
        }
        for (const auto& made : change.created) {
            const auto member = find_row<std::int64_t>(
                connection, "SELECT 1 FROM strategies WHERE strategy_id = $1 AND strategy_group_id = $2",
                {made.schedule.strategy_id, group.group_id}, [](Columns& columns) { return columns.integer(); });
            if (!member) return group_conflict(group.group_id);
            if (auto stored = insert_schedule(connection, made.schedule, made.due.value_or(std::nullopt)); !stored)
                return stored.error();
        }
        for (const auto& changed : change.updated) {
            const auto stored = update_schedule(connection, changed.schedule, changed.due);
            if (!stored) return stored.error();
            if (!*stored) return group_conflict(group.group_id);
        }
        return true;
    });
}

Result<std::optional<std::int64_t>> SqlStrategyGroupStore::remove_schedules(std::string_view account_id,
                                                                            std::string_view group_id) {
    return database_.write("strategy_groups.remove_schedules",
                           [&](Connection& connection) -> Result<std::optional<std::int64_t>> {
                               if (!has_strategy_group(connection, account_id, group_id))
                                   return std::optional<std::int64_t>{};
                               std::int64_t removed = 0;
                               for (const Schedule& schedule : schedules_of_group(connection, account_id, group_id))
                                   removed += remove_schedule(connection, account_id, schedule.schedule_id) ? 1 : 0;
                               return std::optional(removed);
                           });
}

}  // namespace meter::sql
