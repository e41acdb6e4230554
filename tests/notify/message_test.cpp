#include "notify/message.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "meter/json.hpp"
#include "meter/version.hpp"
#include "notify/signature.hpp"

namespace meter::notify {
namespace {

const TimePoint now{std::chrono::milliseconds{1'736'937'000'500}};

OutgoingEvent event(std::int64_t attempt = 1) {
    return {.id = "0194-id",
            .event = "job.completed",
            .name = "Shop",
            .payload = R"({"status":"completed","results":[],"item_count":0,"has_changes":false})",
            .attempt = attempt,
            .created_at = now};
}

std::string header(const WebhookMessage& message, std::string_view name) {
    std::string found = "(none)";
    for (const auto& [key, value] : message.headers)
        if (key == name) found = found == "(none)" ? value : "(twice)";
    return found;
}

}  // namespace

TEST_SUITE("notify.message") {
    TEST_CASE("a standard message carries the payload's bytes and all headers") {
        // Wire contract 15.3.
        const WebhookTarget target{.url = "https://a.example/x", .secret = "whsec_test"};
        const auto message = make_message(event(3), target, now, {.timeout = std::chrono::seconds(7)});
        REQUIRE(message);
        CHECK(message->url == target.url);
        CHECK(message->body == event().payload);
        CHECK(message->timeout == std::chrono::seconds(7));
        CHECK(header(*message, "Content-Type") == "application/json");
        CHECK(header(*message, "User-Agent") == "meter-server/" + std::string(version()));
        CHECK(header(*message, "X-Webhook-Event") == "job.completed");
        CHECK(header(*message, "X-Webhook-Id") == "0194-id");
        CHECK(header(*message, "X-Webhook-Attempt") == "3");
        CHECK(header(*message, "X-Webhook-Secret") == "whsec_test");
        CHECK(header(*message, "X-Webhook-Signature") == body_signature("whsec_test", message->body));
        CHECK(header(*message, "webhook-id") == "0194-id");
        CHECK(header(*message, "webhook-timestamp") == "1736937000");
        CHECK(header(*message, "webhook-signature") ==
              standard_signature("whsec_test", "0194-id", "1736937000", message->body));
    }

    TEST_CASE("other types never see the secret") {
        for (const auto type :
             {WebhookType::slack, WebhookType::slack_workflow, WebhookType::discord, WebhookType::email}) {
            CAPTURE(to_string(type));
            const WebhookTarget target{.url = type == WebhookType::email ? "me@a.example" : "https://a.example/x",
                                       .type = type,
                                       .secret = "whsec_verysecret"};
            const auto message = make_message(event(), target, now, {.smtp = {.from = "meter@a.example"}});
            REQUIRE(message);
            CHECK(message->body.find("verysecret") == std::string::npos);
            for (const auto& [name, value] : message->headers) {
                CHECK(value.find("verysecret") == std::string::npos);
                CHECK(name.find("ignature") == std::string::npos);
                CHECK(name.find("Secret") == std::string::npos);
            }
            if (type != WebhookType::email) CHECK(header(*message, "X-Webhook-Id") == "0194-id");
        }
    }

    TEST_CASE("the body is the same bytes on every attempt") {
        for (const auto type : {WebhookType::standard, WebhookType::slack, WebhookType::slack_workflow,
                                WebhookType::discord, WebhookType::email}) {
            CAPTURE(to_string(type));
            const WebhookTarget target{.url = type == WebhookType::email ? "me@a.example" : "https://a.example/x",
                                       .type = type,
                                       .secret = "s"};
            const WebhookOptions options{.smtp = {.from = "meter@a.example"}};
            const auto first = make_message(event(1), target, now, options);
            const auto later = make_message(event(4), target, now + std::chrono::hours(1), options);
            REQUIRE(first);
            REQUIRE(later);
            CHECK(first->body == later->body);
        }
    }

    TEST_CASE("a test without a secret has no signature") {
        const auto message = make_message(event(), {.url = "https://a.example/x"}, now, {});
        REQUIRE(message);
        CHECK(header(*message, "X-Webhook-Secret") == "(none)");
        CHECK(header(*message, "X-Webhook-Signature") == "(none)");
        CHECK(header(*message, "webhook-signature") == "(none)");
        CHECK(header(*message, "webhook-id") == "0194-id");
    }

    TEST_CASE("a test's payload looks like a job that changed") {
        const auto payload = parse_json(test_payload(R"({"a":1})", now)).value();
        CHECK(*payload.find("status")->if_string() == "completed");
        CHECK(*payload.find("has_changes")->if_bool());
        CHECK(payload.find("results")->if_array()->size() == 2);
        CHECK(*payload.find("item_count")->if_integer() == 2);
        CHECK(to_json(*payload.find("metadata")) == R"({"a":1})");
        CHECK(payload.find("job_id")->if_string()->size() == 36);
        CHECK(payload.find("schedule_id")->if_string()->size() == 36);
    }

    TEST_CASE("options out of range are refused by name") {
        using namespace std::chrono_literals;
        CHECK(validate(WebhookOptions{}));
        struct Row {
            WebhookOptions options;
            std::string_view subject;
        };
        for (const Row& row : {
                 Row{{.timeout = 0ms}, "timeout"},
                 Row{{.timeout = 11min}, "timeout"},
                 Row{{.retry = std::vector<std::chrono::milliseconds>(21)}, "retry"},
                 Row{{.retry = {-1ms}}, "retry"},
                 Row{{.max_retry_after = 25h}, "max_retry_after"},
                 Row{{.per_endpoint = 0}, "per_endpoint"},
                 Row{{.max_in_flight = -1}, "max_in_flight"},
                 Row{{.lease = 50ms}, "lease"},
                 Row{{.retention = std::chrono::hours(0)}, "retention"},
                 Row{{.user_agent = "a\r\nb"}, "user_agent"},
             }) {
            CAPTURE(row.subject);
            const auto refused = validate(row.options);
            REQUIRE_FALSE(refused);
            CHECK(refused.error().subject == row.subject);
        }
    }
}

}  // namespace meter::notify
