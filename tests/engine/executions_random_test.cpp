// Random graphs with random failures, against an executor that does it the simple way.
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/executing.hpp"

using namespace meter;
using executing::Fixture;

namespace {

struct RandomConnection {
    std::size_t from = 0, to = 0;
    bool odd = false;
};

struct RandomGraph {
    std::vector<std::string> types;  // of n0, n1, ...: emit, pass, fail
    std::vector<RandomConnection> connections;
};

RandomGraph random_graph(std::mt19937& random) {
    RandomGraph graph;
    const std::size_t count = 1 + random() % 25;
    for (std::size_t i = 0; i < count; ++i) {
        const auto kind = random() % 40;
        graph.types.push_back(kind == 0 ? "fail" : kind < 12 ? "emit" : "pass");
        for (std::size_t n = i > 0 ? random() % 4 : 0; n > 0; --n)
            graph.connections.push_back({random() % i, i, random() % 3 == 0});
    }
    std::shuffle(graph.connections.begin(), graph.connections.end(), random);
    return graph;
}

/// What comes out of each node, by node; nullopt for a graph in which a node fails.
std::optional<std::vector<std::vector<std::int64_t>>> execute_simply(const RandomGraph& graph) {
    std::vector<std::vector<std::int64_t>> outputs(graph.types.size());
    for (std::size_t node = 0; node < graph.types.size(); ++node) {
        if (graph.types[node] == "fail") return std::nullopt;
        if (graph.types[node] == "emit") outputs[node] = {0, 1, 2};
        if (graph.types[node] != "pass") continue;
        std::set<std::pair<std::size_t, bool>> joined;
        for (const auto& connection : graph.connections) {
            if (connection.to != node || !joined.emplace(connection.from, connection.odd).second) continue;
            for (const auto item : outputs[connection.from])
                // Only `pass` has anything for "odd".
                if (!connection.odd || (graph.types[connection.from] == "pass" && item % 2 != 0))
                    outputs[node].push_back(item);
        }
    }
    return outputs;
}

}  // namespace

TEST_SUITE("engine.executions_random") {
    TEST_CASE("random graphs end as a simple executor says") {
        std::mt19937 random(20'250'115);
        Fixture fixture;
        for (int round = 0; round < 60; ++round) {
            const RandomGraph graph = random_graph(random);
            std::string nodes, connections;
            for (std::size_t i = 0; i < graph.types.size(); ++i)
                nodes += "n" + std::to_string(i) + ":" + graph.types[i] + " ";
            for (const auto& [from, to, odd] : graph.connections)
                connections += "n" + std::to_string(from) + (odd ? ".odd" : "") + ">n" + std::to_string(to) + " ";
            CAPTURE(nodes);
            CAPTURE(connections);
            const auto ended = fixture.run(Fixture::graph(nodes, connections));
            const auto expected = execute_simply(graph);
            CHECK(ended.status == (expected ? ExecutionStatus::completed : ExecutionStatus::failed));
            if (!expected) continue;
            const auto spans = fixture.spans(ended);
            for (std::size_t i = 0; i < graph.types.size(); ++i) {
                const auto& items = (*expected)[i];
                // `pass` says odd numbers twice; what goes through its second port is not shown.
                Value::Array shown(items.begin(), items.end());
                CHECK(spans.at("n" + std::to_string(i)).output_data == to_json(Value(std::move(shown))));
            }
        }
    }
}
