// Schedules and their changes as the wire contract's Schedule, WorkflowSchedule, WatchResponse, ScheduleChangesResponse
// and ChangelogResponse.
#include "json/object_writer.hpp"
#include "meter/json.hpp"
#include "meter/schedule.hpp"
#include "meter/workflow.hpp"

namespace meter {
namespace {

std::string url_list_json(const std::vector<std::string>& urls) {
    std::string json = "[";
    for (const auto& url : urls) {
        if (json.size() > 1) json += ',';
        append_json_string(json, url);
    }
    return json += ']';
}

std::string times_json(const std::vector<TimePoint>& times) {
    std::string json = "[";
    for (const auto& time : times) {
        if (json.size() > 1) json += ',';
        append_json_string(json, format_time(time));
    }
    return json += ']';
}

std::string health_json(const ScheduleHealth& health) {
    json::ObjectWriter out;
    out.text("state", to_string(health.state)).integer("count", health.count).time_or_null("since", health.since);
    return std::move(out).finish();
}

std::optional<std::string> webhook_type_name(const Schedule& schedule) {
    if (!schedule.webhook_type) return std::nullopt;
    return std::string(to_string(*schedule.webhook_type));
}

void write_schedule_timing(json::ObjectWriter& out, const Schedule& schedule) {
    out.text("schedule_type", to_string(schedule.type()))
        .integer_or_null("interval_seconds", schedule.interval_seconds)
        .text_or_null("cron_expression", schedule.cron_expression);
    if (schedule.timezone) out.text("timezone", *schedule.timezone);
    if (schedule.jitter_seconds > 0) out.integer("jitter_seconds", schedule.jitter_seconds);
    out.flag("enabled", schedule.enabled);
}

void write_schedule_webhook(json::ObjectWriter& out, const Schedule& schedule, SecretShown secret) {
    out.text_or_null("webhook_url", schedule.webhook_url).json_or_null("webhook_metadata", schedule.webhook_metadata);
    if (secret == SecretShown::yes) out.text_or_null("webhook_secret", schedule.webhook_secret);
    out.text_or_null("webhook_type", webhook_type_name(schedule)).text("webhook_on", to_string(schedule.webhook_on));
}

void write_schedule_times(json::ObjectWriter& out, const Schedule& schedule) {
    out.json("next_runs", times_json(schedule.next_runs))
        .time_or_null("next_run_at", schedule.next_run_at)
        .time_or_null("last_run_at", schedule.last_run_at)
        .time("created_at", schedule.created_at)
        .time("updated_at", schedule.updated_at);
}

std::string change_json(const ScheduleChange& change) {
    json::ObjectWriter out;
    out.text("job_id", change.job_id)
        .text("status", "completed")
        .text("url", change.url)
        .json("results", change.results)
        .integer("item_count", change.item_count)
        .integer("total_item_count", change.total_item_count)
        .text("content_hash", change.content_hash)
        .time("completed_at", change.completed_at)
        .flag("seen", change.seen);
    return std::move(out).finish();
}

std::string changelog_row_json(const ChangelogRow& row, bool include_items) {
    json::ObjectWriter out;
    out.text("job_id", row.job_id)
        .text("url", row.url)
        .time("completed_at", row.completed_at)
        .integer("item_count", row.item_count)
        .integer("new_items_count", row.change.new_items_count)
        .integer("removed_items_count", row.change.removed_items_count);
    if (include_items)
        out.json("new_items", row.change.new_items)
            .json("removed_items", row.change.removed_items)
            .json("modified_items", row.change.modified_items);
    out.flag("order_changed", row.change.order_changed);
    return std::move(out).finish();
}

}  // namespace

std::optional<WebhookTarget> webhook_target(const Schedule& schedule) {
    if (!schedule.webhook_url) return std::nullopt;
    return WebhookTarget{.url = *schedule.webhook_url,
                         .type = schedule.webhook_type.value_or(WebhookType::standard),
                         .secret = schedule.webhook_secret.value_or(""),
                         .metadata = schedule.webhook_metadata,
                         .on = schedule.webhook_on};
}

std::string to_json(const Schedule& schedule, SecretShown secret) {
    json::ObjectWriter out;
    out.text("id", schedule.schedule_id)
        .text("schedule_id", schedule.schedule_id)
        .text("strategy_id", schedule.strategy_id)
        .text_or_null("url", schedule.url)
        .json("urls", schedule.urls ? url_list_json(*schedule.urls) : "null");
    write_schedule_timing(out, schedule);
    write_schedule_webhook(out, schedule, secret);
    out.json_or_null("parameters", schedule.parameters)
        .text_or_null("strategy_group_id", schedule.strategy_group_id)
        .text_or_null("discovery_id", schedule.discovery_id);
    if (schedule.ignore) out.json("ignore", *schedule.ignore);
    if (schedule.key) out.json("key", *schedule.key);
    out.json("health", health_json(schedule.health));
    write_schedule_times(out, schedule);
    return std::move(out).finish();
}

std::string to_workflow_schedule_json(const Schedule& schedule, SecretShown secret) {
    json::ObjectWriter out;
    out.text("id", schedule.schedule_id)
        .text("schedule_id", schedule.schedule_id)
        .text("workflow_id", schedule.workflow_id.value_or(""));
    write_schedule_timing(out, schedule);
    write_schedule_webhook(out, schedule, secret);
    write_schedule_times(out, schedule);
    return std::move(out).finish();
}

std::string to_json(const Watch& watch) {
    json::ObjectWriter out;
    out.text("strategy_id", watch.strategy.strategy_id)
        .text("schedule_id", watch.schedule.schedule_id)
        .json("preview_data", watch.strategy.preview_data)
        .time_or_null("next_run_at", watch.schedule.next_run_at);
    if (watch.schedule.webhook_url)
        out.text_or_null("webhook_secret", watch.schedule.webhook_secret)
            .text_or_null("webhook_type", webhook_type_name(watch.schedule));
    return std::move(out).finish();
}

std::string to_json(const ScheduleChanges& changes) {
    std::string list = "[";
    for (const auto& change : changes.changes) {
        if (list.size() > 1) list += ',';
        list += change_json(change);
    }
    list += ']';
    json::ObjectWriter out;
    out.text("schedule_id", changes.schedule_id)
        .json("changes", list)
        .integer("count", static_cast<std::int64_t>(changes.changes.size()))
        .flag("marked_seen", changes.marked_seen)
        .text_or_null("filter_applied", changes.filter_applied);
    return std::move(out).finish();
}

std::string to_json(const Changelog& changelog) {
    std::string list = "[";
    for (const auto& row : changelog.entries) {
        if (list.size() > 1) list += ',';
        list += changelog_row_json(row, changelog.include_items);
    }
    list += ']';
    json::ObjectWriter out;
    out.text("schedule_id", changelog.schedule_id)
        .json("entries", list)
        .integer("count", static_cast<std::int64_t>(changelog.entries.size()))
        .integer("total", changelog.total)
        .integer("limit", changelog.range.limit)
        .integer("offset", changelog.range.offset)
        .text_or_null("filter_applied", changelog.filter_applied);
    return std::move(out).finish();
}

}  // namespace meter
