#include "fetch/host_gate.hpp"

#include <algorithm>

namespace meter::fetch {

std::optional<HostGate::Slot> HostGate::try_enter(const std::string& name) {
    const std::lock_guard lock(mutex_);
    Entry& entry = entry_of(name);
    if (!take_free(entry.second)) return std::nullopt;
    return Slot(*this, entry);
}

std::optional<HostGate::Slot> HostGate::enter(const std::string& name, Steady deadline, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    Entry& entry = entry_of(name);
    Host& host = entry.second;
    if (!stop.stop_requested() && take_free(host)) return Slot(*this, entry);
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
    if (admitted) return Slot(*this, entry);
    if (is_idle(host)) hosts_.erase(name);
    return std::nullopt;
}

HostGate::Entry& HostGate::entry_of(const std::string& name) {
    if (hosts_.size() >= sweep_at_) sweep();
    return *hosts_.try_emplace(name).first;
}

/// Takes a place if there is nobody and nothing to wait for.
bool HostGate::take_free(Host& host) const {
    if (!host.queue.empty() || host.active >= limit_) return false;
    if (delay_.count() > 0 || host.next_start != Steady{}) {  // most hosts need no clock
        const auto now = std::chrono::steady_clock::now();
        if (now < host.next_start) return false;
        host.next_start = now + delay_;
    }
    ++host.active;
    return true;
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

void HostGate::leave(Entry& entry) noexcept {
    const std::lock_guard lock(mutex_);
    --entry.second.active;
    call_next(entry.second);
    if (is_idle(entry.second)) hosts_.erase(hosts_.find(entry.first));
}

void HostGate::call_next(Host& host) const {
    if (!host.queue.empty() && host.active < limit_) host.queue.front()->turn.notify_one();
}

bool HostGate::is_idle(const Host& host) {
    return host.active == 0 && host.queue.empty() &&
           (host.next_start == Steady{} || host.next_start <= std::chrono::steady_clock::now());
}

// Hosts whose next start lies ahead stay when their last slot is given back. They are looked for only after the table
// has doubled, so that the cost per call is constant on average.
void HostGate::sweep() {
    std::erase_if(hosts_, [](const Entry& entry) { return is_idle(entry.second); });
    sweep_at_ = std::max<std::size_t>(1024, 2 * hosts_.size());
}

}  // namespace meter::fetch
