#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/hash.hpp"
#include "meter/change.hpp"
#include "meter/json.hpp"

using meter::Object;
using meter::Outcome;
using meter::Value;

namespace {

std::vector<Value> items_json(std::string_view text) {
    auto value = meter::parse_json(text);
    REQUIRE(value);
    REQUIRE(value->is_array());
    return *value->if_array();
}

meter::BaselineShape shape_of(const std::vector<Value>& items) {
    return {.item_count = static_cast<std::int64_t>(items.size()), .field_counts = meter::field_counts(items)};
}

}  // namespace

TEST_SUITE("change.structure") {
    // Wire contract, appendix C.
    TEST_CASE("The contract's signature of the two products comes out") {
        const Value signature = meter::structural_signature(
            items_json(R"([{"name":"Product A","price":"$19.99"},{"name":"Product B","price":"$29.99"}])"));
        CHECK(meter::canonical_json(*signature.find("fields")) ==
              R"({"name":{"always":true,"types":["string"]},"price":{"always":true,"types":["string"]}})");
        CHECK(*signature.find("hash") == Value("45d69c5d5621135b64ed0e287a7a122cba938ac99f53ca0d8cb140852a6da5b5"));
        CHECK(*signature.find("version") == Value(1));
        CHECK(*signature.find("item_count") == Value(2));
        CHECK(signature.if_object()->size() == 4);
    }

    TEST_CASE("Fields carry every type seen, dotted paths and whether each item has them") {
        struct Row {
            std::string_view items, fields;
        };
        for (const Row& row : {
                 Row{"[]", "{}"},
                 Row{R"([{"a":1},{"a":"x"},{"a":2.5},{"a":true}])",
                     R"({"a":{"always":true,"types":["boolean","number","string"]}})"},
                 Row{R"([{"a":1},{"a":null}])", R"({"a":{"always":false,"types":["null","number"]}})"},
                 Row{R"([{"a":1},{}])", R"({"a":{"always":false,"types":["number"]}})"},
                 Row{R"([{"a":{"b":{"c":1}}}])",
                     R"({"a":{"always":true,"types":["object"]},"a.b":{"always":true,"types":["object"]},)"
                     R"("a.b.c":{"always":true,"types":["number"]}})"},
                 // An array is an array: what is inside is no path.
                 Row{R"([{"a":[{"b":1}]},{"a":[]}])", R"({"a":{"always":true,"types":["array"]}})"},
                 // One item with both spellings of a path does not stand for two items.
                 Row{R"([{"a.b":1,"a":{"b":2}},{"x":1}])",
                     R"({"a":{"always":false,"types":["object"]},"a.b":{"always":false,"types":["number"]},)"
                     R"("x":{"always":false,"types":["number"]}})"},
             }) {
            CAPTURE(row.items);
            const Value signature = meter::structural_signature(items_json(row.items));
            CHECK(meter::canonical_json(*signature.find("fields")) == row.fields);
            CHECK(*signature.find("hash") == Value(meter::core::sha256_hex(row.fields)));
        }
    }

    TEST_CASE("The signature depends on neither the count nor the order of items nor their members") {
        const auto hash = [](std::string_view items) {
            return *meter::structural_signature(items_json(items)).find("hash");
        };
        const Value base = hash(R"([{"a":1,"b":"x"},{"a":2,"b":"y"}])");
        CHECK(hash(R"([{"b":"y","a":2}])") == base);
        CHECK(hash(R"([{"a":1,"b":null},{"a":2,"b":"y"}])") != base);
    }

    TEST_CASE("The signature of hostile items stays small") {
        // Without a bound on paths this is a long name above many members: 20000 times 100000 bytes.
        Object inner;
        for (int i = 0; i < 20'000; ++i) inner.append("k" + std::to_string(i), i);
        Object outer;
        outer.append(std::string(100'000, 'x'), inner);
        outer.append("y", std::move(inner));
        const Value signature = meter::structural_signature({Value(std::move(outer))});
        CHECK(signature.find("fields")->if_object()->size() == 10'000);
        CHECK(meter::to_json(signature).size() < 1'000'000);
    }

    TEST_CASE("field_counts counts values that are not null by top-level name") {
        const Value counts =
            meter::field_counts(items_json(R"([{"a":1,"b":null,"c":[]},{"a":null,"d":{"x":1}},{"a":"","b":false}])"));
        CHECK(meter::to_json(counts) == R"({"a":2,"b":1,"c":1,"d":1})");
        CHECK(meter::to_json(meter::field_counts({})) == "{}");
    }

    TEST_CASE("judge tells broken pages from changed ones") {
        const auto baseline = items_json(R"([{"n":"a","p":"1"},{"n":"b","p":"2"},{"n":"c","p":null},{"n":"d"}])");
        const meter::BaselineShape shape = shape_of(baseline);
        struct Row {
            std::string_view items;
            Outcome outcome;
        };
        for (const Row& row : {
                 Row{"[]", Outcome::empty},
                 Row{R"([{"n":"a","p":"1"}])", Outcome::ok},
                 // Fewer than three items say nothing about a field.
                 Row{R"([{"n":"a","p":null},{"n":"b","p":null}])", Outcome::ok},
                 // Half of the baseline had p: enough to miss it.
                 Row{R"([{"n":"a","p":null},{"n":"b"},{"n":"c","p":null}])", Outcome::degraded},
                 Row{R"([{"n":"a","p":null},{"n":"b","p":"9"},{"n":"c","p":null}])", Outcome::ok},
                 Row{R"([{"p":"1"},{"p":"2"},{"p":"3"},{"p":"4"}])", Outcome::degraded},
             }) {
            CAPTURE(row.items);
            CHECK(meter::judge(items_json(row.items), &shape) == row.outcome);
        }
        const auto rare = shape_of(items_json(R"([{"n":"a","p":"1"},{"n":"b"},{"n":"c"}])"));
        CHECK(meter::judge(items_json(R"([{"n":"a"},{"n":"b"},{"n":"c"}])"), &rare) == Outcome::ok);
    }

    TEST_CASE("Without a baseline, or with an empty one, every run is ok") {
        const meter::BaselineShape nothing;
        CHECK(meter::judge({}, nullptr) == Outcome::ok);
        CHECK(meter::judge({}, &nothing) == Outcome::ok);
        CHECK(meter::judge(items_json(R"([{"a":null},{"a":null},{"a":null}])"), nullptr) == Outcome::ok);
    }
}
