#include <doctest/doctest.h>

#include "meter/change.hpp"
#include "meter/json.hpp"

using meter::ChangeRules;
using meter::Value;

namespace {

std::vector<Value> items(std::string_view json) {
    return *meter::parse_json(json).value().if_array();
}

ChangeRules rules(std::string_view ignore, std::string_view key = "null") {
    return ChangeRules::parse(*meter::parse_json(ignore), *meter::parse_json(key)).value();
}

std::string texts(const meter::ChangeSet& changes) {
    std::string joined;
    for (const std::string& text : changes.texts) joined += (joined.empty() ? "" : "; ") + text;
    return joined;
}

}  // namespace

TEST_SUITE("change.rules") {
    TEST_CASE("rules decide the verdict and what is shown") {
        struct Row {
            const char *ignore, *key, *older, *newer, *texts;
        };
        for (const Row& row : {
                 Row{R"({"fields":["views"]})", "null", R"([{"id":1,"views":1}])", R"([{"id":1,"views":2}])", ""},
                 Row{R"({"fields":["views"]})", "null", R"([{"id":1,"views":1}])", R"([{"id":1}])", ""},
                 Row{R"({"fields":["views"]})", "null", R"([{"id":1,"views":1,"p":1}])",
                     R"([{"id":1,"views":2,"p":2}])", "Field 'p' changed in 1 item"},
                 Row{R"({"fields":["stats.views"]})", "null", R"([{"id":1,"stats":{"views":1,"x":1}}])",
                     R"([{"id":1,"stats":{"views":2,"x":1}}])", ""},
                 Row{R"({"fields":["stats.views"]})", "null", R"([{"id":1,"stats":{"views":1,"x":1}}])",
                     R"([{"id":1,"stats":{"views":2,"x":2}}])", "Field 'stats' changed in 1 item"},
                 Row{R"({"fields":["a.b"]})", "null", R"([{"a.b":1,"a":{"b":1}}])", R"([{"a.b":2,"a":{"b":1}}])", ""},
                 Row{R"({"fields":["offers.price"]})", "null", R"([{"offers":[{"price":1},{"price":2}]}])",
                     R"([{"offers":[{"price":3},{"price":2}]}])", ""},
                 Row{R"({"fields":["offers.1.price"]})", "null", R"([{"offers":[{"price":1},{"price":2}]}])",
                     R"([{"offers":[{"price":1},{"price":5}]}])", ""},
                 // an ignored field does not identify
                 Row{R"({"fields":["url"]})", "null", R"([{"url":"a?s=1","name":"x","p":1}])",
                     R"([{"url":"a?s=2","name":"x","p":2}])", "Field 'p' changed in 1 item"},
                 Row{R"({"values":[{"regex":"\\d+ views"}]})", "null", R"([{"t":"Tea, 5 views"}])",
                     R"([{"t":"Tea, 99 views"}])", ""},
                 Row{R"({"values":[{"regex":"\\d+ views"}]})", "null", R"([{"t":"Tea, 5 views"}])",
                     R"([{"t":"Tee, 99 views"}])", "Field 't' changed in 1 item"},
                 Row{R"({"values":[{"field":"u","regex":"[?]sid=\\w+"}]})", "null",
                     R"([{"t":"x?sid=1","u":"x?sid=1"}])", R"([{"t":"x?sid=1","u":"x?sid=2"}])", ""},
                 Row{R"({"values":[{"field":"u","regex":"[?]sid=\\w+"}]})", "null",
                     R"([{"t":"x?sid=1","u":"x?sid=1"}])", R"([{"t":"x?sid=3","u":"x?sid=2"}])",
                     "Field 't' changed in 1 item"},
                 Row{R"({"values":[{"field":null,"regex":"ago"}]})", "null", R"([{"a":[{"b":"1 ago"}]}])",
                     R"([{"a":[{"b":"1"}]}])", ""},
                 // the identity loses its noise too
                 Row{R"({"values":[{"regex":"[?]sid=\\w+"}]})", "null",
                     R"([{"url":"/a?sid=1","p":1},{"url":"/b?sid=1","p":1}])",
                     R"([{"url":"/b?sid=2","p":2},{"url":"/a?sid=2","p":1}])", "Field 'p' changed in 1 item"},
                 Row{R"({"tolerance":{"p":0.05}})", "null", R"([{"id":1,"p":19.99}])", R"([{"id":1,"p":20.04}])", ""},
                 Row{R"({"tolerance":{"p":0.05}})", "null", R"([{"id":1,"p":19.99}])", R"([{"id":1,"p":20.05}])",
                     "Field 'p' changed in 1 item"},
                 Row{R"({"tolerance":{"p":5}})", "null", R"([{"id":1,"p":"$1,299.00"}])",
                     R"([{"id":1,"p":"$1,303.00"}])", ""},
                 Row{R"({"tolerance":{"p":5}})", "null", R"([{"id":1,"p":"$1,299.00"}])",
                     R"([{"id":1,"p":"EUR 1,299.00"}])", "Field 'p' changed in 1 item"},
                 Row{R"({"tolerance":{"p":5}})", "null", R"([{"id":1,"p":"3 of 10"}])", R"([{"id":1,"p":"4 of 10"}])",
                     "Field 'p' changed in 1 item"},
                 Row{R"({"tolerance":{"p":5}})", "null", R"([{"id":1,"p":"5 apples"}])", R"([{"id":1,"p":"5 pears"}])",
                     "Field 'p' changed in 1 item"},
                 Row{R"({"tolerance":{"p":5}})", "null", R"([{"id":1,"p":"-5%"}])", R"([{"id":1,"p":"5%"}])",
                     "Field 'p' changed in 1 item"},
                 Row{R"({"tolerance":{"p":5}})", "null", R"([{"id":1,"p":"1.299,00"}])", R"([{"id":1,"p":"1.301,00"}])",
                     "Field 'p' changed in 1 item"},
                 Row{R"({"tolerance":{"p":5}})", "null", R"([{"id":1,"p":5}])", R"([{"id":1,"p":"5"}])",
                     "Field 'p' changed in 1 item"},
                 Row{R"({"tolerance":{"p":5}})", "null", R"([{"id":1,"p":5}])", R"([{"id":1,"p":null}])",
                     "Field 'p' changed in 1 item"},
                 Row{R"({"tolerance":{"a.p":1}})", "null", R"([{"id":1,"a":{"p":5}}])", R"([{"id":1,"a":{"p":6}}])",
                     ""},
                 Row{R"({"tolerance":{"p":1}})", "null", R"([{"id":1,"p":5},{"id":2,"p":9}])",
                     R"([{"id":2,"p":9.5},{"id":1,"p":5.5}])", "Item order changed"},
                 Row{R"({"tolerance":{"p":5}})", "null", R"([{"p":10},{"p":11}])", R"([{"p":11},{"p":10}])", ""},
                 // key goes before the list of identity fields
                 Row{"null", R"(["code"])", R"([{"id":1,"code":"x","p":1},{"id":2,"code":"y","p":2}])",
                     R"([{"id":2,"code":"x","p":1},{"id":1,"code":"y","p":2}])", "Field 'id' changed in 2 items"},
                 Row{"null", R"(["a","b"])", R"([{"a":1,"b":1,"p":1},{"a":1,"b":2,"p":2}])",
                     R"([{"a":1,"b":2,"p":3},{"a":1,"b":1,"p":1}])", "Field 'p' changed in 1 item"},
                 Row{"null", R"(["code"])", R"([{"id":1,"p":1}])", R"([{"id":1,"p":2}])",
                     "Field 'p' changed in 1 item"},
                 Row{R"({"fields":["code"]})", R"(["code"])", R"([{"code":1,"p":1},{"code":2,"p":2}])",
                     R"([{"code":2,"p":9},{"code":1,"p":8}])", "Field 'p' changed in 2 items"},
             }) {
            CAPTURE(row.ignore);
            CAPTURE(row.older);
            CAPTURE(row.newer);
            const auto given = rules(row.ignore, row.key);
            const auto changes = meter::diff(items(row.older), items(row.newer), given);
            CHECK(texts(changes) == row.texts);
            CHECK(changes.changed == (row.texts[0] != '\0'));
            CHECK(meter::differs(items(row.older), items(row.newer), given) == changes.changed);
            if (!changes.changed) CHECK(changes == meter::ChangeSet{});
        }
    }

    TEST_CASE("ignored fields are not shown as changed, items are shown in full") {
        const auto changes = meter::diff(items(R"([{"id":1,"views":1,"p":"5 views: a"}])"),
                                         items(R"([{"id":1,"views":2,"p":"6 views: b"}])"),
                                         rules(R"({"fields":["views"],"values":[{"regex":"\\d+ views"}]})"));
        REQUIRE(changes.modified_items.size() == 1);
        CHECK(changes.modified_items[0].fields == std::vector<meter::FieldChange>{{"p", "5 views: a", "6 views: b"}});
        CHECK(meter::to_json(changes.new_items[0]) == R"({"id":1,"views":2,"p":"6 views: b"})");
    }

    TEST_CASE("the second of two differences is not hidden by the tolerance of the first") {
        const auto changes = meter::diff(items(R"([{"id":1,"p":5,"q":1}])"), items(R"([{"id":1,"p":6,"q":2}])"),
                                         rules(R"({"tolerance":{"p":1}})"));
        REQUIRE(changes.modified_items.size() == 1);
        CHECK(changes.modified_items[0].fields == std::vector<meter::FieldChange>{{"q", 1, 2}});
    }

    TEST_CASE("malformed rules are refused with the member at fault") {
        struct Row {
            const char *ignore, *key, *subject;
        };
        for (const Row& row : {
                 Row{"[]", "null", "ignore"},
                 Row{"1", "null", "ignore"},
                 Row{R"({"fields":"a"})", "null", "ignore.fields"},
                 Row{R"({"fields":["a",1]})", "null", "ignore.fields.1"},
                 Row{R"({"fields":[""]})", "null", "ignore.fields.0"},
                 Row{R"({"values":{}})", "null", "ignore.values"},
                 Row{R"({"values":["x"]})", "null", "ignore.values.0"},
                 Row{R"({"values":[{}]})", "null", "ignore.values.0.regex"},
                 Row{R"({"values":[{"regex":""}]})", "null", "ignore.values.0.regex"},
                 Row{R"({"values":[{"regex":"a"},{"regex":"("}]})", "null", "ignore.values.1.regex"},
                 Row{R"({"values":[{"regex":"(a)\\1"}]})", "null", "ignore.values.0.regex"},
                 Row{R"({"values":[{"regex":"a","field":1}]})", "null", "ignore.values.0.field"},
                 Row{R"({"tolerance":[]})", "null", "ignore.tolerance"},
                 Row{R"({"tolerance":{"p":-1}})", "null", "ignore.tolerance.p"},
                 Row{R"({"tolerance":{"p":"1"}})", "null", "ignore.tolerance.p"},
                 Row{"null", R"("id")", "key"},
                 Row{"null", R"(["id",""])", "key.1"},
                 Row{"null", R"(["1","2","3","4","5","6","7","8","9","10","11"])", "key"},
             }) {
            CAPTURE(row.ignore);
            CAPTURE(row.key);
            const auto parsed = ChangeRules::parse(*meter::parse_json(row.ignore), *meter::parse_json(row.key));
            REQUIRE_FALSE(parsed);
            CHECK(parsed.error().code == meter::ErrorCode::invalid_argument);
            CHECK(parsed.error().subject == row.subject);
            CHECK(parsed.error().message.rfind(row.subject, 0) == 0);
        }
        Value::Array many(101, Value("x"));
        CHECK_FALSE(ChangeRules::parse(meter::Object{{"fields", many}}, {}));
        CHECK(ChangeRules::parse(*meter::parse_json(R"({"fields":null,"other":1})"), {}).value().empty());
        CHECK(rules("null", "[]").empty());
        CHECK(ChangeRules{}.empty());
        CHECK_FALSE(rules(R"({"fields":["a"]})").empty());
        CHECK(meter::to_json(rules(R"({"fields":["a"]})", R"(["k"])").key()) == R"(["k"])");
    }
}
