// Delivers what is in the outbox: claims due deliveries, sends them, stores how each attempt ended.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "meter/clock.hpp"
#include "meter/logger.hpp"
#include "meter/notifier.hpp"
#include "meter/store.hpp"

namespace meter::run {

/// The webhook of a schedule as it is now: nullopt when the schedule is gone, an empty URL when it has no webhook.
using TargetLookup =
    std::function<Result<std::optional<WebhookTarget>>(std::string_view account_id, std::string_view schedule_id)>;

/// The seams an outbox works on. All set.
struct OutboxParts {
    std::shared_ptr<Store> store;
    std::shared_ptr<Notifier> notifier;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Logger> logger;
    TargetLookup target;
};

/// Counters since the start.
struct OutboxMetrics {
    std::uint64_t attempts = 0;
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0;  ///< given up
    std::int64_t in_flight = 0;
};

/// One dispatching thread, and sending threads that are made when needed. An attempt is made at least once for every
/// delivery, whatever happens to the process: memory holds no truth, and what was claimed comes back when its lease
/// runs out. An endpoint holds at most WebhookOptions::per_endpoint of the sending threads, a single one once three
/// quarters of all are taken, so that receivers that hang do not delay others.
/// Threads: every member from any thread.
class Outbox {
public:
    Outbox(OutboxParts parts, const WebhookOptions& options);
    ~Outbox();  ///< stop() without grace
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    /// There is something new to deliver.
    void notify();
    /// Sends what is due on the calling thread, one after the other, until nothing is left or `stop` is requested; how
    /// many attempts were made.
    Result<std::size_t> run_due(std::stop_token stop);
    /// Takes no more, lets attempts end for up to `grace`, gives the rest back uncounted. Idempotent.
    void stop(std::chrono::milliseconds grace);

    OutboxMetrics metrics() const;

private:
    struct InFlight {
        DeliveryRef attempt;
        std::string endpoint;
        std::stop_source stop;
    };

    void dispatch(std::stop_token stop);
    /// Claims as much as there are places for; false when nothing was due.
    bool claim(TimePoint now);
    void send_queued(std::stop_token stop);
    void perform(const ClaimedDelivery& claimed, std::stop_token stop, std::stop_token own_stop);
    void attempt(const ClaimedDelivery& claimed, std::stop_token stop, std::stop_token own_stop);
    void give_back(const ClaimedDelivery& claimed, std::string_view endpoint);
    void end(const AttemptEnd& end, std::stop_token stop);
    void renew_leases(TimePoint now);
    void drop_old(TimePoint now);
    DeliveryClaim next_claim(TimePoint now) const;

    void track(const ClaimedDelivery& claimed, std::stop_source stop);
    void untrack(const ClaimedDelivery& claimed);
    /// Waits on the clock until `when` or wake().
    void nap(TimePoint when, std::stop_token stop);
    void wake();

    const OutboxParts parts_;
    const WebhookOptions options_;

    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> attempts_{0}, delivered_{0}, failed_{0};

    std::mutex stop_mutex_;  // makes stop() idempotent; held while it works
    bool stopped_ = false;   // guarded by stop_mutex_

    mutable std::mutex mutex_;
    std::condition_variable_any queue_changed_;
    std::condition_variable_any flight_changed_;
    std::deque<ClaimedDelivery> queue_;              // guarded by mutex_
    std::map<std::string, InFlight> in_flight_;      // guarded by mutex_, by delivery id; queued ones too
    std::map<std::string, std::int64_t> endpoints_;  // guarded by mutex_: in flight to each
    std::size_t idle_ = 0;                           // guarded by mutex_: sending threads without work
    bool woken_ = false;                             // guarded by mutex_
    std::stop_source nap_{std::nostopstate};         // guarded by mutex_: ends the nap under way
    std::vector<std::jthread> senders_;              // guarded by mutex_

    std::jthread dispatcher_;
};

}  // namespace meter::run
