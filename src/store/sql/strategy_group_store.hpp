// Strategy groups and the regeneration of their strategies, in SQL.
#pragma once

#include "meter/store.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

class SqlStrategyGroupStore final : public StrategyGroupStore {
public:
    explicit SqlStrategyGroupStore(Database& database) : database_(database) {}

    // strategy_group_store.cpp
    Result<void> insert(const StrategyGroup& group) override;
    Result<std::optional<StrategyGroup>> find(std::string_view account_id, std::string_view group_id) override;
    Result<std::vector<StrategyGroup>> list(std::string_view account_id, ListRange range) override;
    Result<std::optional<StrategyGroup>> update(const StrategyGroup& group) override;
    Result<bool> remove(std::string_view account_id, std::string_view group_id) override;
    Result<std::vector<Strategy>> strategies(std::string_view account_id, std::string_view group_id) override;
    Result<std::optional<std::int64_t>> add(std::string_view account_id, std::string_view group_id,
                                            const std::vector<std::string>& strategy_ids, TimePoint now) override;
    Result<bool> remove_strategy(std::string_view account_id, std::string_view group_id, std::string_view strategy_id,
                                 TimePoint now) override;
    Result<std::vector<Schedule>> schedules(std::string_view account_id, std::string_view group_id) override;
    Result<bool> apply(const GroupScheduleChange& change) override;
    Result<std::optional<std::int64_t>> remove_schedules(std::string_view account_id,
                                                         std::string_view group_id) override;

    // regenerations.cpp
    Result<std::optional<std::int64_t>> start_regeneration(std::string_view account_id, std::string_view group_id,
                                                           std::string_view output_schema, TimePoint now) override;
    Result<std::optional<RegenerationProgress>> regeneration(std::string_view account_id,
                                                             std::string_view group_id) override;
    Result<std::optional<ClaimedRegeneration>> claim_regeneration(TimePoint now, std::chrono::milliseconds lease,
                                                                  std::int64_t max_attempts) override;
    Result<std::vector<RegenerationRef>> heartbeat(const std::vector<RegenerationRef>& claims, TimePoint now,
                                                   std::chrono::milliseconds lease) override;
    Result<bool> finish(const RegenerationRef& claim, const RegenerationEnd& end) override;
    Result<bool> release(const RegenerationRef& claim) override;

private:
    Database& database_;
};

}  // namespace meter::sql
