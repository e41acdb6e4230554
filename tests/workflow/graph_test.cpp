#include "workflow/graph.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace meter;
using workflow::Arc;
using workflow::Graph;

namespace {

const std::vector<std::string> letters{"a", "b", "c", "d", "e"};

}  // namespace

TEST_SUITE("workflow.graph") {
    TEST_CASE("the order has every node after its upstreams, the smallest index first") {
        const auto graph = Graph::make(letters, {{4, 1}, {1, 0}, {4, 0}, {2, 0}}).value();
        CHECK(graph.order() == std::vector<std::size_t>{2, 3, 4, 1, 0});
        CHECK(graph.layers() == std::vector<std::size_t>{2, 1, 0, 0, 0});
        CHECK(graph.incoming(0) == std::vector<std::size_t>{1, 2, 3});
        CHECK(graph.outgoing(4) == std::vector<std::size_t>{0, 2});
        CHECK(graph.is_start(3));
        CHECK(graph.is_leaf(3));
        CHECK_FALSE(graph.is_start(1));
        CHECK(graph.is_leaf(0));
        CHECK(graph.size() == 5);
    }

    TEST_CASE("an empty graph is a graph") {
        const auto graph = Graph::make({}, {}).value();
        CHECK(graph.size() == 0);
        CHECK(graph.order().empty());
    }

    TEST_CASE("arcs that make no DAG are refused, and told") {
        struct Row {
            std::vector<Arc> arcs;
            std::string message, subject;
        };
        for (const Row& row : {
                 Row{{{0, 1}, {1, 1}}, "Edge 'b' -> 'b' connects a node with itself", "edges.1"},
                 Row{{{0, 1}, {1, 2}, {0, 1}}, "Edge 'a' -> 'b' is there twice", "edges.2"},
                 Row{{{0, 1}, {1, 0}}, "Workflow contains a cycle: a -> b -> a", "edges"},
                 Row{{{0, 1}, {1, 2}, {2, 3}, {3, 1}, {3, 4}}, "Workflow contains a cycle: b -> c -> d -> b", "edges"},
             }) {
            CAPTURE(row.message);
            const auto graph = Graph::make(letters, row.arcs);
            REQUIRE_FALSE(graph);
            CHECK(graph.error() == Error{ErrorCode::invalid_argument, row.message, row.subject});
        }
    }

    TEST_CASE("a long cycle is told in part") {
        std::vector<std::string> names;
        std::vector<Arc> arcs;
        for (std::size_t i = 0; i < 500; ++i) {
            names.push_back("n" + std::to_string(i));
            arcs.push_back({i, (i + 1) % 500});
        }
        const auto graph = Graph::make(names, arcs);
        REQUIRE_FALSE(graph);
        CHECK(graph.error().message.ends_with("n29 -> (470 more) -> n0"));
    }
}
