// Discoveries, in SQL.
#pragma once

#include "meter/store.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

class SqlDiscoveryStore final : public DiscoveryStore {
public:
    explicit SqlDiscoveryStore(Database& database) : database_(database) {}

    Result<void> insert(const Discovery& discovery) override;
    Result<std::optional<Discovery>> find(std::string_view account_id, std::string_view discovery_id) override;
    Result<std::vector<Discovery>> list(std::string_view account_id, const DiscoveryQuery& query) override;
    Result<std::optional<DiscoveredUrls>> urls(std::string_view account_id, std::string_view discovery_id,
                                               ListRange range) override;
    Result<bool> remove(std::string_view account_id, std::string_view discovery_id) override;
    Result<std::optional<ClaimedDiscovery>> claim_next(TimePoint now, std::chrono::milliseconds lease,
                                                       std::int64_t max_attempts) override;
    Result<std::vector<std::string>> heartbeat(const std::vector<DiscoveryRef>& claims, TimePoint now,
                                               std::chrono::milliseconds lease) override;
    Result<bool> advance(const DiscoveryRef& claim, const DiscoveryStep& step) override;
    Result<bool> finish(const DiscoveryRef& claim, TimePoint completed_at,
                        const std::optional<std::string>& error) override;
    Result<bool> finish_tick(const DiscoveryRef& claim, const std::optional<DiscoveryTick>& tick) override;
    Result<bool> release(const DiscoveryRef& claim) override;

private:
    Database& database_;
};

}  // namespace meter::sql
