#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "meter/json.hpp"
#include "workflow/flows.hpp"
#include "workflow/graph.hpp"

using namespace meter;
using test::make_edge;
using test::make_node;
using workflow::check_workflow;
using workflow::Completeness;

namespace {

struct Flow {
    std::vector<WorkflowNode> nodes{make_node("index", NodeInputType::static_urls),
                                    make_node("details", NodeInputType::upstream_urls), make_node("rest")};
    std::vector<WorkflowEdge> edges{make_edge("index", "details"), make_edge("details", "rest")};
};

}  // namespace

TEST_SUITE("workflow.check") {
    TEST_CASE("a good workflow passes, and its graph has the edges in order") {
        const Flow flow;
        const auto graph = check_workflow(flow.nodes, flow.edges, Completeness::required);
        REQUIRE(graph);
        CHECK(graph->order() == std::vector<std::size_t>{0, 1, 2});
        CHECK(graph->arcs()[1].to == 2);
        CHECK(check_workflow({}, {}, Completeness::required));
    }

    TEST_CASE("every fault is told with its node or edge") {
        struct Row {
            std::function<void(Flow&)> break_it;
            std::string message, subject;
            ErrorCode code = ErrorCode::invalid_argument;
        };
        const std::vector<Row> rows{
            {[](Flow& f) { f.nodes[1].node_key = ""; }, "nodes.1.node_key must be a string of 1 to 100 characters",
             "nodes.1.node_key"},
            {[](Flow& f) { f.nodes[1].node_key = std::string(101, 'x'); },
             "nodes.1.node_key must be a string of 1 to 100 characters", "nodes.1.node_key"},
            {[](Flow& f) { f.nodes[2].node_key = "details"; }, "Node 'details': another node has the same node_key",
             "nodes.2.node_key"},
            {[](Flow& f) { f.nodes[2].strategy_id = "7"; }, "Node 'rest': strategy_id must be a UUID",
             "nodes.2.strategy_id"},
            {[](Flow& f) { f.nodes[0].static_urls.reset(); }, "Node 'index': static_urls must not be empty",
             "nodes.0.static_urls"},
            {[](Flow& f) { f.nodes[0].static_urls->clear(); }, "Node 'index': static_urls must not be empty",
             "nodes.0.static_urls"},
            {[](Flow& f) { f.nodes[1].url_field.reset(); },
             "Node 'details': url_field is required for input_type upstream_urls", "nodes.1.url_field"},
            {[](Flow& f) { f.nodes[1].url_field = ""; },
             "Node 'details': url_field is required for input_type upstream_urls", "nodes.1.url_field"},
            {[](Flow& f) { f.nodes[2].static_parameters = "[]"; }, "Node 'rest': static_parameters must be an object",
             "nodes.2.static_parameters"},
            {[](Flow& f) { f.nodes[2].static_parameters = R"({"a":{}})"; },
             "Node 'rest': static_parameters.a must be a scalar, an array of scalars or null",
             "nodes.2.static_parameters.a"},
            {[](Flow& f) { f.nodes[2].parameter_config = R"({"a":1})"; },
             "Node 'rest': parameter_config.a must be a field path, {\"field\"} or {\"value\"}",
             "nodes.2.parameter_config.a"},
            {[](Flow& f) { f.nodes[2].parameter_config = R"({"a":{"field":"x","value":1}})"; },
             "Node 'rest': parameter_config.a must have either field or value", "nodes.2.parameter_config.a"},
            {[](Flow& f) { f.nodes[2].parameter_config = R"({"a":{"default":1}})"; },
             "Node 'rest': parameter_config.a must have either field or value", "nodes.2.parameter_config.a"},
            {[](Flow& f) { f.nodes[2].parameter_config = R"({"a":""})"; },
             "Node 'rest': parameter_config.a must name a field", "nodes.2.parameter_config.a"},
            {[](Flow& f) { f.nodes[2].parameter_config = R"({"a":{"field":"x","required":1}})"; },
             "Node 'rest': parameter_config.a.required must be true or false", "nodes.2.parameter_config.a.required"},
            {[](Flow& f) { f.nodes[2].parameter_config = R"({"a":{"value":{}}})"; },
             "Node 'rest': parameter_config.a.value must be a scalar, an array of scalars or null",
             "nodes.2.parameter_config.a.value"},
            {[](Flow& f) { f.edges[0].source_node_key = "nobody"; },
             "Edge 'nobody' -> 'details' begins at an unknown node", "edges.0.source_node_key"},
            {[](Flow& f) { f.edges[1].target_node_key = "nobody"; },
             "Edge 'details' -> 'nobody' ends at an unknown node", "edges.1.target_node_key"},
            {[](Flow& f) { f.edges.push_back(make_edge("rest", "rest")); },
             "Edge 'rest' -> 'rest' connects a node with itself", "edges.2"},
            {[](Flow& f) { f.edges.push_back(make_edge("index", "details")); },
             "Edge 'index' -> 'details' is there twice", "edges.2"},
            {[](Flow& f) { f.edges.push_back(make_edge("rest", "details")); },
             "Workflow contains a cycle: details -> rest -> details", "edges"},
            {[](Flow& f) {
                 f.nodes.push_back(make_node("other", NodeInputType::static_urls));
                 f.edges.push_back(make_edge("rest", "other"));
             },
             "Edge 'rest' -> 'other' ends at a static_urls node, which takes no items", "edges.2.target_node_key"},
            {[](Flow& f) { f.edges[1].filter_config = R"({"conditions":[{"field":"a","operator":"like"}]})"; },
             "Edge 'details' -> 'rest': filter_config.conditions.0.operator: must be one of: contains, not_contains, "
             "equals, not_equals, regex_match, exists, not_exists, gt, lt",
             "edges.1.filter_config.conditions.0.operator"},
            {[](Flow& f) { f.edges.pop_back(); }, "Node 'rest': input_type upstream_data needs an incoming edge",
             "nodes.2.input_type"},
            {[](Flow& f) { f.nodes.push_back(make_node("t", NodeInputType::trigger_only)); },
             "Node 't': input_type trigger_only needs an incoming edge", "nodes.3.input_type"},
            {[](Flow& f) { f.nodes[0].static_urls->push_back("ftp://a.test/"); }, "Invalid URL format",
             "nodes.0.static_urls.1", ErrorCode::invalid_url},
            {[](Flow& f) {
                 f.nodes[0].static_urls->push_back("ftp://a.test/");
                 f.edges[1].target_node_key = "nobody";
             },
             "Edge 'details' -> 'nobody' ends at an unknown node", "edges.1.target_node_key"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.message);
            Flow flow;
            row.break_it(flow);
            const auto graph = check_workflow(flow.nodes, flow.edges, Completeness::required);
            REQUIRE_FALSE(graph);
            CHECK(graph.error() == Error{row.code, row.message, row.subject});
        }
    }

    TEST_CASE("nodes that come one by one may wait for their edges") {
        Flow flow;
        flow.edges.clear();
        CHECK(check_workflow(flow.nodes, flow.edges, Completeness::later));
        CHECK_FALSE(check_workflow(flow.nodes, flow.edges, Completeness::required));
    }

    TEST_CASE("one node by itself has its own paths") {
        auto node = make_node("a", NodeInputType::static_urls);
        CHECK(workflow::check_node(node, ""));
        node.static_urls->push_back("nonsense");
        CHECK(workflow::check_node(node, "").error().subject == "static_urls.1");
        node.parameter_config = R"({"a":"b.c","d":{"field":"e","default":[1],"required":true},"f":{"value":null}})";
        node.static_parameters = R"({"a":[1,"x"],"b":null})";
        node.static_urls->pop_back();
        CHECK(workflow::check_node(node, ""));
    }

    TEST_CASE("there are limits on nodes and edges, and the largest graph is checked quickly") {
        std::vector<WorkflowNode> nodes;
        std::vector<WorkflowEdge> edges;
        for (std::size_t i = 0; i < workflow::most_nodes; ++i) {
            nodes.push_back(make_node("node " + std::to_string(i),
                                      i == 0 ? NodeInputType::static_urls : NodeInputType::upstream_urls));
            for (std::size_t back = 1; back <= 5 && back <= i && edges.size() < workflow::most_edges; ++back) {
                edges.push_back(make_edge("node " + std::to_string(i - back), nodes.back().node_key));
                edges.back().filter_config = R"({"conditions":[{"field":"a","operator":"contains","value":"x"}]})";
            }
        }
        // Beyond the most edges nothing is connected any more.
        const auto began = std::chrono::steady_clock::now();
        CHECK(check_workflow(nodes, edges, Completeness::later));
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
        MESSAGE("500 nodes, ", edges.size(), " edges with filters: ", took.count(), " ms");

        edges.push_back(make_edge("node 0", "node 499"));
        CHECK(check_workflow(nodes, edges, Completeness::later).error().subject == "edges");
        nodes.push_back(make_node("one more", NodeInputType::static_urls));
        CHECK(check_workflow(nodes, edges, Completeness::later).error().subject == "nodes");
    }
}
