#include "url/robots.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "meter/json.hpp"
#include "url/url.hpp"

using meter::url::Robots;

namespace {

bool robots_allow(std::string_view text, std::string_view path, std::string_view agent = "libmeter") {
    return Robots::parse(text, agent).allows(path);
}

}  // namespace

TEST_SUITE("url.robots") {
    TEST_CASE("the published cases of RFC 9309 are decided as published") {
        const char* folder = std::getenv("METER_SUITES");
        const std::string path =
            std::string(folder != nullptr ? folder : "../shared/suites") + "/robotstxt/google_robots_cases.json";
        std::ifstream file(path);
        if (!file) {
            MESSAGE("skipped: no " << path);
            return;
        }
        std::stringstream text;
        text << file.rdbuf();
        const auto cases = meter::parse_json(text.str());
        REQUIRE(cases);
        std::size_t passed = 0;
        for (const meter::Value& row : *cases->if_array()) {
            const auto text_of = [&](std::string_view name) { return *row.find(name)->if_string(); };
            const auto url = meter::url::parse_url(text_of("url"));
            REQUIRE(url);
            CAPTURE(text_of("test"));
            CAPTURE(text_of("robots_txt"));
            CAPTURE(text_of("user_agent"));
            CAPTURE(text_of("url"));
            const bool allowed = robots_allow(
                text_of("robots_txt"), url->path + (url->has_query ? "?" + url->query : ""), text_of("user_agent"));
            CHECK(meter::Value(allowed) == *row.find("allowed"));
            passed += meter::Value(allowed) == *row.find("allowed");
        }
        MESSAGE("robotstxt: " << passed << " of " << cases->if_array()->size() << " passed");
        CHECK(!cases->if_array()->empty());
    }

    TEST_CASE("stars and the end mark mean what the RFC says, in linear time") {
        struct Row {
            std::string_view rule, path;
            bool matches;
        };
        for (const Row& row : {Row{"/a*b$", "/aXXb", true},
                               {"/a*b$", "/aXXbc", false},
                               {"/a*b", "/aXXbc", true},
                               {"*/x", "/deep/x", true},
                               {"/$", "/", true},
                               {"/$", "/a", false},
                               {"*", "/any", true},
                               {"/a**b", "/a-b", true},
                               {"/a$b", "/a$b", true},
                               {"/a*", "/b", false},
                               {"/%7Ejoe", "/%7ejoe/", true},
                               {"/\xC3\xA4", "/%c3%a4", true},
                               {"/a%2fb", "/a/b", false}}) {
            CAPTURE(row.rule);
            CAPTURE(row.path);
            CHECK(robots_allow("User-agent: *\nDisallow: " + std::string(row.rule), row.path) != row.matches);
        }
        std::string stars = "User-agent: *\nDisallow: /";
        for (int i = 0; i < 500; ++i) stars += "*a";
        CHECK(robots_allow(stars + "b", "/" + std::string(2000, 'a')));
    }

    TEST_CASE("groups that name the crawler are merged, those of everyone count only without them") {
        const std::string text =
            "User-agent: other\nDisallow: /\n\nUser-agent: LIBMETER/2.0\nUser-agent: third\nDisallow: /a\nCrawl-delay: "
            "2\n"
            "User-agent: *\nDisallow: /everyone\nCrawl-delay: 9\nUser-agent: libmeter\nSitemap: "
            "http://x/s.xml\nDisallow: /b\n";
        const auto robots = Robots::parse(text, "libmeter/0.1");
        CHECK_FALSE(robots.allows("/a"));
        CHECK_FALSE(robots.allows("/b"));
        CHECK(robots.allows("/everyone"));
        CHECK(robots.allows("/robots.txt"));
        CHECK(robots.crawl_delay() == std::chrono::seconds(2));
        CHECK(robots.sitemaps() == std::vector<std::string>{"http://x/s.xml"});
        CHECK_FALSE(robots_allow(text, "/everyone", "somebody"));
        CHECK(Robots::parse(text, "somebody").crawl_delay() == std::chrono::seconds(9));
    }

    TEST_CASE("what is no rule is passed over") {
        for (const std::string_view text :
             {"", "\n\n\n", "Disallow: /", "<html><body>User-agent</body>", "User-agent:\nDisallow: /",
              "User-agent: *\nDisallow:\n", "User-agent: *\nDisallow # : /\n", "\xFF\xFE\x00U",
              "User-agent: *\nNoindex: /\n"}) {
            CAPTURE(text);
            CHECK(robots_allow(text, "/page"));
        }
        CHECK_FALSE(robots_allow("\xEF\xBB\xBFUser-agent: *\rDisallow: /\r", "/page"));
        for (const std::string_view delay : {"-1", "nan", "inf", "1e9", "x", "1x", ""}) {
            CAPTURE(delay);
            CHECK_FALSE(Robots::parse("User-agent: *\nCrawl-delay: " + std::string(delay), "m").crawl_delay());
        }
        CHECK(Robots::parse("User-agent: *\nCrawl-delay: 0.5", "m").crawl_delay() == std::chrono::milliseconds(500));
    }

    TEST_CASE("rules beyond the size limit do not count, and many rules are kept in bounds") {
        std::string text =
            "User-agent: *\nDisallow: /first\n" + std::string(Robots::max_bytes, '#') + "\nDisallow: /late\n";
        CHECK_FALSE(robots_allow(text, "/first"));
        CHECK(robots_allow(text, "/late"));
    }
}
