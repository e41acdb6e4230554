// The table of routes: every method and path that exists, what a key needs for it, and who answers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.hpp"

namespace meter::server {

struct Services;
struct Call;

using RouteHandler = Answer (*)(Services&, Call&);

/// The scope of routes that need no key.
inline constexpr std::string_view no_key_needed = "public";
/// The scope of routes that any valid key opens.
inline constexpr std::string_view any_key = "any";

enum class Bucket { standard, generation };

struct Route {
    std::string_view method;  ///< "GET" answers HEAD too
    std::string_view path;    ///< "/api/jobs/{job_id}"
    std::string_view scope;   ///< of the key: "meter", "*" ..., or no_key_needed, any_key
    Bucket bucket = Bucket::standard;
    RouteHandler handler = nullptr;
    bool quota_headers = false;  ///< every authenticated answer tells the strategy quota (wire contract 7)
};

/// Values of a path's parameters, by name.
class PathParameters {
public:
    void push(std::string_view name, std::string_view value) { values_.emplace_back(name, value); }
    void pop() { values_.pop_back(); }
    /// Empty when the path has no such parameter.
    std::string_view get(std::string_view name) const noexcept;

private:
    std::vector<std::pair<std::string_view, std::string>> values_;
};

/// What a method and path lead to.
struct RouteMatch {
    const Route* route = nullptr;  ///< null: see `allow`
    PathParameters parameters = {};
    std::string allow = {};  ///< no route, but the path exists: the methods it has ("GET, HEAD"); empty: no such path
};

/// Finds routes; literal path parts win over parameters (wire contract 1). Cost grows with the depth of the path, not
/// with the number of routes. Threads: const calls from any thread.
class Router {
public:
    /// Throws std::logic_error for a route without scope or handler, or given twice: such a server must not start.
    explicit Router(std::vector<Route> routes);
    ~Router();

    RouteMatch match(std::string_view method, std::string_view path) const;
    const std::vector<Route>& routes() const noexcept { return routes_; }

private:
    struct Node;

    std::vector<Route> routes_;
    std::unique_ptr<Node> root_;
    std::size_t max_depth_ = 0;
};

}  // namespace meter::server
