#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "engine/shop.hpp"

using meter::ErrorCode;
using meter::Value;
using shop::Fixture;

TEST_SUITE("engine.strategies") {
    TEST_CASE("a given plan becomes a stored strategy with a preview and an audit event") {
        Fixture f;
        const meter::Caller caller{.api_key_prefix = "sk_live_abcd"};
        const auto strategy = f.strategy(caller);
        CHECK(strategy.preview_data ==
              R"([{"name":"Product A","price":"$19.99"},{"name":"Product B","price":"$29.99"}])");
        CHECK(strategy.attempts == 0);
        CHECK(strategy.scraper_type == meter::ScraperType::css);
        CHECK(strategy.created_at == f.clock->now());

        CHECK(f.engine->get_strategy(strategy.strategy_id).value() == strategy);
        const auto audit = f.engine->list_audit().value();
        REQUIRE(audit.size() == 1);
        CHECK(audit[0].event == "created");
        CHECK(audit[0].strategy_id == strategy.strategy_id);
        CHECK(audit[0].api_key_prefix == "sk_live_abcd");
    }

    TEST_CASE("the preview holds the first ten items after schema and filter") {
        Fixture f;
        std::vector<std::pair<std::string, std::string>> many;
        for (int i = 0; i < 14; ++i) many.emplace_back("P" + std::to_string(i), "$" + std::to_string(i));
        f.site->page(shop::url, shop::page(many));
        const auto strategy =
            f.engine
                ->create_strategy(
                    {.url = shop::url,
                     .description = {},
                     .name = "Shop",
                     .strategy = shop::plan(),
                     .output_schema = meter::parse_json(R"({"price":"number"})").value(),
                     .filter_config =
                         meter::parse_json(R"({"conditions":[{"field":"price","operator":"gt","value":1}]})").value()})
                .value();
        const auto preview = meter::parse_json(strategy.preview_data).value();
        REQUIRE(preview.if_array()->size() == 10);
        CHECK(meter::to_json(preview.if_array()->front()) == R"({"price":2})");
    }

    TEST_CASE("bad requests are refused before anything is fetched") {
        Fixture f;
        struct Row {
            meter::StrategyRequest request;
            ErrorCode code;
            std::string_view subject;
        };
        const auto json = [](std::string_view text) { return meter::parse_json(text).value(); };
        meter::StrategyRequest good{.url = shop::url, .description = {}, .name = "n", .strategy = shop::plan()};
        std::vector<Row> rows;
        const auto add = [&](ErrorCode code, std::string_view subject, auto spoil) {
            meter::StrategyRequest request = good;
            spoil(request);
            rows.push_back({request, code, subject});
        };
        add(ErrorCode::invalid_url, "ftp://x", [](auto& r) { r.url = "ftp://x"; });
        add(ErrorCode::invalid_argument, "name", [](auto& r) { r.name = ""; });
        add(ErrorCode::invalid_argument, "description", [](auto& r) {
            r.strategy.reset();
            r.description = " ";
        });
        add(ErrorCode::invalid_argument, "strategy.container.selector", [&](auto& r) {
            r.strategy = json(R"({"container":{"selector":"a::b"},"fields":{"n":{"selector":"b"}}})");
        });
        add(ErrorCode::invalid_argument, "strategy.type", [](auto& r) { r.scraper_type = meter::ScraperType::api; });
        add(ErrorCode::invalid_argument, "force_api", [&](auto& r) {
            r.strategy = json(R"({"type":"content"})");
            r.force_api = true;
        });
        add(ErrorCode::invalid_argument, "output_schema", [&](auto& r) {
            r.strategy = json(R"({"type":"content"})");
            r.output_schema = json(R"({"a":"string"})");
        });
        add(ErrorCode::not_found, "00000000-0000-4000-8000-000000000000",
            [](auto& r) { r.strategy_group_id = "00000000-0000-4000-8000-000000000000"; });
        add(ErrorCode::unsupported, "fetch.render", [&](auto& r) { r.fetch = json(R"({"render":"browser"})"); });
        for (const Row& row : rows) {
            CAPTURE(row.subject);
            const auto made = f.engine->create_strategy(row.request);
            REQUIRE_FALSE(made);
            CHECK(made.error().code == row.code);
            if (row.code != ErrorCode::invalid_url) CHECK(made.error().subject == row.subject);
        }
        CHECK(f.site->requests().empty());
        CHECK(f.engine->list_strategies().value().empty());
        CHECK(f.engine->quota().value().used == 0);
    }

    TEST_CASE("a page that cannot be read leaves no strategy, no audit and no quota behind") {
        Fixture f;
        f.site->failure(shop::url,
                        {ErrorCode::timeout, "Connection timeout: target site did not respond", shop::url, true});
        const auto made =
            f.engine->create_strategy({.url = shop::url, .description = {}, .name = "n", .strategy = shop::plan()});
        REQUIRE_FALSE(made);
        CHECK(made.error().message == "Connection timeout: target site did not respond");
        CHECK(f.engine->list_audit().value().empty());
        CHECK(f.engine->quota().value().used == 0);
    }

    TEST_CASE("a generated content strategy needs items, a given plan does not") {
        Fixture f;
        f.site->page(shop::url, "<body></body>");
        const auto empty = f.engine->create_strategy(
            {.url = shop::url, .description = {}, .name = "n", .scraper_type = meter::ScraperType::content});
        REQUIRE_FALSE(empty);
        CHECK(empty.error().code == ErrorCode::unprocessable);
        CHECK(empty.error().message == "No items could be extracted");
        CHECK(f.strategy().preview_data == "[]");

        f.site->page(shop::url, "<body><h1>Docs</h1><p>Text.</p></body>");
        const auto content = f.engine->create_strategy(
            {.url = shop::url, .description = {}, .name = "n", .scraper_type = meter::ScraperType::content});
        REQUIRE(content);
        CHECK(content->attempts == 1);
        CHECK(content->preview_data == R"([{"heading":"Docs","level":1,"content":"Text."}])");
    }

    TEST_CASE("past the deadline the answer is unavailable, and nothing is stored") {
        Fixture f;
        f.site->handle(shop::url,
                       [&](const meter::Request& request, std::stop_token) -> meter::Result<meter::Response> {
                           CHECK(request.timeout == std::chrono::seconds(55));
                           f.clock->advance(std::chrono::seconds(55));
                           return meter::Error{ErrorCode::timeout, "Connection timeout: target site did not respond",
                                               request.url, true};
                       });
        const auto made =
            f.engine->create_strategy({.url = shop::url, .description = {}, .name = "n", .strategy = shop::plan()});
        REQUIRE_FALSE(made);
        CHECK(made.error().code == ErrorCode::unavailable);
        CHECK(f.engine->list_strategies().value().empty());
    }

    TEST_CASE("changing the filter recomputes the preview from the kept page, clearing it restores all items") {
        Fixture f;
        const auto strategy = f.strategy();
        f.site->page(shop::url, shop::page({{"Other", "$1"}}));  // the snapshot counts, not the page of today
        f.clock->advance(std::chrono::minutes(1));
        const auto filtered =
            f.engine
                ->update_strategy(
                    strategy.strategy_id,
                    {.filter_config =
                         meter::parse_json(R"({"conditions":[{"field":"name","operator":"contains","value":"b"}]})")
                             .value()})
                .value();
        CHECK(filtered.preview_data == R"([{"name":"Product B","price":"$29.99"}])");
        CHECK(filtered.updated_at == f.clock->now());
        const auto cleared = f.engine->update_strategy(strategy.strategy_id, {.filter_config = Value(nullptr)}).value();
        CHECK_FALSE(cleared.filter_config.has_value());
        CHECK(cleared.preview_data == strategy.preview_data);
    }

    TEST_CASE("an empty patch changes nothing, not even updated_at") {
        Fixture f;
        const auto strategy = f.strategy();
        f.clock->advance(std::chrono::minutes(1));
        CHECK(f.engine->update_strategy(strategy.strategy_id, {}).value() == strategy);
    }

    TEST_CASE("another account's strategy does not exist, whatever is asked of it") {
        Fixture f;
        const auto mine = f.strategy();
        const meter::Caller other{.account_id = "other"};
        CHECK(f.engine->get_strategy(mine.strategy_id, other).error().message == "Strategy not found");
        CHECK(f.engine->update_strategy(mine.strategy_id, {.name = "x"}, other).error().code == ErrorCode::not_found);
        CHECK(f.engine->delete_strategy(mine.strategy_id, other).error().code == ErrorCode::not_found);
        CHECK(f.engine->history(mine.strategy_id, {}, other).error().code == ErrorCode::not_found);
        CHECK(f.engine->submit({.strategy_id = mine.strategy_id, .url = shop::url}, other).error().code ==
              ErrorCode::not_found);
        CHECK(f.engine->list_strategies({}, other).value().empty());
        CHECK(f.engine->list_audit({}, other).value().empty());
        CHECK(f.engine->get_strategy("not-a-uuid").error().message == "Strategy not found");
    }

    TEST_CASE("the quota counts creations of 30 days, deleted ones included, and gives failures back") {
        Fixture f({.workers = 0}, {.tier = "pro", .limit = 2});
        const auto first = f.strategy();
        CHECK(f.engine->quota().value().used == 1);
        CHECK(f.engine->quota().value().reset_at == f.clock->now() + std::chrono::hours(24 * 30));
        f.engine->delete_strategy(first.strategy_id).value();
        CHECK(f.engine->quota().value().used == 1);
        f.clock->advance(std::chrono::hours(1));
        (void)f.strategy();

        const auto refused =
            f.engine->create_strategy({.url = shop::url, .description = {}, .name = "n", .strategy = shop::plan()});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::quota_exceeded);
        CHECK(refused.error().message == "Strategy quota exceeded: 2 of 2 strategies used in the last 30 days");

        f.clock->advance(std::chrono::hours(24 * 30) - std::chrono::minutes(30));  // the first has aged out
        CHECK(f.engine->quota().value().used == 1);
        (void)f.strategy();
    }

    TEST_CASE("lists are newest first, paged, and their ranges are checked") {
        Fixture f;
        std::vector<std::string> ids;
        for (int i = 0; i < 5; ++i) {
            ids.push_back(f.strategy().strategy_id);
            if (i % 2 == 0) f.clock->advance(std::chrono::seconds(1));
        }
        std::reverse(ids.begin(), ids.end());
        const auto page = f.engine->list_strategies({.limit = 2, .offset = 1}).value();
        REQUIRE(page.size() == 2);
        CHECK(page[0].strategy_id == ids[1]);
        CHECK(page[1].strategy_id == ids[2]);
        CHECK(f.engine->list_strategies({.limit = 10, .offset = 5}).value().empty());
        for (const meter::ListRange range : {meter::ListRange{0, 0}, {1001, 0}, {1, -1}})
            CHECK(f.engine->list_strategies(range).error().code == ErrorCode::invalid_argument);
    }

    TEST_CASE("deleting records the event and takes the jobs along") {
        Fixture f;
        const auto strategy = f.strategy();
        const auto job = f.run(strategy);
        f.engine->delete_strategy(strategy.strategy_id).value();
        CHECK(f.engine->get_job(job.job_id).error().code == ErrorCode::not_found);
        const auto audit = f.engine->list_audit({.event = "deleted"}).value();
        REQUIRE(audit.size() == 1);
        CHECK(audit[0].strategy_name == "Shop");
        CHECK(f.engine->delete_strategy(strategy.strategy_id).error().code == ErrorCode::not_found);
    }
}
