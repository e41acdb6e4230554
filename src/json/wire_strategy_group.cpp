// Strategy groups as the wire contract's StrategyGroup, StrategyGroupDetail, GroupScheduleResponse and SchemaProgress,
// and the bodies of their operations (wire contract 18).
#include <array>

#include "core/id.hpp"
#include "json/members.hpp"
#include "json/object_writer.hpp"
#include "meter/json.hpp"
#include "meter/strategy_group.hpp"

namespace meter {
namespace {

constexpr json::TextLength group_name_length{1, 200};
constexpr json::TextLength group_description_length{0, 2'000};
constexpr std::size_t most_added_strategies = 1'000;

// In the order of the enumerators.
constexpr std::array<std::string_view, 5> regeneration_status_names{"idle", "running", "completed", "partial",
                                                                    "failed"};
constexpr std::array<std::string_view, 9> group_schedule_members{
    "interval_seconds", "cron_expression", "timezone",     "jitter_seconds", "webhook_url",
    "webhook_metadata", "webhook_secret",  "webhook_type", "webhook_on"};

std::string group_member_json(const Strategy& strategy) {
    json::ObjectWriter out;
    out.text("id", strategy.strategy_id)
        .text("strategy_id", strategy.strategy_id)
        .text("name", strategy.name)
        .text("description", strategy.description)
        .text("url", strategy.url)
        .text("scraper_type", to_string(strategy.scraper_type))
        .time("created_at", strategy.created_at)
        .time("updated_at", strategy.updated_at);
    return std::move(out).finish();
}

std::string regeneration_error_json(const RegenerationError& error) {
    json::ObjectWriter out;
    out.text("strategy_id", error.strategy_id).text("error", error.error);
    return std::move(out).finish();
}

template <class T>
std::string group_list_json(const std::vector<T>& items, std::string (*write)(const T&)) {
    std::string out = "[";
    for (const T& item : items) {
        if (out.size() > 1) out += ',';
        out += write(item);
    }
    return out += ']';
}

void write_group(json::ObjectWriter& out, const StrategyGroup& group) {
    out.text("id", group.group_id)
        .text("name", group.name)
        .text_or_null("description", group.description)
        .integer("strategy_count", group.strategy_count);
}

}  // namespace

std::string to_json(const StrategyGroup& group) {
    json::ObjectWriter out;
    write_group(out, group);
    out.time("created_at", group.created_at).time("updated_at", group.updated_at);
    return std::move(out).finish();
}

std::string to_json(const StrategyGroupDetail& detail) {
    json::ObjectWriter out;
    write_group(out, detail.group);
    out.json("strategies", group_list_json(detail.strategies, group_member_json))
        .json_or_null("output_schema", detail.group.output_schema)
        .time("created_at", detail.group.created_at)
        .time("updated_at", detail.group.updated_at);
    return std::move(out).finish();
}

std::string to_json(const GroupScheduleOutcome& outcome) {
    json::ObjectWriter out;
    out.text("message", "Schedule applied to " + std::to_string(outcome.schedule_ids.size()) + " strategies")
        .integer("created", outcome.created)
        .integer("updated", outcome.updated)
        .texts("schedule_ids", outcome.schedule_ids);
    if (outcome.generated_secret) out.text("webhook_secret", *outcome.generated_secret);
    out.text_or_null("webhook_type", outcome.webhook_type ? std::optional(std::string(to_string(*outcome.webhook_type)))
                                                          : std::nullopt);
    return std::move(out).finish();
}

std::string_view to_string(RegenerationStatus status) noexcept {
    return regeneration_status_names[static_cast<std::size_t>(status)];
}

RegenerationStatus RegenerationProgress::status() const noexcept {
    if (!started_at) return RegenerationStatus::idle;
    if (!completed_at) return RegenerationStatus::running;
    if (failed == 0) return RegenerationStatus::completed;
    return completed == 0 ? RegenerationStatus::failed : RegenerationStatus::partial;
}

std::string to_json(const RegenerationProgress& progress) {
    const std::int64_t total = progress.total();
    const double done = static_cast<double>(total - progress.pending);
    json::ObjectWriter out;
    out.text("group_id", progress.group_id)
        .text("status", to_string(progress.status()))
        .integer("total", total)
        .integer("completed", progress.completed)
        .integer("failed", progress.failed)
        .integer("skipped", progress.skipped)
        .integer("pending", progress.pending)
        .number("progress_percent", total == 0 ? 100.0 : done / static_cast<double>(total) * 100.0)
        .json("errors", group_list_json(progress.errors, regeneration_error_json))
        .time_or_null("started_at", progress.started_at)
        .time_or_null("completed_at", progress.completed_at);
    return std::move(out).finish();
}

Result<StrategyGroupRequest> parse_strategy_group_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"name"});
    StrategyGroupRequest request;
    request.name = in.text("name", group_name_length).value_or("");
    request.description = in.text("description", group_description_length);
    if (in.error()) return *in.error();
    return request;
}

Result<StrategyGroupPatch> parse_strategy_group_patch(const Value& body) {
    json::Members in(body, json::Nulls::kept);
    StrategyGroupPatch patch;
    patch.name = in.text("name", group_name_length);
    if (in.is_null("description"))
        patch.description = std::optional<std::string>{};
    else if (auto description = in.text("description", group_description_length))
        patch.description = std::optional(*std::move(description));
    if (in.error()) return *in.error();
    return patch;
}

Result<std::vector<std::string>> parse_group_members_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"strategy_ids"});
    const Value::Array* array = in.array("strategy_ids", 1, most_added_strategies);
    if (in.error()) return *in.error();
    std::vector<std::string> ids;
    ids.reserve(array->size());
    for (const Value& value : *array) {
        const std::string* text = value.if_string();
        auto id = text == nullptr ? std::nullopt : core::normalize_uuid(*text);
        if (!id) {
            in.fail("strategy_ids." + std::to_string(ids.size()), "must be a UUID");
            return *in.error();
        }
        ids.push_back(*std::move(id));
    }
    return ids;
}

Result<Value> parse_group_schema_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"output_schema"});
    (void)in.object("output_schema");
    if (in.error()) return *in.error();
    return *in.find("output_schema");
}

Result<bool> parse_group_toggle_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"enabled"});
    const bool enabled = in.flag("enabled").value_or(false);
    if (in.error()) return *in.error();
    return enabled;
}

Result<SchedulePatch> parse_group_schedule_request(const Value& body) {
    const json::Members in(body, json::Nulls::dropped);
    if (in.error()) return *in.error();
    Object members;
    for (const auto name : group_schedule_members)
        if (const Value* value = in.find(name)) members.set(std::string(name), *value);
    return parse_schedule_patch(Value(std::move(members)));
}

}  // namespace meter
