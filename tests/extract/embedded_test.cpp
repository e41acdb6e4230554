#include <string>
#include <string_view>

#include "extract/script_json.hpp"
#include "support.hpp"

using meter::test::items_text;
using meter::test::plan_of;

namespace {

std::string script_text(std::string_view script) {
    const auto value = meter::detail::parse_script_json(script);
    return value ? meter::to_json(*value) : "refused";
}

std::string assigned_text(std::string_view script, std::string_view name = "X") {
    const auto value = meter::detail::find_assigned_json(script, name);
    return value ? meter::to_json(*value) : "none";
}

}  // namespace

TEST_SUITE("extract.embedded") {
    TEST_CASE("All scripts of a type are read in document order and what does not fit is dropped") {
        constexpr std::string_view page = R"(<script type="application/ld+json">
              {"@type":"Organization","legalName":"Shop"}</script>
            <p><script type="Application/LD+JSON; charset=utf-8">[{"name":"A","offers":{"price":1.5}},{"name":"B"}]</script>
            <script type=application/json>{"name":"no"}</script>
            <script type="application/ld+json">{"name":"C","offers":[{"price":"9"}]}</script>)";
        CHECK(items_text(page, R"({"container":{"script":{"type":"application/ld+json"}},
                                   "fields":{"n":{"path":"name"},"p":{"path":"offers.price"},"q":{"path":"offers.0.price"}}})") ==
              R"([{"n":"A","p":1.5,"q":null},{"n":"B","p":null,"q":null},{"n":"C","p":null,"q":"9"}])");
        CHECK(items_text(page, R"({"container":{"script":{"type":"application/ld+json"},"limit":2},"fields":{}})") ==
              R"([{"@type":"Organization","legalName":"Shop"},{"name":"A","offers":{"price":1.5}}])");
    }

    TEST_CASE("A script is found by its id and by the variable it assigns") {
        constexpr std::string_view page = R"(<script id=other>{"rows":[1]}</script>
            <script id="__NEXT_DATA__" type="application/json">{"props":{"list":[{"id":1},{"id":2}]}}</script>
            <script>var a = 1; window.__STATE__ = {"rows":[{"sku":"S1"},"S2",null,3]};</script>
            <script>window.__STATE__ = {"rows":[]};</script>)";
        CHECK(items_text(page, R"({"container":{"script":{"id":"__NEXT_DATA__"}},"items_path":"props.list"})") ==
              R"([{"id":1},{"id":2}])");
        CHECK(items_text(page, R"({"container":{"script":{"variable":"__STATE__"}},"items_path":"rows"})") ==
              R"([{"sku":"S1"},{"value":"S2"},{"value":3}])");
        CHECK(items_text(page, R"({"container":{"script":{"variable":"window.__STATE__"}},"items_path":"rows.0"})") ==
              R"([{"sku":"S1"}])");
    }

    TEST_CASE("What is missing or no JSON is skipped with a warning") {
        struct Row {
            std::string_view page, script, items, warning;
        };
        for (const Row& row : {
                 Row{"<p>", R"({"id":"d"})", "[]", "The page has no script with id 'd'."},
                 Row{"<p>", R"({"type":"t"})", "[]", "The page has no script of type 't'."},
                 Row{"<script>x={}</script>", R"({"variable":"d"})", "[]", "No script assigns JSON to 'd'."},
                 Row{"<script id=d>{broken</script>", R"({"id":"d"})", "[]",
                     "Script 1 (d) is not JSON and was skipped."},
                 Row{"<script type=t>[{}]</script><script type=t>{</script><script type=t>[{\"a\":1}]</script>",
                     R"({"type":"t"})", R"([{},{"a":1}])", "Script 2 (t) is not JSON and was skipped."},
             }) {
            CAPTURE(row.page);
            const auto found =
                meter::extract(row.page, plan_of(R"({"container":{"script":)" + std::string(row.script) + "}}"));
            REQUIRE(found);
            CHECK(meter::to_json(meter::Value(found->items)) == row.items);
            CHECK(found->warnings == std::vector<std::string>{std::string(row.warning)});
        }
    }

    TEST_CASE("Scripts are read as JSON in spite of what surrounds it") {
        struct Row {
            std::string_view script, value;
        };
        for (const Row& row : {
                 Row{"  {\"a\":1} ", R"({"a":1})"},
                 Row{"{\"a\":1};", R"({"a":1})"},
                 Row{"{\"a\":1} ; ;\n", R"({"a":1})"},
                 Row{"<!-- {\"a\":1} -->", R"({"a":1})"},
                 Row{"<!--\n{\"a\":1}\n//-->", R"({"a":1})"},
                 Row{"<!-- a comment of its own. -->\n{\"a\":1}", R"({"a":1})"},
                 Row{"<![CDATA[{\"a\":1}]]>", R"({"a":1})"},
                 Row{"//<![CDATA[\n{\"a\":1}\n//]]>", R"({"a":1})"},
                 Row{"/*<![CDATA[*/{\"a\":1}/*]]>*/", R"({"a":1})"},
                 Row{"{\"a\":1, // one\n/* two */\"b\":\"// not\"}", R"({"a":1,"b":"// not"})"},
                 Row{"{\"a\":[1,2, ],}", R"({"a":[1,2]})"},
                 Row{"{\"a\":\"x\ny\t\x01z\"}", R"({"a":"x\ny\t\u0001z"})"},
                 Row{"{\"a\":\"<!-- kept --> ; ]]>\n\"}", R"({"a":"<!-- kept --> ; ]]>\n"})"},
                 Row{R"({"a":"it\'s"})", R"({"a":"it's"})"},
                 Row{R"({"a":"\ud83d\ude00 \ud83d \ude00"})", "{\"a\":\"\U0001F600 \uFFFD \uFFFD\"}"},
                 Row{R"({"a":"\\ud83d"})", R"({"a":"\\ud83d"})"},
                 Row{"null", "null"},
                 Row{"", "refused"},
                 Row{"{\"a\":1", "refused"},
                 Row{"{a:1}", "refused"},
                 Row{"{\"a\":1}{\"b\":2}", "refused"},
                 Row{"[1;2]", "refused"},
                 Row{"[,]", "refused"},
                 Row{"\"\\", "refused"},
                 Row{"\"\\u12", "refused"},
                 Row{"/*", "refused"},
                 Row{"<!--", "refused"},
             }) {
            CAPTURE(row.script);
            CHECK(script_text(row.script) == row.value);
        }
    }

    TEST_CASE("An assignment is found in its many forms, and only where it is one") {
        struct Row {
            std::string_view script, value;
        };
        for (const Row& row : {
                 Row{R"(window.X = {"a":1};)", R"({"a":1})"},
                 Row{R"(var X=[1,{"b":"]}"}];f())", R"([1,{"b":"]}"}])"},
                 Row{R"(self.X={"a":1},window.Y={"a":2})", R"({"a":1})"},
                 Row{R"(globalThis.X={"a":1})", R"({"a":1})"},
                 Row{R"(window["X"] = {"a":1};)", R"({"a":1})"},
                 Row{R"(window['X']={"a":1};)", R"({"a":1})"},
                 Row{R"(f("X", {"a":1}); let X = {"a":2})", R"({"a":2})"},
                 Row{R"(other.X = {"a":1}; XX = {"a":2}; aX = {"a":3}; $X = {"a":4}; X = {"a":5})", R"({"a":5})"},
                 Row{R"(if (X == {"a":1}) X => {"a":2}; X={"a":3})", R"({"a":3})"},
                 Row{R"(/* X = */ X = {"a":1})", R"({"a":1})"},
                 Row{R"(X = X || {}; X = {"a":1})", R"({"a":1})"},
                 Row{R"(X = {a: undefined}; X = {"a":1})", R"({"a":1})"},
                 Row{R"(X = {f: function(){ X = {"a":1} }})", R"({"a":1})"},
                 Row{R"(X = (function(a){return {"a":a}})(1))", "none"},
                 Row{R"J(X = JSON.parse("{\"a\":\"\\u00e9\\n\\\"q\\\"\"}"))J", "{\"a\":\"é\\n\\\"q\\\"\"}"},
                 Row{R"J(X = JSON.parse( '{"a":"it\'s \x41\u0042 \ud83d\ude00"}' );)J",
                     "{\"a\":\"it's AB \U0001F600\"}"},
                 Row{R"J(X = JSON.parse(`{"a":1}`))J", R"({"a":1})"},
                 Row{R"J(X = JSON.parse(data))J", "none"},
                 Row{R"J(X = JSON.parse("{\"a\":1})J", "none"},
                 Row{R"(X = "text")", "none"},
                 Row{R"(X = {"a":1)", "none"},
                 Row{"X", "none"},
                 Row{"X =", "none"},
                 Row{"X = JSON.parse(", "none"},
                 Row{"", "none"},
             }) {
            CAPTURE(row.script);
            CHECK(assigned_text(row.script) == row.value);
        }
        CHECK(assigned_text(R"(this.App={"a":1})", "this.App") == R"({"a":1})");
        CHECK(assigned_text(R"(window.App.data={"a":1})", "App.data") == R"({"a":1})");
    }

    TEST_CASE("Scripts made to be scanned again and again are scanned a bounded number of times") {
        std::string nested, open, strings;
        for (int i = 0; i < 300'000; ++i) {
            nested += "X={";
            open += "X=[1,";
            strings += "X=\"";
        }
        CHECK(assigned_text(nested) == "none");
        CHECK(assigned_text(open) == "none");
        CHECK(assigned_text(strings) == "none");
        CHECK(script_text(std::string(1'000'000, '[')) == "refused");
        CHECK(script_text(std::string(1'000'000, ',') + "]") == "refused");
    }
}
