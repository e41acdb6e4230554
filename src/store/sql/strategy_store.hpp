// Strategies with their snapshots, audit and quota, in SQL.
#pragma once

#include "meter/store.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

/// StrategyStore::insert() within a transaction of the caller.
Result<void> insert_strategy(Connection& connection, const Strategy& strategy, const AuditEvent& created,
                             const std::optional<PageSnapshot>& snapshot, std::string_view reservation);

/// StrategyStore::update() within a transaction of the caller.
Result<std::optional<Strategy>> update_strategy(Connection& connection, std::string_view account_id,
                                                std::string_view strategy_id, const StrategyUpdate& update);

/// Does the account have this group?
bool has_strategy_group(Connection& connection, std::string_view account_id, std::string_view group_id);

/// The members of a group, newest first.
std::vector<Strategy> strategies_of_group(Connection& connection, std::string_view account_id,
                                          std::string_view group_id);

class SqlStrategyStore final : public StrategyStore {
public:
    explicit SqlStrategyStore(Database& database) : database_(database) {}

    Result<void> insert(const Strategy& strategy, const AuditEvent& created,
                        const std::optional<PageSnapshot>& snapshot, std::string_view reservation) override;
    Result<std::optional<Strategy>> find(std::string_view account_id, std::string_view strategy_id) override;
    Result<std::vector<Strategy>> list(std::string_view account_id, ListRange range) override;
    Result<std::optional<Strategy>> update(std::string_view account_id, std::string_view strategy_id,
                                           const StrategyUpdate& update) override;
    Result<bool> remove(std::string_view account_id, std::string_view strategy_id, const AuditEvent& deleted) override;
    Result<std::optional<PageSnapshot>> find_snapshot(std::string_view account_id,
                                                      std::string_view strategy_id) override;
    Result<std::int64_t> drop_snapshots_before(TimePoint moment) override;
    Result<std::vector<AuditEvent>> list_audit(std::string_view account_id, const AuditQuery& query) override;
    Result<QuotaUsage> quota_usage(std::string_view account_id, TimePoint window_start, TimePoint now) override;
    Result<std::optional<std::string>> reserve_quota(std::string_view account_id, TimePoint window_start, TimePoint now,
                                                     TimePoint expires_at, std::int64_t limit) override;
    Result<void> release_quota(std::string_view reservation) override;

private:
    Database& database_;
};

}  // namespace meter::sql
