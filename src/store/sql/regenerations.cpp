// The regeneration half of SqlStrategyGroupStore: strategies that are made again for their group's schema.
#include <utility>

#include "store/sql/columns.hpp"
#include "store/sql/strategy_group_store.hpp"
#include "store/sql/strategy_store.hpp"

namespace meter::sql {
namespace {

constexpr std::string_view regeneration_interrupted = "Interrupted by server restart";

bool has_open_regenerations(Connection& connection, std::string_view group_id) {
    return find_row<std::int64_t>(connection,
                                  "SELECT 1 FROM group_regenerations WHERE group_id = $1 AND status IN ('pending', "
                                  "'running') LIMIT 1",
                                  {group_id}, [](Columns& columns) { return columns.integer(); })
        .has_value();
}

/// The last one to end ends the whole.
void complete_if_done(Connection& connection, std::string_view group_id, TimePoint now) {
    if (!has_open_regenerations(connection, group_id))
        connection.run("UPDATE strategy_groups SET schema_completed_at = $2 WHERE group_id = $1", {group_id, now});
}

void end_regeneration(Connection& connection, std::string_view group_id, std::int64_t position, std::string_view status,
                      const std::optional<std::string>& error, TimePoint now) {
    connection.run(
        "UPDATE group_regenerations SET status = $3, error = $4, token = token + 1, lease_expires_at = NULL "
        "WHERE group_id = $1 AND position = $2",
        {group_id, position, status, error});
    complete_if_done(connection, group_id, now);
}

/// A strategy that a worker may take.
struct OpenRegeneration {
    std::string group_id, strategy_id;
    std::int64_t position = 0, token = 0, attempts = 0;
};

std::optional<OpenRegeneration> find_open(Connection& connection, std::string_view condition,
                                          std::initializer_list<Param> params = {}) {
    std::string sql = "SELECT group_id, strategy_id, position, token, attempts FROM group_regenerations WHERE ";
    sql.append(condition).append(" ORDER BY queued_at, group_id, position LIMIT 1");
    sql.append(connection.dialect().claim_lock);
    return find_row<OpenRegeneration>(connection, sql, params, [](Columns& columns) {
        OpenRegeneration row;
        row.group_id = columns.text();
        row.strategy_id = columns.text();
        row.position = columns.integer();
        row.token = columns.integer();
        row.attempts = columns.integer();
        return row;
    });
}

/// The group's schema and account, if the strategy is still a member.
std::optional<ClaimedRegeneration> claim_of_member(Connection& connection, const OpenRegeneration& open) {
    return find_row<ClaimedRegeneration>(
        connection,
        "SELECT g.account_id, g.output_schema FROM strategy_groups g JOIN strategies s ON s.strategy_group_id = "
        "g.group_id WHERE g.group_id = $1 AND s.strategy_id = $2",
        {open.group_id, open.strategy_id}, [&](Columns& columns) {
            ClaimedRegeneration claimed;
            claimed.ref = {open.group_id, open.strategy_id, open.token + 1};
            claimed.account_id = columns.text();
            claimed.output_schema = columns.text();
            return claimed;
        });
}

struct HeldRegeneration {
    std::int64_t position = 0;
    std::string account_id;
};

std::optional<HeldRegeneration> held_regeneration(Connection& connection, const RegenerationRef& claim) {
    return find_row<HeldRegeneration>(
        connection,
        "SELECT r.position, g.account_id FROM group_regenerations r JOIN strategy_groups g ON g.group_id = r.group_id "
        "WHERE r.group_id = $1 AND r.strategy_id = $2 AND r.token = $3 AND r.status = 'running'",
        {claim.group_id, claim.strategy_id, claim.token}, [](Columns& columns) {
            HeldRegeneration held;
            held.position = columns.integer();
            held.account_id = columns.text();
            return held;
        });
}

}  // namespace

Result<std::optional<std::int64_t>> SqlStrategyGroupStore::start_regeneration(std::string_view account_id,
                                                                              std::string_view group_id,
                                                                              std::string_view output_schema,
                                                                              TimePoint now) {
    return database_.write(
        "strategy_groups.start_regeneration", [&](Connection& connection) -> Result<std::optional<std::int64_t>> {
            if (!has_strategy_group(connection, account_id, group_id)) return std::optional<std::int64_t>{};
            if (has_open_regenerations(connection, group_id))
                return Error{ErrorCode::conflict, "Schema regeneration is already running", std::string(group_id)};
            connection.run("DELETE FROM group_regenerations WHERE group_id = $1", {group_id});
            std::int64_t position = 0;
            std::int64_t queued = 0;
            for (const Strategy& strategy : strategies_of_group(connection, account_id, group_id)) {
                const bool skipped = strategy.scraper_type == ScraperType::content;
                connection.run(
                    "INSERT INTO group_regenerations (group_id, position, strategy_id, status, queued_at) "
                    "VALUES ($1, $2, $3, $4, $5)",
                    {group_id, position++, strategy.strategy_id, skipped ? "skipped" : "pending", now});
                queued += skipped ? 0 : 1;
            }
            connection.run(
                "UPDATE strategy_groups SET output_schema = $2, schema_started_at = $3, schema_completed_at = NULL, "
                "updated_at = $3, version = version + 1 WHERE group_id = $1",
                {group_id, output_schema, now});
            complete_if_done(connection, group_id, now);
            return std::optional(queued);
        });
}

Result<std::optional<RegenerationProgress>> SqlStrategyGroupStore::regeneration(std::string_view account_id,
                                                                                std::string_view group_id) {
    return database_.read("strategy_groups.regeneration",
                          [&](Connection& connection) -> Result<std::optional<RegenerationProgress>> {
                              auto progress = find_row<RegenerationProgress>(
                                  connection,
                                  "SELECT group_id, schema_started_at, schema_completed_at FROM strategy_groups "
                                  "WHERE group_id = $1 AND account_id = $2",
                                  {group_id, account_id}, [](Columns& columns) {
                                      RegenerationProgress found;
                                      found.group_id = columns.text();
                                      found.started_at = columns.optional_time();
                                      found.completed_at = columns.optional_time();
                                      return found;
                                  });
                              if (!progress) return progress;
                              connection.run(
                                  "SELECT strategy_id, status, error FROM group_regenerations WHERE group_id = $1 "
                                  "ORDER BY position",
                                  {group_id}, [&](const Row& row) {
                                      Columns columns(row);
                                      auto strategy_id = columns.text();
                                      const auto status = columns.text();
                                      auto error = columns.optional_text();
                                      if (status == "completed")
                                          ++progress->completed;
                                      else if (status == "failed")
                                          ++progress->failed;
                                      else if (status == "skipped")
                                          ++progress->skipped;
                                      else
                                          ++progress->pending;
                                      if (error)
                                          progress->errors.push_back({std::move(strategy_id), *std::move(error)});
                                  });
                              return progress;
                          });
}

Result<std::optional<ClaimedRegeneration>> SqlStrategyGroupStore::claim_regeneration(TimePoint now,
                                                                                     std::chrono::milliseconds lease,
                                                                                     std::int64_t max_attempts) {
    return database_.write(
        "strategy_groups.claim_regeneration",
        [&](Connection& connection) -> Result<std::optional<ClaimedRegeneration>> {
            // Each turn takes one row out of the open ones.
            for (;;) {
                auto open = find_open(connection, "status = 'running' AND lease_expires_at <= $1", {now});
                if (!open) open = find_open(connection, "status = 'pending'");
                if (!open) return std::optional<ClaimedRegeneration>{};
                auto claimed = claim_of_member(connection, *open);
                if (!claimed) {
                    end_regeneration(connection, open->group_id, open->position, "skipped", std::nullopt, now);
                    continue;
                }
                if (open->attempts >= max_attempts) {
                    end_regeneration(connection, open->group_id, open->position, "failed",
                                     std::string(regeneration_interrupted), now);
                    continue;
                }
                connection.run(
                    "UPDATE group_regenerations SET status = 'running', token = $3, attempts = attempts + 1, "
                    "lease_expires_at = $4 WHERE group_id = $1 AND position = $2",
                    {open->group_id, open->position, claimed->ref.token, now + lease});
                return claimed;
            }
        });
}

Result<std::vector<RegenerationRef>> SqlStrategyGroupStore::heartbeat(const std::vector<RegenerationRef>& claims,
                                                                      TimePoint now, std::chrono::milliseconds lease) {
    return database_.write(
        "strategy_groups.heartbeat", [&](Connection& connection) -> Result<std::vector<RegenerationRef>> {
            std::vector<RegenerationRef> lost;
            for (const auto& claim : claims)
                if (connection.run("UPDATE group_regenerations SET lease_expires_at = $4 WHERE group_id = $1 AND "
                                   "strategy_id = $2 AND token = $3 AND status = 'running'",
                                   {claim.group_id, claim.strategy_id, claim.token, now + lease}) == 0)
                    lost.push_back(claim);
            return lost;
        });
}

Result<bool> SqlStrategyGroupStore::finish(const RegenerationRef& claim, const RegenerationEnd& end) {
    return database_.write("strategy_groups.finish", [&](Connection& connection) -> Result<bool> {
        const auto held = held_regeneration(connection, claim);
        if (!held) return false;
        std::string_view status = end.error ? "failed" : "skipped";
        if (end.update) {
            const auto updated = update_strategy(connection, held->account_id, claim.strategy_id, *end.update);
            if (!updated) return updated.error();
            if (*updated) status = "completed";  // else it was deleted meanwhile
        }
        end_regeneration(connection, claim.group_id, held->position, status, end.error, end.ended_at);
        return true;
    });
}

Result<bool> SqlStrategyGroupStore::release(const RegenerationRef& claim) {
    return database_.write("strategy_groups.release", [&](Connection& connection) -> Result<bool> {
        return connection.run(
                   "UPDATE group_regenerations SET status = 'pending', attempts = attempts - 1, "
                   "token = token + 1, lease_expires_at = NULL WHERE group_id = $1 AND strategy_id = $2 "
                   "AND token = $3 AND status = 'running'",
                   {claim.group_id, claim.strategy_id, claim.token}) != 0;
    });
}

}  // namespace meter::sql
