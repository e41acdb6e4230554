#include "run/discoverer.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "meter/discovery.hpp"

namespace meter::run {
namespace {

constexpr std::int64_t discovery_attempts = 5;
constexpr std::chrono::seconds discovery_poll{1};  // other processes' discoveries, and leases that ran out

}  // namespace

Discoverer::Discoverer(DiscovererParts parts, int workers, const DiscoveryLimits& limits,
                       std::chrono::milliseconds lease)
    : parts_(std::move(parts)), limits_(limits), lease_(lease) {
    for (int i = 0; i < workers; ++i) workers_.emplace_back([this](std::stop_token stop) { work(stop); });
    keeper_ = std::jthread([this](std::stop_token stop) { keep_house(stop); });
}

Discoverer::~Discoverer() {
    stop();
}

void Discoverer::notify() {
    {
        const std::lock_guard lock(mutex_);
        ++notices_;
    }
    added_.notify_all();
}

void Discoverer::cancel(std::string_view discovery_id) {
    const std::lock_guard lock(mutex_);
    if (const auto found = running_.find(std::string(discovery_id)); found != running_.end())
        found->second.stop.request_stop();
}

void Discoverer::stop() {
    const std::lock_guard stopping(stop_mutex_);
    for (auto& worker : workers_) worker.request_stop();
    keeper_.request_stop();
    workers_.clear();
    keeper_ = {};
}

void Discoverer::work(std::stop_token stop) {
    std::uint64_t seen = 0;
    while (!stop.stop_requested()) {
        const auto ran = run_one(stop);
        if (!ran) parts_.logger->log(LogLevel::error, "claim failed", {{"reason", ran.error().message}});
        if (ran && *ran) continue;
        std::unique_lock lock(mutex_);
        added_.wait(lock, stop, [&] { return notices_ != seen; });
        seen = notices_;
    }
}

void Discoverer::keep_house(std::stop_token stop) {
    TimePoint renewed = parts_.clock->now();
    while (!stop.stop_requested()) {
        parts_.clock->sleep_until(parts_.clock->now() + std::min<std::chrono::milliseconds>(discovery_poll, lease_ / 3),
                                  stop);
        if (stop.stop_requested()) return;
        if (const TimePoint now = parts_.clock->now(); now - renewed >= lease_ / 3 || now < renewed) {
            renewed = now;
            renew_leases(now);
        }
        notify();
    }
}

void Discoverer::renew_leases(TimePoint now) {
    std::vector<DiscoveryRef> claims;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [id, running] : running_) claims.push_back(running.claim);
    }
    if (claims.empty()) return;
    const auto lost = parts_.store->discoveries().heartbeat(claims, now, lease_);
    if (!lost) {
        parts_.logger->log(LogLevel::warning, "heartbeat failed", {{"reason", lost.error().message}});
        return;
    }
    for (const auto& id : *lost) cancel(id);
}

Result<std::size_t> Discoverer::run_pending(std::stop_token stop) {
    std::size_t count = 0;
    while (!stop.stop_requested()) {
        const auto ran = run_one(stop);
        if (!ran) return ran.error();
        if (!*ran) break;
        ++count;
    }
    return count;
}

Result<bool> Discoverer::run_one(std::stop_token stop) {
    const auto claimed = parts_.store->discoveries().claim_next(parts_.clock->now(), lease_, discovery_attempts);
    if (!claimed) return claimed.error();
    if (!*claimed) return false;
    const ClaimedDiscovery& discovery = **claimed;
    std::stop_source own;
    {
        const std::lock_guard lock(mutex_);
        running_.insert_or_assign(discovery.discovery.discovery_id, Running{discovery.ref(), own});
    }
    {
        const std::stop_callback on_stop(stop, [&] { own.request_stop(); });
        perform(discovery, own.get_token());
    }
    const std::lock_guard lock(mutex_);
    running_.erase(discovery.discovery.discovery_id);
    return true;
}

void Discoverer::perform(const ClaimedDiscovery& claimed, std::stop_token stop) {
    DiscoveryStore& store = parts_.store->discoveries();
    bool held = true;
    const auto keep = [&](const DiscoveryStep& step) -> Result<bool> {
        auto kept = store.advance(claimed.ref(), step);
        if (kept) held = *kept;
        return kept;
    };
    const auto outcome = [&]() -> Result<void> {
        try {
            return discover_urls(claimed.discovery.request, *parts_.fetcher, claimed.state, keep, limits_, stop);
        } catch (const std::exception& e) {  // a fetcher of the user's
            return Error{ErrorCode::internal, e.what(), claimed.discovery.request.root_url};
        }
    }();
    if (!held) return;  // taken over, or deleted

    // A store in trouble and an engine that stops are no outcome: somebody goes on later.
    const bool unfinished =
        !outcome && (outcome.error().code == ErrorCode::store || outcome.error().code == ErrorCode::cancelled);
    const auto ended = unfinished ? store.release(claimed.ref())
                                  : store.finish(claimed.ref(), parts_.clock->now(),
                                                 outcome ? std::nullopt : std::optional(outcome.error().message));
    if (!ended || unfinished)
        parts_.logger->log(LogLevel::warning, "discovery interrupted",
                           {{"discovery_id", claimed.discovery.discovery_id},
                            {"reason", !ended ? ended.error().message : outcome.error().message}});
}

}  // namespace meter::run
