// API keys, in SQL.
#pragma once

#include "meter/store.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

class SqlApiKeyStore final : public ApiKeyStore {
public:
    explicit SqlApiKeyStore(Database& database) : database_(database) {}

    Result<void> insert(const ApiKey& key, std::string_view key_hash) override;
    Result<std::optional<ApiKey>> find(std::string_view key_hash) override;
    Result<std::vector<ApiKey>> list() override;
    Result<std::int64_t> revoke(std::string_view prefix) override;

private:
    Database& database_;
};

}  // namespace meter::sql
