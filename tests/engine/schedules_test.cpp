#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "engine/shop.hpp"

using namespace meter;
using namespace std::chrono_literals;

namespace {

constexpr JobQuery everything{.range = {.limit = 1000}};

/// Start times of every job of a schedule, oldest first.
std::vector<TimePoint> run_times(Engine& engine, const std::string& schedule_id) {
    std::vector<TimePoint> times;
    for (JobQuery query = everything;; query.range.offset += query.range.limit) {
        query.schedule_id = schedule_id;
        const auto jobs = engine.list_jobs(query).value();
        for (const Job& job : jobs) times.push_back(job.created_at);
        if (jobs.size() < 1000) break;
    }
    std::reverse(times.begin(), times.end());
    return times;
}

Schedule every(Engine& engine, const Strategy& strategy, std::chrono::seconds interval) {
    return engine
        .create_schedule({.strategy_id = strategy.strategy_id, .url = shop::url, .interval_seconds = interval.count()})
        .value();
}

/// Lets the clock run to `end`, with a tick at each due time and nothing in between.
void live_until(shop::Fixture& fixture, TimePoint end) {
    for (;;) {
        const auto next = fixture.store->schedules().next_tick_at().value();
        if (!next || *next > end) break;
        if (*next > fixture.clock->now()) fixture.clock->set(*next);
        REQUIRE(fixture.engine->run_pending());
    }
    fixture.clock->set(end);
}

void reopen(shop::Fixture& fixture) {
    fixture.engine.reset();
    fixture.engine =
        Engine::open({.store = fixture.store, .fetcher = fixture.site, .clock = fixture.clock, .jobs = {.workers = 0}})
            .value();
}

void set_price(shop::Fixture& fixture, const std::string& price) {
    fixture.site->page(shop::url, shop::page({{"Product A", price}, {"Product B", "$29.99"}}));
}

/// One tick, an hour later.
void tick(shop::Fixture& fixture) {
    fixture.clock->advance(1h);
    REQUIRE(fixture.engine->run_pending());
}

std::size_t schedule_count(std::size_t otherwise) {
    const char* text = std::getenv("METER_SCHEDULES");
    return text != nullptr ? static_cast<std::size_t>(std::strtoul(text, nullptr, 10)) : otherwise;
}

}  // namespace

TEST_SUITE("engine.schedules") {
    TEST_CASE("an interval is due first one interval after its creation, then on that grid") {
        shop::Fixture fixture;
        const auto strategy = fixture.strategy();
        const auto schedule = every(*fixture.engine, strategy, 1h);
        const TimePoint start = fixture.clock->now();
        CHECK(schedule.next_run_at == start + 1h);
        CHECK(schedule.next_runs == std::vector<TimePoint>{start + 1h, start + 2h, start + 3h, start + 4h, start + 5h});
        live_until(fixture, start + 3h);
        CHECK(run_times(*fixture.engine, schedule.schedule_id) ==
              std::vector<TimePoint>{start + 1h, start + 2h, start + 3h});
        const auto now = fixture.engine->get_schedule(schedule.schedule_id).value();
        CHECK(now.last_run_at == start + 3h);
        CHECK(now.next_run_at == start + 4h);
    }

    // Wire contract 13.1. METER_SCHEDULES=10000 is the full size: about 300,000 ticks.
    TEST_CASE("over a week every schedule runs at each of its due times, without a gap or a double") {
        shop::Fixture fixture;
        fixture.site->page(shop::url, "<ul><li class=product><h2>A</h2></ul>");
        const auto strategy = fixture.strategy();
        const TimePoint start = fixture.clock->now();
        const std::size_t count = schedule_count(60);
        std::vector<Schedule> schedules;
        std::vector<std::chrono::seconds> intervals;
        for (std::size_t i = 0; i < count; ++i) {
            intervals.push_back(1h + std::chrono::seconds(i * 7919 % 82'800));
            schedules.push_back(every(*fixture.engine, strategy, intervals.back()));
            // All of 10,000 are made before the first is due.
            fixture.clock->advance(std::chrono::milliseconds(i * 37 % 300));
        }
        const TimePoint end = start + 24h * 7;
        live_until(fixture, end);
        std::size_t ticks = 0;
        for (std::size_t i = 0; i < count; ++i) {
            std::vector<TimePoint> expected;
            for (TimePoint due = schedules[i].created_at + intervals[i]; due <= end; due += intervals[i])
                expected.push_back(due);
            ticks += expected.size();
            CAPTURE(i);
            CHECK(run_times(*fixture.engine, schedules[i].schedule_id) == expected);
        }
        MESSAGE(count << " schedules, " << ticks << " ticks");
    }

    TEST_CASE("after a long pause every overdue schedule runs once and returns to its grid") {
        shop::Fixture fixture;
        const auto strategy = fixture.strategy();
        const TimePoint start = fixture.clock->now();
        const std::size_t count = schedule_count(700);
        std::vector<Schedule> schedules;
        for (std::size_t i = 0; i < count; ++i)
            schedules.push_back(every(*fixture.engine, strategy, 1h + std::chrono::seconds(i)));
        fixture.engine.reset();
        fixture.clock->set(start + 240h + 1s);
        reopen(fixture);
        REQUIRE(fixture.engine->run_pending());
        REQUIRE(fixture.engine->run_pending());
        for (const auto& schedule : schedules) {
            CHECK(run_times(*fixture.engine, schedule.schedule_id) == std::vector<TimePoint>{fixture.clock->now()});
            const auto next = fixture.engine->get_schedule(schedule.schedule_id).value().next_run_at;
            REQUIRE(next);
            CHECK(*next > fixture.clock->now());
            CHECK((*next - schedule.created_at).count() % (*schedule.interval_seconds * 1000) == 0);
        }
    }

    TEST_CASE("a clock that jumps neither loses nor doubles a due time") {
        shop::Fixture fixture;
        const auto strategy = fixture.strategy();
        const TimePoint start = fixture.clock->now();
        const auto schedule = every(*fixture.engine, strategy, 1h);
        live_until(fixture, start + 2h);
        // A day ahead by mistake: one run for all that was missed, then the grid goes on.
        fixture.clock->set(start + 26h + 30min);
        REQUIRE(fixture.engine->run_pending());
        live_until(fixture, start + 28h);
        // And back: the due time of 3 h ran early, those from 4 h on are due again.
        fixture.clock->set(start + 2h + 10min);
        REQUIRE(fixture.engine->run_pending());
        CHECK(fixture.engine->get_schedule(schedule.schedule_id).value().next_run_at == start + 4h);
        live_until(fixture, start + 6h);
        auto times = run_times(*fixture.engine, schedule.schedule_id);
        std::sort(times.begin(), times.end());
        CHECK(times == std::vector<TimePoint>{start + 1h, start + 2h, start + 4h, start + 5h, start + 6h,
                                              start + 26h + 30min, start + 27h, start + 28h});
        // The ones that ran ahead of time have had their run.
        live_until(fixture, start + 29h);
        times = run_times(*fixture.engine, schedule.schedule_id);
        CHECK(std::count(times.begin(), times.end(), start + 27h) == 1);
        CHECK(std::count(times.begin(), times.end(), start + 28h) == 1);
        CHECK(std::count(times.begin(), times.end(), start + 29h) == 1);
    }

    TEST_CASE("whatever is edited, an enabled schedule keeps a next run") {
        shop::Fixture fixture;
        const auto strategy = fixture.strategy();
        const Value rules = parse_json(R"({"fields":["price"]})").value();
        const std::vector<SchedulePatch> patches{
            {.enabled = true},
            {.url = shop::url + "?b"},
            {.urls = std::vector{shop::url, shop::url}},
            {.interval_seconds = 7200},
            {.cron_expression = "0 9 * * *"},
            {.timezone = std::optional<std::string>("Europe/Berlin")},
            {.jitter_seconds = 600},
            {.interval_seconds = 60},
            {.jitter_seconds = 0},
            {.timezone = std::optional<std::string>()},
            {.webhook_url = std::optional<std::string>("https://hooks.test/")},
            {.webhook_metadata = Value(Object{{"a", 1}})},
            {.webhook_secret = "s"},
            {.webhook_type = std::optional(WebhookType::slack)},
            {.webhook_on = WebhookOn::changes},
            {.webhook_url = std::optional<std::string>()},
            {.parameters = Value(Object{{"a", 1}})},
            {.ignore = rules},
            {.key = Value(Value::Array{"name"})},
            {.enabled = false},
            {.enabled = true},
        };
        const auto schedule = every(*fixture.engine, strategy, 1h);
        for (std::size_t i = 0; i < patches.size(); ++i) {
            CAPTURE(i);
            const auto updated = fixture.engine->update_schedule(schedule.schedule_id, patches[i]);
            REQUIRE(updated);
            const auto& now = updated->schedule;
            CHECK(now.next_run_at.has_value() == now.enabled);
            if (now.next_run_at) CHECK(*now.next_run_at > fixture.clock->now());
            fixture.clock->advance(10s);
            REQUIRE(fixture.engine->run_pending());
        }
    }

    TEST_CASE("two engines on one store make each tick once") {
        shop::Fixture fixture;
        const auto strategy = fixture.strategy();
        const auto schedule = every(*fixture.engine, strategy, 1h);
        const auto other =
            Engine::open(
                {.store = fixture.store, .fetcher = fixture.site, .clock = fixture.clock, .jobs = {.workers = 0}})
                .value();
        for (int i = 0; i < 5; ++i) {
            fixture.clock->advance(1h);
            REQUIRE(fixture.engine->run_pending());
            REQUIRE(other->run_pending());
        }
        CHECK(run_times(*fixture.engine, schedule.schedule_id).size() == 5);
    }

    TEST_CASE("the engine's own thread makes ticks when their time comes") {
        shop::Fixture fixture({.workers = 2});
        const auto strategy = fixture.strategy();
        const auto schedule = every(*fixture.engine, strategy, 60s);
        fixture.clock->advance(60s);
        Job job;
        for (int i = 0; i < 10'000 && job.job_id.empty(); ++i) {
            JobQuery query = everything;
            query.schedule_id = schedule.schedule_id;
            const auto jobs = fixture.engine->list_jobs(query).value();
            if (!jobs.empty()) job = jobs.front();
            std::this_thread::yield();
            if (job.job_id.empty()) fixture.clock->advance(1ms);  // the thread may not have been asleep yet
        }
        REQUIRE_FALSE(job.job_id.empty());
        const auto ended = fixture.engine->wait_for_job(job.job_id, 60s);
        REQUIRE(ended);
        CHECK(ended->status == JobStatus::completed);
    }

    TEST_CASE("jitter delays a tick by at most that much and leaves the due time") {
        shop::Fixture fixture;
        const auto strategy = fixture.strategy();
        const TimePoint start = fixture.clock->now();
        std::set<std::chrono::milliseconds> delays;
        for (int i = 0; i < 20; ++i) {
            const auto schedule = fixture.engine
                                      ->create_schedule({.strategy_id = strategy.strategy_id,
                                                         .url = shop::url,
                                                         .interval_seconds = 3600,
                                                         .jitter_seconds = 600})
                                      .value();
            CHECK(schedule.next_run_at == start + 1h);
        }
        live_until(fixture, start + 1h + 10min);
        for (const Job& job : fixture.engine->list_jobs(everything).value())
            if (job.schedule_id) delays.insert(job.created_at - (start + 1h));
        CHECK(delays.size() > 10);
        CHECK(*delays.begin() >= 0ms);
        CHECK(*delays.rbegin() <= 600s);
    }

    TEST_CASE("a job that no worker finishes fails its schedule's run and is told to its webhook") {
        shop::Fixture fixture({.workers = 0, .lease = 1s, .sweep = 10ms, .max_attempts = 1});
        const auto strategy = fixture.strategy();
        const auto schedule = fixture.engine
                                  ->create_schedule({.strategy_id = strategy.strategy_id,
                                                     .url = shop::url,
                                                     .interval_seconds = 60,
                                                     .webhook = {.url = "https://hooks.test/"}})
                                  .value();
        const auto due = fixture.store->schedules().due(*schedule.next_run_at, 1).value();
        REQUIRE(due.size() == 1);
        Job job;
        job.job_id = "01946a2b-0000-7000-8000-000000000001";
        job.account_id = schedule.account_id;
        job.strategy_id = strategy.strategy_id;
        job.schedule_id = schedule.schedule_id;
        job.url = shop::url;
        job.created_at = *schedule.next_run_at;
        ScheduleTick tick{.schedule_id = schedule.schedule_id,
                          .version = due.front().version,
                          .due_at = *schedule.next_run_at,
                          .ticked_at = *schedule.next_run_at,
                          .next = DueTime{*schedule.next_run_at + 24h, *schedule.next_run_at + 24h},
                          .jobs = {job}};
        REQUIRE(fixture.store->schedules().tick({tick}).value().front() == TickOutcome::made);
        // A worker of another process takes it and dies.
        REQUIRE(fixture.store->jobs().claim_next(fixture.clock->now(), 1s, "dead").value());
        std::optional<Job> ended;
        for (int i = 0; i < 10'000 && !ended; ++i) {
            fixture.clock->advance(1s);
            std::this_thread::yield();
            const auto now = fixture.engine->get_job(job.job_id).value();
            if (now.status == JobStatus::failed) ended = now;
        }
        REQUIRE(ended);
        CHECK(ended->error == "Interrupted by server restart");
        CHECK(fixture.engine->get_schedule(schedule.schedule_id).value().health.state == HealthState::failing);
        const auto deliveries = fixture.engine->list_deliveries({.schedule_id = schedule.schedule_id}).value();
        REQUIRE(deliveries.size() == 1);
        CHECK(deliveries.front().job_id == job.job_id);
        CHECK(deliveries.front().event == "job.failed");
    }
}

TEST_SUITE("engine.changes") {
    TEST_CASE("a change is in the changelog once, a broken run never") {
        shop::Fixture fixture;
        const auto strategy = fixture.strategy();
        const auto schedule = every(*fixture.engine, strategy, 1h);
        const auto total = [&] { return fixture.engine->schedule_changelog(schedule.schedule_id).value().total; };
        tick(fixture);
        CHECK(total() == 0);
        set_price(fixture, "$1");
        tick(fixture);
        CHECK(total() == 1);
        tick(fixture);
        CHECK(total() == 1);
        fixture.site->page(shop::url, shop::page({}));
        tick(fixture);
        CHECK(fixture.engine->get_schedule(schedule.schedule_id).value().health.state == HealthState::degraded);
        fixture.site->failure(shop::url, {ErrorCode::timeout, "Connection timeout: target site did not respond"});
        tick(fixture);
        CHECK(fixture.engine->get_schedule(schedule.schedule_id).value().health.state == HealthState::failing);
        set_price(fixture, "$1");
        tick(fixture);
        CHECK(fixture.engine->get_schedule(schedule.schedule_id).value().health.state == HealthState::ok);
        CHECK(total() == 1);
        const auto changelog = fixture.engine->schedule_changelog(schedule.schedule_id).value();
        REQUIRE(changelog.entries.size() == 1);
        CHECK(changelog.entries[0].change.new_items == R"([{"name":"Product A","price":"$1"}])");
        CHECK(changelog.entries[0].change.removed_items == R"([{"name":"Product A","price":"$19.99"}])");
        CHECK(changelog.entries[0].change.modified_items ==
              R"([{"item":{"name":"Product A","price":"$1"},"fields":{"price":{"old":"$19.99","new":"$1"}}}])");
    }

    TEST_CASE("changes are shown until they were marked") {
        shop::Fixture fixture;
        const auto strategy = fixture.strategy();
        const auto schedule = every(*fixture.engine, strategy, 1h);
        tick(fixture);
        for (const char* price : {"$1", "$2", "$3"}) {
            set_price(fixture, price);
            tick(fixture);
        }
        const auto& id = schedule.schedule_id;
        CHECK(fixture.engine->schedule_changes(id, {.mark_seen = false}).value().changes.size() == 3);
        const auto shown = fixture.engine->schedule_changes(id, {.filter = "+3"}).value();
        REQUIRE(shown.changes.size() == 1);
        CHECK(shown.changes[0].results == R"([{"name":"Product A","price":"$3"}])");
        CHECK(shown.changes[0].total_item_count == 2);
        CHECK(shown.changes[0].seen);
        CHECK(fixture.engine->schedule_changes(id).value().changes.size() == 2);
        CHECK(fixture.engine->schedule_changes(id).value().changes.empty());
        CHECK(fixture.engine->schedule_changelog(id, {.filter = "+3"}).value().total == 1);
    }

    TEST_CASE("a wrapper schema stays around what the filter leaves") {
        shop::Fixture fixture;
        const auto strategy =
            fixture.engine
                ->create_strategy(
                    {.url = shop::url,
                     .description = "",
                     .name = "Shop",
                     .strategy = shop::plan(),
                     .output_schema = parse_json(R"({"listings":[{"name":"string","price":"string"}]})").value()})
                .value();
        const auto schedule = every(*fixture.engine, strategy, 1h);
        tick(fixture);
        set_price(fixture, "$7");
        tick(fixture);
        const auto shown = fixture.engine->schedule_changes(schedule.schedule_id, {.filter = "7"}).value();
        REQUIRE(shown.changes.size() == 1);
        CHECK(shown.changes[0].results == R"([{"listings":[{"name":"Product A","price":"$7"}]}])");
        const auto log = fixture.engine->schedule_changelog(schedule.schedule_id).value();
        REQUIRE(log.entries.size() == 1);
        CHECK(log.entries[0].change.new_items == R"([{"name":"Product A","price":"$7"}])");
    }

    TEST_CASE("noise is no change, and the schedule's rules win over the strategy's") {
        shop::Fixture fixture;
        const auto strategy = fixture.strategy();
        REQUIRE(fixture.engine->update_strategy(strategy.strategy_id,
                                                {.ignore = parse_json(R"({"fields":["price"]})").value()}));
        const auto quiet = every(*fixture.engine, strategy, 1h);
        const auto loud = fixture.engine
                              ->create_schedule({.strategy_id = strategy.strategy_id,
                                                 .url = shop::url,
                                                 .interval_seconds = 3600,
                                                 .ignore = parse_json(R"({"fields":["name"]})").value()})
                              .value();
        tick(fixture);
        set_price(fixture, "$1");
        tick(fixture);
        CHECK(fixture.engine->schedule_changelog(quiet.schedule_id).value().total == 0);
        CHECK(fixture.engine->schedule_changelog(loud.schedule_id).value().total == 1);
    }

    TEST_CASE("a watch that cannot be stored leaves no strategy") {
        shop::Fixture fixture;
        WatchRequest request{.strategy = {.url = shop::url, .description = "", .name = "W", .strategy = shop::plan()}};
        request.webhook.url = "nonsense";
        const auto refused = fixture.engine->create_watch(request);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::invalid_url);
        CHECK(fixture.site->count(shop::url) == 0);
        CHECK(fixture.engine->list_strategies().value().empty());
        request.webhook.url.reset();
        const auto watch = fixture.engine->create_watch(request);
        REQUIRE(watch);
        CHECK(watch->schedule.strategy_id == watch->strategy.strategy_id);
        CHECK(watch->schedule.next_run_at == fixture.clock->now() + 1h);
        CHECK(fixture.engine->quota().value().used == 1);
    }

    TEST_CASE("jobs are compared with the older one as baseline") {
        shop::Fixture fixture;
        const auto strategy = fixture.strategy();
        const auto older = fixture.run(strategy);
        set_price(fixture, "$1");
        const auto newer = fixture.run(strategy);
        const auto found = fixture.engine->compare_jobs(newer.job_id, older.job_id).value();
        CHECK_FALSE(found.content_hash_match);
        CHECK(found.changes == std::vector<std::string>{"Field 'price' changed in 1 item"});
        CHECK(fixture.engine->compare_jobs(newer.job_id, newer.job_id).value().content_hash_match);
        const auto foreign = fixture.engine->compare_jobs(newer.job_id, older.job_id, {.account_id = "other"});
        REQUIRE_FALSE(foreign);
        CHECK(foreign.error().message == "Job not found");
    }
}
