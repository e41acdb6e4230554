// Schedules: made, changed, removed; strategies watched in one step (wire contract 13, 16).
#include <algorithm>
#include <utility>

#include "core/id.hpp"
#include "core/url_text.hpp"
#include "engine/impl.hpp"
#include "engine/schedules.hpp"
#include "meter/change.hpp"
#include "meter/json.hpp"
#include "run/timing.hpp"

namespace meter {
namespace {

constexpr std::size_t most_schedule_urls = 10'000;
constexpr std::size_t shown_next_runs = 5;
constexpr std::int64_t longest_interval = 31'536'000;
constexpr std::int64_t longest_jitter = 3'600;
constexpr int update_tries = 100;  // each lost race means that another change was stored

Result<void> check_interval(std::int64_t seconds, std::chrono::seconds least) {
    if (seconds >= least.count() && seconds <= longest_interval) return {};
    return bad_request("interval_seconds must be an integer from " + std::to_string(least.count()) + " to " +
                           std::to_string(longest_interval),
                       "interval_seconds");
}

Result<void> check_jitter(std::int64_t seconds) {
    if (seconds >= 0 && seconds <= longest_jitter) return {};
    return bad_request("jitter_seconds must be an integer from 0 to " + std::to_string(longest_jitter),
                       "jitter_seconds");
}

/// The schedule's timing. The member at fault is named as callers know it: Cron names fields of the expression.
Result<run::Timing> timing_of(const Schedule& schedule) {
    auto timing = run::Timing::of(schedule);
    if (timing || timing.error().subject == "timezone") return timing;
    Error error = timing.error();
    error.subject = "cron_expression";
    return error;
}

Result<void> check_urls(const std::vector<std::string>& urls) {
    if (urls.empty() || urls.size() > most_schedule_urls)
        return bad_request("urls must hold between 1 and " + std::to_string(most_schedule_urls) + " URLs", "urls");
    for (std::size_t i = 0; i < urls.size(); ++i)
        if (auto url = core::validate_url(urls[i]); !url)
            return Error{url.error().code, url.error().message, "urls." + std::to_string(i)};
    return {};
}

Result<void> check_rules(const std::optional<Value>& ignore, const std::optional<Value>& key) {
    if (!ignore && !key) return {};
    const auto rules = ChangeRules::parse(ignore.value_or(Value()), key.value_or(Value()));
    if (!rules) return rules.error();
    return {};
}

/// Sets the webhook members of a new schedule but for the URL check.
Result<void> set_webhook(Schedule& schedule, const WebhookRequest& webhook) {
    schedule.webhook_on = webhook.on;
    if (webhook.metadata && !webhook.metadata->is_null()) {
        if (auto valid = validate_webhook_metadata(*webhook.metadata); !valid) return valid.error();
        schedule.webhook_metadata = to_json(*webhook.metadata);
    }
    if (!webhook.url) return {};  // a secret or a type without a URL is ignored (wire contract 13.3)
    schedule.webhook_url = webhook.url;
    schedule.webhook_type = webhook.type ? *webhook.type : detect_webhook_type(*webhook.url);
    if (webhook.secret && !webhook.secret->empty()) {
        if (auto valid = validate_webhook_secret(*webhook.secret); !valid) return valid.error();
        schedule.webhook_secret = webhook.secret;
    } else {
        schedule.webhook_secret = new_webhook_secret();
    }
    return {};
}

/// Sets timing and, from what that changes, the due time. The current value again leaves it (wire contract 13.1).
Result<void> patch_timing(PatchedSchedule& patched, const SchedulePatch& patch, const EngineOptions& options,
                          TimePoint now) {
    const Schedule before = patched.schedule;
    Schedule& schedule = patched.schedule;
    if (patch.interval_seconds && patch.cron_expression)
        return bad_request("Provide either interval_seconds or cron_expression, not both", "cron_expression");
    if (patch.interval_seconds) {
        if (auto valid = check_interval(*patch.interval_seconds, options.schedules.min_interval);
            !valid && patch.interval_seconds != schedule.interval_seconds)
            return valid.error();
        schedule.interval_seconds = patch.interval_seconds;
        schedule.cron_expression.reset();
    }
    if (patch.cron_expression) {
        schedule.cron_expression = patch.cron_expression;
        schedule.interval_seconds.reset();
    }
    if (patch.timezone) schedule.timezone = *patch.timezone;
    if (patch.jitter_seconds) {
        if (auto valid = check_jitter(*patch.jitter_seconds); !valid) return valid.error();
        schedule.jitter_seconds = *patch.jitter_seconds;
    }
    if (patch.enabled) schedule.enabled = *patch.enabled;
    const auto timing = timing_of(schedule);
    if (!timing) return timing.error();

    const bool retimed = schedule.interval_seconds != before.interval_seconds ||
                         schedule.cron_expression != before.cron_expression ||
                         (schedule.cron_expression && schedule.timezone != before.timezone);
    if (!schedule.enabled)
        patched.due = std::optional<DueTime>{};
    else if (retimed || !before.enabled)
        patched.due = timing->first(now);
    else if (schedule.jitter_seconds != before.jitter_seconds && before.next_run_at)
        patched.due = timing->at(*before.next_run_at);
    return {};
}

}  // namespace

Result<void> check_webhook_url(const EngineOptions& options, const Schedule& schedule) {
    if (!schedule.webhook_url) return {};
    const WebhookType type = schedule.webhook_type.value_or(WebhookType::standard);
    if (auto valid = validate_webhook_url(*schedule.webhook_url, type); !valid) return valid.error();
    if (type == WebhookType::email && !can_send_mail(options))
        return Error{ErrorCode::unsupported, "Email notifications are not configured", "webhook_url"};
    return {};
}

Result<Schedule> draft_schedule(const EngineOptions& options, const ScheduleRequest& request, ScheduleOf of) {
    if (request.interval_seconds && request.cron_expression)
        return bad_request("Provide either interval_seconds or cron_expression, not both", "cron_expression");
    if (!request.interval_seconds && !request.cron_expression)
        return bad_request("Provide either interval_seconds or cron_expression", "interval_seconds");
    if (request.url && request.urls) return bad_request("Provide either url or urls, not both", "urls");
    if (!request.url && !request.urls && of == ScheduleOf::strategy)
        return bad_request("Provide either url or urls", "url");
    if (request.interval_seconds)
        if (auto valid = check_interval(*request.interval_seconds, options.schedules.min_interval); !valid)
            return valid.error();
    if (auto valid = check_jitter(request.jitter_seconds); !valid) return valid.error();
    if (auto valid = check_parameters(request.parameters); !valid) return valid.error();
    if (auto valid = check_rules(request.ignore, request.key); !valid) return valid.error();

    Schedule schedule;
    schedule.url = request.url;
    schedule.urls = request.urls;
    schedule.interval_seconds = request.interval_seconds;
    schedule.cron_expression = request.cron_expression;
    schedule.timezone = request.timezone;
    schedule.jitter_seconds = request.jitter_seconds;
    if (request.ignore) schedule.ignore = rule_text(*request.ignore);
    if (request.key) schedule.key = rule_text(*request.key);
    if (auto timing = timing_of(schedule); !timing) return timing.error();
    if (auto webhook = set_webhook(schedule, request.webhook); !webhook) return webhook.error();

    if (request.url)
        if (auto url = core::validate_url(*request.url); !url) return url.error();
    if (request.urls)
        if (auto urls = check_urls(*request.urls); !urls) return urls.error();
    if (auto url = check_webhook_url(options, schedule); !url) return url.error();
    return schedule;
}

std::optional<DueTime> begin_schedule(Schedule& schedule, const std::string& account_id, TimePoint now) {
    schedule.schedule_id = core::new_uuid(now);
    schedule.account_id = account_id;
    schedule.created_at = schedule.updated_at = now;
    const auto timing = timing_of(schedule);
    const auto due = timing ? timing->first(now) : std::nullopt;
    if (due) schedule.next_run_at = due->next_run_at;
    return due;
}

void show_next_runs(Schedule& schedule) {
    schedule.next_runs.clear();
    if (!schedule.enabled || !schedule.next_run_at) return;
    if (const auto timing = timing_of(schedule))
        schedule.next_runs = timing->upcoming(*schedule.next_run_at, shown_next_runs);
}

Result<void> patch_webhook(PatchedSchedule& patched, const SchedulePatch& patch) {
    Schedule& schedule = patched.schedule;
    if (patch.webhook_metadata) {
        schedule.webhook_metadata.reset();
        if (!patch.webhook_metadata->is_null()) {
            if (auto valid = validate_webhook_metadata(*patch.webhook_metadata); !valid) return valid.error();
            schedule.webhook_metadata = to_json(*patch.webhook_metadata);
        }
    }
    if (patch.webhook_on) schedule.webhook_on = *patch.webhook_on;
    if (patch.webhook_url && !*patch.webhook_url) {  // the metadata stay (wire contract 13.3)
        schedule.webhook_url.reset();
        schedule.webhook_type.reset();
        schedule.webhook_secret.reset();
        return {};
    }
    const bool new_url = patch.webhook_url && *patch.webhook_url != schedule.webhook_url;
    if (new_url) schedule.webhook_url = *patch.webhook_url;
    if (!schedule.webhook_url) return {};
    if (patch.webhook_type && *patch.webhook_type)
        schedule.webhook_type = *patch.webhook_type;
    else if (new_url || patch.webhook_type)
        schedule.webhook_type = detect_webhook_type(*schedule.webhook_url);
    if (patch.webhook_secret && !patch.webhook_secret->empty()) {
        if (auto valid = validate_webhook_secret(*patch.webhook_secret); !valid) return valid.error();
        schedule.webhook_secret = patch.webhook_secret;
        patched.secret_changed = true;
    } else if (patch.webhook_secret || !schedule.webhook_secret) {
        schedule.webhook_secret = new_webhook_secret();
        patched.secret_changed = true;
    }
    return {};
}

Result<PatchedSchedule> apply_patch(const EngineOptions& options, const Schedule& current, const SchedulePatch& patch,
                                    const Strategy* strategy, TimePoint now) {
    PatchedSchedule patched{current, std::nullopt, false};
    Schedule& schedule = patched.schedule;
    if (patch.url && patch.urls) return bad_request("Provide either url or urls, not both", "urls");
    if (auto timing = patch_timing(patched, patch, options, now); !timing) return timing.error();
    if (auto valid = check_parameters(patch.parameters); !valid) return valid.error();
    if (patch.parameters && strategy != nullptr) schedule.parameters = stored_parameters(*strategy, patch.parameters);
    if (auto valid = check_rules(patch.ignore, patch.key); !valid) return valid.error();
    if (patch.ignore) schedule.ignore = rule_text(*patch.ignore);
    if (patch.key) schedule.key = rule_text(*patch.key);
    if (auto webhook = patch_webhook(patched, patch); !webhook) return webhook.error();

    if (patch.url) {
        if (auto url = core::validate_url(*patch.url); !url) return url.error();
        schedule.url = patch.url;
        schedule.urls.reset();
    }
    if (patch.urls) {
        if (auto urls = check_urls(*patch.urls); !urls) return urls.error();
        schedule.urls = patch.urls;
        schedule.url.reset();
    }
    if (patch.url || patch.urls) {  // it goes its own way now (wire contract 17.4)
        schedule.discovery_id.reset();
        schedule.rediscover = false;
    }
    if (patch.webhook_url || patch.webhook_type)
        if (auto url = check_webhook_url(options, schedule); !url) return url.error();
    schedule.updated_at = std::max(now, current.updated_at);
    return patched;
}

Result<Schedule> Engine::Impl::require_schedule(std::string_view schedule_id, const Caller& caller,
                                                const std::optional<std::string>& workflow_id) const {
    const auto id = object_id(schedule_id, "Schedule");
    if (!id) return id.error();
    auto found = schedules().find(caller.account_id, *id);
    if (!found) return found.error();
    if (!*found || (*found)->workflow_id != workflow_id) return not_found("Schedule", *id);
    return **std::move(found);
}

Result<Schedule> Engine::create_schedule(const ScheduleRequest& request, const Caller& caller) {
    Impl& self = *impl_;
    if (self.runner->stopping()) return self.stopping_error();
    auto schedule = draft_schedule(self.options, request);
    if (!schedule) return schedule;
    const auto strategy = self.require_strategy(request.strategy_id, caller);
    if (!strategy) return strategy.error();
    schedule->strategy_id = strategy->strategy_id;
    schedule->parameters = stored_parameters(*strategy, request.parameters);
    const auto due = begin_schedule(*schedule, caller.account_id, self.now());
    if (auto stored = self.schedules().insert(*schedule, due); !stored) return stored.error();
    self.scheduler->wake();
    show_next_runs(*schedule);
    return schedule;
}

Result<Schedule> Engine::get_schedule(std::string_view schedule_id, const Caller& caller) {
    auto schedule = impl_->require_schedule(schedule_id, caller);
    if (schedule) show_next_runs(*schedule);
    return schedule;
}

Result<std::vector<Schedule>> Engine::list_schedules(const ScheduleQuery& query, const Caller& caller) {
    if (auto valid = validate(query.range, 1000); !valid) return valid.error();
    auto schedules = impl_->schedules().list(caller.account_id, query);
    if (schedules) std::for_each(schedules->begin(), schedules->end(), show_next_runs);
    return schedules;
}

Result<UpdatedSchedule> Engine::Impl::patch_schedule(std::string_view schedule_id, const SchedulePatch& patch,
                                                     const Caller& caller,
                                                     const std::optional<std::string>& workflow_id) {
    for (int i = 0; i < update_tries; ++i) {
        auto current = require_schedule(schedule_id, caller, workflow_id);
        if (!current) return current.error();
        if (patch.empty()) {
            show_next_runs(*current);
            return UpdatedSchedule{*std::move(current), false};
        }
        std::optional<Strategy> strategy;
        if (!workflow_id) {
            auto found = require_strategy(current->strategy_id, caller);
            if (!found) return not_found("Schedule", schedule_id);  // gone with its strategy
            strategy = *std::move(found);
        }
        auto patched = apply_patch(options, *current, patch, strategy ? &*strategy : nullptr, now());
        if (!patched) return patched.error();
        auto stored = schedules().update(patched->schedule, patched->due);
        if (!stored && stored.error().code == ErrorCode::conflict) continue;  // apply it to what is there now
        if (!stored) return stored.error();
        if (!*stored) return not_found("Schedule", schedule_id);
        if (patched->due && *patched->due) scheduler->wake();
        show_next_runs(**stored);
        return UpdatedSchedule{**std::move(stored), patched->secret_changed};
    }
    return Error{ErrorCode::unavailable, "The schedule is being changed by others", std::string(schedule_id), true};
}

Result<void> Engine::Impl::remove_schedule(std::string_view schedule_id, const Caller& caller,
                                           const std::optional<std::string>& workflow_id) {
    const auto schedule = require_schedule(schedule_id, caller, workflow_id);
    if (!schedule) return schedule.error();
    const auto removed = schedules().remove(caller.account_id, schedule->schedule_id);
    if (!removed) return removed.error();
    if (!*removed) return not_found("Schedule", schedule_id);
    return {};
}

Result<UpdatedSchedule> Engine::update_schedule(std::string_view schedule_id, const SchedulePatch& patch,
                                                const Caller& caller) {
    return impl_->patch_schedule(schedule_id, patch, caller);
}

Result<void> Engine::delete_schedule(std::string_view schedule_id, const Caller& caller) {
    return impl_->remove_schedule(schedule_id, caller);
}

Result<Schedule> Engine::regenerate_webhook_secret(std::string_view schedule_id, const Caller& caller) {
    const auto current = impl_->require_schedule(schedule_id, caller);
    if (!current) return current.error();
    if (!current->webhook_url) return bad_request("Schedule has no webhook URL", {});
    auto updated = update_schedule(schedule_id, {.webhook_secret = ""}, caller);
    if (!updated) return updated.error();
    if (!updated->secret_changed) return bad_request("Schedule has no webhook URL", {});  // it lost it meanwhile
    return std::move(updated->schedule);
}

Result<Watch> Engine::Impl::keep_watch(const WatchRequest& request, PageUse page, bool enabled, const Caller& caller,
                                       std::stop_token stop) {
    auto draft = draft_schedule(options, {.strategy_id = {},
                                          .url = request.strategy.url,
                                          .interval_seconds = request.interval_seconds,
                                          .webhook = request.webhook});
    if (!draft) return draft.error();
    auto strategy = make_strategy(request.strategy, page, caller, stop, [&](const NewStrategy& made) {
        draft->strategy_id = made.strategy.strategy_id;
        auto due = begin_schedule(*draft, caller.account_id, now());
        if (!enabled) {
            draft->enabled = false;
            draft->next_run_at.reset();
            due.reset();
        }
        return schedules().insert_with_strategy(*draft, due, made.strategy, made.created, made.snapshot,
                                                made.reservation);
    });
    if (!strategy) return strategy.error();
    scheduler->wake();
    show_next_runs(*draft);
    return Watch{*std::move(strategy), *std::move(draft)};
}

Result<Watch> Engine::create_watch(const WatchRequest& request, const Caller& caller, std::stop_token stop) {
    return impl_->keep_watch(request, PageUse::fetched, true, caller, stop);
}

Result<Watch> Engine::add_watch(const WatchRequest& request, bool enabled, const Caller& caller) {
    return impl_->keep_watch(request, PageUse::unseen, enabled, caller, {});
}

}  // namespace meter
