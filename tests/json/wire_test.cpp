// Wire forms, member by member: the objects of the HTTP contract's schemas of the same names.
#include <doctest/doctest.h>

#include "json/wire_names.hpp"
#include "meter/job.hpp"
#include "meter/json.hpp"
#include "meter/strategy.hpp"

using namespace meter;

namespace {

const TimePoint wire_created = parse_time("2025-01-15T10:30:00.999Z").value();
const TimePoint wire_later = parse_time("2025-01-15T10:31:00Z").value();

}  // namespace

TEST_SUITE("json.wire") {
    TEST_CASE("names of enumerators are wire words and read back") {
        for (const ScraperType type : {ScraperType::css, ScraperType::api, ScraperType::content})
            CHECK(json::parse_scraper_type(to_string(type)) == type);
        for (const JobStatus status : {JobStatus::pending, JobStatus::running, JobStatus::completed, JobStatus::failed})
            CHECK(parse_job_status(to_string(status)) == status);
        for (const Outcome outcome :
             {Outcome::ok, Outcome::empty, Outcome::degraded, Outcome::blocked, Outcome::failed})
            CHECK(json::parse_outcome(to_string(outcome)) == outcome);
        CHECK(to_string(ScraperType::content) == "content");
        CHECK(to_string(JobStatus::completed) == "completed");
        CHECK(to_string(Outcome::degraded) == "degraded");
        for (const char* name : {"", "CSS", "done", "Pending"}) {
            CHECK_FALSE(json::parse_scraper_type(name));
            CHECK_FALSE(parse_job_status(name));
            CHECK_FALSE(json::parse_outcome(name));
        }
    }

    TEST_CASE("a strategy has both ids, nulls where nothing is set, and leaves the extensions out") {
        Strategy strategy;
        strategy.strategy_id = "s1";
        strategy.account_id = "secret";
        strategy.name = "Shop \"A\"";
        strategy.url = "https://a/";
        strategy.strategy = R"({"type":"css"})";
        strategy.created_at = wire_created;
        strategy.updated_at = wire_later;
        CHECK(to_json(strategy) ==
              R"({"id":"s1","strategy_id":"s1","name":"Shop \"A\"","description":"","url":"https://a/",)"
              R"("scraper_type":"css","strategy":{"type":"css"},"api_parameters":null,"preview_data":[],"attempts":0,)"
              R"("output_schema":null,"filter_config":null,"strategy_group_id":null,)"
              R"("created_at":"2025-01-15T10:30:00Z","updated_at":"2025-01-15T10:31:00Z"})");
    }

    TEST_CASE("what a strategy has set is spliced in as stored") {
        Strategy strategy;
        strategy.strategy_id = "s1";
        strategy.scraper_type = ScraperType::api;
        strategy.strategy = "{}";
        strategy.api_parameters = R"({"page":1})";
        strategy.preview_data = R"([{"a":1.0}])";
        strategy.attempts = 2;
        strategy.output_schema = R"({"a":"number"})";
        strategy.filter_config = R"({"conditions":[]})";
        strategy.strategy_group_id = "g1";
        strategy.fetch = R"({"render":"http"})";
        strategy.warnings = {"Field 'x' not found", "y"};
        const std::string text = to_json(strategy);
        REQUIRE(parse_json(text));
        for (const char* part :
             {R"("scraper_type":"api")", R"("api_parameters":{"page":1})", R"("preview_data":[{"a":1.0}])",
              R"("attempts":2)", R"("output_schema":{"a":"number"})", R"("filter_config":{"conditions":[]})",
              R"("strategy_group_id":"g1","fetch":{"render":"http"},"warnings":["Field 'x' not found","y"],)"})
            CHECK_MESSAGE(text.find(part) != std::string::npos, part);
    }

    TEST_CASE("an audit event and a quota have the contract's members") {
        CHECK(to_json(AuditEvent{"e", "acc", "created", "s", "N", "http://a/", std::nullopt, wire_created}) ==
              R"({"id":"e","event":"created","strategy_id":"s","strategy_name":"N","url":"http://a/",)"
              R"("api_key_prefix":null,"created_at":"2025-01-15T10:30:00Z"})");
        CHECK(to_json(StrategyQuota{}) == R"({"strategy_quota":{"used":0,"limit":-1,"tier":"enterprise"}})");
        CHECK(to_json(StrategyQuota{3, 100, "pro", wire_later}) ==
              R"({"strategy_quota":{"used":3,"limit":100,"tier":"pro","reset_at":"2025-01-15T10:31:00Z"}})");
        CHECK(to_json(StrategyQuota{3, -1, "enterprise", wire_later}).find("reset_at") == std::string::npos);
        CHECK(to_json(StrategyQuota{0, 100, "pro", wire_later}).find("reset_at") == std::string::npos);
    }

    TEST_CASE("a pending job is all nulls, an ended one carries its outcome") {
        Job job;
        job.job_id = "j1";
        job.account_id = "secret";
        job.strategy_id = "s1";
        job.url = "http://a/";
        job.created_at = wire_created;
        CHECK(to_json(job) ==
              R"({"id":"j1","job_id":"j1","status":"pending","strategy_id":"s1","schedule_id":null,"batch_id":null,)"
              R"("workflow_run_id":null,"url":"http://a/","parameters":null,"results":null,"item_count":null,)"
              R"("content_hash":null,"structural_signature":null,"has_changes":null,"error":null,"started_at":null,)"
              R"("completed_at":null,"created_at":"2025-01-15T10:30:00Z"})");
        job.status = JobStatus::completed;
        job.batch_id = "b1";
        job.parameters = R"({"q":[1,2]})";
        job.results = R"([{"n":1}])";
        job.item_count = 1;
        job.content_hash = "abc";
        job.structural_signature = R"({"version":1})";
        job.has_changes = false;
        job.outcome = Outcome::ok;
        job.warnings = {"w"};
        job.started_at = wire_created;
        job.completed_at = wire_later;
        CHECK(to_json(job) ==
              R"({"id":"j1","job_id":"j1","status":"completed","strategy_id":"s1","schedule_id":null,"batch_id":"b1",)"
              R"("workflow_run_id":null,"url":"http://a/","parameters":{"q":[1,2]},"results":[{"n":1}],"item_count":1,)"
              R"("content_hash":"abc","structural_signature":{"version":1},"has_changes":false,"error":null,)"
              R"("outcome":"ok","warnings":["w"],"started_at":"2025-01-15T10:30:00Z",)"
              R"("completed_at":"2025-01-15T10:31:00Z","created_at":"2025-01-15T10:30:00Z"})");
        CHECK(to_created_json(job) ==
              R"({"id":"j1","job_id":"j1","status":"pending","strategy_id":"s1","url":"http://a/",)"
              R"("parameters":{"q":[1,2]},"created_at":"2025-01-15T10:30:00Z"})");
    }

    TEST_CASE("a batch starts pending and its progress follows the counts") {
        const Batch batch{"b1", "acc", "s1", 3, wire_created};
        CHECK(to_json(batch) == R"({"batch_id":"b1","job_count":3,"status":"pending","strategy_id":"s1",)"
                                R"("created_at":"2025-01-15T10:30:00Z"})");
        CHECK(to_json(BatchProgress{batch, 1, 1, 1, 0}) ==
              R"({"batch_id":"b1","strategy_id":"s1","status":"running","total":3,"pending":1,"running":1,)"
              R"("completed":1,"failed":0,"progress_percent":33.3,"created_at":"2025-01-15T10:30:00Z"})");
        struct Row {
            std::int64_t pending, running, completed, failed;
            std::string_view status, percent;
        };
        // BEHAVIOUR 11.3
        for (const Row& row :
             {Row{3, 0, 0, 0, "pending", "0"}, Row{2, 1, 0, 0, "running", "0"}, Row{2, 0, 1, 0, "running", "33.3"},
              Row{1, 0, 0, 2, "running", "66.7"}, Row{0, 0, 3, 0, "completed", "100"},
              Row{0, 0, 1, 2, "completed", "100"}, Row{0, 0, 0, 3, "failed", "100"}}) {
            const std::string text = to_json(BatchProgress{batch, row.pending, row.running, row.completed, row.failed});
            CAPTURE(text);
            CHECK(text.find("\"status\":\"" + std::string(row.status) + "\"") != std::string::npos);
            CHECK(text.find("\"progress_percent\":" + std::string(row.percent) + ",") != std::string::npos);
        }
        CHECK(to_json(BatchProgress{}).find("\"progress_percent\":0,") != std::string::npos);
    }

    TEST_CASE("a history entry has both ids and false for no changes") {
        HistoryEntry entry{"j1", JobStatus::failed, "http://a/", std::nullopt, false, std::nullopt, wire_created, {}};
        CHECK(to_json(entry) ==
              R"({"id":"j1","job_id":"j1","status":"failed","url":"http://a/","item_count":null,"has_changes":false,)"
              R"("content_hash":null,"created_at":"2025-01-15T10:30:00Z","completed_at":null})");
        entry.item_count = 0;
        entry.has_changes = true;
        entry.content_hash = "h";
        entry.completed_at = wire_later;
        CHECK(to_json(entry).find(R"("item_count":0,"has_changes":true,"content_hash":"h",)") != std::string::npos);
    }
}
