#include "workflow/inputs.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "meter/json.hpp"
#include "workflow/flows.hpp"

using namespace meter;
using test::make_edge;
using test::make_node;
using workflow::InputPlanner;
using workflow::PlannedInput;

namespace {

constexpr std::string_view page = "https://shop.test/list/1?p=2";

Strategy strategy_of(ScraperType type) {
    Strategy strategy;
    strategy.strategy_id = test::strategy_uuid;
    strategy.url = "https://api.test/v1";
    strategy.scraper_type = type;
    if (type == ScraperType::api) strategy.api_parameters = R"({"id":1,"page.size":20,"q":"x"})";
    return strategy;
}

/// One node with one edge, fed a list of items.
struct Planning {
    WorkflowNode node;
    Strategy strategy = strategy_of(ScraperType::css);
    std::vector<WorkflowEdge> edges{make_edge("up", "node")};
    std::int64_t most = 10'000;

    std::vector<PlannedInput> inputs = {};
    std::string input_hash = {};
    std::int64_t passed = 0, cut = 0;

    Planning& feed(std::string_view items, std::string_view page_url = page) {
        auto planner = InputPlanner::make(node, strategy, edges, most).value();
        inputs.clear();
        const Value list = parse_json(items).value();
        for (const Value& item : *list.if_array()) planner.feed(0, item, page_url, inputs);
        planner.finish(inputs);
        input_hash = planner.input_hash();
        passed = planner.passed();
        cut = planner.cut();
        return *this;
    }

    /// "url" or "url parameters" of each input.
    std::vector<std::string> texts() const {
        std::vector<std::string> texts;
        for (const auto& input : inputs) texts.push_back(input.url + (input.parameters ? " " + *input.parameters : ""));
        return texts;
    }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("workflow.inputs") {
    TEST_CASE("static_urls make one input for each URL, with the parameters of api strategies") {
        Planning planning{.node = make_node("n", NodeInputType::static_urls), .edges = {}};
        planning.node.static_urls = Texts{"https://a.test/", "https://b.test/", "https://a.test/"};
        planning.node.static_parameters = R"({"z":1,"a":[1,"x"]})";
        CHECK(planning.feed("[]").texts() == Texts{"https://a.test/", "https://b.test/", "https://a.test/"});
        planning.strategy = strategy_of(ScraperType::api);
        planning.most = 1;
        CHECK(planning.feed("[]").texts() == Texts{R"(https://a.test/ {"a":[1,"x"],"z":1})"});
        CHECK(planning.cut == 2);
    }

    TEST_CASE("upstream_urls takes strings and arrays of strings at a dotted path") {
        Planning planning{.node = make_node("n", NodeInputType::upstream_urls)};
        planning.node.url_field = "job.links";
        planning.feed(R"([
            {"job":{"links":"/a"}}, {"job":{"links":["b", "//other.test/c", 7, null, ["/no"]]}},
            {"job":{"links":"?p=3"}}, {"job":{"links":"https://shop.test/a"}},
            {"job":{"links":""}}, {"job":{"links":"  "}}, {"job":{"links":["", "mailto:a@b.test", "javascript:x"]}},
            {"job":{"links":"ftp://a.test/"}}, {"job":{"links":{"href":"/a"}}}, {"job":{"links":5}},
            {"job":{}}, {"job":null}, 7, {"job.links":"/literal"}, {"job":{"links":"http://"}}])");
        CHECK(planning.texts() == Texts{"https://shop.test/a", "https://shop.test/list/b", "https://other.test/c",
                                        "https://shop.test/list/1?p=3", "https://shop.test/literal"});
        CHECK(planning.passed == 15);
    }

    TEST_CASE("filters decide which items count") {
        Planning planning{.node = make_node("n", NodeInputType::upstream_urls)};
        planning.edges[0].filter_config = R"({"conditions":[{"field":"k","operator":"equals","value":"x"}]})";
        planning.feed(R"([{"link":"/a","k":"x"},{"link":"/b","k":"y"},{"link":"/c"}])");
        CHECK(planning.texts() == Texts{"https://shop.test/a"});
        CHECK(planning.passed == 1);
        const std::string hash = planning.input_hash;
        CHECK(planning.feed(R"([{"link":"/z"},{"link":"/a","k":"x"}])").input_hash == hash);
    }

    TEST_CASE("items of several edges are joined in the order they come") {
        const std::vector<WorkflowEdge> edges{make_edge("a", "n"), make_edge("b", "n")};
        auto planner =
            InputPlanner::make(make_node("n", NodeInputType::upstream_urls), strategy_of(ScraperType::css), edges, 10)
                .value();
        std::vector<PlannedInput> inputs;
        planner.feed(0, parse_json(R"({"link":"/a"})").value(), "https://a.test/", inputs);
        planner.feed(1, parse_json(R"({"link":"/a"})").value(), "https://b.test/", inputs);
        planner.feed(1, parse_json(R"({"link":"https://a.test/a"})").value(), "https://b.test/", inputs);
        planner.finish(inputs);
        REQUIRE(inputs.size() == 2);
        CHECK(inputs[1].url == "https://b.test/a");
    }

    TEST_CASE("upstream_data of an api strategy makes one input for each set of parameters") {
        Planning planning{.node = make_node("n"), .strategy = strategy_of(ScraperType::api)};
        constexpr std::string_view items =
            R"([{"id":7,"q":"a","x":1},{"q":"a","id":7},{"id":"","page.size":[1,2]},{"id":{"n":1},"q":null},{"x":1}])";
        SUBCASE("without parameter_config the names of api_parameters are passed") {
            CHECK(planning.feed(items).texts() == Texts{R"(https://api.test/v1 {"id":7,"q":"a"})",
                                                        R"(https://api.test/v1 {"page.size":[1,2]})",
                                                        "https://api.test/v1"});
        }
        SUBCASE("static parameters go with each, the item's win") {
            planning.node.static_parameters = R"({"q":"s","v":true})";
            planning.node.static_urls = Texts{"https://other.test/", "https://unused.test/"};
            CHECK(planning.feed(items).texts() == Texts{R"(https://other.test/ {"id":7,"q":"a","v":true})",
                                                        R"(https://other.test/ {"page.size":[1,2],"q":"s","v":true})",
                                                        R"(https://other.test/ {"q":"s","v":true})"});
        }
        SUBCASE("no item, no input") {
            CHECK(planning.feed("[]").texts().empty());
        }
    }

    TEST_CASE("upstream_data of other strategies makes one input once an item has passed") {
        for (const auto type : {ScraperType::css, ScraperType::content}) {
            Planning planning{.node = make_node("n"), .strategy = strategy_of(type)};
            planning.node.static_parameters = R"({"q":"s"})";
            CHECK(planning.feed("[]").texts().empty());
            CHECK(planning.feed(R"([{"a":1},{"a":2}])").texts() == Texts{"https://api.test/v1"});
            planning.node.static_urls = Texts{"https://a.test/", "https://b.test/"};
            CHECK(planning.feed(R"([{"a":1}])").texts() == Texts{"https://a.test/"});
        }
    }

    TEST_CASE("trigger_only runs on every static URL or on the strategy's, once an item has passed") {
        Planning planning{.node = make_node("n", NodeInputType::trigger_only)};
        CHECK(planning.feed("[]").texts().empty());
        CHECK(planning.feed("[1,2]").texts() == Texts{"https://api.test/v1"});
        planning.node.static_urls = Texts{"https://a.test/", "https://b.test/"};
        CHECK(planning.feed("[1]").texts() == Texts{"https://a.test/", "https://b.test/"});
    }

    TEST_CASE("parameter_config takes fields, defaults and constants, and skips items without what they need") {
        Planning planning{.node = make_node("n"), .strategy = strategy_of(ScraperType::api)};
        planning.node.parameter_config =
            R"({"id":"a.id","size":{"field":"size","default":20},"v":{"value":["x",1]},
                "need":{"field":"need","required":true},"gone":{"value":null}})";
        planning.feed(R"([{"a":{"id":1},"need":"y"}, {"a":{"id":2}}, {"a":{"id":""},"size":0,"need":false},
                          {"a":{"id":[1,null]},"size":[],"need":"y"}, {"need":{}}, {"need":{"field":"x"}}])");
        CHECK(planning.texts() == Texts{R"(https://api.test/v1 {"gone":null,"id":1,"need":"y","size":20,"v":["x",1]})",
                                        R"(https://api.test/v1 {"gone":null,"need":false,"size":0,"v":["x",1]})",
                                        R"(https://api.test/v1 {"gone":null,"need":"y","size":20,"v":["x",1]})"});
        SUBCASE("also for the items of upstream_urls") {
            planning.node = make_node("n", NodeInputType::upstream_urls);
            planning.node.parameter_config = R"({"q":{"field":"q","required":true}})";
            constexpr std::string_view items =
                R"([{"link":"/a","q":1},{"link":"/a","q":2},{"link":"/b"},{"link":["/a","/c"],"q":1}])";
            CHECK(planning.feed(items).texts() == Texts{R"(https://shop.test/a {"q":1})",
                                                        R"(https://shop.test/a {"q":2})",
                                                        R"(https://shop.test/c {"q":1})"});
            // Other strategies have no parameters to map.
            planning.strategy = strategy_of(ScraperType::css);
            CHECK(planning.feed(items).texts() ==
                  Texts{"https://shop.test/a", "https://shop.test/b", "https://shop.test/c"});
        }
    }

    TEST_CASE("what goes beyond the limit is cut and counted") {
        Planning planning{.node = make_node("n", NodeInputType::upstream_urls), .most = 2};
        planning.feed(R"([{"link":"/a"},{"link":"/b"},{"link":"/c"},{"link":"/a"},{"link":"/d"}])");
        CHECK(planning.texts() == Texts{"https://shop.test/a", "https://shop.test/b"});
        CHECK(planning.cut == 2);
        CHECK(planning.passed == 5);
    }

    TEST_CASE("the input hash follows items, their order and where links lead, not their spelling") {
        Planning planning{.node = make_node("n", NodeInputType::upstream_urls)};
        const std::string hash = planning.feed(R"([{"link":"/a","t":"x"},{"link":"/b"}])").input_hash;
        CHECK(planning.feed(R"([{"t":" x ","link":"/a"},{"link":"/b"}])").input_hash == hash);
        CHECK(planning.feed(R"([{"link":"/b"},{"link":"/a","t":"x"}])").input_hash != hash);
        CHECK(planning.feed(R"([{"link":"/a","t":"y"},{"link":"/b"}])").input_hash != hash);
        CHECK(planning.feed(R"([{"link":"/a","t":"x"},{"link":"/b"},{}])").input_hash != hash);
        CHECK(planning.feed(R"([{"link":"/a","t":"x"},{"link":"/b"}])", "https://other.test/").input_hash != hash);
        CHECK(planning.feed("[]").input_hash != hash);
        CHECK(hash.size() == 64);
    }

    TEST_CASE("a feed hash is that of its item, URL and parameters") {
        Planning planning{.node = make_node("n", NodeInputType::upstream_urls)};
        const auto before = planning.feed(R"([{"link":"/a","t":1},{"link":"/b","t":1}])").inputs;
        const auto after = planning.feed(R"([{"link":"/new"},{"link":"/b","t":1},{"link":"/a","t":2}])").inputs;
        REQUIRE(after.size() == 3);
        CHECK(after[1].feed_hash == before[1].feed_hash);
        CHECK(after[2].feed_hash != before[0].feed_hash);
        planning.node = make_node("n");
        const std::string of_one = planning.feed("[1]").inputs[0].feed_hash;
        CHECK(planning.feed("[1,2]").inputs[0].feed_hash != of_one);
    }

    TEST_CASE("inputs come from single items for upstream_urls, and upstream_data of api strategies") {
        struct Row {
            NodeInputType type;
            ScraperType scraper;
            bool per_item;
        };
        for (const Row& row : {Row{NodeInputType::static_urls, ScraperType::api, false},
                               Row{NodeInputType::upstream_urls, ScraperType::css, true},
                               Row{NodeInputType::upstream_urls, ScraperType::api, true},
                               Row{NodeInputType::upstream_data, ScraperType::api, true},
                               Row{NodeInputType::upstream_data, ScraperType::css, false},
                               Row{NodeInputType::trigger_only, ScraperType::api, false}}) {
            const auto planner = InputPlanner::make(make_node("n", row.type), strategy_of(row.scraper), {}, 1);
            CHECK(planner->per_item() == row.per_item);
        }
    }

    TEST_CASE("members that do not parse are an error") {
        auto node = make_node("n");
        node.parameter_config = "[]";
        CHECK_FALSE(InputPlanner::make(node, strategy_of(ScraperType::api), {}, 1));
        auto edge = make_edge("a", "n");
        edge.filter_config = "{";
        CHECK_FALSE(InputPlanner::make(make_node("n"), strategy_of(ScraperType::css), {edge}, 1));
    }

    TEST_CASE("a signature covers strategy, members and incoming edges, not ids and times of the node") {
        const auto node = make_node("n", NodeInputType::upstream_urls);
        const auto strategy = strategy_of(ScraperType::css);
        const std::vector<WorkflowEdge> edges{make_edge("a", "n")};
        const std::string signature = workflow::node_signature(node, strategy, edges);
        CHECK(signature.size() == 64);

        auto other = node;
        other.node_id = "x";
        other.updated_at = TimePoint{std::chrono::seconds{5}};
        CHECK(workflow::node_signature(other, strategy, edges) == signature);
        other.url_field = "href";
        CHECK(workflow::node_signature(other, strategy, edges) != signature);
        auto edited = strategy;
        edited.updated_at += std::chrono::milliseconds{1};
        CHECK(workflow::node_signature(node, edited, edges) != signature);
        auto filtered = edges;
        filtered[0].filter_config = R"({"conditions":[]})";
        CHECK(workflow::node_signature(node, strategy, filtered) != signature);
        CHECK(workflow::node_signature(node, strategy, {}) != signature);
    }
}
