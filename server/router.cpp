#include "router.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "http/query.hpp"

namespace meter::server {

struct Router::Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
    std::string_view parameter_name;
    std::vector<const Route*> routes;

    // Depth is bounded by the longest route, which match() checks first.
    static const Node* find(const Node& node, const std::vector<std::string>& parts, std::size_t at,
                            PathParameters& parameters) {
        if (at == parts.size()) return node.routes.empty() ? nullptr : &node;
        if (const auto literal = node.literals.find(parts[at]); literal != node.literals.end())
            if (const auto* found = find(*literal->second, parts, at + 1, parameters)) return found;
        if (!node.parameter || parts[at].empty()) return nullptr;
        parameters.push(node.parameter->parameter_name, parts[at]);
        if (const auto* found = find(*node.parameter, parts, at + 1, parameters)) return found;
        parameters.pop();
        return nullptr;
    }
};

std::string_view PathParameters::get(std::string_view name) const noexcept {
    for (const auto& [key, value] : values_)
        if (key == name) return value;
    return {};
}

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)), root_(std::make_unique<Node>()) {
    for (const Route& route : routes_) {
        const std::string name = std::string(route.method) + " " + std::string(route.path);
        if (route.scope.empty()) throw std::logic_error("route without a scope: " + name);
        if (!route.handler) throw std::logic_error("route without a handler: " + name);
        const auto parts = split_path(route.path);
        if (parts.empty()) throw std::logic_error("malformed route: " + name);
        max_depth_ = std::max(max_depth_, parts.size());
        Node* node = root_.get();
        std::size_t offset = 1;
        for (const auto& part : parts) {
            const bool is_parameter = part.size() > 2 && part.front() == '{' && part.back() == '}';
            auto& next = is_parameter ? node->parameter : node->literals[part];
            if (!next) next = std::make_unique<Node>();
            // The name is a view into the route's own text.
            if (is_parameter) next->parameter_name = route.path.substr(offset + 1, part.size() - 2);
            offset += part.size() + 1;
            node = next.get();
        }
        if (std::ranges::any_of(node->routes, [&](const Route* other) { return other->method == route.method; }))
            throw std::logic_error("route given twice: " + name);
        node->routes.push_back(&route);
    }
}

Router::~Router() = default;

RouteMatch Router::match(std::string_view method, std::string_view path) const {
    RouteMatch match;
    const auto parts = split_path(path);
    if (parts.empty() || parts.size() > max_depth_) return match;
    const Node* node = Node::find(*root_, parts, 0, match.parameters);
    if (!node) return match;
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    for (const Route* route : node->routes) {
        if (route->method == wanted) {
            match.route = route;
            return match;
        }
        if (!match.allow.empty()) match.allow += ", ";
        match.allow += route->method == "GET" ? std::string_view("GET, HEAD") : route->method;
    }
    return match;
}

}  // namespace meter::server
