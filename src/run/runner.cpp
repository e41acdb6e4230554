#include "run/runner.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "core/id.hpp"
#include "meter/change.hpp"
#include "meter/json.hpp"
#include "run/change_decision.hpp"
#include "run/job_events.hpp"
#include "run/scrape.hpp"

namespace meter::run {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds poll_interval{1'000};  // looks for jobs that other processes queued
constexpr milliseconds persist_pause{500};
constexpr int persist_tries = 20;
// Each refusal means that another job of the same key completed, so this is reached by no honest load.
constexpr int baseline_tries = 10'000;
constexpr std::chrono::hours snapshot_sweep{1};
constexpr std::chrono::hours job_retention_sweep{1};
constexpr std::int64_t job_drop_batch = 100;       // short enough for what else the store has to write
constexpr std::chrono::hours tick_memory{24 * 3};  // how far a clock may go back without ticking twice
constexpr std::size_t compiled_kept = 1'024;

BaselineKey baseline_key(const Job& job, const Value& parameters) {
    BaselineKey key = meter::baseline_key(job);
    // No parameters and an empty object ask for the same thing.
    if (const Object* object = parameters.if_object(); object != nullptr && !object->empty())
        key.parameters = canonical_json(parameters);
    return key;
}

/// Does a "not modified" answer about one baseline hold for the other?
bool same_page(const Baseline& a, const Baseline& b) {
    return a.etag == b.etag && a.last_modified == b.last_modified && a.settings_hash == b.settings_hash &&
           a.content_hash == b.content_hash;
}

Result<Value> job_parameters(const Job& job) {
    if (!job.parameters) return Value(nullptr);
    return parse_json(*job.parameters, {.max_depth = 128});
}

}  // namespace

Runner::Runner(RunnerParts parts, const JobOptions& options, milliseconds snapshot_retention)
    : parts_(std::move(parts)),
      options_(options),
      snapshot_retention_(snapshot_retention),
      worker_id_(core::new_uuid(parts_.clock->now())),
      compiled_(compiled_kept) {
    hosts_.most = options_.per_host;
    workers_.reserve(static_cast<std::size_t>(options_.workers));
    for (int i = 0; i < options_.workers; ++i) workers_.emplace_back([this](std::stop_token stop) { work(stop); });
    housekeeper_ = std::jthread([this](std::stop_token stop) { keep_house(stop); });
}

Runner::~Runner() {
    stop(milliseconds{0});
}

void Runner::wake_one_worker() {
    {
        const std::lock_guard lock(mutex_);
        ready_ = std::min(ready_ + 1, static_cast<std::size_t>(options_.workers));
    }
    ready_changed_.notify_one();
}

void Runner::notify(std::size_t count) {
    pending_estimate_ += static_cast<std::int64_t>(count);
    {
        std::lock_guard lock(mutex_);
        ready_ = std::min(ready_ + count, static_cast<std::size_t>(options_.workers));
    }
    if (count == 1)
        ready_changed_.notify_one();
    else
        ready_changed_.notify_all();
}

void Runner::work(std::stop_token stop) {
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex_);
            if (!ready_changed_.wait(lock, stop, [&] { return ready_ > 0; })) return;
            --ready_;
        }
        std::string freed;
        while (!stop.stop_requested() && !stopping() && run_one(stop, freed) == Ran::one) {
        }
    }
}

Result<std::size_t> Runner::run_pending(std::stop_token stop) {
    std::size_t count = 0;
    std::string freed;
    while (!stop.stop_requested()) {
        if (stopping()) return Error{ErrorCode::unavailable, "The engine is stopping", {}, true};
        switch (run_one(stop, freed)) {
            case Ran::one:
                ++count;
                break;
            case Ran::none:
                return count;
            case Ran::failed:
                return Error{ErrorCode::store, "Jobs could not be claimed from the store", {}, true};
        }
    }
    return count;
}

Runner::Ran Runner::run_one(std::stop_token stop, std::string& freed) {
    const auto claimed = next_job();
    if (!claimed) {
        parts_.logger->log(LogLevel::error, "claim failed", {{"reason", claimed.error().message}});
        return Ran::failed;
    }
    if (!*claimed) return Ran::none;
    const std::string& host = (*claimed)->host;
    // This thread goes on elsewhere: the place it left is for one that found every host full and went to sleep.
    if (!freed.empty() && freed != host) wake_one_worker();
    if (pending_estimate_.load() > 0) --pending_estimate_;
    run_claimed(**claimed, stop);
    freed = job_left(host) ? host : std::string();
    return Ran::one;
}

Runner::Claim Runner::next_job() {
    Asker self;
    std::unique_lock lock(claim_mutex_);
    askers_.push_back(&self);
    if (round_goes_on_) {  // it did not ask for this thread; the next one will
        lock.unlock();
        self.turn.wait();
        if (!self.leads) return std::move(self.outcome);
        lock.lock();
    }
    self.leads = round_goes_on_ = true;
    claim_for_all(std::move(lock));
    return std::move(self.outcome);
}

void Runner::claim_for_all(std::unique_lock<std::mutex> lock) {
    std::vector<Asker*> round;
    round.swap(askers_);
    Asker* const self = *std::find_if(round.begin(), round.end(), [](const Asker* asker) { return asker->leads; });
    const HostLoad hosts = hosts_;
    lock.unlock();
    auto claimed = [&]() -> Result<std::vector<ClaimedJob>> {
        try {
            return parts_.store->jobs().claim(parts_.clock->now(), options_.lease, worker_id_, round.size(), hosts);
        } catch (const std::exception& e) {  // a store of the user's, or no memory
            return Error{ErrorCode::internal, e.what()};
        }
    }();
    lock.lock();
    if (claimed)
        for (const ClaimedJob& job : *claimed) ++hosts_.busy[job.host];
    round_goes_on_ = !askers_.empty();
    Asker* const next = round_goes_on_ ? askers_.front() : nullptr;
    lock.unlock();
    if (next != nullptr) {
        next->leads = true;
        next->turn.set();
    }
    for (std::size_t i = 0; i < round.size(); ++i) {
        if (!claimed)
            round[i]->outcome = claimed.error();
        else if (i < claimed->size())
            round[i]->outcome = std::optional(std::move((*claimed)[i]));
        if (round[i] != self) round[i]->turn.set();  // and it is gone
    }
}

bool Runner::job_left(const std::string& host) {
    const std::lock_guard lock(claim_mutex_);
    const auto busy = hosts_.busy.find(host);
    const bool was_full = !host.empty() && hosts_.most > 0 && busy->second >= hosts_.most;
    if (--busy->second == 0) hosts_.busy.erase(busy);
    return was_full;
}

void Runner::run_claimed(const ClaimedJob& claimed, std::stop_token stop) {
    const std::string& job_id = claimed.job.job_id;
    std::stop_source job_stop;
    std::stop_source outlived(std::nostopstate);
    {
        std::lock_guard lock(mutex_);
        Running& running = running_[job_id];
        // This process lost the job without noticing and got it again: what it did under the old claim is void.
        outlived = std::exchange(running.stop, job_stop);
        running.claim = ClaimRef{job_id, claimed.token};
        running.strategy_id = claimed.job.strategy_id;
        running.workflow_run_id = claimed.job.workflow_run_id;
        running.workflow_node_id = claimed.job.workflow_node_id;
    }
    outlived.request_stop();
    bool last_of_node = false;
    {
        const std::stop_callback forward(stop, [&] { job_stop.request_stop(); });
        try {
            perform(claimed, job_stop.get_token(), stop);
        } catch (const std::exception& e) {  // a seam of the user's, or no memory
            parts_.logger->log(LogLevel::error, "job threw", {{"job_id", job_id}, {"reason", e.what()}});
            end_with_error(claimed, Error{ErrorCode::internal, "Internal error"}, Outcome::failed);
        }
    }
    {
        std::lock_guard lock(mutex_);
        const auto running = running_.find(job_id);
        if (running != running_.end() && running->second.claim.token == claimed.token) running_.erase(running);
        last_of_node = is_last_of_node(claimed.job);
    }
    running_changed_.notify_all();
    announce(job_id);
    if (last_of_node && parts_.run_job_ended) parts_.run_job_ended();
}

/// Null: it was deleted. Jobs of a workflow run keep to what was stored when it began (wire contract 19.1).
Result<std::shared_ptr<const Strategy>> Runner::strategy_of(const ClaimedJob& claimed) {
    if (claimed.start) return claimed.start->strategy;
    const Job& job = claimed.job;
    auto found = job.workflow_run_id
                     ? parts_.store->workflows().run_strategy(job.account_id, *job.workflow_run_id, job.strategy_id)
                     : parts_.store->strategies().find(job.account_id, job.strategy_id);
    if (!found) return found.error();
    if (!*found) return std::shared_ptr<const Strategy>();
    return std::make_shared<const Strategy>(**std::move(found));
}

/// While others of the node run here, its last job has not ended.
bool Runner::is_last_of_node(const Job& job) const {
    return job.workflow_run_id && std::none_of(running_.begin(), running_.end(), [&](const auto& entry) {
               return entry.second.workflow_run_id == job.workflow_run_id &&
                      entry.second.workflow_node_id == job.workflow_node_id;
           });
}

void Runner::perform(const ClaimedJob& claimed, std::stop_token stop, std::stop_token own_stop) {
    const Job& job = claimed.job;
    JobStore& jobs = parts_.store->jobs();

    const auto strategy = strategy_of(claimed);
    if (!strategy) return end_with_error(claimed, strategy.error(), Outcome::failed);
    if (!*strategy) return;  // deleted, and this job with it
    const auto compiled = compiled_.get(**strategy);
    if (!compiled)
        return end_with_error(claimed, Error{ErrorCode::internal, "Extraction failed: " + compiled.error().message},
                              Outcome::failed);
    const auto parameters = job_parameters(job);
    if (!parameters) return end_with_error(claimed, parameters.error(), Outcome::failed);

    const BaselineKey key = baseline_key(job, *parameters);
    std::optional<Scraped> scraped;
    Baseline asked_about;  // what a "not modified" answer is about
    JobCompletion completion;
    for (int attempt = 0; attempt < baseline_tries; ++attempt) {
        const auto found = attempt == 0 && claimed.start ? Result(claimed.start->baseline) : jobs.find_baseline(key);
        if (!found) return end_with_error(claimed, found.error(), Outcome::failed);
        const Baseline* baseline = *found ? &**found : nullptr;

        if (!scraped || (scraped->not_modified && !(baseline != nullptr && same_page(*baseline, asked_about)))) {
            auto outcome = scrape(
                **compiled, *parts_.fetcher,
                {.url = job.url, .parameters = *parameters, .baseline = baseline, .limits = options_.extract}, stop);
            if (const auto* failure = std::get_if<ScrapeFailure>(&outcome)) {
                if (failure->error.code == ErrorCode::cancelled && stop.stop_requested()) {
                    // The thread stops: back to the queue. Otherwise somebody ended or removed the job already.
                    if (own_stop.stop_requested() || stopping())
                        (void)persist({}, [&] { return jobs.release({job.job_id, claimed.token}); });
                    return;
                }
                return end_with_error(claimed, failure->error, failure->outcome);
            }
            scraped = std::get<Scraped>(std::move(outcome));
            bytes_ += scraped->wire_bytes;
            if (baseline != nullptr) asked_about = *baseline;
        }

        // As late as may be: an edit of the schedule counts for the jobs that end after it.
        std::optional<Schedule> schedule;
        if (job.schedule_id) {
            auto read = parts_.store->schedules().find(job.account_id, *job.schedule_id);
            if (!read) return end_with_error(claimed, read.error(), Outcome::failed);
            schedule = *std::move(read);
        }
        ChangeDecision decision;
        completion =
            JobCompletion{.claim = {job.job_id, claimed.token}, .key = key, .completed_at = parts_.clock->now()};
        if (baseline != nullptr) completion.expected_baseline = baseline->job_id;
        if (scraped->not_modified) {
            completion.reuse_baseline = true;
            completion.item_count = baseline->shape.item_count;
            completion.content_hash = baseline->content_hash;
            completion.new_baseline = *baseline;
            completion.new_baseline->job_id = job.job_id;
            completion.new_baseline->etag = scraped->etag;
            completion.new_baseline->last_modified = scraped->last_modified;
            completion.new_baseline->page_hash = scraped->page_hash;
        } else {
            completion.item_count = static_cast<std::int64_t>(scraped->items.size());
            completion.outcome = judge(scraped->items, baseline != nullptr ? &baseline->shape : nullptr);
            completion.warnings = scraped->warnings;
            completion.structural_signature = to_json(structural_signature(scraped->items));
            const Value results = results_of(**compiled, scraped->items);
            completion.content_hash = content_hash(results);
            completion.results = to_json(results);
            if (completion.results.size() > options_.extract.max_result_bytes)
                return end_with_error(claimed,
                                      Error{ErrorCode::too_large, "Extraction failed: too many results", job.url},
                                      Outcome::failed);
            // Broken is not changed: an empty or degraded run is no change and never a baseline (wire contract 12.3).
            if (completion.outcome == Outcome::ok) {
                auto decided = decide_change(jobs,
                                             {.job = job,
                                              .strategy = **strategy,
                                              .compiled = **compiled,
                                              .schedule = schedule ? &*schedule : nullptr,
                                              .baseline = baseline},
                                             scraped->items, completion.content_hash);
                if (!decided) return end_with_error(claimed, decided.error(), Outcome::failed);
                decision = *std::move(decided);
                completion.has_changes = decision.has_changes;
                completion.change = std::move(decision.record);
                completion.new_baseline = Baseline{
                    .job_id = job.job_id,
                    .content_hash = completion.content_hash,
                    .shape = {completion.item_count, field_counts(scraped->items)},
                    .settings_hash = (*compiled)->settings_hash,
                    .etag = scraped->etag,
                    .last_modified = scraped->last_modified,
                    .page_hash = scraped->page_hash,
                };
            }
        }

        auto events = completion_events(*parts_.store, job, **strategy, schedule ? &*schedule : nullptr, completion,
                                        decision.delta);
        if (!events) return end_with_error(claimed, events.error(), Outcome::failed);
        completion.deliveries = *std::move(events);

        const auto stored = persist(stop, [&] { return jobs.complete(completion); });
        if (stored) {
            if (!*stored) return;  // the claim was lost; another worker has the job
            if (!completion.deliveries.empty() && parts_.deliveries_added) parts_.deliveries_added();
            ++completed_;
            if (scraped->not_modified) ++unchanged_;
            items_ += static_cast<std::uint64_t>(completion.item_count);
            return;
        }
        if (stored.error().code != ErrorCode::conflict) return end_with_error(claimed, stored.error(), Outcome::failed);
        // Another job of the same key completed in between: compare with that one.
    }
    end_with_error(claimed, Error{ErrorCode::conflict, "Extraction failed: the baseline kept changing", job.url},
                   Outcome::failed);
}

void Runner::end_with_error(const ClaimedJob& claimed, const Error& error, Outcome outcome) {
    JobFailure failure{.claim = {claimed.job.job_id, claimed.token},
                       .completed_at = parts_.clock->now(),
                       .error = error.message,
                       .outcome = outcome};
    const auto stored = persist({}, [&]() -> Result<bool> {
        auto events = failure_events(*parts_.store, claimed.job, failure);
        if (!events) return events.error();
        failure.deliveries = *std::move(events);
        return parts_.store->jobs().fail(failure);
    });
    if (!stored)
        parts_.logger->log(LogLevel::error, "job end not stored",
                           {{"job_id", claimed.job.job_id}, {"reason", stored.error().message}});
    else if (*stored) {
        ++failed_;
        if (!failure.deliveries.empty() && parts_.deliveries_added) parts_.deliveries_added();
    }
}

Result<bool> Runner::persist(std::stop_token stop, const std::function<Result<bool>()>& call) {
    for (int attempt = 1;; ++attempt) {
        auto result = call();
        if (result || result.error().code != ErrorCode::store || !result.error().retryable ||
            attempt == persist_tries || stop.stop_requested() || stopping())
            return result;
        parts_.clock->sleep_until(parts_.clock->now() + persist_pause, stop);
    }
}

void Runner::cancel_job(std::string_view job_id) {
    std::stop_source stop(std::nostopstate);
    {
        std::lock_guard lock(mutex_);
        if (const auto found = running_.find(std::string(job_id)); found != running_.end()) stop = found->second.stop;
    }
    stop.request_stop();
    announce(job_id);
}

void Runner::cancel_where(const std::function<bool(const Running&)>& matches) {
    std::vector<std::stop_source> stops;
    {
        std::lock_guard lock(mutex_);
        for (const auto& [id, running] : running_)
            if (matches(running)) stops.push_back(running.stop);
    }
    for (auto& stop : stops) stop.request_stop();
    wake_all_waiters();
}

void Runner::cancel_strategy(std::string_view strategy_id) {
    cancel_where([&](const Running& running) { return running.strategy_id == strategy_id; });
}

void Runner::cancel_run(std::string_view run_id) {
    cancel_where([&](const Running& running) { return running.workflow_run_id == run_id; });
}

Result<bool> Runner::wait(std::string_view job_id, TimePoint deadline, std::stop_token stop,
                          const std::function<Result<bool>()>& ended) {
    Waiter waiter;
    std::unique_lock lock(mutex_);
    const auto place = waiters_.emplace(std::string(job_id), &waiter);
    Result<bool> outcome = false;
    for (;;) {
        waiter.woken = false;
        lock.unlock();
        outcome = ended();
        lock.lock();
        if (!outcome || *outcome) break;
        if (stop.stop_requested()) {
            outcome = Error{ErrorCode::cancelled, "Cancelled", std::string(job_id)};
            break;
        }
        if (grace_over_) {
            outcome = Error{ErrorCode::unavailable, "The engine is stopping", std::string(job_id), true};
            break;
        }
        if (parts_.clock->now() >= deadline) break;
        waiter.wake.wait(lock, stop, [&] { return waiter.woken || grace_over_; });
    }
    waiters_.erase(place);
    return outcome;
}

void Runner::announce(std::string_view id) {
    std::lock_guard lock(mutex_);
    const auto [first, last] = waiters_.equal_range(std::string(id));
    for (auto it = first; it != last; ++it) {
        it->second->woken = true;
        it->second->wake.notify_all();
    }
}

void Runner::wake_all_waiters() {
    std::lock_guard lock(mutex_);
    for (auto& [id, waiter] : waiters_) {
        waiter->woken = true;
        waiter->wake.notify_all();
    }
}

void Runner::keep_house(std::stop_token stop) {
    const milliseconds beat = options_.lease / 3;
    TimePoint next_beat = parts_.clock->now() + beat;
    TimePoint next_sweep = parts_.clock->now();
    TimePoint next_poll = parts_.clock->now();
    TimePoint next_snapshots = parts_.clock->now();
    TimePoint next_drop = options_.retention.count() > 0 ? parts_.clock->now() : TimePoint::max();
    while (!stop.stop_requested()) {
        const TimePoint now = parts_.clock->now();
        if (now >= next_beat) {
            renew_leases(now);
            next_beat = now + beat;
        }
        if (now >= next_sweep) {
            sweep(now);
            next_sweep = now + options_.sweep;
        }
        if (now >= next_poll) {
            const auto counts = parts_.store->jobs().counts();
            if (counts) {
                pending_estimate_ = counts->pending;
                std::lock_guard lock(mutex_);
                ready_ =
                    std::min(static_cast<std::size_t>(counts->pending), static_cast<std::size_t>(options_.workers));
            }
            ready_changed_.notify_all();
            wake_all_waiters();
            next_poll = now + poll_interval;
        }
        if (now >= next_snapshots) {
            (void)parts_.store->strategies().drop_snapshots_before(now - snapshot_retention_);
            (void)parts_.store->idempotency().drop_expired(now);
            (void)parts_.store->schedules().drop_ticks_before(now - tick_memory);
            next_snapshots = now + snapshot_sweep;
        }
        if (now >= next_drop) next_drop = drop_old_jobs(now);
        parts_.clock->sleep_until(std::min({next_beat, next_sweep, next_poll, next_snapshots, next_drop}), stop);
    }
}

TimePoint Runner::drop_old_jobs(TimePoint now) {
    const auto dropped =
        parts_.store->jobs().drop_ended_before(now - options_.retention, dropped_up_to_, job_drop_batch);
    if (!dropped) parts_.logger->log(LogLevel::warning, "old jobs not removed", {{"reason", dropped.error().message}});
    dropped_up_to_ = dropped ? dropped->next : std::nullopt;
    return dropped_up_to_ ? now : now + job_retention_sweep;
}

void Runner::renew_leases(TimePoint now) {
    std::vector<ClaimRef> claims;
    {
        std::lock_guard lock(mutex_);
        for (const auto& [id, running] : running_) claims.push_back(running.claim);
    }
    if (claims.empty()) return;
    const auto lost = parts_.store->jobs().heartbeat(claims, now, options_.lease);
    if (!lost) {
        parts_.logger->log(LogLevel::error, "leases not renewed", {{"reason", lost.error().message}});
        return;
    }
    for (const std::string& job_id : *lost) cancel_job(job_id);
}

void Runner::sweep(TimePoint now) {
    const auto swept = parts_.store->jobs().sweep(now, options_.max_attempts);
    if (!swept) {
        parts_.logger->log(LogLevel::error, "sweep failed", {{"reason", swept.error().message}});
        return;
    }
    for (const std::string& job_id : swept->failed) announce(job_id);
    failed_ += swept->failed.size();
    if (!swept->failed.empty() && parts_.run_job_ended) parts_.run_job_ended();
    for (const ClaimedJob& claimed : swept->exhausted) {
        end_with_error(claimed, Error{ErrorCode::cancelled, "Interrupted by server restart"}, Outcome::failed);
        announce(claimed.job.job_id);
    }
    if (swept->requeued > 0) notify(static_cast<std::size_t>(swept->requeued));
}

void Runner::stop(milliseconds grace) {
    std::lock_guard once(stop_mutex_);
    if (stopped_) return;
    stopping_ = true;
    {
        // Real time on purpose: grace is about how long this process may still live, not about the engine's clock.
        std::unique_lock lock(mutex_);
        running_changed_.wait_for(lock, grace, [&] { return running_.empty(); });
    }
    for (auto& worker : workers_) worker.request_stop();
    {
        std::vector<std::stop_source> stops;
        {
            std::lock_guard lock(mutex_);
            for (const auto& [id, running] : running_) stops.push_back(running.stop);
        }
        for (auto& job_stop : stops) job_stop.request_stop();  // those of run_pending() callers
    }
    workers_.clear();  // joins; each gives its job back
    grace_over_ = true;
    wake_all_waiters();
    housekeeper_.request_stop();
    if (housekeeper_.joinable()) housekeeper_.join();
    stopped_ = true;
}

EngineMetrics Runner::metrics() const {
    EngineMetrics metrics;
    metrics.jobs_completed = completed_;
    metrics.jobs_failed = failed_;
    metrics.jobs_unchanged = unchanged_;
    metrics.items_extracted = items_;
    metrics.bytes_fetched = bytes_;
    metrics.jobs_pending = pending_estimate_;
    std::lock_guard lock(mutex_);
    metrics.jobs_running = static_cast<std::int64_t>(running_.size());
    return metrics;
}

}  // namespace meter::run
