// The body of a new workflow: refused, or a graph whose order, layers, planning, drawing and stored form hold together.
#include <string>
#include <vector>

#include "fuzzing.hpp"
#include "json/wire_workflow.hpp"
#include "meter/json.hpp"
#include "meter/workflow.hpp"
#include "workflow/drawing.hpp"
#include "workflow/graph.hpp"
#include "workflow/inputs.hpp"

using meter::fuzzing::expect;
namespace workflow = meter::workflow;

namespace {

void check_graph(const workflow::Graph& graph, std::size_t nodes) {
    expect(graph.order().size() == nodes, "the order has every node");
    std::vector<std::size_t> rank(nodes);
    for (std::size_t i = 0; i < nodes; ++i) rank[graph.order()[i]] = i;
    for (const auto& arc : graph.arcs()) {
        expect(rank[arc.from] < rank[arc.to], "upstreams come first");
        expect(graph.layers()[arc.from] < graph.layers()[arc.to], "edges lead to later layers");
    }
}

void plan(const meter::WorkflowNode& node, meter::ScraperType type, const std::vector<meter::WorkflowEdge>& edges,
          const meter::Value& items) {
    meter::Strategy strategy;
    strategy.url = "https://a.test/";
    strategy.scraper_type = type;
    strategy.api_parameters = R"({"node_key":1,"name":2})";
    auto planner = workflow::InputPlanner::make(node, strategy, edges, 10);
    expect(planner.has_value(), "what was checked can be planned");
    std::vector<workflow::PlannedInput> inputs;
    for (std::size_t edge = 0; edge < edges.size(); ++edge) planner->feed(edge, items, "https://b.test/c/d", inputs);
    planner->finish(inputs);
    expect(inputs.size() <= 10, "limits hold");
    for (const auto& input : inputs)
        expect(!input.parameters || meter::parse_json(*input.parameters).has_value(), "parameters are JSON");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto body = meter::parse_json({reinterpret_cast<const char*>(data), size});
    if (!body) return 0;
    const auto request = meter::parse_workflow_request(*body);
    if (!request) return 0;
    const auto graph = workflow::check_workflow(request->nodes, request->edges, workflow::Completeness::later);
    if (!graph) {
        expect(!graph.error().message.empty() && !graph.error().subject.empty(), "a refusal names what is wrong");
        return 0;
    }
    check_graph(*graph, request->nodes.size());

    meter::Workflow flow;
    flow.name = request->name;
    flow.description = request->description;
    flow.nodes = request->nodes;
    flow.edges = request->edges;
    expect(meter::json::parse_stored_workflow(meter::json::stored_workflow(flow)).value() == flow,
           "it is kept exactly");
    expect(meter::parse_json(meter::to_json(flow)).has_value(), "the wire form is JSON");
    const std::string drawing = workflow::draw(flow, nullptr);
    expect(drawing.ends_with("</svg>\n") && drawing.find("<script") == std::string::npos, "a drawing without script");

    for (std::size_t i = 0; i < flow.nodes.size() && i < 8; ++i) {
        std::vector<meter::WorkflowEdge> edges;
        for (const std::size_t arc : graph->incoming(i)) edges.push_back(flow.edges[arc]);
        plan(flow.nodes[i], meter::ScraperType::api, edges, *body);
        plan(flow.nodes[i], meter::ScraperType::css, edges, *body);
    }
    return 0;
}
