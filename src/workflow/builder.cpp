// WorkflowBuilder: a request, node by node.
#include <utility>

#include "meter/workflow.hpp"

namespace meter {

WorkflowBuilder::WorkflowBuilder(std::string name, std::optional<std::string> description)
    : request_{.name = std::move(name), .description = std::move(description)} {}

WorkflowBuilder::Node::Node(WorkflowBuilder& builder, std::string key) : builder_(&builder), key_(std::move(key)) {}

WorkflowBuilder::Node WorkflowBuilder::start(std::string node_key, std::string strategy_id,
                                             std::vector<std::string> urls, std::optional<std::string> parameters) {
    WorkflowNode node;
    node.node_key = node_key;
    node.strategy_id = std::move(strategy_id);
    node.static_urls = std::move(urls);
    node.static_parameters = std::move(parameters);
    request_.nodes.push_back(std::move(node));
    return {*this, std::move(node_key)};
}

WorkflowBuilder::Node WorkflowBuilder::Node::then(std::string node_key, std::string strategy_id, FollowOptions follow) {
    WorkflowNode node;
    node.node_key = node_key;
    node.strategy_id = std::move(strategy_id);
    // static_urls as the Python client writes would be refused: such a node takes no edge (wire contract 19.1).
    node.input_type = !follow.urls.empty() ? NodeInputType::trigger_only
                      : follow.url_field   ? NodeInputType::upstream_urls
                                           : NodeInputType::upstream_data;
    if (!follow.urls.empty()) node.static_urls = std::move(follow.urls);
    node.url_field = std::move(follow.url_field);
    node.static_parameters = std::move(follow.parameters);
    node.parameter_config = std::move(follow.parameter_config);
    builder_->request_.nodes.push_back(std::move(node));
    return into({*builder_, std::move(node_key)}, std::move(follow.filter));
}

WorkflowBuilder::Node WorkflowBuilder::Node::into(const Node& target, std::optional<std::string> filter) {
    WorkflowEdge edge;
    edge.source_node_key = key_;
    edge.target_node_key = target.key_;
    edge.filter_config = std::move(filter);
    builder_->request_.edges.push_back(std::move(edge));
    return target;
}

}  // namespace meter
