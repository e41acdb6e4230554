#include "notify/bodies.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/base64.hpp"
#include "core/unicode.hpp"
#include "meter/json.hpp"
#include "notify/text.hpp"

namespace meter::notify {
namespace {

constexpr std::string_view changed_payload =
    R"({"job_id":"j-1","schedule_id":"s-1","status":"completed","url":"https://shop.example/list",)"
    R"("results":[{"name":"A","price":"9"},{"name":"C","price":"3"}],"item_count":2,"has_changes":true,)"
    R"("content_hash":"abc","changes":{"added":[{"name":"A","price":"9"},{"name":"C","price":"3"}],)"
    R"("removed":[{"name":"A","price":"1"},{"name":"Z","price":"0"}],)"
    R"("modified":[{"item":{"name":"A","price":"9"},"fields":{"price":{"old":"1","new":"9"}}}],"order_changed":false},)"
    R"("completed_at":"2025-01-15T10:30:00Z","metadata":{"team":"a","n":5,"deep":{"x":1},"none":null,"on":true}})";

EventSummary changed() {
    return summarize("job.completed", "Shop", changed_payload).value();
}

EventSummary failed() {
    return summarize("job.failed", "Shop",
                     R"({"job_id":"j-1","schedule_id":"s-1","status":"failed","url":"https://shop.example/list",)"
                     R"("error":"Page <b>gone</b> & lost","completed_at":"2025-01-15T10:30:00Z","metadata":null})")
        .value();
}

EventSummary unchanged() {
    return summarize("job.completed", "Shop",
                     R"({"job_id":"j-1","schedule_id":"s-1","status":"completed","url":"https://shop.example/list",)"
                     R"("results":[{"name":"A"}],"item_count":1,"has_changes":false,"content_hash":"abc",)"
                     R"("changes":null,"completed_at":"2025-01-15T10:30:00Z","metadata":null})")
        .value();
}

/// A summary in which everything is as long and as odd as it can be.
EventSummary monstrous() {
    std::string odd;
    for (int i = 0; i < 3'000; ++i) odd += "<&>*_\xF0\x9F\x98\x80\xC3\xA4`";
    Value::Array results;
    for (int i = 0; i < 50; ++i) results.emplace_back(Object{{odd, odd}, {"b", odd}});
    Object payload{{"job_id", "j"},
                   {"schedule_id", "s"},
                   {"status", "completed"},
                   {"url", "https://shop.example/" + std::string(4'000, 'x')},
                   {"results", results},
                   {"item_count", 50},
                   {"has_changes", true},
                   {"changes", Object{{"added", results}, {"removed", results}, {"modified", Value::Array{}}}},
                   {"completed_at", "2025-01-15T10:30:00Z"},
                   {"metadata", Object{{odd, odd}}}};
    return summarize("job.completed", odd, to_json(std::move(payload))).value();
}

Value parsed(const std::string& text) {
    return parse_json(text).value();
}

std::string string_at(const Value& object, std::string_view name) {
    const Value* member = object.find(name);
    return member != nullptr && member->if_string() != nullptr ? *member->if_string() : std::string("(none)");
}

}  // namespace

TEST_SUITE("notify.bodies") {
    TEST_CASE("summaries are the sentences of the wire contract") {
        // Wire contract 15.4.
        CHECK(changed().line == "Shop: content changed (2 items) - https://shop.example/list");
        CHECK(unchanged().line == "Shop: no changes (1 item) - https://shop.example/list");
        CHECK(failed().line == "Shop: job failed: Page <b>gone</b> & lost - https://shop.example/list");
    }

    TEST_CASE("item lines tell each change once, added ones first") {
        CHECK(changed().items == std::vector<std::string>{"+ name: C, price: 3", "~ name: A, price: 9 (price was 1)",
                                                          "- name: Z, price: 0"});
        CHECK(changed().changed == "1 added, 1 removed, 1 modified (price)");
        CHECK(unchanged().items == std::vector<std::string>{"name: A"});
        CHECK(unchanged().changed.empty());
    }

    TEST_CASE("sections of content strategies are told too") {
        const auto summary =
            summarize("job.completed", "Page",
                      R"({"status":"completed","results":[],"item_count":3,"has_changes":true,"changes":{"added":[],)"
                      R"("removed":[{"heading":"Old","level":2,"content":"gone"}],"modified":[{"heading":"News",)"
                      R"("level":1,"old_content":"a","new_content":"b"}]}})")
                .value();
        CHECK(summary.items == std::vector<std::string>{"~ News: b", "- heading: Old, level: 2, content: gone"});
        CHECK(summary.changed == "1 removed, 1 modified (content)");
    }

    TEST_CASE("only a changed order is told as that") {
        const auto summary = summarize("job.completed", "Page",
                                       R"({"status":"completed","results":[{"a":1}],"item_count":1,"has_changes":true,)"
                                       R"("changes":{"added":[],"removed":[],"modified":[],"order_changed":true}})")
                                 .value();
        CHECK(summary.changed == "order");
        CHECK(summary.items == std::vector<std::string>{"a: 1"});
    }

    TEST_CASE("a Slack message has header, facts, lines and time") {
        const Value body = parsed(slack_body(changed()));
        CHECK(string_at(body, "text") == "Shop: content changed (2 items) - https://shop.example/list");
        const auto& blocks = *body.find("blocks")->if_array();
        REQUIRE(blocks.size() == 6);
        CHECK(string_at(blocks[0], "type") == "header");
        CHECK(string_at(blocks[1], "type") == "section");
        CHECK(blocks[1].find("fields")->if_array()->size() == 4);
        for (std::size_t i = 2; i < 5; ++i) CHECK(string_at(blocks[i], "type") == "section");
        CHECK(string_at(blocks[5], "type") == "context");
        CHECK(slack_body(failed()).find("Page &lt;b&gt;gone&lt;/b&gt; &amp; lost") != std::string::npos);
        CHECK(slack_body(failed()).find("<b>") == std::string::npos);
    }

    TEST_CASE("Slack's limits hold for anything") {
        // https://api.slack.com/reference/block-kit/blocks
        const Value body = parsed(slack_body(monstrous()));
        CHECK(utf16_length(string_at(body, "text")) <= 3'000);
        const auto& blocks = *body.find("blocks")->if_array();
        CHECK(blocks.size() <= 50);
        CHECK(blocks.size() == 13);
        for (const Value& block : blocks) {
            const std::size_t limit = string_at(block, "type") == "header" ? 150 : 3'000;
            if (const Value* text = block.find("text")) {
                CHECK(utf16_length(string_at(*text, "text")) <= limit);
                CHECK_FALSE(string_at(*text, "text").empty());
            }
            for (const auto* list : {"fields", "elements"})
                if (const Value* many = block.find(list)) {
                    CHECK(many->if_array()->size() <= 10);
                    for (const Value& one : *many->if_array()) CHECK(utf16_length(string_at(one, "text")) <= 2'000);
                }
        }
    }

    TEST_CASE("a Slack workflow gets flat strings only") {
        const Value body = parsed(slack_workflow_body(changed()));
        for (const auto& member : *body.if_object()) {
            CAPTURE(member.first);
            CHECK(member.second.is_string());
        }
        CHECK(string_at(body, "event") == "job.completed");
        CHECK(string_at(body, "status") == "completed");
        CHECK(string_at(body, "item_count") == "2");
        CHECK(string_at(body, "has_changes") == "true");
        CHECK(string_at(body, "error").empty());
        CHECK(string_at(body, "metadata_team") == "a");
        CHECK(string_at(body, "metadata_n") == "5");
        CHECK(string_at(body, "metadata_on") == "true");
        CHECK(string_at(body, "metadata_none").empty());
        CHECK_FALSE(body.find("metadata_deep"));
        const Value broken = parsed(slack_workflow_body(failed()));
        CHECK(string_at(broken, "item_count").empty());
        CHECK(string_at(broken, "has_changes").empty());
        CHECK(string_at(broken, "error") == "Page <b>gone</b> & lost");
    }

    TEST_CASE("a Discord message is one coloured embed that mentions nobody") {
        const Value body = parsed(discord_body(changed()));
        const Value& embed = body.find("embeds")->if_array()->at(0);
        CHECK(string_at(embed, "title") == "Shop");
        CHECK(string_at(embed, "url") == "https://shop.example/list");
        CHECK(string_at(embed, "description") ==
              "+ name: C, price: 3\n\\~ name: A, price: 9 (price was 1)\n- name: Z, price: 0");
        CHECK(embed.find("fields")->if_array()->size() == 3);
        CHECK(body.find("allowed_mentions")->find("parse")->if_array()->empty());
        const auto colour = [](const EventSummary& summary) {
            return *parsed(discord_body(summary)).find("embeds")->if_array()->at(0).find("color")->if_integer();
        };
        CHECK(colour(changed()) != colour(unchanged()));
        CHECK(colour(changed()) != colour(failed()));
        CHECK(colour(unchanged()) != colour(failed()));
    }

    TEST_CASE("Discord's limits hold for anything") {
        // https://discord.com/developers/docs/resources/message#embed-object-embed-limits
        for (const EventSummary& summary : {monstrous(), failed(), changed(), unchanged()}) {
            const Value body = parsed(discord_body(summary));
            CHECK(utf16_length(string_at(body, "content")) <= 2'000);
            const Value& embed = body.find("embeds")->if_array()->at(0);
            std::size_t whole = utf16_length(string_at(embed, "title"));
            CHECK(whole <= 256);
            CHECK(whole > 0);
            if (const Value* description = embed.find("description")) {
                CHECK(utf16_length(*description->if_string()) <= 4'096);
                whole += utf16_length(*description->if_string());
            }
            if (const Value* url = embed.find("url")) CHECK(url->if_string()->size() <= 2'048);
            for (const Value& field : *embed.find("fields")->if_array()) {
                CHECK_FALSE(string_at(field, "value").empty());
                CHECK(utf16_length(string_at(field, "value")) <= 1'024);
                whole += utf16_length(string_at(field, "name")) + utf16_length(string_at(field, "value"));
            }
            CHECK(whole <= 6'000);
        }
    }

    TEST_CASE("mail is one plain text part with clean headers") {
        MailEnvelope envelope{.from = "meter@shop.example",
                              .to = {"a@x.example", "b@y.example"},
                              .message_id = "0194",
                              .date = TimePoint{std::chrono::milliseconds{1'736'937'000'000}}};
        const std::string message = mail_message(changed(), envelope);
        CHECK(
            message.starts_with("Date: Wed, 15 Jan 2025 10:30:00 +0000\r\nFrom: <meter@shop.example>\r\n"
                                "To: <a@x.example>,\r\n <b@y.example>\r\nSubject: [meter] changed: Shop\r\n"
                                "Message-ID: <0194@shop.example>\r\n"));
        const auto split = message.find("\r\n\r\n");
        REQUIRE(split != std::string::npos);
        std::string encoded = message.substr(split + 4);
        std::erase_if(encoded, [](char c) { return c == '\r' || c == '\n'; });
        const auto text = core::from_base64(encoded);
        REQUIRE(text);
        CHECK(text->find("Shop: content changed (2 items) - https://shop.example/list\r\n") == 0);
        CHECK(text->find("+ name: C, price: 3\r\n") != std::string::npos);
        CHECK(mail_message(unchanged(), envelope).find("Subject: [meter] unchanged: Shop\r\n") != std::string::npos);
        CHECK(mail_message(failed(), envelope).find("Subject: [meter] failed: Shop\r\n") != std::string::npos);
    }

    TEST_CASE("no name reaches a mail's headers as more than a subject") {
        const MailEnvelope envelope{.from = "meter@shop.example", .to = {"a@x.example"}, .message_id = "0194"};
        for (const std::string& name :
             {std::string("Shop\r\nBcc: <evil@x.example>"), std::string("\xC3\x84pfel \xF0\x9F\x8D\x8E"),
              std::string(500, 'x'), std::string("=?UTF-8?Q?x?="), std::string(300, '\xC3') + "x",
              std::string("a\0b\x7F", 4)}) {
            CAPTURE(name);
            EventSummary summary = summarize("job.completed", core::sanitize_utf8(name), changed_payload).value();
            const std::string message = mail_message(summary, envelope);
            const std::string head = message.substr(0, message.find("\r\n\r\n"));
            CHECK(std::all_of(message.begin(), message.end(),
                              [](char c) { return (c >= ' ' && c <= '~') || c == '\r' || c == '\n'; }));
            CHECK(head.find("\nBcc") == std::string::npos);
            for (std::size_t at = 0; at < message.size();) {
                const auto end = message.find('\n', at);
                REQUIRE(end != std::string::npos);
                REQUIRE(message[end - 1] == '\r');
                CHECK(end - at <= 998);  // RFC 5322 2.1.1
                at = end + 1;
            }
        }
    }

    TEST_CASE("what is no body is an error, and odd bodies are none") {
        CHECK_FALSE(summarize("job.completed", "x", "{"));
        for (const auto* body : {"{}", "[]", "null", R"({"changes":5,"results":{},"item_count":"x","metadata":[]})",
                                 R"({"has_changes":true,"changes":{"modified":[1,{"item":2},{"fields":3}]}})"}) {
            CAPTURE(body);
            const auto summary = summarize("job.completed", "", body);
            REQUIRE(summary);
            CHECK(parse_json(slack_body(*summary)));
            CHECK(parse_json(slack_workflow_body(*summary)));
            CHECK(parse_json(discord_body(*summary)));
        }
    }
}

}  // namespace meter::notify
