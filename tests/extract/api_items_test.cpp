#include <string>
#include <string_view>

#include "support.hpp"

using meter::test::items_text;
using meter::test::plan_of;

namespace {

std::string api_plan(std::string_view items_path, std::string_view fields = "{}") {
    return R"({"type":"api","request":{"url":"https://api.test/x"},"items_path":")" + std::string(items_path) +
           R"(","fields":)" + std::string(fields) + "}";
}

}  // namespace

TEST_SUITE("extract.api_items") {
    TEST_CASE("items_path leads to the items whatever they are") {
        constexpr std::string_view body = R"({"data":{"rows":[{"id":1},{"id":2}],"one":{"id":3},"text":"x","n":null,
            "mixed":[1,"a",true,null,[2],{"id":4}],"none":[]},
            "groups":[{"rows":[{"id":5}]},{"rows":[]},{"other":1},{"rows":[{"id":6},{"id":7}]}],
            "a.b":[{"id":8}],"a":{"b":[{"id":9}]},"grid":[[1,2],[3]]})";
        struct Row {
            std::string_view path, items;
        };
        for (const Row& row : {
                 Row{"data.rows", R"([{"id":1},{"id":2}])"},
                 Row{"data.rows.1", R"([{"id":2}])"},
                 Row{"data.one", R"([{"id":3}])"},
                 Row{"data.text", "[]"},
                 Row{"data.n", "[]"},
                 Row{"data.none", "[]"},
                 Row{"data.missing", "[]"},
                 Row{"missing.rows", "[]"},
                 Row{"data.rows.id", "[]"},
                 Row{"data.mixed", R"([{"value":1},{"value":"a"},{"value":true},{"value":[2]},{"id":4}])"},
                 Row{"groups.*.rows", R"([{"id":5},{"id":6},{"id":7}])"},
                 Row{"groups.*.rows.*", R"([{"id":5},{"id":6},{"id":7}])"},
                 Row{"groups.*.rows.*.id", "[]"},
                 Row{"groups.3.rows", R"([{"id":6},{"id":7}])"},
                 Row{"data.*.id", "[]"},
                 Row{"a.b", R"([{"id":8}])"},
                 Row{"grid", R"([{"value":[1,2]},{"value":[3]}])"},
                 Row{"grid.*", R"([{"value":1},{"value":2},{"value":3}])"},
                 Row{"grid.*.*", R"([{"value":1},{"value":2},{"value":3}])"},
             }) {
            CAPTURE(row.path);
            CHECK(items_text(body, api_plan(row.path)) == row.items);
        }
        CHECK(items_text(R"([{"a":1},{"a":2}])", api_plan("")) == R"([{"a":1},{"a":2}])");
        CHECK(items_text(R"([{"a":1},{"a":2}])", api_plan("*")) == R"([{"a":1},{"a":2}])");
        CHECK(items_text(R"({"a":1})", api_plan("")) == R"([{"a":1}])");
        CHECK(items_text("5", api_plan("")) == "[]");
    }

    TEST_CASE("Fields are found by dotted path and keep their JSON types") {
        CHECK(
            items_text(
                R"([{"i":9007199254740993,"n":-0.5,"t":true,"z":null,"a":{"b":[{"c":"deep"}]},"x.y":1,"l":[1,"a",null]},5])",
                api_plan("", R"({"i":{"path":"i"},"n":{"path":"n"},"t":{"path":"t"},"z":{"path":"z"},
                                   "c":{"path":"a.b.0.c"},"xy":{"path":"x.y"},"l":{"path":"l"},"v":{"path":"value"}})")) ==
            R"([{"i":9007199254740993,"n":-0.5,"t":true,"z":null,"c":"deep","xy":1,"l":[1,"a",null],"v":null},)"
            R"({"i":null,"n":null,"t":null,"z":null,"c":null,"xy":null,"l":null,"v":5}])");
        CHECK(items_text(R"([[1,"a"],[2,"b"]])", api_plan("", R"({"id":{"path":"0"},"s":{"path":"1"}})")) ==
              R"([{"id":1,"s":"a"},{"id":2,"s":"b"}])");
    }

    TEST_CASE("What is not JSON fails, whatever its Content-Type") {
        const meter::Plan plan = plan_of(api_plan(""));
        for (const std::string& body : {std::string("<html>"), std::string(), std::string("{"), std::string("{'a':1}"),
                                        std::string("[1,]"), std::string(1, '\0'), std::string(100'000, '['),
                                        std::string("{\"a\":\"x\ny\"}"), std::string("[1] // x")}) {
            CAPTURE(body.substr(0, 20));
            const auto found = meter::extract({.body = body, .content_type = "application/json"}, plan);
            REQUIRE_FALSE(found);
            CHECK(found.error().code == meter::ErrorCode::parse);
            CHECK(found.error().message == "Extraction failed: response is not JSON");
        }
        CHECK(meter::extract({.body = "[{\"a\":1}]", .content_type = "text/html"}, plan));
    }

    TEST_CASE("Broken characters do not lose the rest of an answer") {
        CHECK(items_text("\xEF\xBB\xBF[{\"a\":\"x\"}]", api_plan("")) == R"([{"a":"x"}])");
        CHECK(items_text("[{\"a\":\"caf\xE9\"}]", api_plan("")) == "[{\"a\":\"caf\uFFFD\"}]");
        CHECK(items_text(R"([{"a":"cut \ud83d"}])", api_plan("")) == "[{\"a\":\"cut \uFFFD\"}]");
    }
}
