#include "run/claim_pool.hpp"

#include <algorithm>
#include <utility>

namespace meter::run {
namespace {

constexpr std::chrono::seconds claim_poll{1};  // what other processes queued, and leases that ran out

}  // namespace

ClaimPool::ClaimPool(ClaimPoolParts parts, int workers, std::chrono::milliseconds lease)
    : parts_(std::move(parts)), lease_(lease) {
    for (int i = 0; i < workers; ++i) workers_.emplace_back([this](std::stop_token stop) { work(stop); });
    keeper_ = std::jthread([this](std::stop_token stop) { keep_house(stop); });
}

ClaimPool::~ClaimPool() {
    stop();
}

void ClaimPool::notify() {
    {
        const std::lock_guard lock(mutex_);
        ++notices_;
    }
    added_.notify_all();
}

void ClaimPool::cancel(std::string_view id) {
    std::vector<std::stop_source> stops;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [number, running] : running_)
            if (running.id == id) stops.push_back(running.stop);
    }
    for (auto& stop : stops) stop.request_stop();
}

void ClaimPool::stop() {
    const std::lock_guard stopping(stop_mutex_);
    for (auto& worker : workers_) worker.request_stop();
    keeper_.request_stop();
    workers_.clear();
    keeper_ = {};
}

void ClaimPool::work(std::stop_token stop) {
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

void ClaimPool::keep_house(std::stop_token stop) {
    TimePoint renewed = parts_.clock->now();
    while (!stop.stop_requested()) {
        parts_.clock->sleep_until(parts_.clock->now() + std::min<std::chrono::milliseconds>(claim_poll, lease_ / 3),
                                  stop);
        if (stop.stop_requested()) return;
        if (const TimePoint now = parts_.clock->now(); now - renewed >= lease_ / 3 || now < renewed) {
            renewed = now;
            renew_leases(now);
        }
        if (parts_.tidy) parts_.tidy(parts_.clock->now());
        notify();
    }
}

void ClaimPool::renew_leases(TimePoint now) {
    std::vector<Running> running;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [number, claimed] : running_) running.push_back(claimed);
    }
    for (Running& claimed : running) {
        const auto held = claimed.renew(now);
        if (!held)
            parts_.logger->log(LogLevel::warning, "heartbeat failed", {{"reason", held.error().message}});
        else if (!*held)
            claimed.stop.request_stop();
    }
}

Result<std::size_t> ClaimPool::run_pending(std::stop_token stop) {
    std::size_t count = 0;
    while (!stop.stop_requested()) {
        const auto ran = run_one(stop);
        if (!ran) return ran.error();
        if (!*ran) break;
        ++count;
    }
    return count;
}

Result<bool> ClaimPool::run_one(std::stop_token stop) {
    const auto claimed = parts_.claim();
    if (!claimed) return claimed.error();
    if (!*claimed) return false;
    const ClaimedWork& work = **claimed;
    std::stop_source own;
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(mutex_);
        number = ++started_;
        running_.emplace(number, Running{work.id, work.renew, own});
    }
    {
        const std::stop_callback on_stop(stop, [&] { own.request_stop(); });
        work.perform(own.get_token());
    }
    const std::lock_guard lock(mutex_);
    running_.erase(number);
    return true;
}

}  // namespace meter::run
