// The quota half of SqlStrategyStore. Counted creations are the "created" events of the audit: it survives the
// strategies, so deleting one gives nothing back (wire contract 7), and there is no second record to disagree with it.
#include <algorithm>

#include "core/id.hpp"
#include "store/sql/columns.hpp"
#include "store/sql/strategy_store.hpp"

namespace meter::sql {
namespace {

QuotaUsage count_creations(Connection& connection, std::string_view account_id, TimePoint window_start, TimePoint now) {
    QuotaUsage usage;
    const auto add = [&](const Row& row) {
        Columns columns(row);
        usage.used += columns.integer();
        const auto oldest = columns.optional_time();
        if (oldest) usage.oldest = usage.oldest ? std::min(*usage.oldest, *oldest) : *oldest;
    };
    connection.run(
        "SELECT COUNT(*), MIN(created_at) FROM audit_events "
        "WHERE account_id = $1 AND event = 'created' AND created_at >= $2",
        {account_id, window_start}, add);
    connection.run("SELECT COUNT(*), MIN(created_at) FROM quota_reservations WHERE account_id = $1 AND expires_at > $2",
                   {account_id, now}, add);
    return usage;
}

}  // namespace

Result<QuotaUsage> SqlStrategyStore::quota_usage(std::string_view account_id, TimePoint window_start, TimePoint now) {
    return database_.read("strategies.quota_usage", [&](Connection& connection) -> Result<QuotaUsage> {
        return count_creations(connection, account_id, window_start, now);
    });
}

Result<std::optional<std::string>> SqlStrategyStore::reserve_quota(std::string_view account_id, TimePoint window_start,
                                                                   TimePoint now, TimePoint expires_at,
                                                                   std::int64_t limit) {
    using Reserved = std::optional<std::string>;
    const std::string reservation = core::new_uuid(now);
    return database_.write("strategies.reserve_quota", [&](Connection& connection) -> Result<Reserved> {
        connection.run("DELETE FROM quota_reservations WHERE account_id = $1 AND expires_at <= $2", {account_id, now});
        if (limit != -1 && count_creations(connection, account_id, window_start, now).used >= limit) return Reserved{};
        connection.run(
            "INSERT INTO quota_reservations (reservation, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
            {reservation, account_id, now, expires_at});
        return Reserved{reservation};
    });
}

Result<void> SqlStrategyStore::release_quota(std::string_view reservation) {
    return database_.write("strategies.release_quota", [&](Connection& connection) -> Result<void> {
        connection.run("DELETE FROM quota_reservations WHERE reservation = $1", {reservation});
        return {};
    });
}

}  // namespace meter::sql
