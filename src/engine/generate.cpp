// Strategies from a page and a description or a ready plan, and their refinement (wire contract 8.2, 8.3).
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

constexpr std::size_t preview_items = 10;
constexpr std::size_t max_feedback_bytes = 40'000;  // 10,000 characters
constexpr int refine_tries = 5;                     // each lost race means that another refinement was stored

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

/// A plan, what it made of the page, and the page.
struct Planned {
    StrategyUpdate::NewPlan plan;
    std::string preview_data;
};

std::string deadline_message(std::chrono::seconds limit) {
    return "The strategy was not ready within " + std::to_string(limit.count()) + " seconds";
}

/// The plan a request brings, or the content plan, which needs no generator; nullopt: one is to be made.
std::optional<Value> ready_plan(const StrategyRequest& request) {
    if (request.strategy) return request.strategy;
    if (request.scraper_type == ScraperType::content) return Value(Object{{"type", "content"}});
    return std::nullopt;
}

Result<void> check_ready_plan(const StrategyRequest& request, const Value& definition) {
    const auto plan = Plan::parse(definition);
    if (!plan) return plan.error();
    if (request.scraper_type && *request.scraper_type != plan->scraper_type())
        return bad_request("strategy.type is " + std::string(to_string(plan->scraper_type())) +
                               " but scraper_type asks for " + std::string(to_string(*request.scraper_type)),
                           "strategy.type");
    if (plan->scraper_type() != ScraperType::content) return {};
    if (request.force_api) return bad_request("force_api does not apply to content strategies", "force_api");
    if (request.output_schema)
        return bad_request("output_schema does not apply to content strategies", "output_schema");
    return {};
}

/// Checks the members against each other and fills the parts of a Strategy that come from the request.
Result<Strategy> draft_strategy(const StrategyRequest& request, const std::optional<Value>& definition) {
    if (request.name.empty()) return bad_request("name must not be empty", "name");
    if (auto url = core::validate_url(request.url); !url) return url.error();
    if (!definition && core::trim(request.description).empty())
        return bad_request("Invalid request parameters", "description");

    Strategy strategy;
    if (request.output_schema) {
        const auto schema = OutputSchema::parse(*request.output_schema);
        if (!schema) return schema.error();
        strategy.output_schema = to_json(schema->definition());
    }
    if (request.filter_config) {
        if (auto filter = Filter::parse(*request.filter_config); !filter) return filter.error();
        const Object* members = request.filter_config->if_object();
        if (members == nullptr || !members->empty()) strategy.filter_config = to_json(*request.filter_config);
    }
    if (request.fetch) {
        if (auto fetch = validate_fetch_settings(*request.fetch); !fetch) return fetch.error();
        strategy.fetch = to_json(*request.fetch);
    }
    if (request.ignore || request.key) {
        const auto rules = ChangeRules::parse(request.ignore.value_or(Value()), request.key.value_or(Value()));
        if (!rules) return rules.error();
        if (request.ignore) strategy.ignore = rule_text(*request.ignore);
        if (request.key) strategy.key = rule_text(*request.key);
    }
    if (definition)
        if (auto valid = check_ready_plan(request, *definition); !valid) return valid.error();

    strategy.name = request.name;
    strategy.description = request.description;
    strategy.url = request.url;
    return strategy;
}

/// Stores `definition` in `strategy` and compiles it.
Result<run::CompiledStrategy> adopt_plan(Strategy& strategy, const Value& definition) {
    const auto plan = Plan::parse(definition);
    if (!plan) return plan.error();
    strategy.scraper_type = plan->scraper_type();
    strategy.strategy = to_json(plan->definition());
    strategy.api_parameters.reset();
    if (plan->scraper_type() == ScraperType::api) strategy.api_parameters = to_json(plan->api_parameters());
    return run::compile(strategy);
}

/// Fetches a strategy's page as a generator needs it.
Result<Response> fetch_for(const Strategy& strategy, Fetcher& fetcher, std::chrono::milliseconds timeout,
                           std::stop_token stop) {
    run::FetchSettings settings;
    if (strategy.fetch) {
        const auto value = parse_json(*strategy.fetch);
        if (!value) return value.error();
        settings = run::read_fetch_settings(*value);
    }
    auto fetched = run::fetch_page(fetcher, run::page_request(settings, strategy.url, timeout), stop);
    if (const auto* failure = std::get_if<run::ScrapeFailure>(&fetched)) return failure->error;
    return std::get<Response>(std::move(fetched));
}

/// The page a strategy is made from, as it is kept.
Result<PageSnapshot> fetch_snapshot(const EngineOptions& options, const Strategy& strategy, std::stop_token stop) {
    auto response = fetch_for(strategy, *options.fetcher, options.generate_deadline, stop);
    if (!response) return response.error();
    return PageSnapshot{.url = response->url,
                        .content_type = std::string(response->header("content-type")),
                        .body = std::move(response->body),
                        .fetched_at = options.clock->now()};
}

/// Hands the work to a generator, whatever that throws.
template <class Call>
Result<GeneratedPlan> guarded_generation(Call&& call) {
    try {
        return call();
    } catch (const std::exception& e) {
        return Error{ErrorCode::internal, e.what(), "generator"};
    }
}

/// What is stored of a plan that was made for `strategy` from the page at `page_url`. Errors: unprocessable when it
/// extracts nothing.
Result<Planned> accept_plan(Strategy strategy, GeneratedPlan generated, std::string_view page_url) {
    const auto compiled = adopt_plan(strategy, generated.definition);
    if (!compiled) return Error{ErrorCode::internal, compiled.error().message, compiled.error().subject};
    if (generated.items.empty())
        return Error{ErrorCode::unprocessable, "No items could be extracted", "the plan finds none on this page"};
    Planned planned;
    planned.plan = {.scraper_type = strategy.scraper_type,
                    .strategy = std::move(strategy.strategy),
                    .api_parameters = std::move(strategy.api_parameters),
                    .attempts = generated.attempts,
                    .warnings = std::move(generated.warnings),
                    .snapshot = {}};
    planned.preview_data =
        preview_of(*compiled, run::shape_and_filter(*compiled, std::move(generated.items), page_url));
    return planned;
}

/// The plan a request brings, as it is.
Result<Planned> take_ready_plan(const StrategyRequest& request, Strategy strategy,
                                const std::optional<Value>& definition) {
    if (!definition) return bad_request("Missing required field: strategy", "strategy");
    if (auto compiled = adopt_plan(strategy, *definition); !compiled) return compiled.error();
    Planned planned;
    planned.plan.scraper_type = strategy.scraper_type;
    planned.plan.strategy = std::move(strategy.strategy);
    planned.plan.api_parameters = std::move(strategy.api_parameters);
    planned.plan.attempts = request.strategy ? 0 : 1;
    planned.preview_data = "[]";
    return planned;
}

/// Runs the plan a request brings.
Result<Planned> run_ready_plan(const EngineOptions& options, const StrategyRequest& request, Strategy strategy,
                               const Value& definition, std::stop_token stop) {
    const auto compiled = adopt_plan(strategy, definition);
    if (!compiled) return compiled.error();
    auto outcome = run::scrape(
        *compiled, *options.fetcher,
        {.url = request.url, .timeout = options.generate_deadline, .limits = options.jobs.extract, .keep_page = true},
        stop);
    if (const auto* failure = std::get_if<run::ScrapeFailure>(&outcome)) return failure->error;
    auto& scraped = std::get<run::Scraped>(outcome);
    if (!request.strategy && scraped.extracted_count == 0)
        return Error{ErrorCode::unprocessable, "No items could be extracted", "the page has no text"};
    Planned planned;
    planned.plan = {.scraper_type = strategy.scraper_type,
                    .strategy = std::move(strategy.strategy),
                    .api_parameters = std::move(strategy.api_parameters),
                    .attempts = request.strategy ? 0 : 1,
                    .warnings = std::move(scraped.warnings),
                    .snapshot = std::move(scraped.page)};
    planned.preview_data = preview_of(*compiled, std::move(scraped.items));
    return planned;
}

/// Makes a plan for a request that brings none.
Result<Planned> make_plan(const EngineOptions& options, const StrategyRequest& request, const Strategy& strategy,
                          std::stop_token stop) {
    const TimePoint started = options.clock->now();
    auto response = fetch_for(strategy, *options.fetcher, options.generate_deadline, stop);
    if (!response) return response.error();
    const auto schema = schema_of(strategy);
    if (!schema) return schema.error();

    const Page page{response->body, response->url, response->header("content-type")};
    const auto left = options.generate_deadline - (options.clock->now() - started);
    if (left <= std::chrono::milliseconds{0})
        return Error{ErrorCode::timeout, deadline_message(options.generate_deadline), strategy.url, true};
    auto generated = guarded_generation([&] {
        return options.generator->generate({.page = page,
                                            .description = request.description,
                                            .output_schema = *schema ? &**schema : nullptr,
                                            .force_api = request.force_api,
                                            .scraper_type = request.scraper_type,
                                            .timeout = std::chrono::duration_cast<std::chrono::milliseconds>(left)},
                                           stop);
    });
    if (!generated) {
        if (generated.error().code == ErrorCode::unprocessable)
            if (const auto wall = run::find_blocked(page, strategy.url)) return wall->error;
        return generated.error();
    }
    auto planned = accept_plan(strategy, *std::move(generated), response->url);
    if (!planned) return planned;
    planned->plan.snapshot = PageSnapshot{.url = response->url,
                                          .content_type = std::string(response->header("content-type")),
                                          .body = std::move(response->body),
                                          .fetched_at = {}};
    return planned;
}

}  // namespace

Result<std::optional<OutputSchema>> schema_of(const Strategy& strategy) {
    if (!strategy.output_schema) return std::optional<OutputSchema>{};
    const auto value = parse_json(*strategy.output_schema);
    if (!value) return value.error();
    auto schema = OutputSchema::parse(*value);
    if (!schema) return schema.error();
    return std::optional<OutputSchema>(*std::move(schema));
}

std::string preview_of(const run::CompiledStrategy& compiled, std::vector<Value> items) {
    if (items.size() > preview_items) items.resize(preview_items);
    return to_json(run::results_of(compiled, std::move(items)));
}

Result<StrategyUpdate> regenerate_strategy(const EngineOptions& options, const Strategy& current,
                                           std::string_view output_schema, std::optional<PageSnapshot> kept,
                                           std::stop_token stop) {
    Strategy strategy = current;
    strategy.output_schema = std::string(output_schema);
    const auto schema = schema_of(strategy);
    if (!schema) return schema.error();
    const bool fetched = !kept;
    if (fetched) {
        auto page = fetch_snapshot(options, strategy, stop);
        if (!page) return page.error();
        kept = *std::move(page);
    }
    const Page page{kept->body, kept->url, kept->content_type};
    StrategyUpdate update;
    update.expected_strategy = current.strategy;
    update.output_schema = strategy.output_schema;
    if (current.attempts == 0) {  // the caller's own plan
        const auto compiled = run::compile(strategy);
        if (!compiled) return compiled.error();
        auto extraction = extract(page, compiled->plan, options.jobs.extract);
        if (!extraction) return extraction.error();
        update.plan = StrategyUpdate::NewPlan{.scraper_type = current.scraper_type,
                                              .strategy = current.strategy,
                                              .api_parameters = current.api_parameters,
                                              .attempts = 0,
                                              .warnings = std::move(extraction->warnings),
                                              .snapshot = {}};
        update.preview_data =
            preview_of(*compiled, run::shape_and_filter(*compiled, std::move(extraction->items), page.url));
    } else {
        auto generated = guarded_generation([&] {
            return options.generator->generate({.page = page,
                                                .description = current.description,
                                                .output_schema = *schema ? &**schema : nullptr,
                                                .force_api = false,
                                                .scraper_type = current.scraper_type,
                                                .timeout = options.generate_deadline},
                                               stop);
        });
        if (!generated) return generated.error();
        auto planned = accept_plan(std::move(strategy), *std::move(generated), page.url);
        if (!planned) return planned.error();
        update.plan = std::move(planned->plan);
        update.preview_data = std::move(planned->preview_data);
    }
    update.updated_at = std::max(options.clock->now(), current.updated_at);
    if (fetched) update.plan->snapshot = std::move(kept);
    return update;
}

Result<Strategy> Engine::create_strategy(const StrategyRequest& request, const Caller& caller, std::stop_token stop) {
    return impl_->make_strategy(request, PageUse::fetched, caller, stop, [this](const NewStrategy& made) {
        return impl_->strategies().insert(made.strategy, made.created, made.snapshot, made.reservation);
    });
}

Result<Strategy> Engine::Impl::make_strategy(const StrategyRequest& request, PageUse page, const Caller& caller,
                                             std::stop_token stop,
                                             const std::function<Result<void>(const NewStrategy&)>& store) {
    Impl& self = *this;
    if (self.runner->stopping()) return self.stopping_error();
    const auto definition = ready_plan(request);
    auto strategy = draft_strategy(request, definition);
    if (!strategy) return strategy.error();
    if (request.strategy_group_id) {
        const auto group = self.require_strategy_group(*request.strategy_group_id, caller);
        if (!group) return group.error();
        strategy->strategy_group_id = group->group_id;
    }

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

    auto planned = page == PageUse::unseen ? take_ready_plan(request, *strategy, definition)
                   : definition            ? run_ready_plan(self.options, request, *strategy, *definition, stop)
                                           : make_plan(self.options, request, *strategy, stop);
    const TimePoint now = self.now();
    if (!planned) {
        if (planned.error().code == ErrorCode::timeout && now >= deadline)
            return Error{ErrorCode::unavailable, deadline_message(self.options.generate_deadline), request.url, true};
        return planned.error();
    }

    strategy->strategy_id = core::new_uuid(now);
    strategy->account_id = caller.account_id;
    strategy->scraper_type = planned->plan.scraper_type;
    strategy->strategy = std::move(planned->plan.strategy);
    strategy->api_parameters = std::move(planned->plan.api_parameters);
    strategy->attempts = planned->plan.attempts;
    strategy->warnings = std::move(planned->plan.warnings);
    strategy->preview_data = std::move(planned->preview_data);
    strategy->created_at = strategy->updated_at = now;
    if (planned->plan.snapshot) planned->plan.snapshot->fetched_at = now;
    const AuditEvent created{.id = core::new_uuid(now),
                             .account_id = caller.account_id,
                             .event = "created",
                             .strategy_id = strategy->strategy_id,
                             .strategy_name = strategy->name,
                             .url = strategy->url,
                             .api_key_prefix = caller.api_key_prefix,
                             .created_at = now};
    if (auto stored = store({*strategy, created, planned->plan.snapshot, reservation.id()}); !stored)
        return stored.error();
    reservation.used();
    return strategy;
}

Result<Strategy> Engine::refine_strategy(std::string_view strategy_id, std::string_view feedback, const Caller& caller,
                                         std::stop_token stop) {
    Impl& self = *impl_;
    if (self.runner->stopping()) return self.stopping_error();
    if (core::trim(feedback).empty()) return bad_request("feedback must not be empty", "feedback");
    if (feedback.size() > max_feedback_bytes)
        return bad_request("feedback is longer than 10000 characters", "feedback");

    for (int i = 0; i < refine_tries; ++i) {
        auto current = self.require_strategy(strategy_id, caller);
        if (!current) return current;
        if (current->scraper_type == ScraperType::content)
            return bad_request("Content strategies cannot be refined", {});

        auto kept = self.strategies().find_snapshot(caller.account_id, current->strategy_id);
        if (!kept) return kept.error();
        const bool fetched = !*kept;
        if (fetched) {
            auto page = fetch_snapshot(self.options, *current, stop);
            if (!page) return page.error();
            *kept = *std::move(page);
        }
        const PageSnapshot& snapshot = **kept;
        const auto schema = schema_of(*current);
        if (!schema) return schema.error();
        const auto definition = parse_json(current->strategy);
        if (!definition) return definition.error();

        auto generated = guarded_generation([&] {
            return self.options.generator->refine(
                {.original = {.page = {snapshot.body, snapshot.url, snapshot.content_type},
                              .description = current->description,
                              .output_schema = *schema ? &**schema : nullptr,
                              .force_api = false,
                              .scraper_type = std::nullopt,
                              .timeout = self.options.generate_deadline},
                 .plan = &*definition,
                 .feedback = feedback},
                stop);
        });
        if (!generated) return generated.error();
        auto planned = accept_plan(*current, *std::move(generated), snapshot.url);
        if (!planned) return planned.error();
        if (fetched) planned->plan.snapshot = std::move(*kept);

        StrategyUpdate update;
        update.plan = std::move(planned->plan);
        update.preview_data = std::move(planned->preview_data);
        update.expected_strategy = current->strategy;
        update.updated_at = std::max(self.now(), current->updated_at);
        auto updated = self.strategies().update(caller.account_id, current->strategy_id, update);
        if (!updated && updated.error().code == ErrorCode::conflict) continue;
        if (!updated) return updated.error();
        if (!*updated) return not_found("Strategy", strategy_id);
        return **std::move(updated);
    }
    return Error{ErrorCode::unavailable, "The strategy is being changed by others", std::string(strategy_id), true};
}

}  // namespace meter
