// Where jobs, their results, batches and baselines are kept.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "meter/change.hpp"
#include "meter/export.hpp"
#include "meter/job.hpp"
#include "meter/result.hpp"
#include "meter/schedule.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"
#include "meter/webhook.hpp"

namespace meter {

// The rules for every store (meter/store.hpp) hold here too.

/// What makes jobs comparable (wire contract 12.3).
struct BaselineKey {
    std::string strategy_id = {};
    std::string url = {};
    std::optional<std::string> parameters = {};  ///< canonical JSON text
    std::optional<std::string> schedule_id = {};
    std::optional<std::string> workflow_node = {};

    bool operator==(const BaselineKey&) const = default;
};

/// The newest completed job of a key that may serve as baseline, and what is needed to ask "still the same?".
struct Baseline {
    std::string job_id = {};
    std::string content_hash = {};
    BaselineShape shape = {};
    std::string settings_hash = {};  ///< over plan, schema, filter and fetch settings the job ran with
    std::string etag = {};           ///< validators of the fetched page; empty when there was none
    std::string last_modified = {};
    /// Over the fetched page: one with the same hash need not be read again. Empty: nobody knows, so it is.
    std::string page_hash = {};

    bool operator==(const Baseline&) const = default;
};

/// The key of what a job is compared with, but for `parameters`: those of a job that has some go in as
/// canonical_json().
METER_EXPORT BaselineKey baseline_key(const Job& job);

/// What the work on a job begins with.
struct JobStart {
    std::shared_ptr<const Strategy> strategy = {};  ///< never null; jobs of one claim may share it
    std::optional<Baseline> baseline = {};
};

/// A job as handed to a worker. `token` is the fence: every later write about this claim must name it.
struct ClaimedJob {
    Job job;
    std::int64_t token = 0;
    std::string host = {};  ///< "host:port" of the job's URL; empty when the store does not keep it
    /// As stored at the moment of the claim, where the store has read it along: the worker need not ask for it.
    std::optional<JobStart> start = {};
};

/// Whom a worker pool has to leave alone: hosts that are slow to answer must not hold all of its workers.
struct HostLoad {
    std::int64_t most = 0;                                    ///< jobs of one host at a time; 0: no bound
    std::unordered_map<std::string, std::int64_t> busy = {};  ///< "host:port" -> jobs the pool runs now
};

/// Names one claim.
struct ClaimRef {
    std::string job_id = {};
    std::int64_t token = 0;
};

/// Everything that is written when a job completes.
struct JobCompletion {
    ClaimRef claim = {};
    BaselineKey key = {};
    std::optional<std::string> expected_baseline = {};  ///< job_id of the baseline it was compared with
    TimePoint completed_at{};
    std::string results = {};  ///< JSON array text; ignored with `reuse_baseline`
    /// The page answered "not modified": results, hash and signature are taken from the expected baseline.
    bool reuse_baseline = false;
    std::int64_t item_count = 0;
    std::string content_hash = {};
    std::string structural_signature = {};  ///< JSON object text
    bool has_changes = false;
    Outcome outcome = Outcome::ok;
    std::vector<std::string> warnings = {};
    /// When set, this job becomes the baseline of `key` (job_id and content_hash are the job's own).
    std::optional<Baseline> new_baseline = {};
    std::vector<Delivery> deliveries = {};  ///< put into the outbox with it
    /// What changed, for the changelog of the job's schedule; ignored when that is gone or was none.
    std::optional<ChangeRecord> change = {};
};

struct JobFailure {
    ClaimRef claim = {};
    TimePoint completed_at{};
    std::string error = {};
    Outcome outcome = Outcome::failed;
    std::vector<Delivery> deliveries = {};  ///< put into the outbox with it
};

/// Numbers for metrics and back-pressure.
struct JobCounts {
    std::int64_t pending = 0;
    std::int64_t running = 0;
};

/// What a sweep did with expired leases.
struct SweepResult {
    std::int64_t requeued = 0;
    std::vector<std::string> failed;  ///< ids of jobs that had no attempt left
    /// Jobs of schedules without an attempt left, claimed once more for a short while: the caller is to fail them,
    /// together with what that tells their schedules' webhooks.
    std::vector<ClaimedJob> exhausted;
};

/// Where a walk over ended jobs, the longest ended first, stands: behind this one.
struct EndedPlace {
    TimePoint completed_at{};
    std::string job_id = {};

    bool operator==(const EndedPlace&) const = default;
};

/// What a step of such a walk came to.
struct DroppedJobs {
    std::int64_t dropped = 0;
    std::optional<EndedPlace> next = {};  ///< where to go on; nullopt: the walk is at its end
};

class METER_EXPORT JobStore {
public:
    virtual ~JobStore();

    /// Inserts pending jobs, in order, with their batch when there is one. Errors: not_found when the strategy is not
    /// the account's (any more); nothing is inserted then.
    virtual Result<void> insert(const std::vector<Job>& jobs, const std::optional<Batch>& batch) = 0;
    virtual Result<std::optional<Job>> find(std::string_view account_id, std::string_view job_id) = 0;
    /// Newest first by created_at, ties by id descending; full jobs.
    virtual Result<std::vector<Job>> list(std::string_view account_id, const JobQuery& query) = 0;
    /// All jobs of the strategy, newest first; empty when the strategy is not there.
    virtual Result<std::vector<HistoryEntry>> history(std::string_view account_id, std::string_view strategy_id,
                                                      ListRange range) = 0;
    virtual Result<std::optional<BatchProgress>> batch_progress(std::string_view account_id,
                                                                std::string_view batch_id) = 0;

    /// Moves the oldest pending job of the next account in turn to running for `worker` until now + lease, attempt + 1,
    /// started_at set; nullopt if none is pending. Atomic: two callers never get the same job.
    virtual Result<std::optional<ClaimedJob>> claim_next(TimePoint now, std::chrono::milliseconds lease,
                                                         std::string_view worker) = 0;
    /// Like `most` calls of claim_next() in one step, but jobs of a host are passed over once `hosts.most` of them run,
    /// those claimed here included. Fewer than `most`: no other pending job may run now.
    virtual Result<std::vector<ClaimedJob>> claim(TimePoint now, std::chrono::milliseconds lease,
                                                  std::string_view worker, std::size_t most, const HostLoad& hosts);
    /// Extends the leases that are still held; returns the job ids of those that are not (taken over, failed, deleted).
    virtual Result<std::vector<std::string>> heartbeat(const std::vector<ClaimRef>& claims, TimePoint now,
                                                       std::chrono::milliseconds lease) = 0;
    virtual Result<std::optional<Baseline>> find_baseline(const BaselineKey& key) = 0;
    /// Completes a claimed job. False when the claim is no longer held (nothing is written). Errors: conflict when the
    /// key's baseline is not `expected_baseline` any more: compare again.
    virtual Result<bool> complete(const JobCompletion& completion) = 0;
    /// Fails a claimed job. False when the claim is no longer held.
    virtual Result<bool> fail(const JobFailure& failure) = 0;
    /// Fails a job that is pending or running, whoever holds it. False when it has ended or is not there.
    virtual Result<bool> fail_unfinished(std::string_view account_id, std::string_view job_id, TimePoint completed_at,
                                         std::string_view error) = 0;
    /// Gives a claimed job back: pending again, the attempt not counted. False when the claim is no longer held.
    virtual Result<bool> release(const ClaimRef& claim) = 0;
    /// Expired leases: back to pending, or failed "Interrupted by server restart" when `max_attempts` are used; jobs of
    /// schedules are handed to the caller instead, who knows what their failure has to tell.
    virtual Result<SweepResult> sweep(TimePoint now, std::int64_t max_attempts) = 0;
    virtual Result<JobCounts> counts() = 0;

    /// Looks at the next `limit` (at least 1) jobs behind `after` that ended before the moment, and removes those that
    /// nothing needs, with their results and changes, and their batch when no job of it is left; its counters stay
    /// those of all its jobs as long as one is. Needed, however old, are
    /// - baselines;
    /// - jobs of a batch that has unfinished ones;
    /// - jobs of the newest tick of a schedule (created_at from its last_run_at on) and of the one before it: the next
    ///   one is compared with their outcomes;
    /// - jobs whose outputs a workflow run hands on that is open, or is the newest completed or partial one of its
    ///   workflow, and all other jobs of such a run;
    /// - jobs of an account created since the start of an execution of an automation of it that has not ended: it may
    ///   wait for them.
    virtual Result<DroppedJobs> drop_ended_before(TimePoint moment, const std::optional<EndedPlace>& after,
                                                  std::int64_t limit) = 0;
};

}  // namespace meter
