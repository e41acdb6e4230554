#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "engine/shop.hpp"
#include "meter/testing/scripted_generator.hpp"

using meter::ErrorCode;
using meter::Value;

namespace {

Value json(std::string_view text) {
    return meter::parse_json(text).value();
}

/// What a generator makes of the shop: the fields by name, each read from the element that has its name as class or
/// tag.
meter::Result<meter::GeneratedPlan> shop_plan(const meter::Page& page, const std::string& fields) {
    const Value definition = json(R"({"type":"css","container":{"selector":"li.product"},"fields":)" + fields + "}");
    auto found = meter::extract(page, meter::Plan::parse(definition).value());
    if (!found) return found.error();
    meter::GeneratedPlan plan;
    plan.definition = definition;
    plan.items = std::move(found->items);
    return plan;
}

constexpr std::string_view names_only = R"({"name":{"selector":"h2"}})";
constexpr std::string_view names_and_prices = R"({"name":{"selector":"h2"},"price":{"selector":".price"}})";

/// The shop with an engine whose generator the test scripts.
struct Fixture {
    std::shared_ptr<meter::testing::ManualClock> clock = std::make_shared<meter::testing::ManualClock>();
    std::shared_ptr<meter::testing::ScriptedFetcher> site = std::make_shared<meter::testing::ScriptedFetcher>();
    std::shared_ptr<meter::testing::ScriptedGenerator> generator =
        std::make_shared<meter::testing::ScriptedGenerator>();
    std::unique_ptr<meter::Engine> engine;

    Fixture() {
        site->page(shop::url, shop::page({{"Product A", "$19.99"}, {"Product B", "$29.99"}}));
        engine = meter::Engine::open({.fetcher = site, .clock = clock, .generator = generator, .jobs = {.workers = 0}})
                     .value();
        generator->on_generate([](const meter::GenerateInput& input, std::stop_token) {
            return shop_plan(input.page, std::string(names_only));
        });
    }

    meter::Result<meter::Strategy> create(meter::StrategyRequest request = {}) {
        request.url = shop::url;
        request.name = "Shop";
        if (request.description.empty()) request.description = "product names";
        return engine->create_strategy(request);
    }

    std::int64_t used() { return engine->quota().value().used; }
};

}  // namespace

TEST_SUITE("engine.generate") {
    TEST_CASE("the generator is given the page, the description and the schema, and its plan is stored") {
        Fixture f;
        f.generator->on_generate([](const meter::GenerateInput& input, std::stop_token) {
            CHECK(input.page.url == shop::url);
            CHECK(input.page.content_type == "text/html; charset=utf-8");
            CHECK(input.description == "names and sizes");
            REQUIRE(input.output_schema != nullptr);
            CHECK(input.force_api);
            CHECK(input.timeout == std::chrono::seconds(55));
            auto plan = shop_plan(input.page, std::string(names_and_prices));
            plan->warnings = {"size was not found on the page"};
            plan->attempts = 2;
            return plan;
        });
        const auto strategy = f.create({.description = "names and sizes",
                                        .force_api = true,
                                        .output_schema = json(R"({"price":"number","size":"string"})")});
        REQUIRE(strategy);
        CHECK(strategy->preview_data == R"([{"price":19.99,"size":null},{"price":29.99,"size":null}])");
        CHECK(strategy->attempts == 2);
        CHECK(strategy->warnings == std::vector<std::string>{"size was not found on the page"});
        CHECK(f.engine->get_strategy(strategy->strategy_id).value() == *strategy);
        CHECK(f.used() == 1);

        const auto job = f.engine->execute({.strategy_id = strategy->strategy_id, .url = shop::url});
        REQUIRE(job);
        CHECK(job->results == strategy->preview_data);
    }

    TEST_CASE("what goes wrong leaves no strategy and no quota behind") {
        struct Row {
            std::string_view name;
            meter::testing::ScriptedGenerator::Generate script;
            ErrorCode code;
            std::string_view message;
        };
        const std::vector<Row> rows{
            {"refuses",
             [](const auto&, auto) {
                 return meter::Error{ErrorCode::unprocessable, "Looked for name; the page has no list", "description"};
             },
             ErrorCode::unprocessable, "Looked for name; the page has no list"},
            {"finds nothing",
             [](const auto& input, auto) {
                 auto plan = shop_plan(input.page, std::string(names_only));
                 plan->items.clear();
                 return plan;
             },
             ErrorCode::unprocessable, "No items could be extracted"},
            {"away",
             [](const auto&, auto) {
                 return meter::Error{ErrorCode::unavailable, "Model away", "generator"};
             },
             ErrorCode::unavailable, "Model away"},
            {"throws",
             [](const auto&, auto) -> meter::Result<meter::GeneratedPlan> { throw std::runtime_error("oops"); },
             ErrorCode::internal, "oops"},
            {"no plan",
             [](const auto&, auto) {
                 meter::GeneratedPlan plan;
                 plan.definition = meter::Object{{"type", "css"}};
                 plan.items = {Value(meter::Object{{"a", 1}})};
                 return plan;
             },
             ErrorCode::internal,
             {}},
        };
        for (const Row& row : rows) {
            CAPTURE(row.name);
            Fixture f;
            f.generator->on_generate(row.script);
            const auto made = f.create();
            REQUIRE_FALSE(made);
            CHECK(made.error().code == row.code);
            if (!row.message.empty()) CHECK(made.error().message == row.message);
            CHECK(f.engine->list_strategies().value().empty());
            CHECK(f.used() == 0);
        }
    }

    TEST_CASE("a captcha instead of the page is said to be one") {
        Fixture f;
        f.site->page(shop::url, "<title>Just a moment...</title><form id=challenge-form></form>");
        f.generator->on_generate({});
        const auto made = f.create();
        REQUIRE_FALSE(made);
        CHECK(made.error().code == ErrorCode::blocked);
        CHECK(made.error().message.starts_with("Page blocked: "));
    }

    TEST_CASE("refining replaces plan, preview, attempts and warnings, and nothing else") {
        Fixture f;
        const auto before =
            f.create({.filter_config = json(R"({"conditions":[{"field":"name","operator":"contains","value":"b"}]})")})
                .value();
        f.site->page(shop::url, shop::page({{"Other B", "$1"}}));  // the kept page counts
        f.clock->advance(std::chrono::minutes(1));
        f.generator->on_refine([&](const meter::RefineInput& input, std::stop_token) {
            CHECK(input.feedback == "also extract prices");
            CHECK(input.original.description == "product names");
            CHECK(meter::to_json(*input.plan) == before.strategy);
            return shop_plan(input.original.page, std::string(names_and_prices));
        });
        const auto after = f.engine->refine_strategy(before.strategy_id, "also extract prices").value();
        auto expected = before;
        expected.strategy = after.strategy;
        expected.preview_data = R"([{"name":"Product B","price":"$29.99"}])";
        expected.updated_at = f.clock->now();
        CHECK(after == expected);
        CHECK(after.strategy != before.strategy);
        CHECK(f.engine->get_strategy(before.strategy_id).value() == after);
        CHECK(f.site->count(shop::url) == 1);
    }

    TEST_CASE("refining fetches the page again when it is no longer kept, and keeps that one") {
        Fixture f;
        const auto strategy = f.create().value();
        REQUIRE(f.engine->store().strategies().drop_snapshots_before(f.clock->now() + std::chrono::hours(1)).value() ==
                1);
        f.site->page(shop::url, shop::page({{"New", "$1"}}));
        f.generator->on_refine([](const meter::RefineInput& input, std::stop_token) {
            return shop_plan(input.original.page, std::string(names_and_prices));
        });
        CHECK(f.engine->refine_strategy(strategy.strategy_id, "prices too").value().preview_data ==
              R"([{"name":"New","price":"$1"}])");
        CHECK(f.engine->refine_strategy(strategy.strategy_id, "again").has_value());
        CHECK(f.site->count(shop::url) == 2);
    }

    TEST_CASE("feedback that helps nothing leaves the old plan") {
        Fixture f;
        const auto strategy = f.create().value();
        const auto content =
            f.engine->create_strategy({.url = shop::url, .name = "Text", .scraper_type = meter::ScraperType::content});
        f.generator->on_refine(
            [](const meter::RefineInput& input, std::stop_token) -> meter::Result<meter::GeneratedPlan> {
                if (input.feedback == "nothing") return shop_plan({"<p>", shop::url}, std::string(names_only));
                return meter::Error{ErrorCode::unprocessable, "Feedback not understood: blah", "feedback"};
            });
        struct Row {
            std::string id;
            std::string_view feedback;
            ErrorCode code;
            std::string_view message;
        };
        for (const Row& row : {
                 Row{strategy.strategy_id, "blah", ErrorCode::unprocessable, "Feedback not understood: blah"},
                 Row{strategy.strategy_id, "nothing", ErrorCode::unprocessable, "No items could be extracted"},
                 Row{strategy.strategy_id, " \n", ErrorCode::invalid_argument, "feedback must not be empty"},
                 Row{"00000000-0000-4000-8000-000000000000", "x", ErrorCode::not_found, "Strategy not found"},
             }) {
            CAPTURE(row.feedback);
            const auto refined = f.engine->refine_strategy(row.id, row.feedback);
            REQUIRE_FALSE(refined);
            CHECK(refined.error().code == row.code);
            CHECK(refined.error().message == row.message);
        }
        CHECK(f.engine->get_strategy(strategy.strategy_id).value() == strategy);
        CHECK(f.engine->refine_strategy(strategy.strategy_id, "x", {.account_id = "other"}).error().code ==
              ErrorCode::not_found);
        f.site->page(shop::url, "<h1>Docs</h1><p>Text.</p>");
        const auto docs =
            f.engine->create_strategy({.url = shop::url, .name = "Docs", .scraper_type = meter::ScraperType::content});
        REQUIRE(docs);
        const auto refused = f.engine->refine_strategy(docs->strategy_id, "more");
        CHECK(refused.error().code == ErrorCode::invalid_argument);
        CHECK(refused.error().message == "Content strategies cannot be refined");
    }

    TEST_CASE("a refinement stored meanwhile is not lost: the later one builds on it") {
        Fixture f;
        const auto strategy = f.create().value();
        int calls = 0;
        f.generator->on_refine([&](const meter::RefineInput& input, std::stop_token) {
            const bool first = ++calls == 1;
            Value fields = *input.plan->find("fields");
            const std::string name(input.feedback);
            if (first) {
                const auto other = f.engine->refine_strategy(strategy.strategy_id, "other");
                REQUIRE(other);
            }
            auto members = *fields.if_object();
            members.set(name, json(R"({"selector":".price"})"));
            return shop_plan(input.original.page, meter::to_json(Value(members)));
        });
        const auto refined = f.engine->refine_strategy(strategy.strategy_id, "mine").value();
        CHECK(refined.preview_data.find(R"({"name":"Product A","other":"$19.99","mine":"$19.99"})") !=
              std::string::npos);
        CHECK(calls == 3);
    }
}
