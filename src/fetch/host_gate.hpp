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

private:
    struct Waiter {
        std::condition_variable_any turn;
    };
    struct Host {
        int active = 0;
        Steady next_start{};       // the epoch: any time
        std::list<Waiter*> queue;  // first come, first served
    };
    using Hosts = std::unordered_map<std::string, Host>;
    using Entry = Hosts::value_type;  // stays where it is; one with slots or waiters is never erased

public:
    /// A place on a host; given back by the destructor.
    class Slot {
    public:
        Slot(Slot&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), entry_(other.entry_) {}
        Slot& operator=(Slot&&) = delete;
        ~Slot() {
            if (gate_) gate_->leave(*entry_);
        }

    private:
        friend class HostGate;
        Slot(HostGate& gate, Entry& entry) : gate_(&gate), entry_(&entry) {}

        HostGate* gate_;
        Entry* entry_;
    };

    /// A place that is free now; nullopt when there is something to wait for.
    std::optional<Slot> try_enter(const std::string& host);
    /// Waits for a place. nullopt: `stop` was requested, or `deadline` passed first.
    std::optional<Slot> enter(const std::string& host, Steady deadline, std::stop_token stop);

    /// Nothing begins on this host before `until` (Retry-After).
    void hold(const std::string& host, Steady until);

    /// Hosts in memory, and callers waiting for one of them.
    std::size_t size() const;
    std::size_t waiting(const std::string& host) const;

private:
    Entry& entry_of(const std::string& host);
    bool take_free(Host& host) const;
    void leave(Entry& entry) noexcept;
    void call_next(Host& host) const;
    static bool is_idle(const Host& host);
    void sweep();

    const int limit_;
    const std::chrono::milliseconds delay_;

    mutable std::mutex mutex_;  // guards the rest
    Hosts hosts_;
    std::size_t sweep_at_ = 1024;
};

}  // namespace meter::fetch
