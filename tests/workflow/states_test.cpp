#include "workflow/states.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "workflow/flows.hpp"

using namespace meter;
using workflow::Graph;

namespace {

/// A node's end in one letter: c completed, f failed, u unchanged, x upstream_failed, a cancelled, p pending, r
/// running, j completed with a failed job.
std::vector<NodeExecution> nodes_of(const std::string& letters) {
    std::vector<NodeExecution> nodes;
    for (const char letter : letters) {
        NodeExecution node;
        node.node_key = "n" + std::to_string(nodes.size());
        switch (letter) {
            case 'c':
            case 'j':
                node.status = NodeStatus::completed;
                node.job_count = 2;
                node.failed_job_count = letter == 'j' ? 1 : 0;
                break;
            case 'f':
                node.status = NodeStatus::failed;
                node.job_count = node.failed_job_count = 1;
                node.error = "HTTP 500";
                break;
            case 'u':
            case 'x':
                node.status = NodeStatus::skipped;
                node.skip_reason = letter == 'u' ? SkipReason::unchanged : SkipReason::upstream_failed;
                break;
            case 'a':
                node.status = NodeStatus::cancelled;
                break;
            case 'r':
                node.status = NodeStatus::running;
                break;
            default:
                break;
        }
        nodes.push_back(std::move(node));
    }
    return nodes;
}

Graph graph_of(std::size_t size, const std::vector<workflow::Arc>& arcs) {
    return Graph::make(std::vector<std::string>(size, "n"), arcs).value();
}

}  // namespace

TEST_SUITE("workflow.states") {
    TEST_CASE("a node is ready once all its upstreams have ended, however") {
        // 0 -> 2 <- 1, 2 -> 3
        const Graph graph = graph_of(4, {{0, 2}, {1, 2}, {2, 3}});
        struct Row {
            std::string states;
            std::vector<std::size_t> ready;
        };
        for (const Row& row :
             {Row{"pppp", {0, 1}}, Row{"cppp", {1}}, Row{"crpp", {}}, Row{"ccpp", {2}}, Row{"fupp", {2}},
              Row{"xapp", {2}}, Row{"ccrp", {}}, Row{"ccxp", {3}}, Row{"cccc", {}}}) {
            CAPTURE(row.states);
            CHECK(ready_nodes(graph, nodes_of(row.states)) == row.ready);
        }
    }

    TEST_CASE("upstreams have failed when none of them is good") {
        const Graph graph = graph_of(3, {{0, 2}, {1, 2}});
        struct Row {
            std::string states;
            bool failed;
        };
        for (const Row& row : {Row{"ccp", false}, Row{"cfp", false}, Row{"fup", false}, Row{"jfp", false},
                               Row{"ffp", true}, Row{"fxp", true}, Row{"axp", true}}) {
            CAPTURE(row.states);
            CHECK(upstreams_failed(graph, nodes_of(row.states), 2) == row.failed);
        }
        CHECK_FALSE(upstreams_failed(graph, nodes_of("ffp"), 0));
    }

    TEST_CASE("a node fails when all its jobs did and nothing was reused") {
        CHECK(workflow::ended_status(0, 0, 0) == NodeStatus::completed);
        CHECK(workflow::ended_status(3, 2, 0) == NodeStatus::completed);
        CHECK(workflow::ended_status(3, 3, 0) == NodeStatus::failed);
        CHECK(workflow::ended_status(3, 3, 1) == NodeStatus::completed);
        CHECK(workflow::ended_status(0, 0, 4) == NodeStatus::completed);
    }

    TEST_CASE("the end of a run follows from its nodes and leaves") {
        const Graph chain = graph_of(2, {{0, 1}});
        const Graph fork = graph_of(3, {{0, 1}, {0, 2}});
        const Graph join = graph_of(3, {{0, 2}, {1, 2}});
        struct Row {
            const Graph& graph;
            std::string states;
            RunStatus status;
            std::string error = {};
        };
        for (const Row& row : {
                 // Appendix C: index -> details
                 Row{chain, "cc", RunStatus::completed},
                 Row{chain, "cj", RunStatus::partial},
                 Row{chain, "cf", RunStatus::failed, "Node 'n1' failed: HTTP 500"},
                 Row{chain, "fx", RunStatus::failed, "Node 'n0' failed: HTTP 500"},
                 Row{chain, "cu", RunStatus::completed},
                 // 19.5
                 Row{chain, "jc", RunStatus::partial},
                 Row{chain, "ju", RunStatus::partial},
                 Row{chain, "jf", RunStatus::failed, "Node 'n1' failed: HTTP 500"},
                 Row{fork, "ccc", RunStatus::completed},
                 Row{fork, "ccf", RunStatus::partial},
                 Row{fork, "cuf", RunStatus::partial},
                 Row{fork, "cff", RunStatus::failed, "Node 'n1' failed: HTTP 500"},
                 Row{fork, "fxx", RunStatus::failed, "Node 'n0' failed: HTTP 500"},
                 Row{join, "fcc", RunStatus::partial},
                 Row{join, "fcf", RunStatus::failed, "Node 'n0' failed: HTTP 500"},
                 Row{join, "ffx", RunStatus::failed, "Node 'n0' failed: HTTP 500"},
                 // what a deadline cuts off
                 Row{chain, "ca", RunStatus::failed, "Node 'n1' failed: cancelled"},
                 Row{chain, "fa", RunStatus::failed, "Node 'n0' failed: HTTP 500"},
                 Row{fork, "cca", RunStatus::partial},
             }) {
            CAPTURE(row.states);
            const auto verdict = workflow::verdict(row.graph, nodes_of(row.states));
            CHECK(verdict.status == row.status);
            CHECK(verdict.error.value_or("") == row.error);
        }
        CHECK(workflow::verdict(graph_of(0, {}), {}).status == RunStatus::completed);
    }

    TEST_CASE("the first failed node is the first in order, not in definition") {
        const Graph graph = graph_of(3, {{2, 1}, {1, 0}});
        CHECK(*workflow::verdict(graph, nodes_of("ffj")).error == "Node 'n1' failed: HTTP 500");
        auto nodes = nodes_of("xf");
        nodes[1].error.reset();
        CHECK(*workflow::verdict(graph_of(2, {{1, 0}}), nodes).error == "Node 'n1' failed: All its jobs failed");
    }

    TEST_CASE("leaves are labelled in definition order") {
        std::vector<WorkflowNode> nodes;
        for (const auto* key : {"script:jobs", "index", "script:purchasing_reps", "benefits", "script:benefits"})
            nodes.push_back(test::make_node(key));
        const auto labels = leaf_labels(graph_of(5, {{1, 0}, {1, 2}, {1, 3}, {1, 4}}), nodes);
        REQUIRE(labels.size() == 4);
        CHECK(labels[0].node == 0);
        CHECK(labels[0].label == "default");
        CHECK(labels[1].node == 2);
        CHECK(labels[1].label == "purchasing reps");
        CHECK(labels[2].label == "benefits");
        CHECK(labels[3].label == "benefits");
    }
}
