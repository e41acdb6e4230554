#include "meter/engine.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string_view>

using meter::EngineOptions;

TEST_SUITE("engine.options") {
    TEST_CASE("an option out of range is refused by name") {
        struct Row {
            std::string_view subject;
            std::function<void(EngineOptions&)> spoil;
        };
        for (const Row& row : {
                 Row{"jobs.workers", [](EngineOptions& o) { o.jobs.workers = -1; }},
                 Row{"jobs.workers", [](EngineOptions& o) { o.jobs.workers = 1025; }},
                 Row{"jobs.lease", [](EngineOptions& o) { o.jobs.lease = std::chrono::milliseconds(99); }},
                 Row{"jobs.sweep", [](EngineOptions& o) { o.jobs.sweep = std::chrono::milliseconds(0); }},
                 Row{"jobs.max_attempts", [](EngineOptions& o) { o.jobs.max_attempts = 0; }},
                 Row{"jobs.max_pending", [](EngineOptions& o) { o.jobs.max_pending = 0; }},
                 Row{"jobs.execute_timeout",
                     [](EngineOptions& o) { o.jobs.execute_timeout = std::chrono::seconds(0); }},
                 Row{"jobs.extract.max_items", [](EngineOptions& o) { o.jobs.extract.max_items = 0; }},
                 Row{"quota.tier", [](EngineOptions& o) { o.quota.tier = "gold"; }},
                 Row{"quota.limit", [](EngineOptions& o) { o.quota.limit = -2; }},
                 Row{"generate_deadline", [](EngineOptions& o) { o.generate_deadline = std::chrono::seconds(0); }},
                 Row{"jobs.retention", [](EngineOptions& o) { o.jobs.retention = std::chrono::hours(-1); }},
                 Row{"jobs.retention", [](EngineOptions& o) { o.jobs.retention = std::chrono::hours(87'601); }},
                 Row{"snapshot_retention", [](EngineOptions& o) { o.snapshot_retention = std::chrono::hours(-1); }},
             }) {
            CAPTURE(row.subject);
            EngineOptions options;
            row.spoil(options);
            const auto valid = meter::validate(options);
            REQUIRE_FALSE(valid);
            CHECK(valid.error().code == meter::ErrorCode::invalid_argument);
            CHECK(valid.error().subject == row.subject);
            CHECK_FALSE(meter::Engine::open(options).has_value());
        }
        CHECK(meter::validate(EngineOptions{}).has_value());
    }
}
