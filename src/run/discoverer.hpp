// Runs discoveries: claims them, keeps their leases alive, stores what they find step by step.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "meter/clock.hpp"
#include "meter/fetcher.hpp"
#include "meter/logger.hpp"
#include "meter/store.hpp"

namespace meter::run {

/// The seams a discoverer works on. All set; `fetcher` asks robots.txt where that is wanted.
struct DiscovererParts {
    std::shared_ptr<Store> store;
    std::shared_ptr<Fetcher> fetcher;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Logger> logger;
};

/// A few threads, each running one discovery at a time, and one that renews leases. What is lost with the process goes
/// on, where it was, when its lease runs out. Threads: every member from any thread.
class Discoverer {
public:
    Discoverer(DiscovererParts parts, int workers, const DiscoveryLimits& limits, std::chrono::milliseconds lease);
    ~Discoverer();  ///< stop()
    Discoverer(const Discoverer&) = delete;
    Discoverer& operator=(const Discoverer&) = delete;

    /// A discovery was stored: look for it.
    void notify();
    /// Runs discoveries on this thread until none is left; how many.
    Result<std::size_t> run_pending(std::stop_token stop);
    /// Stops the work on one discovery in this process. What it wrote stays as it is.
    void cancel(std::string_view discovery_id);
    /// Gives running discoveries back. Idempotent.
    void stop();

private:
    struct Running {
        DiscoveryRef claim;
        std::stop_source stop;
    };

    void work(std::stop_token stop);
    void keep_house(std::stop_token stop);
    void renew_leases(TimePoint now);
    /// False when there was none to run. Errors: store.
    Result<bool> run_one(std::stop_token stop);
    void perform(const ClaimedDiscovery& claimed, std::stop_token stop);

    const DiscovererParts parts_;
    const DiscoveryLimits limits_;
    const std::chrono::milliseconds lease_;

    std::mutex mutex_;
    std::condition_variable_any added_;
    std::uint64_t notices_ = 0;                         // guarded by mutex_
    std::unordered_map<std::string, Running> running_;  // guarded by mutex_

    std::mutex stop_mutex_;
    std::vector<std::jthread> workers_;  // guarded by stop_mutex_ after construction
    std::jthread keeper_;                // guarded by stop_mutex_ after construction
};

}  // namespace meter::run
