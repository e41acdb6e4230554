#include <string>
#include <string_view>

#include "extract/schema_node.hpp"
#include "meter/schema.hpp"
#include "support.hpp"

using meter::Object;
using meter::OutputSchema;
using meter::Value;
using meter::test::json_of;

namespace {

std::string shaped(std::string_view schema, std::string_view item, std::string_view base_url = {}) {
    const auto parsed = OutputSchema::parse(json_of(schema));
    if (!parsed) FAIL(parsed.error().message);
    return meter::to_json(parsed->shape(json_of(item), base_url));
}

}  // namespace

TEST_SUITE("extract.shape") {
    // Wire contract 9 and appendix C.
    TEST_CASE("Words coerce values as the contract's table says") {
        struct Row {
            std::string_view type, value, result;
        };
        for (const Row& row : {
                 Row{"\"number\"", R"("$19.99")", "19.99"},
                 Row{"\"number\"", R"("€1,299.00")", "1299"},
                 Row{"\"number\"", R"("free")", "null"},
                 Row{"\"number\"", R"("-5%")", "-5"},
                 Row{"\"number\"", "3", "3"},
                 Row{"\"number\"", "true", "null"},
                 Row{"\"number\"", "2.5", "2.5"},
                 Row{"\"number\"", "null", "null"},
                 Row{"\"number\"", R"("")", "null"},
                 Row{"\"number\"", "[1]", "null"},
                 Row{"\"number\"", "{}", "null"},
                 Row{"\"float\"", R"("£ 1 000.5")", "1000.5"},
                 Row{"\"number\"", R"("9007199254740993")", "9007199254740993"},
                 Row{"\"integer\"", R"("225 points")", "225"},
                 Row{"\"integer\"", R"("2.5")", "3"},
                 Row{"\"integer\"", R"("-2.5")", "-3"},
                 Row{"\"integer\"", "2.4", "2"},
                 Row{"\"int\"", "-0.5", "-1"},
                 Row{"\"int\"", R"("$1,000")", "1000"},
                 Row{"\"int\"", R"("9223372036854775807")", "9223372036854775807"},
                 Row{"\"int\"", "1e30", "1e+30"},
                 Row{"\"int\"", "true", "null"},
                 Row{"\"int\"", R"("none")", "null"},
                 Row{"\"boolean\"", R"("Yes")", "true"},
                 Row{"\"boolean\"", R"(" 0 ")", "false"},
                 Row{"\"boolean\"", R"("maybe")", "null"},
                 Row{"\"boolean\"", "1", "true"},
                 Row{"\"boolean\"", "0.0", "false"},
                 Row{"\"boolean\"", "2", "null"},
                 Row{"\"boolean\"", "true", "true"},
                 Row{"\"boolean\"", R"("FALSE")", "false"},
                 Row{"\"boolean\"", R"("")", "null"},
                 Row{"\"boolean\"", "[]", "null"},
                 Row{"\"array\"", R"("a, b,,c")", R"(["a","b","c"])"},
                 Row{"\"array\"", "5", "[5]"},
                 Row{"\"array\"", R"(["x",1])", R"(["x",1])"},
                 Row{"\"array\"", "null", "null"},
                 Row{"\"array\"", R"(" , ")", "[]"},
                 Row{"\"array\"", "true", "[true]"},
                 Row{"\"array\"", R"({"a":1})", R"([{"a":1}])"},
                 Row{"\"string\"", R"("x")", R"("x")"},
                 Row{"\"string\"", "1.50", R"("1.5")"},
                 Row{"\"string\"", "false", R"("false")"},
                 Row{"\"string\"", R"("")", "null"},
                 Row{"\"string\"", R"(["a",1,null,"b"])", R"("a, 1, b")"},
                 Row{"\"string\"", "[]", "null"},
                 Row{"\"string\"", R"({"a":1})", R"("{\"a\":1}")"},
                 Row{"\"string\"", "null", "null"},
                 Row{R"(["number"])", R"(["$5","x",6])", "[5,null,6]"},
                 Row{R"(["number"])", R"("1, 2,x")", "[1,2,null]"},
                 Row{R"(["string"])", R"([1,"a"])", R"(["1","a"])"},
                 Row{R"(["string"])", "null", "null"},
                 Row{R"([["int"]])", R"([["1","2"],"3,4"])", "[[1,2],[3,4]]"},
                 Row{R"([{"x":"int"}])", R"([{"x":"1","y":2},null,{}])", R"([{"x":1},{"x":null}])"},
                 Row{R"([{"x":"int"}])", R"({"x":1})", R"([{"x":1}])"},
                 Row{R"([{"x":"int"}])", R"(["4",5])", R"([{"x":4},{"x":5}])"},
                 Row{R"([{"x":"int","y":"int"}])", R"(["4",{"x":1}])", R"([{"x":1,"y":null}])"},
                 Row{R"([{"x":"int"}])", "null", "null"},
                 Row{R"({"x":"int"})", R"({"x":"1"})", R"({"x":1})"},
                 Row{R"({"x":"int"})", R"("text")", R"({"x":null})"},
             }) {
            CAPTURE(row.type);
            CAPTURE(row.value);
            const std::string schema = R"({"v":)" + std::string(row.type) + R"(,"other":"string"})";
            CHECK(shaped(schema, R"({"v":)" + std::string(row.value) + "}") ==
                  R"({"v":)" + std::string(row.result) + R"(,"other":null})");
        }
    }

    TEST_CASE("Items have exactly the keys of the schema, in its order") {
        CHECK(shaped(R"({"c":"string","a":"string"})", R"({"b":1,"a":2})") == R"({"c":null,"a":"2"})");
        CHECK(shaped(R"({"c":"string"})", "5") == R"({"c":null})");
        CHECK(shaped(R"({"p":{"name":"string","price":{"amount":"number"}},"t":"string"})", "{}") ==
              R"({"p":{"name":null,"price":{"amount":null}},"t":null})");
    }

    TEST_CASE("Fields match flattened names, exact ones first") {
        constexpr std::string_view schema =
            R"({"product":{"name":"string","pricing":{"amount":"number"}},"Unit_Price":"number"})";
        for (const std::string_view item : {R"({"product_name":"A","product_pricing_amount":"$5","unit price":"2"})",
                                            R"({"Product-Name":"A","PRODUCT_PRICING-amount":5,"UNIT-PRICE":2})",
                                            R"({"product":{"name":"A","pricing":{"amount":5}},"unit_price":2})",
                                            R"({"product":{"Name":"A","pricing amount":5},"unit":{"price":2}})"}) {
            CAPTURE(item);
            CHECK(shaped(schema, item) == R"({"product":{"name":"A","pricing":{"amount":5}},"Unit_Price":2})");
        }
        CHECK(shaped(R"({"name":"string"})", R"({"NAME":"x","name":"y","Name":"z"})") == R"({"name":"y"})");
        CHECK(shaped(R"({"name":"string"})", R"({"NAME":"x","name":null})") == R"({"name":"x"})");
        CHECK(shaped(R"({"größe":"string"})", R"({"GRÖSSE":"no","GRÖßE":"yes"})") == R"({"größe":"yes"})");
    }

    TEST_CASE("Keys that promise a link prefer one and make it absolute") {
        constexpr std::string_view base = "https://s.test/list/page";
        struct Row {
            std::string_view schema, item, result;
        };
        for (const Row& row : {
                 Row{R"({"url":"string"})", R"({"url":"View","URL":"https://a.test/x"})",
                     R"({"url":"https://a.test/x"})"},
                 Row{R"({"name":"string"})", R"({"name":"View","NAME":"https://a.test/x"})", R"({"name":"View"})"},
                 Row{R"({"url":"string"})", R"({"url":"/detail/1"})", R"({"url":"https://s.test/detail/1"})"},
                 Row{R"({"image_link":"string"})", R"({"Image-Link":"x.png"})",
                     R"({"image_link":"https://s.test/list/x.png"})"},
                 Row{R"({"href":"string"})", R"({"href":"Read more"})", R"({"href":"Read more"})"},
                 Row{R"({"title":"string"})", R"({"title":"/x"})", R"({"title":"/x"})"},
                 Row{R"({"link":"string"})", R"({"link":{"text":"More","href":"/m"}})",
                     R"({"link":"https://s.test/m"})"},
                 Row{R"({"urls":["string"]})", R"({"urls":["/a","https://b.test/"]})",
                     R"({"urls":["https://s.test/a","https://b.test/"]})"},
                 Row{R"({"urls":"array"})", R"({"urls":["/a",1]})", R"({"urls":["https://s.test/a",1]})"},
                 Row{R"({"link_count":"int"})", R"({"link_count":"4"})", R"({"link_count":4})"},
             }) {
            CAPTURE(row.item);
            CHECK(shaped(row.schema, row.item, base) == row.result);
        }
        CHECK(shaped(R"({"url":"string"})", R"({"url":"/x"})") == R"({"url":"/x"})");
    }

    TEST_CASE("In wrapper form the items are the inner objects") {
        CHECK(shaped(R"({"listings":[{"name":"string","price":"number"}]})", R"({"price":"$3","name":"A","x":1})") ==
              R"({"name":"A","price":3})");
    }

    TEST_CASE("Long names above many members cost nothing") {
        Object inner;
        for (int i = 0; i < 50'000; ++i) inner.append("k" + std::to_string(i), i);
        Object item;
        item.append(std::string(200'000, 'x'), std::move(inner));
        item.append("name", "A");
        const auto schema = OutputSchema::parse(json_of(R"({"name":"string"})"));
        REQUIRE(schema);
        CHECK(meter::to_json(schema->shape(item)) == R"({"name":"A"})");
        CHECK_FALSE(OutputSchema::parse(Object{{std::string(257, 'k'), "string"}}));
    }
}
