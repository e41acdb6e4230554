#include "run/outbox.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "notify/events.hpp"
#include "notify/message.hpp"
#include "notify/retry.hpp"

namespace meter::run {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds outbox_poll{1'000};  // looks for deliveries that other processes put there
constexpr milliseconds outbox_store_pause{500};
constexpr int outbox_store_tries = 20;
constexpr std::chrono::hours outbox_retention_sweep{1};
constexpr std::int64_t outbox_drop_batch = 1'000;
constexpr std::int64_t most_claimed_at_once = 64;

DeliveryRef attempt_of(const ClaimedDelivery& claimed) {
    return {.delivery_id = claimed.delivery.delivery_id, .token = claimed.token};
}

}  // namespace

Outbox::Outbox(OutboxParts parts, const WebhookOptions& options) : parts_(std::move(parts)), options_(options) {
    if (options_.max_in_flight > 0) dispatcher_ = std::jthread([this](std::stop_token stop) { dispatch(stop); });
}

Outbox::~Outbox() {
    stop(milliseconds{0});
}

void Outbox::notify() {
    wake();
}

void Outbox::wake() {
    std::stop_source nap(std::nostopstate);
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
        nap = nap_;
    }
    nap.request_stop();
}

void Outbox::nap(TimePoint when, std::stop_token stop) {
    std::stop_source awake;
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(woken_, false)) return;
        nap_ = awake;
    }
    {
        const std::stop_callback forward(stop, [&] { awake.request_stop(); });
        parts_.clock->sleep_until(when, awake.get_token());
    }
    const std::lock_guard lock(mutex_);
    nap_ = std::stop_source(std::nostopstate);
    woken_ = false;
}

void Outbox::dispatch(std::stop_token stop) {
    const milliseconds beat = options_.lease / 3;
    TimePoint next_beat = parts_.clock->now() + beat;
    TimePoint next_drop = parts_.clock->now();
    while (!stop.stop_requested()) {
        const TimePoint now = parts_.clock->now();
        if (now >= next_beat) {
            renew_leases(now);
            next_beat = now + beat;
        }
        if (now >= next_drop) {
            drop_old(now);
            next_drop = now + outbox_retention_sweep;
        }
        if (!stopping_ && claim(now)) continue;
        TimePoint until = std::min({next_beat, next_drop, now + outbox_poll});
        // A delivery that is due already waits for a place: the end of an attempt wakes us for it.
        if (const auto due = parts_.store->deliveries().next_due(); due && *due && **due > now)
            until = std::min(until, **due);
        nap(until, stop);
    }
}

DeliveryClaim Outbox::next_claim(TimePoint now) const {
    const std::lock_guard lock(mutex_);
    const auto busy = static_cast<std::int64_t>(in_flight_.size());
    const std::int64_t most = std::max(options_.max_in_flight, 1);
    const std::int64_t crowd = most * 3 / 4;
    DeliveryClaim claim{.now = now, .lease = options_.lease};
    claim.limit = std::min((busy < crowd ? crowd : most) - busy, most_claimed_at_once);
    claim.per_endpoint = busy < crowd ? options_.per_endpoint : 1;
    for (const auto& [endpoint, count] : endpoints_)
        claim.places.emplace_back(endpoint, std::max<std::int64_t>(claim.per_endpoint - count, 0));
    return claim;
}

bool Outbox::claim(TimePoint now) {
    const DeliveryClaim claim = next_claim(now);
    if (claim.limit <= 0) return false;
    auto claimed = parts_.store->deliveries().claim_due(claim);
    if (!claimed) {
        parts_.logger->log(LogLevel::error, "deliveries not claimed", {{"reason", claimed.error().message}});
        return false;
    }
    if (claimed->empty()) return false;
    for (auto& one : *claimed) {
        track(one, std::stop_source());
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(one));
        if (idle_ < queue_.size() && senders_.size() < static_cast<std::size_t>(options_.max_in_flight)) {
            try {
                senders_.emplace_back([this](std::stop_token stop) { send_queued(stop); });
            } catch (const std::system_error&) {  // no more threads: those there are will come to it
            }
        }
        queue_changed_.notify_one();
    }
    return true;
}

void Outbox::track(const ClaimedDelivery& claimed, std::stop_source stop) {
    const std::lock_guard lock(mutex_);
    in_flight_.insert_or_assign(claimed.delivery.delivery_id,
                                InFlight{attempt_of(claimed), claimed.delivery.endpoint, std::move(stop)});
    ++endpoints_[claimed.delivery.endpoint];
}

void Outbox::untrack(const ClaimedDelivery& claimed) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = in_flight_.find(claimed.delivery.delivery_id);
        // After a lost lease the same delivery may be in flight a second time.
        if (found != in_flight_.end() && found->second.attempt.token == claimed.token) in_flight_.erase(found);
        if (const auto place = endpoints_.find(claimed.delivery.endpoint);
            place != endpoints_.end() && --place->second <= 0)
            endpoints_.erase(place);
    }
    flight_changed_.notify_all();
    wake();
}

void Outbox::send_queued(std::stop_token stop) {
    for (;;) {
        ClaimedDelivery claimed;
        std::stop_token delivery_stop;
        {
            std::unique_lock lock(mutex_);
            ++idle_;
            const bool found = queue_changed_.wait(lock, stop, [&] { return !queue_.empty(); });
            --idle_;
            if (!found) return;
            claimed = std::move(queue_.front());
            queue_.pop_front();
            if (const auto it = in_flight_.find(claimed.delivery.delivery_id); it != in_flight_.end())
                delivery_stop = it->second.stop.get_token();
        }
        perform(claimed, delivery_stop, stop);
        untrack(claimed);
    }
}

Result<std::size_t> Outbox::run_due(std::stop_token stop) {
    std::size_t count = 0;
    while (!stop.stop_requested() && !stopping_) {
        auto claimed = parts_.store->deliveries().claim_due(
            {.now = parts_.clock->now(), .lease = options_.lease, .limit = 1, .per_endpoint = 1});
        if (!claimed) return claimed.error();
        if (claimed->empty()) break;
        const ClaimedDelivery& one = claimed->front();
        std::stop_source delivery_stop;
        track(one, delivery_stop);
        perform(one, delivery_stop.get_token(), stop);
        untrack(one);
        ++count;
    }
    return count;
}

void Outbox::perform(const ClaimedDelivery& claimed, std::stop_token stop, std::stop_token own_stop) {
    std::stop_source either;
    const auto request = [&] { either.request_stop(); };
    const std::stop_callback on_delivery(std::move(stop), request);
    const std::stop_callback on_own(own_stop, request);
    try {
        attempt(claimed, either.get_token(), own_stop);
    } catch (const std::exception& e) {  // a seam of the user's, or no memory: the lease runs out
        parts_.logger->log(LogLevel::error, "delivery threw",
                           {{"delivery_id", claimed.delivery.delivery_id}, {"reason", e.what()}});
    }
}

void Outbox::attempt(const ClaimedDelivery& claimed, std::stop_token stop, std::stop_token own_stop) {
    const Delivery& delivery = claimed.delivery;
    if (own_stop.stop_requested() || stopping_) return give_back(claimed, delivery.endpoint);
    const auto target = parts_.target(delivery.account_id, delivery.schedule_id);
    if (!target) {
        parts_.logger->log(LogLevel::error, "webhook not found",
                           {{"delivery_id", delivery.delivery_id}, {"reason", target.error().message}});
        return;  // the lease runs out
    }
    if (!*target) {  // pending deliveries go with their schedule (wire contract 13.4)
        (void)parts_.store->deliveries().drop(attempt_of(claimed));
        return;
    }

    AttemptEnd ended{.attempt = attempt_of(claimed)};
    if ((*target)->url.empty()) {
        ended.ended_at = parts_.clock->now();
        ended.error = "The schedule has no webhook any more";
        return end(ended, stop);
    }
    // The schedule's webhook has moved: its places are those of another endpoint.
    if (const auto endpoint = notify::endpoint_of((*target)->url, (*target)->type); endpoint != delivery.endpoint)
        return give_back(claimed, endpoint);

    const auto message = notify::make_message({.id = delivery.delivery_id,
                                               .event = delivery.event,
                                               .name = delivery.name,
                                               .payload = delivery.payload,
                                               .attempt = delivery.attempts,
                                               .created_at = delivery.created_at},
                                              **target, parts_.clock->now(), options_);
    ++attempts_;
    const auto answer = message ? parts_.notifier->send(*message, stop) : Result<WebhookAnswer>(message.error());
    if (!answer && answer.error().code == ErrorCode::cancelled && stop.stop_requested()) {
        // We are stopping, or the lease was lost: then the release finds nothing.
        return give_back(claimed, delivery.endpoint);
    }
    const auto verdict = notify::judge_attempt(answer, delivery.failures, options_);
    ended.ended_at = parts_.clock->now();
    ended.delivered = verdict.delivered;
    ended.status_code = verdict.status_code;
    ended.error = verdict.error;
    if (verdict.wait) ended.next_attempt_at = ended.ended_at + *verdict.wait;
    // URLs and secrets of webhooks stay out of the log: some URLs are secrets.
    if (!verdict.delivered)
        parts_.logger->log(
            verdict.wait ? LogLevel::info : LogLevel::warning,
            verdict.wait ? "delivery attempt failed" : "delivery given up",
            {{"delivery_id", delivery.delivery_id}, {"schedule_id", delivery.schedule_id}, {"reason", verdict.error}});
    end(ended, stop);
}

void Outbox::give_back(const ClaimedDelivery& claimed, std::string_view endpoint) {
    const auto released = parts_.store->deliveries().release(attempt_of(claimed), parts_.clock->now(), endpoint);
    if (!released)
        parts_.logger->log(LogLevel::warning, "delivery not given back",
                           {{"delivery_id", claimed.delivery.delivery_id}, {"reason", released.error().message}});
}

void Outbox::end(const AttemptEnd& end, std::stop_token stop) {
    for (int tries = 1;; ++tries) {
        const auto stored = parts_.store->deliveries().end_attempt(end);
        if (stored) {
            if (!*stored) return;  // another sender has it
            if (end.delivered)
                ++delivered_;
            else if (!end.next_attempt_at)
                ++failed_;
            return;
        }
        if (!stored.error().retryable || tries == outbox_store_tries || stop.stop_requested() || stopping_) {
            parts_.logger->log(LogLevel::error, "end of a delivery not stored",
                               {{"delivery_id", end.attempt.delivery_id}, {"reason", stored.error().message}});
            return;  // the lease runs out, and it is sent again
        }
        parts_.clock->sleep_until(parts_.clock->now() + outbox_store_pause, stop);
    }
}

void Outbox::renew_leases(TimePoint now) {
    std::vector<DeliveryRef> attempts;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [id, flight] : in_flight_) attempts.push_back(flight.attempt);
    }
    if (attempts.empty()) return;
    const auto lost = parts_.store->deliveries().heartbeat(attempts, now, options_.lease);
    if (!lost) {
        parts_.logger->log(LogLevel::error, "leases of deliveries not renewed", {{"reason", lost.error().message}});
        return;
    }
    std::vector<std::stop_source> stops;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& id : *lost)
            if (const auto found = in_flight_.find(id); found != in_flight_.end()) stops.push_back(found->second.stop);
    }
    for (auto& stop : stops) stop.request_stop();
}

void Outbox::drop_old(TimePoint now) {
    for (;;) {
        const auto dropped = parts_.store->deliveries().drop_ended_before(now - options_.retention, outbox_drop_batch);
        if (!dropped || *dropped < outbox_drop_batch) return;
    }
}

void Outbox::stop(milliseconds grace) {
    const std::lock_guard once(stop_mutex_);
    if (stopped_) return;
    stopping_ = true;
    std::vector<std::jthread> senders;
    {
        // Real time on purpose, as in Runner::stop().
        std::unique_lock lock(mutex_);
        flight_changed_.wait_for(lock, grace, [&] { return in_flight_.empty(); });
    }
    dispatcher_.request_stop();
    if (dispatcher_.joinable()) dispatcher_.join();
    std::deque<ClaimedDelivery> left;
    {
        const std::lock_guard lock(mutex_);
        senders.swap(senders_);
        left.swap(queue_);
    }
    for (auto& sender : senders) sender.request_stop();
    senders.clear();  // joins; each gives its delivery back
    for (const auto& claimed : left) {
        give_back(claimed, claimed.delivery.endpoint);
        untrack(claimed);
    }
    stopped_ = true;
}

OutboxMetrics Outbox::metrics() const {
    OutboxMetrics metrics{.attempts = attempts_, .delivered = delivered_, .failed = failed_};
    const std::lock_guard lock(mutex_);
    metrics.in_flight = static_cast<std::int64_t>(in_flight_.size());
    return metrics;
}

}  // namespace meter::run
