#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "engine/shop.hpp"

using meter::ErrorCode;
using meter::JobStatus;
using meter::Outcome;
using shop::Fixture;

namespace {

meter::Result<meter::Response> reply(int status, std::string body = {}, std::vector<meter::Header> headers = {}) {
    meter::Response response;
    response.status = status;
    response.url = shop::url;
    response.headers = std::move(headers);
    response.body = std::move(body);
    return response;
}

}  // namespace

TEST_SUITE("engine.jobs") {
    TEST_CASE("a job goes from pending to completed with results, hash and signature of the contract's vectors") {
        Fixture f;
        const auto strategy = f.strategy();
        const auto queued = f.engine->submit({.strategy_id = strategy.strategy_id, .url = shop::url}).value();
        CHECK(queued.status == JobStatus::pending);
        CHECK(f.engine->get_job(queued.job_id).value() == queued);

        f.clock->advance(std::chrono::seconds(2));
        CHECK(f.engine->run_pending().value() == 1);
        const auto done = f.engine->get_job(queued.job_id).value();
        CHECK(done.status == JobStatus::completed);
        CHECK(done.results == R"([{"name":"Product A","price":"$19.99"},{"name":"Product B","price":"$29.99"}])");
        CHECK(done.item_count == 2);
        CHECK(done.content_hash == "d63464a23634c95f2fc8ffed1fd5e813c93be11f32fa969d267c8de942f9449b");
        REQUIRE(done.structural_signature);
        CHECK(done.structural_signature->find("45d69c5d5621135b64ed0e287a7a122cba938ac99f53ca0d8cb140852a6da5b5") !=
              std::string::npos);
        CHECK(done.has_changes == false);
        CHECK(done.outcome == Outcome::ok);
        CHECK(done.started_at == f.clock->now());
        CHECK(done.completed_at == f.clock->now());
    }

    TEST_CASE("the first run is no change, an edit is one, the same again is none") {
        Fixture f;
        const auto strategy = f.strategy();
        CHECK(f.run(strategy).has_changes == false);
        f.site->page(shop::url, shop::page({{"Product A", "$17.99"}, {"Product B", "$29.99"}}));
        CHECK(f.run(strategy).has_changes == true);
        CHECK(f.run(strategy).has_changes == false);
    }

    TEST_CASE("another URL has a baseline of its own") {
        Fixture f;
        const auto strategy = f.strategy();
        f.site->page(shop::url + "?page=2", shop::page({{"Product C", "$1"}}));
        (void)f.run(strategy);
        CHECK(f.run(strategy, shop::url + "?page=2").has_changes == false);
    }

    TEST_CASE("failed, blocked, empty and degraded runs are never a change and never a baseline") {
        Fixture f;
        f.site->page(shop::url, shop::page({{"A", "1"}, {"B", "2"}, {"C", "3"}}));
        const auto strategy = f.strategy();
        (void)f.run(strategy);

        f.site->failure(shop::url, {ErrorCode::network, "Connection failed: connection refused"});
        const auto failed = f.run(strategy);
        CHECK(failed.status == JobStatus::failed);
        CHECK(failed.error == "Connection failed: connection refused");
        CHECK(failed.outcome == Outcome::failed);
        CHECK_FALSE(failed.has_changes.has_value());
        CHECK_FALSE(failed.results.has_value());

        f.site->handle(shop::url, [](const meter::Request&, std::stop_token) { return reply(403); });
        CHECK(f.run(strategy).outcome == Outcome::blocked);

        f.site->page(shop::url, "<p>We are closed</p>");
        const auto empty = f.run(strategy);
        CHECK(empty.status == JobStatus::completed);
        CHECK(empty.outcome == Outcome::empty);
        CHECK(empty.has_changes == false);
        CHECK(empty.results == "[]");

        f.site->page(shop::url,
                     "<ul><li class=product><h2>A</h2><li class=product><h2>B</h2><li class=product><h2>C</h2></ul>");
        const auto degraded = f.run(strategy);
        CHECK(degraded.outcome == Outcome::degraded);
        CHECK(degraded.has_changes == false);

        f.site->page(shop::url, shop::page({{"A", "1"}, {"B", "2"}, {"C", "3"}}));
        CHECK(f.run(strategy).has_changes == false);
        f.site->page(shop::url, shop::page({{"A", "1"}, {"B", "2"}, {"C", "4"}}));
        CHECK(f.run(strategy).has_changes == true);
    }

    TEST_CASE("an unmodified page completes from the baseline without its body, until the strategy is edited") {
        Fixture f;
        int conditional = 0;
        f.site->handle(shop::url, [&](const meter::Request& request, std::stop_token) {
            for (const auto& [name, value] : request.headers)
                if (name == "If-None-Match" && value == "\"v1\"") {
                    ++conditional;
                    return reply(304);
                }
            return reply(200, shop::page({{"Product A", "$19.99"}, {"Product B", "$29.99"}}), {{"etag", "\"v1\""}});
        });
        const auto strategy = f.strategy();
        const auto first = f.run(strategy);
        CHECK(conditional == 0);
        for (int i = 1; i <= 3; ++i) {
            const auto again = f.run(strategy);
            CHECK(conditional == i);
            CHECK(again.status == JobStatus::completed);
            CHECK(again.results == first.results);
            CHECK(again.content_hash == first.content_hash);
            CHECK(again.structural_signature == first.structural_signature);
            CHECK(again.item_count == 2);
            CHECK(again.has_changes == false);
        }
        CHECK(f.engine->metrics().jobs_unchanged == 3);

        (void)f.engine->update_strategy(
            strategy.strategy_id,
            {.filter_config =
                 meter::parse_json(R"({"conditions":[{"field":"name","operator":"contains","value":"a"}]})").value()});
        const auto filtered = f.run(strategy);
        CHECK(conditional == 3);
        CHECK(filtered.status == JobStatus::completed);
    }

    TEST_CASE("parameters of an api strategy reach the request and keep baselines apart; others ignore them") {
        Fixture f;
        const std::string endpoint = "https://api.test/items";
        f.site->handle(endpoint + "?page=1",
                       [](const meter::Request&, std::stop_token) { return reply(200, R"({"items":[{"n":1}]})"); });
        f.site->handle(endpoint + "?page=2",
                       [](const meter::Request&, std::stop_token) { return reply(200, R"({"items":[{"n":2}]})"); });
        const auto api =
            f.engine
                ->create_strategy(
                    {.url = endpoint,
                     .description = {},
                     .name = "Api",
                     .strategy =
                         meter::parse_json(
                             R"({"type":"api","request":{"url":"https://api.test/items","query":{"page":1}},"items_path":"items"})")
                             .value()})
                .value();
        CHECK(api.api_parameters == R"({"page":1})");
        const auto run = [&](std::optional<meter::Value> parameters) {
            return f.engine
                ->execute({.strategy_id = api.strategy_id, .url = endpoint, .parameters = std::move(parameters)})
                .value();
        };
        CHECK(run({}).results == R"([{"n":1}])");
        const auto second = run(meter::Value(meter::Object{{"page", 2}}));
        CHECK(second.results == R"([{"n":2}])");
        CHECK(second.parameters == R"({"page":2})");
        CHECK(second.has_changes == false);
        CHECK(f.engine->submit({.strategy_id = api.strategy_id, .url = endpoint, .parameters = meter::Value("x")})
                  .error()
                  .subject == "parameters");
        CHECK(f.engine
                  ->submit({.strategy_id = api.strategy_id,
                            .url = endpoint,
                            .parameters = meter::Value(meter::Object{{"a", meter::Object{}}})})
                  .error()
                  .subject == "parameters.a");

        const auto css = f.strategy();
        const auto ignored = f.engine
                                 ->submit({.strategy_id = css.strategy_id,
                                           .url = shop::url,
                                           .parameters = meter::Value(meter::Object{{"page", 2}})})
                                 .value();
        CHECK_FALSE(ignored.parameters.has_value());
    }

    TEST_CASE("a batch keeps order and duplicates, and its progress adds up") {
        Fixture f;
        const auto strategy = f.strategy();
        const auto batch = f.engine
                               ->submit_batch({.strategy_id = strategy.strategy_id,
                                               .urls = {shop::url, "https://shop.test/404", shop::url}})
                               .value();
        CHECK(batch.job_count == 3);
        auto progress = f.engine->batch_progress(batch.batch_id).value();
        CHECK(progress.pending == 3);
        CHECK(f.engine->run_pending().value() == 3);
        progress = f.engine->batch_progress(batch.batch_id).value();
        CHECK(progress.completed == 2);
        CHECK(progress.failed == 1);
        CHECK(progress.pending + progress.running == 0);

        const auto jobs = f.engine->list_jobs({.batch_id = batch.batch_id}).value();
        REQUIRE(jobs.size() == 3);
        CHECK(jobs[0].url == shop::url);
        CHECK(jobs[1].url == "https://shop.test/404");
        CHECK(jobs[1].error == "Page not accessible: 404 Not Found");
        CHECK(f.engine->batch_progress("00000000-0000-4000-8000-000000000000").error().message == "Batch not found");
    }

    TEST_CASE("a batch with one bad URL queues nothing and names it") {
        Fixture f;
        const auto strategy = f.strategy();
        const auto refused =
            f.engine->submit_batch({.strategy_id = strategy.strategy_id, .urls = {shop::url, "shop.test"}});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::invalid_url);
        CHECK(refused.error().subject == "urls.1");
        CHECK(f.engine->list_jobs().value().empty());
        CHECK(f.engine->submit_batch({.strategy_id = strategy.strategy_id, .urls = {}}).error().subject == "urls");
    }

    TEST_CASE("list filters combine, history shows every job of the strategy") {
        Fixture f;
        const auto one = f.strategy();
        const auto two = f.strategy();
        (void)f.run(one);
        f.clock->advance(std::chrono::hours(2));
        (void)f.run(one);
        (void)f.run(two);
        (void)f.engine->submit({.strategy_id = one.strategy_id, .url = shop::url}).value();
        const auto since = f.clock->now() - std::chrono::hours(1);
        CHECK(f.engine->list_jobs({.strategy_id = one.strategy_id}).value().size() == 3);
        CHECK(f.engine->list_jobs({.status = JobStatus::completed}).value().size() == 3);
        CHECK(f.engine->list_jobs({.strategy_id = one.strategy_id, .status = JobStatus::completed, .since = since})
                  .value()
                  .size() == 1);
        const auto history = f.engine->history(one.strategy_id).value();
        REQUIRE(history.size() == 3);
        CHECK(history[0].status == JobStatus::pending);
        CHECK(history[0].has_changes == false);
        CHECK(history[1].created_at > history[2].created_at);
    }

    TEST_CASE("too many results fail the job with the contract's text") {
        meter::JobOptions jobs{.workers = 0};
        jobs.extract.max_items = 1;
        Fixture f(jobs);
        f.site->page(shop::url, shop::page({{"A", "1"}}));
        const auto strategy = f.strategy();
        f.site->page(shop::url, shop::page({{"A", "1"}, {"B", "2"}}));
        const auto job = f.run(strategy);
        CHECK(job.status == JobStatus::failed);
        CHECK(job.error == "Extraction failed: too many results");
    }

    TEST_CASE("a fetcher that throws fails the job, not the program") {
        Fixture f;
        const auto strategy = f.strategy();
        f.site->handle(shop::url, [](const meter::Request&, std::stop_token) -> meter::Result<meter::Response> {
            throw std::runtime_error("boom");
        });
        const auto job = f.run(strategy);
        CHECK(job.status == JobStatus::failed);
        CHECK(job.error == "Internal error");
    }

    TEST_CASE("many jobs of one page at once all complete, and exactly one of them sees the change") {
        Fixture f({.workers = 32});
        const auto strategy = f.strategy();
        (void)f.run(strategy);
        f.site->page(shop::url, shop::page({{"Product A", "$1"}}));
        const auto batch =
            f.engine
                ->submit_batch({.strategy_id = strategy.strategy_id, .urls = std::vector<std::string>(200, shop::url)})
                .value();
        int changed = 0;
        for (const auto& queued : f.engine->list_jobs({.batch_id = batch.batch_id, .range = {.limit = 1000}}).value()) {
            const auto job = f.engine->wait_for_job(queued.job_id, std::chrono::minutes(2)).value();
            CHECK(job.status == JobStatus::completed);
            if (job.has_changes == true) ++changed;
        }
        CHECK(changed == 1);
    }

    TEST_CASE("a full queue refuses more, and takes them again once it is drained") {
        meter::JobOptions jobs{.workers = 0};
        jobs.max_pending = 2;
        Fixture f(jobs);
        const auto strategy = f.strategy();
        const meter::JobRequest request{.strategy_id = strategy.strategy_id, .url = shop::url};
        (void)f.engine->submit(request).value();
        (void)f.engine->submit(request).value();
        const auto refused = f.engine->submit(request);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::unavailable);
        CHECK(refused.error().retryable);
        CHECK(f.engine->run_pending().value() == 2);
        CHECK(f.engine->submit(request).has_value());
    }
}
