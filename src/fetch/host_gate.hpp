// Politeness per host: how many requests at once, how far apart.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>

namespace meter::fetch {

using Steady = std::chrono::steady_clock::time_point;

/// Lets callers through in the order they came, per host. Waiting blocks the caller only; other hosts are unaffected.
/// Threads: any. Must outlive its slots.
class HostGate {
public:
    /// At most `limit` slots of one host at a time; two of them begin at least `delay` apart.
    HostGate(int limit, std::chrono::milliseconds delay) : limit_(limit), delay_(delay) {}
    HostGate(const HostGate&) = delete;
    HostGate& operator=(const HostGate&) = delete;

    /// A place on a host; given back by the destructor.
    class Slot {
    public:
        Slot(HostGate& gate, std::string host) : gate_(&gate), host_(std::move(host)) {}
        Slot(Slot&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), host_(std::move(other.host_)) {}
        Slot& operator=(Slot&&) = delete;
        ~Slot() {
            if (gate_) gate_->leave(host_);
        }

    private:
        HostGate* gate_;
        std::string host_;
    };

    /// Waits for a place. nullopt: `stop` was requested, or `deadline` passed first.
    std::optional<Slot> enter(const std::string& host, Steady deadline, std::stop_token stop);

    /// Nothing begins on this host before `until` (Retry-After).
    void hold(const std::string& host, Steady until);

    /// Hosts in memory, and callers waiting for one of them.
    std::size_t size() const;
    std::size_t waiting(const std::string& host) const;

private:
    struct Waiter {
        std::condition_variable_any turn;
    };
    struct Host {
        int active = 0;
        Steady next_start{};
        std::list<Waiter*> queue;  // first come, first served
    };
    using Hosts = std::unordered_map<std::string, Host>;

    void leave(const std::string& host) noexcept;
    void call_next(Host& host) const;
    void forget_if_idle(Hosts::iterator host);
    void sweep();

    const int limit_;
    const std::chrono::milliseconds delay_;

    mutable std::mutex mutex_;  // guards the rest
    Hosts hosts_;
    std::size_t sweep_at_ = 1024;
};

}  // namespace meter::fetch
