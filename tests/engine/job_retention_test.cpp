// What becomes of jobs that ended long ago, and that what is left tells the truth.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "engine/shop.hpp"

using namespace meter;
using namespace std::chrono_literals;

namespace {

void set_tea_price(shop::Fixture& fixture, const std::string& price) {
    fixture.site->page(shop::url, shop::page({{"Tea", price}, {"Milk", "$1"}}));
}

bool is_gone(shop::Fixture& fixture, const Job& job) {
    const auto found = fixture.engine->get_job(job.job_id);
    if (found) return false;
    CHECK(found.error().code == ErrorCode::not_found);
    CHECK(found.error().message == "Job not found");
    return true;
}

/// Lets looks of the housekeeper go by until this job is gone.
void wait_until_gone(shop::Fixture& fixture, const Job& job) {
    while (!is_gone(fixture, job)) {
        fixture.clock->advance(10min);
        std::this_thread::yield();
    }
}

}  // namespace

TEST_SUITE("engine.job_retention") {
    TEST_CASE("old jobs go, and the next one is compared with the newest of them all the same") {
        shop::Fixture fixture({.workers = 0, .retention = 2h});
        const Strategy strategy = fixture.strategy();
        std::vector<Job> jobs;
        for (const char* price : {"$1", "$2", "$3"}) {
            set_tea_price(fixture, price);
            jobs.push_back(fixture.run(strategy));
            fixture.clock->advance(1min);
        }
        const Job waiting = fixture.engine->submit({.strategy_id = strategy.strategy_id, .url = shop::url}).value();
        wait_until_gone(fixture, jobs[1]);
        CHECK(is_gone(fixture, jobs[0]));
        CHECK(fixture.engine->get_job(jobs[2].job_id).value().results == jobs[2].results);
        CHECK(fixture.engine->get_job(waiting.job_id).value().status == JobStatus::pending);
        CHECK(fixture.engine->history(strategy.strategy_id).value().size() == 2);
        CHECK(fixture.engine->compare_jobs(jobs[2].job_id, jobs[0].job_id).error().code == ErrorCode::not_found);

        REQUIRE(fixture.engine->run_pending());
        CHECK(fixture.engine->get_job(waiting.job_id).value().has_changes == false);
        set_tea_price(fixture, "$4");
        const Job changed = fixture.run(strategy);
        CHECK(changed.has_changes == true);
        CHECK(fixture.engine->compare_jobs(changed.job_id, waiting.job_id).value().item_count_diff == 0);
        CHECK(fixture.store->check().value().empty());
    }

    TEST_CASE("more jobs than one step removes go in one look") {
        shop::Fixture fixture({.workers = 0, .retention = 1h});
        const Strategy strategy = fixture.strategy();
        const auto batch = fixture.engine->submit_batch(
            {.strategy_id = strategy.strategy_id, .urls = std::vector<std::string>(250, shop::url)});
        REQUIRE(batch);
        REQUIRE(fixture.engine->run_pending());
        const auto left = [&] {
            return fixture.engine->list_jobs({.batch_id = batch->batch_id, .range = {.limit = 1000}}).value().size();
        };
        REQUIRE(left() == 250);
        while (left() != 1) {
            fixture.clock->advance(10min);
            std::this_thread::yield();
        }
        CHECK(fixture.engine->batch_progress(batch->batch_id).value().completed == 250);
        const Job next = fixture.run(strategy);
        CHECK(next.has_changes == false);
        while (fixture.engine->batch_progress(batch->batch_id)) {
            fixture.clock->advance(10min);
            std::this_thread::yield();
        }
        CHECK(left() == 0);
        CHECK(fixture.engine->get_job(next.job_id));
        CHECK(fixture.store->check().value().empty());
    }

    TEST_CASE("without a retention jobs are kept") {
        shop::Fixture fixture;
        const Strategy strategy = fixture.strategy();
        const Job first = fixture.run(strategy);
        (void)fixture.run(strategy);
        const auto has_snapshot = [&] {
            return fixture.store->strategies().find_snapshot(strategy.account_id, strategy.strategy_id).value();
        };
        REQUIRE(has_snapshot());
        while (has_snapshot()) {  // the same housekeeping drops it
            fixture.clock->advance(24h);
            std::this_thread::yield();
        }
        fixture.engine.reset();
        CHECK(fixture.store->jobs().find(first.account_id, first.job_id).value());
    }

    TEST_CASE("a schedule knows changes and failures of ticks that were long ago") {
        shop::Fixture fixture({.workers = 0, .retention = 1h});
        const Strategy strategy = fixture.strategy();
        const Schedule schedule =
            fixture.engine
                ->create_schedule(
                    {.strategy_id = strategy.strategy_id, .url = shop::url, .interval_seconds = 24 * 3600})
                .value();
        const auto tick = [&](const char* price) {
            set_tea_price(fixture, price);
            const TimePoint due = fixture.store->schedules().next_tick_at().value().value();
            if (due > fixture.clock->now()) fixture.clock->set(due);
            REQUIRE(fixture.engine->run_pending());
            return fixture.engine->list_jobs({.schedule_id = schedule.schedule_id}).value().at(0);
        };
        const Job first = tick("$1");
        const Job second = tick("$2");
        const Job third = tick("$2");
        CHECK(second.has_changes == true);
        wait_until_gone(fixture, first);
        CHECK_FALSE(is_gone(fixture, second));  // of the tick before the newest
        CHECK_FALSE(is_gone(fixture, third));
        CHECK(fixture.engine->schedule_changelog(schedule.schedule_id).value().total == 1);
        const Job fourth = tick("$3");
        CHECK(fourth.has_changes == true);
        wait_until_gone(fixture, second);
        const auto log = fixture.engine->schedule_changelog(schedule.schedule_id).value();
        CHECK(log.total == 1);
        CHECK(log.entries.at(0).job_id == fourth.job_id);
    }
}
