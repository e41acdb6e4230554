#include "rate_limit.hpp"

#include <algorithm>

namespace meter::server {
namespace {

constexpr std::chrono::seconds rate_window{60};

}  // namespace

RateState RateLimiter::take(std::string_view key, TimePoint now) {
    return use(key, now, true);
}
RateState RateLimiter::peek(std::string_view key, TimePoint now) {
    return use(key, now, false);
}

RateState RateLimiter::use(std::string_view key, TimePoint now, bool count) {
    if (limit_ == 0) return {};
    const std::lock_guard lock(mutex_);
    if (windows_.size() >= drop_at_) drop_ended(now);
    auto known = windows_.find(key);
    if (known == windows_.end()) known = windows_.emplace(std::string(key), Window{now, 0}).first;
    auto& window = known->second;
    // A clock that was set back starts a window too.
    if (now >= window.start + rate_window || now < window.start) window = {now, 0};
    const bool allowed = window.used < limit_;
    if (allowed && count) ++window.used;
    return {
        .allowed = allowed, .limit = limit_, .remaining = limit_ - window.used, .reset = window.start + rate_window};
}

void RateLimiter::drop_ended(TimePoint now) {
    std::erase_if(windows_, [now](const auto& entry) { return now >= entry.second.start + rate_window; });
    drop_at_ = std::max<std::size_t>(1024, windows_.size() * 2);
}

std::int64_t retry_after_seconds(const RateState& state, TimePoint now) noexcept {
    return std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(state.reset - now).count());
}

std::int64_t reset_unix_seconds(const RateState& state) noexcept {
    return std::chrono::ceil<std::chrono::seconds>(state.reset.time_since_epoch()).count();
}

}  // namespace meter::server
