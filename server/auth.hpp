// Who calls: the key in the headers, looked up with a short memory (wire contract 2).
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "http/head.hpp"
#include "meter/api_key.hpp"
#include "meter/result.hpp"
#include "meter/store.hpp"
#include "meter/time.hpp"
#include "text_hash.hpp"

namespace meter::server {

/// The key that a request carries: Authorization: Bearer and X-API-Key, the dialect's own header first. nullopt when
/// there is none, or more than one of the header that counts.
std::optional<std::string> presented_key(const RequestHead& head, bool automation_dialect);

/// Looks keys up and remembers valid ones for half a second, so that a revoked key dies within a second.
/// Threads: every member from any thread.
class KeyCache {
public:
    explicit KeyCache(Store& store) : store_(store) {}

    /// The key when it is valid at `now`, or null. Errors: those of authenticate().
    Result<std::shared_ptr<const ApiKey>> find(std::string_view secret, TimePoint now);

private:
    using SteadyTime = std::chrono::steady_clock::time_point;
    struct Entry {
        std::shared_ptr<const ApiKey> key;
        SteadyTime until{};
    };

    Store& store_;
    std::mutex mutex_;
    TextMap<Entry> entries_;  ///< by secret; guarded by mutex_
};

}  // namespace meter::server
