// Strategies: a page, how to read it, and what its records look like.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/extract.hpp"
#include "meter/result.hpp"
#include "meter/time.hpp"
#include "meter/value.hpp"

namespace meter {

/// Who calls. Every object belongs to an account; those of another account do not exist for the caller.
struct Caller {
    std::string account_id = "default";              ///< programs that link the library rarely need another
    std::optional<std::string> api_key_prefix = {};  ///< noted in the audit; nullopt for calls from the program itself
    std::string user_id = "default";                 ///< of the key; automations name their makers
    std::string organization_id = "default";         ///< shares its public automations
};

/// Part of a list: `limit` in [1, 1000], `offset` from 0.
struct ListRange {
    std::int64_t limit = 20;
    std::int64_t offset = 0;
};

/// A stored strategy. JSON members are kept as text and parsed only where they are used.
struct Strategy {
    std::string strategy_id;  ///< UUID
    std::string account_id;
    std::string name;
    std::string description;
    std::string url;
    ScraperType scraper_type = ScraperType::css;
    std::string strategy;                       ///< the plan, JSON object text
    std::optional<std::string> api_parameters;  ///< JSON object text; api strategies only
    std::string preview_data = "[]";            ///< first 10 items, JSON array text
    std::int64_t attempts = 0;                  ///< generator tries; 0 when the caller gave the plan
    std::optional<std::string> output_schema;   ///< JSON object text
    std::optional<std::string> filter_config;   ///< JSON object text
    std::optional<std::string> strategy_group_id;
    std::optional<std::string> fetch;   ///< fetch settings, JSON object text
    std::optional<std::string> ignore;  ///< noise rules, JSON object text
    std::optional<std::string> key;     ///< fields that identify an item, JSON array text
    std::vector<std::string> warnings;  ///< wanted fields that were not found
    TimePoint created_at{};
    TimePoint updated_at{};

    bool operator==(const Strategy&) const = default;
};

/// What a new strategy is made from; members as in the wire contract (8.2), optional ones null or absent.
struct StrategyRequest {
    std::string url = {};
    std::string description = {};
    std::string name = {};
    bool force_api = false;
    std::optional<ScraperType> scraper_type = {};
    std::optional<Value> strategy = {};  ///< a ready plan: the generator is not asked
    std::optional<Value> output_schema = {};
    std::optional<Value> filter_config = {};
    std::optional<Value> fetch = {};
    std::optional<std::string> strategy_group_id = {};
    std::optional<Value> ignore = {};  ///< noise rules of change detection (wire contract 12.7)
    std::optional<Value> key = {};     ///< fields that identify an item
};

/// Changes to a strategy: members that are absent stay. A JSON null (or, for filter_config, an empty object) clears.
struct StrategyPatch {
    std::optional<std::string> name = {};
    std::optional<std::string> description = {};
    std::optional<Value> filter_config = {};
    std::optional<Value> fetch = {};
    std::optional<Value> ignore = {};
    std::optional<Value> key = {};
};

/// Reads a request body. Errors: invalid_argument ("Missing required field: url", wrong types and ranges; `subject`
/// is the dotted member), invalid_url.
METER_EXPORT Result<StrategyRequest> parse_strategy_request(const Value& body);
METER_EXPORT Result<StrategyPatch> parse_strategy_patch(const Value& body);

/// The feedback in a body {"feedback": text}. Errors: invalid_argument.
METER_EXPORT Result<std::string> parse_refine_request(const Value& body);

/// Per-strategy settings of the fetch: {"render","headers","cookies","wait_for","timeout_seconds"}.
/// Errors: invalid_argument with the member as subject; unsupported "No browser is configured" for render "browser".
METER_EXPORT Result<void> validate_fetch_settings(const Value& fetch);

/// The wire form (JSON object text) of a strategy.
METER_EXPORT std::string to_json(const Strategy& strategy);

/// One creation or deletion; survives the strategy.
struct AuditEvent {
    std::string id;
    std::string account_id;
    std::string event;  ///< "created" or "deleted"
    std::string strategy_id;
    std::string strategy_name;
    std::string url;
    std::optional<std::string> api_key_prefix;
    TimePoint created_at{};

    bool operator==(const AuditEvent&) const = default;
};

METER_EXPORT std::string to_json(const AuditEvent& event);

struct AuditQuery {
    std::optional<std::string> strategy_id = {};
    std::optional<std::string> event = {};
    std::optional<TimePoint> since = {};
    ListRange range{.limit = 50};
};

/// State of the allowance of strategies an account may create within 30 days.
struct StrategyQuota {
    std::int64_t used = 0;
    std::int64_t limit = -1;  ///< -1: unlimited
    std::string tier = "enterprise";
    std::optional<TimePoint> reset_at = {};

    bool operator==(const StrategyQuota&) const = default;
};

/// {"strategy_quota": {...}}
METER_EXPORT std::string to_json(const StrategyQuota& quota);

}  // namespace meter
