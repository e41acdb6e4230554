#include "commands.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <utility>

#include "meter/api_key.hpp"
#include "meter/clock.hpp"
#include "meter/json.hpp"

namespace meter::server {
namespace {

constexpr std::size_t prefix_length = 12;

Value key_value(const ApiKey& key) {
    Value::Array scopes;
    for (const auto& scope : key.scopes) scopes.emplace_back(scope);
    return Object{{"prefix", key.prefix},
                  {"key_id", key.key_id},
                  {"account_id", key.account_id},
                  {"user_id", key.user_id},
                  {"organization_id", key.organization_id},
                  {"name", key.name},
                  {"scopes", std::move(scopes)},
                  {"created_at", format_time(key.created_at)},
                  {"expires_at", key.expires_at ? Value(format_time(*key.expires_at)) : Value()}};
}

}  // namespace

Result<std::shared_ptr<Store>> open_existing(const std::string& url, const StoreOptions& options) {
    constexpr std::string_view scheme = "sqlite:";
    std::error_code unknown;  // then opening says what is wrong
    if (const std::string path = url.substr(std::min(scheme.size(), url.size()));
        url.starts_with(scheme) && !std::filesystem::exists(path, unknown) && !unknown)
        return Error{ErrorCode::not_found, "There is no store " + path, path};
    return open_store(url, options);
}

int fail_command(const Error& error) {
    std::cerr << "meter-server: " << error.message << '\n';
    return 1;
}

int run_keys_create(const ServerConfig& config, const KeysArguments& arguments) {
    const auto store = open_store(config.store);
    if (!store) return fail_command(store.error());
    const TimePoint now = system_clock()->now();
    ApiKeyRequest request{.account_id = arguments.account,
                          .user_id = arguments.user,
                          .organization_id = arguments.organization,
                          .name = arguments.name,
                          .scopes = arguments.scopes};
    if (arguments.expires) request.expires_at = now + *arguments.expires;
    const auto created = create_api_key(**store, request, now);
    if (!created) return fail_command(created.error());
    if (arguments.json) {
        Object object{{"key", created->secret}};
        const Value stored = key_value(created->key);
        for (const auto& [name, value] : *stored.if_object()) object.append(name, value);
        std::cout << to_json(Value(std::move(object))) << '\n';
    } else {
        std::cout << created->secret << '\n';
    }
    return std::cout.flush() ? 0 : 1;
}

int run_keys_list(const ServerConfig& config, const KeysArguments& arguments) {
    const auto store = open_existing(config.store);
    if (!store) return fail_command(store.error());
    const auto keys = (*store)->api_keys().list();
    if (!keys) return fail_command(keys.error());
    if (arguments.json) {
        Value::Array array;
        for (const auto& key : *keys) array.push_back(key_value(key));
        std::cout << to_json(Value(std::move(array))) << '\n';
        return std::cout.flush() ? 0 : 1;
    }
    for (const auto& key : *keys) {
        std::cout << key.prefix << "  " << key.account_id << "  ";
        for (std::size_t i = 0; i < key.scopes.size(); ++i) std::cout << (i ? "," : "") << key.scopes[i];
        std::cout << "  created " << format_time(key.created_at);
        if (key.expires_at) std::cout << "  expires " << format_time(*key.expires_at);
        if (!key.name.empty()) std::cout << "  " << key.name;
        std::cout << '\n';
    }
    return std::cout.flush() ? 0 : 1;
}

int run_keys_revoke(const ServerConfig& config, const KeysArguments& arguments) {
    if (arguments.prefix.size() != prefix_length)
        return fail_command({ErrorCode::invalid_argument, "A prefix is the first 12 characters of a key"});
    const auto store = open_existing(config.store);
    if (!store) return fail_command(store.error());
    const auto revoked = (*store)->api_keys().revoke(arguments.prefix);
    if (!revoked) return fail_command(revoked.error());
    if (*revoked == 0) return fail_command({ErrorCode::not_found, "No key has the prefix " + arguments.prefix});
    std::cout << "Revoked " << *revoked << (*revoked == 1 ? " key" : " keys") << '\n';
    return std::cout.flush() ? 0 : 1;
}

int run_check(const ServerConfig& config) {
    const auto store = open_existing(config.store, {.refuse_damaged = false});  // it is what is looked for
    if (!store) return fail_command(store.error());
    const auto findings = (*store)->check();
    if (!findings) return fail_command(findings.error());
    for (const auto& finding : *findings) std::cout << finding << '\n';
    if (findings->empty()) std::cout << "No damage found\n";
    return findings->empty() && std::cout.flush() ? 0 : 1;
}

int run_backup(const ServerConfig& config, const std::string& path) {
    const auto store = open_existing(config.store);
    if (!store) return fail_command(store.error());
    if (const auto done = (*store)->backup(path); !done) return fail_command(done.error());
    std::cout << "Backed up to " << path << '\n';
    return std::cout.flush() ? 0 : 1;
}

}  // namespace meter::server
