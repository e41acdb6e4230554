#include "fetch/host_gate.hpp"

#include <algorithm>

namespace meter::fetch {

std::optional<HostGate::Slot> HostGate::enter(const std::string& name, Steady deadline, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    if (hosts_.size() >= sweep_at_) sweep();
    Host& host = hosts_[name];  // stays valid: a host with waiters is never erased
    if (host.queue.empty() && host.active < limit_ && !stop.stop_requested()) {  // nobody to wait for
        if (const auto now = std::chrono::steady_clock::now(); now >= host.next_start) {
            ++host.active;
            host.next_start = now + delay_;
            return Slot(*this, name);
        }
    }
    Waiter self;
    const auto place = host.queue.insert(host.queue.end(), &self);

    const auto my_turn = [&] { return host.queue.front() == &self && host.active < limit_; };
    bool admitted = self.turn.wait_until(lock, stop, deadline, my_turn);
    // At the front nobody can overtake; only hold() may move the start further away.
    while (admitted && std::chrono::steady_clock::now() < host.next_start) {
        const auto wake = std::min(deadline, host.next_start);
        self.turn.wait_until(lock, stop, wake, [] { return false; });
        if (stop.stop_requested() || (wake == deadline && std::chrono::steady_clock::now() >= deadline))
            admitted = false;
    }
    if (stop.stop_requested()) admitted = false;

    host.queue.erase(place);
    if (admitted) {
        ++host.active;
        host.next_start = std::max(host.next_start, std::chrono::steady_clock::now() + delay_);
    }
    call_next(host);
    if (!admitted) {
        forget_if_idle(hosts_.find(name));
        return std::nullopt;
    }
    return Slot(*this, name);
}

void HostGate::hold(const std::string& name, Steady until) {
    const std::lock_guard lock(mutex_);
    auto& next = hosts_[name].next_start;
    next = std::max(next, until);
}

std::size_t HostGate::size() const {
    const std::lock_guard lock(mutex_);
    return hosts_.size();
}

std::size_t HostGate::waiting(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto entry = hosts_.find(name);
    return entry == hosts_.end() ? 0 : entry->second.queue.size();
}

void HostGate::leave(const std::string& name) noexcept {
    const std::lock_guard lock(mutex_);
    const auto entry = hosts_.find(name);
    --entry->second.active;
    call_next(entry->second);
    forget_if_idle(entry);
}

void HostGate::call_next(Host& host) const {
    if (!host.queue.empty() && host.active < limit_) host.queue.front()->turn.notify_one();
}

void HostGate::forget_if_idle(Hosts::iterator entry) {
    const Host& host = entry->second;
    if (host.active == 0 && host.queue.empty() && host.next_start <= std::chrono::steady_clock::now())
        hosts_.erase(entry);
}

// Hosts whose next start lies ahead stay when their last slot is given back. They are looked for only after the table
// has doubled, so that the cost per call is constant on average.
void HostGate::sweep() {
    for (auto entry = hosts_.begin(); entry != hosts_.end();) forget_if_idle(entry++);
    sweep_at_ = std::max<std::size_t>(1024, 2 * hosts_.size());
}

}  // namespace meter::fetch
