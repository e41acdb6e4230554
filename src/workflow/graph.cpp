#include "workflow/graph.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/depth_first_search.hpp>
#include <cassert>
#include <functional>
#include <queue>
#include <utility>

namespace meter::workflow {
namespace {

using BoostGraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS>;

constexpr std::size_t most_named_in_cycle = 30;

/// Thrown through the search to end it; never leaves this file.
struct CycleFound {};

/// Follows the way from the root of the search to where it stands; an edge back to a node on that way closes a cycle.
class CycleSearch : public boost::default_dfs_visitor {
public:
    explicit CycleSearch(std::vector<std::size_t>& way) : way_(&way) {}

    void discover_vertex(std::size_t node, const BoostGraph&) const { way_->push_back(node); }
    void finish_vertex(std::size_t, const BoostGraph&) const { way_->pop_back(); }
    void back_edge(const BoostGraph::edge_descriptor& edge, const BoostGraph& graph) const {
        way_->erase(way_->begin(), std::find(way_->begin(), way_->end(), boost::target(edge, graph)));
        throw CycleFound{};
    }

private:
    std::vector<std::size_t>* way_;
};

/// The nodes of one cycle in order; empty when there is none.
std::vector<std::size_t> find_cycle(const BoostGraph& graph) {
    std::vector<std::size_t> way;
    try {
        boost::depth_first_search(graph, boost::visitor(CycleSearch(way)));
    } catch (const CycleFound&) {
    }
    return way;
}

std::string cycle_text(const std::vector<std::size_t>& cycle, const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < cycle.size() && i < most_named_in_cycle; ++i) text += names[cycle[i]] + " -> ";
    if (cycle.size() > most_named_in_cycle)
        text += "(" + std::to_string(cycle.size() - most_named_in_cycle) + " more) -> ";
    return text + names[cycle.front()];
}

Error arc_error(std::size_t arc, std::string message) {
    return {ErrorCode::invalid_argument, std::move(message), "edges." + std::to_string(arc)};
}

std::string arc_name(const Arc& arc, const std::vector<std::string>& names) {
    return "Edge '" + names[arc.from] + "' -> '" + names[arc.to] + "'";
}

}  // namespace

Result<Graph> Graph::make(const std::vector<std::string>& names, const std::vector<Arc>& arcs) {
    BoostGraph boost_graph(names.size());
    Graph graph;
    graph.incoming_.resize(names.size());
    graph.outgoing_.resize(names.size());
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t i = 0; i < arcs.size(); ++i) {
        const Arc& arc = arcs[i];
        assert(arc.from < names.size() && arc.to < names.size());
        if (arc.from == arc.to) return arc_error(i, arc_name(arc, names) + " connects a node with itself");
        boost::add_edge(arc.from, arc.to, boost_graph);
        graph.outgoing_[arc.from].push_back(i);
        graph.incoming_[arc.to].push_back(i);
        pairs.emplace_back(arc.from, arc.to);
    }
    std::sort(pairs.begin(), pairs.end());
    if (std::adjacent_find(pairs.begin(), pairs.end()) != pairs.end()) {
        for (std::size_t i = 0; i < arcs.size(); ++i)
            for (const std::size_t earlier : graph.outgoing_[arcs[i].from])
                if (earlier < i && arcs[earlier].to == arcs[i].to)
                    return arc_error(i, arc_name(arcs[i], names) + " is there twice");
    }
    if (const auto cycle = find_cycle(boost_graph); !cycle.empty())
        return Error{ErrorCode::invalid_argument, "Workflow contains a cycle: " + cycle_text(cycle, names), "edges"};

    // Of the nodes that could be next the smallest, which boost::topological_sort does not promise.
    std::vector<std::size_t> waits_for(names.size());
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> next;
    for (std::size_t node = 0; node < names.size(); ++node) {
        waits_for[node] = boost::in_degree(node, boost_graph);
        if (waits_for[node] == 0) next.push(node);
    }
    graph.layers_.resize(names.size());
    graph.order_.reserve(names.size());
    while (!next.empty()) {
        const std::size_t node = next.top();
        next.pop();
        graph.order_.push_back(node);
        const auto [first, last] = boost::adjacent_vertices(node, boost_graph);
        for (auto follower = first; follower != last; ++follower) {
            graph.layers_[*follower] = std::max(graph.layers_[*follower], graph.layers_[node] + 1);
            if (--waits_for[*follower] == 0) next.push(*follower);
        }
    }
    graph.arcs_ = arcs;
    return graph;
}

}  // namespace meter::workflow
