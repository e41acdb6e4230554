#include "store/sql/api_key_store.hpp"

#include "store/sql/columns.hpp"

namespace meter::sql {
namespace {

constexpr std::string_view api_key_columns =
    "key_id, account_id, user_id, organization_id, name, prefix, scopes, created_at, expires_at";

ApiKey read_api_key(Columns& columns) {
    ApiKey key;
    key.key_id = columns.text();
    key.account_id = columns.text();
    key.user_id = columns.text();
    key.organization_id = columns.text();
    key.name = columns.text();
    key.prefix = columns.text();
    key.scopes = columns.list();
    key.created_at = columns.time();
    key.expires_at = columns.optional_time();
    return key;
}

}  // namespace

Result<void> SqlApiKeyStore::insert(const ApiKey& key, std::string_view key_hash) {
    static const std::string sql =
        "INSERT INTO api_keys (" + std::string(api_key_columns) +
        ", key_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
    return database_.write("api_keys.insert", [&](Connection& connection) -> Result<void> {
        const auto inserted =
            connection.run(sql, {key.key_id, key.account_id, key.user_id, key.organization_id, key.name, key.prefix,
                                 stored_list(key.scopes), key.created_at, key.expires_at, key_hash});
        if (inserted == 0) return Error{ErrorCode::conflict, "This API key exists already", key.prefix};
        return {};
    });
}

Result<std::optional<ApiKey>> SqlApiKeyStore::find(std::string_view key_hash) {
    static const std::string sql = "SELECT " + std::string(api_key_columns) + " FROM api_keys WHERE key_hash = $1";
    return look_up<ApiKey>(database_, "api_keys.find", sql, {key_hash}, read_api_key);
}

Result<std::vector<ApiKey>> SqlApiKeyStore::list() {
    static const std::string sql =
        "SELECT " + std::string(api_key_columns) + " FROM api_keys ORDER BY created_at, key_id";
    return database_.read("api_keys.list", [&](Connection& connection) -> Result<std::vector<ApiKey>> {
        std::vector<ApiKey> keys;
        connection.run(sql, {}, [&](const Row& row) {
            Columns columns(row);
            keys.push_back(read_api_key(columns));
        });
        return keys;
    });
}

Result<std::int64_t> SqlApiKeyStore::revoke(std::string_view prefix) {
    return database_.write("api_keys.revoke", [&](Connection& connection) -> Result<std::int64_t> {
        return connection.run("DELETE FROM api_keys WHERE prefix = $1", {prefix});
    });
}

}  // namespace meter::sql
