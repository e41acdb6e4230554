// Runs discoveries: claims them, stores what they find step by step.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "meter/clock.hpp"
#include "meter/fetcher.hpp"
#include "meter/logger.hpp"
#include "meter/store.hpp"
#include "run/claim_pool.hpp"

namespace meter::run {

/// The seams a discoverer works on. All set; `fetcher` asks robots.txt where that is wanted.
struct DiscovererParts {
    std::shared_ptr<Store> store;
    std::shared_ptr<Fetcher> fetcher;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Logger> logger;
    std::function<void(std::size_t)> jobs_queued;  ///< a discovery became so many jobs of its schedule
};

/// What is lost with the process goes on, where it was, when its lease runs out. Threads: every member from any thread.
class Discoverer {
public:
    Discoverer(DiscovererParts parts, int workers, const DiscoveryLimits& limits, std::chrono::milliseconds lease);

    /// A discovery was stored: look for it.
    void notify() { pool_.notify(); }
    /// Runs discoveries on this thread until none is left; how many.
    Result<std::size_t> run_pending(std::stop_token stop) { return pool_.run_pending(stop); }
    /// Stops the work on one discovery in this process. What it wrote stays as it is.
    void cancel(std::string_view discovery_id) { pool_.cancel(discovery_id); }
    /// Gives running discoveries back. Idempotent.
    void stop() { pool_.stop(); }
    EndCounts ended() const noexcept { return {completed_.load(), failed_.load()}; }

private:
    Result<std::optional<ClaimedWork>> claim();
    void perform(const ClaimedDiscovery& claimed, std::stop_token stop);
    /// Ends one that was run for a tick: `urls` become jobs of its schedule, nullopt: those of the tick before do.
    Result<void> finish_tick(const ClaimedDiscovery& claimed, const std::optional<std::vector<std::string>>& urls);

    const DiscovererParts parts_;
    const DiscoveryLimits limits_;
    const std::chrono::milliseconds lease_;
    std::atomic<std::uint64_t> completed_{0}, failed_{0};
    ClaimPool pool_;  // last: its threads use the rest
};

}  // namespace meter::run
