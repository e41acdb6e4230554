#include <doctest/doctest.h>

#include <set>

#include "meter/json.hpp"
#include "meter/webhook.hpp"
#include "notify/events.hpp"
#include "url/mail_address.hpp"

namespace meter {

TEST_SUITE("notify.target") {
    TEST_CASE("the type is detected from the URL") {
        // Wire contract 15.1.
        struct Row {
            std::string_view url;
            WebhookType type;
        };
        for (const Row& row : {
                 Row{"https://hooks.slack.com/services/T0/B0/x", WebhookType::slack},
                 Row{"https://HOOKS.slack.com/services/T0/B0/x", WebhookType::slack},
                 Row{"https://hooks.slack.com/workflows/T0/A0/1/x", WebhookType::slack_workflow},
                 Row{"https://hooks.slack.com/triggers/T0/1/x", WebhookType::slack_workflow},
                 Row{"https://hooks.slack.com/workflowsx", WebhookType::slack},
                 Row{"https://hooks.slack.com.evil.example/services/x", WebhookType::standard},
                 Row{"https://evil.example/hooks.slack.com/services/", WebhookType::standard},
                 Row{"https://discord.com/api/webhooks/1/x", WebhookType::discord},
                 Row{"https://discordapp.com/api/webhooks/1/x", WebhookType::discord},
                 Row{"https://canary.discord.com/api/webhooks/1/x", WebhookType::discord},
                 Row{"https://notdiscord.com/api/webhooks/1/x", WebhookType::standard},
                 Row{"https://discord.com/channels/1", WebhookType::standard},
                 Row{"mailto:me@shop.example", WebhookType::email},
                 Row{"MAILTO:me@shop.example?subject=x", WebhookType::email},
                 Row{"mailto:", WebhookType::email},
                 Row{"me@shop.example", WebhookType::email},
                 Row{"https://me@shop.example/", WebhookType::standard},
                 Row{"https://your-app.com/webhooks/meter", WebhookType::standard},
                 Row{"not a url", WebhookType::standard},
                 Row{"", WebhookType::standard},
             }) {
            CAPTURE(row.url);
            CHECK(detect_webhook_type(row.url) == row.type);
        }
    }

    TEST_CASE("URLs fit their type") {
        for (const auto* url : {"https://a.example/x", "http://127.0.0.1:9/", "https://\xC3\xA4.example/"})
            for (const auto type : {WebhookType::standard, WebhookType::slack, WebhookType::discord}) {
                CAPTURE(url);
                CHECK(validate_webhook_url(url, type));
            }
        for (const auto* url :
             {"", "nonsense", "ftp://a.example/", "me@a.example", "mailto:me@a.example", "https://"}) {
            CAPTURE(url);
            const auto checked = validate_webhook_url(url, WebhookType::standard);
            REQUIRE_FALSE(checked);
            CHECK(checked.error().code == ErrorCode::invalid_url);
            CHECK(checked.error().message == "Invalid URL format");
        }
        CHECK(validate_webhook_url("mailto:a@b.example,c@d.example", WebhookType::email));
        CHECK_FALSE(validate_webhook_url("https://a.example/", WebhookType::email));
        const std::string mail = "mailto:a@b.example?body=", site = "https://a.example/";
        for (const bool fits : {true, false}) {
            CHECK(validate_webhook_url(mail + std::string(4096 - mail.size() + !fits, 'x'), WebhookType::email)
                      .has_value() == fits);
            CHECK(validate_webhook_url(site + std::string(4096 - site.size() + !fits, 'x'), WebhookType::standard)
                      .has_value() == fits);
        }
    }

    TEST_CASE("mail addresses cannot smuggle anything into SMTP") {
        using Addresses = std::vector<std::string>;
        CHECK(url::mail_addresses("Me.Too@Shop.Example") == Addresses{"Me.Too@shop.example"});
        CHECK(url::mail_addresses("mailto:me%2Btag@shop.example?subject=hi") == Addresses{"me+tag@shop.example"});
        CHECK(url::mail_addresses("mailto:a@x.example,b@y.example") == Addresses{"a@x.example", "b@y.example"});
        CHECK(url::mail_addresses("a@\xC3\xBC.example") == Addresses{"a@xn--tda.example"});
        const std::string long_local(65, 'a');
        for (const std::string& text :
             {std::string("a@b.example\r\nRCPT TO:<c@d.example>"), std::string("mailto:a@b.example%0D%0Ax"),
              std::string("a b@c.example"), std::string("<a@b.example>"), std::string("a@b@c.example"),
              std::string("\"a\"@b.example"), std::string(".a@b.example"), std::string("a..b@c.example"),
              std::string("@b.example"), std::string("a@"), std::string("a@b example"), std::string("a@[127.0.0.1]"),
              std::string("a@b.example,c@d.example"), std::string("mailto:"), std::string("mailto:a@b.example,"),
              long_local + "@b.example", std::string("a\0b@c.example", 13)}) {
            CAPTURE(text);
            CHECK(url::mail_addresses(text).empty());
        }
        std::string many = "mailto:a@b.example";
        for (int i = 0; i < 10; ++i) many += ",a@b.example";
        CHECK(url::mail_addresses(many).empty());
        CHECK(url::mail_addresses(std::string(1'000'000, '@')).empty());
    }

    TEST_CASE("secrets are printable and have something to sign with") {
        for (const auto* secret : {"x", "whsec_0123", "with space", "~!@#$%^&*()"})
            CHECK(validate_webhook_secret(secret));
        for (const std::string& secret : {std::string(), std::string("whsec_"), std::string(" x"), std::string("x "),
                                          std::string("tab\t"), std::string("\xC3\xA4"), std::string(257, 'x')}) {
            CAPTURE(secret);
            const auto checked = validate_webhook_secret(secret);
            REQUIRE_FALSE(checked);
            CHECK(checked.error().subject == "webhook_secret");
        }
        std::set<std::string> made;
        for (int i = 0; i < 100; ++i) made.insert(new_webhook_secret());
        CHECK(made.size() == 100);
        for (const auto& secret : made) {
            CHECK(secret.size() == 38);
            CHECK(secret.starts_with("whsec_"));
            CHECK(secret.find_first_not_of("0123456789abcdef", 6) == std::string::npos);
        }
    }

    TEST_CASE("metadata is an object of at most 16 KiB") {
        CHECK(validate_webhook_metadata(Object{{"team", "a"}}));
        CHECK(validate_webhook_metadata(Object{{"a", std::string((16u << 10) - 8, 'x')}}));
        CHECK_FALSE(validate_webhook_metadata(Object{{"a", std::string((16u << 10) - 7, 'x')}}));
        CHECK_FALSE(validate_webhook_metadata(Value("text")));
    }

    TEST_CASE("a test's body is read like a schedule's webhook members") {
        const auto read = [](std::string_view text) { return parse_webhook_test(parse_json(text).value()); };
        const auto full = read(R"({"webhook_url":"https://a.example/","webhook_secret":"s","webhook_type":"slack",
                                   "webhook_metadata":{"a":1},"other":2})");
        REQUIRE(full);
        CHECK(full->type == WebhookType::slack);
        CHECK(full->secret == "s");
        CHECK(full->metadata == R"({"a":1})");
        const auto bare = read(R"({"webhook_url":"https://a.example/","webhook_secret":null,"webhook_type":null})");
        REQUIRE(bare);
        CHECK_FALSE(bare->type);
        CHECK_FALSE(bare->secret);

        struct Row {
            std::string_view body;
            ErrorCode code;
            std::string_view message;
        };
        for (const Row& row : {
                 Row{"{}", ErrorCode::invalid_argument, "Missing required field: webhook_url"},
                 Row{R"({"webhook_url":""})", ErrorCode::invalid_url, "Invalid URL format"},
                 Row{R"({"webhook_url":null})", ErrorCode::invalid_argument, "Missing required field: webhook_url"},
                 Row{R"({"webhook_url":5})", ErrorCode::invalid_argument, "webhook_url must be a string"},
                 Row{R"({"webhook_url":"nonsense"})", ErrorCode::invalid_url, "Invalid URL format"},
                 Row{R"({"webhook_url":"mailto:"})", ErrorCode::invalid_url, "Invalid URL format"},
                 Row{R"({"webhook_url":"https://a.example/","webhook_type":"email"})", ErrorCode::invalid_url,
                     "Invalid URL format"},
             }) {
            CAPTURE(row.body);
            const auto refused = read(row.body);
            REQUIRE_FALSE(refused);
            CHECK(refused.error().code == row.code);
            CHECK(refused.error().message == row.message);
        }
        for (const auto* body : {R"({"webhook_url":"nonsense","webhook_type":"fax"})",
                                 R"({"webhook_url":"https://a/","webhook_metadata":[]})",
                                 R"({"webhook_url":"https://a/","webhook_secret":"\u00e4"})"}) {
            CAPTURE(body);
            const auto refused = read(body);
            REQUIRE_FALSE(refused);
            CHECK(refused.error().code == ErrorCode::invalid_argument);
        }
    }
}

}  // namespace meter
