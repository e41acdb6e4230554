// Bodies of POST /api/strategies/generate and /refine, and PATCH /api/strategies/{id} (wire contract 8.2 to 8.4).
#include "core/unicode.hpp"
#include "json/members.hpp"
#include "json/wire_parts.hpp"
#include "meter/strategy.hpp"

namespace meter {
namespace {

constexpr json::TextLength strategy_name_length{1, 200};
constexpr json::TextLength strategy_description_length{0, 10'000};
constexpr json::TextLength feedback_length{1, 10'000};

/// A member that is an object; what is in it is checked where it is compiled (Plan, OutputSchema, Filter).
std::optional<Value> read_object(json::Members& in, std::string_view name) {
    if (in.object(name) == nullptr) return std::nullopt;
    return *in.find(name);
}

std::optional<Value> read_fetch_settings(json::Members& in) {
    const Value* given = in.find("fetch");
    if (given == nullptr) return std::nullopt;
    Value fetch = json::without_nulls(*given);
    if (auto valid = validate_fetch_settings(fetch); !valid) {
        in.fail(valid.error());
        return std::nullopt;
    }
    return fetch;
}

/// The type the request asks for, be it by `scraper_type` or by the plan it brings.
bool asks_for_content(const StrategyRequest& request) {
    if (request.scraper_type) return *request.scraper_type == ScraperType::content;
    const Value* type = request.strategy ? request.strategy->find("type") : nullptr;
    return type != nullptr && *type == Value("content");
}

/// Rules between members: wire contract 8.2 and 8.7.
void check_combination(json::Members& in, const StrategyRequest& request) {
    const bool content = asks_for_content(request);
    if (!content && !request.strategy && core::trim(request.description).empty())
        in.fail({ErrorCode::invalid_argument, "Invalid request parameters", "description"});
    if (content && request.force_api) in.fail("force_api", "does not apply to content strategies");
    if (content && request.output_schema) in.fail("output_schema", "does not apply to content strategies");
}

}  // namespace

Result<StrategyRequest> parse_strategy_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"url", "description", "name"});
    StrategyRequest request;
    request.description = in.text("description", strategy_description_length).value_or("");
    request.name = in.text("name", strategy_name_length).value_or("");
    request.force_api = in.flag("force_api").value_or(false);
    if (const auto type = in.word("scraper_type", {"css", "api", "content"}))
        request.scraper_type = static_cast<ScraperType>(*type);
    request.strategy = read_object(in, "strategy");
    request.output_schema = read_object(in, "output_schema");
    request.filter_config = json::read_filter_config(in);
    request.strategy_group_id = in.uuid("strategy_group_id");
    request.ignore = json::read_ignore(in);
    request.key = json::read_key(in);
    check_combination(in, request);
    // What answers 422 comes after everything that answers 400.
    const auto url_text = in.text("url");
    request.fetch = read_fetch_settings(in);
    if (url_text) request.url = in.url("url").value_or("");
    if (in.error()) return *in.error();
    return request;
}

Result<std::string> parse_refine_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"feedback"});
    auto feedback = in.text("feedback", feedback_length).value_or("");
    if (in.error()) return *in.error();
    return feedback;
}

Result<StrategyPatch> parse_strategy_patch(const Value& body) {
    json::Members in(body, json::Nulls::kept);
    StrategyPatch patch;
    patch.name = in.text("name", strategy_name_length);
    patch.description = in.is_null("description") ? std::string() : in.text("description", strategy_description_length);
    patch.filter_config = in.is_null("filter_config") ? Value() : json::read_filter_config(in);
    patch.ignore = json::read_ignore(in);
    patch.key = json::read_key(in);
    patch.fetch = in.is_null("fetch") ? Value() : read_fetch_settings(in);
    if (in.error()) return *in.error();
    return patch;
}

}  // namespace meter
