#include "fetch/robots.hpp"

#include <algorithm>
#include <utility>

#include "fetch/failure.hpp"
#include "meter/version.hpp"
#include "url/url.hpp"

namespace meter {
namespace fetch {
namespace {

constexpr std::chrono::milliseconds robots_kept = std::chrono::hours(24);  // RFC 9309 section 2.4
constexpr std::chrono::milliseconds unreachable_kept = std::chrono::minutes(5);
constexpr std::chrono::milliseconds failure_kept = std::chrono::seconds(30);
constexpr std::chrono::milliseconds robots_timeout{20'000};
constexpr std::chrono::milliseconds longest_crawl_delay{60'000};  // a page asked for must not wait for hours
constexpr int robots_redirects = 5;                               // section 2.3.1.2
constexpr std::size_t most_sites = 10'000;

}  // namespace

Result<Response> RobotsFetcher::fetch(const Request& request, std::stop_token stop) {
    const auto url = url::parse_url(request.url);
    if (!url) return url.error();
    const std::string origin = url::origin(*url);
    const auto state = state_of(origin, request, stop);
    if (!state) return state.error();
    if ((*state)->failure) return *(*state)->failure;
    const std::string target = url->path + (url->has_query ? "?" + url->query : "");
    if ((*state)->unreachable || !(*state)->rules.allows(target))
        return Error{ErrorCode::blocked, "Blocked by robots.txt", request.url, (*state)->unreachable};
    if (const auto delay = (*state)->rules.crawl_delay(); delay && delay->count() > 0) {
        const TimePoint start = reserve_start(origin, std::min(*delay, longest_crawl_delay));
        clock_->sleep_until(start, stop);
        if (stop.stop_requested()) return cancelled_error(request.url);
    }
    return inner_->fetch(request, stop);
}

RobotsFetcher::Sites::iterator RobotsFetcher::find_or_add(const std::string& origin) {
    if (const auto found = by_origin_.find(origin); found != by_origin_.end()) {
        sites_.splice(sites_.begin(), sites_, found->second);
        return sites_.begin();
    }
    sites_.push_front({.origin = origin, .state = nullptr, .valid_until = {}, .next_start = {}});
    by_origin_[origin] = sites_.begin();
    return sites_.begin();
}

Result<std::shared_ptr<const RobotsState>> RobotsFetcher::state_of(const std::string& origin, const Request& request,
                                                                   std::stop_token stop) {
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto found = by_origin_.find(origin);
        if (found == by_origin_.end()) break;
        if (found->second->state == nullptr) {  // somebody asks already
            if (!arrived_.wait(lock, stop, [&] {
                    const auto now = by_origin_.find(origin);
                    return now == by_origin_.end() || now->second->state != nullptr;
                }))
                return cancelled_error(request.url);
            continue;
        }
        if (clock_->now() < found->second->valid_until) return find_or_add(origin)->state;
        found->second->state = nullptr;
        break;
    }
    find_or_add(origin);
    lock.unlock();
    auto read = read_robots(origin, request, stop);
    lock.lock();
    const auto site = by_origin_.find(origin)->second;  // sites being fetched are never dropped
    if (read) {
        site->state = read;
        site->valid_until = clock_->now() + (read->failure       ? failure_kept
                                             : read->unreachable ? unreachable_kept
                                                                 : robots_kept);
        drop_old_sites();
    } else {
        by_origin_.erase(origin);
        sites_.erase(site);
    }
    arrived_.notify_all();
    if (!read) return cancelled_error(request.url);
    return read;
}

void RobotsFetcher::drop_old_sites() {
    for (auto last = sites_.end(); sites_.size() > most_sites && last != sites_.begin();) {
        if ((--last)->state == nullptr) continue;
        by_origin_.erase(last->origin);
        last = sites_.erase(last);
    }
}

std::shared_ptr<const RobotsState> RobotsFetcher::read_robots(const std::string& origin, const Request& request,
                                                              std::stop_token stop) {
    std::string text;
    bool full = false;
    Request ask;
    ask.url = origin + "/robots.txt";
    ask.timeout = request.timeout.count() > 0 ? std::min(request.timeout, robots_timeout) : robots_timeout;
    ask.max_redirects = robots_redirects;
    ask.on_body = [&](std::string_view piece) {
        text.append(piece.substr(0, url::Robots::max_bytes - text.size()));
        full = text.size() >= url::Robots::max_bytes;
        return !full;
    };
    const auto answer = inner_->fetch(ask, stop);
    auto state = std::make_shared<RobotsState>();
    if (answer || full) {
        const int status = answer ? answer->status : 200;
        state->unreachable = status >= 500 || status == 429;
        if (status >= 200 && status <= 299) state->rules = url::Robots::parse(text, user_agent_);
    } else if (stop.stop_requested()) {
        return nullptr;
    } else {
        state->failure = answer.error();
        state->failure->subject = request.url;
    }
    return state;
}

TimePoint RobotsFetcher::reserve_start(const std::string& origin, std::chrono::milliseconds delay) {
    std::lock_guard lock(mutex_);
    const TimePoint now = clock_->now();
    const auto found = by_origin_.find(origin);
    if (found == by_origin_.end()) return now;
    const TimePoint start = std::max(now, found->second->next_start);
    found->second->next_start = start + delay;
    return start;
}

}  // namespace fetch

std::shared_ptr<Fetcher> make_robots_fetcher(std::shared_ptr<Fetcher> inner, std::shared_ptr<Clock> clock,
                                             std::string user_agent) {
    if (user_agent.empty()) user_agent = "libmeter/" + std::string(version());
    if (!clock) clock = system_clock();
    return std::make_shared<fetch::RobotsFetcher>(std::move(inner), std::move(clock), std::move(user_agent));
}

}  // namespace meter
