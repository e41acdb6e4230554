#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "meter/json.hpp"
#include "meter/schedule.hpp"

using namespace meter;

namespace {

Value body(std::string_view text) {
    return parse_json(text).value();
}

const std::string strategy_id = "550e8400-e29b-41d4-a716-446655440000";

/// A good request with these members laid over it; null takes one away.
Value schedule_body(std::string_view members) {
    Value request = body(R"({"strategy_id":"550e8400-e29b-41d4-a716-446655440000","url":"https://a.test/",
                             "interval_seconds":60})");
    const Value over = body(members);
    for (const auto& [name, value] : *over.if_object()) request.if_object()->set(name, value);
    return request;
}

}  // namespace

TEST_SUITE("json.schedule_request") {
    TEST_CASE("every member is read") {
        const auto request = parse_schedule_request(body(
            R"({"strategy_id":"550E8400-E29B-41D4-A716-446655440000","urls":["https://a.test/","https://a.test/"],
                "cron_expression":"0 9 * * *","timezone":"Europe/Berlin","jitter_seconds":5,
                "webhook_url":"https://h.test/","webhook_metadata":{"a":1},"webhook_secret":"s","webhook_type":"slack",
                "webhook_on":"changes","parameters":{"q":["a",1]},"ignore":{"fields":["n"]},"key":["id"],"other":1})"));
        REQUIRE(request);
        CHECK(request->strategy_id == strategy_id);
        CHECK_FALSE(request->url);
        CHECK(request->urls->size() == 2);
        CHECK_FALSE(request->interval_seconds);
        CHECK(request->cron_expression == "0 9 * * *");
        CHECK(request->timezone == "Europe/Berlin");
        CHECK(request->jitter_seconds == 5);
        CHECK(request->webhook.url == "https://h.test/");
        CHECK(request->webhook.metadata == body(R"({"a":1})"));
        CHECK(request->webhook.secret == "s");
        CHECK(request->webhook.type == WebhookType::slack);
        CHECK(request->webhook.on == WebhookOn::changes);
        CHECK(request->parameters == body(R"({"q":["a",1]})"));
        CHECK(request->ignore == body(R"({"fields":["n"]})"));
        CHECK(request->key == body(R"(["id"])"));
    }

    TEST_CASE("each fault has its message and code, and a URL comes last") {
        struct Row {
            std::string_view members, message;
            ErrorCode code = ErrorCode::invalid_argument;
        };
        for (const Row& row :
             {Row{R"({"strategy_id":null})", "Missing required field: strategy_id"},
              {R"({"strategy_id":"x"})", "strategy_id must be a UUID"},
              {R"({"urls":["https://a.test/"]})", "Provide either url or urls, not both"},
              {R"({"url":null})", "Provide either url or urls"},
              {R"({"cron_expression":"* * * * *"})", "Provide either interval_seconds or cron_expression, not both"},
              {R"({"interval_seconds":null})", "Provide either interval_seconds or cron_expression"},
              {R"({"interval_seconds":"60"})", "interval_seconds must be an integer"},
              {R"({"interval_seconds":60.5})", "interval_seconds must be an integer"},
              {R"({"interval_seconds":1e300})", "interval_seconds must be an integer"},
              {R"({"jitter_seconds":3601})", "jitter_seconds must be an integer from 0 to 3600"},
              {R"({"url":null,"urls":[]})", "urls must be an array of 1 to 10000 members"},
              {R"({"url":null,"urls":[1]})", "urls.0 must be a string"},
              {R"({"url":"x","webhook_on":"x"})", "webhook_on must be one of: all, changes"},
              {R"({"url":"x"})", "Invalid URL format", ErrorCode::invalid_url},
              {R"({"url":null,"urls":["https://a.test/","x"]})", "Invalid URL format", ErrorCode::invalid_url}}) {
            CAPTURE(row.members);
            const auto request = parse_schedule_request(schedule_body(row.members));
            REQUIRE_FALSE(request);
            CHECK(request.error().message == row.message);
            CHECK(request.error().code == row.code);
        }
    }
}

TEST_SUITE("json.schedule_patch") {
    TEST_CASE("absent members stay, null clears what can be cleared") {
        const auto none = parse_schedule_patch(body("{}"));
        REQUIRE(none);
        CHECK(none->empty());
        const auto cleared = parse_schedule_patch(
            body(R"({"webhook_url":null,"webhook_metadata":null,"webhook_type":null,"parameters":null,"timezone":null,
                     "jitter_seconds":null,"ignore":null,"key":null})"));
        REQUIRE(cleared);
        CHECK((cleared->webhook_url && !*cleared->webhook_url));
        CHECK(cleared->webhook_metadata == Value());
        CHECK((cleared->webhook_type && !*cleared->webhook_type));
        CHECK(cleared->parameters == Value());
        CHECK((cleared->timezone && !*cleared->timezone));
        CHECK(cleared->jitter_seconds == 0);
        CHECK(cleared->ignore == Value());
        CHECK(cleared->key == Value());
        for (const auto* text : {R"({"enabled":null})", R"({"url":null})", R"({"urls":null})",
                                 R"({"interval_seconds":null})", R"({"cron_expression":null})",
                                 R"({"webhook_on":null})", R"({"url":"https://a.test/","urls":["https://a.test/"]})"}) {
            CAPTURE(text);
            const auto refused = parse_schedule_patch(body(text));
            REQUIRE_FALSE(refused);
            CHECK(refused.error().code == ErrorCode::invalid_argument);
        }
    }
}

TEST_SUITE("json.watch_request") {
    TEST_CASE("a watch without a name is named after host and path") {
        struct Row {
            std::string_view url, name;
        };
        const std::string deep = "https://a.test/" + std::string(300, 'x');
        const std::string cut = ("Watch: " + deep.substr(8)).substr(0, 200);
        for (const Row& row : {Row{"https://a.test/b/c?d=1#e", "Watch: a.test/b/c"},
                               {"https://a.test", "Watch: a.test"},
                               {"https://a.test:81/", "Watch: a.test:81/"},
                               {deep, cut}}) {
            Value request(Object{{"url", row.url}, {"description", "x"}});
            for (const auto* name : {"", static_cast<const char*>(nullptr)}) {
                if (name != nullptr) request.if_object()->set("name", name);
                const auto watch = parse_watch_request(request);
                REQUIRE(watch);
                CHECK(watch->strategy.name == row.name);
                CHECK(watch->interval_seconds == 3600);
            }
        }
        const auto named = parse_watch_request(body(R"({"url":"https://a.test/","description":"x","name":"N"})"));
        REQUIRE(named);
        CHECK(named->strategy.name == "N");
    }
}

TEST_SUITE("json.schedule") {
    TEST_CASE("the secret is there only where it is told") {
        Schedule schedule;
        schedule.schedule_id = schedule.strategy_id = strategy_id;
        schedule.url = "https://a.test/";
        schedule.interval_seconds = 60;
        const auto quiet = parse_json(to_json(schedule)).value();
        CHECK(quiet.find("webhook_secret") == nullptr);
        CHECK(quiet.find("timezone") == nullptr);
        CHECK(quiet.find("jitter_seconds") == nullptr);
        CHECK(*quiet.find("urls") == Value());
        CHECK(*quiet.find("schedule_type") == Value("interval"));
        CHECK(*quiet.find("next_runs") == Value(Value::Array{}));
        CHECK(*quiet.find("health") == body(R"({"state":"ok","count":0,"since":null})"));
        const auto bare = parse_json(to_json(schedule, SecretShown::yes)).value();
        REQUIRE(bare.find("webhook_secret") != nullptr);
        CHECK(*bare.find("webhook_secret") == Value());
        schedule.webhook_url = "https://h.test/";
        schedule.webhook_secret = "s";
        schedule.webhook_type = WebhookType::standard;
        const auto told = parse_json(to_json(schedule, SecretShown::yes)).value();
        CHECK(*told.find("webhook_secret") == Value("s"));
        CHECK(webhook_target(schedule)->secret == "s");
    }
}
