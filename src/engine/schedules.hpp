// How schedules are made and changed, for all who make them: callers, groups, discoveries.
#pragma once

#include <optional>
#include <string>

#include "meter/engine.hpp"

namespace meter {

/// What a schedule is of decides whether it has URLs.
enum class ScheduleOf { strategy, workflow };

/// A new schedule from a request that names no strategy yet. What answers 422 is found last.
Result<Schedule> draft_schedule(const EngineOptions& options, const ScheduleRequest& request,
                                ScheduleOf of = ScheduleOf::strategy);

/// Gives a draft its identity and its first due time.
std::optional<DueTime> begin_schedule(Schedule& schedule, const std::string& account_id, TimePoint now);

/// Fills in `next_runs`.
void show_next_runs(Schedule& schedule);

/// A patch applied to a schedule as it was read.
struct PatchedSchedule {
    Schedule schedule;
    std::optional<std::optional<DueTime>> due = {};  ///< as ScheduleStore::update() takes it
    bool secret_changed = false;
};

/// The webhook members only, the URL not judged yet.
Result<void> patch_webhook(PatchedSchedule& patched, const SchedulePatch& patch);
/// Errors: invalid_url; unsupported for mail that cannot be sent.
Result<void> check_webhook_url(const EngineOptions& options, const Schedule& schedule);

/// The strategy's parameters rule needs the strategy, so it comes in with the request's; null for a workflow's
/// schedule.
Result<PatchedSchedule> apply_patch(const EngineOptions& options, const Schedule& current, const SchedulePatch& patch,
                                    const Strategy* strategy, TimePoint now);

}  // namespace meter
