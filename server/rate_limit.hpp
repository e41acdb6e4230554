// Fixed-window rate limits per key (wire contract 4). Pure: time is an argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "meter/time.hpp"
#include "text_hash.hpp"

namespace meter::server {

/// The state of one key's window after a request.
struct RateState {
    bool allowed = true;
    std::int64_t limit = 0;  ///< 0: switched off, there is nothing to tell
    std::int64_t remaining = 0;
    TimePoint reset{};  ///< end of the window
};

/// One bucket: at most `limit` requests of a key within a window of 60 s that starts with the first of them.
/// Threads: every member from any thread.
class RateLimiter {
public:
    /// `limit` 0 switches the bucket off.
    explicit RateLimiter(std::int64_t limit) : limit_(limit) {}

    /// Counts a request if one is left.
    RateState take(std::string_view key, TimePoint now);
    /// The state without counting.
    RateState peek(std::string_view key, TimePoint now);

private:
    struct Window {
        TimePoint start{};
        std::int64_t used = 0;
    };

    RateState use(std::string_view key, TimePoint now, bool count);
    void drop_ended(TimePoint now);

    const std::int64_t limit_;
    std::mutex mutex_;
    TextMap<Window> windows_;     ///< guarded by mutex_
    std::size_t drop_at_ = 1024;  ///< guarded by mutex_
};

/// Whole seconds from now to the end of the window, at least 1.
std::int64_t retry_after_seconds(const RateState& state, TimePoint now) noexcept;
/// The end of the window as Unix time in whole seconds, rounded up.
std::int64_t reset_unix_seconds(const RateState& state) noexcept;

}  // namespace meter::server
