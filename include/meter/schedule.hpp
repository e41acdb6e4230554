// Schedules: when a strategy runs by itself, on which URLs, and what became of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"
#include "meter/value.hpp"
#include "meter/webhook.hpp"

namespace meter {

enum class ScheduleType { interval, cron };

METER_EXPORT std::string_view to_string(ScheduleType type) noexcept;

/// How the runs of a schedule go (wire contract 12.3): `degraded` after an empty or degraded job, `failing` after a
/// failed or blocked one. Of a run with several jobs the worst counts.
enum class HealthState { ok, degraded, failing };

METER_EXPORT std::string_view to_string(HealthState state) noexcept;
METER_EXPORT std::optional<HealthState> parse_health_state(std::string_view name) noexcept;

struct ScheduleHealth {
    HealthState state = HealthState::ok;
    std::int64_t count = 0;               ///< runs in this state so far
    std::optional<TimePoint> since = {};  ///< end of the first of them

    bool operator==(const ScheduleHealth&) const = default;
};

/// A stored schedule. JSON members are kept as text.
struct Schedule {
    std::string schedule_id;  ///< UUID
    std::string account_id;
    std::string strategy_id;                 ///< empty with workflow_id or automation_id
    std::optional<std::string> workflow_id;  ///< its ticks make runs of this workflow instead of jobs
    /// Its ticks execute this automation: the schedule of a trigger node, which callers never see.
    std::optional<std::string> automation_id;
    std::optional<std::string> url;                ///< exactly one of url and urls; neither where strategy_id is empty
    std::optional<std::vector<std::string>> urls;  ///< 1 to 10,000
    std::optional<std::int64_t> interval_seconds;  ///< exactly one of interval_seconds and cron_expression
    std::optional<std::string> cron_expression;
    std::optional<std::string> timezone;  ///< IANA name; nullopt: UTC
    /// Each tick comes up to this much later than it is due, and within the first half of the time to the next one.
    std::int64_t jitter_seconds = 0;
    bool enabled = true;
    std::optional<std::string> webhook_url;
    std::optional<std::string> webhook_metadata;  ///< JSON object text
    std::optional<std::string> webhook_secret;    ///< set with webhook_url
    std::optional<WebhookType> webhook_type;      ///< set with webhook_url
    WebhookOn webhook_on = WebhookOn::all;
    std::optional<std::string> parameters;  ///< JSON object text; api strategies only
    std::optional<std::string> ignore;      ///< noise rules, JSON object text; they win over the strategy's
    std::optional<std::string> key;         ///< fields that identify an item, JSON array text; wins too
    std::optional<std::string> strategy_group_id;
    std::optional<std::string> discovery_id;
    /// With discovery_id: each tick runs the discovery again, and makes its jobs from what that finds; `urls` is the
    /// list of the last tick, possibly empty. Not on the wire.
    bool rediscover = false;
    std::optional<TimePoint> next_run_at;  ///< when the next tick is due; nullopt while disabled
    std::optional<TimePoint> last_run_at;  ///< start of the last tick that made jobs
    ScheduleHealth health;
    TimePoint created_at{};
    TimePoint updated_at{};
    /// Raised by every change that a caller makes; ticks leave it alone.
    std::int64_t version = 1;
    /// The next five due times. Not stored: the engine fills it in.
    std::vector<TimePoint> next_runs;

    ScheduleType type() const noexcept { return interval_seconds ? ScheduleType::interval : ScheduleType::cron; }

    bool operator==(const Schedule&) const = default;
};

/// Where events go; nullopt without a URL.
METER_EXPORT std::optional<WebhookTarget> webhook_target(const Schedule& schedule);

/// The wire form (JSON object text). The secret is told only in the answer that sets it (wire contract 13.3): then
/// the member is there, null when there is none; everywhere else it is left out.
enum class SecretShown { no, yes };
METER_EXPORT std::string to_json(const Schedule& schedule, SecretShown secret = SecretShown::no);

/// Webhook members of a new schedule. A secret or a type without a URL is ignored.
struct WebhookRequest {
    std::optional<std::string> url = {};
    std::optional<Value> metadata = {};      ///< object
    std::optional<std::string> secret = {};  ///< nullopt or empty: generated
    std::optional<WebhookType> type = {};    ///< nullopt: detected from the URL
    WebhookOn on = WebhookOn::all;
};

/// What a new schedule is made from (wire contract 13.1): exactly one of url and urls, of interval_seconds and
/// cron_expression.
struct ScheduleRequest {
    std::string strategy_id = {};
    std::optional<std::string> url = {};
    std::optional<std::vector<std::string>> urls = {};
    std::optional<std::int64_t> interval_seconds = {};
    std::optional<std::string> cron_expression = {};
    std::optional<std::string> timezone = {};
    std::int64_t jitter_seconds = 0;  ///< [0, 3600]
    WebhookRequest webhook = {};
    std::optional<Value> parameters = {};
    std::optional<Value> ignore = {};
    std::optional<Value> key = {};
};

/// A schedule of what a discovery finds (wire contract 17.4); url and urls of the schedule are not set.
struct DiscoveryScheduleRequest {
    ScheduleRequest schedule = {};
    bool rediscover = true;  ///< false: today's URLs for ever
};

/// Changes to a schedule (wire contract 13.2): members that are absent stay, an inner nullopt or a JSON null clears.
struct METER_EXPORT SchedulePatch {
    std::optional<bool> enabled = {};
    std::optional<std::string> url = {};
    std::optional<std::vector<std::string>> urls = {};
    std::optional<std::int64_t> interval_seconds = {};
    std::optional<std::string> cron_expression = {};
    std::optional<std::optional<std::string>> timezone = {};
    std::optional<std::int64_t> jitter_seconds = {};  ///< 0: none
    std::optional<std::optional<std::string>> webhook_url = {};
    std::optional<Value> webhook_metadata = {};
    std::optional<std::string> webhook_secret = {};               ///< empty: a new one is generated
    std::optional<std::optional<WebhookType>> webhook_type = {};  ///< inner nullopt: detected again
    std::optional<WebhookOn> webhook_on = {};
    std::optional<Value> parameters = {};
    std::optional<Value> ignore = {};
    std::optional<Value> key = {};

    bool empty() const noexcept;
};

/// Strategy and schedule in one step (wire contract 16). The schedule runs on the strategy's URL.
struct WatchRequest {
    StrategyRequest strategy = {};  ///< an empty name becomes "Watch: <host><path>"
    std::int64_t interval_seconds = 3600;
    WebhookRequest webhook = {};
};

/// What Engine::update_schedule() answers.
struct UpdatedSchedule {
    Schedule schedule;
    bool secret_changed = false;  ///< the update set or generated the webhook's secret
};

/// Read request bodies. Errors: invalid_argument (`subject` is the dotted member), invalid_url.
METER_EXPORT Result<ScheduleRequest> parse_schedule_request(const Value& body);
METER_EXPORT Result<DiscoveryScheduleRequest> parse_discovery_schedule_request(const Value& body);
METER_EXPORT Result<SchedulePatch> parse_schedule_patch(const Value& body);
METER_EXPORT Result<WatchRequest> parse_watch_request(const Value& body);

/// What Engine::create_watch() made.
struct Watch {
    Strategy strategy;
    Schedule schedule;
};

/// {"strategy_id","schedule_id","preview_data","next_run_at"}, and secret and type of the webhook when there is one.
METER_EXPORT std::string to_json(const Watch& watch);

struct ScheduleQuery {
    std::optional<std::string> strategy_id = {};
    std::optional<std::string> workflow_id = {};  ///< nullopt: schedules of strategies only
    ListRange range{.limit = 1000};
};

/// A changed job of a schedule, with its full results.
struct ScheduleChange {
    std::string job_id;
    std::string url;
    std::string results;  ///< JSON array text, after the filter
    std::int64_t item_count = 0;
    std::int64_t total_item_count = 0;  ///< before the filter
    std::string content_hash;
    TimePoint completed_at{};
    TimePoint created_at{};
    bool seen = false;  ///< after the call
    bool operator==(const ScheduleChange&) const = default;
};

struct ChangesQuery {
    bool mark_seen = true;
    std::string filter = {};  ///< keyword filter (wire contract 14.3); blank: none
};

struct ScheduleChanges {
    std::string schedule_id;
    std::vector<ScheduleChange> changes;
    bool marked_seen = false;
    std::optional<std::string> filter_applied;
};

METER_EXPORT std::string to_json(const ScheduleChanges& changes);

/// What a job changed against its baseline. Lists are JSON array texts.
struct ChangeRecord {
    std::int64_t new_items_count = 0;
    std::int64_t removed_items_count = 0;
    std::string new_items = "[]";
    std::string removed_items = "[]";
    std::string modified_items = "[]";  ///< of {"item","fields":{name:{"old","new"}}}
    bool order_changed = false;         ///< only the order differs

    bool operator==(const ChangeRecord&) const = default;
};

/// One line of a changelog as it is stored.
struct ChangelogRow {
    std::string job_id;
    std::string url;
    TimePoint completed_at{};
    std::int64_t item_count = 0;  ///< of the job
    ChangeRecord change;

    bool operator==(const ChangelogRow&) const = default;
};

struct ChangelogQuery {
    ListRange range{};  ///< limit [1, 100]; counts after the filter
    bool include_items = true;
    std::string filter = {};
};

struct Changelog {
    std::string schedule_id;
    std::vector<ChangelogRow> entries;
    std::int64_t total = 0;  ///< entries over all pages
    ListRange range{};
    bool include_items = true;
    std::optional<std::string> filter_applied;
};

METER_EXPORT std::string to_json(const Changelog& changelog);

/// Which jobs to compare (wire contract 11.7): reads the body of POST /api/jobs/compare.
struct CompareRequest {
    std::string job_id;        ///< the newer
    std::string other_job_id;  ///< the baseline
};
METER_EXPORT Result<CompareRequest> parse_compare_request(const Value& body);

}  // namespace meter
