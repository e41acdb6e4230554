// The path and the query of a request target. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace meter::server {

/// The percent-decoded parts of a path between its slashes: "/a/b%20c" -> {"a", "b c"}; a trailing slash gives an empty
/// last part, a malformed escape stands for itself. Empty for text that does not start with a slash.
std::vector<std::string> split_path(std::string_view path);

/// Query members as HTML forms write them (application/x-www-form-urlencoded): "+" is a space, a malformed escape
/// stands for itself, only the first "=" separates.
class Query {
public:
    Query() = default;
    explicit Query(std::string_view text);

    /// The value of the last member of this name; null pointer when there is none.
    const std::string* find(std::string_view name) const noexcept;

private:
    std::vector<std::pair<std::string, std::string>> members_;
};

}  // namespace meter::server
