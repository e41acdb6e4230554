#include "core/id.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

using meter::TimePoint;
using meter::core::derived_uuid;
using meter::core::new_uuid;
using meter::core::normalize_uuid;
using std::chrono::milliseconds;

namespace {

/// Ids never run back within a process, so each test moves on from where the others left the sequence.
TimePoint later_time() {
    static milliseconds next{1'800'000'000'000};
    next += milliseconds(100'000);
    return TimePoint(next);
}

}  // namespace

TEST_SUITE("core.id") {
    TEST_CASE("a derived id is a UUIDv7 that only its arguments decide, in the order of its number") {
        const TimePoint time{milliseconds{0x0123456789ab}};
        const std::string id = derived_uuid(time, 7, "seed");
        CHECK(normalize_uuid(id) == id);
        CHECK(id.starts_with("01234567-89ab-7"));
        CHECK(std::string_view("89ab").find(id[19]) != std::string_view::npos);
        CHECK(derived_uuid(time, 7, "seed") == id);
        CHECK(derived_uuid(time, 7, "sead") != id);
        CHECK(derived_uuid(time + milliseconds(1), 7, "seed") > id);
        std::string last;
        for (std::uint64_t number = 0; number < 20'000; ++number) {
            const std::string next = derived_uuid(time, number, "x");
            CHECK(last < next);
            last = next;
        }
    }

    TEST_CASE("a new id is a UUIDv7 that holds the time") {
        // RFC 9562 5.7: 48 bits of milliseconds, version 7, variant 10
        const TimePoint now = later_time();
        const std::string id = new_uuid(now);
        REQUIRE(id.size() == 36);
        CHECK(normalize_uuid(id) == id);
        CHECK(id[14] == '7');
        CHECK(std::string_view("89ab").find(id[19]) != std::string_view::npos);
        const std::string time = id.substr(0, 8) + id.substr(9, 4);
        CHECK(std::stoll(time, nullptr, 16) == now.time_since_epoch().count());
    }

    TEST_CASE("ids of one millisecond, of a clock that stands and of one that steps back sort by creation") {
        const TimePoint now = later_time();
        std::vector<std::string> ids;
        for (int i = 0; i < 20'000; ++i) ids.push_back(new_uuid(now));
        for (int i = 0; i < 1'000; ++i) ids.push_back(new_uuid(now - milliseconds(i)));
        for (int i = 0; i < 1'000; ++i) ids.push_back(new_uuid(now + milliseconds(i)));
        CHECK(std::is_sorted(ids.begin(), ids.end()));
        CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
    }

    TEST_CASE("ids made by several threads are distinct and each thread's are in order") {
        const TimePoint now = later_time();
        std::vector<std::vector<std::string>> made(4);
        {
            std::vector<std::jthread> threads;
            for (auto& mine : made)
                threads.emplace_back([&mine, now] {
                    for (int i = 0; i < 5'000; ++i) mine.push_back(new_uuid(now + milliseconds(i % 3)));
                });
        }
        std::vector<std::string> all;
        for (const auto& mine : made) {
            CHECK(std::is_sorted(mine.begin(), mine.end()));
            all.insert(all.end(), mine.begin(), mine.end());
        }
        std::sort(all.begin(), all.end());
        CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
    }

    TEST_CASE("times that a UUID cannot hold still give ids") {
        CHECK(normalize_uuid(new_uuid(TimePoint(milliseconds(-1)))));
    }

    TEST_CASE("UUID texts are lower-cased and anything else is refused") {
        CHECK(normalize_uuid("550E8400-e29b-41D4-a716-446655440000") == "550e8400-e29b-41d4-a716-446655440000");
        CHECK(normalize_uuid("00000000-0000-0000-0000-000000000000"));
        for (const char* text : {"", "invalid-uuid", "550e8400-e29b-41d4-a716-44665544000",
                                 "550e8400-e29b-41d4-a716-4466554400000", "550e8400e29b-41d4-a716-4466554400000",
                                 "550g8400-e29b-41d4-a716-446655440000", "{50e8400-e29b-41d4-a716-446655440000",
                                 "550e8400-e29b-41d4-a716-44665544000\xC3", "550e8400+e29b-41d4-a716-446655440000"})
            CHECK_MESSAGE(!normalize_uuid(text), text);
        CHECK_FALSE(normalize_uuid(std::string_view("550e8400-e29b-41d4-a716-44665544000\0", 36)));
    }
}
