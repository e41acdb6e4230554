#include "run/compiled.hpp"

#include <doctest/doctest.h>

#include "meter/json.hpp"

using meter::Strategy;
using meter::run::compile;
using meter::run::CompiledCache;

namespace {

Strategy sample(std::string id = "a") {
    Strategy strategy;
    strategy.strategy_id = std::move(id);
    strategy.strategy = R"({"type":"css","container":{"selector":"li"},"fields":{"name":{"selector":"b"}}})";
    return strategy;
}

}  // namespace

TEST_SUITE("run.compiled") {
    TEST_CASE("settings_hash changes with plan, schema, filter and fetch settings, and with nothing else") {
        const auto base = compile(sample()).value().settings_hash;
        Strategy other = sample();
        other.name = "renamed";
        other.preview_data = "[{}]";
        CHECK(compile(other).value().settings_hash == base);

        for (int part = 0; part < 4; ++part) {
            CAPTURE(part);
            Strategy changed = sample();
            if (part == 0)
                changed.strategy = R"({"type":"css","container":{"selector":"p"},"fields":{"name":{"selector":"b"}}})";
            if (part == 1) changed.output_schema = R"({"name":"string"})";
            if (part == 2) changed.filter_config = R"({"conditions":[]})";
            if (part == 3) changed.fetch = R"({"timeout_seconds":5})";
            CHECK(compile(changed).value().settings_hash != base);
        }
    }

    TEST_CASE("fetch settings become headers, one cookie line and a timeout") {
        const auto value = meter::parse_json(
            R"({"headers":{"X-A":"1"},"cookies":{"s":"abc","t":"d"},"timeout_seconds":7,"wait_for":null})");
        const auto settings = meter::run::read_fetch_settings(*value);
        REQUIRE(settings.headers.size() == 2);
        CHECK(settings.headers[0] == meter::Header{"X-A", "1"});
        CHECK(settings.headers[1] == meter::Header{"Cookie", "s=abc; t=d"});
        CHECK(settings.timeout == std::chrono::seconds(7));
    }

    TEST_CASE("the cache returns the same object until the settings change, and forgets the least used") {
        CompiledCache cache(2);
        const auto first = cache.get(sample("a")).value();
        CHECK(cache.get(sample("a")).value() == first);

        Strategy edited = sample("a");
        edited.filter_config = R"({"conditions":[]})";
        const auto second = cache.get(edited).value();
        CHECK(second != first);
        CHECK(second->filter.has_value());

        (void)cache.get(sample("b")).value();
        (void)cache.get(edited).value();
        (void)cache.get(sample("c")).value();  // b was used least recently
        CHECK(cache.get(edited).value() == second);
    }

    TEST_CASE("a stored plan that does not compile is an error, not a crash") {
        Strategy broken = sample();
        broken.strategy = R"({"type":"css","container":{"selector":"li:::"},"fields":{"n":{"selector":"b"}}})";
        const auto compiled = compile(broken);
        REQUIRE_FALSE(compiled);
        CHECK(compiled.error().code == meter::ErrorCode::invalid_argument);
    }
}
