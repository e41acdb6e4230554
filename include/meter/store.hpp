// Where everything is kept: small stores of one concern each, and the built-in back ends.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/api_key.hpp"
#include "meter/automation_store.hpp"
#include "meter/discovery.hpp"
#include "meter/discovery_store.hpp"
#include "meter/export.hpp"
#include "meter/job.hpp"
#include "meter/job_store.hpp"
#include "meter/result.hpp"
#include "meter/schedule.hpp"
#include "meter/store_record.hpp"
#include "meter/strategy.hpp"
#include "meter/strategy_group.hpp"
#include "meter/time.hpp"
#include "meter/webhook.hpp"
#include "meter/workflow_store.hpp"

namespace meter {

// Rules for every store below.
// Threads: called concurrently; implementations synchronise themselves.
// Atomicity: each call happens entirely or not at all, and is durable when it returns success: kill -9 right after
//   loses nothing.
// Accounts: every call about objects names the account; a foreign id is "not there".
// Time is always an argument; a store reads no clock.
// Errors: store (retryable when trying again may help); others as noted.

/// The page a strategy was made from, kept for refining it and for recomputing its preview.
struct PageSnapshot {
    std::string url;  ///< final URL after redirects
    std::string content_type;
    std::string body;  ///< decompressed bytes as received
    TimePoint fetched_at{};

    bool operator==(const PageSnapshot&) const = default;
};

/// What StrategyStore::update() changes; absent members stay, an inner nullopt clears.
struct StrategyUpdate {
    std::optional<std::string> name = {};
    std::optional<std::string> description = {};
    std::optional<std::optional<std::string>> filter_config = {};
    std::optional<std::optional<std::string>> fetch = {};
    std::optional<std::optional<std::string>> ignore = {};
    std::optional<std::optional<std::string>> key = {};
    std::optional<std::optional<std::string>> output_schema = {};
    std::optional<std::string> preview_data = {};
    /// A new plan, with everything that follows from it.
    struct NewPlan {
        ScraperType scraper_type = ScraperType::css;
        std::string strategy = {};
        std::optional<std::string> api_parameters = {};
        std::int64_t attempts = 0;
        std::vector<std::string> warnings = {};
        std::optional<PageSnapshot> snapshot = {};  ///< replaces the kept one; absent: that one stays
    };
    std::optional<NewPlan> plan = {};
    /// When set, nothing is written unless the stored plan is this text.
    std::optional<std::string> expected_strategy = {};
    TimePoint updated_at{};
};

/// Creations counted against the quota, reservations included.
struct QuotaUsage {
    std::int64_t used = 0;
    std::optional<TimePoint> oldest = {};  ///< creation time of the oldest counted one
};

class METER_EXPORT StrategyStore {
public:
    virtual ~StrategyStore();

    /// Inserts the strategy with its audit event and snapshot, and turns the reservation (empty: none) into a counted
    /// creation. Errors: conflict when the id exists; not_found "Strategy group not found" when its group is not the
    /// account's.
    virtual Result<void> insert(const Strategy& strategy, const AuditEvent& created,
                                const std::optional<PageSnapshot>& snapshot, std::string_view reservation) = 0;
    virtual Result<std::optional<Strategy>> find(std::string_view account_id, std::string_view strategy_id) = 0;
    /// Newest first by created_at, ties by id descending.
    virtual Result<std::vector<Strategy>> list(std::string_view account_id, ListRange range) = 0;
    /// The strategy after the change; nullopt when it is not there. Errors: conflict when the stored plan is not
    /// `expected_strategy`.
    virtual Result<std::optional<Strategy>> update(std::string_view account_id, std::string_view strategy_id,
                                                   const StrategyUpdate& update) = 0;
    /// Removes the strategy with its jobs, results, batches, schedules, baselines and snapshot, and records the event.
    /// False when it is not there (nothing recorded). Errors: conflict "Strategy is used by workflow: <name>" while a
    /// node of a workflow has it.
    virtual Result<bool> remove(std::string_view account_id, std::string_view strategy_id,
                                const AuditEvent& deleted) = 0;
    virtual Result<std::optional<PageSnapshot>> find_snapshot(std::string_view account_id,
                                                              std::string_view strategy_id) = 0;
    /// Drops snapshots fetched before the moment; returns how many.
    virtual Result<std::int64_t> drop_snapshots_before(TimePoint moment) = 0;

    /// Newest first.
    virtual Result<std::vector<AuditEvent>> list_audit(std::string_view account_id, const AuditQuery& query) = 0;

    /// Counted creations since `window_start`, deleted strategies included, plus reservations alive at `now`.
    virtual Result<QuotaUsage> quota_usage(std::string_view account_id, TimePoint window_start, TimePoint now) = 0;
    /// Reserves one creation until `expires_at` when usage is below `limit` (-1: always); the reservation's id, or
    /// nullopt when the quota is used up. Atomic: two callers never share the last slot.
    virtual Result<std::optional<std::string>> reserve_quota(std::string_view account_id, TimePoint window_start,
                                                             TimePoint now, TimePoint expires_at,
                                                             std::int64_t limit) = 0;
    /// Gives a reservation back; unknown ones are ignored.
    virtual Result<void> release_quota(std::string_view reservation) = 0;
};

/// When a schedule ticks next: the due time, and the moment (due time and jitter) from which the tick may be made.
struct DueTime {
    TimePoint next_run_at{};
    TimePoint tick_at{};

    bool operator==(const DueTime&) const = default;
};

/// One tick: the jobs it makes, and when the next is due.
struct ScheduleTick {
    std::string schedule_id = {};
    std::int64_t version = 0;  ///< of the schedule that `jobs` and `next` were made from
    TimePoint due_at{};        ///< its next_run_at
    TimePoint ticked_at{};
    std::optional<DueTime> next = {};
    std::vector<Job> jobs = {};  ///< created_at: `ticked_at`
    std::optional<Batch> batch = {};
    /// Schedules that rediscover: instead of jobs, the schedule's discovery is run again under this id. The tick is
    /// skipped while the one before is still at it.
    std::optional<std::string> discovery_id = {};
    /// Schedules of workflows: started as WorkflowStore::start_run() does; where that fails, the tick is skipped.
    std::optional<WorkflowRun> run = {};
    TimePoint run_deadline{};
    /// Schedules of automations: started with the graph as it is stored then, for its owner. The tick is skipped while
    /// an execution that a tick started goes on, and when the automation is not active.
    std::optional<Execution> execution = {};
};

/// What became of a tick.
enum class TickOutcome {
    made,     ///< the jobs are queued, the due time moved on
    skipped,  ///< jobs, the discovery, a run or an execution of the tick before still go on, the workflow is disabled
              ///< or has no nodes, or this due time had its tick: only the due time moved on
    stale     ///< the schedule was changed, ticked or removed meanwhile: nothing was written
};

/// A place in a list of changes, newest first: after the job made then with this id.
struct ChangePlace {
    TimePoint created_at{};
    std::string job_id = {};
};

class METER_EXPORT ScheduleStore {
public:
    virtual ~ScheduleStore();

    /// `due` gives next_run_at. Errors: not_found "Strategy not found" or "Workflow not found" when what it runs is not
    /// the account's, "Discovery not found" when it is to be run again and is not there.
    virtual Result<void> insert(const Schedule& schedule, const std::optional<DueTime>& due) = 0;
    /// The same together with a new strategy, which is stored as StrategyStore::insert() does it: both or neither.
    virtual Result<void> insert_with_strategy(const Schedule& schedule, const std::optional<DueTime>& due,
                                              const Strategy& strategy, const AuditEvent& created,
                                              const std::optional<PageSnapshot>& snapshot,
                                              std::string_view reservation) = 0;
    virtual Result<std::optional<Schedule>> find(std::string_view account_id, std::string_view schedule_id) = 0;
    /// Newest first by created_at, ties by id descending.
    virtual Result<std::vector<Schedule>> list(std::string_view account_id, const ScheduleQuery& query) = 0;
    /// Writes the members of `schedule` that a caller can change, and `version` + 1. What ticks write (last_run_at,
    /// health) stays; so does the due time, unless `due` says otherwise (inner nullopt: none). The schedule after the
    /// change; nullopt when it is not there. Errors: conflict when its version is no longer `schedule.version`.
    virtual Result<std::optional<Schedule>> update(const Schedule& schedule,
                                                   const std::optional<std::optional<DueTime>>& due) = 0;
    /// Removes the schedule with its changelog, seen marks, baselines and pending deliveries; jobs stay. False when it
    /// is not there.
    virtual Result<bool> remove(std::string_view account_id, std::string_view schedule_id) = 0;

    /// Schedules whose tick may be made at `now`, the longest due first, of all accounts.
    virtual Result<std::vector<Schedule>> due(TimePoint now, std::int64_t limit) = 0;
    /// The earliest moment at which due() will have something; nullopt when no schedule waits.
    virtual Result<std::optional<TimePoint>> next_tick_at() = 0;
    /// Makes ticks, all in one transaction; the outcome of each, in order. A schedule has one tick for each due time,
    /// whoever asks and however often.
    virtual Result<std::vector<TickOutcome>> tick(const std::vector<ScheduleTick>& ticks) = 0;
    /// Enabled schedules whose last tick lies after `now`: the clock went back.
    virtual Result<std::vector<Schedule>> ticked_after(TimePoint now) = 0;
    /// Moves the due time of a schedule to the first of `candidates` that has had no tick, unless the schedule was
    /// changed or ticked meanwhile. False when nothing was written.
    virtual Result<bool> rewind(const Schedule& schedule, const std::vector<DueTime>& candidates) = 0;
    /// Forgets which due times before the moment had their tick; how many.
    virtual Result<std::int64_t> drop_ticks_before(TimePoint moment) = 0;

    /// Outcome of the newest ended job of the schedule on this URL, but for `except_job_id`.
    virtual Result<std::optional<Outcome>> previous_outcome(std::string_view account_id, std::string_view schedule_id,
                                                            std::string_view url, std::string_view except_job_id) = 0;

    /// Changed jobs that were not seen, newest first, from behind `after` on: at most `limit`, and no more once their
    /// results exceed `max_bytes` (one at least).
    virtual Result<std::vector<ScheduleChange>> unseen_changes(std::string_view account_id,
                                                               std::string_view schedule_id,
                                                               const std::optional<ChangePlace>& after,
                                                               std::int64_t limit, std::size_t max_bytes) = 0;
    /// Marks all of them as seen, or, when one is seen already or gone, none. True when they were marked.
    virtual Result<bool> mark_seen(std::string_view account_id, std::string_view schedule_id,
                                   const std::vector<std::string>& job_ids) = 0;
    /// Changed jobs, newest first; without items their lists are empty.
    virtual Result<std::vector<ChangelogRow>> changelog(std::string_view account_id, std::string_view schedule_id,
                                                        ListRange range, bool include_items) = 0;
    virtual Result<std::int64_t> count_changes(std::string_view account_id, std::string_view schedule_id) = 0;
};

/// A delivery as handed to a sender. `token` is the fence: every later write about this attempt must name it.
struct ClaimedDelivery {
    Delivery delivery;
    std::int64_t token = 0;
};

/// Names one attempt.
struct DeliveryRef {
    std::string delivery_id = {};
    std::int64_t token = 0;
};

/// What DeliveryStore::claim_due() may take.
struct DeliveryClaim {
    TimePoint now{};
    std::chrono::milliseconds lease{30'000};
    std::int64_t limit = 1;         ///< at most this many in all
    std::int64_t per_endpoint = 1;  ///< at most this many to one endpoint
    /// Endpoints with fewer places left, possibly none.
    std::vector<std::pair<std::string, std::int64_t>> places = {};
};

/// How an attempt ended.
struct AttemptEnd {
    DeliveryRef attempt = {};
    TimePoint ended_at{};
    bool delivered = false;
    std::int64_t status_code = 0;                   ///< 0: no HTTP answer
    std::string error = {};                         ///< not delivered: why
    std::optional<TimePoint> next_attempt_at = {};  ///< not delivered: when to try again; nullopt: given up
};

/// The outbox. Deliveries come in with JobStore::complete() and fail(), in the transaction that ends the job.
class METER_EXPORT DeliveryStore {
public:
    virtual ~DeliveryStore();

    /// Adds pending deliveries, all or none. Errors: conflict when an id exists.
    virtual Result<void> insert(const std::vector<Delivery>& deliveries) = 0;
    virtual Result<std::optional<Delivery>> find(std::string_view account_id, std::string_view delivery_id) = 0;
    /// Newest first by created_at, ties by id descending; without payloads.
    virtual Result<std::vector<Delivery>> list(std::string_view account_id, const DeliveryQuery& query) = 0;

    /// Takes due deliveries, those due longest first as long as their endpoint has a place, attempt + 1. Until it is
    /// ended an attempt is due again at now + lease, so what a dead process held comes back by itself. An endpoint
    /// without places never keeps those of others from being found. Atomic: two callers never get the same attempt.
    virtual Result<std::vector<ClaimedDelivery>> claim_due(const DeliveryClaim& claim) = 0;
    /// Extends the leases that are still held; returns the ids of those that are not (taken over, dropped).
    virtual Result<std::vector<std::string>> heartbeat(const std::vector<DeliveryRef>& attempts, TimePoint now,
                                                       std::chrono::milliseconds lease) = 0;
    /// False when the attempt is no longer held (nothing is written).
    virtual Result<bool> end_attempt(const AttemptEnd& end) = 0;
    /// Gives an attempt back: due at `now`, not counted, at this endpoint. False when it is no longer held.
    virtual Result<bool> release(const DeliveryRef& attempt, TimePoint now, std::string_view endpoint) = 0;
    /// Removes a delivery whose schedule is gone. False when the attempt is no longer held.
    virtual Result<bool> drop(const DeliveryRef& attempt) = 0;

    /// Makes an ended delivery pending again, due at once: attempts and failures count from 0. nullopt when it is not
    /// there. Errors: conflict "The delivery is still pending".
    virtual Result<std::optional<Delivery>> replay(std::string_view account_id, std::string_view delivery_id,
                                                   TimePoint now) = 0;
    /// The earliest `next_attempt_at`; nullopt when nothing is pending.
    virtual Result<std::optional<TimePoint>> next_due() = 0;
    /// Removes what ended before the moment; returns how many, at most `limit`.
    virtual Result<std::int64_t> drop_ended_before(TimePoint moment, std::int64_t limit) = 0;
};

/// What IdempotencyStore::begin() found.
struct IdempotencyState {
    enum class Kind { started, replay, in_progress, mismatch } kind = Kind::started;
    std::string token = {};  ///< started: names this run in finish() and abandon()
    int status = 0;          ///< replay: the stored answer
    std::string body = {};
};

/// Answers kept for a while so that a retried request is not run twice (wire contract 6).
class METER_EXPORT IdempotencyStore {
public:
    virtual ~IdempotencyStore();

    /// Looks the key up and, if it is free or its run was given up (`running_until` passed), starts a run. Atomic.
    virtual Result<IdempotencyState> begin(std::string_view account_id, std::string_view key,
                                           std::string_view request_hash, TimePoint now, TimePoint running_until) = 0;
    /// Stores the answer until `expires_at`; ignored when the run is no longer the key's.
    virtual Result<void> finish(std::string_view token, int status, std::string_view body, TimePoint expires_at) = 0;
    /// Frees the key.
    virtual Result<void> abandon(std::string_view token) = 0;
    virtual Result<std::int64_t> drop_expired(TimePoint now) = 0;
};

class METER_EXPORT ApiKeyStore {
public:
    virtual ~ApiKeyStore();

    /// Errors: conflict when the hash exists.
    virtual Result<void> insert(const ApiKey& key, std::string_view key_hash) = 0;
    /// The key with this hash, expired ones included; nullopt when unknown or revoked.
    virtual Result<std::optional<ApiKey>> find(std::string_view key_hash) = 0;
    /// All keys that are not revoked, oldest first.
    virtual Result<std::vector<ApiKey>> list() = 0;
    /// Deletes the keys with this prefix (first 12 characters); how many there were.
    virtual Result<std::int64_t> revoke(std::string_view prefix) = 0;
};

/// A schedule of a group that is to be stored.
struct GroupSchedule {
    Schedule schedule;
    /// A new one: when it is due first. Others: as ScheduleStore::update() takes it.
    std::optional<std::optional<DueTime>> due = {};
};

/// What applying a schedule to a group, or switching its schedules, writes.
struct GroupScheduleChange {
    StrategyGroup group = {};  ///< as it was read; `webhook` and `updated_at` are written
    std::vector<GroupSchedule> created = {};
    std::vector<GroupSchedule> updated = {};
};

/// Names one claim of a strategy that is to be made again.
struct RegenerationRef {
    std::string group_id = {};
    std::string strategy_id = {};
    std::int64_t token = 0;
};

struct ClaimedRegeneration {
    RegenerationRef ref;
    std::string account_id = {};
    std::string output_schema = {};  ///< JSON object text
};

/// How making a strategy again ended: completed with `update`, failed with `error`, skipped with neither.
struct RegenerationEnd {
    std::optional<StrategyUpdate> update = {};
    std::optional<std::string> error = {};
    TimePoint ended_at{};
};

class METER_EXPORT StrategyGroupStore {
public:
    virtual ~StrategyGroupStore();

    /// Errors: conflict when the id exists.
    virtual Result<void> insert(const StrategyGroup& group) = 0;
    virtual Result<std::optional<StrategyGroup>> find(std::string_view account_id, std::string_view group_id) = 0;
    /// Newest first by created_at, ties by id descending.
    virtual Result<std::vector<StrategyGroup>> list(std::string_view account_id, ListRange range) = 0;
    /// Writes name, description and updated_at. The group after the change; nullopt when it is not there. Errors:
    /// conflict when its version is no longer `group.version`.
    virtual Result<std::optional<StrategyGroup>> update(const StrategyGroup& group) = 0;
    /// Removes the group; its strategies and schedules stay, ungrouped. False when it is not there.
    virtual Result<bool> remove(std::string_view account_id, std::string_view group_id) = 0;

    /// The members, newest first; none when the group is not there.
    virtual Result<std::vector<Strategy>> strategies(std::string_view account_id, std::string_view group_id) = 0;
    /// Makes strategies members, all or none. Those of another group leave it, and lose its schedule. How many were no
    /// members; nullopt when the group is not there. Errors: not_found "Strategy not found", the id as subject.
    virtual Result<std::optional<std::int64_t>> add(std::string_view account_id, std::string_view group_id,
                                                    const std::vector<std::string>& strategy_ids, TimePoint now) = 0;
    /// Takes a strategy out, and removes its schedule of the group. False when it is no member.
    virtual Result<bool> remove_strategy(std::string_view account_id, std::string_view group_id,
                                         std::string_view strategy_id, TimePoint now) = 0;

    /// The schedules that the group made and still has, oldest first.
    virtual Result<std::vector<Schedule>> schedules(std::string_view account_id, std::string_view group_id) = 0;
    /// Writes all of the change. False when the group is not there. Errors: conflict when group, members or schedules
    /// are no longer as they were read.
    virtual Result<bool> apply(const GroupScheduleChange& change) = 0;
    /// Removes the group's schedules as ScheduleStore::remove() does; how many. nullopt when the group is not there.
    virtual Result<std::optional<std::int64_t>> remove_schedules(std::string_view account_id,
                                                                 std::string_view group_id) = 0;

    /// Keeps the schema and queues every member but content strategies, which count as skipped; how many were queued.
    /// nullopt when the group is not there. Errors: conflict "Schema regeneration is already running".
    virtual Result<std::optional<std::int64_t>> start_regeneration(std::string_view account_id,
                                                                   std::string_view group_id,
                                                                   std::string_view output_schema, TimePoint now) = 0;
    virtual Result<std::optional<RegenerationProgress>> regeneration(std::string_view account_id,
                                                                     std::string_view group_id) = 0;
    /// Takes the strategy that waits longest, or whose lease has run out, until now + lease. One that lost its worker
    /// `max_attempts` times fails "Interrupted by server restart", one that is no member any more is skipped. Atomic:
    /// two callers never get the same one.
    virtual Result<std::optional<ClaimedRegeneration>> claim_regeneration(TimePoint now,
                                                                          std::chrono::milliseconds lease,
                                                                          std::int64_t max_attempts) = 0;
    /// Extends the leases that are still held; returns those that are not.
    virtual Result<std::vector<RegenerationRef>> heartbeat(const std::vector<RegenerationRef>& claims, TimePoint now,
                                                           std::chrono::milliseconds lease) = 0;
    /// Ends a claimed one, together with the change to the strategy. False when the claim is no longer held (nothing is
    /// written). Errors: conflict as StrategyStore::update().
    virtual Result<bool> finish(const RegenerationRef& claim, const RegenerationEnd& end) = 0;
    /// Gives a claimed one back, the attempt not counted. False when the claim is no longer held.
    virtual Result<bool> release(const RegenerationRef& claim) = 0;
};

/// All stores of one back end.
class METER_EXPORT Store {
public:
    virtual ~Store();

    virtual StrategyStore& strategies() = 0;
    virtual JobStore& jobs() = 0;
    virtual ScheduleStore& schedules() = 0;
    virtual IdempotencyStore& idempotency() = 0;
    virtual ApiKeyStore& api_keys() = 0;
    virtual DeliveryStore& deliveries() = 0;
    virtual DiscoveryStore& discoveries() = 0;
    virtual StrategyGroupStore& strategy_groups() = 0;
    virtual WorkflowStore& workflows() = 0;
    virtual AutomationStore& automations() = 0;
    virtual ExecutionStore& executions() = 0;

    /// Is the back end there and writable? Cheap: for readiness probes.
    virtual Result<void> ping() = 0;
    /// Looks for damage, at the cost of reading everything; one sentence for each finding.
    virtual Result<std::vector<std::string>> check() = 0;
    /// Writes a copy of everything, as it is at one moment, to a file of this name; the store stays in use meanwhile.
    /// Errors: store, also when the file exists; unsupported where the back end has means of its own.
    virtual Result<void> backup(const std::string& path);

    /// Hands out every record, as all are at one moment, in the order of record_kinds() and, within a kind, of its key;
    /// children behind their parent. The store stays in use meanwhile, but not by the sink. Errors: unsupported; those
    /// of the sink.
    virtual Result<void> export_records(const RecordSink& sink);
    /// Fills an empty store with records in the order of export_records(), which validate() has passed: all of them or
    /// none, in one transaction. Nothing else is written meanwhile. Errors: unsupported; conflict when there is
    /// something in the store (API keys count), when a record is there twice, when what it refers to is not there or of
    /// another account, or when counters do not agree; those of the source.
    virtual Result<void> import_records(RecordSource& source);
};

struct StoreOptions {
    /// Longest wait for another process that holds the write lock; [0, 10 min].
    std::chrono::milliseconds busy_timeout{5'000};
    int read_connections = 4;  ///< [1, 64]
    /// Kept beside the database for the day the disk is full: deleted then, so that deleting works. [0, 1 GiB]
    std::size_t ballast_bytes = 8u << 20;
    /// Look for damage before anything is written. Files above 64 MiB are only checked for their length.
    bool refuse_damaged = true;
};

/// Turns off the statistics that SQLite keeps of its memory (SQLITE_CONFIG_MEMSTATUS, sqlite.org/c3ref): they are of
/// the whole process, take a lock at each allocation, and are a tenth of what an unchanged page costs. For programs in
/// which nobody else counts on sqlite3_memory_used() or a heap limit. Not thread-safe: before the first use of SQLite;
/// false, and nothing changed, when that is over or SQLite is not part of this build.
METER_EXPORT bool disable_sqlite_memory_statistics() noexcept;

/// Opens "sqlite:PATH" (made when absent) or "memory:". The schema is brought up to date; a newer one is refused.
/// Errors: invalid_argument (unknown scheme), unsupported (back end not in this build, schema too new), store.
METER_EXPORT Result<std::shared_ptr<Store>> open_store(std::string_view url, const StoreOptions& options = {});

}  // namespace meter
