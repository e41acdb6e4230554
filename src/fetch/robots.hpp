// A fetcher that asks robots.txt first.
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "meter/clock.hpp"
#include "meter/fetcher.hpp"
#include "url/robots.hpp"

namespace meter::fetch {

/// What a site's robots.txt says, or why nothing is known.
struct RobotsState {
    url::Robots rules;
    bool unreachable = false;           ///< 5xx or 429: nothing may be fetched (RFC 9309 section 2.3.1.4)
    std::optional<Error> failure = {};  ///< no answer at all: what a page of this site would fail with as well
};

/// Threads: any. One fetch of a robots.txt at a time for each origin; others that need it wait for it.
class RobotsFetcher final : public Fetcher {
public:
    RobotsFetcher(std::shared_ptr<Fetcher> inner, std::shared_ptr<Clock> clock, std::string user_agent)
        : inner_(std::move(inner)), clock_(std::move(clock)), user_agent_(std::move(user_agent)) {}

    Result<Response> fetch(const Request& request, std::stop_token stop) override;

private:
    struct Site {
        std::string origin;
        std::shared_ptr<const RobotsState> state;  // null: being fetched
        TimePoint valid_until{};
        TimePoint next_start{};  // not before, by the crawl delay
    };
    using Sites = std::list<Site>;

    Result<std::shared_ptr<const RobotsState>> state_of(const std::string& origin, const Request& request,
                                                        std::stop_token stop);
    /// Null: cancelled.
    std::shared_ptr<const RobotsState> read_robots(const std::string& origin, const Request& request,
                                                   std::stop_token stop);
    void drop_old_sites();
    /// The moment this request may start; reserves it.
    TimePoint reserve_start(const std::string& origin, std::chrono::milliseconds delay);
    Sites::iterator find_or_add(const std::string& origin);

    const std::shared_ptr<Fetcher> inner_;
    const std::shared_ptr<Clock> clock_;
    const std::string user_agent_;

    std::mutex mutex_;
    std::condition_variable_any arrived_;
    Sites sites_;                                                    // guarded by mutex_, most recent first
    std::map<std::string, Sites::iterator, std::less<>> by_origin_;  // guarded by mutex_
};

}  // namespace meter::fetch
