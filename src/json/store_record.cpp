#include "meter/store_record.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "core/base64.hpp"
#include "core/id.hpp"
#include "json/record_values.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

/// Members as "name:type" with "?" for optional ones; words with "|" between them stand for the type `word`.
struct KindText {
    std::string_view name;
    std::string_view parent;
    std::size_t key;
    std::string_view members;
};

constexpr KindText kind_texts[] = {
    {"api_key", "", 1,
     "key_id:id key_hash:text account_id:text user_id:text organization_id:text name:text prefix:text scopes:json "
     "created_at:time expires_at:time?"},
    {"strategy_group", "", 1,
     "group_id:id account_id:text name:text description:text? output_schema:json? webhook_url:text "
     "webhook_type:standard|slack|slack_workflow|discord|email webhook_secret:text webhook_metadata:json? "
     "webhook_on:all|changes schema_started_at:time? schema_completed_at:time? created_at:time updated_at:time "
     "version:integer"},
    {"strategy", "", 1,
     "strategy_id:id account_id:text name:text description:text url:text scraper_type:css|api|content strategy:json "
     "api_parameters:json? preview_data:json attempts:integer output_schema:json? filter_config:json? "
     "strategy_group_id:id? fetch:json? ignore:json? key:json? warnings:json created_at:time updated_at:time"},
    {"page_snapshot", "", 1, "strategy_id:id account_id:text url:text content_type:text body:bytes fetched_at:time"},
    {"audit_event", "", 1,
     "id:id account_id:text event:created|deleted strategy_id:id strategy_name:text url:text api_key_prefix:text? "
     "created_at:time"},
    {"group_regeneration", "", 2,
     "group_id:id position:integer strategy_id:id status:text error:text? queued_at:time token:integer "
     "attempts:integer lease_expires_at:time?"},
    {"discovery", "", 1,
     "discovery_id:id account_id:text status:pending|running|completed|failed config:json total_urls:integer "
     "sample_urls:json truncated:flag error:text? created_at:time started_at:time? completed_at:time? token:integer "
     "attempts:integer lease_expires_at:time? schedule_id:id?"},
    {"discovery_url", "", 2, "discovery_id:id position:integer url:text"},
    {"discovery_page", "", 2, "discovery_id:id position:integer url:text depth:integer done:flag redirects:integer"},
    {"workflow", "", 1,
     "workflow_id:id account_id:text name:text description:text? enabled:flag created_at:time updated_at:time "
     "version:integer"},
    {"workflow_node", "workflow", 2,
     "workflow_id:id position:integer node_id:id node_key:text strategy_id:id "
     "input_type:static_urls|upstream_urls|upstream_data|trigger_only static_urls:json? url_field:text? "
     "static_parameters:json? parameter_config:json? created_at:time updated_at:time"},
    {"workflow_edge", "workflow", 2,
     "workflow_id:id position:integer edge_id:id source_node_key:text target_node_key:text filter_config:json? "
     "created_at:time"},
    {"automation", "", 1,
     "automation_id:text account_id:text owner_id:text organization_id:text name:text description:text "
     "status:draft|active|paused|archived version:integer tags:json is_public:flag is_template:flag revision:integer "
     "created_at:time updated_at:time"},
    {"automation_graph", "automation", 1, "automation_id:text nodes:json connections:json config:json settings:json"},
    {"automation_version", "", 2,
     "automation_id:text version:integer version_tag:text description:text created_by:text created_at:time nodes:json "
     "connections:json config:json settings:json"},
    {"automation_share", "", 2, "automation_id:text user_id:text position:integer shared_at:time"},
    {"schedule", "", 1,
     "schedule_id:id account_id:text strategy_id:id? workflow_id:id? automation_id:text? automation_node_id:text? "
     "url:text? urls:json? interval_seconds:integer? "
     "cron_expression:text? timezone:text? jitter_seconds:integer enabled:flag webhook_url:text? "
     "webhook_metadata:json? webhook_secret:text? webhook_type:standard|slack|slack_workflow|discord|email? "
     "webhook_on:all|changes parameters:json? ignore:json? key:json? strategy_group_id:id? discovery_id:id? "
     "rediscover:flag next_run_at:time? tick_at:time? last_run_at:time? health_state:ok|degraded|failing "
     "health_count:integer health_since:time? created_at:time updated_at:time version:integer"},
    {"schedule_tick", "", 2, "schedule_id:id due_at:time"},
    {"batch", "", 1,
     "batch_id:id account_id:text strategy_id:id job_count:integer created_at:time pending:integer running:integer "
     "completed:integer failed:integer"},
    {"job", "", 1,
     "job_id:id account_id:text strategy_id:id schedule_id:id? batch_id:id? workflow_run_id:id? workflow_node_id:id? "
     "url:text host:text parameters:json? status:pending|running|completed|failed item_count:integer? "
     "content_hash:text? has_changes:flag? error:text? outcome:ok|empty|degraded|blocked|failed? warnings:json "
     "attempt:integer token:integer worker:text? lease_until:time? created_at:time started_at:time? "
     "completed_at:time?"},
    {"job_result", "", 1, "job_id:id results:json structural_signature:json"},
    {"baseline", "", 1,
     "baseline_key:text strategy_id:id job_id:id schedule_id:id? workflow_node_id:id? content_hash:text "
     "item_count:integer field_counts:json settings_hash:text etag:text last_modified:text"},
    {"schedule_change", "", 1,
     "job_id:id schedule_id:id account_id:text seen:flag new_items_count:integer removed_items_count:integer "
     "new_items:json removed_items:json modified_items:json order_changed:flag created_at:time"},
    {"workflow_run", "", 1,
     "run_id:id workflow_id:id account_id:text schedule_id:id? "
     "status:pending|running|completed|partial|failed|cancelled trigger:manual|schedule force:flag "
     "changed_since_previous:flag? output_hash:text error:text? created_at:time started_at:time? completed_at:time? "
     "deadline_at:time due_at:time? lease_until:time? token:integer"},
    {"workflow_run_definition", "", 1, "run_id:id definition:json"},
    {"workflow_run_strategy", "", 2,
     "run_id:id strategy_id:id account_id:text name:text description:text url:text scraper_type:css|api|content "
     "strategy:json api_parameters:json? preview_data:json attempts:integer output_schema:json? filter_config:json? "
     "strategy_group_id:id? fetch:json? ignore:json? key:json? warnings:json created_at:time updated_at:time"},
    {"workflow_node_run", "", 2,
     "run_id:id node_id:id position:integer node_key:text "
     "status:pending|running|completed|failed|skipped|cancelled skip_reason:unchanged|upstream_failed? job_id:id? "
     "batch_id:id? job_count:integer failed_job_count:integer open_jobs:integer item_count:integer "
     "reused_count:integer input_count:integer error:text? job_error:text? started_at:time? completed_at:time? "
     "planned:flag signature:text input_hash:text source_run_id:id?"},
    {"workflow_input", "", 3, "run_id:id node_id:id sequence:integer url:text feed_hash:text job_id:text reused:flag"},
    {"webhook_delivery", "", 1,
     "delivery_id:id account_id:text schedule_id:id job_id:id? workflow_run_id:id? event:text name:text endpoint:text "
     "status:pending|delivered|failed attempts:integer failures:integer token:integer next_attempt_at:time? "
     "last_status_code:integer? last_error:text? created_at:time completed_at:time?"},
    {"webhook_payload", "", 1, "delivery_id:id payload:json"},
    {"execution", "", 1,
     "execution_id:text automation_id:text account_id:text user_id:text organization_id:text "
     "status:pending|running|completed|failed|stopped trigger:manual|schedule|webhook|api schedule_id:id? error:text? "
     "created_at:time started_at:time? ended_at:time? updated_at:time timeout_ms:integer deadline_at:time? "
     "due_at:time? lease_until:time? token:integer losses:integer"},
    {"execution_graph", "", 1,
     "execution_id:text trigger_inputs:json nodes:json connections:json config:json settings:json"},
    {"execution_span", "", 2,
     "execution_id:text position:integer span_id:text node_id:text node_label:text? node_type:text "
     "status:pending|running|completed|failed|skipped|stopped ordinal:integer? failed_tries:integer retry_at:time? "
     "started_at:time? ended_at:time? input_items:integer output_items:integer input_data:json? output_data:json? "
     "error:text? spilled_bytes:integer?"},
    {"execution_log", "", 2,
     "execution_id:text sequence:integer log_id:text level:debug|info|warning|error message:text node_id:text? "
     "created_at:time"},
    {"execution_items", "", 4, "execution_id:text position:integer port:text sequence:integer items:text"},
};

std::vector<std::string> split_words(std::string_view text, char separator) {
    std::vector<std::string> words;
    for (std::size_t start = 0; start <= text.size();) {
        const auto end = std::min(text.find(separator, start), text.size());
        words.emplace_back(text.substr(start, end - start));
        start = end + 1;
    }
    return words;
}

RecordMember read_member_text(std::string_view text) {
    constexpr std::pair<std::string_view, MemberType> types[] = {
        {"text", MemberType::text},  {"id", MemberType::id},     {"integer", MemberType::integer},
        {"flag", MemberType::flag},  {"time", MemberType::time}, {"json", MemberType::json},
        {"bytes", MemberType::bytes}};
    const auto colon = text.find(':');
    RecordMember member;
    member.name = text.substr(0, colon);
    member.optional = text.ends_with('?');
    const std::string_view type = text.substr(colon + 1, text.size() - colon - 1 - (member.optional ? 1 : 0));
    member.type = MemberType::word;
    for (const auto& [name, of] : types)
        if (name == type) member.type = of;
    if (member.type == MemberType::word) member.words = split_words(type, '|');
    return member;
}

std::vector<RecordKind> read_kinds() {
    std::vector<RecordKind> kinds;
    for (const KindText& text : kind_texts) {
        RecordKind kind{std::string(text.name), std::string(text.parent), text.key, {}};
        for (const std::string& member : split_words(text.members, ' '))
            kind.members.push_back(read_member_text(member));
        kinds.push_back(std::move(kind));
    }
    return kinds;
}

Error bad_member(std::string_view name, std::string_view expected) {
    return {ErrorCode::invalid_argument, std::string(name).append(" ").append(expected), std::string(name)};
}

Result<void> check_json_member(const Value& value, std::string_view name) {
    if (value.is_array() || value.is_object()) return {};
    const std::string* text = value.if_string();
    if (text == nullptr) return bad_member(name, "must be an array or an object");
    const auto parsed = parse_json(*text, {.max_depth = json::record_depth, .max_bytes = text->size()});
    if (!parsed) return bad_member(name, "is no JSON text: " + parsed.error().message);
    if (!parsed->is_array() && !parsed->is_object()) return bad_member(name, "must be an array or an object");
    return {};
}

Result<void> check_member(const RecordMember& member, const Value& value) {
    const std::string* text = value.if_string();
    switch (member.type) {
        case MemberType::text:
            if (text == nullptr) return bad_member(member.name, "must be a string");
            break;
        case MemberType::id:
            if (text == nullptr || core::normalize_uuid(*text) != *text)
                return bad_member(member.name, "must be a UUID in lower case");
            break;
        case MemberType::word:
            if (text == nullptr || std::find(member.words.begin(), member.words.end(), *text) == member.words.end()) {
                std::string words;
                for (const std::string& word : member.words) words += (words.empty() ? "" : ", ") + word;
                return bad_member(member.name, "must be one of: " + words);
            }
            break;
        case MemberType::integer:
            if (!value.is_integer()) return bad_member(member.name, "must be an integer");
            break;
        case MemberType::flag:
            if (!value.is_bool()) return bad_member(member.name, "must be true or false");
            break;
        case MemberType::time:
            if (!json::read_time_member(value)) return bad_member(member.name, "must be a time");
            break;
        case MemberType::json:
            return check_json_member(value, member.name);
        case MemberType::bytes:
            if (text == nullptr || !core::from_base64(*text)) return bad_member(member.name, "must be base64");
            break;
    }
    return {};
}

}  // namespace

RecordSource::~RecordSource() = default;

const RecordMember* RecordKind::find(std::string_view member) const noexcept {
    const auto found =
        std::find_if(members.begin(), members.end(), [&](const RecordMember& one) { return one.name == member; });
    return found == members.end() ? nullptr : &*found;
}

const std::vector<RecordKind>& record_kinds() {
    static const std::vector<RecordKind> kinds = read_kinds();
    return kinds;
}

const RecordKind* find_record_kind(std::string_view name) noexcept {
    const auto& kinds = record_kinds();
    const auto found =
        std::find_if(kinds.begin(), kinds.end(), [&](const RecordKind& kind) { return kind.name == name; });
    return found == kinds.end() ? nullptr : &*found;
}

Result<void> validate(const StoreRecord& record) {
    const RecordKind* kind = find_record_kind(record.kind);
    if (kind == nullptr) return bad_member("kind", "is unknown: " + record.kind.substr(0, 100));
    std::size_t known = 0;
    for (const RecordMember& member : kind->members) {
        const Value* value = record.members.find(member.name);
        if (value == nullptr) {
            if (member.optional) continue;
            return Error{ErrorCode::invalid_argument, "Missing required field: " + member.name, member.name};
        }
        ++known;
        if (auto valid = check_member(member, *value); !valid) return valid;
    }
    if (known == record.members.size()) return {};
    for (const auto& [name, value] : record.members)
        if (kind->find(name) == nullptr) return bad_member(name.substr(0, 100), "is no member of a " + kind->name);
    return {};
}

}  // namespace meter

namespace meter::json {

Value time_member(TimePoint time) {
    constexpr std::int64_t year_0000 = -62'167'219'200'000, year_10000 = 253'402'300'800'000;
    const std::int64_t millis = time.time_since_epoch().count();
    if (millis < year_0000 || millis >= year_10000) return millis;
    const TimePoint second{std::chrono::floor<std::chrono::seconds>(time)};
    const auto rest = (time - second).count();
    std::string text = format_time(time);  // "...:00Z", the fraction cut
    text.replace(text.size() - 1, 1, "." + std::to_string(1000 + rest).substr(1) + "Z");
    return text;
}

std::optional<TimePoint> read_time_member(const Value& value) {
    if (const auto* millis = value.if_integer()) return TimePoint{std::chrono::milliseconds{*millis}};
    const std::string* text = value.if_string();
    if (text == nullptr) return std::nullopt;
    const auto time = parse_time(*text);
    return time ? std::optional(*time) : std::nullopt;
}

Value json_member(std::string text) {
    auto value = parse_json(text, {.max_depth = record_depth, .max_bytes = text.size()});
    if (value && (value->is_array() || value->is_object()) && to_json(*value) == text) return *std::move(value);
    return text;
}

std::string json_text(const Value& value) {
    const std::string* text = value.if_string();
    return text != nullptr ? *text : to_json(value);
}

Object body_of(const StoreRecord& record) {
    Object body = record.members;
    const RecordKind* kind = find_record_kind(record.kind);
    if (kind == nullptr) return body;
    for (auto& [name, value] : body) {
        const RecordMember* member = kind->find(name);
        if (member == nullptr || member->type != MemberType::json || !value.is_string()) continue;
        if (auto parsed =
                parse_json(*value.if_string(), {.max_depth = record_depth, .max_bytes = value.if_string()->size()}))
            value = *std::move(parsed);
    }
    return body;
}

}  // namespace meter::json
