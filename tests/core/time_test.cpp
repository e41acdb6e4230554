#include "meter/time.hpp"

#include <doctest/doctest.h>

#include <random>

using meter::format_time;
using meter::parse_time;
using meter::TimePoint;
using std::chrono::milliseconds;

TEST_SUITE("core.time") {
    TEST_CASE("times are read in every RFC 3339 form and written in one") {
        struct Row {
            std::string_view text, same;
            int millis;
        };
        for (const Row& row : {Row{"2025-01-15T10:30:00Z", "2025-01-15T10:30:00Z", 0},
                               Row{"2025-01-15t10:30:00z", "2025-01-15T10:30:00Z", 0},
                               Row{"2025-01-15 10:30:00Z", "2025-01-15T10:30:00Z", 0},
                               Row{"2025-01-15T10:30:00.5Z", "2025-01-15T10:30:00Z", 500},
                               Row{"2025-01-15T10:30:00.123999999Z", "2025-01-15T10:30:00Z", 123},
                               Row{"2025-01-15T10:30:00+05:30", "2025-01-15T05:00:00Z", 0},
                               Row{"2025-01-15T10:30:00-00:00", "2025-01-15T10:30:00Z", 0},
                               Row{"2024-12-31T23:59:59-01:00", "2025-01-01T00:59:59Z", 0},
                               Row{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z", 0},
                               Row{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", 0},
                               Row{"2016-12-31T23:59:60.7Z", "2017-01-01T00:00:00Z", 0},
                               Row{"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59Z", 999},
                               Row{"0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z", 0},
                               Row{"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59Z", 999}}) {
            CAPTURE(row.text);
            const auto time = parse_time(row.text);
            REQUIRE(time);
            CHECK(format_time(*time) == row.same);
            CHECK(*time == parse_time(row.same).value() + milliseconds(row.millis));
        }
        CHECK(parse_time("2025-01-15T10:30:00Z")->time_since_epoch() == std::chrono::seconds(1736937000));
    }

    TEST_CASE("anything else is refused and named") {
        for (const char* text : {"",
                                 "2025",
                                 "2025-01-15",
                                 "2025-01-15T10:30:00",
                                 "2025-01-15T10:30Z",
                                 "2025-01-15T24:00:00Z",
                                 "2025-01-15T10:60:00Z",
                                 "2025-01-15T10:30:61Z",
                                 "2025-13-01T00:00:00Z",
                                 "2025-00-01T00:00:00Z",
                                 "2025-02-29T00:00:00Z",
                                 "2025-04-31T00:00:00Z",
                                 "2025-01-00T00:00:00Z",
                                 "2025-01-15T10:30:00.Z",
                                 "2025-01-15T10:30:00+0530",
                                 "2025-01-15T10:30:00+24:00",
                                 "2025-01-15T10:30:00+05:60",
                                 "2025-01-15T10:30:00Z ",
                                 " 2025-01-15T10:30:00Z",
                                 "2025-1-15T10:30:00Z",
                                 "+2025-01-15T10:30:00Z",
                                 "2025-01-15T10:30:00ZZ",
                                 "-025-01-15T10:30:00Z",
                                 "2025-01-15T10:30:00+5:30",
                                 "0000-01-01T00:00:00+00:01",
                                 "9999-12-31T23:59:60Z",
                                 "2025/01/15T10:30:00Z",
                                 "7d"}) {
            CAPTURE(text);
            const auto time = parse_time(text);
            REQUIRE_FALSE(time);
            CHECK(time.error().code == meter::ErrorCode::invalid_argument);
            CHECK(time.error().subject == text);
        }
    }

    TEST_CASE("any whole second from year 0 to 9999 survives writing and reading") {
        std::mt19937_64 random(42);
        const auto first = parse_time("0000-01-01T00:00:00Z").value().time_since_epoch().count() / 1000;
        const auto last = parse_time("9999-12-31T23:59:59Z").value().time_since_epoch().count() / 1000;
        std::uniform_int_distribution<std::int64_t> any(first, last);
        for (int i = 0; i < 20'000; ++i) {
            const TimePoint time{std::chrono::seconds(any(random))};
            const std::string text = format_time(time);
            const auto again = parse_time(text);
            REQUIRE(again);
            REQUIRE_MESSAGE(*again == time, text);
        }
    }

    TEST_CASE("times outside the years of RFC 3339 are written as the nearest inside") {
        CHECK(format_time(TimePoint::min()) == "0000-01-01T00:00:00Z");
        CHECK(format_time(TimePoint::max()) == "9999-12-31T23:59:59Z");
    }
}
