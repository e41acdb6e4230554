// Where discoveries, and how far they have come, are kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/discovery.hpp"
#include "meter/export.hpp"
#include "meter/job.hpp"
#include "meter/result.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"

namespace meter {

// The rules for every store (meter/store.hpp) hold here too.

/// Names one claim of a discovery.
struct DiscoveryRef {
    std::string discovery_id = {};
    std::int64_t token = 0;
};

/// A discovery as handed to a worker, with how far it came.
struct ClaimedDiscovery {
    Discovery discovery;
    DiscoveryState state;
    std::int64_t token = 0;
    bool given_up = false;  ///< run for a tick, and lost its worker too often: only to be ended

    DiscoveryRef ref() const { return {discovery.discovery_id, token}; }
};

/// How a discovery that was run for a tick ends: as jobs of its schedule.
struct DiscoveryTick {
    std::int64_t version = 0;                           ///< of the schedule that `jobs` were made from
    std::optional<std::vector<std::string>> urls = {};  ///< the schedule's from now on; nullopt: those it has
    std::vector<Job> jobs = {};
    std::optional<Batch> batch = {};
};

class METER_EXPORT DiscoveryStore {
public:
    virtual ~DiscoveryStore();

    /// A pending discovery. Errors: conflict when the id exists.
    virtual Result<void> insert(const Discovery& discovery) = 0;
    virtual Result<std::optional<Discovery>> find(std::string_view account_id, std::string_view discovery_id) = 0;
    /// Newest first by created_at, ties by id descending.
    virtual Result<std::vector<Discovery>> list(std::string_view account_id, const DiscoveryQuery& query) = 0;
    /// In the order they were found; nullopt when the discovery is not there. `range.limit` in [1, 10000].
    virtual Result<std::optional<DiscoveredUrls>> urls(std::string_view account_id, std::string_view discovery_id,
                                                       ListRange range) = 0;
    /// Removes the discovery with its URLs and the schedules made from it. False when it is not there.
    virtual Result<bool> remove(std::string_view account_id, std::string_view discovery_id) = 0;

    /// Moves the oldest discovery that is pending, or whose lease has run out, to running until now + lease. One that
    /// lost its worker `max_attempts` times without a step in between fails "Interrupted by server restart" instead, or
    /// is handed out as given up.
    /// Atomic: two callers never get the same one.
    virtual Result<std::optional<ClaimedDiscovery>> claim_next(TimePoint now, std::chrono::milliseconds lease,
                                                               std::int64_t max_attempts) = 0;
    /// Extends the leases that are still held; returns the ids of those that are not.
    virtual Result<std::vector<std::string>> heartbeat(const std::vector<DiscoveryRef>& claims, TimePoint now,
                                                       std::chrono::milliseconds lease) = 0;
    /// Keeps one step. False when the claim is no longer held (nothing is written).
    virtual Result<bool> advance(const DiscoveryRef& claim, const DiscoveryStep& step) = 0;
    /// Completes the discovery, or fails it with `error`. False when the claim is no longer held.
    virtual Result<bool> finish(const DiscoveryRef& claim, TimePoint completed_at,
                                const std::optional<std::string>& error) = 0;
    /// Ends a discovery that was run for a tick, and removes it; nullopt: without jobs. False when the claim is no
    /// longer held. Errors: conflict when the schedule is no longer `tick->version`.
    virtual Result<bool> finish_tick(const DiscoveryRef& claim, const std::optional<DiscoveryTick>& tick) = 0;
    /// Gives a claimed discovery back: pending again. False when the claim is no longer held.
    virtual Result<bool> release(const DiscoveryRef& claim) = 0;
};

}  // namespace meter
