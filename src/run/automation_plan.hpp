// The stored graph of an execution, ready to be walked.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "json/wire_automation.hpp"
#include "meter/automation.hpp"
#include "meter/result.hpp"
#include "workflow/graph.hpp"

namespace meter::run {

/// Where a node gets items from: a port of another one.
struct AutomationFeed {
    std::size_t node = 0;
    std::string port;

    bool operator==(const AutomationFeed&) const = default;
};

/// Immutable. Indexes are those of the stored nodes.
struct AutomationPlan {
    std::vector<json::StoredNode> nodes;
    std::vector<std::vector<AutomationFeed>> feeds;  ///< of each node, in the order of the connections
    std::vector<std::set<std::string>> read_ports;   ///< of each node: what somebody reads
    workflow::Graph graph;                           ///< one arc from a node to another, whatever the ports

    /// Errors: invalid_argument for connections of nodes that are not there, and those of workflow::Graph::make().
    static Result<AutomationPlan> make(const AutomationGraph& stored);
};

}  // namespace meter::run
