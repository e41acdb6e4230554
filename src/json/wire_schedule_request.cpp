// Bodies of POST /api/schedules and /discover/{id}/schedule, PATCH /api/schedules/{id}, those of workflows, POST
// /api/watch and POST /api/jobs/compare (wire contract 11.7, 13, 16, 19.8). URLs come last: what answers 422 comes
// after everything that answers 400.
#include "core/unicode.hpp"
#include "json/members.hpp"
#include "json/wire_parts.hpp"
#include "meter/schedule.hpp"
#include "meter/workflow.hpp"

namespace meter {
namespace {

constexpr json::TextLength cron_length{0, 1'000};
constexpr json::TextLength timezone_length{0, 64};
constexpr std::size_t watch_name_length = 200;

void require_one_of(json::Members& in, std::string_view one, std::string_view other) {
    const std::string pair = std::string(one) + " or " + std::string(other);
    if (in.has(one) && in.has(other))
        in.fail({ErrorCode::invalid_argument, "Provide either " + pair + ", not both", std::string(other)});
    if (!in.has(one) && !in.has(other))
        in.fail({ErrorCode::invalid_argument, "Provide either " + pair, std::string(one)});
}

void refuse_both(json::Members& in, std::string_view one, std::string_view other) {
    if (in.has(one) && in.has(other)) require_one_of(in, one, other);
}

/// "Watch: <host><path>", cut to 200 characters (wire contract 16).
std::string watch_name(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find_first_of("?#"));
    const auto host_end = std::min(url.find('/'), url.size());
    if (const auto at = url.substr(0, host_end).rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
    std::string name = "Watch: " + std::string(url);
    std::size_t pos = 0;
    for (std::size_t characters = 0; pos < name.size() && characters < watch_name_length; ++characters)
        core::next_code_point(name, pos);
    name.resize(pos);
    return name;
}

/// How short an interval may be is the engine's setting: it judges the range.
std::optional<std::int64_t> read_interval(json::Members& in) {
    return in.integer("interval_seconds");
}

void read_timing(json::Members& in, ScheduleRequest& request) {
    request.interval_seconds = read_interval(in);
    request.cron_expression = in.text("cron_expression", cron_length);
    request.timezone = in.text("timezone", timezone_length);
    request.jitter_seconds = in.integer("jitter_seconds", 0, json::most_jitter_seconds).value_or(0);
}

void read_timing(json::Members& in, SchedulePatch& patch) {
    patch.enabled = in.flag("enabled");
    patch.interval_seconds = read_interval(in);
    patch.cron_expression = in.text("cron_expression", cron_length);
    if (in.is_null("timezone"))
        patch.timezone = std::optional<std::string>{};
    else if (auto zone = in.text("timezone", timezone_length))
        patch.timezone = std::optional(*std::move(zone));
    patch.jitter_seconds =
        in.is_null("jitter_seconds") ? 0 : in.integer("jitter_seconds", 0, json::most_jitter_seconds);
}

void read_webhook(json::Members& in, SchedulePatch& patch) {
    if (in.is_null("webhook_metadata"))
        patch.webhook_metadata = Value();
    else if (in.object("webhook_metadata") != nullptr)
        patch.webhook_metadata = *in.find("webhook_metadata");
    if (in.is_null("webhook_type"))
        patch.webhook_type = std::optional<WebhookType>{};
    else if (const auto type = in.word("webhook_type", {"standard", "slack", "slack_workflow", "discord", "email"}))
        patch.webhook_type = std::optional(static_cast<WebhookType>(*type));
    if (const auto on = in.word("webhook_on", {"all", "changes"})) patch.webhook_on = static_cast<WebhookOn>(*on);
    // A secret is never cleared by itself, so null stands for "leave it"; the contract's schema lets it in.
    if (!in.is_null("webhook_secret")) patch.webhook_secret = in.text("webhook_secret", {0, 256});
    if (in.is_null("webhook_url"))
        patch.webhook_url = std::optional<std::string>{};
    else if (auto url = in.text("webhook_url"))
        patch.webhook_url = std::optional(*std::move(url));
}

}  // namespace

bool SchedulePatch::empty() const noexcept {
    return !enabled && !url && !urls && !interval_seconds && !cron_expression && !timezone && !jitter_seconds &&
           !webhook_url && !webhook_metadata && !webhook_secret && !webhook_type && !webhook_on && !parameters &&
           !ignore && !key;
}

Result<ScheduleRequest> parse_schedule_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"strategy_id"});
    require_one_of(in, "interval_seconds", "cron_expression");
    require_one_of(in, "url", "urls");
    ScheduleRequest request;
    request.strategy_id = in.uuid("strategy_id").value_or("");
    read_timing(in, request);
    request.parameters = json::read_parameters(in);
    request.ignore = json::read_ignore(in);
    request.key = json::read_key(in);
    request.webhook = json::read_webhook(in);
    if (in.has("urls")) request.urls = json::read_urls(in);
    request.url = in.url("url");
    if (in.error()) return *in.error();
    return request;
}

Result<DiscoveryScheduleRequest> parse_discovery_schedule_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"strategy_id"});
    require_one_of(in, "interval_seconds", "cron_expression");
    DiscoveryScheduleRequest request;
    request.schedule.strategy_id = in.uuid("strategy_id").value_or("");
    request.rediscover = in.flag("rediscover").value_or(true);
    read_timing(in, request.schedule);
    request.schedule.parameters = json::read_parameters(in);
    request.schedule.webhook = json::read_webhook(in);
    if (in.error()) return *in.error();
    return request;
}

Result<SchedulePatch> parse_schedule_patch(const Value& body) {
    json::Members in(body, json::Nulls::kept);
    refuse_both(in, "interval_seconds", "cron_expression");
    refuse_both(in, "url", "urls");
    SchedulePatch patch;
    read_timing(in, patch);
    patch.parameters = in.is_null("parameters") ? std::optional(Value()) : json::read_parameters(in);
    patch.ignore = json::read_ignore(in);
    patch.key = json::read_key(in);
    read_webhook(in, patch);
    if (in.has("urls")) patch.urls = json::read_urls(in);
    patch.url = in.url("url");
    if (in.error()) return *in.error();
    return patch;
}

Result<ScheduleRequest> parse_workflow_schedule_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    require_one_of(in, "interval_seconds", "cron_expression");
    ScheduleRequest request;
    read_timing(in, request);
    request.webhook = json::read_webhook(in);
    if (in.error()) return *in.error();
    return request;
}

Result<SchedulePatch> parse_workflow_schedule_patch(const Value& body) {
    json::Members in(body, json::Nulls::kept);
    refuse_both(in, "interval_seconds", "cron_expression");
    SchedulePatch patch;
    read_timing(in, patch);
    read_webhook(in, patch);
    if (in.error()) return *in.error();
    return patch;
}

Result<WatchRequest> parse_watch_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"url", "description"});
    WatchRequest request;
    request.interval_seconds = read_interval(in).value_or(request.interval_seconds);
    request.webhook = json::read_webhook(in);
    const auto url = in.text("url");
    const auto name = in.text("name", {0, watch_name_length});
    if (in.error()) return *in.error();
    // The rest is a strategy's.
    Value strategy = body;
    if (!name || name->empty()) strategy.if_object()->set("name", watch_name(*url));
    auto parsed = parse_strategy_request(strategy);
    if (!parsed) return parsed.error();
    request.strategy = *std::move(parsed);
    return request;
}

Result<CompareRequest> parse_compare_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"job_id", "other_job_id"});
    CompareRequest request{in.uuid("job_id").value_or(""), in.uuid("other_job_id").value_or("")};
    if (in.error()) return *in.error();
    return request;
}

}  // namespace meter
