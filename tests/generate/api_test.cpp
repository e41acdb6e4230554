#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "generate/api_candidates.hpp"
#include "generate/api_generator.hpp"
#include "meter/json.hpp"

namespace {

using namespace meter;
using generate::ApiGenerator;
using generate::find_api_candidates;
using generate::request_template;

html::Document parsed(std::string_view page) {
    auto document = html::Document::parse(page);
    REQUIRE(document);
    return std::move(*document);
}

/// Answers by URL, and remembers what was asked for.
class TableFetcher : public Fetcher {
public:
    std::vector<std::pair<std::string, std::string>> answers;
    std::vector<std::string> asked;

    Result<Response> fetch(const Request& request, std::stop_token) override {
        asked.push_back(request.url);
        Response response;
        response.url = request.url;
        response.status = 404;
        for (const auto& [url, body] : answers)
            if (url == request.url) {
                response.status = 200;
                response.body = body;
            }
        return response;
    }
};

constexpr std::string_view kettles = R"({"data":{"items":[
    {"id":1,"title":"Enamel Kettle","price":{"amount":39.9,"currency":"EUR"},"url":"/kettle"},
    {"id":2,"title":"Copper Kettle","price":{"amount":89.0,"currency":"EUR"},"url":"/copper"},
    {"id":3,"title":"Travel Kettle","price":{"amount":19.5,"currency":"EUR"},"url":"/travel"}]}})";

generate::Intent wants_name_and_price() {
    return generate::read_intent("product names and prices", nullptr);
}

}  // namespace

TEST_SUITE("generate.api") {
    TEST_CASE("path segments, query values and the host of the page's URL become placeholders") {
        struct Row {
            std::string_view endpoint, page, url, query;
        };
        for (const Row& row : {
                 Row{"https://api.jobs.test/boards/acme/jobs?team=7&full=1", "https://jobs.test/acme/list?team=7",
                     "https://api.jobs.test/boards/{{url.path.0}}/jobs", R"({"team":"{{url.query.team}}","full":"1"})"},
                 Row{"https://shop.test/api/items?store=shop.test", "https://shop.test/tea",
                     "https://shop.test/api/items", R"({"store":"{{url.host}}"})"},
                 Row{"https://shop.test/api/items", "https://shop.test/", "https://shop.test/api/items", ""},
                 Row{"https://shop.test/api/tea?page=2", "https://shop.test/api/tea?page=2",
                     "https://shop.test/{{url.path.0}}/{{url.path.1}}", R"({"page":"2"})"},
             }) {
            CAPTURE(row.endpoint);
            const Value request = request_template(row.endpoint, row.page);
            CHECK(*request.find("url")->if_string() == row.url);
            const Value* query = request.find("query");
            CHECK((query == nullptr ? "" : to_json(*query)) == row.query);
        }
    }

    TEST_CASE("a filled template asks for what was tried") {
        const std::string page = "https://jobs.test/acme/list?team=7";
        const Value request = request_template("https://api.jobs.test/boards/acme/jobs?team=7", page);
        const auto plan = Plan::parse(Object{{"type", "api"}, {"request", request}});
        REQUIRE(plan);
        const auto filled = api_request(*plan, page, {});
        REQUIRE(filled);
        CHECK(filled->url == "https://api.jobs.test/boards/acme/jobs?team=7");
        const auto sibling = api_request(*plan, "https://jobs.test/other/list?team=8", {});
        REQUIRE(sibling);
        CHECK(sibling->url == "https://api.jobs.test/boards/other/jobs?team=8");
    }

    TEST_CASE("candidates come from known services, links and scripts of the page's own origin") {
        struct Row {
            std::string_view page, url, candidate;
        };
        for (const Row& row : {
                 Row{"<p>jobs", "https://jobs.ashbyhq.com/openai",
                     "https://api.ashbyhq.com/posting-api/job-board/openai?includeCompensation=true"},
                 Row{"<p>jobs", "https://boards.greenhouse.io/acme",
                     "https://boards-api.greenhouse.io/v1/boards/acme/jobs?content=true"},
                 Row{"<script src='https://cdn.shopify.com/a.js'></script>", "https://tea.test/collections/green",
                     "https://tea.test/collections/green/products.json?limit=250"},
                 Row{"<link rel='https://api.w.org/' href='https://blog.test/wp-json/'>", "https://blog.test/",
                     "https://blog.test/wp-json/wp/v2/posts?per_page=20"},
                 Row{"<link rel=alternate type='application/feed+json' href='/feed.json'>", "https://blog.test/",
                     "https://blog.test/feed.json"},
                 Row{"<meta name=generator content='Discourse 3.2'>", "https://forum.test/",
                     "https://forum.test/latest.json"},
                 Row{"<script>fetch('/api/products?page=1')</script>", "https://shop.test/",
                     "https://shop.test/api/products?page=1"},
                 Row{"<script>fetch( '/data/kettles?page=1', {}).then(show)</script>", "https://shop.test/",
                     "https://shop.test/data/kettles?page=1"},
                 Row{"<script>axios.get(`/rows/2`)</script>", "https://shop.test/", "https://shop.test/rows/2"},
                 Row{"<script>$.getJSON(\"/rows/all\", f)</script>", "https://shop.test/",
                     "https://shop.test/rows/all"},
                 Row{"<script>x.open(\"GET\", \"/rows/1\")</script>", "https://shop.test/", "https://shop.test/rows/1"},
                 Row{"<div data-api-url='/data/list'></div>", "https://shop.test/", "https://shop.test/data/list"},
             }) {
            CAPTURE(row.url);
            const auto document = parsed(row.page);
            const auto found = find_api_candidates(document, row.url);
            REQUIRE(!found.empty());
            CHECK(found.front().url == row.candidate);
        }
    }

    TEST_CASE("other origins, templates and addresses with side effects are no candidates") {
        const auto document = parsed(R"(<script>a("https://other.test/api/x"); b("/api/${id}/y"); c("/api/logout");
            d("https://user:secret@shop.test/api/z")</script>)");
        CHECK(find_api_candidates(document, "https://shop.test/").empty());
    }

    TEST_CASE("a page that is JSON itself becomes an api plan without a fetch") {
        ApiGenerator generator(nullptr);
        GenerateInput input;
        input.page = {.body = kettles, .url = "https://shop.test/api/kettles", .content_type = "application/json"};
        const auto plan = generator.generate(input, wants_name_and_price(), nullptr, {});
        REQUIRE(plan);
        REQUIRE(*plan);
        CHECK(*(*plan)->definition.find("items_path")->if_string() == "data.items");
        REQUIRE((*plan)->items.size() == 3);
        const Object* first = (*plan)->items[0].if_object();
        REQUIRE(first->size() == 2);
        CHECK(*first->begin()->second.if_string() == "Enamel Kettle");
        CHECK((first->begin() + 1)->second.to_double() == 39.9);
        CHECK((*plan)->definition.find("explain")->if_object()->size() == 2);
    }

    TEST_CASE("an answer is taken when it has what the page shows, and only then") {
        const std::string words(600, 'x');
        const std::string page =
            "<script>load('/api/other'); load('/api/kettles')</script><p>Enamel Kettle<p>Copper Kettle"
            "<p>Travel Kettle<p>" +
            words;
        const auto document = parsed(page);
        auto fetcher = std::make_shared<TableFetcher>();
        fetcher->answers = {
            {"https://shop.test/api/other", R"([{"title":"Red Shirt","price":5},{"title":"Blue Shirt","price":6}])"},
            {"https://shop.test/api/kettles", std::string(kettles)}};
        ApiGenerator generator(fetcher);
        GenerateInput input;
        input.page = {.body = page, .url = "https://shop.test/", .content_type = "text/html"};
        const auto plan = generator.generate(input, wants_name_and_price(), &document, {});
        REQUIRE(plan);
        REQUIRE(*plan);
        CHECK((*plan)->items.size() == 3);
        CHECK(fetcher->asked ==
              std::vector<std::string>{"https://shop.test/api/other", "https://shop.test/api/kettles"});
    }

    TEST_CASE("a page without an API has no plan, and a stop is heard") {
        const auto document = parsed("<p>nothing<script>x('/api/list')</script>");
        auto fetcher = std::make_shared<TableFetcher>();
        ApiGenerator generator(fetcher);
        GenerateInput input;
        input.page = {.body = "<p>", .url = "https://shop.test/", .content_type = "text/html"};
        const auto none = generator.generate(input, wants_name_and_price(), &document, {});
        REQUIRE(none);
        CHECK_FALSE(none->has_value());
        std::stop_source source;
        source.request_stop();
        const auto stopped = generator.generate(input, wants_name_and_price(), &document, source.get_token());
        REQUIRE_FALSE(stopped);
        CHECK(stopped.error().code == ErrorCode::cancelled);
    }
}
