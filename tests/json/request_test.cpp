#include <doctest/doctest.h>

#include "json/members.hpp"
#include "meter/job.hpp"
#include "meter/json.hpp"
#include "meter/strategy.hpp"

using namespace meter;

namespace {

constexpr std::string_view request_uuid = "550e8400-e29b-41d4-a716-446655440000";

/// A body with some members replaced (or added); a text of "-" takes the member out.
Value with_members(std::string_view base, const Object& changes) {
    Value body = parse_json(base).value();
    for (const auto& [name, value] : changes) {
        if (value == Value("-"))
            body.if_object()->erase(name);
        else
            body.if_object()->set(name, value);
    }
    return body;
}

struct BadRequest {
    std::string members;  ///< JSON object laid over a valid body
    std::string_view message;
    std::string_view subject;
    ErrorCode code = ErrorCode::invalid_argument;
};

template <class Parse>
void check_refused(std::string_view base, const BadRequest& row, Parse parse) {
    CAPTURE(row.members.substr(0, 200));
    const auto result = parse(with_members(base, *parse_json(row.members).value().if_object()));
    REQUIRE_FALSE(result);
    CHECK(result.error().message == row.message);
    CHECK(result.error().subject == row.subject);
    CHECK(result.error().code == row.code);
}

std::string repeated(std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

constexpr std::string_view strategy_body = R"({"url":"https://a/","description":"names","name":"N"})";
constexpr std::string_view job_body = R"({"strategy_id":"550E8400-E29B-41D4-A716-446655440000","url":"https://a/"})";

}  // namespace

TEST_SUITE("json.strategy_request") {
    TEST_CASE("a full body is read member by member") {
        const auto request = parse_strategy_request(parse_json(R"({
            "url": "https://a/\u00e4", "description": "x", "name": "N", "force_api": true, "scraper_type": "api",
            "strategy": {"type": "api"}, "output_schema": {"a": "string"}, "filter_config": {"conditions": []},
            "fetch": {"render": "http"}, "strategy_group_id": "550E8400-E29B-41D4-A716-446655440000",
            "unknown": {"ignored": true}})")
                                                        .value());
        REQUIRE(request);
        CHECK(request->url == "https://a/\u00E4");
        CHECK(request->description == "x");
        CHECK(request->name == "N");
        CHECK(request->force_api);
        CHECK(request->scraper_type == ScraperType::api);
        CHECK(request->strategy == parse_json(R"({"type":"api"})").value());
        CHECK(request->output_schema == parse_json(R"({"a":"string"})").value());
        CHECK(request->filter_config == parse_json(R"({"conditions":[]})").value());
        CHECK(request->fetch == parse_json(R"({"render":"http"})").value());
        CHECK(request->strategy_group_id == request_uuid);
    }

    TEST_CASE("null members count as absent") {
        const auto request = parse_strategy_request(with_members(strategy_body, {{"force_api", nullptr},
                                                                                 {"scraper_type", nullptr},
                                                                                 {"strategy", nullptr},
                                                                                 {"output_schema", nullptr},
                                                                                 {"filter_config", nullptr},
                                                                                 {"fetch", nullptr},
                                                                                 {"strategy_group_id", nullptr},
                                                                                 {"ignore", nullptr},
                                                                                 {"key", nullptr}}));
        REQUIRE(request);
        CHECK_FALSE(request->force_api);
        CHECK_FALSE(request->scraper_type);
        CHECK_FALSE(request->strategy);
        CHECK_FALSE(request->output_schema);
        CHECK_FALSE(request->filter_config);
        CHECK_FALSE(request->fetch);
        CHECK_FALSE(request->strategy_group_id);
    }

    TEST_CASE("a description may be blank only for content and ready plans") {
        for (const char* changes :
             {R"({"description":"","scraper_type":"content"})", R"({"description":" ","strategy":{}})",
              R"({"description":"","scraper_type":"content","force_api":false})",
              R"({"description":"","strategy":{"type":"content"}})"})
            CHECK_MESSAGE(parse_strategy_request(with_members(strategy_body, *parse_json(changes)->if_object())),
                          changes);
    }

    TEST_CASE("lengths count characters, not bytes") {
        CHECK(parse_strategy_request(with_members(strategy_body, {{"name", repeated("\u00E9", 200)}})));
        CHECK(parse_strategy_request(with_members(strategy_body, {{"description", repeated("\u4E2D", 10'000)}})));
        CHECK(parse_strategy_request(with_members(strategy_body, {{"url", "http://a/" + repeated("\u00E9", 4087)}})));
    }

    TEST_CASE("each fault has its message, subject and code") {
        const std::string description_rule = "description must be a string of at most 10000 characters";
        for (const BadRequest& row : {
                 BadRequest{R"({"url":"-"})", "Missing required field: url", "url"},
                 {R"({"url":null})", "Missing required field: url", "url"},
                 {R"({"description":"-"})", "Missing required field: description", "description"},
                 {R"({"name":null})", "Missing required field: name", "name"},
                 {R"({"url":5})", "url must be a string", "url"},
                 {R"({"url":"ftp://a/"})", "Invalid URL format", "url", ErrorCode::invalid_url},
                 {R"({"url":""})", "Invalid URL format", "url", ErrorCode::invalid_url},
                 {R"({"url":"a","name":5})", "name must be a string of 1 to 200 characters", "name"},
                 {R"({"name":""})", "name must be a string of 1 to 200 characters", "name"},
                 {R"({"name":[]})", "name must be a string of 1 to 200 characters", "name"},
                 {R"({"name":")" + std::string(201, 'n') + R"("})", "name must be a string of 1 to 200 characters",
                  "name"},
                 {R"({"description":1})", description_rule, "description"},
                 {R"({"description":")" + std::string(10'001, 'd') + R"("})", description_rule, "description"},
                 {R"({"description":""})", "Invalid request parameters", "description"},
                 {R"({"description":" \u00a0\n"})", "Invalid request parameters", "description"},
                 {R"({"description":"","scraper_type":"css"})", "Invalid request parameters", "description"},
                 {R"({"force_api":"true"})", "force_api must be true or false", "force_api"},
                 {R"({"force_api":1})", "force_api must be true or false", "force_api"},
                 {R"({"scraper_type":"CSS"})", "scraper_type must be one of: css, api, content", "scraper_type"},
                 {R"({"scraper_type":0})", "scraper_type must be one of: css, api, content", "scraper_type"},
                 {R"({"strategy":[]})", "strategy must be an object", "strategy"},
                 {R"({"output_schema":"string"})", "output_schema must be an object", "output_schema"},
                 {R"({"filter_config":[]})", "filter_config must be an object", "filter_config"},
                 {R"({"strategy_group_id":"x"})", "strategy_group_id must be a UUID", "strategy_group_id"},
                 {R"({"strategy_group_id":7})", "strategy_group_id must be a UUID", "strategy_group_id"},
                 {R"({"ignore":[]})", "ignore must be an object", "ignore"},
                 {R"({"key":{}})", "key must be an array of 0 to 10 members", "key"},
                 {R"({"scraper_type":"content","force_api":true})", "force_api does not apply to content strategies",
                  "force_api"},
                 {R"({"scraper_type":"content","output_schema":{"a":"string"}})",
                  "output_schema does not apply to content strategies", "output_schema"},
                 {R"({"strategy":{"type":"content"},"force_api":true})",
                  "force_api does not apply to content strategies", "force_api"},
                 {R"({"fetch":[]})", "fetch must be a JSON object", "fetch"},
                 {R"({"fetch":{"render":"browser"}})", "No browser is configured", "fetch.render",
                  ErrorCode::unsupported},
                 {R"({"fetch":{"timeout_seconds":0}})", "fetch.timeout_seconds must be an integer from 1 to 600",
                  "fetch.timeout_seconds"},
             })
            check_refused(strategy_body, row, parse_strategy_request);
    }

    TEST_CASE("malformed members win over an invalid URL and a missing browser") {
        const BadRequest row{R"({"url":"x","fetch":{"render":"browser"},"force_api":3})",
                             "force_api must be true or false", "force_api"};
        check_refused(strategy_body, row, parse_strategy_request);
    }

    TEST_CASE("a body that is no object is refused") {
        for (const char* body : {"[]", "null", "\"x\"", "1"}) {
            const Value value = parse_json(body).value();
            for (const Error& error : {parse_strategy_request(value).error(), parse_strategy_patch(value).error(),
                                       parse_job_request(value).error(), parse_job_or_batch_request(value).error()}) {
                CHECK(error.message == "Request body must be a JSON object");
                CHECK(error.code == ErrorCode::invalid_argument);
            }
        }
    }
}

TEST_SUITE("json.strategy_patch") {
    TEST_CASE("absent members stay, null clears what can be cleared") {
        const auto none = parse_strategy_patch(Object{});
        REQUIRE(none);
        CHECK_FALSE(none->name);
        CHECK_FALSE(none->description);
        CHECK_FALSE(none->filter_config);
        CHECK_FALSE(none->fetch);

        const auto cleared = parse_strategy_patch(
            parse_json(R"({"description":null,"filter_config":null,"fetch":null,"ignore":null,"key":null})").value());
        REQUIRE(cleared);
        CHECK(cleared->description == "");
        CHECK(cleared->filter_config == Value());
        CHECK(cleared->fetch == Value());
        CHECK(cleared->ignore == Value());
        CHECK(cleared->key == Value());

        const auto set = parse_strategy_patch(
            parse_json(R"({"name":"N","description":"","filter_config":{},"fetch":{"timeout_seconds":5}})").value());
        REQUIRE(set);
        CHECK(set->name == "N");
        CHECK(set->description == "");
        CHECK(set->filter_config == Value(Object{}));
        CHECK(set->fetch == parse_json(R"({"timeout_seconds":5})").value());
    }

    TEST_CASE("each fault has its message, subject and code") {
        for (const BadRequest& row :
             {BadRequest{R"({"name":null})", "name must be a string of 1 to 200 characters", "name"},
              {R"({"name":""})", "name must be a string of 1 to 200 characters", "name"},
              {R"({"description":false})", "description must be a string of at most 10000 characters", "description"},
              {R"({"filter_config":"x"})", "filter_config must be an object", "filter_config"},
              {R"({"fetch":1})", "fetch must be a JSON object", "fetch"},
              {R"({"fetch":{"render":"browser"}})", "No browser is configured", "fetch.render", ErrorCode::unsupported},
              {R"({"ignore":5})", "ignore must be an object", "ignore"},
              {R"({"key":"id"})", "key must be an array of 0 to 10 members", "key"}})
            check_refused("{}", row, parse_strategy_patch);
    }
}

TEST_SUITE("json.fetch_settings") {
    TEST_CASE("settings within the limits pass") {
        for (const char* text :
             {"{}", R"({"render":"http"})",
              R"({"headers":{"Accept-Language":"de","X-A":"a\tb","Authorization":"Bearer x"}})",
              R"({"cookies":{"session":"a b,c=\"d\""}})", R"({"wait_for":null,"timeout_seconds":null})",
              R"({"wait_for":".price","timeout_seconds":600})", R"({"timeout_seconds":30.0})", R"({"unknown":1})"})
            CHECK_MESSAGE(validate_fetch_settings(parse_json(text).value()), text);
        Object headers;
        for (int i = 0; i < 50; ++i) headers.append("X-" + std::to_string(i), std::string(8192, 'v'));
        CHECK(validate_fetch_settings(Object{{"headers", headers}}));
        headers.append("X-50", "");
        CHECK_FALSE(validate_fetch_settings(Object{{"headers", headers}}));
    }

    TEST_CASE("each fault has its message, subject and code") {
        const std::string_view owned = "is set by the fetcher and cannot be given";
        const auto parse = [](const Value& fetch) { return validate_fetch_settings(fetch); };
        for (const BadRequest& row :
             {BadRequest{R"({"render":"chrome"})", "fetch.render must be one of: http, browser", "fetch.render"},
              {R"({"render":1})", "fetch.render must be one of: http, browser", "fetch.render"},
              {R"({"headers":[]})", "fetch.headers must be an object", "fetch.headers"},
              {R"({"headers":{"X-A":1}})", "fetch.headers.X-A must be a string of at most 8192 characters",
               "fetch.headers.X-A"},
              {R"({"headers":{"X-A":null}})", "fetch.headers.X-A must be a string of at most 8192 characters",
               "fetch.headers.X-A"},
              {R"({"headers":{"X-A":")" + std::string(8193, 'v') + R"("}})",
               "fetch.headers.X-A must be a string of at most 8192 characters", "fetch.headers.X-A"},
              {R"({"headers":{"X A":"1"}})", "fetch.headers.X A is not a valid header name", "fetch.headers.X A"},
              {R"({"headers":{"":"1"}})", "fetch.headers. is not a valid header name", "fetch.headers."},
              {R"({"headers":{"X\r\nY":"1"}})", "fetch.headers.X\r\nY is not a valid header name",
               "fetch.headers.X\r\nY"},
              {R"({"headers":{"X":"a\r\nB: c"}})", "fetch.headers.X must not contain line breaks or control characters",
               "fetch.headers.X"},
              {R"({"headers":{"X":"a\u0000"}})", "fetch.headers.X must not contain line breaks or control characters",
               "fetch.headers.X"},
              {R"({"headers":{"cookie":"a=b"}})", "fetch.headers.cookie cannot be set as a header, use fetch.cookies",
               "fetch.headers.cookie"},
              {R"({"cookies":{"a;b":"1"}})", "fetch.cookies.a;b is not a valid cookie name", "fetch.cookies.a;b"},
              {R"({"cookies":{"a":"1; b=2"}})",
               "fetch.cookies.a must not contain semicolons, line breaks or control characters", "fetch.cookies.a"},
              {R"({"cookies":{"a":"1\n"}})",
               "fetch.cookies.a must not contain semicolons, line breaks or control characters", "fetch.cookies.a"},
              {R"({"cookies":{"a":true}})", "fetch.cookies.a must be a string of at most 4096 characters",
               "fetch.cookies.a"},
              {R"({"wait_for":5})", "fetch.wait_for must be a string of at most 2048 characters", "fetch.wait_for"},
              {R"({"timeout_seconds":601})", "fetch.timeout_seconds must be an integer from 1 to 600",
               "fetch.timeout_seconds"},
              {R"({"timeout_seconds":1.5})", "fetch.timeout_seconds must be an integer from 1 to 600",
               "fetch.timeout_seconds"},
              {R"({"timeout_seconds":"5"})", "fetch.timeout_seconds must be an integer from 1 to 600",
               "fetch.timeout_seconds"},
              {R"({"timeout_seconds":1e300})", "fetch.timeout_seconds must be an integer from 1 to 600",
               "fetch.timeout_seconds"}})
            check_refused("{}", row, parse);
        for (const char* name : {"Host", "content-length", "Transfer-Encoding", "CONNECTION", "Keep-Alive", "Expect",
                                 "TE", "Trailer", "Upgrade", "If-None-Match", "Proxy-Authorization"}) {
            const auto result = validate_fetch_settings(Object{{"headers", Object{{name, "x"}}}});
            REQUIRE_FALSE(result);
            CHECK(result.error().message == "fetch.headers." + std::string(name) + " " + std::string(owned));
        }
    }
}

TEST_SUITE("json.job_request") {
    TEST_CASE("one URL is a job, several are a batch, ids are lower-cased") {
        const auto job = parse_job_request(with_members(job_body, {{"parameters", Object{{"page", 2}}}}));
        REQUIRE(job);
        CHECK(job->strategy_id == request_uuid);
        CHECK(job->url == "https://a/");
        CHECK(job->parameters == Value(Object{{"page", 2}}));

        const auto one =
            parse_job_or_batch_request(with_members(job_body, {{"urls", nullptr}, {"parameters", nullptr}}));
        REQUIRE(one);
        REQUIRE(one->job);
        CHECK_FALSE(one->batch);
        CHECK_FALSE(one->job->parameters);

        const auto many = parse_job_or_batch_request(
            with_members(job_body, {{"url", nullptr}, {"urls", Value::Array{"http://b/", "http://a/", "http://b/"}}}));
        REQUIRE(many);
        CHECK_FALSE(many->job);
        REQUIRE(many->batch);
        CHECK(many->batch->strategy_id == request_uuid);
        CHECK(many->batch->urls == std::vector<std::string>{"http://b/", "http://a/", "http://b/"});

        CHECK(parse_job_or_batch_request(
            with_members(job_body, {{"url", "-"}, {"urls", Value::Array(10'000, "http://a/")}})));
        CHECK(parse_job_or_batch_request(with_members(job_body, {{"url", "-"}, {"urls", Value::Array{"http://a/"}}}))
                  ->batch);
    }

    TEST_CASE("parameters are scalars, arrays of scalars or null") {
        CHECK(parse_job_request(with_members(
            job_body, {{"parameters", *parse_json(R"({"a":1,"b":"x","c":[1,"x",true],"d":null,"e":[]})")}})));
        for (const auto& parse :
             {+[](const Value& body) { return static_cast<bool>(parse_job_request(body)); },
              +[](const Value& body) { return static_cast<bool>(parse_job_or_batch_request(body)); }})
            for (const char* parameters :
                 {"[]", "1", "\"x\"", R"({"a":{}})", R"({"a":[[1]]})", R"({"a":[{}]})", R"({"a":[null]})"})
                CHECK_MESSAGE(!parse(with_members(job_body, {{"parameters", *parse_json(parameters)}})), parameters);
    }

    TEST_CASE("each fault of POST /api/jobs/execute has its message, subject and code") {
        for (const BadRequest& row :
             {BadRequest{R"({"strategy_id":"-"})", "Missing required field: strategy_id", "strategy_id"},
              {R"({"url":null})", "Missing required field: url", "url"},
              {R"({"url":"-","urls":["http://a/"]})", "Missing required field: url", "url"},
              {R"({"strategy_id":5})", "strategy_id must be a UUID", "strategy_id"},
              {R"({"strategy_id":"x"})", "strategy_id must be a UUID", "strategy_id"},
              {R"({"url":["http://a/"]})", "url must be a string", "url"},
              {R"({"url":"a b"})", "Invalid URL format", "url", ErrorCode::invalid_url},
              {R"({"url":"a b","strategy_id":"x"})", "strategy_id must be a UUID", "strategy_id"},
              {R"({"parameters":[]})", "parameters must be an object", "parameters"},
              {R"({"parameters":{"a":{"b":1}}})", "parameters.a must be a scalar, an array of scalars or null",
               "parameters.a"},
              {R"({"url":"x","parameters":{"a":[[]]}})", "parameters.a must be a scalar, an array of scalars or null",
               "parameters.a"}})
            check_refused(job_body, row, parse_job_request);
    }

    TEST_CASE("each fault of POST /api/jobs has its message, subject and code") {
        const std::string_view count = "urls must be an array of 1 to 10000 members";
        for (const BadRequest& row :
             {BadRequest{R"({"strategy_id":null})", "Missing required field: strategy_id", "strategy_id"},
              {R"({"url":"-"})", "Provide either url or urls", "url"},
              {R"({"url":null,"urls":null})", "Provide either url or urls", "url"},
              {R"({"urls":["http://a/"]})", "Provide either url or urls, not both", "urls"},
              {R"({"urls":[]})", "Provide either url or urls, not both", "urls"},
              {R"({"url":"-","urls":[]})", count, "urls"},
              {R"({"url":"-","urls":"http://a/"})", count, "urls"},
              {R"({"url":"-","urls":[)" + repeated("\"http://a/\",", 10'000) + R"("http://a/"]})", count, "urls"},
              {R"({"url":"-","urls":["http://a/","x","y"]})", "Invalid URL format", "urls.1", ErrorCode::invalid_url},
              {R"({"url":"-","urls":["x",7]})", "urls.1 must be a string", "urls.1"},
              {R"({"url":"-","urls":["http://a/",null]})", "urls.1 must be a string", "urls.1"},
              {R"({"url":"-","urls":["x"],"strategy_id":"y"})", "strategy_id must be a UUID", "strategy_id"},
              {R"({"url":"x"})", "Invalid URL format", "url", ErrorCode::invalid_url}})
            check_refused(job_body, row, parse_job_or_batch_request);
    }
}

TEST_SUITE("json.members") {
    TEST_CASE("the first error is the one kept") {
        const Value body = Object{{"a", 1}, {"b", 2}};
        json::Members in(body, json::Nulls::dropped, "x");
        CHECK_FALSE(in.text("a"));
        CHECK_FALSE(in.flag("b"));
        REQUIRE(in.error());
        CHECK(in.error()->message == "x.a must be a string");
        CHECK(in.error()->subject == "x.a");
    }

    TEST_CASE("a null is absent or a value, as asked") {
        const Value body = Object{{"a", nullptr}};
        json::Members dropped(body, json::Nulls::dropped);
        CHECK_FALSE(dropped.has("a"));
        CHECK_FALSE(dropped.is_null("a"));
        CHECK_FALSE(dropped.integer("a", 0, 1));
        CHECK_FALSE(dropped.error());
        json::Members kept(body, json::Nulls::kept);
        CHECK(kept.is_null("a"));
        CHECK_FALSE(kept.integer("a", 0, 1));
        CHECK(kept.error());
    }

    TEST_CASE("integers may be written with a zero fraction but not beyond what a double holds") {
        const Value body = Object{{"a", 5.0}, {"b", 5.5}, {"c", 1e19}, {"d", INT64_MAX}};
        json::Members in(body, json::Nulls::dropped);
        CHECK(in.integer("a", 0, 10) == 5);
        CHECK(in.integer("d", 0, INT64_MAX) == INT64_MAX);
        CHECK_FALSE(in.error());
        CHECK_FALSE(in.integer("c", 0, INT64_MAX));
        CHECK(in.error());
        CHECK_FALSE(json::Members(body, json::Nulls::dropped).integer("b", 0, 10));
    }
}
