#include "meter/filter.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "meter/json.hpp"

using meter::Filter;
using meter::Object;
using meter::Value;

namespace {

Value filter_json(std::string_view text) {
    auto value = meter::parse_json(text);
    REQUIRE(value);
    return *value;
}

/// The filter of one condition, given as JSON.
Filter one_condition(std::string_view condition) {
    auto filter = Filter::parse(filter_json(R"({"conditions":[)" + std::string(condition) + "]}"));
    if (!filter) FAIL(filter.error().message);
    return *filter;
}

}  // namespace

TEST_SUITE("filter.filter") {
    // Wire contract, appendix C.
    TEST_CASE("The contract's table of conditions holds") {
        const Value item =
            filter_json(R"({"name":"Blue Shirt","price":"$20.00","in_stock":true,"tags":["Sale","new"],"note":""})");
        struct Row {
            std::string_view condition;
            bool passes;
        };
        for (const Row& row : {
                 Row{R"({"field":"name","operator":"contains","value":"shirt"})", true},
                 Row{R"({"field":"name","operator":"contains","value":"shirt","case_sensitive":true})", false},
                 Row{R"({"field":"price","operator":"gt","value":"19.5"})", true},
                 Row{R"({"field":"price","operator":"lt","value":20})", false},
                 Row{R"({"field":"in_stock","operator":"equals","value":"true"})", true},
                 Row{R"({"field":"missing","operator":"not_equals","value":"x"})", true},
                 Row{R"({"field":"missing","operator":"equals","value":"x"})", false},
                 Row{R"({"field":"tags","operator":"equals","value":"sale"})", true},
                 Row{R"({"field":"tags","operator":"not_contains","value":"sal"})", false},
                 Row{R"({"field":"note","operator":"exists"})", false},
                 Row{R"({"field":"missing","operator":"not_exists"})", true},
                 Row{R"({"field":"name","operator":"regex_match","value":"^blue\\s"})", true},
             }) {
            CAPTURE(row.condition);
            CHECK(one_condition(row.condition).matches(item) == row.passes);
        }
    }

    TEST_CASE("Operators follow section 10 on every kind of value") {
        const Value item = filter_json(R"({
            "zero":0, "no":false, "nil":null, "empty":[], "bare":{}, "n":20, "big":9007199254740993, "half":2.5,
            "text":"20.0", "street":"STRASSE", "cafe":"CAFÉ", "spec":{"kg":1.5},
            "rows":[{"a":1},null,["x"]], "a.b":"literal", "a":{"b":"nested","c":[{"d":"deep"}]},
            "prices":["1","2"], "minus":"-5%", "dollars":"US$1,299.00"})");
        struct Row {
            std::string_view condition;
            bool passes;
        };
        for (const Row& row : {
                 // exists
                 Row{R"({"field":"zero","operator":"exists"})", true},
                 Row{R"({"field":"no","operator":"exists"})", true},
                 Row{R"({"field":"nil","operator":"exists"})", false},
                 Row{R"({"field":"empty","operator":"exists"})", false},
                 Row{R"({"field":"bare","operator":"not_exists"})", true},
                 Row{R"({"field":"zero","operator":"exists","value":"ignored"})", true},
                 // equals: numeric only when the item has a JSON number
                 Row{R"({"field":"n","operator":"equals","value":"20.0"})", true},
                 Row{R"({"field":"n","operator":"equals","value":20})", true},
                 Row{R"({"field":"n","operator":"equals","value":"20 USD"})", false},
                 Row{R"({"field":"text","operator":"equals","value":20})", false},
                 Row{R"({"field":"text","operator":"equals","value":"20.0"})", true},
                 Row{R"({"field":"big","operator":"equals","value":"9007199254740993"})", true},
                 Row{R"({"field":"big","operator":"equals","value":"9007199254740992"})", false},
                 Row{R"({"field":"half","operator":"not_equals","value":2.5})", false},
                 Row{R"({"field":"no","operator":"equals","value":false})", true},
                 Row{R"({"field":"no","operator":"equals","value":"FALSE"})", true},
                 Row{R"({"field":"no","operator":"equals","value":"FALSE","case_sensitive":true})", false},
                 Row{R"({"field":"nil","operator":"equals","value":"null"})", false},
                 Row{R"({"field":"nil","operator":"not_equals","value":"null"})", true},
                 // folding is simple: one character to one
                 Row{R"({"field":"street","operator":"contains","value":"strasse"})", true},
                 Row{R"({"field":"cafe","operator":"equals","value":"café"})", true},
                 // objects as compact JSON
                 Row{R"({"field":"spec","operator":"contains","value":"\"kg\":1.5"})", true},
                 Row{R"({"field":"rows","operator":"contains","value":"{\"a\":1}"})", true},
                 Row{R"({"field":"rows","operator":"contains","value":"null"})", false},
                 // paths
                 Row{R"({"field":"a.b","operator":"equals","value":"literal"})", true},
                 Row{R"({"field":"a.c.0.d","operator":"equals","value":"deep"})", true},
                 Row{R"({"field":"a.c.1.d","operator":"exists"})", false},
                 Row{R"({"field":"prices.1","operator":"equals","value":"2"})", true},
                 // gt and lt after cleaning, strictly
                 Row{R"({"field":"minus","operator":"lt","value":"-4"})", true},
                 Row{R"({"field":"dollars","operator":"gt","value":"$1,298"})", true},
                 Row{R"({"field":"n","operator":"gt","value":20})", false},
                 Row{R"({"field":"big","operator":"gt","value":9007199254740992})", true},
                 Row{R"({"field":"no","operator":"lt","value":1})", false},
                 Row{R"({"field":"prices","operator":"gt","value":0})", false},
                 Row{R"({"field":"nil","operator":"lt","value":1})", false},
                 // regexes search the text form; on arrays any member will do
                 Row{R"({"field":"n","operator":"regex_match","value":"^2\\d$"})", true},
                 Row{R"({"field":"prices","operator":"regex_match","value":"^2$"})", true},
                 Row{R"({"field":"cafe","operator":"regex_match","value":"café"})", true},
                 Row{R"({"field":"cafe","operator":"regex_match","value":"café","case_sensitive":true})", false},
                 Row{R"({"field":"gone","operator":"regex_match","value":""})", false},
             }) {
            CAPTURE(row.condition);
            CHECK(one_condition(row.condition).matches(item) == row.passes);
        }
    }

    TEST_CASE("Modes combine conditions, and no conditions let everything through") {
        const Value item = filter_json(R"({"a":1,"b":2})");
        struct Row {
            std::string_view config;
            bool passes;
        };
        constexpr std::string_view yes = R"({"field":"a","operator":"exists"})";
        constexpr std::string_view no = R"({"field":"c","operator":"exists"})";
        const auto config = [](std::string_view mode, std::string_view first, std::string_view second) {
            return R"({"mode":")" + std::string(mode) + R"(","conditions":[)" + std::string(first) + "," +
                   std::string(second) + "]}";
        };
        const std::string all_mixed = config("all", yes, no), any_mixed = config("any", no, yes),
                          any_none = config("any", no, no), all_both = config("all", yes, yes);
        for (const Row& row : {Row{all_mixed, false}, Row{any_mixed, true}, Row{any_none, false}, Row{all_both, true},
                               Row{R"({"mode":"any","conditions":[]})", true}, Row{R"({"conditions":[]})", true},
                               Row{R"({"mode":null,"conditions":[]})", true}, Row{"{}", true}}) {
            CAPTURE(row.config);
            const auto filter = Filter::parse(filter_json(row.config));
            REQUIRE(filter);
            CHECK(filter->matches(item) == row.passes);
            CHECK(filter->config() == filter_json(row.config));
        }
    }

    TEST_CASE("Every error names the member at fault") {
        struct Row {
            std::string_view config, subject;
        };
        for (const Row& row : {
                 Row{"[]", "filter_config"},
                 Row{R"({"mode":"all"})", "filter_config.conditions"},
                 Row{R"({"mode":"some","conditions":[]})", "filter_config.mode"},
                 Row{R"({"conditions":{}})", "filter_config.conditions"},
                 Row{R"({"conditions":[1]})", "filter_config.conditions.0"},
                 Row{R"({"conditions":[{"operator":"exists"}]})", "filter_config.conditions.0.field"},
                 Row{R"({"conditions":[{"field":"","operator":"exists"}]})", "filter_config.conditions.0.field"},
                 Row{R"({"conditions":[{"field":"a"}]})", "filter_config.conditions.0.operator"},
                 Row{R"({"conditions":[{"field":"a","operator":"like","value":"x"}]})",
                     "filter_config.conditions.0.operator"},
                 Row{R"({"conditions":[{"field":"a","operator":"exists"},{"field":"a","operator":"equals"}]})",
                     "filter_config.conditions.1.value"},
                 Row{R"({"conditions":[{"field":"a","operator":"contains","value":["x"]}]})",
                     "filter_config.conditions.0.value"},
                 Row{R"({"conditions":[{"field":"a","operator":"gt","value":"cheap"}]})",
                     "filter_config.conditions.0.value"},
                 Row{R"({"conditions":[{"field":"a","operator":"lt","value":true}]})",
                     "filter_config.conditions.0.value"},
                 Row{R"J({"conditions":[{"field":"a","operator":"regex_match","value":"(?=x)"}]})J",
                     "filter_config.conditions.0.value"},
                 Row{R"J({"conditions":[{"field":"a","operator":"regex_match","value":"(a)\\1"}]})J",
                     "filter_config.conditions.0.value"},
                 Row{R"({"conditions":[{"field":"a","operator":"exists","case_sensitive":"no"}]})",
                     "filter_config.conditions.0.case_sensitive"},
             }) {
            CAPTURE(row.config);
            const auto filter = Filter::parse(filter_json(row.config));
            REQUIRE_FALSE(filter);
            CHECK(filter.error().code == meter::ErrorCode::invalid_argument);
            CHECK(filter.error().subject == row.subject);
            CHECK(filter.error().message.find(row.subject) != std::string::npos);
        }
    }

    TEST_CASE("A hundred conditions are allowed and no more") {
        const auto with = [](std::size_t count) {
            Value::Array conditions(count, Object{{"field", "a"}, {"operator", "exists"}});
            return Filter::parse(Object{{"conditions", std::move(conditions)}});
        };
        CHECK(with(100));
        REQUIRE_FALSE(with(101));
        CHECK(with(101).error().subject == "filter_config.conditions");
    }

    TEST_CASE("Text that resists naive search costs no more than other text") {
        // Quadratic, this would be 4 * 10^12 steps.
        const std::string needle = std::string(2'000'000, 'a') + "b";
        const auto filter = Filter::parse(
            Object{{"conditions", Value::Array{Object{{"field", "t"}, {"operator", "contains"}, {"value", needle}}}}});
        REQUIRE(filter);
        CHECK_FALSE(filter->matches(Object{{"t", std::string(4'000'000, 'a')}}));
        CHECK(filter->matches(Object{{"t", std::string(3'000'000, 'a') + "b"}}));
    }
}
