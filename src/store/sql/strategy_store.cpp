#include "store/sql/strategy_store.hpp"

#include "store/sql/columns.hpp"
#include "store/sql/strategy_rows.hpp"
#include "store/sql/workflow_rows.hpp"

namespace meter::sql {

Strategy read_strategy(Columns& columns) {
    Strategy strategy;
    strategy.strategy_id = columns.text();
    strategy.account_id = columns.text();
    strategy.name = columns.text();
    strategy.description = columns.text();
    strategy.url = columns.text();
    strategy.scraper_type = columns.scraper_type();
    strategy.strategy = columns.text();
    strategy.api_parameters = columns.optional_text();
    strategy.preview_data = columns.text();
    strategy.attempts = columns.integer();
    strategy.output_schema = columns.optional_text();
    strategy.filter_config = columns.optional_text();
    strategy.strategy_group_id = columns.optional_text();
    strategy.fetch = columns.optional_text();
    strategy.ignore = columns.optional_text();
    strategy.key = columns.optional_text();
    strategy.warnings = columns.list();
    strategy.created_at = columns.time();
    strategy.updated_at = columns.time();
    return strategy;
}

namespace {

void insert_audit_event(Connection& connection, const AuditEvent& event) {
    connection.run(
        "INSERT INTO audit_events (id, account_id, event, strategy_id, strategy_name, url, api_key_prefix, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {event.id, event.account_id, event.event, event.strategy_id, event.strategy_name, event.url,
         event.api_key_prefix, event.created_at});
}

void put_snapshot(Connection& connection, std::string_view account_id, std::string_view strategy_id,
                  const PageSnapshot& snapshot) {
    connection.run(
        "INSERT INTO page_snapshots (strategy_id, account_id, url, content_type, body, fetched_at) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (strategy_id) DO UPDATE SET url = excluded.url, "
        "content_type = excluded.content_type, body = excluded.body, fetched_at = excluded.fetched_at",
        {strategy_id, account_id, snapshot.url, snapshot.content_type, Blob{snapshot.body}, snapshot.fetched_at});
}

void replace_plan(Connection& connection, std::string_view account_id, std::string_view strategy_id,
                  const StrategyUpdate::NewPlan& plan) {
    connection.run(
        "UPDATE strategies SET scraper_type = $3, strategy = $4, api_parameters = $5, attempts = $6, warnings = $7 "
        "WHERE strategy_id = $1 AND account_id = $2",
        {strategy_id, account_id, to_string(plan.scraper_type), plan.strategy, plan.api_parameters, plan.attempts,
         stored_list(plan.warnings)});
    if (plan.snapshot) put_snapshot(connection, account_id, strategy_id, *plan.snapshot);
}

/// Errors: conflict when a node of a workflow runs this strategy (wire contract 8.4).
Result<void> check_unused(Connection& connection, std::string_view strategy_id) {
    const auto workflow =
        find_row<std::string>(connection,
                              "SELECT workflows.name FROM workflow_nodes JOIN workflows ON workflows.workflow_id = "
                              "workflow_nodes.workflow_id WHERE workflow_nodes.strategy_id = $1 LIMIT 1",
                              {strategy_id}, [](Columns& columns) { return columns.text(); });
    if (!workflow) return {};
    return Error{ErrorCode::conflict, "Strategy is used by workflow: " + *workflow, std::string(strategy_id)};
}

// The cascade takes the jobs along; the totals have to follow.
void subtract_unfinished_jobs(Connection& connection, std::string_view strategy_id) {
    std::int64_t pending = 0;
    std::int64_t running = 0;
    connection.run(
        "SELECT COALESCE(SUM(CASE WHEN status = 'pending' THEN 1 ELSE 0 END), 0), "
        "COALESCE(SUM(CASE WHEN status = 'running' THEN 1 ELSE 0 END), 0) FROM jobs WHERE strategy_id = $1",
        {strategy_id}, [&](const Row& row) {
            pending = row.integer(0);
            running = row.integer(1);
        });
    if (pending != 0 || running != 0)
        connection.run("UPDATE job_totals SET pending = pending - $1, running = running - $2", {pending, running});
}

}  // namespace

Result<void> insert_strategy(Connection& connection, const Strategy& strategy, const AuditEvent& created,
                             const std::optional<PageSnapshot>& snapshot, std::string_view reservation) {
    if (strategy.strategy_group_id && !has_strategy_group(connection, strategy.account_id, *strategy.strategy_group_id))
        return Error{ErrorCode::not_found, "Strategy group not found", *strategy.strategy_group_id};
    static const std::string sql =
        "INSERT INTO strategies (" + std::string(strategy_columns) +
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, "
        "$18, $19) ON CONFLICT DO NOTHING";
    const auto inserted =
        connection.run(sql, {strategy.strategy_id, strategy.account_id, strategy.name, strategy.description,
                             strategy.url, to_string(strategy.scraper_type), strategy.strategy, strategy.api_parameters,
                             strategy.preview_data, strategy.attempts, strategy.output_schema, strategy.filter_config,
                             strategy.strategy_group_id, strategy.fetch, strategy.ignore, strategy.key,
                             stored_list(strategy.warnings), strategy.created_at, strategy.updated_at});
    if (inserted == 0)
        return Error{ErrorCode::conflict, "A strategy with this id exists already", strategy.strategy_id};
    insert_audit_event(connection, created);
    if (snapshot) put_snapshot(connection, strategy.account_id, strategy.strategy_id, *snapshot);
    if (!reservation.empty())
        connection.run("DELETE FROM quota_reservations WHERE reservation = $1 AND account_id = $2",
                       {reservation, strategy.account_id});
    return {};
}

Result<void> SqlStrategyStore::insert(const Strategy& strategy, const AuditEvent& created,
                                      const std::optional<PageSnapshot>& snapshot, std::string_view reservation) {
    return database_.write("strategies.insert", [&](Connection& connection) {
        return insert_strategy(connection, strategy, created, snapshot, reservation);
    });
}

std::optional<Strategy> find_strategy(Connection& connection, std::string_view account_id,
                                      std::string_view strategy_id) {
    static const std::string sql =
        "SELECT " + std::string(strategy_columns) + " FROM strategies WHERE strategy_id = $1 AND account_id = $2";
    return find_row<Strategy>(connection, sql, {strategy_id, account_id}, read_strategy);
}

Result<std::optional<Strategy>> SqlStrategyStore::find(std::string_view account_id, std::string_view strategy_id) {
    std::optional<Strategy> found;
    const auto done = database_.run_select("strategies.find", [&](Connection& connection) -> Result<void> {
        found = find_strategy(connection, account_id, strategy_id);
        return {};
    });
    if (!done) return done.error();
    return found;
}

Result<std::vector<Strategy>> SqlStrategyStore::list(std::string_view account_id, ListRange range) {
    if (auto valid = validate(range); !valid) return valid.error();
    static const std::string sql = "SELECT " + std::string(strategy_columns) +
                                   " FROM strategies WHERE account_id = $1 "
                                   "ORDER BY created_at DESC, strategy_id DESC LIMIT $2 OFFSET $3";
    return database_.read("strategies.list", [&](Connection& connection) -> Result<std::vector<Strategy>> {
        std::vector<Strategy> strategies;
        connection.run(sql, {account_id, range.limit, range.offset}, [&](const Row& row) {
            Columns columns(row);
            strategies.push_back(read_strategy(columns));
        });
        return strategies;
    });
}

Result<std::optional<Strategy>> update_strategy(Connection& connection, std::string_view account_id,
                                                std::string_view strategy_id, const StrategyUpdate& update) {
    static const std::string sql =
        "UPDATE strategies SET name = COALESCE($3, name), description = COALESCE($4, description), "
        "filter_config = CASE WHEN $5 = 1 THEN $6 ELSE filter_config END, "
        "\"fetch\" = CASE WHEN $7 = 1 THEN $8 ELSE \"fetch\" END, "
        "\"ignore\" = CASE WHEN $9 = 1 THEN $10 ELSE \"ignore\" END, "
        "\"key\" = CASE WHEN $11 = 1 THEN $12 ELSE \"key\" END, "
        "output_schema = CASE WHEN $13 = 1 THEN $14 ELSE output_schema END, "
        "preview_data = COALESCE($15, preview_data), updated_at = $16 "
        "WHERE strategy_id = $1 AND account_id = $2 RETURNING " +
        std::string(strategy_columns);
    const auto stored =
        find_row<std::string>(connection, "SELECT strategy FROM strategies WHERE strategy_id = $1 AND account_id = $2",
                              {strategy_id, account_id}, [](Columns& columns) { return columns.text(); });
    if (!stored) return std::optional<Strategy>{};
    if (update.expected_strategy && *stored != *update.expected_strategy)
        return Error{ErrorCode::conflict, "The plan was changed meanwhile", std::string(strategy_id), true};
    if (update.plan) replace_plan(connection, account_id, strategy_id, *update.plan);
    return find_row<Strategy>(
        connection, sql,
        {strategy_id, account_id, update.name, update.description, update.filter_config.has_value(),
         update.filter_config.value_or(std::nullopt), update.fetch.has_value(), update.fetch.value_or(std::nullopt),
         update.ignore.has_value(), update.ignore.value_or(std::nullopt), update.key.has_value(),
         update.key.value_or(std::nullopt), update.output_schema.has_value(),
         update.output_schema.value_or(std::nullopt), update.preview_data, update.updated_at},
        read_strategy);
}

Result<std::optional<Strategy>> SqlStrategyStore::update(std::string_view account_id, std::string_view strategy_id,
                                                         const StrategyUpdate& update) {
    return database_.write("strategies.update", [&](Connection& connection) {
        return update_strategy(connection, account_id, strategy_id, update);
    });
}

bool has_strategy_group(Connection& connection, std::string_view account_id, std::string_view group_id) {
    return find_row<std::int64_t>(connection, "SELECT 1 FROM strategy_groups WHERE group_id = $1 AND account_id = $2",
                                  {group_id, account_id}, [](Columns& columns) { return columns.integer(); })
        .has_value();
}

std::vector<Strategy> strategies_of_group(Connection& connection, std::string_view account_id,
                                          std::string_view group_id) {
    static const std::string sql = "SELECT " + std::string(strategy_columns) +
                                   " FROM strategies WHERE strategy_group_id = $1 AND account_id = $2 "
                                   "ORDER BY created_at DESC, strategy_id DESC";
    std::vector<Strategy> strategies;
    connection.run(sql, {group_id, account_id}, [&](const Row& row) {
        Columns columns(row);
        strategies.push_back(read_strategy(columns));
    });
    return strategies;
}

Result<bool> SqlStrategyStore::remove(std::string_view account_id, std::string_view strategy_id,
                                      const AuditEvent& deleted) {
    return database_.write("strategies.remove", [&](Connection& connection) -> Result<bool> {
        const auto there =
            find_row<std::int64_t>(connection, "SELECT 1 FROM strategies WHERE strategy_id = $1 AND account_id = $2",
                                   {strategy_id, account_id}, [](Columns& columns) { return columns.integer(); });
        if (!there) return false;
        if (auto unused = check_unused(connection, strategy_id); !unused) return unused.error();
        forget_jobs_in_runs(connection, strategy_id, deleted.created_at);
        subtract_unfinished_jobs(connection, strategy_id);
        connection.run("DELETE FROM strategies WHERE strategy_id = $1 AND account_id = $2", {strategy_id, account_id});
        insert_audit_event(connection, deleted);
        return true;
    });
}

Result<std::optional<PageSnapshot>> SqlStrategyStore::find_snapshot(std::string_view account_id,
                                                                    std::string_view strategy_id) {
    return look_up<PageSnapshot>(
        database_, "strategies.find_snapshot",
        "SELECT url, content_type, body, fetched_at FROM page_snapshots WHERE strategy_id = $1 AND account_id = $2",
        {strategy_id, account_id}, [](Columns& columns) {
            PageSnapshot snapshot;
            snapshot.url = columns.text();
            snapshot.content_type = columns.text();
            snapshot.body = columns.text();
            snapshot.fetched_at = columns.time();
            return snapshot;
        });
}

Result<std::int64_t> SqlStrategyStore::drop_snapshots_before(TimePoint moment) {
    return database_.write("strategies.drop_snapshots_before", [&](Connection& connection) -> Result<std::int64_t> {
        return connection.run("DELETE FROM page_snapshots WHERE fetched_at < $1", {moment});
    });
}

Result<std::vector<AuditEvent>> SqlStrategyStore::list_audit(std::string_view account_id, const AuditQuery& query) {
    if (auto valid = validate(query.range); !valid) return valid.error();
    std::string sql =
        "SELECT id, account_id, event, strategy_id, strategy_name, url, api_key_prefix, created_at FROM audit_events "
        "WHERE account_id = $1";
    std::vector<Param> params{account_id};
    const auto add = [&](std::string_view condition, const Param& value) {
        params.push_back(value);
        sql.append(" AND ").append(condition).append(" $").append(std::to_string(params.size()));
    };
    if (query.strategy_id) add("strategy_id =", *query.strategy_id);
    // A strategy has few events: the concatenation keeps the index over `event` out of the choice.
    if (query.event) add(query.strategy_id ? "event || '' =" : "event =", *query.event);
    if (query.since) add("created_at >=", *query.since);
    params.emplace_back(query.range.limit);
    params.emplace_back(query.range.offset);
    sql += " ORDER BY created_at DESC, id DESC LIMIT $" + std::to_string(params.size() - 1) + " OFFSET $" +
           std::to_string(params.size());
    return database_.read("strategies.list_audit", [&](Connection& connection) -> Result<std::vector<AuditEvent>> {
        std::vector<AuditEvent> events;
        connection.execute(sql, params, [&](const Row& row) {
            Columns columns(row);
            AuditEvent event;
            event.id = columns.text();
            event.account_id = columns.text();
            event.event = columns.text();
            event.strategy_id = columns.text();
            event.strategy_name = columns.text();
            event.url = columns.text();
            event.api_key_prefix = columns.optional_text();
            event.created_at = columns.time();
            events.push_back(std::move(event));
        });
        return events;
    });
}

}  // namespace meter::sql
