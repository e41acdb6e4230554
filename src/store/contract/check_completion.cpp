#include <atomic>

#include "store/contract/report.hpp"

namespace meter::testing {

void check_completion(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Job job = add_job(report, store, strategy, 10);
    const ClaimedJob claimed = claim(report, store, 1'000);
    JobCompletion completion = sample_completion(claimed, "hash");
    completion.has_changes = true;
    completion.outcome = Outcome::degraded;
    completion.warnings = {"price is missing in every item", "\xE2\x82\xAC"};
    report.expect(report.take(jobs.complete(completion), "complete()"), "a held claim completes");
    Job expected = claimed.job;
    expected.status = JobStatus::completed;
    expected.results = completion.results;
    expected.item_count = 2;
    expected.content_hash = "hash";
    expected.structural_signature = completion.structural_signature;
    expected.has_changes = true;
    expected.outcome = Outcome::degraded;
    expected.warnings = completion.warnings;
    expected.completed_at = completion.completed_at;
    report.expect(report.take(jobs.find("acme", job.job_id), "find()") == expected,
                  "a completed job has everything that was written");
    report.expect(!report.take(jobs.find_baseline(completion.key), "find_baseline()"),
                  "without new_baseline there is none");
    const auto history = report.take(jobs.history("acme", strategy.strategy_id, {}), "history()");
    report.expect(history.size() == 1 && history[0].has_changes && history[0].item_count == 2 &&
                      history[0].content_hash == "hash" && history[0].status == JobStatus::completed &&
                      history[0].completed_at == completion.completed_at && history[0].url == job.url,
                  "history() tells the same");
}

void check_baselines(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    (void)add_job(report, store, strategy, 10);
    const ClaimedJob first = claim(report, store, 1'000);
    JobCompletion completion = sample_completion(first, "hash 1");
    completion.new_baseline = sample_baseline(first, "not the job's hash");
    completion.new_baseline->job_id = "not the job's id";
    report.take(jobs.complete(completion), "complete()");
    report.expect(
        report.take(jobs.find_baseline(completion.key), "find_baseline()") == sample_baseline(first, "hash 1"),
        "the new baseline is the job's, with the job's own id and hash");

    (void)add_job(report, store, strategy, 11);
    const ClaimedJob second = claim(report, store, 2'000);
    JobCompletion stale = sample_completion(second, "hash 2");
    stale.new_baseline = sample_baseline(second, "hash 2");
    const auto running = report.take(jobs.find("acme", second.job.job_id), "find()");
    report.expect_error(jobs.complete(stale), ErrorCode::conflict,
                        "complete() that expects no baseline is a conflict when there is one");
    stale.expected_baseline = sample_id(99);
    report.expect_error(jobs.complete(stale), ErrorCode::conflict,
                        "complete() that expects another baseline is a conflict");
    report.expect(report.take(jobs.find("acme", second.job.job_id), "find()") == running,
                  "a conflict leaves the job running");
    report.expect(report.take(jobs.find_baseline(stale.key), "find_baseline()") == sample_baseline(first, "hash 1"),
                  "a conflict leaves the baseline");
    stale.expected_baseline = first.job.job_id;
    report.expect(report.take(jobs.complete(stale), "complete()"),
                  "it completes once the baseline is the expected one");
    report.expect(report.take(jobs.find_baseline(stale.key), "find_baseline()") == sample_baseline(second, "hash 2"),
                  "the newest completed job is the baseline");

    (void)add_job(report, store, strategy, 12);
    const ClaimedJob third = claim(report, store, 3'000);
    JobCompletion same = sample_completion(third, "ignored");
    same.results = "ignored";
    same.structural_signature = "ignored";
    same.reuse_baseline = true;
    same.expected_baseline = second.job.job_id;
    same.new_baseline = sample_baseline(third, "ignored");
    report.expect(report.take(jobs.complete(same), "complete()"), "a job can complete from its baseline");
    const auto copied = report.take(jobs.find("acme", third.job.job_id), "find()");
    report.expect(copied && copied->results == stale.results && copied->content_hash == "hash 2" &&
                      copied->structural_signature == stale.structural_signature && copied->item_count == 2 &&
                      copied->has_changes == false,
                  "it takes results, hash and signature from it");
    report.expect(report.take(jobs.find_baseline(same.key), "find_baseline()") == sample_baseline(third, "hash 2"),
                  "and becomes the baseline itself");

    (void)add_job(report, store, strategy, 13);
    const ClaimedJob broken = claim(report, store, 4'000);
    JobCompletion empty = sample_completion(broken, "hash 4");
    empty.expected_baseline = third.job.job_id;
    report.take(jobs.complete(empty), "complete()");
    report.expect(report.take(jobs.find_baseline(same.key), "find_baseline()") == sample_baseline(third, "hash 2"),
                  "a job without new_baseline leaves the old one");

    // An empty text is not an absent one, and no member runs into the next.
    BaselineKey other = same.key;
    for (const auto& change : std::initializer_list<void (*)(BaselineKey&)>{
             [](BaselineKey& key) { key.url += "/"; }, [](BaselineKey& key) { key.parameters = ""; },
             [](BaselineKey& key) { key.parameters = "{}"; }, [](BaselineKey& key) { key.schedule_id = "s"; },
             [](BaselineKey& key) { key.workflow_node = "s"; }, [](BaselineKey& key) { key.strategy_id = "s"; }}) {
        other = same.key;
        change(other);
        report.expect(!report.take(jobs.find_baseline(other), "find_baseline()"),
                      "jobs with another key do not share a baseline");
    }
}

void check_baseline_race(ContractReport& report, Store& store) {
    constexpr int workers = 4;
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    std::vector<ClaimedJob> claimed;
    for (int i = 0; i < workers; ++i) {
        (void)add_job(report, store, strategy, 10 + i);
        claimed.push_back(claim(report, store, 1'000));
    }
    std::atomic<int> completed{0};
    std::atomic<int> conflicts{0};
    in_parallel(workers, [&](int i) {
        const auto& job = claimed[static_cast<std::size_t>(i)];
        JobCompletion completion = sample_completion(job, "hash");
        completion.new_baseline = sample_baseline(job, "hash");
        const auto result = store.jobs().complete(completion);
        if (result && *result) ++completed;
        if (!result && result.error().code == ErrorCode::conflict) ++conflicts;
    });
    report.expect(completed == 1, "of jobs that expect the same baseline one completes");
    report.expect(conflicts == workers - 1, "and the others are told to compare again");
}

}  // namespace meter::testing
