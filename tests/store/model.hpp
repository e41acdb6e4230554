// The second opinion: jobs, claims, baselines and quota as plain containers, every rule in its most naive form.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "meter/store.hpp"

namespace meter::tests {

class Model {
public:
    struct Entry {
        Job job;
        std::int64_t token = 0;
        TimePoint lease_until{};
    };
    using Key = std::tuple<std::string, std::string, std::optional<std::string>, std::optional<std::string>>;

    std::map<std::string, Strategy> strategies;
    std::vector<AuditEvent> audit;
    std::map<std::string, Entry> jobs;
    std::map<std::string, Batch> batches;
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> dropped;  // batch -> completed, failed jobs removed
    std::map<Key, Baseline> baselines;
    std::map<std::string, std::pair<std::string, TimePoint>> reservations;  // -> account, expiry
    std::string last_served;

    static Key key_of(const BaselineKey& key) { return {key.strategy_id, key.url, key.parameters, key.schedule_id}; }

    bool owns(const std::string& account_id, const std::string& strategy_id) const {
        const auto found = strategies.find(strategy_id);
        return found != strategies.end() && found->second.account_id == account_id;
    }

    bool remove(const std::string& account_id, const std::string& strategy_id, const AuditEvent& event) {
        if (!owns(account_id, strategy_id)) return false;
        strategies.erase(strategy_id);
        std::erase_if(jobs, [&](const auto& entry) { return entry.second.job.strategy_id == strategy_id; });
        std::erase_if(batches, [&](const auto& entry) { return entry.second.strategy_id == strategy_id; });
        std::erase_if(baselines, [&](const auto& entry) { return std::get<0>(entry.first) == strategy_id; });
        audit.push_back(event);
        return true;
    }

    template <class T, class Keep, class Id>
    static std::vector<T> newest_first(std::vector<T> all, Keep keep, Id id, ListRange range) {
        std::erase_if(all, [&](const T& one) { return !keep(one); });
        std::sort(all.begin(), all.end(), [&](const T& a, const T& b) {
            return std::tie(a.created_at, a.*id) > std::tie(b.created_at, b.*id);
        });
        const auto first = std::min<std::size_t>(static_cast<std::size_t>(range.offset), all.size());
        const auto last = std::min<std::size_t>(first + static_cast<std::size_t>(range.limit), all.size());
        return {all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(last)};
    }

    std::vector<Job> list(const std::string& account_id, const JobQuery& query) const {
        std::vector<Job> all;
        for (const auto& [id, entry] : jobs) all.push_back(entry.job);
        return newest_first(
            all,
            [&](const Job& job) {
                return job.account_id == account_id && (!query.strategy_id || job.strategy_id == query.strategy_id) &&
                       (!query.schedule_id || job.schedule_id == query.schedule_id) &&
                       (!query.batch_id || job.batch_id == query.batch_id) &&
                       (!query.status || job.status == *query.status) &&
                       (!query.since || job.created_at >= *query.since);
            },
            &Job::job_id, query.range);
    }

    JobCounts counts() const {
        JobCounts counts;
        for (const auto& [id, entry] : jobs) {
            counts.pending += entry.job.status == JobStatus::pending;
            counts.running += entry.job.status == JobStatus::running;
        }
        return counts;
    }

    std::optional<BatchProgress> progress(const std::string& account_id, const std::string& batch_id) const {
        const auto found = batches.find(batch_id);
        if (found == batches.end() || found->second.account_id != account_id) return std::nullopt;
        BatchProgress progress;
        progress.batch = found->second;
        if (const auto gone = dropped.find(batch_id); gone != dropped.end())
            std::tie(progress.completed, progress.failed) = gone->second;
        for (const auto& [id, entry] : jobs) {
            if (entry.job.batch_id != batch_id) continue;
            progress.pending += entry.job.status == JobStatus::pending;
            progress.running += entry.job.status == JobStatus::running;
            progress.completed += entry.job.status == JobStatus::completed;
            progress.failed += entry.job.status == JobStatus::failed;
        }
        return progress;
    }

    Entry* oldest_pending(const std::string& after, bool or_equal) {
        Entry* best = nullptr;
        for (auto& [id, entry] : jobs) {
            const Job& job = entry.job;
            if (job.status != JobStatus::pending) continue;
            if (!(job.account_id > after || (or_equal && job.account_id == after))) continue;
            if (best == nullptr || std::tie(job.account_id, job.created_at, job.job_id) <
                                       std::tie(best->job.account_id, best->job.created_at, best->job.job_id))
                best = &entry;
        }
        return best;
    }

    std::optional<ClaimedJob> claim(TimePoint now, std::chrono::milliseconds lease) {
        Entry* next = oldest_pending(last_served, false);
        if (next == nullptr) next = oldest_pending("", true);
        if (next == nullptr) return std::nullopt;
        last_served = next->job.account_id;
        next->job.status = JobStatus::running;
        ++next->job.attempt;
        ++next->token;
        next->job.started_at = now;
        next->lease_until = now + lease;
        ClaimedJob claimed;
        claimed.job = next->job;
        claimed.token = next->token;
        return claimed;
    }

    Entry* held(const ClaimRef& claim) {
        const auto found = jobs.find(claim.job_id);
        if (found == jobs.end()) return nullptr;
        Entry& entry = found->second;
        return entry.token == claim.token && entry.job.status == JobStatus::running ? &entry : nullptr;
    }

    static void requeue(Entry& entry) {
        entry.job.status = JobStatus::pending;
        entry.job.started_at.reset();
    }

    static void fail(Entry& entry, TimePoint completed_at, std::string error, Outcome outcome) {
        entry.job.status = JobStatus::failed;
        entry.job.completed_at = completed_at;
        entry.job.error = std::move(error);
        entry.job.outcome = outcome;
    }

    /// nullopt: conflict.
    std::optional<bool> complete(const JobCompletion& completion) {
        Entry* entry = held(completion.claim);
        if (entry == nullptr) return false;
        const auto baseline = baselines.find(key_of(completion.key));
        const auto current =
            baseline == baselines.end() ? std::nullopt : std::optional<std::string>(baseline->second.job_id);
        if (current != completion.expected_baseline) return std::nullopt;
        Job& job = entry->job;
        job.status = JobStatus::completed;
        job.completed_at = completion.completed_at;
        job.item_count = completion.item_count;
        job.has_changes = completion.has_changes;
        job.outcome = completion.outcome;
        job.warnings = completion.warnings;
        const Job* from = completion.reuse_baseline ? &jobs.at(*current).job : nullptr;
        job.results = from != nullptr ? from->results : completion.results;
        job.content_hash = from != nullptr ? from->content_hash : completion.content_hash;
        job.structural_signature = from != nullptr ? from->structural_signature : completion.structural_signature;
        if (completion.new_baseline) {
            Baseline next = *completion.new_baseline;
            next.job_id = job.job_id;
            next.content_hash = *job.content_hash;
            baselines[key_of(completion.key)] = next;
        }
        return true;
    }

    SweepResult sweep(TimePoint now, std::int64_t max_attempts) {
        SweepResult result;
        for (auto& [id, entry] : jobs) {
            if (entry.job.status != JobStatus::running || entry.lease_until > now) continue;
            if (entry.job.attempt >= max_attempts) {
                fail(entry, now, "Interrupted by server restart", Outcome::failed);
                result.failed.push_back(id);
            } else {
                requeue(entry);
                ++result.requeued;
            }
        }
        return result;
    }

    bool is_needed(const Job& job) const {
        for (const auto& [key, baseline] : baselines)
            if (baseline.job_id == job.job_id) return true;
        for (const auto& [id, entry] : jobs)
            if (job.batch_id && entry.job.batch_id == job.batch_id && !entry.job.completed_at) return true;
        return false;
    }

    DroppedJobs drop_ended_before(TimePoint moment, const std::optional<EndedPlace>& after, std::int64_t limit) {
        std::vector<std::pair<TimePoint, std::string>> ended;
        for (const auto& [id, entry] : jobs)
            if (entry.job.completed_at && *entry.job.completed_at < moment &&
                (!after || std::pair(*entry.job.completed_at, id) > std::pair(after->completed_at, after->job_id)))
                ended.emplace_back(*entry.job.completed_at, id);
        std::sort(ended.begin(), ended.end());
        DroppedJobs result;
        if (ended.size() >= static_cast<std::size_t>(limit)) {
            ended.resize(static_cast<std::size_t>(limit));
            result.next = EndedPlace{ended.back().first, ended.back().second};
        }
        std::erase_if(ended, [&](const auto& place) { return is_needed(jobs.at(place.second).job); });
        for (const auto& place : ended) {
            const Job job = jobs.at(place.second).job;
            jobs.erase(place.second);
            ++result.dropped;
            if (!job.batch_id) continue;
            ++(job.status == JobStatus::completed ? dropped[*job.batch_id].first : dropped[*job.batch_id].second);
            if (std::none_of(jobs.begin(), jobs.end(),
                             [&](const auto& entry) { return entry.second.job.batch_id == job.batch_id; }))
                batches.erase(*job.batch_id);
        }
        return result;
    }

    QuotaUsage usage(const std::string& account_id, TimePoint window_start, TimePoint now) const {
        QuotaUsage usage;
        for (const auto& event : audit)
            if (event.account_id == account_id && event.event == "created" && event.created_at >= window_start) {
                ++usage.used;
                usage.oldest = std::min(usage.oldest.value_or(event.created_at), event.created_at);
            }
        for (const auto& [id, reservation] : reservations)
            usage.used += reservation.first == account_id && reservation.second > now;
        return usage;
    }
};

}  // namespace meter::tests
