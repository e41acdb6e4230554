#include "input.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace meter::server;
using namespace std::chrono_literals;

namespace {

std::optional<int> problem_status(const HttpRequest& request) {
    const auto body = read_object_body(request);
    const auto* problem = std::get_if<Problem>(&body);
    return problem ? std::optional(problem->status) : std::nullopt;
}

}  // namespace

TEST_SUITE("server.input") {
    TEST_CASE("only UUIDs are ids, in any case") {
        CHECK(read_uuid("550E8400-e29b-41d4-a716-446655440000") == "550e8400-e29b-41d4-a716-446655440000");
        for (const char* text :
             {"", "1", "550e8400-e29b-41d4-a716-44665544000", "550e8400-e29b-41d4-a716-4466554400000",
              "{50e8400-e29b-41d4-a716-446655440000", "550e8400e29b41d4a716446655440000ffff",
              "550e8400-e29b-41d4-a716-44665544000g", "550e8400-e29b-41d4-a71644-6655440000"}) {
            CAPTURE(text);
            CHECK_FALSE(read_uuid(text));
        }
    }

    TEST_CASE("limit and offset out of range are errors that name them, never clamped") {
        for (const char* text : {"limit=0", "limit=1001", "limit=-1", "limit=", "limit=x", "limit=1.5", "limit=+1",
                                 "limit=%201", "limit=99999999999999999999", "offset=-1", "offset=", "offset=1e3"}) {
            CAPTURE(text);
            const auto range = read_range(Query(text), 20);
            REQUIRE_FALSE(range);
            CHECK(range.error().code == meter::ErrorCode::invalid_argument);
            CHECK(range.error().message.starts_with(range.error().subject + " must be"));
        }
        const auto range = read_range(Query("limit=1000&offset=9223372036854775807"), 20);
        REQUIRE(range);
        CHECK(range->limit == 1000);
        CHECK(range->offset == INT64_MAX);
        CHECK(read_range(Query(""), 20)->limit == 20);
        CHECK_FALSE(read_range(Query("limit=101"), 20, 100));
    }

    TEST_CASE("since is a time or a span back from now") {
        const meter::TimePoint now{1'000'000s};
        struct Row {
            const char* text;
            meter::TimePoint time;
        };
        for (const Row& row : {Row{"since=30s", now - 30s}, Row{"since=2m", now - 2min}, Row{"since=24h", now - 24h},
                               Row{"since=7d", now - 168h}, Row{"since=1w", now - 168h}, Row{"since=0s", now},
                               Row{"since=1970-01-02T00:00:00Z", meter::TimePoint{24h}},
                               Row{"since=1970-01-02T02:00:00%2B02:00", meter::TimePoint{24h}},
                               Row{"since=1970-01-02T02:00:00+02:00", meter::TimePoint{24h}},
                               Row{"since=1970-01-02T00:00:00.250000", meter::TimePoint{24h + 250ms}},
                               Row{"since=1970-01-02T00:00:00", meter::TimePoint{24h}},
                               Row{"since=1970-01-02", meter::TimePoint{24h}}}) {
            CAPTURE(row.text);
            const auto since = read_since(Query(row.text), now);
            REQUIRE(since);
            REQUIRE(*since);
            CHECK(**since == row.time);
        }
        for (const char* text : {"since=", "since=1", "since=h", "since=1y", "since=-1h", "since=1.5h", "since=1%20h",
                                 "since=1H", "since=9999999999d", "since=yesterday", "since=1970-01",
                                 "since=1970-01-02T00:00", "since=1970-01-02T00:00:00ZZ", "since=1970-01-02Z"}) {
            CAPTURE(text);
            CHECK_FALSE(read_since(Query(text), now));
        }
    }

    TEST_CASE("words and flags are exact") {
        static constexpr std::array<std::string_view, 2> words{"created", "deleted"};
        CHECK(*read_word_member(Query("event=created"), "event", words) == "created");
        CHECK_FALSE(*read_word_member(Query(""), "event", words));
        CHECK(read_word_member(Query("event=Created"), "event", words).error().message ==
              "event must be one of: created, deleted");
        for (const char* text : {"x=true", "x=TRUE", "x=1"}) CHECK(*read_flag_member(Query(text), "x") == true);
        for (const char* text : {"x=false", "x=False", "x=0"}) CHECK(*read_flag_member(Query(text), "x") == false);
        for (const char* text : {"x=", "x=yes", "x=2", "x"}) CHECK_FALSE(read_flag_member(Query(text), "x"));
    }

    TEST_CASE("bodies are JSON objects of a JSON media type") {
        HttpRequest request;
        for (const char* type : {"application/json", "Application/JSON ; charset=utf-8"}) {
            request.head.headers = {{"content-type", type}};
            request.body = "{}";
            CHECK_FALSE(problem_status(request));
        }
        for (const char* type : {"text/plain", "application/jsonx", "json", ""}) {
            CAPTURE(type);
            request.head.headers = {{"content-type", type}};
            CHECK(problem_status(request) == 400);
        }
        request.head.headers.clear();
        for (const char* body : {"", "[]", "null", "1", "{", "{}x", "\xef\xbb\xbf{}"}) {
            CAPTURE(body);
            request.body = body;
            CHECK(problem_status(request) == 400);
        }
        request.body = "{\"a\":" + std::string(63, '[') + std::string(63, ']') + "}";
        CHECK_FALSE(problem_status(request));
        request.body = "{\"a\":" + std::string(64, '[') + std::string(64, ']') + "}";
        CHECK(problem_status(request) == 400);
    }

    TEST_CASE("null members are dropped at the top only") {
        const meter::Value body = meter::Object{{"a", nullptr}, {"b", 1}, {"c", meter::Object{{"d", nullptr}}}};
        CHECK(without_null_members(body) ==
              meter::Value(meter::Object{{"b", 1}, {"c", meter::Object{{"d", nullptr}}}}));
    }
}
