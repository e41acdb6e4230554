#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "meter/fetcher.hpp"
#include "meter/testing/manual_clock.hpp"
#include "meter/testing/scripted_fetcher.hpp"

using namespace std::chrono_literals;
using meter::ErrorCode;
using meter::Request;
using meter::Response;
using meter::Result;

namespace {

const std::string robots_url = "https://shop.test:443/robots.txt";

/// A site, and a fetcher that asks its robots.txt.
struct Site {
    std::shared_ptr<meter::testing::ManualClock> clock = std::make_shared<meter::testing::ManualClock>();
    std::shared_ptr<meter::testing::ScriptedFetcher> inner = std::make_shared<meter::testing::ScriptedFetcher>();
    std::shared_ptr<meter::Fetcher> fetcher = meter::make_robots_fetcher(inner, clock);

    explicit Site(int status = 200, std::string robots = "") {
        for (const char* path : {"/", "/open", "/private/a"})
            inner->page("https://shop.test" + std::string(path), "page");
        serve(status, std::move(robots));
    }

    void serve(int status, std::string robots) {
        inner->handle(robots_url, [=](const Request& request, std::stop_token) -> Result<Response> {
            Response response;
            response.status = status;
            response.url = request.url;
            response.body = robots;
            return response;
        });
    }

    Result<Response> get(const std::string& path, std::stop_token stop = {}) {
        Request request;
        request.url = "https://shop.test" + path;
        return fetcher->fetch(request, stop);
    }
};

}  // namespace

TEST_SUITE("fetch.robots") {
    TEST_CASE("what robots.txt forbids is not fetched, the rest is, and it is read once") {
        Site site(200, "User-agent: *\nDisallow: /\nUser-agent: libmeter\nDisallow: /private/\n");
        const auto refused = site.get("/private/a?x=1");
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::blocked);
        CHECK(refused.error().message == "Blocked by robots.txt");
        CHECK(site.get("/open")->body == "page");
        CHECK(site.get("/")->body == "page");
        CHECK(site.inner->count(robots_url) == 1);
        CHECK(site.inner->requests().size() == 3);

        site.clock->advance(24h);
        site.serve(200, "");
        CHECK(site.get("/private/a")->body == "page");
        CHECK(site.inner->count(robots_url) == 2);
    }

    TEST_CASE("the status of robots.txt decides where it has no rules") {
        struct Row {
            int status;
            bool allowed;
        };
        for (const Row& row : {Row{404, true}, Row{401, true}, Row{403, true}, Row{410, true}, Row{304, true},
                               Row{429, false}, Row{500, false}, Row{503, false}}) {
            CAPTURE(row.status);
            Site site(row.status);
            CHECK(site.get("/open").has_value() == row.allowed);
            site.serve(404, "");
            site.clock->advance(5min);
            CHECK(site.get("/open").has_value());
        }
    }

    TEST_CASE("a site that cannot be reached fails with its own error, asked once for half a minute") {
        Site site;
        site.inner->failure(robots_url,
                            {ErrorCode::network, "Connection failed: connection refused", robots_url, true});
        for (int i = 0; i < 3; ++i) {
            const auto failed = site.get("/open");
            REQUIRE_FALSE(failed);
            CHECK(failed.error().message == "Connection failed: connection refused");
            CHECK(failed.error().subject == "https://shop.test/open");
        }
        CHECK(site.inner->count(robots_url) == 1);
        CHECK(site.inner->count("https://shop.test/open") == 0);
        site.serve(200, "");
        site.clock->advance(30s);
        CHECK(site.get("/open").has_value());
    }

    TEST_CASE("a robots.txt beyond the size limit counts as far as it was read") {
        Site site(200, "User-agent: *\nDisallow: /private\n" + std::string(1u << 20, '#'));
        CHECK_FALSE(site.get("/private/a"));
        CHECK(site.get("/open").has_value());
    }

    TEST_CASE("the crawl delay is kept between requests, a stop ends the wait") {
        Site site(200, "User-agent: *\nCrawl-delay: 5\n");
        CHECK(site.get("/").has_value());
        std::atomic<bool> done = false;
        std::thread second([&] {
            CHECK(site.get("/open").has_value());
            done = true;
        });
        site.clock->advance(4999ms);
        CHECK_FALSE(done);
        CHECK(site.inner->count("https://shop.test/open") == 0);
        while (!done) {  // the thread may not have asked for its place before the time moved
            site.clock->advance(1ms);
            std::this_thread::yield();
        }
        second.join();

        std::stop_source stop;
        std::thread third([&] {
            const auto ended = site.get("/open", stop.get_token());
            REQUIRE_FALSE(ended);
            CHECK(ended.error().code == ErrorCode::cancelled);
        });
        stop.request_stop();
        third.join();
    }

    TEST_CASE("many requests to a new site at once read robots.txt once") {
        Site site;
        std::atomic<int> asked = 0;
        std::atomic<bool> go = false;
        site.inner->handle(robots_url, [&](const Request& request, std::stop_token) -> Result<Response> {
            ++asked;
            while (!go) std::this_thread::yield();
            Response response;
            response.status = 404;
            response.url = request.url;
            return response;
        });
        std::atomic<int> fetched = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i) threads.emplace_back([&] { fetched += site.get("/open").has_value(); });
        while (asked == 0) std::this_thread::yield();
        go = true;
        for (auto& thread : threads) thread.join();
        CHECK(asked == 1);
        CHECK(fetched == 8);
    }

    TEST_CASE("a caller that gives up while it reads robots.txt spoils nothing for the others") {
        Site site;
        std::stop_source stop;
        site.inner->handle(robots_url, [&](const Request& request, std::stop_token) -> Result<Response> {
            stop.request_stop();
            return meter::Error{ErrorCode::cancelled, "Cancelled", request.url};
        });
        CHECK(site.get("/open", stop.get_token()).error().code == ErrorCode::cancelled);
        site.serve(200, "");
        CHECK(site.get("/open").has_value());
    }
}
