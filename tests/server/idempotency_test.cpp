#include "idempotency.hpp"

#include <doctest/doctest.h>

#include "meter/json.hpp"

using namespace meter::server;
using namespace std::chrono_literals;
using meter::IdempotencyState;
using meter::TimePoint;
using Kind = IdempotencyState::Kind;

namespace {

/// One key, kept as the contract of the seam says.
class OneKeyStore final : public meter::IdempotencyStore {
public:
    meter::Result<IdempotencyState> begin(std::string_view, std::string_view, std::string_view request_hash,
                                          TimePoint now, TimePoint running_until) override {
        if (now < until) {
            if (hash != request_hash) return IdempotencyState{.kind = Kind::mismatch};
            if (status == 0) return IdempotencyState{.kind = Kind::in_progress};
            return IdempotencyState{.kind = Kind::replay, .status = status, .body = "stored"};
        }
        hash = request_hash;
        until = running_until;
        status = 0;
        return IdempotencyState{.kind = Kind::started, .token = "t"};
    }
    meter::Result<void> finish(std::string_view, int answered, std::string_view, TimePoint expires_at) override {
        status = answered;
        until = expires_at;
        return {};
    }
    meter::Result<void> abandon(std::string_view) override {
        until = {};
        return {};
    }
    meter::Result<std::int64_t> drop_expired(TimePoint) override { return std::int64_t{0}; }

    std::string hash;
    TimePoint until{};
    int status = 0;
};

std::string sorted(std::string_view text) {
    return sorted_json(meter::parse_json(text).value());
}

}  // namespace

TEST_SUITE("server.idempotency") {
    TEST_CASE("bodies are the same when only spacing, member order or escapes differ") {
        const auto text = sorted(R"({"b":[1,{"y":2,"x":"\u0041/"}],"a":null})");
        CHECK(text == R"({"a":null,"b":[1,{"x":"A/","y":2}]})");
        CHECK(sorted(R"({ "a" : null, "b" : [1.0, {"x":"A\/","y":2}] })") == text);
        CHECK(sorted(R"({"a":null,"b":[{"x":"A/","y":2},1]})") != text);
        CHECK(sorted(R"({"a":"x  y"})") != sorted(R"({"a":"x y"})"));
    }

    TEST_CASE("a running request of this process holds its key and another's does not") {
        OneKeyStore store;
        const TimePoint now{1h};
        IdempotentRuns runs;
        CHECK(runs.begin(store, "a", "k", "h", now, 60s)->kind == Kind::started);
        CHECK(runs.begin(store, "a", "k", "h", now + 1s, 60s)->kind == Kind::in_progress);
        CHECK(runs.begin(store, "a", "k", "other", now + 1s, 60s)->kind == Kind::mismatch);
        IdempotentRuns restarted;
        CHECK(restarted.begin(store, "a", "k", "other", now + 1s, 60s)->kind == Kind::started);
    }

    TEST_CASE("an ended run frees its key or leaves its answer") {
        OneKeyStore store;
        const TimePoint now{1h};
        IdempotentRuns runs;
        REQUIRE(runs.begin(store, "a", "k", "h", now, 60s)->kind == Kind::started);
        (void)store.abandon("t");
        runs.end("a", "k");
        REQUIRE(runs.begin(store, "a", "k", "h2", now, 60s)->kind == Kind::started);
        (void)store.finish("t", 201, "stored", now + 24h);
        runs.end("a", "k");
        CHECK(runs.begin(store, "a", "k", "h2", now + 1h, 60s)->kind == Kind::replay);
        CHECK(runs.begin(store, "a", "k", "h3", now + 1h, 60s)->kind == Kind::mismatch);
        CHECK(runs.begin(store, "a", "k", "h3", now + 25h, 60s)->kind == Kind::started);
    }
}
