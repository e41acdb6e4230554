// The queue half of SqlDeliveryStore: who attempts what, and until when.
//
// A claim raises `token` and moves next_attempt_at to the end of the lease: nothing has to be swept, a lost attempt is
// simply due again. Every later write about the attempt names (delivery_id, token) and finds nothing when it was taken
// over, ended, replayed or dropped meanwhile.
#include <algorithm>
#include <map>
#include <utility>

#include "store/sql/delivery_columns.hpp"
#include "store/sql/delivery_store.hpp"

namespace meter::sql {
namespace {

// Enough to find work for a dispatcher at once in all but one case: when the oldest due deliveries all go to endpoints
// without places. Then the endpoints are walked.
constexpr std::int64_t due_window = 256;

struct DueDelivery {
    std::string delivery_id;
    std::string endpoint;
};

/// Counts places down while deliveries are chosen.
class EndpointPlaces {
public:
    explicit EndpointPlaces(const DeliveryClaim& claim) : each_(claim.per_endpoint), left_(claim.limit) {
        for (const auto& [endpoint, places] : claim.places) places_.insert_or_assign(endpoint, places);
    }

    std::int64_t left() const noexcept { return left_; }
    std::int64_t at(const std::string& endpoint) const {
        const auto found = places_.find(endpoint);
        return std::min(left_, found == places_.end() ? each_ : found->second);
    }
    bool take(const std::string& endpoint) {
        if (at(endpoint) <= 0) return false;
        --places_.try_emplace(endpoint, each_).first->second;
        --left_;
        return true;
    }

private:
    const std::int64_t each_;
    std::int64_t left_;
    std::map<std::string, std::int64_t> places_;
};

/// One index seek for each endpoint that has anything pending.
void choose_by_endpoint(Connection& connection, TimePoint now, EndpointPlaces& places,
                        std::vector<std::string>& chosen) {
    std::string endpoint;
    while (places.left() > 0) {
        auto next = find_row<std::string>(connection,
                                          "SELECT endpoint FROM webhook_deliveries WHERE status = 'pending' "
                                          "AND endpoint > $1 ORDER BY endpoint LIMIT 1",
                                          {endpoint}, [](Columns& columns) { return columns.text(); });
        if (!next) return;
        endpoint = *std::move(next);
        const auto most = places.at(endpoint);
        if (most <= 0) continue;
        connection.run(
            "SELECT delivery_id FROM webhook_deliveries WHERE status = 'pending' AND endpoint = $1 "
            "AND next_attempt_at <= $2 ORDER BY next_attempt_at, delivery_id LIMIT $3",
            {endpoint, now, most}, [&](const Row& row) {
                if (places.take(endpoint)) chosen.emplace_back(row.text(0));
            });
    }
}

/// What to claim, in the order it is due.
std::vector<std::string> choose_due(Connection& connection, const DeliveryClaim& claim) {
    std::vector<DueDelivery> due;
    connection.run(
        "SELECT delivery_id, endpoint FROM webhook_deliveries WHERE status = 'pending' AND next_attempt_at <= $1 "
        "ORDER BY next_attempt_at, delivery_id LIMIT $2",
        {claim.now, due_window}, [&](const Row& row) {
            Columns columns(row);
            DueDelivery one;
            one.delivery_id = columns.text();
            one.endpoint = columns.text();
            due.push_back(std::move(one));
        });
    EndpointPlaces places(claim);
    std::vector<std::string> chosen;
    for (auto& one : due)
        if (places.take(one.endpoint)) chosen.push_back(std::move(one.delivery_id));
    if (!chosen.empty() || static_cast<std::int64_t>(due.size()) < due_window) return chosen;
    choose_by_endpoint(connection, claim.now, places, chosen);
    return chosen;
}

}  // namespace

Result<std::vector<ClaimedDelivery>> SqlDeliveryStore::claim_due(const DeliveryClaim& claim) {
    using Claimed = std::vector<ClaimedDelivery>;
    static const std::string claim_sql =
        "UPDATE webhook_deliveries SET attempts = attempts + 1, token = token + 1, next_attempt_at = $2 "
        "WHERE delivery_id = $1 AND status = 'pending' AND next_attempt_at <= $3 RETURNING " +
        std::string(delivery_columns) + ", webhook_deliveries.token";
    if (claim.limit <= 0) return Claimed{};
    // Dispatchers ask all the time: nothing due costs them a read and the writer nothing.
    const auto chosen = database_.read(
        "deliveries.claim_due",
        [&](Connection& connection) -> Result<std::vector<std::string>> { return choose_due(connection, claim); });
    if (!chosen) return chosen.error();
    if (chosen->empty()) return Claimed{};
    return database_.write("deliveries.claim_due", [&](Connection& connection) -> Result<Claimed> {
        Claimed claimed;
        for (const auto& delivery_id : *chosen) {
            auto one = find_row<ClaimedDelivery>(
                connection, claim_sql, {delivery_id, claim.now + claim.lease, claim.now}, [](Columns& columns) {
                    ClaimedDelivery found;
                    found.delivery = read_delivery(columns);
                    found.token = columns.integer();
                    return found;
                });
            if (!one) continue;  // somebody was faster
            one->delivery.payload =
                find_row<std::string>(connection, "SELECT payload FROM webhook_payloads WHERE delivery_id = $1",
                                      {delivery_id}, [](Columns& columns) { return columns.text(); })
                    .value_or(std::string());
            claimed.push_back(*std::move(one));
        }
        return claimed;
    });
}

Result<std::vector<std::string>> SqlDeliveryStore::heartbeat(const std::vector<DeliveryRef>& attempts, TimePoint now,
                                                             std::chrono::milliseconds lease) {
    using Lost = std::vector<std::string>;
    if (attempts.empty()) return Lost{};
    return database_.write("deliveries.heartbeat", [&](Connection& connection) -> Result<Lost> {
        Lost lost;
        for (const auto& attempt : attempts) {
            const auto extended = connection.run(
                "UPDATE webhook_deliveries SET next_attempt_at = $3 "
                "WHERE delivery_id = $1 AND token = $2 AND status = 'pending'",
                {attempt.delivery_id, attempt.token, now + lease});
            if (extended == 0) lost.push_back(attempt.delivery_id);
        }
        return lost;
    });
}

Result<bool> SqlDeliveryStore::end_attempt(const AttemptEnd& end) {
    return database_.write("deliveries.end_attempt", [&](Connection& connection) -> Result<bool> {
        const bool ended = end.delivered || !end.next_attempt_at;
        const Param completed_at = ended ? Param(end.ended_at) : Param(nullptr);
        const Param error = end.delivered ? Param(nullptr) : Param(end.error);
        const Param next = ended ? Param(nullptr) : Param(end.next_attempt_at);
        const auto status =
            end.delivered ? DeliveryStatus::delivered : (ended ? DeliveryStatus::failed : DeliveryStatus::pending);
        // The token moves on: a second end of the same attempt, told late, changes nothing.
        return connection.run(
                   "UPDATE webhook_deliveries SET status = $3, failures = failures + $4, next_attempt_at = $5, "
                   "last_status_code = $6, last_error = $7, completed_at = $8, token = token + 1 "
                   "WHERE delivery_id = $1 AND token = $2 AND status = 'pending'",
                   {end.attempt.delivery_id, end.attempt.token, to_string(status), end.delivered ? 0 : 1, next,
                    end.status_code, error, completed_at}) == 1;
    });
}

Result<bool> SqlDeliveryStore::release(const DeliveryRef& attempt, TimePoint now, std::string_view endpoint) {
    return database_.write("deliveries.release", [&](Connection& connection) -> Result<bool> {
        return connection.run(
                   "UPDATE webhook_deliveries SET attempts = attempts - 1, token = token + 1, next_attempt_at = $3, "
                   "endpoint = $4 WHERE delivery_id = $1 AND token = $2 AND status = 'pending'",
                   {attempt.delivery_id, attempt.token, now, endpoint}) == 1;
    });
}

Result<bool> SqlDeliveryStore::drop(const DeliveryRef& attempt) {
    return database_.write("deliveries.drop", [&](Connection& connection) -> Result<bool> {
        return connection.run(
                   "DELETE FROM webhook_deliveries WHERE delivery_id = $1 AND token = $2 AND status = 'pending'",
                   {attempt.delivery_id, attempt.token}) == 1;
    });
}

Result<std::optional<TimePoint>> SqlDeliveryStore::next_due() {
    return database_.read("deliveries.next_due", [&](Connection& connection) -> Result<std::optional<TimePoint>> {
        return find_row<TimePoint>(connection,
                                   "SELECT next_attempt_at FROM webhook_deliveries WHERE status = 'pending' "
                                   "AND next_attempt_at IS NOT NULL ORDER BY next_attempt_at, delivery_id LIMIT 1",
                                   {}, [](Columns& columns) { return columns.time(); });
    });
}

}  // namespace meter::sql
