// What meter-server does for each of its sub-commands; each returns the exit code of the process.
#pragma once

#include "config.hpp"
#include "meter/store.hpp"

namespace meter::server {

int run_serve(const ServerConfig& config);
int run_keys_create(const ServerConfig& config, const KeysArguments& arguments);
int run_keys_list(const ServerConfig& config, const KeysArguments& arguments);
int run_keys_revoke(const ServerConfig& config, const KeysArguments& arguments);
int run_check(const ServerConfig& config);
int run_backup(const ServerConfig& config, const std::string& path);

/// Opens a store that is there: opening makes one, which is not what who reads from it means.
Result<std::shared_ptr<Store>> open_existing(const std::string& url, const StoreOptions& options = {});

/// Writes "meter-server: <message>" to stderr and returns 1.
int fail_command(const Error& error);

}  // namespace meter::server
