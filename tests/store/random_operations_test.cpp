// Random operations on a store and on the model: every answer must be the same.
#include <doctest/doctest.h>

#include <random>

#include "meter/store.hpp"
#include "model.hpp"
#include "store/contract/report.hpp"
#include "temporary_folder.hpp"

namespace meter {
namespace {

using testing::moment;
using testing::sample_id;

class RandomOperations {
public:
    RandomOperations(Store& store, std::uint32_t seed) : store_(store), random_(seed) {}

    void run(int operations) {
        struct Kind {
            int weight;
            void (RandomOperations::*run)();
        };
        static constexpr Kind kinds[] = {
            {4, &RandomOperations::insert_strategy}, {1, &RandomOperations::remove_strategy},
            {2, &RandomOperations::update_strategy}, {12, &RandomOperations::insert_job},
            {3, &RandomOperations::insert_batch},    {20, &RandomOperations::claim},
            {6, &RandomOperations::heartbeat},       {3, &RandomOperations::release},
            {14, &RandomOperations::complete},       {5, &RandomOperations::fail},
            {2, &RandomOperations::fail_unfinished}, {3, &RandomOperations::sweep},
            {5, &RandomOperations::list_jobs},       {3, &RandomOperations::history},
            {3, &RandomOperations::look_at_batch},   {3, &RandomOperations::quota},
            {2, &RandomOperations::list_strategies}, {3, &RandomOperations::look_at_job},
            {2, &RandomOperations::drop_old_jobs},
        };
        int total = 0;
        for (const auto& kind : kinds) total += kind.weight;
        for (step_ = 0; step_ < operations; ++step_) {
            CAPTURE(step_);
            now_ += pick(300);
            int choice = pick(total);
            for (const auto& kind : kinds) {
                choice -= kind.weight;
                if (choice >= 0) continue;
                (this->*kind.run)();
                break;
            }
            const auto counts = store_.jobs().counts().value();
            REQUIRE(counts.pending == model_.counts().pending);
            REQUIRE(counts.running == model_.counts().running);
        }
        compare_everything();
    }

private:
    int pick(int count) { return static_cast<int>(random_() % static_cast<std::uint32_t>(count)); }
    bool chance(int percent) { return pick(100) < percent; }
    std::string account() { return std::string(1, static_cast<char>('a' + pick(4))); }
    template <class Map>
    std::string some_id(const Map& map) {
        if (map.empty() || chance(3)) return sample_id(999'999);
        auto at = map.begin();
        std::advance(at, pick(static_cast<int>(map.size())));
        return at->first;
    }
    /// Mostly the object's own account.
    template <class Map, class Get>
    std::string account_of(const Map& map, const std::string& id, Get get) {
        const auto found = map.find(id);
        return found == map.end() || chance(10) ? account() : get(found->second);
    }
    std::string strategy_account(const std::string& id) {
        return account_of(model_.strategies, id, [](const Strategy& strategy) { return strategy.account_id; });
    }
    ListRange some_range() {
        ListRange range;
        range.limit = 1 + pick(chance(50) ? 5 : 1'000);
        range.offset = chance(50) ? 0 : pick(10);
        return range;
    }
    ClaimRef some_claim() {
        if (claims_.empty()) return {sample_id(999'999), 1};
        // Old claims are kept: they are the late workers.
        const auto index = chance(70)
                               ? claims_.size() - 1 -
                                     static_cast<std::size_t>(pick(std::min<int>(5, static_cast<int>(claims_.size()))))
                               : static_cast<std::size_t>(pick(static_cast<int>(claims_.size())));
        return claims_[index];
    }

    void insert_strategy() {
        Strategy strategy = testing::sample_strategy(account(), ++last_number_, moment(now_ - pick(2)));
        if (chance(5) && !model_.strategies.empty()) strategy.strategy_id = some_id(model_.strategies);
        const AuditEvent event = testing::sample_event(strategy, "created", ++last_number_);
        std::string reservation;
        if (chance(50) && !model_.reservations.empty()) reservation = some_id(model_.reservations);
        const auto inserted = store_.strategies().insert(strategy, event, std::nullopt, reservation);
        const bool exists = model_.strategies.contains(strategy.strategy_id);
        REQUIRE(inserted.has_value() == !exists);
        if (exists) return;
        model_.strategies[strategy.strategy_id] = strategy;
        model_.audit.push_back(event);
        const auto reserved = model_.reservations.find(reservation);
        if (reserved != model_.reservations.end() && reserved->second.first == strategy.account_id)
            model_.reservations.erase(reserved);
    }
    void remove_strategy() {
        const std::string id = some_id(model_.strategies);
        Strategy strategy = testing::sample_strategy(strategy_account(id), 0, moment(now_));
        strategy.strategy_id = id;
        const AuditEvent event = testing::sample_event(strategy, "deleted", ++last_number_);
        REQUIRE(store_.strategies().remove(strategy.account_id, id, event).value() ==
                model_.remove(strategy.account_id, id, event));
    }
    void update_strategy() {
        const std::string id = some_id(model_.strategies);
        const std::string of = strategy_account(id);
        StrategyUpdate update;
        update.updated_at = moment(now_);
        if (chance(50)) update.name = "name " + std::to_string(step_);
        if (chance(50)) update.filter_config = chance(50) ? std::optional<std::string>("{}") : std::nullopt;
        std::optional<Strategy> expected;
        if (model_.owns(of, id)) {
            Strategy& strategy = model_.strategies.at(id);
            if (update.name) strategy.name = *update.name;
            if (update.filter_config) strategy.filter_config = *update.filter_config;
            strategy.updated_at = update.updated_at;
            expected = strategy;
        }
        REQUIRE(store_.strategies().update(of, id, update).value() == expected);
    }
    Job some_job(const std::string& account_id, const std::string& strategy_id) {
        Job job;
        job.job_id = sample_id(++last_number_);
        job.account_id = account_id;
        job.strategy_id = strategy_id;
        job.url = chance(70) ? "https://a.example/" : "https://b.example/";
        if (chance(20)) job.parameters = R"({"page":2})";
        if (chance(30)) job.schedule_id = sample_id(500'000 + pick(3));
        job.created_at = moment(now_ - pick(3));
        return job;
    }
    void insert_job() {
        const std::string strategy_id = some_id(model_.strategies);
        const Job job = some_job(strategy_account(strategy_id), strategy_id);
        const bool owned = model_.owns(job.account_id, strategy_id);
        const auto inserted = store_.jobs().insert({job}, std::nullopt);
        REQUIRE(inserted.has_value() == owned);
        if (owned) model_.jobs[job.job_id].job = job;
    }
    void insert_batch() {
        const std::string strategy_id = some_id(model_.strategies);
        Batch batch;
        batch.batch_id = sample_id(++last_number_);
        batch.account_id = strategy_account(strategy_id);
        batch.strategy_id = strategy_id;
        batch.created_at = moment(now_);
        batch.job_count = 1 + pick(5);
        std::vector<Job> jobs;
        for (std::int64_t i = 0; i < batch.job_count; ++i) {
            jobs.push_back(some_job(batch.account_id, strategy_id));
            jobs.back().batch_id = batch.batch_id;
        }
        const bool owned = model_.owns(batch.account_id, strategy_id);
        REQUIRE(store_.jobs().insert(jobs, batch).has_value() == owned);
        if (!owned) return;
        model_.batches[batch.batch_id] = batch;
        for (const auto& job : jobs) model_.jobs[job.job_id].job = job;
    }
    void claim() {
        const std::chrono::milliseconds lease{1 + pick(5'000)};
        const auto expected = model_.claim(moment(now_), lease);
        const auto claimed = store_.jobs().claim_next(moment(now_), lease, "w").value();
        REQUIRE(claimed.has_value() == expected.has_value());
        if (!claimed) return;
        REQUIRE(claimed->job == expected->job);
        REQUIRE(claimed->token == expected->token);
        claims_.push_back(testing::claim_ref(*claimed));
    }
    void heartbeat() {
        std::vector<ClaimRef> claims;
        for (int i = pick(4); i > 0; --i) claims.push_back(some_claim());
        const std::chrono::milliseconds lease{1 + pick(5'000)};
        std::vector<std::string> expected;
        for (const auto& claim : claims) {
            if (auto* entry = model_.held(claim))
                entry->lease_until = moment(now_) + lease;
            else
                expected.push_back(claim.job_id);
        }
        REQUIRE(store_.jobs().heartbeat(claims, moment(now_), lease).value() == expected);
    }
    void release() {
        const ClaimRef claim = some_claim();
        auto* entry = model_.held(claim);
        REQUIRE(store_.jobs().release(claim).value() == (entry != nullptr));
        if (entry == nullptr) return;
        tests::Model::requeue(*entry);
        --entry->job.attempt;
    }
    void complete() {
        ClaimedJob claimed;
        const ClaimRef claim = some_claim();
        claimed.token = claim.token;
        claimed.job.job_id = claim.job_id;
        if (const auto found = model_.jobs.find(claim.job_id); found != model_.jobs.end())
            claimed.job = found->second.job;
        JobCompletion completion = testing::sample_completion(claimed, "hash " + std::to_string(pick(4)));
        completion.completed_at = moment(now_);
        completion.results = "[" + std::to_string(step_) + "]";
        completion.has_changes = chance(50);
        completion.outcome = chance(80) ? Outcome::ok : Outcome::degraded;
        if (chance(20)) completion.warnings = {"warning"};
        const auto baseline = store_.jobs().find_baseline(completion.key).value();
        const auto expected = model_.baselines.find(tests::Model::key_of(completion.key));
        REQUIRE(baseline.has_value() == (expected != model_.baselines.end()));
        if (baseline) {
            REQUIRE(*baseline == expected->second);
            completion.expected_baseline = baseline->job_id;
            completion.reuse_baseline = chance(30);
        }
        if (chance(10)) {
            completion.expected_baseline = sample_id(999'998);
            completion.reuse_baseline = false;
        }
        if (chance(70)) {
            completion.new_baseline = testing::sample_baseline(claimed, "ignored");
            completion.new_baseline->etag = std::to_string(step_);
        }
        const auto outcome = model_.complete(completion);
        const auto completed = store_.jobs().complete(completion);
        REQUIRE(completed.has_value() == outcome.has_value());
        if (completed) REQUIRE(*completed == *outcome);
        if (!completed) REQUIRE(completed.error().code == ErrorCode::conflict);
    }
    void fail() {
        JobFailure failure;
        failure.claim = some_claim();
        failure.completed_at = moment(now_);
        failure.error = "error " + std::to_string(step_);
        failure.outcome = chance(50) ? Outcome::failed : Outcome::blocked;
        auto* entry = model_.held(failure.claim);
        REQUIRE(store_.jobs().fail(failure).value() == (entry != nullptr));
        if (entry != nullptr) tests::Model::fail(*entry, failure.completed_at, failure.error, failure.outcome);
    }
    void fail_unfinished() {
        const std::string id = some_id(model_.jobs);
        const auto found = model_.jobs.find(id);
        const std::string of =
            account_of(model_.jobs, id, [](const tests::Model::Entry& entry) { return entry.job.account_id; });
        const bool can =
            found != model_.jobs.end() && found->second.job.account_id == of &&
            (found->second.job.status == JobStatus::pending || found->second.job.status == JobStatus::running);
        REQUIRE(store_.jobs().fail_unfinished(of, id, moment(now_), "Cancelled").value() == can);
        if (can) tests::Model::fail(found->second, moment(now_), "Cancelled", Outcome::failed);
    }
    void sweep() {
        auto swept = store_.jobs().sweep(moment(now_), 3).value();
        const auto expected = model_.sweep(moment(now_), 3);
        // Jobs of schedules are handed over to be failed by the caller.
        for (const auto& taken : swept.exhausted) {
            const JobFailure failure{.claim = {taken.job.job_id, taken.token},
                                     .completed_at = moment(now_),
                                     .error = "Interrupted by server restart"};
            REQUIRE(store_.jobs().fail(failure).value());
            swept.failed.push_back(taken.job.job_id);
        }
        std::sort(swept.failed.begin(), swept.failed.end());
        REQUIRE(swept.requeued == expected.requeued);
        REQUIRE(swept.failed == expected.failed);
    }
    /// A walk goes on where it stood, whatever happened in between.
    void drop_old_jobs() {
        const TimePoint before = moment(now_ - pick(40'000));
        const std::int64_t limit = 1 + pick(8);
        const auto dropped = store_.jobs().drop_ended_before(before, dropped_up_to_, limit).value();
        const auto expected = model_.drop_ended_before(before, dropped_up_to_, limit);
        REQUIRE(dropped.dropped == expected.dropped);
        REQUIRE(dropped.next == expected.next);
        dropped_up_to_ = dropped.next;
    }
    void list_jobs() {
        JobQuery query;
        if (chance(30)) query.strategy_id = some_id(model_.strategies);
        if (chance(20)) query.schedule_id = sample_id(500'000 + pick(3));
        if (chance(10)) query.batch_id = some_id(model_.batches);
        if (chance(40)) query.status = static_cast<JobStatus>(pick(4));
        if (chance(30)) query.since = moment(now_ - pick(20'000));
        query.range = some_range();
        const std::string of = account();
        REQUIRE(store_.jobs().list(of, query).value() == model_.list(of, query));
    }
    void history() {
        const std::string id = some_id(model_.strategies);
        const std::string of = strategy_account(id);
        const ListRange range = some_range();
        std::vector<HistoryEntry> expected;
        for (const auto& job : model_.list(of, {.strategy_id = id, .range = range})) {
            HistoryEntry entry;
            entry.job_id = job.job_id;
            entry.status = job.status;
            entry.url = job.url;
            entry.item_count = job.item_count;
            entry.has_changes = job.has_changes.value_or(false);
            entry.content_hash = job.content_hash;
            entry.created_at = job.created_at;
            entry.completed_at = job.completed_at;
            expected.push_back(entry);
        }
        REQUIRE(store_.jobs().history(of, id, range).value() == expected);
    }
    void look_at_batch() {
        const std::string id = some_id(model_.batches);
        const std::string of = account_of(model_.batches, id, [](const Batch& batch) { return batch.account_id; });
        REQUIRE(store_.jobs().batch_progress(of, id).value() == model_.progress(of, id));
    }
    void look_at_job() {
        const std::string id = some_id(model_.jobs);
        const auto found = model_.jobs.find(id);
        const std::string of =
            account_of(model_.jobs, id, [](const tests::Model::Entry& entry) { return entry.job.account_id; });
        std::optional<Job> expected;
        if (found != model_.jobs.end() && found->second.job.account_id == of) expected = found->second.job;
        REQUIRE(store_.jobs().find(of, id).value() == expected);
    }
    void list_strategies() {
        std::vector<Strategy> all;
        for (const auto& [id, strategy] : model_.strategies) all.push_back(strategy);
        const std::string of = account();
        const ListRange range = some_range();
        REQUIRE(store_.strategies().list(of, range).value() ==
                tests::Model::newest_first(
                    all, [&](const Strategy& strategy) { return strategy.account_id == of; }, &Strategy::strategy_id,
                    range));
        AuditQuery query;
        query.range = range;
        if (chance(50)) query.event = chance(50) ? "created" : "deleted";
        if (chance(50)) query.strategy_id = some_id(model_.strategies);
        REQUIRE(store_.strategies().list_audit(of, query).value() ==
                tests::Model::newest_first(
                    model_.audit,
                    [&](const AuditEvent& event) {
                        return event.account_id == of && (!query.event || event.event == *query.event) &&
                               (!query.strategy_id || event.strategy_id == *query.strategy_id);
                    },
                    &AuditEvent::id, range));
    }
    void quota() {
        const std::string of = account();
        const TimePoint window_start = moment(now_ - pick(100'000));
        const auto usage = model_.usage(of, window_start, moment(now_));
        REQUIRE(store_.strategies().quota_usage(of, window_start, moment(now_))->used == usage.used);
        if (chance(30) && !model_.reservations.empty()) {
            const std::string id = some_id(model_.reservations);
            REQUIRE(store_.strategies().release_quota(id));
            model_.reservations.erase(id);
        }
        const std::int64_t limit = pick(12) - 1;
        const TimePoint expires_at = moment(now_ + pick(3'000));
        const bool free = limit == -1 || model_.usage(of, window_start, moment(now_)).used < limit;
        const auto reserved =
            store_.strategies().reserve_quota(of, window_start, moment(now_), expires_at, limit).value();
        REQUIRE(reserved.has_value() == free);
        if (reserved) model_.reservations[*reserved] = {of, expires_at};
    }

    void compare_everything() {
        for (const char* of : {"a", "b", "c", "d"})
            for (std::int64_t offset = 0;; offset += 1'000) {
                JobQuery query;
                query.range = {.limit = 1'000, .offset = offset};
                const auto jobs = store_.jobs().list(of, query).value();
                REQUIRE(jobs == model_.list(of, query));
                if (jobs.empty()) break;
            }
        for (const auto& [id, batch] : model_.batches)
            REQUIRE(store_.jobs().batch_progress(batch.account_id, id).value() ==
                    model_.progress(batch.account_id, id));
        REQUIRE(store_.check().value().empty());
    }

    Store& store_;
    std::mt19937 random_;
    tests::Model model_;
    std::vector<ClaimRef> claims_;
    std::optional<EndedPlace> dropped_up_to_;
    std::int64_t now_ = 0;
    std::int64_t last_number_ = 0;
    int step_ = 0;
};

}  // namespace

TEST_SUITE("store.random_operations") {
    TEST_CASE("the store in memory answers thousands of random operations as the model does") {
        for (const std::uint32_t seed : {1u, 2u, 3u, 4u}) {
            CAPTURE(seed);
            const auto store = open_store("memory:").value();
            RandomOperations(*store, seed).run(3'000);
        }
    }

    TEST_CASE("the store in a file answers thousands of random operations as the model does") {
        const tests::TemporaryFolder folder;
        const auto store = open_store(folder.url("meter.db")).value();
        RandomOperations(*store, 5).run(2'000);
    }
}

}  // namespace meter
