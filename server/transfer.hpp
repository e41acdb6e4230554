// meter-server export and import.
#pragma once

#include "commands.hpp"

namespace meter::server {

/// Everything of the store as JSON Lines, to a new file that only its owner may read, or to standard output ("-").
int run_export(const ServerConfig& config, const std::string& path);

/// The other way round into an empty store, from a file or standard input ("-"); or, with `from`, the watches of
/// another program beside what is there.
int run_import(const ServerConfig& config, const ImportArguments& arguments);

}  // namespace meter::server
