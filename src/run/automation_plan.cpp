#include "run/automation_plan.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace meter::run {
namespace {

Result<std::size_t> node_of(const std::map<std::string, std::size_t>& by_id, const std::string& id) {
    if (const auto found = by_id.find(id); found != by_id.end()) return found->second;
    return Error{ErrorCode::invalid_argument, "A connection names an unknown node: " + id, id};
}

}  // namespace

Result<AutomationPlan> AutomationPlan::make(const AutomationGraph& stored) {
    auto nodes = json::read_stored_nodes(stored.nodes);
    std::map<std::string, std::size_t> by_id;
    std::vector<std::string> names;
    for (const auto& node : nodes) {
        by_id.emplace(node.id, names.size());
        names.push_back(node.id);
    }
    std::vector<std::vector<AutomationFeed>> feeds(nodes.size());
    std::vector<std::set<std::string>> read_ports(nodes.size());
    std::vector<workflow::Arc> arcs;
    std::set<std::pair<std::size_t, std::size_t>> joined;
    std::set<std::tuple<std::size_t, std::string, std::size_t, std::string>> known;
    for (const auto& connection : json::read_stored_connections(stored.connections)) {
        const auto source = node_of(by_id, connection.source);
        if (!source) return source.error();
        const auto target = node_of(by_id, connection.target);
        if (!target) return target.error();
        if (!known.emplace(*source, connection.source_port, *target, connection.target_port).second) continue;
        feeds[*target].push_back({*source, connection.source_port});
        read_ports[*source].insert(connection.source_port);
        if (joined.emplace(*source, *target).second) arcs.push_back({*source, *target});
    }
    auto graph = workflow::Graph::make(names, arcs);
    if (!graph) return graph.error();
    return AutomationPlan{std::move(nodes), std::move(feeds), std::move(read_ports), *std::move(graph)};
}

}  // namespace meter::run
