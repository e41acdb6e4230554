#include <string>
#include <string_view>
#include <vector>

#include "support.hpp"

using meter::Object;
using meter::Plan;
using meter::ScraperType;
using meter::Value;
using meter::test::json_of;
using meter::test::plan_of;

TEST_SUITE("extract.plan") {
    TEST_CASE("The type may be left out of css plans, and the rest stays as given") {
        const Plan css = plan_of(R"({"container":{"selector":"li"},"fields":{"b":{"selector":"b"},"a":{}},"own":[1]})");
        CHECK(css.scraper_type() == ScraperType::css);
        CHECK(meter::to_json(css.definition()) ==
              R"({"type":"css","container":{"selector":"li"},"fields":{"b":{"selector":"b"},"a":{}},"own":[1]})");
        CHECK(css.field_names() == std::vector<std::string>{"b", "a"});
        CHECK(css.api_parameters().is_null());

        const Plan embedded = plan_of(R"({"container":{"script":{"id":"x"}},"fields":{"n":{"path":"name"}}})");
        CHECK(embedded.scraper_type() == ScraperType::css);
        CHECK(embedded.field_names() == std::vector<std::string>{"n"});
        CHECK(plan_of(R"({"container":{"script":{"id":"x"}}})").field_names().empty());

        const Plan api = plan_of(R"({"type":"api","request":{"url":"https://a.test/x"},"fields":{"n":{"path":"p"}}})");
        CHECK(api.scraper_type() == ScraperType::api);
        CHECK(api.field_names() == std::vector<std::string>{"n"});

        const Plan content = plan_of(R"({"type":"content","root_selector":null,"max_level":null})");
        CHECK(content.scraper_type() == ScraperType::content);
        CHECK(content.field_names().empty());
    }

    TEST_CASE("Every error names the member at fault in subject and message") {
        struct Row {
            std::string_view plan, subject;
        };
        for (
            const Row& row : {
                Row{"[]", "strategy"},
                Row{R"({"type":"xml"})", "strategy.type"},
                Row{R"({"type":1})", "strategy.type"},
                Row{R"({})", "strategy.container"},
                Row{R"({"container":"li"})", "strategy.container"},
                Row{R"({"container":{}})", "strategy.container.selector"},
                Row{R"({"container":{"selector":""}})", "strategy.container.selector"},
                Row{R"({"container":{"selector":"li["},"fields":{"a":{}}})", "strategy.container.selector"},
                Row{R"({"container":{"selector":"li"}})", "strategy.fields"},
                Row{R"({"container":{"selector":"li"},"fields":{}})", "strategy.fields"},
                Row{R"({"container":{"selector":"li"},"fields":[]})", "strategy.fields"},
                Row{R"({"container":{"selector":"li","limit":0},"fields":{"a":{}}})", "strategy.container.limit"},
                Row{R"({"container":{"selector":"li","limit":1.5},"fields":{"a":{}}})", "strategy.container.limit"},
                Row{R"({"container":{"selector":"li"},"fields":{"price":"b"}})", "strategy.fields.price"},
                Row{R"({"container":{"selector":"li"},"fields":{"price":{"selector":1}}})",
                    "strategy.fields.price.selector"},
                Row{R"({"container":{"selector":"li"},"fields":{"price":{"selector":"b:foo"}}})",
                    "strategy.fields.price.selector"},
                Row{R"({"container":{"selector":"li"},"fields":{"price":{"selector":"xpath:///"}}})",
                    "strategy.fields.price.selector"},
                Row{R"({"container":{"selector":"li"},"fields":{"a":{"attribute":""}}})",
                    "strategy.fields.a.attribute"},
                Row{R"({"container":{"selector":"li"},"fields":{"a":{"all":"yes"}}})", "strategy.fields.a.all"},
                Row{R"J({"container":{"selector":"li"},"fields":{"a":{"regex":"(?<=x)y"}}})J",
                    "strategy.fields.a.regex"},
                Row{R"({"container":{"script":{}}})", "strategy.container.script"},
                Row{R"({"container":{"script":"x"}})", "strategy.container.script"},
                Row{R"({"container":{"script":{"id":"a","type":"b"}}})", "strategy.container.script"},
                Row{R"({"container":{"script":{"variable":""}}})", "strategy.container.script.variable"},
                Row{R"({"container":{"script":{"id":"a"}},"fields":{"n":{}}})", "strategy.fields.n.path"},
                Row{R"({"container":{"script":{"id":"a"}},"items_path":7})", "strategy.items_path"},
                Row{R"({"type":"api"})", "strategy.request"},
                Row{R"({"type":"api","request":{}})", "strategy.request.url"},
                Row{R"({"type":"api","request":{"url":"ftp://a.test/"}})", "strategy.request.url"},
                Row{R"({"type":"api","request":{"url":"/relative"}})", "strategy.request.url"},
                Row{R"({"type":"api","request":{"url":"https://a.test/{{url.port}}"}})", "strategy.request.url"},
                Row{R"({"type":"api","request":{"url":"https://a.test/{{url.path.0"}})", "strategy.request.url"},
                Row{R"({"type":"api","request":{"url":"https://a.test/","method":"PUT"}})", "strategy.request.method"},
                Row{R"({"type":"api","request":{"url":"https://a.test/","query":{"q":{}}}})",
                    "strategy.request.query.q"},
                Row{R"({"type":"api","request":{"url":"https://a.test/","query":{"q":"{{url.x}}"}}})",
                    "strategy.request.query.q"},
                Row{R"({"type":"api","request":{"url":"https://a.test/","headers":{"A":1}}})",
                    "strategy.request.headers.A"},
                Row{R"({"type":"api","request":{"url":"https://a.test/","headers":{"A":"x\r\nB: y"}}})",
                    "strategy.request.headers.A"},
                Row{R"({"type":"api","request":{"url":"https://a.test/","headers":{"A B":"x"}}})",
                    "strategy.request.headers"},
                Row{R"({"type":"api","request":{"url":"https://a.test/","method":"POST","body":{},"body_type":"xml"}})",
                    "strategy.request.body_type"},
                Row{R"({"type":"api","request":{"url":"https://a.test/","body":{"a":1},"body_type":"json"}})",
                    "strategy.request.body"},
                Row{R"({"type":"api","request":{"url":"https://a.test/","method":"POST","body":[],"body_type":"form"}})",
                    "strategy.request.body"},
                Row{R"({"type":"api","request":{"url":"https://a.test/","method":"POST","body":{"a":["{{url.no}}"]}}})",
                    "strategy.request.body.a.0"},
                Row{R"({"type":"content","max_level":7})", "strategy.max_level"},
                Row{R"({"type":"content","root_selector":"("})", "strategy.root_selector"},
                Row{R"({"type":"content","exclude_selectors":["a",1]})", "strategy.exclude_selectors.1"},
                Row{R"({"type":"content","exclude_selectors":["a","b >"]})", "strategy.exclude_selectors.1"},
            }) {
            CAPTURE(row.plan);
            const auto plan = Plan::parse(json_of(row.plan));
            REQUIRE_FALSE(plan);
            CHECK(plan.error().code == meter::ErrorCode::invalid_argument);
            CHECK(plan.error().subject == row.subject);
            CHECK(plan.error().message.find(row.subject) != std::string::npos);
        }
    }

    TEST_CASE("A selector's error says what is wrong and where") {
        const auto plan =
            Plan::parse(json_of(R"({"container":{"selector":"li"},"fields":{"price":{"selector":"li :foo"}}})"));
        REQUIRE_FALSE(plan);
        CHECK(plan.error().message == "strategy.fields.price.selector: Unknown pseudo-class :foo at position 3");
    }

    TEST_CASE("Limits on fields, selectors and depth hold exactly") {
        const auto with_fields = [](std::size_t count) {
            Object fields;
            for (std::size_t i = 0; i < count; ++i) fields.append("f" + std::to_string(i), Object{{"selector", "b"}});
            return Plan::parse(Object{{"container", Object{{"selector", "li"}}}, {"fields", std::move(fields)}});
        };
        CHECK(with_fields(200));
        REQUIRE_FALSE(with_fields(201));
        CHECK(with_fields(201).error().subject == "strategy.fields");

        const auto with_selector = [](std::size_t length) {
            return Plan::parse(Object{{"container", Object{{"selector", std::string(length, 'a')}}},
                                      {"fields", Object{{"x", Object{}}}}});
        };
        CHECK(with_selector(2048));
        CHECK_FALSE(with_selector(2049));

        Value deep = 1;
        for (int i = 0; i < 200; ++i) deep = Value::Array{std::move(deep)};
        const auto plan = Plan::parse(Object{{"type", "content"}, {"x", std::move(deep)}});
        REQUIRE_FALSE(plan);
        CHECK(plan.error().subject == "strategy");
    }
}
