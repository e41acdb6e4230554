#include <string>
#include <string_view>

#include "extract/url_template.hpp"
#include "support.hpp"
#include "url/url.hpp"

using meter::Object;
using meter::Plan;
using meter::Value;
using meter::test::json_of;
using meter::test::plan_of;

namespace {

/// "METHOD url body", or the error's message.
std::string request_text(const Plan& plan, std::string_view url, std::string_view parameters = "null") {
    const auto request = meter::api_request(plan, url, json_of(parameters));
    if (!request) return request.error().message;
    return request->method + " " + request->url + (request->body.empty() ? "" : " " + request->body);
}

Plan request_plan(std::string_view request) {
    return plan_of(R"({"type":"api","request":)" + std::string(request) + "}");
}

constexpr std::string_view mismatch = "Extraction failed: URL does not match the strategy";

}  // namespace

TEST_SUITE("extract.api_request") {
    // The example of wire contract 8.6: generated on jobs.ashbyhq.com/openai, executed on .../sierra.
    TEST_CASE("One strategy works for sibling pages") {
        const Plan get = request_plan(
            R"({"url":"https://api.ashbyhq.com/posting-api/job-board/{{url.path.0}}?includeCompensation=true"})");
        CHECK(request_text(get, "https://jobs.ashbyhq.com/sierra") ==
              "GET https://api.ashbyhq.com/posting-api/job-board/sierra?includeCompensation=true");
        CHECK(request_text(get, "https://jobs.ashbyhq.com/open%20ai%2Fx/y#f") ==
              "GET https://api.ashbyhq.com/posting-api/job-board/open%20ai%2Fx?includeCompensation=true");
        CHECK(request_text(get, "https://jobs.ashbyhq.com/") == mismatch);
        // The endpoint itself.
        CHECK(request_text(get, "https://api.ashbyhq.com/posting-api/job-board/ramp?limit=5") ==
              "GET https://api.ashbyhq.com/posting-api/job-board/ramp?includeCompensation=true&limit=5");

        const Plan post =
            request_plan(R"({"method":"POST","url":"https://jobs.ashbyhq.com/api/non-user-graphql?op=Board",
            "body_type":"json","body":{"variables":{"name":"{{url.path.0}}","page":1},"query":"{ {{x}} }"}})");
        CHECK(request_text(post, "https://jobs.ashbyhq.com/sierra?x=1") ==
              R"(POST https://jobs.ashbyhq.com/api/non-user-graphql?op=Board )"
              R"({"variables":{"name":"sierra","page":1},"query":"{ {{x}} }"})");
        // Called directly the page's own part is not known, unless it is given.
        CHECK(request_text(post, "https://jobs.ashbyhq.com/api/non-user-graphql") == mismatch);
        CHECK(request_text(post, "https://jobs.ashbyhq.com/api/non-user-graphql?op=B2",
                           R"({"variables.name":"ramp","variables.page":2})") ==
              R"(POST https://jobs.ashbyhq.com/api/non-user-graphql?op=B2 )"
              R"({"variables":{"name":"ramp","page":2},"query":"{ {{x}} }"})");
    }

    TEST_CASE("Placeholders stand for the parts of the job URL") {
        const Plan plan = request_plan(R"({"url":"https://api.test/v1/x-{{url.path.1}}.json","query":{
            "u":"{{url}}","h":"{{url.host}}","t":"{{url.query.team}}","both":"{{url.path.0}}/{{url.path.1}}","n":1}})");
        CHECK(request_text(plan, "https://Shop.Test:8443/a%20b/c?team=%C3%BC+1&x=2#frag") ==
              "GET "
              "https://api.test/v1/"
              "x-c.json?u=https%3A%2F%2FShop.Test%3A8443%2Fa%2520b%2Fc%3Fteam%3D%25C3%25BC%2B1%26x%3D2"
              "&h=shop.test&t=%C3%BC%201&both=a%20b%2Fc&n=1");
        for (const std::string_view url : {"https://s.test/a/b", "https://s.test/a?team=x", "https://s.test/?team=x",
                                           "https://s.test/a/%2E%2E?team=x", "https://s.test/a//?team=x"}) {
            CAPTURE(url);
            CHECK(request_text(plan, url) == mismatch);
        }
        // A query value may be empty; a dot segment would move the path.
        CHECK(request_text(request_plan(R"({"url":"https://api.test/x?q={{url.query.q}}"})"), "https://s.test/?q=") ==
              "GET https://api.test/x?q=");
        CHECK(request_text(request_plan(R"({"url":"https://api.test/x","headers":{"X":"{{url.host}}"}})"),
                           "https://s.test/") == "GET https://api.test/x");
    }

    TEST_CASE("Hosts can follow the page, and the page can be its own endpoint") {
        const Plan host = request_plan(R"({"url":"https://{{url.host}}/api/list?page=1"})");
        CHECK(request_text(host, "https://blue.shop.test/tea") == "GET https://blue.shop.test/api/list?page=1");
        CHECK(request_text(host, "https://blue.shop.test/api/list?page=7") ==
              "GET https://blue.shop.test/api/list?page=7");
        const Plan page = request_plan(R"({"url":"{{url}}","query":{"format":"json"}})");
        CHECK(request_text(page, "https://s.test/a?x=1&format=html#f") == "GET https://s.test/a?x=1&format=json");
        const Plan suffix = request_plan(R"({"url":"{{url}}.json"})");
        CHECK(request_text(suffix, "https://s.test/a") == "GET https://s.test/a.json");
        const Plan sub = request_plan(R"({"url":"https://{{url.path.0}}.hr.test/jobs"})");
        CHECK(request_text(sub, "https://hr.test/acme") == "GET https://acme.hr.test/jobs");
        CHECK(request_text(sub, "https://hr.test/a%2Fb") == mismatch);
    }

    TEST_CASE("In the direct case the job URL's query lies over the captured one") {
        const Plan plan = request_plan(R"({"url":"HTTPS://API.test:443/v1/./items?a=1&b=2&b=3","query":{"c":4}})");
        CHECK(request_text(plan, "https://page.test/?a=9") == "GET https://api.test/v1/items?a=1&b=2&b=3&c=4");
        CHECK(request_text(plan, "https://api.test/v1/items?b=9&d=5&d=6") ==
              "GET https://api.test/v1/items?a=1&b=9&c=4&d=5&d=6");
        CHECK(request_text(plan, "https://api.test/v1/items?b=9", R"({"b":"p"})") ==
              "GET https://api.test/v1/items?a=1&b=p&c=4");
        // Another scheme, port, host or path is another page.
        for (const std::string_view url : {"http://api.test/v1/items?b=9", "https://api.test:444/v1/items?b=9",
                                           "https://www.api.test/v1/items?b=9", "https://api.test/v1/items/?b=9"}) {
            CAPTURE(url);
            CHECK(request_text(plan, url) == "GET https://api.test/v1/items?a=1&b=2&b=3&c=4");
        }
    }

    TEST_CASE("Parameters replace, remove, repeat and add") {
        const Plan plan =
            request_plan(R"({"url":"https://api.test/x","query":{"a":"1","b":["2","3"],"p":"{{url.path.0}}"}})");
        struct Row {
            std::string_view parameters, query;
        };
        for (const Row& row : {
                 Row{"{}", "a=1&b=2&b=3&p=s"},
                 Row{R"({"a":"ü &=+#"})", "a=%C3%BC%20%26%3D%2B%23&b=2&b=3&p=s"},
                 Row{R"({"a":null,"b":[]})", "p=s"},
                 Row{R"({"a":["x",7,true,null],"b":2.5})", "a=x&a=7&a=true&b=2.5&p=s"},
                 Row{R"({"new":"n","gone":null})", "a=1&b=2&b=3&p=s&new=n"},
                 // What callers give is not a template.
                 Row{R"({"a":"{{url.host}}"})", "a=%7B%7Burl.host%7D%7D&b=2&b=3&p=s"},
                 Row{R"({"a":""})", "a=&b=2&b=3&p=s"},
             }) {
            CAPTURE(row.parameters);
            CHECK(request_text(plan, "https://page.test/s", row.parameters) ==
                  "GET https://api.test/x?" + std::string(row.query));
        }
        // An overridden placeholder needs no value.
        CHECK(request_text(plan, "https://page.test/", R"({"p":"given"})") ==
              "GET https://api.test/x?a=1&b=2&b=3&p=given");
        CHECK(request_text(plan, "https://page.test/", R"({"a":null,"b":null,"p":null})") == "GET https://api.test/x");
    }

    TEST_CASE("JSON bodies take captured scalars by dotted name and new names at the top") {
        const Plan plan = request_plan(R"({"method":"POST","url":"https://api.test/x?q=1","body":{
            "filter":{"page":1,"tags":["a","b"],"deep":[{"k":"{{url.path.0}}"}]},"size":5,"on":true,"x.y":0,"q":"body"}})");
        CHECK(meter::to_json(plan.api_parameters()) ==
              R"({"q":"1","filter.page":1,"filter.tags.0":"a","filter.tags.1":"b","filter.deep.0.k":"{{url.path.0}}",)"
              R"("size":5,"on":true,"x.y":0})");
        struct Row {
            std::string_view parameters, request;
        };
        for (
            const Row& row : {
                Row{"null",
                    R"(?q=1 {"filter":{"page":1,"tags":["a","b"],"deep":[{"k":"s"}]},"size":5,"on":true,"x.y":0,"q":"body"})"},
                Row{R"({"filter.page":2,"filter.tags.1":"z","filter.deep.0.k":"{{url}}","on":null,"x.y":[1],"extra":{}})",
                    "parameters.extra: must be a scalar or an array of scalars"},
                Row{R"({"filter.page":2,"filter.tags.1":"z","filter.deep.0.k":"{{url}}","on":null,"x.y":[1],"extra":"e"})",
                    R"(?q=1 {"filter":{"page":2,"tags":["a","z"],"deep":[{"k":"{{url}}"}]},"size":5,"x.y":[1],"q":"body","extra":"e"})"},
                Row{R"({"filter.tags":["c"],"filter.tags.5":"no","filter.new":1,"size":null,"on":null})",
                    R"(?q=1 {"filter":{"page":1,"tags":["c"],"deep":[{"k":"s"}]},"x.y":0,"q":"body","filter.tags.5":"no","filter.new":1})"},
                Row{R"({"filter.tags.0":null,"filter.tags.1":null,"filter.page":null})",
                    R"(?q=1 {"filter":{"tags":[],"deep":[{"k":"s"}]},"size":5,"on":true,"x.y":0,"q":"body"})"},
                // A name of both is meant in both.
                Row{R"({"q":"new"})",
                    R"(?q=new {"filter":{"page":1,"tags":["a","b"],"deep":[{"k":"s"}]},"size":5,"on":true,"x.y":0,"q":"new"})"},
            }) {
            CAPTURE(row.parameters);
            const std::string text = request_text(plan, "https://page.test/s", row.parameters);
            CHECK(text.substr(text.starts_with("POST") ? 23 : 0) == row.request);
        }
        const auto request = meter::api_request(plan, "https://page.test/s", nullptr);
        REQUIRE(request);
        CHECK(request->headers == std::vector<meter::Header>{{"Content-Type", "application/json"}});
    }

    TEST_CASE("Forms take captured names in the body and new names in the query") {
        const Plan plan = request_plan(R"({"method":"POST","url":"https://api.test/x","body_type":"form",
            "headers":{"content-TYPE":"application/x-www-form-urlencoded; charset=utf-8","Accept":"*/*"},
            "body":{"a":"x y","b":["1","2"],"c.d":"{{url.host}}","n":null}})");
        CHECK(meter::to_json(plan.api_parameters()) == R"({"a":"x y","b":["1","2"],"c.d":"{{url.host}}","n":null})");
        CHECK(request_text(plan, "https://page.test/s") == "POST https://api.test/x a=x%20y&b=1&b=2&c.d=page.test");
        CHECK(request_text(plan, "https://page.test/s", R"({"a":"2&3","b":null,"c.d":["u","v"],"n":0,"new":"q"})") ==
              "POST https://api.test/x?new=q a=2%263&c.d=u&c.d=v&n=0");
        const auto request = meter::api_request(plan, "https://page.test/s", nullptr);
        REQUIRE(request);
        CHECK(request->headers.size() == 2);
    }

    TEST_CASE("Parameters that cannot be sent and job URLs that are none are refused") {
        const Plan plan = request_plan(R"({"url":"https://api.test/x"})");
        struct Row {
            std::string_view parameters, subject;
        };
        for (const Row& row : {Row{"[]", "parameters"}, Row{R"({"a":{}})", "parameters.a"},
                               Row{R"({"a":[[1]]})", "parameters.a"}, Row{R"({"ok":1,"b":[{}]})", "parameters.b"}}) {
            CAPTURE(row.parameters);
            const auto request = meter::api_request(plan, "https://page.test/", json_of(row.parameters));
            REQUIRE_FALSE(request);
            CHECK(request.error().code == meter::ErrorCode::invalid_argument);
            CHECK(request.error().subject == row.subject);
        }
        CHECK_FALSE(meter::api_request(plan, "not a url", nullptr));
        CHECK_FALSE(meter::api_request(plan_of(R"({"type":"content"})"), "https://page.test/", nullptr));
        const auto missing = meter::api_request(request_plan(R"({"url":"https://api.test/{{url.path.3}}"})"),
                                                "https://page.test/a", nullptr);
        REQUIRE_FALSE(missing);
        CHECK(missing.error().code == meter::ErrorCode::unprocessable);
    }

    TEST_CASE("Endpoints match their own URLs only") {
        struct Row {
            std::string_view endpoint, url, bindings;  // bindings: decoded values joined, "-" for no match
        };
        for (const Row& row : {
                 Row{"https://a.test/x", "https://a.test/x", ""},
                 Row{"https://a.test", "https://a.test/", ""},
                 Row{"https://a.test/{{url.path.0}}/x", "https://a.test/b%20c/x", "b c"},
                 Row{"https://a.test/{{url.path.0}}/x", "https://a.test//x", "-"},
                 Row{"https://a.test/{{url.path.0}}", "https://a.test/b/c", "-"},
                 Row{"https://a.test/{{url.path.0}}/c", "https://a.test/b", "-"},
                 Row{"https://a.test/p-{{url.path.0}}-{{url.path.1}}.json", "https://a.test/p-1-2-3.json", "1|2-3"},
                 Row{"https://a.test/p-{{url.path.0}}.json", "https://a.test/p-.json", "-"},
                 Row{"https://a.test/{{url.path.0}}.json", "https://a.test/x.json.json", "x.json"},
                 Row{"https://{{url.host}}/x", "https://b.test/x", "b.test"},
                 Row{"https://{{url.path.0}}.a.test/x", "https://b.a.test/x", "b"},
                 Row{"https://{{url.path.0}}.a.test/x", "https://.a.test/x", "-"},
                 Row{"{{url}}", "https://a.test/x", "-"},
             }) {
            CAPTURE(row.endpoint);
            CAPTURE(row.url);
            const auto endpoint = meter::detail::normalize_endpoint(row.endpoint);
            REQUIRE(endpoint);
            const auto url = meter::url::parse_url(row.url);
            if (!url) continue;
            const auto found = meter::detail::match_endpoint(*endpoint, *url);
            std::string values = found ? "" : "-";
            if (found)
                for (const auto& [part, value] : *found) values += (values.empty() ? "" : "|") + value;
            CHECK(values == row.bindings);
        }
    }
}
