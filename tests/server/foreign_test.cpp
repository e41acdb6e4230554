// Watches of other programs become what docs/from-changedetection.md and docs/from-urlwatch.md say.
#include "migrate/foreign.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "meter/json.hpp"
#include "meter/schedule.hpp"
#include "migrate/yaml.hpp"

using meter::Value;
using meter::server::ForeignWatch;

namespace {

std::string joined_notes(const ForeignWatch& watch) {
    std::string text;
    for (const auto& note : watch.notes) text += (text.empty() ? "" : " / ") + note;
    return text;
}

/// What of a watch is looked at: `strategy`, `filter_config` and so on, as JSON text; empty when it is absent.
std::string member_json(const ForeignWatch& watch, std::string_view name) {
    const Value* value = watch.body.find(name);
    return value == nullptr ? std::string() : meter::to_json(*value);
}

ForeignWatch changedetection_watch(const std::string& members, const std::string& settings = "{}") {
    const auto watches = meter::server::read_changedetection(R"({"watching":{"w":{"url":"https://shop.test/a")" +
                                                             (members.empty() ? "" : "," + members) +
                                                             R"(}},"settings":)" + settings + "}");
    REQUIRE(watches);
    REQUIRE(watches->size() == 1);
    return watches->front();
}

ForeignWatch urlwatch_job(const std::string& lines) {
    const auto watches = meter::server::read_urlwatch("url: https://shop.test/a\n" + lines, 3600);
    REQUIRE(watches);
    REQUIRE(watches->size() == 1);
    return watches->front();
}

struct Row {
    std::string given;
    std::string_view member;
    std::string_view expected;  ///< JSON text of the member
    std::string_view notes = "";
};

void check_row(const ForeignWatch& watch, const Row& row) {
    CAPTURE(row.given);
    CHECK(member_json(watch, row.member) == row.expected);
    CHECK(joined_notes(watch) == row.notes);
    CHECK_FALSE(watch.refused);
    const auto request = meter::parse_watch_request(Value(watch.body));
    CAPTURE((request ? "" : request.error().message));
    CHECK(request);
}

}  // namespace

TEST_SUITE("server.foreign") {
    TEST_CASE("a watch of changedetection.io becomes what the page says") {
        const Row rows[] = {
            {"", "strategy", R"({"type":"content"})"},
            {"", "interval_seconds", "10800"},
            {R"("title":"Kettle")", "name", R"("Kettle")"},
            {R"("include_filters":[".price"])", "strategy",
             R"({"container":{"selector":".price"},"fields":{"text":{"selector":":self"}}})"},
            {R"("css_filter":".price")", "strategy",
             R"({"container":{"selector":".price"},"fields":{"text":{"selector":":self"}}})"},
            {R"("include_filters":["h1",".price"])", "strategy",
             R"({"container":{"selector":"h1, .price"},"fields":{"text":{"selector":":self"}}})"},
            {R"~("include_filters":["xpath://li/text()","//p/@title"])~", "strategy",
             R"({"container":{"selector":"xpath://li | //p"},"fields":{"text":{"selector":":self","attribute":"title"}}})"},
            {R"("include_filters":["json:$.a.b"])", "strategy",
             R"({"type":"api","request":{"url":"https://shop.test/a"},"items_path":"","fields":{"b":{"path":"a.b"}}})"},
            {R"("include_filters":["json:$['a'].b[*].c.d"])", "strategy",
             R"({"type":"api","request":{"url":"https://shop.test/a"},"items_path":"a.b","fields":{"d":{"path":"c.d"}}})"},
            {R"("include_filters":["jq:.a[]"])", "strategy",
             R"({"type":"api","request":{"url":"https://shop.test/a"},"items_path":"a"})"},
            {R"("include_filters":["jq:.a | length"])", "strategy",
             R"({"type":"api","request":{"url":"https://shop.test/a"},"items_path":""})",
             "filter \".a | length\": more than a path; the whole answer is read"},
            {R"("include_filters":[".a","//b"])", "strategy",
             R"({"container":{"selector":".a"},"fields":{"text":{"selector":":self"}}})",
             "filter \"//b\": one plan reads by CSS, XPath or JSON; the first stays"},
            {R"("subtractive_selectors":[".ad"])", "strategy", R"({"type":"content","exclude_selectors":[".ad"]})"},
            {R"("ignore_text":["1+1","/\\d+ views/i"])", "ignore",
             R"({"values":[{"regex":"(?i)[^\n]*1\\+1[^\n]*"},{"regex":"(?i)\\d+ views"}]})"},
            {R"("ignore_text":["/(?=x)/"])", "ignore", "",
             "ignored text \"(?=x)\": not a regular expression that RE2 reads"},
            {R"("trigger_text":["in stock"])", "filter_config",
             R"({"mode":"all","conditions":[{"field":"content","operator":"contains","value":"in stock"}]})"},
            {R"("trigger_text":["a","/b+/i"],"include_filters":["p"])", "filter_config",
             R"({"mode":"any","conditions":[{"field":"text","operator":"contains","value":"a"},)"
             R"({"field":"text","operator":"regex_match","value":"(?i)b+","case_sensitive":true}]})"},
            {R"("text_should_not_be_present":["sold out"])", "filter_config",
             R"({"mode":"all","conditions":[{"field":"content","operator":"not_contains","value":"sold out"}]})"},
            {R"("extract_text":["/(\\d+) EUR/"])", "strategy",
             R"({"container":{"selector":"html"},"fields":{"text":{"selector":":self","regex":"(\\d+) EUR"}}})",
             "extracted text: the first match in each record, not every one"},
            {R"("headers":{"X-A":"b","Cookie":"s=1; t=2"})", "fetch",
             R"({"headers":{"X-A":"b"},"cookies":{"s":"1","t":"2"}})"},
            {R"("headers":{"Host":"b"})", "fetch", "",
             "headers: fetch.headers.Host is set by the fetcher and cannot be given"},
            {R"("time_between_check":{"minutes":5,"hours":null})", "interval_seconds", "300"},
            {R"("time_between_check":{"seconds":5})", "interval_seconds", "60", "interval of 5 seconds: it is 60 now"},
            {R"("method":"POST","body":"{\"a\":1}","include_filters":["json:$"])", "strategy",
             R"({"type":"api","request":{"url":"https://shop.test/a","method":"POST","body_type":"json","body":{"a":1}},"items_path":""})"},
            {R"("notification_urls":["slack://bot@A/B/C"])", "webhook_url",
             R"("https://hooks.slack.com/services/A/B/C")"},
            {R"("notification_urls":["jsons://hook.test/x"],"notification_title":"t")", "webhook_url",
             R"("https://hook.test/x")", "notification title: bodies are fixed; webhook_metadata carries your own"},
            {R"("notification_urls":["mailto://me:pw@mail.test"])", "webhook_url", "",
             "notification by \"mailto\": no equivalent; point a webhook at Apprise"},
            {R"("fetch_backend":"html_webdriver","proxy":"p")", "interval_seconds", "10800",
             "proxy: requests are sent directly / browser: pages are read as they are sent; look for embedded JSON or "
             "an API"},
            {R"("new_thing":"x","last_checked":5)", "interval_seconds", "10800", "new_thing: not known"},
        };
        for (const Row& row : rows) check_row(changedetection_watch(row.given), row);
    }

    TEST_CASE("settings of changedetection.io count for watches that have none of their own") {
        const std::string settings = R"({"requests":{"time_between_check":{"hours":1},"timeout":30},
            "application":{"tags":{"x":{"title":"Shops"}},"notification_urls":["discord://1/2"],
                           "global_ignore_text":["ad"],"global_subtractive_selectors":["nav"]}})";
        const auto watch = changedetection_watch(R"("tags":["x"],"paused":true)", settings);
        CHECK(member_json(watch, "interval_seconds") == "3600");
        CHECK(member_json(watch, "webhook_url") == R"("https://discord.com/api/webhooks/1/2")");
        CHECK(member_json(watch, "fetch") == R"({"timeout_seconds":30})");
        CHECK(member_json(watch, "strategy") == R"({"type":"content","exclude_selectors":["nav"]})");
        CHECK(watch.group == "Shops");
        CHECK_FALSE(watch.enabled);
        CHECK(member_json(changedetection_watch(R"("notification_muted":true)", settings), "webhook_url").empty());
        CHECK(changedetection_watch(R"("tag":"Old, New")").group == "Old");
    }

    TEST_CASE("a job of urlwatch becomes what the page says") {
        const Row rows[] = {
            {"", "strategy", R"({"type":"content"})"},
            {"name: Books", "name", R"("Books")"},
            {"filter:\n- css: ul > li\n- html2text\n- strip", "strategy",
             R"({"container":{"selector":"ul > li"},"fields":{"text":{"selector":":self"}}})"},
            {"filter:\n- css:\n    selector: li\n    maxitems: 2\n    skip: 1", "strategy",
             R"({"container":{"selector":"li","limit":2},"fields":{"text":{"selector":":self"}}})",
             "filter css: skip has no equivalent"},
            {"filter:\n- xpath: //h1/text()", "strategy",
             R"({"container":{"selector":"xpath://h1"},"fields":{"text":{"selector":":self"}}})"},
            {"filter: element-by-id:main", "strategy",
             R"({"container":{"selector":"[id=\"main\"]"},"fields":{"text":{"selector":":self"}}})"},
            {"filter:\n- element-by-class: a b", "strategy",
             R"({"container":{"selector":".a\\ b"},"fields":{"text":{"selector":":self"}}})"},
            {"filter:\n- element-by-tag: body\n- css: p", "strategy",
             R"({"container":{"selector":"body"},"fields":{"text":{"selector":":self"}}})",
             "filter css: one selection is read; the first stays"},
            {"filter:\n- jq: '.[].name'", "strategy",
             R"({"type":"api","request":{"url":"https://shop.test/a"},"items_path":"","fields":{"name":{"path":"name"}}})"},
            {"filter:\n- grep: Version \\d", "filter_config",
             R"({"mode":"all","conditions":[{"field":"content","operator":"regex_match","value":"Version \\d","case_sensitive":true}]})"},
            {"filter:\n- grepi: advert", "filter_config",
             R"({"mode":"all","conditions":[{"field":"content","operator":"not_contains","value":"advert","case_sensitive":true}]})"},
            {"filter:\n- grepi: a|b", "filter_config", "",
             "filter grepi \"a|b\": records cannot be left out by a regular expression"},
            {"filter:\n- re.sub: '\\d+ views'", "ignore", R"({"values":[{"regex":"\\d+ views"}]})"},
            {"filter:\n- re.sub:\n    pattern: a\n    repl: b", "ignore", "",
             "filter re.sub: replacements have no equivalent; what is matched can be ignored"},
            {"filter:\n- shellpipe: tac", "strategy", R"({"type":"content"})", "filter shellpipe: no equivalent"},
            {"headers:\n  X-A: 1\ncookies:\n  s: abc\ntimeout: 5", "fetch",
             R"({"headers":{"X-A":"1"},"cookies":{"s":"abc"},"timeout_seconds":5})"},
            {"data:\n  q: tea\nfilter:\n- jq: .", "strategy",
             R"({"type":"api","request":{"url":"https://shop.test/a","method":"POST","body_type":"form","body":{"q":"tea"}},"items_path":""})"},
            {"ssl_no_verify: true\nignore_connection_errors: true\ncolour: red", "interval_seconds", "3600",
             "ssl_no_verify: certificates are always verified / colour: not known"},
        };
        for (const Row& row : rows) check_row(urlwatch_job(row.given), row);
        CHECK(urlwatch_job("tags: [shops, tea]").group == "shops");
        CHECK_FALSE(urlwatch_job("enabled: false").enabled);
    }

    TEST_CASE("what nothing can be made of is refused with a reason, and the rest is read") {
        const auto watches = meter::server::read_urlwatch(
            "navigate: https://a.test/\n---\ncommand: ls\n---\n- 1\n---\nname: x\n---\n---\nurl: "
            "https://a.test/\nfilter: "
            "pdf2text\n---\nurl: https://a.test/\nmethod: POST\n---\nbase: &b {a: 1}\nurl: *b\n---\n? [a]\n: 1\n---\n"
            "url: !!python/object:os.system x\n---\nurl: https://ok.test/\n",
            600);
        REQUIRE(watches);
        struct Expected {
            std::string_view where, refused;
        };
        const Expected expected[] = {
            {"line 1", "navigate: there is no browser"},
            {"line 2", "command: no programs are started"},
            {"line 4", "it is no job"},
            {"line 6: x", "it has no url"},
            {"line 9: https://a.test/", "filter pdf2text: only HTML and JSON are read"},
            {"line 12: https://a.test/",
             "method POST: pages are read with GET; only JSON answers may be asked for with POST"},
            {"line 15", "line 17: aliases are not read; write out what they stand for"},
            {"line 18", "line 19: a key must be a text"},
            {"line 21: x", "line 22: tags are not read"},
            {"line 23: https://ok.test/", ""},
        };
        REQUIRE(watches->size() == std::size(expected));
        for (std::size_t i = 0; i < watches->size(); ++i) {
            CAPTURE(i);
            CHECK((*watches)[i].where == expected[i].where);
            CHECK((*watches)[i].refused.value_or("") == expected[i].refused);
        }
        CHECK(changedetection_watch(R"("method":"PUT")").refused);
    }

    TEST_CASE("scalars are read as YAML means them") {
        const auto documents =
            meter::server::read_yaml("[~, true, No, 12, -1.5, 'true', \"12\", 1e400, 0x10, a b]").value();
        REQUIRE(documents.size() == 1);
        CHECK(meter::to_json(documents.front().value) ==
              R"([null,true,false,12,-1.5,"true","12","1e400","0x10","a b"])");
    }

    TEST_CASE("hostile files end soon, with an error") {
        std::string wide = "a: 1\n";
        for (int i = 0; i < 50'000; ++i) wide += "k" + std::to_string(i) + ": 1\n";
        std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
        for (char c = 'b'; c < 'z'; ++c)
            bomb += std::string(1, c) + ": &" + c + " [*" + char(c - 1) + ",*" + char(c - 1) + "]\n";
        std::string indented;
        for (int i = 0; i < 2'000; ++i) indented += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
        const std::string texts[] = {std::string(200'000, '['),
                                     std::string(200'000, '{'),
                                     std::string(200'000, '-') + " a",
                                     wide,
                                     bomb,
                                     indented,
                                     std::string(1'000, '\0'),
                                     "\xff\xfe\xfd",
                                     "%YAML 9.9\n---\na",
                                     "!!binary : \"\\xZZ\"",
                                     "? ? ? ? ? ?",
                                     std::string(300'000, '*')};
        for (const std::string& text : texts) {
            CAPTURE(text.substr(0, 20));
            const auto watches = meter::server::read_urlwatch(text, 3600);
            const bool refused =
                !watches || std::all_of(watches->begin(), watches->end(),
                                        [](const ForeignWatch& watch) { return watch.refused.has_value(); });
            CHECK(refused);
        }
        for (const std::string_view text : {"", "[]", "{}", R"({"watching":[]})", "[[[[", "\xff"})
            CHECK_FALSE(meter::server::read_changedetection(text));
        const auto odd = meter::server::read_changedetection(
            R"({"watching":{"a":null,"b":[],"c":{"url":5},"d":{"url":"https://x.test/","tags":{"a":[]},"headers":[],
                "include_filters":[null,[],{}],"time_between_check":{"weeks":1e300,"days":-5},"notification_urls":{},
                "trigger_text":[5]}},"settings":[]})");
        REQUIRE(odd);
        CHECK(odd->size() == 4);
        CHECK_FALSE(odd->back().refused);
    }
}
