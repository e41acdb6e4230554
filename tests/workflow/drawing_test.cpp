#include "workflow/drawing.hpp"

#include <doctest/doctest.h>
#include <libxml/parser.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "meter/json.hpp"
#include "workflow/flows.hpp"
#include "workflow/layout.hpp"

using namespace meter;

namespace {

/// Strictly: no recovery, no entities, no network.
bool is_well_formed(const std::string& xml) {
    const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
        xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
        &xmlFreeDoc);
    return document != nullptr;
}

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

NodeExecution execution_of(const WorkflowNode& node, NodeStatus status, std::optional<SkipReason> reason = {}) {
    NodeExecution execution;
    execution.node_key = node.node_key;
    execution.node_id = node.node_id;
    execution.status = status;
    execution.skip_reason = reason;
    return execution;
}

Workflow diamond() {
    Workflow flow;
    flow.name = "Jobs";
    flow.nodes = {test::make_node("index", NodeInputType::static_urls), test::make_node("a"), test::make_node("b"),
                  test::make_node("end")};
    flow.edges = {test::make_edge("index", "a"), test::make_edge("index", "b"), test::make_edge("a", "end"),
                  test::make_edge("b", "end"), test::make_edge("index", "end")};
    flow.edges[1].filter_config = R"({"conditions":[]})";
    return flow;
}

/// 50 nodes in 8 layers, every node with one to three upstreams.
Workflow large() {
    Workflow flow;
    flow.name = "Fifty";
    std::vector<std::vector<std::string>> layers(8);
    for (std::size_t i = 0; i < 50; ++i) {
        const std::size_t layer = i < 3 ? 0 : 1 + i % 7;
        const std::string key = "node_" + std::to_string(i);
        flow.nodes.push_back(
            test::make_node(key, layer == 0 ? NodeInputType::static_urls : NodeInputType::upstream_urls));
        layers[layer].push_back(key);
    }
    for (std::size_t layer = 1; layer < layers.size(); ++layer)
        for (std::size_t i = 0; i < layers[layer].size(); ++i) {
            std::size_t from = layer - 1;
            while (layers[from].empty()) --from;
            flow.edges.push_back(test::make_edge(layers[from][(i * 5 + 1) % layers[from].size()], layers[layer][i]));
            if (i % 3 == 0) flow.edges.push_back(test::make_edge(layers[0][i % 3], layers[layer][i]));
        }
    return flow;
}

std::int64_t gap_between(const workflow::Layout& layout, std::int64_t height) {
    std::int64_t least = 1'000'000;
    for (std::size_t a = 0; a < layout.nodes.size(); ++a)
        for (std::size_t b = a + 1; b < layout.nodes.size(); ++b)
            if (layout.nodes[a].column == layout.nodes[b].column)
                least = std::min(least, std::abs(layout.nodes[a].middle - layout.nodes[b].middle) - height);
    return least;
}

}  // namespace

TEST_SUITE("workflow.drawing") {
    TEST_CASE("a drawing is well-formed, without script, and has every node and edge") {
        const std::string svg = workflow::draw(diamond(), nullptr);
        CHECK(is_well_formed(svg));
        CHECK(count(svg, "<g transform") == 4);
        CHECK(count(svg, "\u2192") == 5);
        CHECK(count(svg, "stroke-dasharray") == 2);  // the filtered one and the legend's
        CHECK(count(svg, "<script") == 0);
        CHECK(count(svg, "style") == 0);  // which a content security policy might refuse
        CHECK(count(svg, "href") == 0);
        CHECK(svg.find("static_urls: 1 URL") != std::string::npos);
        CHECK(svg.find("4 nodes, 5 edges") != std::string::npos);
        CHECK(workflow::draw(diamond(), nullptr) == svg);
    }

    TEST_CASE("a run shows its states and counts") {
        Workflow flow = diamond();
        for (auto& node : flow.nodes) node.node_id = "id of " + node.node_key;
        WorkflowRun run;
        run.status = RunStatus::partial;
        run.node_executions = {execution_of(flow.nodes[0], NodeStatus::completed),
                               execution_of(flow.nodes[1], NodeStatus::failed),
                               execution_of(flow.nodes[2], NodeStatus::skipped, SkipReason::unchanged),
                               execution_of(flow.nodes[3], NodeStatus::skipped, SkipReason::upstream_failed)};
        run.node_executions[0].item_count = 1'234;
        run.node_executions[0].job_count = 1;
        run.node_executions[1].job_count = 3;
        run.node_executions[1].failed_job_count = 3;
        run.node_executions[1].error = "HTTP 500 <b>";
        run.node_executions[2].reused_count = 7;
        const std::string svg = workflow::draw(flow, &run);
        CHECK(is_well_formed(svg));
        for (const auto* text :
             {"run partial: 1234 items, 4 jobs, 3 failed, 7 reused", "completed: 1234 items", "3 jobs, 3 failed",
              "0 jobs, 7 reused", "unchanged: 0 items", "upstream_failed 1", "cancelled 0", "a: HTTP 500 &lt;b&gt;"}) {
            CAPTURE(text);
            CHECK(svg.find(text) != std::string::npos);
        }
        // A node that the run does not know has no state.
        run.node_executions.pop_back();
        CHECK(count(workflow::draw(flow, &run), "#fafafa") == 1);
    }

    TEST_CASE("texts are escaped, clipped and made fit for XML") {
        Workflow flow = diamond();
        flow.name = "</svg><script>alert(1)</script> & \"quotes\"";
        flow.nodes[0].node_key = flow.edges[0].source_node_key = flow.edges[1].source_node_key =
            flow.edges[4].source_node_key = std::string("a\0\x01\x1f\xff\xef\xbf\xbe<&>", 11);
        flow.nodes[1].node_key = flow.edges[0].target_node_key = flow.edges[2].source_node_key = std::string(100, 'w');
        std::string wide;
        for (int i = 0; i < 100; ++i) wide += "\u6f22";
        flow.nodes[2].node_key = flow.edges[1].target_node_key = flow.edges[3].source_node_key = wide;
        const std::string svg = workflow::draw(flow, nullptr);
        CHECK(is_well_formed(svg));
        CHECK(count(svg, "<script") == 0);
        CHECK(svg.find(">" + std::string(24, 'w') + "\u2026<") != std::string::npos);
        CHECK(svg.find(">" + wide.substr(0, 12 * 3) + "\u2026<") != std::string::npos);
        CHECK(svg.find("\u2192 " + wide + " (filtered)<") != std::string::npos);
    }

    TEST_CASE("unfinished workflows are drawn as far as they go") {
        CHECK(is_well_formed(workflow::draw({}, nullptr)));
        Workflow flow = diamond();
        flow.edges.clear();
        CHECK(is_well_formed(workflow::draw(flow, nullptr)));
        flow.edges = {test::make_edge("index", "nobody"), test::make_edge("a", "b"), test::make_edge("b", "a")};
        CHECK(is_well_formed(workflow::draw(flow, nullptr)));
        const WorkflowRun run;
        CHECK(count(workflow::draw(flow, &run), "#fafafa") == 4);
    }

    TEST_CASE("nodes keep their distance, and fifty of them make a picture of sensible size") {
        const Workflow flow = large();
        std::vector<std::string> names;
        for (const auto& node : flow.nodes) names.push_back(node.node_key);
        std::vector<workflow::Arc> arcs;
        for (const auto& edge : flow.edges)
            arcs.push_back({static_cast<std::size_t>(std::stoul(edge.source_node_key.substr(5))),
                            static_cast<std::size_t>(std::stoul(edge.target_node_key.substr(5)))});
        const auto layout =
            workflow::lay_out(workflow::Graph::make(names, arcs).value(), {.node_height = 44, .gap = 18});
        CHECK(gap_between(layout, 44) >= 18);
        CHECK(layout.height < 3'000);
        const std::string svg = workflow::draw(flow, nullptr);
        CHECK(is_well_formed(svg));
        CHECK(svg.size() < 100'000);
        if (const char* folder = std::getenv("METER_DRAWINGS")) {  // to look at
            std::ofstream(std::string(folder) + "/large.svg") << svg;
            std::ofstream(std::string(folder) + "/diamond.svg") << workflow::draw(diamond(), nullptr);
        }
    }

    TEST_CASE("the largest workflow stays a drawing of some megabytes") {
        Workflow flow;
        for (std::size_t i = 0; i < 500; ++i) flow.nodes.push_back(test::make_node(std::to_string(i)));
        for (std::size_t i = 0; i + 1 < 500; ++i) {
            flow.edges.push_back(test::make_edge(std::to_string(i), std::to_string(i + 1)));
            for (std::size_t far = 100; far <= 300 && i + far < 500; far += 100)
                flow.edges.push_back(test::make_edge(std::to_string(i), std::to_string(i + far)));
        }
        const std::string svg = workflow::draw(flow, nullptr);
        CHECK(is_well_formed(svg));
        CHECK(svg.size() < 2'000'000);
    }

    TEST_CASE("neighbours in a layer stand in the order of what they are connected with") {
        // Defined crosswise: without ordering every edge would cross every other.
        const auto graph = workflow::Graph::make(std::vector<std::string>(8, "n"), {{0, 7}, {1, 6}, {2, 5}, {3, 4}});
        const auto layout = workflow::lay_out(*graph, {.node_height = 10, .gap = 5});
        for (const auto& arc : graph->arcs()) CHECK(layout.nodes[arc.from].middle == layout.nodes[arc.to].middle);
        std::set<std::int64_t> middles;
        for (const auto& place : layout.nodes) middles.insert(place.middle);
        CHECK(middles.size() == 4);
    }
}
