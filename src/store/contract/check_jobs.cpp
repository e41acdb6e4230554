#include "store/contract/report.hpp"

namespace meter::testing {
namespace {

Batch sample_batch(const Strategy& strategy, std::int64_t number, std::int64_t job_count) {
    Batch batch;
    batch.batch_id = sample_id(number);
    batch.account_id = strategy.account_id;
    batch.strategy_id = strategy.strategy_id;
    batch.job_count = job_count;
    batch.created_at = moment(number);
    return batch;
}

}  // namespace

void check_job_insert(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    Job full = sample_job(strategy, 10);
    full.schedule_id = sample_id(500);
    full.workflow_run_id = sample_id(600);
    full.parameters = R"({"q":"caf\u00e9"})";
    full.url = "https://shop.example/?q=\xE2\x82\xAC";
    report.take(jobs.insert({full}, std::nullopt), "insert()");
    report.expect(report.take(jobs.find("acme", full.job_id), "find()") == full,
                  "find() returns every member as it was inserted");
    report.expect(!report.take(jobs.find("other", full.job_id), "find()"), "find() does not see another account's job");
    report.expect(!report.take(jobs.find("acme", sample_id(77)), "find()"), "find() of an unknown id is empty");

    Strategy unknown = sample_strategy("acme", 2);
    report.expect_error(jobs.insert({sample_job(strategy, 11), sample_job(unknown, 12)}, std::nullopt),
                        ErrorCode::not_found, "insert() for an unknown strategy is not_found");
    report.expect(!report.take(jobs.find("acme", sample_id(11)), "find()"), "insert() is all or nothing");
    Strategy foreign = strategy;
    foreign.account_id = "other";
    report.expect_error(jobs.insert({sample_job(foreign, 13)}, std::nullopt), ErrorCode::not_found,
                        "insert() for another account's strategy is not_found");
    const JobCounts counts = report.take(jobs.counts(), "counts()");
    report.expect(counts.pending == 1 && counts.running == 0, "counts() has what was inserted and nothing else");
    report.take(jobs.insert({}, std::nullopt), "insert() of no job");
}

void check_job_lists(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Strategy second = add_strategy(report, store, "acme", 2);
    const Strategy foreign = add_strategy(report, store, "other", 3);
    const auto add = [&](const Strategy& of, std::int64_t number, std::int64_t created_at, bool scheduled) {
        Job job = sample_job(of, number);
        job.created_at = moment(created_at);
        if (scheduled) job.schedule_id = sample_id(500);
        report.take(jobs.insert({job}, std::nullopt), "insert()");
    };
    add(strategy, 10, 100, true);
    add(strategy, 12, 200, false);
    add(strategy, 11, 200, true);
    add(second, 13, 50, true);
    add(foreign, 14, 300, true);

    const auto list = [&](const JobQuery& query) {
        return ids_of(report.take(jobs.list("acme", query), "list()"), &Job::job_id);
    };
    report.expect(list({}) == sample_ids({12, 11, 10, 13}),
                  "list() is newest first, ties by id descending, of one account");
    report.expect(list({.strategy_id = strategy.strategy_id}) == sample_ids({12, 11, 10}),
                  "list() filters by strategy");
    report.expect(list({.schedule_id = sample_id(500)}) == sample_ids({11, 10, 13}), "list() filters by schedule");
    report.expect(list({.strategy_id = strategy.strategy_id, .schedule_id = sample_id(500)}) == sample_ids({11, 10}),
                  "filters combine with and");
    report.expect(list({.since = moment(100)}) == sample_ids({12, 11, 10}), "since includes its moment");
    report.expect(list({.range = {.limit = 2, .offset = 1}}) == sample_ids({11, 10}),
                  "list() returns the part asked for");
    report.expect(list({.strategy_id = foreign.strategy_id}).empty(), "another account's strategy has no jobs here");
    report.expect(list({.strategy_id = sample_id(99)}).empty(), "an unknown strategy has no jobs");

    const ClaimedJob completed = claim(report, store, 1'000);  // 13: the oldest of acme, first account in turn
    report.take(jobs.complete(sample_completion(completed, "hash")), "complete()");
    (void)claim(report, store, 1'000);  // 14, of the other account
    const ClaimedJob failed = claim(report, store, 1'000);
    JobFailure failure;
    failure.claim = claim_ref(failed);
    failure.completed_at = moment(2'000);
    failure.error = "Page not accessible: 500 Internal Server Error";
    report.take(jobs.fail(failure), "fail()");
    report.expect(list({.status = JobStatus::completed}) == sample_ids({13}), "list() filters by completed");
    report.expect(list({.status = JobStatus::failed}) == sample_ids({10}), "list() filters by failed");
    report.expect(list({.status = JobStatus::pending}) == sample_ids({12, 11}), "list() filters by pending");
    report.expect(list({.status = JobStatus::running}).empty(), "list() filters by running, of one account");
    const auto full = report.take(jobs.list("acme", {.status = JobStatus::completed}), "list()");
    report.expect(full.size() == 1 && full[0].results && full[0].structural_signature, "list() returns full jobs");

    const auto history = report.take(jobs.history("acme", strategy.strategy_id, {}), "history()");
    report.expect(ids_of(history, &HistoryEntry::job_id) == sample_ids({12, 11, 10}), "history() is newest first");
    report.expect(history.size() == 3 && history[2].status == JobStatus::failed && !history[2].has_changes &&
                      history[2].completed_at == moment(2'000) && !history[2].item_count,
                  "history() of a failed job has no changes");
    report.expect(
        ids_of(report.take(jobs.history("acme", strategy.strategy_id, {.limit = 1, .offset = 1}), "history()"),
               &HistoryEntry::job_id) == sample_ids({11}),
        "history() returns the part asked for");
    report.expect(report.take(jobs.history("other", strategy.strategy_id, {}), "history()").empty(),
                  "history() does not see another account's strategy");
    for (const auto& range : {ListRange{.limit = 0}, ListRange{.limit = 1001}, ListRange{.limit = 1, .offset = -1}}) {
        report.expect_error(jobs.list("acme", {.range = range}), ErrorCode::invalid_argument,
                            "list() refuses a range outside limits");
        report.expect_error(jobs.history("acme", strategy.strategy_id, range), ErrorCode::invalid_argument,
                            "history() refuses a range outside limits");
    }
}

void check_batches(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Batch batch = sample_batch(strategy, 100, 4);
    std::vector<Job> members;
    for (std::int64_t number = 10; number < 14; ++number) {
        members.push_back(sample_job(strategy, number));
        members.back().batch_id = batch.batch_id;
        members.back().created_at = moment(10);
    }
    report.take(jobs.insert(members, batch), "insert() of a batch");
    (void)add_job(report, store, strategy, 20);

    const auto progress = [&](std::int64_t pending, std::int64_t running, std::int64_t completed, std::int64_t failed) {
        const auto found = report.take(jobs.batch_progress("acme", batch.batch_id), "batch_progress()");
        return found && found->batch == batch && found->pending == pending && found->running == running &&
               found->completed == completed && found->failed == failed;
    };
    report.expect(progress(4, 0, 0, 0), "all jobs of a new batch are pending");
    report.expect(!report.take(jobs.batch_progress("other", batch.batch_id), "batch_progress()"),
                  "batch_progress() does not see another account's batch");
    report.expect(!report.take(jobs.batch_progress("acme", sample_id(101)), "batch_progress()"),
                  "batch_progress() of an unknown batch is empty");
    report.expect(ids_of(report.take(jobs.list("acme", {.batch_id = batch.batch_id}), "list()"), &Job::job_id) ==
                      sample_ids({13, 12, 11, 10}),
                  "list() filters by batch");

    const ClaimedJob first = claim(report, store, 1'000);
    const ClaimedJob second = claim(report, store, 1'000);
    report.expect(first.job.job_id == sample_id(10) && second.job.job_id == sample_id(11),
                  "jobs of a batch run in their order");
    report.expect(progress(2, 2, 0, 0), "a claim is progress");
    report.take(jobs.complete(sample_completion(first, "hash")), "complete()");
    report.expect(progress(2, 1, 1, 0), "a completion is progress");
    report.take(jobs.release(claim_ref(second)), "release()");
    report.expect(progress(3, 0, 1, 0), "a released job is pending again");
    const ClaimedJob again = claim(report, store, 1'000);
    JobFailure failure;
    failure.claim = claim_ref(again);
    failure.error = "Cancelled";
    report.take(jobs.fail(failure), "fail()");
    report.expect(progress(2, 0, 1, 1), "a failure is progress");
    report.take(jobs.fail_unfinished("acme", sample_id(12), moment(2'000), "Cancelled"), "fail_unfinished()");
    report.expect(progress(1, 0, 1, 2), "a pending job that fails is progress");
    (void)claim(report, store, 1'000);
    report.take(jobs.sweep(moment(2'000), 2), "sweep()");
    report.expect(progress(1, 0, 1, 2), "a swept job is pending again");
    (void)claim(report, store, 3'000);
    report.take(jobs.sweep(moment(4'000), 2), "sweep()");
    report.expect(progress(0, 0, 1, 3), "a job that has no attempt left has failed");
    const JobCounts counts = report.take(jobs.counts(), "counts()");
    report.expect(counts.pending == 1 && counts.running == 0, "counts() follows every change");

    Strategy unknown = sample_strategy("acme", 2);
    const Batch refused = sample_batch(unknown, 102, 1);
    Job member = sample_job(unknown, 30);
    member.batch_id = refused.batch_id;
    report.expect_error(jobs.insert({member}, refused), ErrorCode::not_found,
                        "a batch of an unknown strategy is not_found");
    report.expect(!report.take(jobs.batch_progress("acme", refused.batch_id), "batch_progress()"),
                  "a refused batch is not there");
}

}  // namespace meter::testing
