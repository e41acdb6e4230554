#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/shop.hpp"

using meter::ErrorCode;
using meter::JobStatus;
using shop::Fixture;

namespace {

/// A page that answers only when the request is stopped or the gate is opened.
class Gate {
public:
    meter::testing::ScriptedFetcher::Handler handler() {
        return [this](const meter::Request& request, std::stop_token stop) -> meter::Result<meter::Response> {
            std::unique_lock lock(mutex_);
            ++waiting_;
            changed_.notify_all();
            const bool opened = changed_.wait(lock, stop, [&] { return open_; });
            if (!opened) {
                ++stopped_;
                changed_.notify_all();
                return meter::Error{ErrorCode::cancelled, "Cancelled", request.url};
            }
            meter::Response response;
            response.status = 200;
            response.url = request.url;
            response.body = shop::page({{"A", "1"}});
            return response;
        };
    }
    void wait_for(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waiting_ >= count; });
    }
    int waiting() {
        std::lock_guard lock(mutex_);
        return waiting_;
    }
    void wait_for_stopped(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stopped_ >= count; });
    }
    void open() {
        std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable_any changed_;
    int waiting_ = 0;
    int stopped_ = 0;
    bool open_ = false;
};

/// Moves the clock until the condition holds: housekeeping of another thread is due in manual time.
template <class Condition>
void advance_until(Fixture& f, std::chrono::milliseconds step, Condition condition) {
    while (!condition()) {
        f.clock->advance(step);
        std::this_thread::yield();
    }
}

}  // namespace

TEST_SUITE("engine.lifecycle") {
    TEST_CASE("fifty engines in one process share nothing and end cleanly") {
        std::vector<std::jthread> threads;
        std::atomic<int> completed{0};
        for (int t = 0; t < 5; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 10; ++i) {
                    Fixture one({.workers = 2}), two({.workers = 2});
                    const auto strategy = one.strategy();
                    two.site->page(shop::url, shop::page({{"Other", "1"}}));
                    const auto other = two.strategy();
                    if (one.run(strategy).item_count == 2 && two.run(other).item_count == 1 &&
                        !two.engine->get_strategy(strategy.strategy_id).has_value())
                        ++completed;
                }
            });
        threads.clear();
        CHECK(completed == 50);
    }

    TEST_CASE("stop with 500 requests in flight ends them and gives every job back uncounted") {
        meter::JobOptions jobs{.workers = 500};
        Gate gate;  // outlives whoever waits at it
        Fixture f(jobs);
        const auto strategy = f.strategy();
        f.site->handle(shop::url, gate.handler());
        const auto batch =
            f.engine
                ->submit_batch({.strategy_id = strategy.strategy_id, .urls = std::vector<std::string>(500, shop::url)})
                .value();
        gate.wait_for(500);
        const auto began = std::chrono::steady_clock::now();
        f.engine->stop();
        const auto took = std::chrono::steady_clock::now() - began;
        MESSAGE("stopped 500 in flight in " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
                                            << " ms");
        const auto progress = f.store->jobs().batch_progress("default", batch.batch_id).value();
        REQUIRE(progress);
        CHECK(progress->pending == 500);
        const auto jobs_left = f.store->jobs().list("default", {.range = {.limit = 1000}}).value();
        for (const auto& job : jobs_left) CHECK(job.attempt == 0);
        CHECK(f.engine->submit({.strategy_id = strategy.strategy_id, .url = shop::url}).error().code ==
              ErrorCode::unavailable);
    }

    TEST_CASE("a graceful stop lets running jobs end and their callers have the result") {
        Gate gate;  // outlives whoever waits at it
        Fixture f({.workers = 2});
        const auto strategy = f.strategy();
        f.site->handle(shop::url, gate.handler());
        meter::Result<meter::Job> result = meter::Error{};
        std::jthread caller(
            [&] { result = f.engine->execute({.strategy_id = strategy.strategy_id, .url = shop::url}); });
        gate.wait_for(1);
        std::jthread stopper([&] { f.engine->stop(std::chrono::seconds(60)); });
        gate.open();
        stopper.join();
        caller.join();
        REQUIRE(result);
        CHECK(result->status == JobStatus::completed);
    }

    TEST_CASE("a process that gets back a job it had lost stops what it did under the old claim") {
        Gate gate;  // outlives whoever waits at it
        Fixture f({.workers = 2, .max_attempts = 10});
        const auto strategy = f.strategy();
        f.site->handle(shop::url, gate.handler());
        const auto job = f.engine->submit({.strategy_id = strategy.strategy_id, .url = shop::url}).value();
        gate.wait_for(1);
        // Nobody renewed the lease in time, and another process swept it.
        REQUIRE(f.store->jobs().sweep(f.clock->now() + std::chrono::hours(1), 10).value().requeued == 1);
        advance_until(f, std::chrono::seconds(1), [&] { return gate.waiting() == 2; });
        gate.wait_for_stopped(1);
        gate.open();
        const auto ended = f.engine->wait_for_job(job.job_id, std::chrono::hours(1)).value();
        CHECK(ended.status == JobStatus::completed);
        CHECK(ended.attempt == 2);
    }

    TEST_CASE("a job whose worker died runs again after its lease, and fails when its attempts are used") {
        Fixture f;
        const auto strategy = f.strategy();
        const auto job = f.engine->submit({.strategy_id = strategy.strategy_id, .url = shop::url}).value();
        auto& jobs = f.store->jobs();
        for (int death = 1; death <= 2; ++death) {
            // A worker of a process that is gone: claims, then is never heard of again.
            REQUIRE(jobs.claim_next(f.clock->now(), std::chrono::seconds(30), "dead").value().has_value());
            advance_until(f, std::chrono::seconds(5),
                          [&] { return f.engine->get_job(job.job_id).value().status != JobStatus::running; });
        }
        const auto ended = f.engine->get_job(job.job_id).value();
        CHECK(ended.status == JobStatus::failed);
        CHECK(ended.error == "Interrupted by server restart");
    }

    TEST_CASE("a running job's lease is renewed for as long as it runs") {
        meter::JobOptions options{.workers = 1};
        options.lease = std::chrono::seconds(30);
        Gate gate;  // outlives whoever waits at it
        Fixture f(options);
        const auto strategy = f.strategy();
        f.site->handle(shop::url, gate.handler());
        const auto job = f.engine->submit({.strategy_id = strategy.strategy_id, .url = shop::url}).value();
        gate.wait_for(1);
        for (int i = 0; i < 30; ++i) {
            f.clock->advance(std::chrono::seconds(5));
            // Housekeeping runs on its own thread: let it see this moment before the next.
            (void)f.engine->metrics();
            std::this_thread::yield();
        }
        gate.open();
        const auto done = f.engine->wait_for_job(job.job_id, std::chrono::hours(10));
        REQUIRE(done);
        CHECK(done->status == JobStatus::completed);
    }

    TEST_CASE("execute past its limit fails the job with the contract's text") {
        meter::JobOptions options{.workers = 1};
        options.execute_timeout = std::chrono::seconds(3600);
        Gate gate;  // outlives whoever waits at it
        Fixture f(options);
        const auto strategy = f.strategy();
        f.site->handle(shop::url, gate.handler());
        std::atomic<bool> done{false};
        meter::Result<meter::Job> result = meter::Error{};
        std::jthread caller([&] {
            result = f.engine->execute({.strategy_id = strategy.strategy_id, .url = shop::url});
            done = true;
        });
        gate.wait_for(1);
        advance_until(f, std::chrono::seconds(5), [&] { return done.load(); });
        REQUIRE(result);
        CHECK(result->status == JobStatus::failed);
        CHECK(result->error == "Job timed out after 3600 seconds");
    }

    TEST_CASE("deleting a strategy stops its running job, and its waiter learns that the job is gone") {
        Gate gate;  // outlives whoever waits at it
        Fixture f({.workers = 1});
        const auto strategy = f.strategy();
        f.site->handle(shop::url, gate.handler());
        meter::Result<meter::Job> result = meter::Error{};
        std::jthread caller(
            [&] { result = f.engine->execute({.strategy_id = strategy.strategy_id, .url = shop::url}); });
        gate.wait_for(1);
        f.engine->delete_strategy(strategy.strategy_id).value();
        caller.join();
        REQUIRE_FALSE(result);
        CHECK(result.error().message == "Job not found");
        CHECK(f.store->jobs().counts().value().running == 0);
    }

    TEST_CASE("waiting can be cancelled and has a limit; neither touches the job") {
        Fixture f;
        const auto strategy = f.strategy();
        const auto job = f.engine->submit({.strategy_id = strategy.strategy_id, .url = shop::url}).value();
        CHECK(f.engine->wait_for_job(job.job_id, std::chrono::seconds(0)).error().code == ErrorCode::timeout);
        std::stop_source stop;
        stop.request_stop();
        CHECK(f.engine->wait_for_job(job.job_id, std::chrono::hours(1), {}, stop.get_token()).error().code ==
              ErrorCode::cancelled);
        CHECK(f.engine->get_job(job.job_id).value().status == JobStatus::pending);
    }

    TEST_CASE("two engines on one store share the queue: every job runs exactly once") {
        auto store = meter::open_store("memory:").value();
        auto site = std::make_shared<meter::testing::ScriptedFetcher>();
        site->page(shop::url, shop::page({{"A", "1"}}));
        const auto open = [&] {
            return meter::Engine::open({.store = store, .fetcher = site, .jobs = {.workers = 4}}).value();
        };
        auto one = open(), two = open();
        const auto strategy =
            one->create_strategy({.url = shop::url, .description = {}, .name = "Shop", .strategy = shop::plan()})
                .value();
        const auto batch =
            one->submit_batch({.strategy_id = strategy.strategy_id, .urls = std::vector<std::string>(200, shop::url)})
                .value();
        for (const auto& job : one->list_jobs({.batch_id = batch.batch_id, .range = {.limit = 1000}}).value()) {
            const auto ended = two->wait_for_job(job.job_id, std::chrono::minutes(2));
            CAPTURE((ended ? std::string() : ended.error().message));
            REQUIRE(ended);
        }
        CHECK(one->batch_progress(batch.batch_id).value().completed == 200);
        CHECK(site->count(shop::url) == 201);  // and once for the strategy
    }
}
