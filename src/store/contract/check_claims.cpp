#include <algorithm>
#include <mutex>
#include <set>

#include "store/contract/report.hpp"

namespace meter::testing {

void check_claim_order(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    const std::chrono::milliseconds lease{1'000};
    report.expect(!report.take(jobs.claim_next(moment(0), lease, "w"), "claim_next()"),
                  "nothing is claimed from an empty queue");
    const Strategy many = add_strategy(report, store, "a", 1);
    const Strategy few = add_strategy(report, store, "b", 2);
    const Strategy some = add_strategy(report, store, "c", 3);
    for (std::int64_t number = 10; number < 16; ++number) (void)add_job(report, store, many, number);
    (void)add_job(report, store, few, 20);
    Job older = sample_job(some, 31);
    older.created_at = moment(5);
    report.take(jobs.insert({sample_job(some, 30)}, std::nullopt), "insert()");
    report.take(jobs.insert({older}, std::nullopt), "insert()");

    std::vector<std::string> turn;
    for (int i = 0; i < 3; ++i) turn.push_back(claim(report, store, 1'000).job.account_id);
    report.expect(std::set<std::string>(turn.begin(), turn.end()).size() == 3,
                  "each account has its turn before one has its second");
    report.expect(report.take(jobs.find("c", sample_id(31)), "find()").value_or(Job{}).status == JobStatus::running,
                  "the oldest job of an account is first");
    std::vector<std::string> next;
    for (int i = 0; i < 2; ++i) next.push_back(claim(report, store, 1'000).job.account_id);
    report.expect(std::set<std::string>(next.begin(), next.end()) == std::set<std::string>{"a", "c"},
                  "an account without pending jobs is passed over");
    for (int i = 0; i < 4; ++i)
        report.expect(claim(report, store, 1'000).job.account_id == "a", "the last account with jobs is served on");
    report.expect(!report.take(jobs.claim_next(moment(1'000), lease, "w"), "claim_next()"), "an empty queue says so");

    (void)add_job(report, store, few, 40);
    const auto claimed = report.take(jobs.claim_next(moment(7'000), lease, "w"), "claim_next()");
    if (!report.expect(claimed.has_value(), "claim_next() finds a new job")) return;
    report.expect(claimed->job.status == JobStatus::running && claimed->job.attempt == 1 &&
                      claimed->job.started_at == moment(7'000) && !claimed->job.completed_at,
                  "a claim returns the job as running, its attempt counted, its start set");
    report.expect(report.take(jobs.find("b", sample_id(40)), "find()") == claimed->job, "a claim is stored");
    const JobCounts counts = report.take(jobs.counts(), "counts()");
    report.expect(counts.pending == 0 && counts.running == 10, "counts() follows claims");
}

void check_host_load(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    const Strategy first = add_strategy(report, store, "a", 1);
    const Strategy second = add_strategy(report, store, "b", 2);
    std::vector<Job> queued;
    const auto queue = [&](const Strategy& strategy, std::int64_t number, std::string url) {
        Job job = sample_job(strategy, number);
        job.url = std::move(url);
        job.created_at = moment(number);
        queued.push_back(std::move(job));
    };
    // Long enough that no store can look at one job after the other.
    for (std::int64_t number = 100; number < 400; ++number) queue(first, number, "http://slow.test/page");
    queue(first, 400, "http://slow.test:8080/");
    queue(first, 401, "http://late.test/");
    queue(second, 402, "http://slow.test/other");
    report.take(jobs.insert(queued, std::nullopt), "insert()");

    const auto claim_all = [&](std::size_t most, const HostLoad& load) {
        return report.take(jobs.claim(moment(1'000), std::chrono::seconds{9}, "w", most, load), "claim()");
    };
    const auto count = [](const std::vector<ClaimedJob>& claimed, std::string_view host) {
        return std::count_if(claimed.begin(), claimed.end(), [&](const ClaimedJob& job) { return job.host == host; });
    };
    HostLoad load;
    load.most = 3;
    auto claimed = claim_all(2, load);
    report.expect(claimed.size() == 2, "claim() returns as many jobs as it is asked for");
    load.busy["slow.test:80"] = count(claimed, "slow.test:80");
    report.expect(load.busy["slow.test:80"] == 2, "claim() tells the host of a job");
    claimed = claim_all(10, load);
    report.expect(count(claimed, "slow.test:80") == 1, "claim() counts the jobs of a host that run and those it adds");
    report.expect(count(claimed, "slow.test:8080") == 1, "another port is another host");
    report.expect(count(claimed, "late.test:80") == 1, "a long queue of one host hides no other host");
    report.expect(claimed.size() == 3, "claim() ends when no other job may run");
    load.busy["slow.test:80"] = 3;
    report.expect(claim_all(10, load).empty(), "nothing is claimed while every host is full");
    load.busy["slow.test:80"] = 1;
    report.expect(claim_all(10, load).size() == 2, "what has become free can be claimed");
    load.most = 0;
    report.expect(claim_all(10, load).size() == 10, "no bound means none");
    report.expect(report.take(jobs.counts(), "counts()").running == 17, "counts() follows claim()");
}

void check_concurrent_claims(ContractReport& report, Store& store) {
    constexpr int job_count = 200;
    const Strategy first = add_strategy(report, store, "a", 1);
    const Strategy second = add_strategy(report, store, "b", 2);
    std::vector<Job> jobs;
    for (int i = 0; i < job_count; ++i) jobs.push_back(sample_job(i % 2 == 0 ? first : second, 10 + i));
    report.take(store.jobs().insert(jobs, std::nullopt), "insert()");
    std::mutex mutex;
    std::vector<std::string> claimed;
    int failed = 0;
    in_parallel(2, [&](int) {
        for (;;) {
            const auto next = store.jobs().claim_next(moment(1'000), std::chrono::seconds{1}, "w");
            const std::lock_guard lock(mutex);
            if (!next) ++failed;
            if (!next || !*next) return;
            claimed.push_back((*next)->job.job_id);
        }
    });
    report.expect(failed == 0, "concurrent claims do not fail");
    report.expect(claimed.size() == job_count, "two callers claim every job");
    report.expect(std::set<std::string>(claimed.begin(), claimed.end()).size() == claimed.size(),
                  "two callers never get the same job");
}

void check_fencing(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Job job = add_job(report, store, strategy, 10);
    const ClaimedJob late = claim(report, store, 1'000);
    const SweepResult swept = report.take(jobs.sweep(moment(2'000), 3), "sweep()");
    report.expect(swept.requeued == 1 && swept.failed.empty(), "a lease that ran out goes back to the queue");
    const auto requeued = report.take(jobs.find("acme", job.job_id), "find()");
    report.expect(requeued && requeued->status == JobStatus::pending && requeued->attempt == 1 && !requeued->started_at,
                  "a swept job is pending, its attempt still counted");

    const auto is_fenced = [&](std::string_view when) {
        const std::string suffix = std::string(" ") + std::string(when);
        report.expect(report.take(jobs.heartbeat({claim_ref(late)}, moment(2'000), std::chrono::seconds{9}),
                                  "heartbeat()") == std::vector{job.job_id},
                      "heartbeat() reports a lost claim" + suffix);
        report.expect(!report.take(jobs.complete(sample_completion(late, "late")), "complete()"),
                      "complete() refuses a lost claim" + suffix);
        JobFailure failure;
        failure.claim = claim_ref(late);
        report.expect(!report.take(jobs.fail(failure), "fail()"), "fail() refuses a lost claim" + suffix);
        report.expect(!report.take(jobs.release(claim_ref(late)), "release()"),
                      "release() refuses a lost claim" + suffix);
    };
    is_fenced("while the job is pending again");
    const ClaimedJob current = claim(report, store, 3'000);
    report.expect(current.token > late.token, "every claim raises the token");
    report.expect(current.job.attempt == 2, "every claim counts an attempt");
    const auto before = report.take(jobs.find("acme", job.job_id), "find()");
    is_fenced("after another took over");
    report.expect(report.take(jobs.find("acme", job.job_id), "find()") == before, "a lost claim changes nothing");
    report.expect(report.take(jobs.complete(sample_completion(current, "now")), "complete()"),
                  "the current claim completes");
    is_fenced("after the job has ended");
    report.expect(!report.take(jobs.complete(sample_completion(current, "again")), "complete()"),
                  "a job completes once");
    const auto after = report.take(jobs.find("acme", job.job_id), "find()");
    report.expect(after && after->content_hash == "now", "the result is the one of the current claim");
}

void check_leases(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Job first = add_job(report, store, strategy, 10);
    const Job second = add_job(report, store, strategy, 11);
    const ClaimedJob held = claim(report, store, 0);
    const ClaimedJob left = claim(report, store, 0);
    report.expect(report.take(jobs.heartbeat({}, moment(0), std::chrono::seconds{1}), "heartbeat()").empty(),
                  "a heartbeat about nothing is fine");
    ClaimRef unknown;
    unknown.job_id = sample_id(99);
    unknown.token = 1;
    report.expect(report.take(jobs.heartbeat({unknown, claim_ref(held)}, moment(900), std::chrono::seconds{1}),
                              "heartbeat()") == std::vector{unknown.job_id},
                  "a heartbeat returns what is not held, and only that");
    report.expect(report.take(jobs.sweep(moment(999), 2), "sweep()").requeued == 0, "a lease holds until its end");
    SweepResult swept = report.take(jobs.sweep(moment(1'000), 2), "sweep()");
    report.expect(swept.requeued == 1, "a lease ends at its end, an extended one later");
    report.expect(report.take(jobs.find("acme", second.job_id), "find()").value_or(Job{}).status == JobStatus::pending,
                  "the job without heartbeat is the one that went back");
    report.expect(report.take(jobs.heartbeat({claim_ref(left)}, moment(1'000), std::chrono::seconds{1}),
                              "heartbeat()") == std::vector{second.job_id},
                  "a heartbeat does not bring back a swept job");
    swept = report.take(jobs.sweep(moment(1'900), 1), "sweep()");
    report.expect(swept.requeued == 0 && swept.failed == std::vector{first.job_id},
                  "a job that has no attempt left fails");
    const auto interrupted = report.take(jobs.find("acme", first.job_id), "find()");
    report.expect(interrupted && interrupted->status == JobStatus::failed &&
                      interrupted->error == "Interrupted by server restart" &&
                      interrupted->completed_at == moment(1'900) && interrupted->outcome == Outcome::failed,
                  "it fails as \"Interrupted by server restart\"");

    const ClaimedJob again = claim(report, store, 5'000);
    report.expect(again.job.attempt == 2, "attempts add up");
    report.expect(report.take(jobs.release(claim_ref(again)), "release()"), "a held claim can be given back");
    const auto released = report.take(jobs.find("acme", second.job_id), "find()");
    report.expect(released && released->status == JobStatus::pending && released->attempt == 1 && !released->started_at,
                  "a released job is pending and its attempt not counted");
    const ClaimedJob last = claim(report, store, 6'000);
    report.expect(last.token > again.token, "a released claim is lost for good");
}

void check_failures(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Job first = add_job(report, store, strategy, 10);
    JobFailure failure;
    failure.claim = claim_ref(claim(report, store, 1'000));
    failure.completed_at = moment(1'500);
    failure.error = "Page blocked: captcha";
    failure.outcome = Outcome::blocked;
    report.expect(report.take(jobs.fail(failure), "fail()"), "a held claim can fail");
    const auto failed = report.take(jobs.find("acme", first.job_id), "find()");
    report.expect(failed && failed->status == JobStatus::failed && failed->error == failure.error &&
                      failed->outcome == Outcome::blocked && failed->completed_at == moment(1'500) &&
                      failed->started_at == moment(1'000) && !failed->results && !failed->item_count,
                  "a failed job has its error and no results");

    const Job waiting = add_job(report, store, strategy, 11);
    report.expect(!report.take(jobs.fail_unfinished("other", waiting.job_id, moment(2'000), "x"), "fail_unfinished()"),
                  "fail_unfinished() does not see another account's job");
    report.expect(
        report.take(jobs.fail_unfinished("acme", waiting.job_id, moment(2'000), "Job timed out"), "fail_unfinished()"),
        "a pending job can be failed");
    const auto timed_out = report.take(jobs.find("acme", waiting.job_id), "find()");
    report.expect(timed_out && timed_out->status == JobStatus::failed && timed_out->error == "Job timed out" &&
                      timed_out->completed_at == moment(2'000) && timed_out->outcome == Outcome::failed,
                  "it fails with the given error");
    report.expect(!report.take(jobs.fail_unfinished("acme", waiting.job_id, moment(3'000), "y"), "fail_unfinished()"),
                  "a job that has ended cannot be failed");
    report.expect(!report.take(jobs.fail_unfinished("acme", sample_id(99), moment(3'000), "y"), "fail_unfinished()"),
                  "an unknown job cannot be failed");

    (void)add_job(report, store, strategy, 12);
    const ClaimedJob running = claim(report, store, 3'000);
    report.expect(
        report.take(jobs.fail_unfinished("acme", running.job.job_id, moment(4'000), "y"), "fail_unfinished()"),
        "a running job can be failed, whoever holds it");
    report.expect(!report.take(jobs.complete(sample_completion(running, "h")), "complete()"),
                  "its worker's result comes too late");
    const JobCounts counts = report.take(jobs.counts(), "counts()");
    report.expect(counts.pending == 0 && counts.running == 0, "counts() follows failures");
}

}  // namespace meter::testing
