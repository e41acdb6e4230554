#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "engine/shop.hpp"
#include "meter/testing/scripted_generator.hpp"

using namespace meter;

namespace {

Value group_json(std::string_view text) {
    return parse_json(text).value();
}

/// A plan for the shop; `heading` tells plans apart.
Result<GeneratedPlan> group_plan(const Page& page, const std::string& heading) {
    const Value definition = group_json(
        R"({"type":"css","container":{"selector":"li.product"},"fields":{"name":{"selector":")" + heading + "\"}}}");
    auto found = extract(page, Plan::parse(definition).value());
    if (!found) return found.error();
    GeneratedPlan plan;
    plan.definition = definition;
    plan.items = std::move(found->items);
    return plan;
}

/// Some strategies of a scripted generator in one group.
struct GroupFixture {
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    std::shared_ptr<testing::ScriptedFetcher> site = std::make_shared<testing::ScriptedFetcher>();
    std::shared_ptr<testing::ScriptedGenerator> generator = std::make_shared<testing::ScriptedGenerator>();
    std::unique_ptr<Engine> engine;
    std::string group_id;
    std::vector<Strategy> members;

    explicit GroupFixture(int count) {
        site->page(shop::url, shop::page({{"Product A", "$19.99"}, {"Product B", "$29.99"}}));
        engine =
            Engine::open({.fetcher = site, .clock = clock, .generator = generator, .jobs = {.workers = 0}}).value();
        generator->on_generate(
            [](const GenerateInput& input, std::stop_token) { return group_plan(input.page, "h2"); });
        group_id = engine->create_strategy_group({.name = "Shops"}).value().group_id;
        for (int i = 0; i < count; ++i) {
            StrategyRequest request;
            request.url = shop::url;
            request.description = "names " + std::to_string(i);
            request.name = "Shop " + std::to_string(i);
            request.strategy_group_id = group_id;
            members.push_back(engine->create_strategy(request).value());
        }
    }

    RegenerationProgress progress() { return engine->group_schema_progress(group_id).value(); }
    Strategy member(std::size_t i) { return engine->get_strategy(members[i].strategy_id).value(); }
};

const Value& names_schema() {
    static const Value schema = group_json(R"({"name":"string"})");
    return schema;
}

}  // namespace

TEST_SUITE("engine.strategy_groups") {
    TEST_CASE("a member that cannot be made again keeps plan and schema, the others go on") {
        GroupFixture fixture(3);
        fixture.generator->on_generate([](const GenerateInput& input, std::stop_token) -> Result<GeneratedPlan> {
            CHECK(input.output_schema != nullptr);
            CHECK(input.scraper_type == ScraperType::css);
            if (input.description == "names 1") return Error{ErrorCode::unprocessable, "Nothing fits"};
            if (input.description == "names 2") throw std::runtime_error("broken");
            return group_plan(input.page, "li h2");
        });
        CHECK(fixture.engine->apply_group_schema(fixture.group_id, names_schema()).value() == 3);
        CHECK(fixture.progress().status() == RegenerationStatus::running);
        fixture.clock->advance(std::chrono::seconds(5));
        REQUIRE(fixture.engine->run_pending());
        const auto done = fixture.progress();
        CHECK(done.status() == RegenerationStatus::partial);
        CHECK(done.completed == 1);
        CHECK(done.errors == std::vector<RegenerationError>{{fixture.members[2].strategy_id, "broken"},
                                                            {fixture.members[1].strategy_id, "Nothing fits"}});
        CHECK(fixture.member(1) == fixture.members[1]);
        CHECK(fixture.member(2) == fixture.members[2]);
        const Strategy made = fixture.member(0);
        CHECK(made.output_schema == R"({"name":"string"})");
        CHECK(made.strategy.find("li h2") != std::string::npos);
        CHECK(made.updated_at == fixture.clock->now());
        CHECK(fixture.engine->quota().value().used == 3);
        CHECK(fixture.engine->metrics().regenerations_completed == 1);
        CHECK(fixture.engine->metrics().regenerations_failed == 2);
    }

    TEST_CASE("a plan that is refined meanwhile is made again from what it is then") {
        GroupFixture fixture(1);
        fixture.generator->on_refine(
            [](const RefineInput& input, std::stop_token) { return group_plan(input.original.page, "li > h2"); });
        int calls = 0;
        fixture.generator->on_generate([&](const GenerateInput& input, std::stop_token) {
            if (++calls == 1) CHECK(fixture.engine->refine_strategy(fixture.members[0].strategy_id, "names"));
            return group_plan(input.page, "li h2");
        });
        REQUIRE(fixture.engine->apply_group_schema(fixture.group_id, names_schema()));
        REQUIRE(fixture.engine->run_pending());
        CHECK(calls == 2);
        CHECK(fixture.progress().status() == RegenerationStatus::completed);
        CHECK(fixture.member(0).strategy.find("li h2") != std::string::npos);
    }

    TEST_CASE("an engine that stops gives back what it makes, the next one goes on") {
        GroupFixture fixture(2);
        std::stop_source stop;
        fixture.generator->on_generate([&](const GenerateInput&, std::stop_token token) -> Result<GeneratedPlan> {
            stop.request_stop();
            CHECK(token.stop_requested());
            return Error{ErrorCode::cancelled, "cancelled"};
        });
        REQUIRE(fixture.engine->apply_group_schema(fixture.group_id, names_schema()));
        REQUIRE(fixture.engine->run_pending(stop.get_token()));
        CHECK(fixture.progress().pending == 2);
        fixture.generator->on_generate(
            [](const GenerateInput& input, std::stop_token) { return group_plan(input.page, "li h2"); });
        REQUIRE(fixture.engine->run_pending());
        CHECK(fixture.progress().completed == 2);
    }

    TEST_CASE("a page that is no longer kept is fetched again, and kept") {
        GroupFixture fixture(1);
        REQUIRE(
            fixture.engine->store().strategies().drop_snapshots_before(fixture.clock->now() + std::chrono::hours(1)));
        REQUIRE(fixture.engine->apply_group_schema(fixture.group_id, names_schema()));
        REQUIRE(fixture.engine->run_pending());
        CHECK(fixture.progress().completed == 1);
        CHECK(fixture.engine->store().strategies().find_snapshot("default", fixture.members[0].strategy_id).value());
    }

    TEST_CASE("of calls at once each schedules every member once") {
        GroupFixture fixture(8);
        std::vector<std::jthread> callers;
        for (int i = 0; i < 4; ++i)
            callers.emplace_back([&, i] {
                SchedulePatch patch;
                patch.interval_seconds = 3600 + i;
                patch.webhook_url = std::optional<std::string>("https://hook.test/");
                (void)fixture.engine->apply_group_schedule(fixture.group_id, patch);
            });
        callers.clear();
        const auto schedules = fixture.engine->list_schedules().value();
        REQUIRE(schedules.size() == 8);
        for (const Schedule& schedule : schedules) {
            CHECK(schedule.interval_seconds == schedules.front().interval_seconds);
            CHECK(schedule.webhook_secret == schedules.front().webhook_secret);
        }
    }

    TEST_CASE("a group's schedule has timing and webhook members only") {
        GroupFixture fixture(1);
        for (const auto& set : {+[](SchedulePatch& patch) { patch.url = shop::url; },
                                +[](SchedulePatch& patch) { patch.enabled = false; },
                                +[](SchedulePatch& patch) { patch.parameters = Value(Object{}); }}) {
            SchedulePatch patch;
            patch.interval_seconds = 3600;
            set(patch);
            const auto applied = fixture.engine->apply_group_schedule(fixture.group_id, patch);
            REQUIRE_FALSE(applied);
            CHECK(applied.error().code == ErrorCode::invalid_argument);
        }
    }
}
