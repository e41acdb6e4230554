#include "store/sql/idempotency_store.hpp"

#include "core/id.hpp"
#include "store/sql/columns.hpp"

namespace meter::sql {
namespace {

/// A key in use: running while `status` is null, and then given up at `expires_at`.
struct IdempotencyRow {
    std::string request_hash;
    std::optional<std::int64_t> status;
    std::optional<std::string> body;
};

}  // namespace

Result<IdempotencyState> SqlIdempotencyStore::begin(std::string_view account_id, std::string_view key,
                                                    std::string_view request_hash, TimePoint now,
                                                    TimePoint running_until) {
    using Kind = IdempotencyState::Kind;
    const std::string token = core::new_uuid(now);
    return database_.write("idempotency.begin", [&](Connection& connection) -> Result<IdempotencyState> {
        auto row = find_row<IdempotencyRow>(connection,
                                            "SELECT request_hash, status, body FROM idempotency_keys "
                                            "WHERE account_id = $1 AND \"key\" = $2 AND expires_at > $3",
                                            {account_id, key, now}, [](Columns& columns) {
                                                IdempotencyRow found;
                                                found.request_hash = columns.text();
                                                found.status = columns.optional_integer();
                                                found.body = columns.optional_text();
                                                return found;
                                            });
        if (row) {
            // Another body is a mistake of the caller whether or not the first request has ended (wire contract 6).
            if (row->request_hash != request_hash) return IdempotencyState{.kind = Kind::mismatch};
            if (!row->status) return IdempotencyState{.kind = Kind::in_progress};
            return IdempotencyState{.kind = Kind::replay,
                                    .status = static_cast<int>(*row->status),
                                    .body = std::move(row->body).value_or(std::string())};
        }
        connection.run(
            "INSERT INTO idempotency_keys (account_id, \"key\", request_hash, token, expires_at) "
            "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, \"key\") DO UPDATE SET "
            "request_hash = excluded.request_hash, token = excluded.token, status = NULL, body = NULL, "
            "expires_at = excluded.expires_at",
            {account_id, key, request_hash, token, running_until});
        return IdempotencyState{.kind = Kind::started, .token = token};
    });
}

Result<void> SqlIdempotencyStore::finish(std::string_view token, int status, std::string_view body,
                                         TimePoint expires_at) {
    return database_.write("idempotency.finish", [&](Connection& connection) -> Result<void> {
        connection.run(
            "UPDATE idempotency_keys SET status = $2, body = $3, expires_at = $4 WHERE token = $1 AND status IS NULL",
            {token, status, body, expires_at});
        return {};
    });
}

Result<void> SqlIdempotencyStore::abandon(std::string_view token) {
    return database_.write("idempotency.abandon", [&](Connection& connection) -> Result<void> {
        connection.run("DELETE FROM idempotency_keys WHERE token = $1 AND status IS NULL", {token});
        return {};
    });
}

Result<std::int64_t> SqlIdempotencyStore::drop_expired(TimePoint now) {
    return database_.write("idempotency.drop_expired", [&](Connection& connection) -> Result<std::int64_t> {
        return connection.run("DELETE FROM idempotency_keys WHERE expires_at <= $1", {now});
    });
}

}  // namespace meter::sql
