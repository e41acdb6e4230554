// Threads that work on what is claimed from a store: discoveries, regenerations.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "meter/clock.hpp"
#include "meter/logger.hpp"
#include "meter/result.hpp"
#include "meter/time.hpp"

namespace meter::run {

/// Something that was claimed.
struct ClaimedWork {
    std::string id = {};                                ///< of what was claimed: for cancel()
    std::function<void(std::stop_token)> perform = {};  ///< does it, or gives it back when stopped
    /// Extends the lease. False when it is no longer held. Called from another thread while perform() runs.
    std::function<Result<bool>(TimePoint now)> renew = {};
};

/// How pieces of work ended in this process.
struct EndCounts {
    std::uint64_t completed = 0;
    std::uint64_t failed = 0;
};

struct ClaimPoolParts {
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Logger> logger;
    /// The next piece of work; nullopt when there is none now. Called concurrently.
    std::function<Result<std::optional<ClaimedWork>>()> claim;
    /// Called about every second, for what has to be looked at now and then; null: nothing has.
    std::function<void(TimePoint now)> tidy = {};
};

/// A few threads, each doing one piece of work at a time, and one that renews leases. What is lost with the process is
/// claimed again when its lease runs out. Threads: every member from any thread.
class ClaimPool {
public:
    ClaimPool(ClaimPoolParts parts, int workers, std::chrono::milliseconds lease);
    ~ClaimPool();  ///< stop()
    ClaimPool(const ClaimPool&) = delete;
    ClaimPool& operator=(const ClaimPool&) = delete;

    /// There is more to do: look for it.
    void notify();
    /// Works on this thread until nothing is left; how many pieces.
    Result<std::size_t> run_pending(std::stop_token stop);
    /// Stops the work on this id in this process.
    void cancel(std::string_view id);
    /// Stops all work. Idempotent.
    void stop();

private:
    struct Running {
        std::string id;
        std::function<Result<bool>(TimePoint)> renew;
        std::stop_source stop;
    };

    void work(std::stop_token stop);
    void keep_house(std::stop_token stop);
    void renew_leases(TimePoint now);
    /// False when there was nothing to do. Errors: those of the claim.
    Result<bool> run_one(std::stop_token stop);

    const ClaimPoolParts parts_;
    const std::chrono::milliseconds lease_;

    std::mutex mutex_;
    std::condition_variable_any added_;
    std::uint64_t notices_ = 0;                 // guarded by mutex_
    std::uint64_t started_ = 0;                 // guarded by mutex_
    std::map<std::uint64_t, Running> running_;  // guarded by mutex_; by number: an id lost and got back is there twice

    std::mutex stop_mutex_;
    std::vector<std::jthread> workers_;  // guarded by stop_mutex_ after construction
    std::jthread keeper_;                // guarded by stop_mutex_ after construction
};

}  // namespace meter::run
