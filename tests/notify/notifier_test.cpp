#include "notify/notifier.hpp"

#include <doctest/doctest.h>

#include "meter/testing/manual_clock.hpp"
#include "meter/testing/scripted_fetcher.hpp"

namespace meter::notify {
namespace {

class CollectingMail final : public MailSender {
public:
    Result<void> send(const Mail& mail, std::stop_token) override {
        sent.push_back(mail);
        return answer;
    }

    std::vector<Mail> sent;
    Result<void> answer;
};

struct Set {
    std::shared_ptr<testing::ScriptedFetcher> site = std::make_shared<testing::ScriptedFetcher>();
    std::shared_ptr<CollectingMail> mail = std::make_shared<CollectingMail>();
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    std::shared_ptr<Notifier> notifier = make_notifier(
        {.fetcher = site,
         .mail = mail,
         .mail_from = "meter@a.example",
         .clock = clock,
         .read_retry_after = [](std::string_view text, TimePoint) -> std::optional<std::chrono::milliseconds> {
             return std::chrono::seconds(text.size());
         }});
};

WebhookMessage message() {
    return {.url = "https://a.example/secret-path",
            .headers = {{"X-A", "1"}},
            .body = "{}",
            .timeout = std::chrono::seconds(3)};
}

}  // namespace

TEST_SUITE("notify.notifier") {
    TEST_CASE("a message is one POST that follows and repeats nothing") {
        Set set;
        set.site->page(message().url, "thanks");
        const auto answer = set.notifier->send(message(), {});
        REQUIRE(answer);
        CHECK(answer->status == 200);
        const auto requests = set.site->requests();
        REQUIRE(requests.size() == 1);
        CHECK(requests[0].method == "POST");
        CHECK(requests[0].headers == message().headers);
        CHECK(requests[0].body == "{}");
        CHECK(requests[0].timeout == std::chrono::seconds(3));
        CHECK(requests[0].max_redirects == 0);
        CHECK(requests[0].max_retries == 0);
    }

    TEST_CASE("status and Retry-After come back") {
        Set set;
        set.site->handle(message().url, [](const Request&, std::stop_token) -> Result<Response> {
            return Response{.status = 429, .headers = {{"retry-after", "12"}}};
        });
        const auto answer = set.notifier->send(message(), {});
        REQUIRE(answer);
        CHECK(answer->status == 429);
        CHECK(answer->retry_after == std::chrono::seconds(2));
    }

    TEST_CASE("a receiver whose answer drips or never ends has taken the message") {
        Set set;
        set.site->handle(message().url, [](const Request& request, std::stop_token) -> Result<Response> {
            const std::string piece(10'000, 'x');
            for (int i = 0; i < 100; ++i)
                if (!request.on_body(piece)) return Error{ErrorCode::cancelled, "Cancelled"};
            FAIL("an endless answer is read for ever");
            return Response{.status = 200};
        });
        CHECK(set.notifier->send(message(), {}).value().status == 200);
        set.site->handle(message().url, [](const Request& request, std::stop_token) -> Result<Response> {
            (void)request.on_body("x");
            return Error{ErrorCode::timeout, "Connection timeout: target site did not respond"};
        });
        CHECK(set.notifier->send(message(), {}).value().status == 200);
    }

    TEST_CASE("errors say whether to try again, and keep the URL to themselves") {
        struct Row {
            ErrorCode code;
            bool retryable;
        };
        for (const Row& row :
             {Row{ErrorCode::network, true}, Row{ErrorCode::timeout, true}, Row{ErrorCode::too_large, true},
              Row{ErrorCode::internal, true}, Row{ErrorCode::blocked, false}, Row{ErrorCode::invalid_url, false}}) {
            CAPTURE(to_string(row.code));
            Set set;
            set.site->failure(message().url, Error{row.code, "why", message().url, !row.retryable});
            const auto answer = set.notifier->send(message(), {});
            REQUIRE_FALSE(answer);
            CHECK(answer.error().code == row.code);
            CHECK(answer.error().retryable == row.retryable);
            CHECK(answer.error().subject.empty());
            CHECK(answer.error().message.find("secret-path") == std::string::npos);
        }
    }

    TEST_CASE("mail goes to the mail sender, if there is one") {
        Set set;
        WebhookMessage mail{.type = WebhookType::email, .url = "mailto:a@x.example,b@y.example", .body = "text"};
        CHECK(set.notifier->supports(WebhookType::email));
        CHECK(set.notifier->send(mail, {}).value().status == 250);
        REQUIRE(set.mail->sent.size() == 1);
        CHECK(set.mail->sent[0].from == "meter@a.example");
        CHECK(set.mail->sent[0].to == std::vector<std::string>{"a@x.example", "b@y.example"});
        CHECK(set.mail->sent[0].message == "text");
        set.mail->answer = Error{ErrorCode::network, "Mail server answered 451", {}, true};
        CHECK(set.notifier->send(mail, {}).error().retryable);

        const auto without = make_notifier({.fetcher = set.site, .clock = set.clock, .read_retry_after = {}});
        CHECK_FALSE(without->supports(WebhookType::email));
        CHECK(without->supports(WebhookType::slack));
        const auto refused = without->send(mail, {});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().message == "Email notifications are not configured");
    }
}

}  // namespace meter::notify
