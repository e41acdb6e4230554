// What all transfers of one fetcher share, and what tests replace in it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "meter/fetcher.hpp"
#include "meter/time.hpp"
#include "url/address.hpp"

namespace meter::fetch {

/// Parts of the world outside; the defaults are the real ones and the limits of the design.
struct Seams {
    /// The egress gate; not asked when FetchOptions::allow_private_networks is set.
    std::function<bool(const sockaddr*)> is_allowed = url::is_global_address;
    std::vector<std::string> resolve = {};            ///< "host:port:address", as CURLOPT_RESOLVE
    std::chrono::milliseconds resolve_timeout{5000};  ///< for one name
    std::chrono::seconds slow_window{15};             ///< less than 100 B/s for so long is dead
    std::function<TimePoint()> now = {};              ///< for dates in Retry-After; empty: the system clock
};

struct Settings {
    FetchOptions options;
    Seams seams;
    std::string user_agent;
};

/// make_fetcher() with replaceable surroundings.
Result<std::shared_ptr<Fetcher>> make_curl_fetcher(const FetchOptions& options, Seams seams);

}  // namespace meter::fetch
