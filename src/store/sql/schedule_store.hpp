// Schedules, their ticks and their changes, in SQL.
#pragma once

#include "meter/store.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

class SqlScheduleStore final : public ScheduleStore {
public:
    explicit SqlScheduleStore(Database& database) : database_(database) {}

    // schedule_store.cpp
    Result<void> insert(const Schedule& schedule, const std::optional<DueTime>& due) override;
    Result<void> insert_with_strategy(const Schedule& schedule, const std::optional<DueTime>& due,
                                      const Strategy& strategy, const AuditEvent& created,
                                      const std::optional<PageSnapshot>& snapshot,
                                      std::string_view reservation) override;
    Result<std::optional<Schedule>> find(std::string_view account_id, std::string_view schedule_id) override;
    Result<std::vector<Schedule>> list(std::string_view account_id, const ScheduleQuery& query) override;
    Result<std::optional<Schedule>> update(const Schedule& schedule,
                                           const std::optional<std::optional<DueTime>>& due) override;
    Result<bool> remove(std::string_view account_id, std::string_view schedule_id) override;

    // schedule_ticks.cpp
    Result<std::vector<Schedule>> due(TimePoint now, std::int64_t limit) override;
    Result<std::optional<TimePoint>> next_tick_at() override;
    Result<std::vector<TickOutcome>> tick(const std::vector<ScheduleTick>& ticks) override;
    Result<std::vector<Schedule>> ticked_after(TimePoint now) override;
    Result<bool> rewind(const Schedule& schedule, const std::vector<DueTime>& candidates) override;
    Result<std::int64_t> drop_ticks_before(TimePoint moment) override;
    Result<std::optional<Outcome>> previous_outcome(std::string_view account_id, std::string_view schedule_id,
                                                    std::string_view url, std::string_view except_job_id) override;

    // schedule_changes.cpp
    Result<std::vector<ScheduleChange>> unseen_changes(std::string_view account_id, std::string_view schedule_id,
                                                       const std::optional<ChangePlace>& after, std::int64_t limit,
                                                       std::size_t max_bytes) override;
    Result<bool> mark_seen(std::string_view account_id, std::string_view schedule_id,
                           const std::vector<std::string>& job_ids) override;
    Result<std::vector<ChangelogRow>> changelog(std::string_view account_id, std::string_view schedule_id,
                                                ListRange range, bool include_items) override;
    Result<std::int64_t> count_changes(std::string_view account_id, std::string_view schedule_id) override;

private:
    Database& database_;
};

}  // namespace meter::sql
