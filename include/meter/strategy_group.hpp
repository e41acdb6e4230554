// Strategy groups: strategies that are scheduled, and given an output schema, together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/schedule.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"
#include "meter/value.hpp"
#include "meter/webhook.hpp"

namespace meter {

/// A stored group. A strategy is in at most one.
struct StrategyGroup {
    std::string group_id;  ///< UUID
    std::string account_id;
    std::string name;
    std::optional<std::string> description;
    std::int64_t strategy_count = 0;
    std::optional<std::string> output_schema;  ///< the last one applied, JSON object text
    /// Of the last schedule applied: what later schedules of the group get, and what is tested. No `url`: none.
    WebhookTarget webhook;
    TimePoint created_at{};
    TimePoint updated_at{};
    std::int64_t version = 1;  ///< raised by every change of the group's own members and schedules

    bool operator==(const StrategyGroup&) const = default;
};

/// {"id","name","description","strategy_count","created_at","updated_at"}
METER_EXPORT std::string to_json(const StrategyGroup& group);

/// A group with its strategies, newest first.
struct StrategyGroupDetail {
    StrategyGroup group;
    std::vector<Strategy> strategies;
};

METER_EXPORT std::string to_json(const StrategyGroupDetail& detail);

struct StrategyGroupRequest {
    std::string name = {};  ///< 1 to 200 characters; need not be unique
    std::optional<std::string> description = {};
};

/// Changes to a group: members that are absent stay, an inner nullopt clears.
struct StrategyGroupPatch {
    std::optional<std::string> name = {};
    std::optional<std::optional<std::string>> description = {};
};

/// Read request bodies. Errors: invalid_argument, invalid_url (`subject` is the member).
METER_EXPORT Result<StrategyGroupRequest> parse_strategy_group_request(const Value& body);
METER_EXPORT Result<StrategyGroupPatch> parse_strategy_group_patch(const Value& body);
METER_EXPORT Result<std::vector<std::string>> parse_group_members_request(const Value& body);
METER_EXPORT Result<Value> parse_group_schema_request(const Value& body);
METER_EXPORT Result<bool> parse_group_toggle_request(const Value& body);
/// Timing and webhook members; what else a schedule has is not read. Null members count as absent.
METER_EXPORT Result<SchedulePatch> parse_group_schedule_request(const Value& body);
/// What Engine::apply_group_schedule() did.
struct GroupScheduleOutcome {
    std::int64_t created = 0;
    std::int64_t updated = 0;
    std::vector<std::string> schedule_ids = {};        ///< in the order of the strategies
    std::optional<std::string> generated_secret = {};  ///< set when the call made one
    std::optional<WebhookType> webhook_type = {};      ///< nullopt without a webhook
};

/// {"message","created","updated","schedule_ids","webhook_type"}, and "webhook_secret" when one was generated.
METER_EXPORT std::string to_json(const GroupScheduleOutcome& outcome);

/// How far the regeneration of a group's strategies has come (wire contract 18).
enum class RegenerationStatus { idle, running, completed, partial, failed };

METER_EXPORT std::string_view to_string(RegenerationStatus status) noexcept;

struct RegenerationError {
    std::string strategy_id;
    std::string error;

    bool operator==(const RegenerationError&) const = default;
};

struct METER_EXPORT RegenerationProgress {
    std::string group_id;
    std::int64_t pending = 0;  ///< being made now included
    std::int64_t completed = 0;
    std::int64_t failed = 0;
    std::int64_t skipped = 0;  ///< content strategies, and those that have left the group meanwhile
    std::vector<RegenerationError> errors = {};
    std::optional<TimePoint> started_at = {};  ///< nullopt: no schema was applied yet
    std::optional<TimePoint> completed_at = {};

    std::int64_t total() const noexcept { return pending + completed + failed + skipped; }
    /// `failed` when something failed and nothing was completed, `partial` when some failed.
    RegenerationStatus status() const noexcept;

    bool operator==(const RegenerationProgress&) const = default;
};

METER_EXPORT std::string to_json(const RegenerationProgress& progress);

}  // namespace meter
