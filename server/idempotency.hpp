// Idempotency-Key on strategy generation (wire contract 6).
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "app.hpp"
#include "meter/store.hpp"
#include "meter/value.hpp"

namespace meter::server {

/// The runs of this process. A run that the store calls running and this does not know is taken for one of a process
/// that has ended: its key is free at once (wire contract 6), not only when its time has run out. The price: servers
/// that share a store do not see each other's running requests, only their stored answers.
/// Threads: every member from any thread.
class IdempotentRuns {
public:
    /// IdempotencyStore::begin() for a run of at most `longest`.
    Result<IdempotencyState> begin(IdempotencyStore& store, const std::string& account_id, const std::string& key,
                                   const std::string& request_hash, TimePoint now, std::chrono::milliseconds longest);
    /// The run is over; finish() or abandon() it in the store before.
    void end(const std::string& account_id, const std::string& key);

private:
    std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, std::string> hashes_;  ///< by account and key; guarded by mutex_
};

/// Answers with what an earlier request with the same key got, or runs `make` and stores its answer when it is a 2xx.
/// Without the header just runs it. Any other outcome, an exception too, frees the key.
Answer with_idempotency(Services& services, const Call& call, const Value& body, const std::function<Answer()>& make);

/// Text that is equal for bodies that are equal as JSON: members sorted, no white space. For bodies of parse_json(),
/// whose depth is capped.
std::string sorted_json(const Value& value);

}  // namespace meter::server
