#include <algorithm>
#include <utility>

#include "core/id.hpp"
#include "core/unicode.hpp"
#include "core/url_text.hpp"
#include "engine/impl.hpp"
#include "meter/filter.hpp"
#include "meter/json.hpp"
#include "meter/schema.hpp"
#include "run/scrape.hpp"

namespace meter {
namespace {

constexpr std::chrono::hours quota_window{24 * 30};
constexpr std::size_t preview_items = 10;

/// Gives a reserved creation back unless it was used.
class QuotaReservation {
public:
    QuotaReservation(StrategyStore& store, std::string id) : store_(store), id_(std::move(id)) {}
    QuotaReservation(const QuotaReservation&) = delete;
    QuotaReservation& operator=(const QuotaReservation&) = delete;
    ~QuotaReservation() {
        if (!id_.empty()) (void)store_.release_quota(id_);  // what stays behind runs out by itself
    }
    const std::string& id() const noexcept { return id_; }
    void used() noexcept { id_.clear(); }

private:
    StrategyStore& store_;
    std::string id_;
};

Error bad_request(std::string message, std::string subject) {
    return {ErrorCode::invalid_argument, std::move(message), std::move(subject)};
}

/// The plan a request asks for: the given one, or the content plan, which needs no generator.
Result<Value> requested_plan(const StrategyRequest& request) {
    if (request.strategy) return *request.strategy;
    if (request.scraper_type == ScraperType::content) return Value(Object{{"type", "content"}});
    return Error{
        ErrorCode::unavailable,
        "This server cannot make a strategy from a description: give a plan as strategy, or scraper_type content",
        "strategy"};
}

/// Checks the members against each other and fills the parts of a Strategy that come from the request.
Result<Strategy> draft_strategy(const StrategyRequest& request) {
    if (request.name.empty()) return bad_request("name must not be empty", "name");
    if (auto url = core::validate_url(request.url); !url) return url.error();
    const bool needs_description = !request.strategy && request.scraper_type != ScraperType::content;
    if (needs_description && core::trim(request.description).empty())
        return bad_request("Invalid request parameters", "description");

    auto definition = requested_plan(request);
    // A wrong filter or schema is the caller's to mend before anything is said about what this server can do.
    std::optional<OutputSchema> schema;
    if (request.output_schema) {
        auto parsed = OutputSchema::parse(*request.output_schema);
        if (!parsed) return parsed.error();
        schema = *std::move(parsed);
    }
    if (request.filter_config)
        if (auto filter = Filter::parse(*request.filter_config); !filter) return filter.error();
    if (request.fetch)
        if (auto fetch = validate_fetch_settings(*request.fetch); !fetch) return fetch.error();
    if (!definition) return definition.error();

    const auto plan = Plan::parse(*definition);
    if (!plan) return plan.error();
    if (request.scraper_type && *request.scraper_type != plan->scraper_type())
        return bad_request("strategy.type is " + std::string(to_string(plan->scraper_type())) +
                               " but scraper_type asks for " + std::string(to_string(*request.scraper_type)),
                           "strategy.type");
    if (plan->scraper_type() == ScraperType::content) {
        if (request.force_api) return bad_request("force_api does not apply to content strategies", "force_api");
        if (request.output_schema)
            return bad_request("output_schema does not apply to content strategies", "output_schema");
    }

    Strategy strategy;
    strategy.name = request.name;
    strategy.description = request.description;
    strategy.url = request.url;
    strategy.scraper_type = plan->scraper_type();
    strategy.strategy = to_json(plan->definition());
    if (plan->scraper_type() == ScraperType::api) strategy.api_parameters = to_json(plan->api_parameters());
    strategy.attempts = request.strategy ? 0 : 1;
    if (schema) strategy.output_schema = to_json(schema->definition());
    if (request.filter_config && !(request.filter_config->is_object() && request.filter_config->if_object()->empty()))
        strategy.filter_config = to_json(*request.filter_config);
    if (request.fetch) strategy.fetch = to_json(*request.fetch);
    return strategy;
}

std::string preview_of(const run::CompiledStrategy& compiled, std::vector<Value> items) {
    if (items.size() > preview_items) items.resize(preview_items);
    return to_json(run::results_of(compiled, std::move(items)));
}

}  // namespace

Result<Strategy> Engine::Impl::require_strategy(std::string_view strategy_id, const Caller& caller) const {
    const auto id = object_id(strategy_id, "Strategy");
    if (!id) return id.error();
    auto found = strategies().find(caller.account_id, *id);
    if (!found) return found.error();
    if (!*found) return not_found("Strategy", *id);
    return **std::move(found);
}

Result<Strategy> Engine::create_strategy(const StrategyRequest& request, const Caller& caller, std::stop_token stop) {
    Impl& self = *impl_;
    if (self.runner->stopping()) return self.stopping_error();
    auto strategy = draft_strategy(request);
    if (!strategy) return strategy.error();
    // No group can exist until groups can be made, so every id is unknown.
    if (request.strategy_group_id) return not_found("Strategy group", *request.strategy_group_id);

    const TimePoint started = self.now();
    const TimePoint deadline = started + self.options.generate_deadline;
    const auto reserved =
        self.strategies().reserve_quota(caller.account_id, started - quota_window, started,
                                        deadline + std::chrono::seconds(30), self.options.quota.limit);
    if (!reserved) return reserved.error();
    if (!*reserved) {
        const auto state = quota(caller);
        if (!state) return state.error();
        return Error{ErrorCode::quota_exceeded, "Strategy quota exceeded: " + std::to_string(state->used) + " of " +
                                                    std::to_string(state->limit) +
                                                    " strategies used in the last 30 days"};
    }
    QuotaReservation reservation(self.strategies(), **reserved);

    const auto compiled = run::compile(*strategy);
    if (!compiled) return compiled.error();
    auto outcome = run::scrape(*compiled, *self.options.fetcher,
                               {.url = request.url,
                                .timeout = self.options.generate_deadline,
                                .limits = self.options.jobs.extract,
                                .keep_page = true},
                               stop);
    const TimePoint now = self.now();
    if (const auto* failure = std::get_if<run::ScrapeFailure>(&outcome)) {
        if (failure->error.code == ErrorCode::timeout && now >= deadline)
            return Error{ErrorCode::unavailable,
                         "The strategy was not ready within " + std::to_string(self.options.generate_deadline.count()) +
                             " seconds",
                         request.url, true};
        return failure->error;
    }
    auto& scraped = std::get<run::Scraped>(outcome);
    if (!request.strategy && scraped.extracted_count == 0)
        return Error{ErrorCode::unprocessable, "No items could be extracted", request.url};

    strategy->strategy_id = core::new_uuid(now);
    strategy->account_id = caller.account_id;
    strategy->preview_data = preview_of(*compiled, std::move(scraped.items));
    strategy->warnings = std::move(scraped.warnings);
    strategy->created_at = strategy->updated_at = now;
    scraped.page.fetched_at = now;
    const AuditEvent created{.id = core::new_uuid(now),
                             .account_id = caller.account_id,
                             .event = "created",
                             .strategy_id = strategy->strategy_id,
                             .strategy_name = strategy->name,
                             .url = strategy->url,
                             .api_key_prefix = caller.api_key_prefix,
                             .created_at = now};
    if (auto stored = self.strategies().insert(*strategy, created, std::move(scraped.page), reservation.id()); !stored)
        return stored.error();
    reservation.used();
    return strategy;
}

Result<Strategy> Engine::get_strategy(std::string_view strategy_id, const Caller& caller) {
    return impl_->require_strategy(strategy_id, caller);
}

Result<std::vector<Strategy>> Engine::list_strategies(ListRange range, const Caller& caller) {
    if (auto valid = validate(range, 1000); !valid) return valid.error();
    return impl_->strategies().list(caller.account_id, range);
}

Result<Strategy> Engine::update_strategy(std::string_view strategy_id, const StrategyPatch& patch,
                                         const Caller& caller) {
    Impl& self = *impl_;
    const auto clears = [](const Value& value) { return value.is_null(); };
    StrategyUpdate update;
    if (patch.name) {
        if (patch.name->empty()) return bad_request("name must not be empty", "name");
        update.name = patch.name;
    }
    if (patch.description) update.description = patch.description;
    if (patch.filter_config) {
        const Object* object = patch.filter_config->if_object();
        if (clears(*patch.filter_config) || (object != nullptr && object->empty())) {
            update.filter_config = std::optional<std::string>{};
        } else {
            if (auto filter = Filter::parse(*patch.filter_config); !filter) return filter.error();
            update.filter_config = to_json(*patch.filter_config);
        }
    }
    if (patch.fetch) {
        if (clears(*patch.fetch)) {
            update.fetch = std::optional<std::string>{};
        } else {
            if (auto fetch = validate_fetch_settings(*patch.fetch); !fetch) return fetch.error();
            update.fetch = to_json(*patch.fetch);
        }
    }

    auto current = self.require_strategy(strategy_id, caller);
    if (!current) return current;
    if (!update.name && !update.description && !update.filter_config && !update.fetch) return current;

    if (update.filter_config) {
        const auto snapshot = self.strategies().find_snapshot(caller.account_id, current->strategy_id);
        if (!snapshot) return snapshot.error();
        if (*snapshot) {
            Strategy changed = *current;
            changed.filter_config = *update.filter_config;
            const auto compiled = run::compile(changed);
            if (!compiled) return compiled.error();
            const PageSnapshot& page = **snapshot;
            auto extraction =
                extract({page.body, page.url, page.content_type}, compiled->plan, self.options.jobs.extract);
            if (!extraction) return extraction.error();
            update.preview_data =
                preview_of(*compiled, run::shape_and_filter(*compiled, std::move(extraction->items), page.url));
        }
    }
    update.updated_at = std::max(self.now(), current->updated_at);
    auto updated = self.strategies().update(caller.account_id, current->strategy_id, update);
    if (!updated) return updated.error();
    if (!*updated) return not_found("Strategy", strategy_id);
    return **std::move(updated);
}

Result<void> Engine::delete_strategy(std::string_view strategy_id, const Caller& caller) {
    Impl& self = *impl_;
    const auto strategy = self.require_strategy(strategy_id, caller);
    if (!strategy) return strategy.error();
    const TimePoint now = self.now();
    const auto removed = self.strategies().remove(caller.account_id, strategy->strategy_id,
                                                  {.id = core::new_uuid(now),
                                                   .account_id = caller.account_id,
                                                   .event = "deleted",
                                                   .strategy_id = strategy->strategy_id,
                                                   .strategy_name = strategy->name,
                                                   .url = strategy->url,
                                                   .api_key_prefix = caller.api_key_prefix,
                                                   .created_at = now});
    if (!removed) return removed.error();
    if (!*removed) return not_found("Strategy", strategy->strategy_id);
    self.runner->cancel_strategy(strategy->strategy_id);
    return {};
}

Result<std::vector<AuditEvent>> Engine::list_audit(const AuditQuery& query, const Caller& caller) {
    if (auto valid = validate(query.range, 1000); !valid) return valid.error();
    if (query.event && *query.event != "created" && *query.event != "deleted")
        return bad_request("event must be one of: created, deleted", "event");
    return impl_->strategies().list_audit(caller.account_id, query);
}

Result<StrategyQuota> Engine::quota(const Caller& caller) {
    const TimePoint now = impl_->now();
    const auto usage = impl_->strategies().quota_usage(caller.account_id, now - quota_window, now);
    if (!usage) return usage.error();
    StrategyQuota quota{
        .used = usage->used, .limit = impl_->options.quota.limit, .tier = impl_->options.quota.tier, .reset_at = {}};
    if (quota.limit != -1 && usage->oldest) quota.reset_at = *usage->oldest + quota_window;
    return quota;
}

}  // namespace meter
