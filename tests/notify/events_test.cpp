#include "notify/events.hpp"

#include <doctest/doctest.h>

#include "meter/json.hpp"

namespace meter::notify {
namespace {

const ScheduleFacts schedule{.account_id = "acme", .schedule_id = "s-1", .strategy_name = "Shop"};
const TimePoint noon{std::chrono::milliseconds{1'736'937'000'500}};  // 2025-01-15T10:30:00.5Z

JobFacts completed_job() {
    JobFacts job;
    job.job_id = "j-1";
    job.url = "https://shop.example/\xE2\x82\xAC";
    job.completed_at = noon;
    job.results = R"([{"name":"A"}])";
    job.item_count = 1;
    job.content_hash = "abc";
    return job;
}

JobFacts failed_job() {
    JobFacts job;
    job.job_id = "j-2";
    job.url = "https://shop.example/";
    job.completed = false;
    job.outcome = Outcome::failed;
    job.completed_at = noon;
    job.error = "Page not accessible: 404 Not Found";
    return job;
}

}  // namespace

TEST_SUITE("notify.events") {
    TEST_CASE("standard bodies have exactly the members of the wire contract") {
        // Wire contract 15.3.
        JobFacts job = completed_job();
        CHECK(job_payload(std::nullopt, schedule, job) ==
              R"({"job_id":"j-1","schedule_id":"s-1","status":"completed","url":"https://shop.example/)"
              "\xE2\x82\xAC"
              R"(","results":[{"name":"A"}],"item_count":1,"has_changes":false,"content_hash":"abc","changes":null,)"
              R"("completed_at":"2025-01-15T10:30:00Z","metadata":null})");
        job.has_changes = true;
        job.changes = R"({"added":[],"removed":[],"modified":[],"order_changed":true})";
        const auto changed = parse_json(job_payload(R"({"team":"a"})", schedule, job)).value();
        CHECK(to_json(*changed.find("changes")) == job.changes);
        CHECK(to_json(*changed.find("metadata")) == R"({"team":"a"})");
        CHECK(job_payload(std::nullopt, schedule, failed_job()) ==
              R"({"job_id":"j-2","schedule_id":"s-1","status":"failed","url":"https://shop.example/",)"
              R"("error":"Page not accessible: 404 Not Found","completed_at":"2025-01-15T10:30:00Z","metadata":null})");
    }

    TEST_CASE("a webhook for changes hears of changes, failures and the first broken run") {
        struct Row {
            bool completed, has_changes;
            Outcome outcome;
            std::optional<Outcome> previous;
            bool told;
        };
        for (const Row& row : {
                 Row{true, false, Outcome::ok, Outcome::ok, false},
                 Row{true, true, Outcome::ok, Outcome::ok, true},
                 Row{true, false, Outcome::ok, std::nullopt, false},
                 Row{true, false, Outcome::empty, Outcome::ok, true},
                 Row{true, false, Outcome::degraded, Outcome::ok, true},
                 Row{true, false, Outcome::empty, std::nullopt, true},
                 Row{true, false, Outcome::empty, Outcome::failed, true},
                 Row{true, false, Outcome::empty, Outcome::empty, false},
                 Row{true, false, Outcome::degraded, Outcome::empty, false},
                 Row{true, false, Outcome::ok, Outcome::empty, false},
                 Row{false, false, Outcome::failed, Outcome::failed, true},
                 Row{false, false, Outcome::blocked, Outcome::ok, true},
             }) {
            JobFacts job = completed_job();
            job.completed = row.completed;
            job.has_changes = row.has_changes;
            job.outcome = row.outcome;
            job.previous_outcome = row.previous;
            CAPTURE(to_string(row.outcome));
            CAPTURE(row.has_changes);
            CHECK(is_told(WebhookOn::changes, job) == row.told);
            CHECK(is_told(WebhookOn::all, job));
        }
    }

    TEST_CASE("a told job is one delivery, due at once") {
        WebhookTarget target{.url = "https://Hooks.Example/x?y", .secret = "whsec_hidden"};
        const auto made = job_deliveries(target, schedule, completed_job());
        REQUIRE(made.size() == 1);
        const Delivery& delivery = made[0];
        CHECK(delivery.account_id == "acme");
        CHECK(delivery.schedule_id == "s-1");
        CHECK(delivery.job_id == "j-1");
        CHECK_FALSE(delivery.workflow_run_id);
        CHECK(delivery.event == "job.completed");
        CHECK(delivery.name == "Shop");
        CHECK(delivery.endpoint == "https://hooks.example:443");
        CHECK(delivery.status == DeliveryStatus::pending);
        CHECK(delivery.next_attempt_at == noon);
        CHECK(delivery.created_at == noon);
        CHECK(delivery.payload == job_payload(std::nullopt, schedule, completed_job()));
        CHECK(delivery.payload.find(target.secret) == std::string::npos);
        CHECK(job_deliveries(target, schedule, failed_job()).at(0).event == "job.failed");
        CHECK(job_deliveries(target, schedule, completed_job()).at(0).delivery_id != delivery.delivery_id);

        target.on = WebhookOn::changes;
        CHECK(job_deliveries(target, schedule, completed_job()).empty());
        target.url.clear();
        CHECK(job_deliveries(target, schedule, failed_job()).empty());
    }

    TEST_CASE("deliveries to one server share an endpoint") {
        CHECK(endpoint_of("https://a.example/x", WebhookType::standard) == "https://a.example:443");
        CHECK(endpoint_of("http://A.example:8080/y?z#w", WebhookType::slack) == "http://a.example:8080");
        CHECK(endpoint_of("mailto:me@A.example", WebhookType::email) == "mailto:a.example");
        CHECK(endpoint_of("nonsense", WebhookType::standard) == "nonsense");
    }
}

}  // namespace meter::notify
