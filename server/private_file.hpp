// Files that hold secrets: settings, connections.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "meter/connection.hpp"
#include "meter/result.hpp"

namespace meter::server {

/// Reads a file that nobody but its owner may read (mode 0600). Errors: invalid_argument; the message begins with the
/// path.
Result<std::string> read_private_file(const std::string& path, std::size_t max_bytes);

/// The value of a variable; nullopt when it is not set.
using VariableLookup = std::function<std::optional<std::string>(const std::string& name)>;

/// Reads a file of connections: the JSON object of Connections::parse(). Where a text is wanted,
/// {"$variable": "METER_..."} stands for the value of that variable, in members of a connection and in the members of
/// those (`headers`).
/// Errors: invalid_argument; the message begins with the path and has no value of a member.
Result<Connections> read_connections_file(const std::string& path, const VariableLookup& variable);

}  // namespace meter::server
