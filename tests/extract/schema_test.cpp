#include "meter/schema.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "support.hpp"

using meter::Object;
using meter::OutputSchema;
using meter::Value;
using meter::test::json_of;

namespace {

OutputSchema schema_of(std::string_view text) {
    auto schema = OutputSchema::parse(json_of(text));
    if (!schema) FAIL(schema.error().message);
    return *schema;
}

}  // namespace

TEST_SUITE("extract.schema") {
    TEST_CASE("Keys flatten in order, and the wrapper form is known by its single list of objects") {
        const OutputSchema flat = schema_of(
            R"({"name":"string","product":{"pricing":{"amount":"number","currency":"string"}},"tags":["string"],
                "offers":[{"price":"number"}]})");
        CHECK(flat.wrapper_key().empty());
        CHECK(flat.flat_keys() ==
              std::vector<std::string>{"name", "product_pricing_amount", "product_pricing_currency", "tags", "offers"});
        const OutputSchema wrapper = schema_of(R"({"listings":[{"name":"string","price":"number"}]})");
        CHECK(wrapper.wrapper_key() == "listings");
        CHECK(wrapper.flat_keys() == std::vector<std::string>{"name", "price"});
        CHECK(wrapper.definition() == json_of(R"({"listings":[{"name":"string","price":"number"}]})"));
        CHECK(schema_of(R"({"tags":["string"]})").wrapper_key().empty());
        CHECK(schema_of(R"({"a":[{"x":"string"}],"b":"string"})").wrapper_key().empty());
        CHECK(schema_of(R"({"a":{"x":"string"}})").wrapper_key().empty());
    }

    TEST_CASE("Bad schemas are refused by dotted key") {
        struct Row {
            std::string_view schema, subject;
        };
        for (const Row& row : {
                 Row{"[]", "output_schema"},
                 Row{"\"string\"", "output_schema"},
                 Row{"{}", "output_schema"},
                 Row{R"({"a":"text"})", "output_schema.a"},
                 Row{R"({"a":"String"})", "output_schema.a"},
                 Row{R"({"a":{}})", "output_schema.a"},
                 Row{R"({"a":[]})", "output_schema.a"},
                 Row{R"({"a":["string","string"]})", "output_schema.a"},
                 Row{R"({"a":1})", "output_schema.a"},
                 Row{R"({"a":null})", "output_schema.a"},
                 Row{R"({"a":[[]]})", "output_schema.a"},
                 Row{R"({"a":{"b":["x"]}})", "output_schema.a.b"},
                 Row{R"({"type":"object","properties":{}})", "output_schema"},
                 Row{R"({"type":"object","properties":{"a":{"type":"date"}}})", "output_schema.a"},
                 Row{R"({"type":"array","items":{"type":"string"}})", "output_schema"},
             }) {
            CAPTURE(row.schema);
            const auto schema = OutputSchema::parse(json_of(row.schema));
            REQUIRE_FALSE(schema);
            CHECK(schema.error().code == meter::ErrorCode::invalid_argument);
            CHECK(schema.error().subject == row.subject);
            CHECK(schema.error().message.find(row.subject) != std::string::npos);
        }
    }

    TEST_CASE("Two hundred leaves and eight levels are allowed, one more is not") {
        const auto leaves = [](std::size_t count) {
            Object schema, inner;
            for (std::size_t i = 0; i < count / 2; ++i) schema.append("k" + std::to_string(i), "string");
            for (std::size_t i = count / 2; i < count; ++i)
                inner.append("k" + std::to_string(i), Value::Array{"string"});
            schema.append("in", std::move(inner));
            return OutputSchema::parse(schema).has_value();
        };
        CHECK(leaves(200));
        CHECK_FALSE(leaves(201));
        const auto levels = [](std::size_t count, bool lists) {
            Value schema = "string";
            for (std::size_t i = 0; i < count; ++i) {
                if (lists) schema = Value::Array{std::move(schema)};
                schema = Object{{"a", std::move(schema)}};
            }
            return OutputSchema::parse(schema).has_value();
        };
        CHECK(levels(8, false));
        CHECK_FALSE(levels(9, false));
        CHECK(levels(8, true));
        CHECK_FALSE(levels(9, true));
        Value lists = "string";
        for (int i = 0; i < 500; ++i) lists = Value::Array{std::move(lists)};
        CHECK_FALSE(OutputSchema::parse(Object{{"a", std::move(lists)}}));
    }

    TEST_CASE("JSON Schemas are reduced to the short form") {
        struct Row {
            std::string_view schema, item, shaped;
        };
        for (
            const Row& row : {
                Row{R"({"type":"object","required":["n"],"properties":{"n":{"type":"string","description":"x"},
                         "i":{"type":"integer"},"ok":{"type":["null","boolean"]},"tags":{"type":"array","items":{"type":"string"}},
                         "any":{"type":"object"},"free":{},"list":{"type":"array"},"in":{"properties":{"x":{"type":"number"}}}}})",
                    R"({"n":5,"i":"7 x","ok":"yes","tags":"a,b","any":{"k":1},"free":1,"list":"p,q","in_x":"$2","no":1})",
                    R"({"n":"5","i":7,"ok":true,"tags":["a","b"],"any":"{\"k\":1}","free":"1","list":["p","q"],"in":{"x":2}})"},
                // As model libraries write optional and nested members.
                Row{R"({"$defs":{"Maker":{"type":"object","properties":{"name":{"type":"string"}}}},"type":"object",
                         "properties":{"price":{"anyOf":[{"type":"null"},{"type":"number"}]},"maker":{"$ref":"#/$defs/Maker"},
                         "makers":{"type":"array","items":{"$ref":"#/$defs/Maker"}},"bad":{"$ref":"#/$defs/None"}}})",
                    R"({"price":"3","maker_name":"M","makers":[{"name":"N"}],"bad":1})",
                    R"({"price":3,"maker":{"name":"M"},"makers":[{"name":"N"}],"bad":"1"})"},
                Row{R"({"type":"array","items":{"type":"object","properties":{"a":{"type":"string"}}}})", R"({"a":1})",
                    R"({"a":"1"})"},
                // Members that are called type and items are no JSON Schema.
                Row{R"({"type":"array","items":["string"]})", R"({"type":"a","items":"b"})",
                    R"({"type":["a"],"items":["b"]})"},
                Row{R"({"type":"object","properties":{"type":{"type":"array"},"items":{"type":"array","items":{
                         "type":"object","properties":{"x":{"type":"string"}}}}}})",
                    R"({"type":"a","items":[{"x":1}]})", R"({"type":["a"],"items":[{"x":"1"}]})"},
            }) {
            CAPTURE(row.schema);
            CHECK(meter::to_json(schema_of(row.schema).shape(json_of(row.item))) == row.shaped);
        }
        CHECK(schema_of(R"({"type":"object","properties":{"rows":{"type":"array","items":{"type":"object",
                            "properties":{"a":{"type":"string"}}}}}})")
                  .wrapper_key() == "rows");
    }

    TEST_CASE("References that lead in circles or multiply are refused") {
        for (const std::string_view schema :
             {R"({"type":"object","properties":{"a":{"$ref":"#/properties/a"}}})",
              R"({"type":"object","properties":{"a":{"$ref":"#"},"b":{"$ref":"#/properties/b/x"}}})",
              R"({"$defs":{"N":{"type":"object","properties":{"l":{"$ref":"#/$defs/N"},"r":{"$ref":"#/$defs/N"}}}},
                     "type":"object","properties":{"root":{"$ref":"#/$defs/N"}}})"}) {
            CAPTURE(schema);
            const auto parsed = OutputSchema::parse(json_of(schema));
            if (!parsed) CHECK(parsed.error().code == meter::ErrorCode::invalid_argument);
        }
        CHECK_FALSE(OutputSchema::parse(json_of(
            R"({"$defs":{"N":{"type":"object","properties":{"l":{"$ref":"#/$defs/N"},"r":{"$ref":"#/$defs/N"}}}},
                "type":"object","properties":{"root":{"$ref":"#/$defs/N"}}})")));
    }

    TEST_CASE("make_results wraps items and items_of takes them out again") {
        const OutputSchema wrapper = schema_of(R"({"listings":[{"a":"string"}]})");
        const OutputSchema plain = schema_of(R"({"a":"string"})");
        const std::vector<Value> items{json_of(R"({"a":"1"})"), json_of(R"({"a":"2"})")};
        struct Row {
            const OutputSchema* schema;
            std::vector<Value> items;
            std::string_view results;
        };
        for (const Row& row :
             {Row{&wrapper, items, R"([{"listings":[{"a":"1"},{"a":"2"}]}])"},
              Row{&wrapper, {}, R"([{"listings":[]}])"}, Row{&plain, items, R"([{"a":"1"},{"a":"2"}])"},
              Row{&plain, {}, "[]"}, Row{nullptr, items, R"([{"a":"1"},{"a":"2"}])"}}) {
            const Value results = meter::make_results(row.schema, row.items);
            CHECK(meter::to_json(results) == row.results);
            CHECK(meter::items_of(row.schema, results) == row.items);
        }
        // Results from before the schema was set are items themselves.
        CHECK(meter::items_of(&wrapper, Value(items)) == items);
        CHECK(meter::items_of(&plain, nullptr).empty());
    }
}
