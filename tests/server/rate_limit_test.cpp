#include "rate_limit.hpp"

#include <doctest/doctest.h>

using namespace meter::server;
using namespace std::chrono_literals;

TEST_SUITE("server.rate_limit") {
    TEST_CASE("a key has its limit once in each window that starts with its first request") {
        RateLimiter limiter(2);
        const meter::TimePoint start{1'000'500ms};
        CHECK(limiter.take("a", start).remaining == 1);
        CHECK(limiter.take("a", start + 59s).remaining == 0);
        const auto refused = limiter.take("a", start + 59'999ms);
        CHECK_FALSE(refused.allowed);
        CHECK(refused.remaining == 0);
        CHECK(refused.reset == start + 60s);
        CHECK(retry_after_seconds(refused, start + 59'999ms) == 1);
        CHECK(retry_after_seconds(refused, start + 10s) == 50);
        CHECK(reset_unix_seconds(refused) == 1061);
        CHECK(limiter.take("b", start).allowed);
        CHECK(limiter.take("a", start + 60s).remaining == 1);
    }

    TEST_CASE("a look does not count") {
        RateLimiter limiter(1);
        const meter::TimePoint now{5s};
        CHECK(limiter.peek("a", now).remaining == 1);
        CHECK(limiter.peek("a", now).remaining == 1);
        CHECK(limiter.take("a", now).allowed);
        CHECK_FALSE(limiter.peek("a", now).allowed);
    }

    TEST_CASE("a limit of zero never refuses and has nothing to tell") {
        RateLimiter limiter(0);
        for (int i = 0; i < 10; ++i) {
            const auto state = limiter.take("a", meter::TimePoint{});
            CHECK(state.allowed);
            CHECK(state.limit == 0);
        }
    }

    TEST_CASE("a clock that was set back starts a new window instead of locking keys out") {
        RateLimiter limiter(1);
        CHECK(limiter.take("a", meter::TimePoint{100h}).allowed);
        CHECK(limiter.take("a", meter::TimePoint{1h}).allowed);
    }

    TEST_CASE("windows of many keys that ended do not change the counts of those that have not") {
        RateLimiter limiter(1);
        CHECK(limiter.take("kept", meter::TimePoint{70s}).allowed);
        for (int i = 0; i < 5000; ++i) limiter.take(std::to_string(i), meter::TimePoint{std::chrono::seconds(i / 50)});
        CHECK_FALSE(limiter.take("kept", meter::TimePoint{100s}).allowed);
    }
}
