#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "meter/discovery.hpp"
#include "meter/json.hpp"
#include "meter/testing/scripted_fetcher.hpp"

using meter::DiscoveryMethod;
using meter::DiscoveryRequest;
using meter::DiscoveryState;
using meter::DiscoveryStep;
using meter::ErrorCode;
using meter::testing::ScriptedFetcher;

namespace {

const std::string site = "https://shop.test";

std::string page_with_links(const std::vector<std::string>& links) {
    std::string html = "<title>t</title><body>";
    for (const auto& link : links) html += "<a href=\"" + link + "\">x</a>";
    return html;
}

/// Puts a step into a state, as a store does.
void add_step(DiscoveryState& state, const DiscoveryStep& step) {
    if (step.read) {
        std::erase_if(state.waiting, [&](const auto& page) { return page.url == *step.read; });
        state.read.push_back(*step.read);
    }
    state.waiting.insert(state.waiting.end(), step.pages.begin(), step.pages.end());
    state.urls.insert(state.urls.end(), step.urls.begin(), step.urls.end());
    state.truncated = state.truncated || step.truncated;
}

struct Ran {
    DiscoveryState state;
    meter::Result<void> outcome;

    std::string urls() const {
        std::string out;
        for (const auto& url : state.urls)
            out += (out.empty() ? "" : " ") + (url.starts_with(site) ? url.substr(site.size()) : url);
        return out;
    }
};

Ran run_on(ScriptedFetcher& fetcher, const DiscoveryRequest& request, const meter::DiscoveryLimits& limits = {}) {
    Ran ran;
    ran.outcome = discover_urls(
        request, fetcher, {},
        [&](const DiscoveryStep& step) -> meter::Result<bool> {
            add_step(ran.state, step);
            return true;
        },
        limits);
    return ran;
}

DiscoveryRequest crawl_of(std::string link_pattern) {
    return {.method = DiscoveryMethod::link_pattern, .root_url = site + "/", .link_pattern = std::move(link_pattern)};
}

}  // namespace

TEST_SUITE("discover.discover") {
    TEST_CASE("pagination counts without fetching") {
        ScriptedFetcher fetcher;
        DiscoveryRequest request{.method = DiscoveryMethod::pagination, .root_url = site + "/p?page={n}&again={n}"};
        request.start_index = 0;
        request.step = 10;
        request.max_pages = 3;
        CHECK(run_on(fetcher, request).urls() == "/p?page=0&again=0 /p?page=10&again=10 /p?page=20&again=20");
        request.url_pattern = "p?page=10*";
        CHECK(run_on(fetcher, request).urls() == "/p?page=10&again=10");
        request.root_url = site + "/{n}";
        request.url_pattern.reset();
        request.start_index = -10;
        CHECK(run_on(fetcher, request).urls() == "/-10 /0 /10");
        CHECK(fetcher.requests().empty());
    }

    TEST_CASE("a sitemap index is followed in order, what is missing behind it is passed over") {
        ScriptedFetcher fetcher;
        fetcher.page(site + "/sitemap.xml",
                     "<sitemapindex><sitemap><loc>/a.xml</loc></sitemap><sitemap><loc>/missing.xml</loc></sitemap>"
                     "<sitemap><loc>/b.txt</loc></sitemap><sitemap><loc>/a.xml</loc></sitemap>"
                     "<sitemap><loc>/sitemap.xml</loc></sitemap></sitemapindex>",
                     "text/xml");
        fetcher.page(site + "/a.xml", "<urlset><url><loc>/1</loc></url><url><loc>/2</loc></url></urlset>", "text/xml");
        fetcher.page(site + "/b.txt", "https://shop.test/2\nhttps://shop.test/3\n", "text/plain");
        const auto ran = run_on(fetcher, {.root_url = site + "/sitemap.xml"});
        CHECK(ran.outcome.has_value());
        CHECK(ran.urls() == "/1 /2 /3");
        CHECK_FALSE(ran.state.truncated);
        CHECK(fetcher.count(site + "/a.xml") == 1);
        CHECK(fetcher.count(site + "/sitemap.xml") == 1);

        DiscoveryRequest two{.root_url = site + "/sitemap.xml"};
        two.max_urls = 2;
        const auto cut = run_on(fetcher, two);
        CHECK(cut.urls() == "/1 /2");
        CHECK(cut.state.truncated);
    }

    TEST_CASE("a host without a path stands for the sitemaps of its robots.txt, then for /sitemap.xml") {
        ScriptedFetcher fetcher;
        const auto serve = [&](const std::string& path, std::string body) {
            fetcher.page(site + path, std::move(body));
        };
        serve("/sitemap.xml", "<urlset><url><loc>/default</loc></url></urlset>");
        serve("/own.xml", "<urlset><url><loc>/own</loc></url></urlset>");
        CHECK(run_on(fetcher, {.root_url = site}).urls() == "/default");
        serve("/robots.txt", "User-agent: *\nSitemap: https://shop.test/own.xml\nSitemap: /sitemap.xml\n");
        CHECK(run_on(fetcher, {.root_url = site + "/"}).urls() == "/own /default");
    }

    TEST_CASE("the first file decides whether the discovery fails") {
        ScriptedFetcher fetcher;
        const auto message = [&](const DiscoveryRequest& request) {
            const auto ran = run_on(fetcher, request);
            return ran.outcome ? std::string() : ran.outcome.error().message;
        };
        CHECK(message({.root_url = site + "/s.xml"}) == "Page not accessible: 404 Not Found");
        fetcher.page(site + "/s.xml", "<html><p>Soft 404", "text/html");
        CHECK(message({.root_url = site + "/s.xml"}) == "Extraction failed: not a sitemap");
        fetcher.failure(site + "/s.xml", {ErrorCode::network, "Connection failed: connection refused", site, true});
        CHECK(message({.root_url = site + "/s.xml"}) == "Connection failed: connection refused");
        CHECK(message(crawl_of("**")) == "Page not accessible: 404 Not Found");
    }

    TEST_CASE("a crawl goes breadth first, visits what it may, collects what matches") {
        ScriptedFetcher fetcher;
        fetcher.page(site + "/",
                     page_with_links({"/category/a", "/about", "/product/1#x", "https://www.shop.test/product/2",
                                      "https://other.test/product/9", "mailto:x@y", "/file.pdf"}));
        fetcher.page(site + "/category/a", page_with_links({"/product/3", "/category/b", "/product/1"}));
        fetcher.page(site + "/about", page_with_links({"/product/4"}));
        fetcher.page(site + "/category/b", page_with_links({"/product/5"}));
        auto request = crawl_of("/product/*");
        const auto everywhere = run_on(fetcher, request);
        CHECK(everywhere.urls() == "/product/1 https://www.shop.test/product/2 /product/3 /product/4");
        CHECK(fetcher.count(site + "/file.pdf") == 0);
        CHECK(fetcher.count("https://other.test/product/9") == 0);
        CHECK(fetcher.count(site + "/category/b") == 0);

        request.navigation_pattern = "/category/*";
        CHECK(run_on(fetcher, request).urls() == "/product/1 https://www.shop.test/product/2 /product/3");
        request.max_depth = 3;
        CHECK(run_on(fetcher, request).urls() == "/product/1 https://www.shop.test/product/2 /product/3 /product/5");
        request.max_depth = 1;
        CHECK(run_on(fetcher, request).urls() == "/product/1 https://www.shop.test/product/2");
        request.link_pattern = "/";
        CHECK(run_on(fetcher, request).urls() == "/");
    }

    TEST_CASE("a redirect leads to a page like any other: read once, if it may be") {
        ScriptedFetcher fetcher;
        const auto moved = [&](const std::string& from, std::string to) {
            fetcher.handle(site + from, [to = std::move(to)](const meter::Request& ask, std::stop_token) {
                CHECK(ask.max_redirects == 0);
                meter::Response answer;
                answer.status = 302;
                answer.url = ask.url;
                answer.headers = {{"location", to}};
                return answer;
            });
        };
        moved("/", "/home");
        fetcher.page(site + "/home", page_with_links({"/a", "/b", "/loop", "/out", "/hops/0", "/deep"}));
        moved("/a", site + "/b#part");
        fetcher.page(site + "/b", page_with_links({"/item/1", "/a"}));
        moved("/loop", "/loop");
        moved("/out", "https://other.test/");
        for (int i = 0; i < 20; ++i) moved("/hops/" + std::to_string(i), "/hops/" + std::to_string(i + 1));
        moved("/deep", "/late");
        fetcher.page(site + "/late", page_with_links({"/item/2"}));
        const auto ran = run_on(fetcher, crawl_of("/item/*"));
        REQUIRE(ran.outcome);
        CHECK(ran.urls() == "/item/1 /item/2");
        for (const auto& path : {"/", "/home", "/a", "/b", "/loop", "/deep", "/late", "/hops/10"}) {
            CAPTURE(path);
            CHECK(fetcher.count(site + path) == 1);
        }
        CHECK(fetcher.count("https://other.test/") == 0);
        CHECK(fetcher.count(site + "/hops/11") == 0);

        moved("/", "/");
        const auto circle = run_on(fetcher, crawl_of("/item/*"));
        REQUIRE_FALSE(circle.outcome);
        CHECK(circle.outcome.error().message == "Too many redirects");
    }

    TEST_CASE("limits cut a crawl and say so") {
        ScriptedFetcher fetcher;
        std::vector<std::string> links;
        for (int i = 0; i < 50; ++i) links.push_back("/p/" + std::to_string(i));
        fetcher.page(site + "/", page_with_links(links));
        auto request = crawl_of("/p/*");
        request.max_urls = 10;
        const auto few = run_on(fetcher, request);
        CHECK(few.state.urls.size() == 10);
        CHECK(few.state.truncated);
        request.max_urls = 50;
        const auto pages = run_on(fetcher, request, {.max_crawl_pages = 5});
        CHECK(pages.state.urls.size() == 50);
        CHECK(pages.state.read.size() <= 5);
        CHECK(pages.state.truncated);
    }

    TEST_CASE(
        "whatever the parallelism, and wherever it was interrupted, the same is found and no page is read twice") {
        // A random site with cycles.
        std::mt19937 random(7);
        std::map<std::string, std::vector<std::string>> links;
        for (int i = 0; i < 120; ++i) {
            auto& out = links[i == 0 ? "/" : "/n/" + std::to_string(i)];
            for (int k = 0; k < 6; ++k) out.push_back("/n/" + std::to_string(random() % 120));
        }
        auto request = crawl_of("/n/*");
        request.max_depth = 6;
        std::vector<std::string> expected;
        for (int parallel : {1, 2, 7}) {
            ScriptedFetcher fetcher;
            for (const auto& [path, to] : links) fetcher.page(site + path, page_with_links(to));
            meter::DiscoveryLimits limits;
            limits.parallel = parallel;
            const auto ran = run_on(fetcher, request, limits);
            REQUIRE(ran.outcome);
            if (expected.empty()) expected = ran.state.urls;
            CHECK(ran.state.urls == expected);
            for (const auto& [path, to] : links) CHECK(fetcher.count(site + path) <= 1);

            ScriptedFetcher again;
            for (const auto& [path, to] : links) again.page(site + path, page_with_links(to));
            DiscoveryState state;
            for (bool done = false; !done;) {
                int steps = 0;
                const auto so_far = state;
                const auto part = discover_urls(
                    request, again, so_far,
                    [&](const DiscoveryStep& step) -> meter::Result<bool> {
                        add_step(state, step);
                        return ++steps < 3;
                    },
                    limits);
                REQUIRE(part);
                done = state.waiting.empty();
            }
            CHECK(state.urls == expected);
            auto read = state.read;
            std::sort(read.begin(), read.end());
            CHECK(std::adjacent_find(read.begin(), read.end()) == read.end());
            if (parallel == 1)
                for (const auto& [path, to] : links) CHECK(again.count(site + path) <= 1);
        }
        CHECK(expected.size() > 60);
    }

    TEST_CASE("a stop ends a discovery, and so does the one who keeps the steps") {
        ScriptedFetcher fetcher;
        std::stop_source stop;
        fetcher.handle(site + "/",
                       [&](const meter::Request& request, std::stop_token) -> meter::Result<meter::Response> {
                           stop.request_stop();
                           return meter::Error{ErrorCode::cancelled, "Cancelled", request.url};
                       });
        const auto ended = discover_urls(
            crawl_of("**"), fetcher, {}, [](const DiscoveryStep&) -> meter::Result<bool> { return true; }, {},
            stop.get_token());
        CHECK(ended.error().code == ErrorCode::cancelled);
        fetcher.page(site + "/", page_with_links({"/a"}));
        CHECK(discover_urls(crawl_of("**"), fetcher, {},
                            [](const DiscoveryStep&) -> meter::Result<bool> {
                                return meter::Error{ErrorCode::store, "disk full"};
                            })
                  .error()
                  .message == "disk full");
    }

    TEST_CASE("requests are read from JSON and written back, and what is wrong is named") {
        const auto json = [](std::string_view text) { return meter::parse_json(text).value(); };
        const auto read = meter::parse_discovery_request(json(
            R"({"discovery":{"method":"link_pattern","seed_url":"https://s.test/","link_pattern":"a*","max_depth":3}})"));
        REQUIRE(read);
        CHECK(meter::to_json(meter::to_value(*read)) ==
              R"({"method":"link_pattern","seed_url":"https://s.test/","link_pattern":"a*","navigation_pattern":null,)"
              R"("max_depth":3,"max_urls":1000})");
        struct Row {
            std::string_view discovery, subject;
        };
        for (
            const Row& row : {
                Row{R"(null)", "discovery"},
                Row{R"([])", "discovery"},
                Row{R"({})", "discovery.method"},
                Row{R"({"method":"guess"})", "discovery.method"},
                Row{R"({"method":"sitemap"})", "discovery.sitemap_url"},
                Row{R"({"method":"sitemap","sitemap_url":7})", "discovery.sitemap_url"},
                Row{R"({"method":"sitemap","sitemap_url":"https://s.test","max_urls":0})", "discovery.max_urls"},
                Row{R"({"method":"sitemap","sitemap_url":"https://s.test","max_urls":10001})", "discovery.max_urls"},
                Row{R"({"method":"sitemap","sitemap_url":"https://s.test","max_urls":1.5})", "discovery.max_urls"},
                Row{R"({"method":"sitemap","sitemap_url":"https://s.test","url_pattern":""})", "discovery.url_pattern"},
                Row{R"({"method":"pagination"})", "discovery.url_template"},
                Row{R"({"method":"pagination","url_template":"https://s.test/"})", "discovery.url_template"},
                Row{R"({"method":"pagination","url_template":"ftp://s.test/{n}"})", "discovery.url_template"},
                Row{R"({"method":"pagination","url_template":"https://s.test/{n}","step":0})", "discovery.step"},
                Row{R"({"method":"pagination","url_template":"https://s.test/{n}","max_pages":1001})",
                    "discovery.max_pages"},
                Row{R"({"method":"link_pattern","seed_url":"https://s.test/"})", "discovery.link_pattern"},
                Row{R"({"method":"link_pattern","seed_url":"https://s.test/","link_pattern":"a","max_depth":11})",
                    "discovery.max_depth"},
                Row{R"({"method":"link_pattern","seed_url":"https://s.test/","link_pattern":"a","navigation_pattern":""})",
                    "discovery.navigation_pattern"},
            }) {
            CAPTURE(row.discovery);
            const auto refused =
                meter::parse_discovery_request(json(R"({"discovery":)" + std::string(row.discovery) + "}"));
            REQUIRE_FALSE(refused);
            CHECK(refused.error().subject == row.subject);
        }
    }
}
