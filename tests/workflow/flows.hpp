// Workflows for tests, written short.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "meter/workflow.hpp"

namespace meter::test {

inline constexpr const char* strategy_uuid = "550e8400-e29b-41d4-a716-446655440000";

inline WorkflowNode make_node(std::string key, NodeInputType type = NodeInputType::upstream_data) {
    WorkflowNode node;
    node.node_key = std::move(key);
    node.strategy_id = strategy_uuid;
    node.input_type = type;
    if (type == NodeInputType::static_urls) node.static_urls = std::vector<std::string>{"https://a.test/"};
    if (type == NodeInputType::upstream_urls) node.url_field = "link";
    return node;
}

inline WorkflowEdge make_edge(std::string source, std::string target) {
    WorkflowEdge edge;
    edge.source_node_key = std::move(source);
    edge.target_node_key = std::move(target);
    return edge;
}

}  // namespace meter::test
