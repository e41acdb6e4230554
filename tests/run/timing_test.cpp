#include "run/timing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <vector>

using namespace meter;
using namespace std::chrono_literals;

namespace {

const TimePoint noon = parse_time("2025-01-15T12:00:00Z").value();

Schedule hourly() {
    Schedule schedule;
    schedule.schedule_id = "01946a2b-0000-7000-8000-000000000001";
    schedule.interval_seconds = 3600;
    return schedule;
}

Schedule daily() {
    Schedule schedule = hourly();
    schedule.interval_seconds.reset();
    schedule.cron_expression = "0 9 * * *";
    return schedule;
}

std::vector<TimePoint> due_times(const std::vector<DueTime>& times) {
    std::vector<TimePoint> due;
    for (const auto& time : times) due.push_back(time.next_run_at);
    return due;
}

}  // namespace

TEST_SUITE("run.timing") {
    TEST_CASE("an interval counts from now, a cron expression finds its next match") {
        CHECK(run::Timing::of(hourly()).value().first(noon)->next_run_at == noon + 1h);
        CHECK(run::Timing::of(daily()).value().first(noon)->next_run_at == noon + 21h);
    }

    TEST_CASE("the due time after a tick lies on the grid and in the future") {
        const auto timing = run::Timing::of(hourly()).value();
        CHECK(timing.following(noon, noon)->next_run_at == noon + 1h);
        CHECK(timing.following(noon, noon + 150min)->next_run_at == noon + 3h);
        CHECK(timing.following(noon, noon - 150min)->next_run_at == noon + 1h);
        CHECK(run::Timing::of(daily()).value().following(noon, noon + 48h)->next_run_at == noon + 69h);
    }

    TEST_CASE("between finds the points of the grid that come before") {
        const auto timing = run::Timing::of(hourly()).value();
        CHECK(due_times(timing.between(noon - 150min, noon, 10)) == std::vector<TimePoint>{noon - 2h, noon - 1h});
        CHECK(due_times(timing.between(noon - 150min, noon, 1)) == std::vector<TimePoint>{noon - 2h});
        CHECK(timing.between(noon, noon, 10).empty());
        CHECK(timing.between(noon - 60min, noon, 10).empty());
        CHECK(due_times(run::Timing::of(daily()).value().between(noon, noon + 69h, 10)) ==
              std::vector<TimePoint>{noon + 21h, noon + 45h});
    }

    TEST_CASE("jitter stays below its bound and within the first half of the time to the next tick") {
        for (const std::int64_t seconds : {1, 600, 3600}) {
            auto schedule = hourly();
            schedule.jitter_seconds = seconds;
            const auto timing = run::Timing::of(schedule).value();
            for (int i = 0; i < 200; ++i) {
                const auto due = timing.at(noon + i * 1h);
                CHECK(due.next_run_at == noon + i * 1h);
                CHECK(due.tick_at >= due.next_run_at);
                CHECK(due.tick_at - due.next_run_at <=
                      std::min(std::chrono::seconds(seconds), std::chrono::seconds(30min)));
                CHECK(timing.at(noon + i * 1h) == due);
            }
        }
    }

    TEST_CASE("upcoming begins with the next run") {
        CHECK(run::Timing::of(hourly()).value().upcoming(noon, 3) ==
              std::vector<TimePoint>{noon, noon + 1h, noon + 2h});
        CHECK(run::Timing::of(daily()).value().upcoming(noon - 3h, 2) == std::vector<TimePoint>{noon - 3h, noon + 21h});
    }

    TEST_CASE("a wrong zone is refused for intervals too") {
        auto schedule = hourly();
        schedule.timezone = "Mars/Olympus";
        const auto timing = run::Timing::of(schedule);
        REQUIRE_FALSE(timing);
        CHECK(timing.error().subject == "timezone");
    }
}
