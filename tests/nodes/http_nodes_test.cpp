// http-request and webhook.
#include <doctest/doctest.h>

#include "nodes/bench.hpp"

using namespace meter;

namespace {

Result<Response> json_answer(const Request& request, std::string_view body, int status = 200) {
    return Response{.status = status,
                    .url = request.url,
                    .headers = {{"content-type", "application/json; charset=utf-8"}},
                    .body = std::string(body)};
}

}  // namespace

TEST_SUITE("nodes.http") {
    TEST_CASE("http-request sends one request for each item, with its values in place") {
        NodeBench bench;
        bench.trigger_inputs = json_value(R"({"day": "mon"})");
        const auto echo = [](const Request& request, std::stop_token) {
            return json_answer(request, to_json(Value(request.body)));
        };
        bench.scripted->handle("https://api.test/a%2Fb?x=1&q=a%26b&n=1&n=2&d=2025-01-15", echo);
        bench.scripted->handle("https://api.test/c?x=1&q=%22&n=1&n=2&d=2025-01-15", echo);
        REQUIRE(bench.run("http-request",
                          R"({"method": "POST", "url": "https://api.test/{{item.id}}?x=1",
                              "query": {"q": "{{item.q}}", "n": [1, 2], "none": null, "d": "{{date}}"},
                              "headers": {"X-Day": "{{trigger.day}}", "X-Run": "{{executionId}}"},
                              "body": {"v": 1}})",
                          json_items(R"([{"id": "a/b", "q": "a&b"}, {"id": "c", "q": "\""}])")));
        REQUIRE(bench.out.at().size() == 2);
        CHECK(*bench.out.at().front().find("status") == Value(200));
        CHECK(*bench.out.at().front().find("body") == Value(R"({"v":1})"));
        const auto requests = bench.scripted->requests();
        REQUIRE(requests.size() == 2);
        CHECK(requests.front().method == "POST");
        CHECK(requests.front().headers ==
              std::vector<Header>{{"X-Day", "mon"}, {"X-Run", "exec_1"}, {"Content-Type", "application/json"}});
    }

    TEST_CASE("what an item says stays one text of a JSON body") {
        NodeBench bench;
        bench.scripted->handle("https://api.test/", [](const Request& request, std::stop_token) {
            return json_answer(request, to_json(Value(request.body)));
        });
        REQUIRE(bench.run("http-request",
                          R"({"method": "POST", "url": "https://api.test/",
                              "body": {"text": ["{{item.t}}", {"n": "{{item.n}}"}], "k": 1}})",
                          json_items(R"([{"t": "\", \"admin\": true, \"x\": \"", "n": 5}])")));
        CHECK(*bench.out.at().front().find("body") ==
              Value(R"({"text":["\", \"admin\": true, \"x\": \"",{"n":"5"}],"k":1})"));
    }

    TEST_CASE("itemsPath emits the items of an answer") {
        NodeBench bench;
        bench.has_inputs = false;
        bench.scripted->page("https://api.test/", R"({"data": {"items": [{"a": 1}, {"a": 2}]}})", "application/json");
        REQUIRE(bench.run("http-request", R"({"url": "https://api.test/", "itemsPath": "data.items"})"));
        CHECK(bench.json() == R"([{"a":1},{"a":2}])");
        REQUIRE(bench.run("http-request", R"({"url": "https://api.test/", "itemsPath": "data"})"));
        CHECK(bench.out.at().size() == 1);
        CHECK(bench.run("http-request", R"({"url": "https://api.test/", "itemsPath": "x"})").error().subject ==
              "config.itemsPath");
        bench.scripted->page("https://api.test/text", "plain");
        REQUIRE(bench.run("http-request", R"({"url": "https://api.test/text"})"));
        CHECK(*bench.out.at().front().find("body") == Value("plain"));
        CHECK(bench.run("http-request", R"({"url": "https://api.test/text", "itemsPath": "x"})").error().code ==
              ErrorCode::parse);
    }

    TEST_CASE("answers that are no success and errors end the node, without the query in the message") {
        NodeBench bench;
        bench.has_inputs = false;
        const std::string config = R"({"url": "https://api.test/?key=sesame"})";
        bench.scripted->handle("https://api.test/?key=sesame",
                               [](const Request& request, std::stop_token) { return json_answer(request, "{}", 503); });
        auto outcome = bench.run("http-request", config);
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().message == "HTTP 503 from https://api.test/");
        CHECK(outcome.error().retryable);
        bench.scripted->failure("https://api.test/?key=sesame", {ErrorCode::blocked, "URL not allowed by server policy",
                                                                 "https://api.test/?key=sesame"});
        outcome = bench.run("http-request", config);
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code == ErrorCode::blocked);
        CHECK(outcome.error().subject == "https://api.test/");
    }

    TEST_CASE("the real egress gate refuses what workflows must not reach") {
        NodeBench bench;
        bench.has_inputs = false;
        FetchOptions options;
        options.max_retries = 0;
        bench.fetcher = make_fetcher(options).value();
        for (const std::string address : {"http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/",
                                          "http://169.254.169.254/latest/meta-data/", "http://0x7f000001:1/"}) {
            CAPTURE(address);
            const auto outcome = bench.run("http-request", R"({"url": ")" + address + "\"}");
            REQUIRE_FALSE(outcome);
            CHECK(outcome.error().code == ErrorCode::blocked);
        }
        CHECK_FALSE(bench.run("http-request", R"({"url": "file:///etc/passwd"})"));
    }

    TEST_CASE("a connection's headers go to its own origin only") {
        NodeBench bench;
        bench.has_inputs = false;
        bench.connections = Connections::parse(json_value(R"({"api": {"type": "http",
            "base_url": "https://api.test/v1/", "private_host": "api.test",
            "headers": {"Authorization": "Bearer sesame"}}})"))
                                .value();
        bench.scripted->page("https://api.test/v1/items", "[]", "application/json");
        REQUIRE(bench.run("http-request", R"({"url": "items", "connection": "api"})"));
        auto requests = bench.scripted->requests();
        REQUIRE(requests.size() == 1);
        CHECK(requests.front().headers == std::vector<Header>{{"Authorization", "Bearer sesame"}});
        CHECK(requests.front().private_origin == "https://api.test:443");
        const auto outcome = bench.run("http-request", R"({"url": "https://evil.test/", "connection": "api"})");
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().subject == "config.url");
        CHECK(bench.scripted->requests().size() == 1);
    }

    TEST_CASE("configs of network nodes that do not fit name the member") {
        struct Row {
            std::string_view type, config, subject;
        };
        const NodeBench bench;
        for (const Row& row : {
                 Row{"http-request", R"({})", "config.url"},
                 Row{"http-request", R"({"url": "ftp://x"})", "config.url"},
                 Row{"http-request", R"({"url": "https://x.test", "method": "TRACE"})", "config.method"},
                 Row{"http-request", R"({"url": "https://x.test", "headers": {"A": 1}})", "config.headers.A"},
                 Row{"http-request", R"({"url": "https://x.test", "query": "a=b"})", "config.query"},
                 Row{"webhook", R"({})", "config.url"},
                 Row{"webhook", R"({"url": "nope"})", "config.url"},
                 Row{"webhook", R"({"url": "https://x.test", "secret": "x "})", "config.secret"},
                 Row{"webhook", R"({"url": "https://x.test", "webhookType": "fax"})", "config.webhookType"},
                 Row{"webhook", R"({"url": "https://x.test", "metadata": 1})", "config.metadata"},
             }) {
            CAPTURE(row.config);
            const auto errors = bench.registry.check_config(row.type, json_value(row.config), nullptr);
            REQUIRE_FALSE(errors.empty());
            CHECK(errors.front().subject == row.subject);
        }
    }

    TEST_CASE("webhook signs what it sends and hands the items on") {
        NodeBench bench;
        REQUIRE(bench.run("webhook", R"({"url": "https://hook.test/", "secret": "whsec_test", "metadata": {"k": 1}})",
                          json_items(R"([{"a": 1}, {"a": 2}])")));
        CHECK(bench.json() == R"([{"a":1},{"a":2}])");
        REQUIRE(bench.notifier.messages.size() == 1);
        const auto& message = bench.notifier.messages.front();
        const auto header = [&](std::string_view name) {
            for (const auto& [key, value] : message.headers)
                if (key == name) return value;
            return std::string();
        };
        CHECK(verify_webhook("whsec_test", header("webhook-id"), header("webhook-timestamp"),
                             header("webhook-signature"), message.body, bench.clock.now()));
        const auto body = json_value(message.body);
        CHECK(*body.find("results") == json_value(R"([{"a":1},{"a":2}])"));
        CHECK(*body.find("metadata") == json_value(R"({"k":1})"));
        CHECK(message.body.find("whsec_test") == std::string::npos);
    }

    TEST_CASE("webhook sends many items in several messages and none in one") {
        NodeBench bench;
        REQUIRE(bench.run("webhook", R"({"url": "https://hook.test/"})", std::vector<Value>(1200, Object{{"a", 1}})));
        REQUIRE(bench.notifier.messages.size() == 3);
        CHECK(*json_value(bench.notifier.messages.back().body).find("item_count") == Value(200));
        bench.notifier.messages.clear();
        REQUIRE(bench.run("webhook", R"({"url": "https://hook.test/"})"));
        CHECK(bench.notifier.messages.size() == 1);
    }

    TEST_CASE("webhook fails when its receiver does, or its type cannot be sent") {
        NodeBench bench;
        bench.notifier.status = 500;
        CHECK(bench.run("webhook", R"({"url": "https://hook.test/"})").error().message ==
              "Webhook returned status 500");
        CHECK(bench.run("webhook", R"({"url": "a@b.test"})").error().code == ErrorCode::unsupported);
        bench.notifier.failure = Error{ErrorCode::network, "Connection failed", "https://hook.test/?k=1", true};
        const auto outcome = bench.run("webhook", R"({"url": "https://hook.test/?k=1"})");
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().retryable);
        CHECK(outcome.error().subject.empty());
    }
}
