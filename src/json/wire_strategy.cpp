// Strategies and what belongs to them as the wire contract's Strategy, StrategyAuditEvent and AccountQuota.
#include "json/object_writer.hpp"
#include "meter/strategy.hpp"

namespace meter {

std::string to_json(const Strategy& strategy) {
    json::ObjectWriter out;
    out.text("id", strategy.strategy_id)
        .text("strategy_id", strategy.strategy_id)
        .text("name", strategy.name)
        .text("description", strategy.description)
        .text("url", strategy.url)
        .text("scraper_type", to_string(strategy.scraper_type))
        .json("strategy", strategy.strategy)
        .json_or_null("api_parameters", strategy.api_parameters)
        .json("preview_data", strategy.preview_data)
        .integer("attempts", strategy.attempts)
        .json_or_null("output_schema", strategy.output_schema)
        .json_or_null("filter_config", strategy.filter_config)
        .text_or_null("strategy_group_id", strategy.strategy_group_id);
    if (strategy.fetch) out.json("fetch", *strategy.fetch);
    if (strategy.ignore) out.json("ignore", *strategy.ignore);
    if (strategy.key) out.json("key", *strategy.key);
    if (!strategy.warnings.empty()) out.texts("warnings", strategy.warnings);
    out.time("created_at", strategy.created_at).time("updated_at", strategy.updated_at);
    return std::move(out).finish();
}

std::string to_json(const AuditEvent& event) {
    json::ObjectWriter out;
    out.text("id", event.id)
        .text("event", event.event)
        .text("strategy_id", event.strategy_id)
        .text("strategy_name", event.strategy_name)
        .text("url", event.url)
        .text_or_null("api_key_prefix", event.api_key_prefix)
        .time("created_at", event.created_at);
    return std::move(out).finish();
}

std::string to_json(const StrategyQuota& quota) {
    json::ObjectWriter inner;
    inner.integer("used", quota.used).integer("limit", quota.limit).text("tier", quota.tier);
    // Wire contract 7: the key is left out when unlimited or when nothing is counted.
    if (quota.reset_at && quota.limit != -1 && quota.used != 0) inner.time("reset_at", *quota.reset_at);
    json::ObjectWriter out;
    out.json("strategy_quota", std::move(inner).finish());
    return std::move(out).finish();
}

}  // namespace meter
