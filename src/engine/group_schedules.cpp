// Schedules of strategy groups: one for each member, changed together (wire contract 18).
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/impl.hpp"
#include "engine/schedules.hpp"

namespace meter {
namespace {

constexpr int group_schedule_tries = 100;  // each lost race means that another change was stored

Result<void> check_group_patch(const EngineOptions& options, const SchedulePatch& patch) {
    if (patch.enabled || patch.url || patch.urls || patch.parameters || patch.ignore || patch.key)
        return bad_request("A group's schedule has timing and webhook members only", {});
    ScheduleRequest request;
    request.url = "https://group.invalid/";  // each member has its own
    request.interval_seconds = patch.interval_seconds;
    request.cron_expression = patch.cron_expression;
    request.timezone = patch.timezone.value_or(std::nullopt);
    request.jitter_seconds = patch.jitter_seconds.value_or(0);
    request.webhook.url = patch.webhook_url.value_or(std::nullopt);
    request.webhook.metadata = patch.webhook_metadata;
    request.webhook.secret = patch.webhook_secret;
    request.webhook.type = patch.webhook_type.value_or(std::nullopt);
    const auto draft = draft_schedule(options, request);
    if (!draft) return draft.error();
    return {};
}

/// A schedule that holds nothing but the group's webhook.
Schedule shared_schedule(const WebhookTarget& webhook) {
    Schedule shared;
    shared.webhook_metadata = webhook.metadata;
    shared.webhook_on = webhook.on;
    if (webhook.url.empty()) return shared;
    shared.webhook_url = webhook.url;
    shared.webhook_type = webhook.type;
    shared.webhook_secret = webhook.secret;
    return shared;
}

WebhookTarget group_webhook(const Schedule& shared) {
    return {.url = shared.webhook_url.value_or(""),
            .type = shared.webhook_type.value_or(WebhookType::standard),
            .secret = shared.webhook_secret.value_or(""),
            .metadata = shared.webhook_metadata,
            .on = shared.webhook_on};
}

/// What a group holds at one moment, or nearly: StrategyGroupStore::apply() finds out.
struct GroupState {
    StrategyGroup group;
    std::vector<Strategy> strategies;
    std::map<std::string, Schedule> schedules;  ///< by strategy
};

/// Errors: those of the store.
Result<void> fill_group_state(StrategyGroupStore& groups, GroupState& state) {
    auto strategies = groups.strategies(state.group.account_id, state.group.group_id);
    if (!strategies) return strategies.error();
    state.strategies = *std::move(strategies);
    auto schedules = groups.schedules(state.group.account_id, state.group.group_id);
    if (!schedules) return schedules.error();
    for (Schedule& schedule : *schedules) state.schedules.emplace(schedule.strategy_id, std::move(schedule));
    return {};
}

/// Plans the schedules of all members.
Result<GroupScheduleOutcome> plan_group_schedules(const EngineOptions& options, const GroupState& state,
                                                  const SchedulePatch& patch, TimePoint now,
                                                  GroupScheduleChange& change) {
    GroupScheduleOutcome outcome;
    PatchedSchedule shared{shared_schedule(state.group.webhook)};
    if (auto webhook = patch_webhook(shared, patch); !webhook) return webhook.error();
    if (patch.webhook_url || patch.webhook_type)
        if (auto url = check_webhook_url(options, shared.schedule); !url) return url.error();
    const bool given = patch.webhook_secret && !patch.webhook_secret->empty();
    if (shared.secret_changed && !given) outcome.generated_secret = shared.schedule.webhook_secret;
    outcome.webhook_type = shared.schedule.webhook_type;
    change.group = state.group;
    change.group.webhook = group_webhook(shared.schedule);

    SchedulePatch each = patch;
    each.timezone = patch.timezone.value_or(std::nullopt);  // the timing is replaced as a whole
    each.jitter_seconds = patch.jitter_seconds.value_or(0);
    each.webhook_secret = shared.schedule.webhook_secret;  // one for all
    for (const Strategy& strategy : state.strategies) {
        if (const auto found = state.schedules.find(strategy.strategy_id); found != state.schedules.end()) {
            auto patched = apply_patch(options, found->second, each, &strategy, now);
            if (!patched) return patched.error();
            outcome.schedule_ids.push_back(patched->schedule.schedule_id);
            change.updated.push_back({std::move(patched->schedule), patched->due});
            continue;
        }
        Schedule schedule = shared.schedule;
        schedule.strategy_id = strategy.strategy_id;
        schedule.strategy_group_id = state.group.group_id;
        schedule.url = strategy.url;
        schedule.interval_seconds = patch.interval_seconds;
        schedule.cron_expression = patch.cron_expression;
        schedule.timezone = *each.timezone;
        schedule.jitter_seconds = *each.jitter_seconds;
        const auto due = begin_schedule(schedule, state.group.account_id, now);
        outcome.schedule_ids.push_back(schedule.schedule_id);
        change.created.push_back({std::move(schedule), std::optional(due)});
    }
    outcome.created = static_cast<std::int64_t>(change.created.size());
    outcome.updated = static_cast<std::int64_t>(change.updated.size());
    return outcome;
}

}  // namespace

Result<GroupScheduleOutcome> Engine::apply_group_schedule(std::string_view group_id, const SchedulePatch& patch,
                                                          const Caller& caller) {
    Impl& self = *impl_;
    if (self.runner->stopping()) return self.stopping_error();
    if (auto valid = check_group_patch(self.options, patch); !valid) return valid.error();
    for (int i = 0; i < group_schedule_tries; ++i) {
        auto group = self.require_strategy_group(group_id, caller);
        if (!group) return group.error();
        GroupState state{*std::move(group), {}, {}};
        if (auto filled = fill_group_state(self.strategy_groups(), state); !filled) return filled.error();
        GroupScheduleChange change;
        auto outcome = plan_group_schedules(self.options, state, patch, self.now(), change);
        if (!outcome) return outcome;
        const auto stored = self.strategy_groups().apply(change);
        if (!stored && stored.error().code == ErrorCode::conflict) continue;
        if (!stored) return stored.error();
        if (!*stored) return not_found("Strategy group", group_id);
        self.scheduler->wake();
        return outcome;
    }
    return busy_group(group_id);
}

Result<std::int64_t> Engine::delete_group_schedules(std::string_view group_id, const Caller& caller) {
    const auto id = object_id(group_id, "Strategy group");
    if (!id) return id.error();
    const auto removed = impl_->strategy_groups().remove_schedules(caller.account_id, *id);
    if (!removed) return removed.error();
    if (!*removed) return not_found("Strategy group", *id);
    return **removed;
}

Result<std::int64_t> Engine::toggle_group_schedules(std::string_view group_id, bool enabled, const Caller& caller) {
    Impl& self = *impl_;
    for (int i = 0; i < group_schedule_tries; ++i) {
        auto group = self.require_strategy_group(group_id, caller);
        if (!group) return group.error();
        GroupState state{*std::move(group), {}, {}};
        if (auto filled = fill_group_state(self.strategy_groups(), state); !filled) return filled.error();
        GroupScheduleChange change;
        change.group = state.group;
        for (const Strategy& strategy : state.strategies) {
            const auto found = state.schedules.find(strategy.strategy_id);
            if (found == state.schedules.end() || found->second.enabled == enabled) continue;
            auto patched = apply_patch(self.options, found->second, {.enabled = enabled}, &strategy, self.now());
            if (!patched) return patched.error();
            change.updated.push_back({std::move(patched->schedule), patched->due});
        }
        const auto count = static_cast<std::int64_t>(state.schedules.size());
        if (change.updated.empty()) return count;
        const auto stored = self.strategy_groups().apply(change);
        if (!stored && stored.error().code == ErrorCode::conflict) continue;
        if (!stored) return stored.error();
        if (!*stored) return not_found("Strategy group", group_id);
        self.scheduler->wake();
        return count;
    }
    return busy_group(group_id);
}

}  // namespace meter
