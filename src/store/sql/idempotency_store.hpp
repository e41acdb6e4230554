// Answers kept for retried requests, in SQL.
#pragma once

#include "meter/store.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

class SqlIdempotencyStore final : public IdempotencyStore {
public:
    explicit SqlIdempotencyStore(Database& database) : database_(database) {}

    Result<IdempotencyState> begin(std::string_view account_id, std::string_view key, std::string_view request_hash,
                                   TimePoint now, TimePoint running_until) override;
    Result<void> finish(std::string_view token, int status, std::string_view body, TimePoint expires_at) override;
    Result<void> abandon(std::string_view token) override;
    Result<std::int64_t> drop_expired(TimePoint now) override;

private:
    Database& database_;
};

}  // namespace meter::sql
