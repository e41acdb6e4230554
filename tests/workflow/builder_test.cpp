#include <doctest/doctest.h>

#include "meter/workflow.hpp"
#include "workflow/flows.hpp"
#include "workflow/graph.hpp"

using namespace meter;
using test::strategy_uuid;

TEST_SUITE("workflow.builder") {
    TEST_CASE("nodes get the input type that their options call for, and edges their filters") {
        WorkflowBuilder flow("Jobs", "All of them");
        auto index = flow.start("index", strategy_uuid, {"https://a.test/list"}, R"({"page":1})");
        auto details = index.then("details", strategy_uuid, {.url_field = "link", .filter = R"({"conditions":[]})"});
        auto api = index.then("api", strategy_uuid, {.parameter_config = R"({"id":"id"})"});
        auto last = details.then("last", strategy_uuid, {.urls = {"https://a.test/last"}});
        CHECK(api.into(last).key() == "last");

        const WorkflowRequest& request = flow.request();
        CHECK(request.name == "Jobs");
        CHECK(request.description == "All of them");
        REQUIRE(request.nodes.size() == 4);
        CHECK(request.nodes[0].input_type == NodeInputType::static_urls);
        CHECK(request.nodes[0].static_parameters == R"({"page":1})");
        CHECK(request.nodes[1].input_type == NodeInputType::upstream_urls);
        CHECK(request.nodes[1].url_field == "link");
        CHECK(request.nodes[2].input_type == NodeInputType::upstream_data);
        CHECK(request.nodes[2].parameter_config == R"({"id":"id"})");
        CHECK(request.nodes[3].input_type == NodeInputType::trigger_only);
        CHECK(request.nodes[3].static_urls->size() == 1);
        REQUIRE(request.edges.size() == 4);
        CHECK(request.edges[0].filter_config == R"({"conditions":[]})");
        CHECK(request.edges[3].source_node_key == "api");
        CHECK(request.edges[3].target_node_key == "last");
        CHECK(workflow::check_workflow(request.nodes, request.edges, workflow::Completeness::required));
    }
}
