#include "run/scrape.hpp"

#include <doctest/doctest.h>

#include <string>

#include "meter/json.hpp"
#include "meter/testing/scripted_fetcher.hpp"

using meter::Baseline;
using meter::ErrorCode;
using meter::Outcome;
using meter::Response;
using meter::Strategy;
using meter::testing::ScriptedFetcher;
using namespace meter::run;

namespace {

const std::string url = "https://shop.test/list";

CompiledStrategy compiled(
    std::string plan = R"({"container":{"selector":"li"},"fields":{"name":{"selector":"b"},"price":{"selector":"i"}}})",
    std::optional<std::string> schema = {}, std::optional<std::string> filter = {}) {
    Strategy strategy;
    strategy.strategy = std::move(plan);
    strategy.output_schema = std::move(schema);
    strategy.filter_config = std::move(filter);
    return compile(strategy).value();
}

Response answer(int status, std::string body = {}, std::vector<meter::Header> headers = {}) {
    Response response;
    response.status = status;
    response.url = url;
    response.headers = std::move(headers);
    response.wire_bytes = body.size();
    response.body = std::move(body);
    return response;
}

void script(ScriptedFetcher& site, Response response) {
    site.handle(url,
                [response](const meter::Request&, std::stop_token) -> meter::Result<Response> { return response; });
}

}  // namespace

TEST_SUITE("run.scrape") {
    TEST_CASE("items pass schema first, then filter (wire contract 8.8)") {
        ScriptedFetcher site;
        script(site, answer(200, "<li><b>A</b><i>$5.00</i><li><b>B</b><i>$15.00</i>", {{"etag", "\"v1\""}}));
        const auto strategy =
            compiled(R"({"container":{"selector":"li"},"fields":{"name":{"selector":"b"},"price":{"selector":"i"}}})",
                     R"({"price":"number"})", R"({"conditions":[{"field":"price","operator":"equals","value":15}]})");
        const auto outcome = scrape(strategy, site, {.url = url, .keep_page = true}, {});
        const auto* scraped = std::get_if<Scraped>(&outcome);
        REQUIRE(scraped != nullptr);
        CHECK(scraped->extracted_count == 2);
        REQUIRE(scraped->items.size() == 1);
        CHECK(meter::to_json(scraped->items[0]) == R"({"price":15})");
        CHECK(scraped->etag == "\"v1\"");
        CHECK(scraped->page.body.size() == scraped->wire_bytes);
    }

    TEST_CASE("statuses outside 2xx fail with the contract's text; 403 and 429 are blocked") {
        struct Row {
            int status;
            std::string_view text;
            Outcome outcome;
        };
        for (const Row& row : {Row{404, "Page not accessible: 404 Not Found", Outcome::failed},
                               Row{403, "Page not accessible: 403 Forbidden", Outcome::blocked},
                               Row{429, "Page not accessible: 429 Too Many Requests", Outcome::blocked},
                               Row{500, "Page not accessible: 500 Internal Server Error", Outcome::failed},
                               Row{304, "Page not accessible: 304 Not Modified", Outcome::failed},
                               Row{599, "Page not accessible: 599", Outcome::failed}}) {
            CAPTURE(row.status);
            ScriptedFetcher site;
            script(site, answer(row.status, "<li><b>A</b>"));
            const auto outcome = scrape(compiled(), site, {.url = url}, {});
            const auto* failure = std::get_if<ScrapeFailure>(&outcome);
            REQUIRE(failure != nullptr);
            CHECK(failure->error.message == row.text);
            CHECK(failure->outcome == row.outcome);
        }
    }

    TEST_CASE("a captcha instead of items is blocked, with items it is a page") {
        ScriptedFetcher site;
        script(site, answer(200, "<title>Just a moment...</title>"));
        const auto walled = scrape(compiled(), site, {.url = url}, {});
        const auto* failure = std::get_if<ScrapeFailure>(&walled);
        REQUIRE(failure != nullptr);
        CHECK(failure->error.message == "Page blocked: captcha");
        CHECK(failure->outcome == Outcome::blocked);

        script(site, answer(200, "<title>Just a moment...</title><li><b>A</b>"));
        CHECK(std::holds_alternative<Scraped>(scrape(compiled(), site, {.url = url}, {})));
    }

    TEST_CASE("validators go out only for a baseline with the same settings, and 304 is believed only then") {
        const auto strategy = compiled();
        Baseline baseline{.settings_hash = strategy.settings_hash,
                          .etag = "\"v1\"",
                          .last_modified = "Wed, 15 Jan 2025 10:30:00 GMT"};
        ScriptedFetcher site;
        script(site, answer(304));
        const auto unchanged = scrape(strategy, site, {.url = url, .baseline = &baseline}, {});
        REQUIRE(std::holds_alternative<Scraped>(unchanged));
        CHECK(std::get<Scraped>(unchanged).not_modified);
        const auto sent = site.requests().at(0).headers;
        REQUIRE(sent.size() == 2);
        CHECK(sent[0] == meter::Header{"If-None-Match", "\"v1\""});
        CHECK(sent[1] == meter::Header{"If-Modified-Since", "Wed, 15 Jan 2025 10:30:00 GMT"});

        baseline.settings_hash = "other";
        const auto edited = scrape(strategy, site, {.url = url, .baseline = &baseline}, {});
        CHECK(std::holds_alternative<ScrapeFailure>(edited));
        CHECK(site.requests().at(1).headers.empty());
    }

    TEST_CASE("a page that the baseline was made of is not read again, unless its items came with warnings") {
        const auto strategy = compiled();
        ScriptedFetcher site;
        script(site, answer(200, "<li><b>A</b><i>$5</i>", {{"content-type", "text/html"}, {"etag", "\"v1\""}}));
        const auto read = [&](const Baseline* baseline, bool keep_page = false) {
            const auto outcome = scrape(strategy, site, {.url = url, .baseline = baseline, .keep_page = keep_page}, {});
            REQUIRE(std::holds_alternative<Scraped>(outcome));
            return std::get<Scraped>(outcome);
        };
        const Scraped first = read(nullptr);
        REQUIRE_FALSE(first.page_hash.empty());
        Baseline baseline{.settings_hash = strategy.settings_hash, .page_hash = first.page_hash};
        const Scraped again = read(&baseline);
        CHECK(again.not_modified);
        CHECK(again.items.empty());
        CHECK(again.page_hash == first.page_hash);
        CHECK(again.etag == "\"v1\"");
        CHECK_FALSE(read(&baseline, true).not_modified);

        baseline.settings_hash = "other";
        CHECK_FALSE(read(&baseline).not_modified);
        baseline.settings_hash = strategy.settings_hash;
        script(site, answer(200, "<li><b>A</b><i>$5</i>", {{"content-type", "text/html; charset=latin1"}}));
        CHECK_FALSE(read(&baseline).not_modified);
        script(site, answer(200, "<li><b>A</b><i>$6</i>", {{"content-type", "text/html"}}));
        CHECK_FALSE(read(&baseline).not_modified);

        script(site, answer(200, "<li><b>A</b>", {{"content-type", "text/html"}}));
        const Scraped warned = read(nullptr);
        REQUIRE_FALSE(warned.warnings.empty());
        CHECK(warned.page_hash.empty());
    }

    TEST_CASE("the shorter of the strategy's and the caller's timeout goes to the fetcher") {
        Strategy source;
        source.strategy = R"({"container":{"selector":"li"},"fields":{"name":{"selector":"b"}}})";
        source.fetch = R"({"timeout_seconds":20})";
        const auto strategy = compile(source).value();
        ScriptedFetcher site;
        (void)scrape(strategy, site, {.url = url}, {});
        (void)scrape(strategy, site, {.url = url, .timeout = std::chrono::seconds(5)}, {});
        (void)scrape(strategy, site, {.url = url, .timeout = std::chrono::seconds(55)}, {});
        const auto requests = site.requests();
        CHECK(requests.at(0).timeout == std::chrono::seconds(20));
        CHECK(requests.at(1).timeout == std::chrono::seconds(5));
        CHECK(requests.at(2).timeout == std::chrono::seconds(20));
    }

    TEST_CASE("an api strategy that does not fit the URL fails without a request") {
        ScriptedFetcher site;
        const auto strategy = compiled(
            R"({"type":"api","request":{"url":"https://api.test/{{url.path.1}}/items"},"items_path":"items"})");
        const auto outcome = scrape(strategy, site, {.url = "https://shop.test/"}, {});
        const auto* failure = std::get_if<ScrapeFailure>(&outcome);
        REQUIRE(failure != nullptr);
        CHECK(failure->error.message == "Extraction failed: URL does not match the strategy");
        CHECK(site.requests().empty());
    }
}
