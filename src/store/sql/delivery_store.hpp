// The outbox, in SQL.
#pragma once

#include "meter/store.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

class SqlDeliveryStore final : public DeliveryStore {
public:
    explicit SqlDeliveryStore(Database& database) : database_(database) {}

    // delivery_store.cpp
    Result<void> insert(const std::vector<Delivery>& deliveries) override;
    Result<std::optional<Delivery>> find(std::string_view account_id, std::string_view delivery_id) override;
    Result<std::vector<Delivery>> list(std::string_view account_id, const DeliveryQuery& query) override;
    Result<std::optional<Delivery>> replay(std::string_view account_id, std::string_view delivery_id,
                                           TimePoint now) override;
    Result<std::int64_t> drop_ended_before(TimePoint moment, std::int64_t limit) override;

    // delivery_claims.cpp
    Result<std::vector<ClaimedDelivery>> claim_due(const DeliveryClaim& claim) override;
    Result<std::vector<std::string>> heartbeat(const std::vector<DeliveryRef>& attempts, TimePoint now,
                                               std::chrono::milliseconds lease) override;
    Result<bool> end_attempt(const AttemptEnd& end) override;
    Result<bool> release(const DeliveryRef& attempt, TimePoint now, std::string_view endpoint) override;
    Result<bool> drop(const DeliveryRef& attempt) override;
    Result<std::optional<TimePoint>> next_due() override;

private:
    Database& database_;
};

}  // namespace meter::sql
