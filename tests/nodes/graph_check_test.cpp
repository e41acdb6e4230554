#include <doctest/doctest.h>

#include "meter/automation.hpp"
#include "nodes/bench.hpp"

using namespace meter;

namespace {

/// The library's types that are in every build, one that is not in this one, and one that is connected to something.
NodeRegistry graph_registry() {
    auto registry = NodeRegistry::with_builtins().value();
    NodeType absent;
    absent.node_id = "absent";
    absent.missing = "built without libabsent (METER_WITH_ABSENT)";
    REQUIRE(registry.add(absent));
    NodeType mine;
    mine.node_id = "mine";
    mine.connection_type = "mine";
    mine.config_schema = json_value(R"({"type": "object", "required": ["connection"], "properties": {
        "connection": {"type": "string"}, "note": {"type": "string"}}})");
    mine.check = [](const Value& config) -> Result<void> {
        const Value* note = config.find("note");
        if (note == nullptr) return {};
        return Error{ErrorCode::invalid_argument, "config.note is " + *note->if_string(), "config.note"};
    };
    mine.run = [](NodeContext&, ItemSource&, ItemSink&) -> Result<void> { return {}; };
    REQUIRE(registry.add(mine));
    return registry;
}

Connections graph_connections() {
    return Connections::parse(
               json_value(R"({"here": {"type": "mine", "token": "hunter2hunter2"}, "db": {"type": "other"}})"))
        .value();
}

std::string merge_chain(int count) {
    std::string nodes = "[";
    for (int i = 0; i < count; ++i)
        nodes += (i > 0 ? ",{" : "{") + (R"("id":"n)" + std::to_string(i)) + R"(","nodeId":"merge"})";
    return nodes + "]";
}

}  // namespace

TEST_SUITE("nodes.graph_check") {
    TEST_CASE("what can run is let through") {
        const auto registry = graph_registry();
        const auto connections = graph_connections();
        struct Row {
            std::string_view nodes, connections;
        };
        for (const Row& row : {
                 Row{"[]", "[]"},
                 Row{R"([{"id":"a","nodeId":"manual-trigger"}])", "[]"},
                 Row{R"([{"id":"a","nodeId":"manual-trigger","config":null}])", "[]"},
                 Row{R"([{"id":"a","nodeId":"mine","config":{"connection":"here"}}])", "[]"},
                 // Both ports of the filter lead to one node, in any order, with the usual ports left out.
                 Row{R"([{"id":"m","nodeId":"merge"},{"id":"f","nodeId":"filter","config":{"conditions":
                         [{"field":"a","operator":"exists"}]}},{"id":"t","nodeId":"manual-trigger"}])",
                     R"([{"sourceNodeId":"f","sourcePort":"rejected","targetNodeId":"m"},
                         {"sourceNodeId":"f","sourcePort":"","targetNodeId":"m","targetPort":"input"},
                         {"sourceNodeId":"t","targetNodeId":"f","targetPort":null}])"},
                 // The same way twice doubles the items, which is no reason to refuse.
                 Row{R"([{"id":"a","nodeId":"manual-trigger"},{"id":"b","nodeId":"merge"}])",
                     R"([{"sourceNodeId":"a","targetNodeId":"b"},{"sourceNodeId":"a","targetNodeId":"b"}])"},
             }) {
            CAPTURE(row.nodes);
            CAPTURE(row.connections);
            AutomationGraph graph;
            graph.nodes = row.nodes;
            graph.connections = row.connections;
            const auto checked = check_graph(registry, graph, &connections);
            CHECK_MESSAGE(checked, (checked ? "" : checked.error().message));
        }
    }

    TEST_CASE("what cannot run is refused, by node and member") {
        const auto registry = graph_registry();
        const auto connections = graph_connections();
        const std::string two = R"([{"id":"a","nodeId":"manual-trigger"},{"id":"b","nodeId":"merge"}])";
        struct Row {
            std::string nodes, connections;
            std::string_view message, subject;
        };
        for (const Row& row : {
                 Row{R"({"id":"a"})", "[]", "nodes must be an array", "nodes"},
                 Row{"[", "[]", "nodes must be an array", "nodes"},
                 Row{"[]", "3", "connections must be an array", "connections"},
                 Row{"[1]", "[]", "nodes.0.id must be a text", "nodes.0.id"},
                 Row{R"([{"id":"a"}])", "[]", "Node 'a': Unknown node type: ", "nodes.0.nodeId"},
                 Row{R"([{"id":"a","nodeId":"merge"},{"id":"load","nodeId":"no-such"}])", "[]",
                     "Node 'load': Unknown node type: no-such", "nodes.1.nodeId"},
                 Row{R"([{"id":"x","nodeId":"absent"}])", "[]",
                     "Node 'x': Node type absent is not available: built without libabsent (METER_WITH_ABSENT)",
                     "nodes.0.nodeId"},
                 Row{R"([{"id":"keep","nodeId":"filter"}])", "[]",
                     "Node 'keep': Missing required field: config.conditions", "nodes.0.config.conditions"},
                 Row{R"([{"id":"h","nodeId":"webhook-trigger","config":{}}])", "[]",
                     "Node 'h': Missing required field: config.secret", "nodes.0.config.secret"},
                 Row{R"([{"id":"s","nodeId":"schedule-trigger","config":{"cronExpression":"61 * * * *"}}])", "[]", "",
                     "nodes.0.config.cronExpression"},
                 Row{R"([{"id":"c","nodeId":"mine","config":[]}])", "[]", "Node 'c': config must be an object",
                     "nodes.0.config"},
                 Row{R"([{"id":"c","nodeId":"mine","config":{"connection":"gone"}}])", "[]",
                     "Node 'c': config.connection names no configured connection: gone", "nodes.0.config.connection"},
                 Row{R"([{"id":"c","nodeId":"mine","config":{"connection":"db"}}])", "[]",
                     "Node 'c': config.connection must name a connection of type mine, not other",
                     "nodes.0.config.connection"},
                 Row{R"([{"id":"c","nodeId":"mine","config":{"connection":"here","note":"hunter2hunter2"}}])", "[]",
                     "Node 'c': config.note is ***", "nodes.0.config.note"},
                 Row{R"([{"id":"a","nodeId":"merge"},{"id":"a","nodeId":"merge"}])", "[]", "Node 'a' is there twice",
                     "nodes.1.id"},
                 Row{two, R"([{"targetNodeId":"b"}])", "A connection names the node '', which is not there",
                     "connections.0.sourceNodeId"},
                 Row{two, R"([3])", "A connection names the node '', which is not there", "connections.0.sourceNodeId"},
                 Row{two, R"([{"sourceNodeId":"a","targetNodeId":"c"}])",
                     "A connection names the node 'c', which is not there", "connections.0.targetNodeId"},
                 Row{two, R"([{"sourceNodeId":"a","sourcePort":"rejected","targetNodeId":"b"}])",
                     "Node 'a' (manual-trigger) has no output port 'rejected'", "connections.0.sourcePort"},
                 Row{two, R"([{"sourceNodeId":"a","targetNodeId":"b","targetPort":"left"}])",
                     "Node 'b' (merge) has no input port 'left'", "connections.0.targetPort"},
                 Row{two, R"([{"sourceNodeId":"b","targetNodeId":"a"}])",
                     "Node 'a' (manual-trigger) has no input port 'input'", "connections.0.targetPort"},
                 Row{merge_chain(1), R"([{"sourceNodeId":"n0","targetNodeId":"n0"}])",
                     "Workflow contains a cycle: n0 -> n0", "connections"},
                 Row{merge_chain(4),
                     R"([{"sourceNodeId":"n0","targetNodeId":"n1"},{"sourceNodeId":"n1","targetNodeId":"n2"},
                         {"sourceNodeId":"n1","targetNodeId":"n2"},{"sourceNodeId":"n2","targetNodeId":"n3"},
                         {"sourceNodeId":"n3","targetNodeId":"n1"}])",
                     "Workflow contains a cycle: n1 -> n2 -> n3 -> n1", "connections"},
             }) {
            CAPTURE(row.nodes);
            CAPTURE(row.connections);
            AutomationGraph graph;
            graph.nodes = row.nodes;
            graph.connections = row.connections;
            const auto checked = check_graph(registry, graph, &connections);
            REQUIRE_FALSE(checked);
            CHECK(checked.error().code == ErrorCode::invalid_argument);
            CHECK(checked.error().subject == row.subject);
            if (!row.message.empty()) CHECK(checked.error().message == row.message);
        }
    }

    TEST_CASE("connections are not looked at where there are none to look at") {
        const auto registry = graph_registry();
        AutomationGraph graph;
        graph.nodes = R"([{"id":"c","nodeId":"mine","config":{"connection":"gone"}}])";
        CHECK(check_graph(registry, graph, nullptr));
        const Connections none;
        CHECK_FALSE(check_graph(registry, graph, &none));
    }

    TEST_CASE("the largest graph is checked without recursion on its length") {
        const auto registry = graph_registry();
        AutomationGraph graph;
        graph.nodes = merge_chain(500);
        std::string arcs;
        for (int i = 0; i + 1 < 500; ++i)
            arcs += (i > 0 ? "," : "") + (R"({"sourceNodeId":"n)" + std::to_string(i)) + R"(","targetNodeId":"n)" +
                    std::to_string(i + 1) + "\"}";
        graph.connections = "[" + arcs + "]";
        CHECK(check_graph(registry, graph, nullptr));
        graph.connections = "[" + arcs + R"(,{"sourceNodeId":"n499","targetNodeId":"n0"}])";
        const auto cycle = check_graph(registry, graph, nullptr);
        REQUIRE_FALSE(cycle);
        CHECK(cycle.error().message.starts_with("Workflow contains a cycle: n0 -> n1 -> "));
        CHECK(cycle.error().message.size() < 400);
    }
}
