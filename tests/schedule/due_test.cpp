#include <doctest/doctest.h>

#include <array>
#include <set>

#include "meter/cron.hpp"

using namespace std::chrono_literals;
using meter::TimePoint;

TEST_SUITE("schedule.due") {
    TEST_CASE("the next due time is the first point of the grid after now") {
        struct Row {
            std::chrono::seconds due, interval, now, next;
        };
        for (const Row& row : {
                 Row{1000s, 60s, 1000s, 1060s},  // on time
                 Row{1000s, 60s, 1001s, 1060s},  // a little late
                 Row{1000s, 60s, 1059s, 1060s},
                 Row{1000s, 60s, 1060s, 1120s},  // exactly one missed: it becomes part of this tick
                 Row{1000s, 60s, 1090s, 1120s},  // back on the grid
                 Row{1000s, 60s, 1'000'000s, 1'000'060s - 40s + 20s},
                 Row{1000s, 60s, 900s, 1060s},  // the clock went back: never due twice
                 Row{0s, 31'536'000s, 31'536'000s, 63'072'000s},
             }) {
            CAPTURE(row.now.count());
            const TimePoint next = meter::next_due(TimePoint{row.due}, row.interval, TimePoint{row.now});
            CHECK((next - TimePoint{row.due}) % row.interval == 0ms);
            CHECK(next > TimePoint{row.due});
            CHECK(next > TimePoint{row.now});
            CHECK((next - row.interval <= TimePoint{row.now} || next - row.interval == TimePoint{row.due}));
            if (row.now != 1'000'000s) CHECK(next == TimePoint{row.next});
        }
        CHECK(meter::next_due(TimePoint{1500ms}, 1s, TimePoint{1700ms}) == TimePoint{2500ms});
    }

    TEST_CASE("due times stay on the grid of the first one, whenever ticks are handled") {
        TimePoint due{100s};
        TimePoint now{};
        for (int i = 1; i < 2000; ++i) {
            now = due + std::chrono::milliseconds{(i * 7919) % 200'000};
            const TimePoint next = meter::next_due(due, 45s, now);
            REQUIRE(next > now);
            REQUIRE((next - TimePoint{100s}) % 45s == 0ms);
            REQUIRE(next - now <= 45s);
            due = next;
        }
    }

    TEST_CASE("a due time beyond the last that has a text form stays at it") {
        const TimePoint last = meter::parse_time("9999-12-31T23:59:59Z").value();
        CHECK(meter::next_due(last - 1s, 60s, last) == last);
        CHECK(meter::next_due(last, 60s, TimePoint::max()) == last);
        CHECK(meter::next_due(TimePoint{}, 31'536'000s, TimePoint::max()) == last);
    }

    TEST_CASE("cron is next due after both the tick and now") {
        const auto hourly = meter::Cron::parse("0 * * * *").value();
        const TimePoint due{10h};
        CHECK(meter::next_due(hourly, due, due + 5s) == TimePoint{11h});
        CHECK(meter::next_due(hourly, due, due + 5h) == TimePoint{16h});  // five missed, one run
        CHECK(meter::next_due(hourly, due, due - 3h) == TimePoint{11h});  // the clock went back
    }

    TEST_CASE("a preview of an interval begins with the due time") {
        CHECK(meter::next_runs(60s, TimePoint{7s}, 3) ==
              std::vector<TimePoint>{TimePoint{7s}, TimePoint{67s}, TimePoint{127s}});
        CHECK(meter::next_runs(60s, TimePoint{7s}, 0).empty());
        CHECK(meter::next_runs(meter::Cron::parse("* * * * *").value(), TimePoint{}, 3).size() == 3);
    }

    TEST_CASE("jitter is the same for one tick, within its bound, and spread over it") {
        CHECK(meter::jitter("a", TimePoint{5s}, 0s) == 0ms);
        CHECK(meter::jitter("a", TimePoint{5s}, 60s) == meter::jitter("a", TimePoint{5s}, 60s));
        std::set<std::chrono::milliseconds> seen;
        std::array<int, 10> tenths{};
        for (int i = 0; i < 10'000; ++i) {
            const auto delay = meter::jitter("schedule-" + std::to_string(i % 100), TimePoint{i / 100 * 60s}, 10s);
            REQUIRE(delay >= 0ms);
            REQUIRE(delay <= 10s);
            seen.insert(delay);
            ++tenths[static_cast<std::size_t>(std::min<std::int64_t>(9, delay / 1s))];
        }
        CHECK(seen.size() > 6000);
        for (const int count : tenths) CHECK((count > 850 && count < 1150));
    }
}
