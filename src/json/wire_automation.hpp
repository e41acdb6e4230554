// Parts of stored automations that several modules read: nodes, connections, settings.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/members.hpp"
#include "meter/value.hpp"

namespace meter::json {

/// The members `nodes` and `connections` of a request, checked by type (wire contract 20.1), as JSON texts.
std::optional<std::string> read_automation_nodes(Members& in);
std::optional<std::string> read_automation_connections(Members& in);

/// One node of AutomationGraph::nodes.
struct StoredNode {
    std::string id;
    std::string type;  ///< its `nodeId`
    std::optional<std::string> label = {};
    Value config = Object{};
};

/// One of AutomationGraph::connections.
struct StoredConnection {
    std::string source, source_port = "output";
    std::string target, target_port = "input";
};

/// What cannot be read is left out: texts that were stored have been checked.
std::vector<StoredNode> read_stored_nodes(std::string_view nodes);
std::vector<StoredConnection> read_stored_connections(std::string_view connections);

/// The members of AutomationGraph::settings that executions know; what is absent or no such value has its default.
struct ExecutionSettings {
    std::chrono::seconds timeout{3600};
    bool retry_on_failure = false;
    std::int64_t max_retries = 3;
};
ExecutionSettings read_execution_settings(std::string_view settings);

}  // namespace meter::json
