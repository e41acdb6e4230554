// Contract of JobStore::drop_ended_before(): what goes, and what something still needs.
#include <algorithm>

#include "store/contract/workflow_samples.hpp"

namespace meter::testing {
namespace {

/// Completes the job that waits longest, compared with what is the baseline then.
void complete_old_job(ContractReport& report, Store& store, std::int64_t at, bool becomes_baseline = false) {
    const ClaimedJob claimed = claim(report, store, at);
    JobCompletion completion = sample_completion(claimed, "hash of " + claimed.job.job_id);
    completion.completed_at = moment(at);
    if (const auto baseline = report.take(store.jobs().find_baseline(completion.key), "find_baseline()"))
        completion.expected_baseline = baseline->job_id;
    if (becomes_baseline) completion.new_baseline = sample_baseline(claimed, completion.content_hash);
    report.expect(report.take(store.jobs().complete(completion), "complete()"), "complete() of a claimed job");
}

DroppedJobs drop_jobs(ContractReport& report, Store& store, std::int64_t before,
                      const std::optional<EndedPlace>& after = {}, std::int64_t limit = 100) {
    return report.take(store.jobs().drop_ended_before(moment(before), after, limit), "drop_ended_before()");
}

bool job_is_there(ContractReport& report, Store& store, std::int64_t number) {
    return report.take(store.jobs().find("acme", sample_id(number)), "find()").has_value();
}

bool fits_together(ContractReport& report, Store& store) {
    return report.take(store.check(), "check()").empty();
}

}  // namespace

void check_job_retention(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    for (std::int64_t number = 10; number < 16; ++number) (void)add_job(report, store, strategy, number);
    complete_old_job(report, store, 100, true);
    complete_old_job(report, store, 200, true);
    fail_job(report, store, 300, "Page too large");
    complete_old_job(report, store, 300);
    const ClaimedJob running = claim(report, store, 400);

    report.expect_error(jobs.drop_ended_before(moment(0), {}, 0), ErrorCode::invalid_argument,
                        "drop_ended_before() of none at a time is refused");
    DroppedJobs step = drop_jobs(report, store, 100);
    report.expect(step.dropped == 0 && !step.next && job_is_there(report, store, 10),
                  "drop_ended_before() keeps what ended at the moment or later");
    step = drop_jobs(report, store, 9'000, {}, 2);
    report.expect(step.dropped == 1 && step.next == EndedPlace{moment(200), sample_id(11)},
                  "drop_ended_before() looks at no more than it is told to, and says where it was");
    report.expect(!job_is_there(report, store, 10) && job_is_there(report, store, 12),
                  "what ended longest ago goes first");
    const auto baseline = report.take(jobs.find("acme", sample_id(11)), "find()");
    report.expect(baseline && baseline->results.has_value(), "a baseline stays, with its results");
    step = drop_jobs(report, store, 9'000, step.next, 1);
    report.expect(step.dropped == 1 && step.next == EndedPlace{moment(300), sample_id(12)} &&
                      !job_is_there(report, store, 12) && job_is_there(report, store, 13),
                  "of jobs that ended at the same moment the walk goes on behind the last one");
    step = drop_jobs(report, store, 9'000, step.next);
    report.expect(step.dropped == 1 && !step.next && !job_is_there(report, store, 13), "until it is at its end");
    report.expect(ids_of(report.take(jobs.history("acme", strategy.strategy_id, {}), "history()"),
                         &HistoryEntry::job_id) == sample_ids({15, 14, 11}),
                  "unfinished jobs stay, however old");
    const JobCounts counts = report.take(jobs.counts(), "counts()");
    report.expect(counts.pending == 1 && counts.running == 1 && fits_together(report, store), "and are counted");

    JobCompletion same = sample_completion(running, "ignored");
    same.completed_at = moment(500);
    same.reuse_baseline = true;
    same.expected_baseline = sample_id(11);
    same.new_baseline = sample_baseline(running, "ignored");
    report.expect(report.take(jobs.complete(same), "complete()"), "the next job takes over what the baseline had");
    report.expect(drop_jobs(report, store, 9'000).dropped == 1 && !job_is_there(report, store, 11) &&
                      job_is_there(report, store, 14),
                  "which goes when it is the baseline no longer");
}

void check_batch_retention(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Batch batch{.batch_id = sample_id(100),
                      .account_id = "acme",
                      .strategy_id = strategy.strategy_id,
                      .job_count = 3,
                      .created_at = moment(9)};
    std::vector<Job> members;
    for (std::int64_t number = 10; number < 13; ++number) {
        members.push_back(sample_job(strategy, number));
        members.back().batch_id = batch.batch_id;
    }
    report.take(jobs.insert(members, batch), "insert()");
    fail_job(report, store, 100, "Page too large");
    complete_old_job(report, store, 200);
    report.expect(drop_jobs(report, store, 9'000).dropped == 0 && job_is_there(report, store, 10),
                  "jobs of a batch stay until all of them have ended");
    complete_old_job(report, store, 300, true);
    report.expect(drop_jobs(report, store, 9'000).dropped == 2 && job_is_there(report, store, 12),
                  "then those go that nothing needs");
    const auto progress = report.take(jobs.batch_progress("acme", batch.batch_id), "batch_progress()");
    report.expect(progress && progress->batch == batch && progress->completed == 2 && progress->failed == 1,
                  "a batch with a job left tells how all of them ended");
    report.expect(fits_together(report, store), "check() takes no offence at jobs that were removed");
    (void)add_job(report, store, strategy, 20);
    complete_old_job(report, store, 400, true);
    report.expect(drop_jobs(report, store, 9'000).dropped == 1 &&
                      !report.take(jobs.batch_progress("acme", batch.batch_id), "batch_progress()"),
                  "a batch goes with its last job");
}

void check_tick_retention(ContractReport& report, Store& store) {
    auto& schedules = store.schedules();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Schedule schedule = add_schedule(report, store, strategy, 30, 1'000);
    for (std::int64_t tick = 0; tick < 3; ++tick) {
        const auto now = report.take(schedules.find("acme", schedule.schedule_id), "find()").value_or(schedule);
        report.take(schedules.tick({sample_tick(now, 40 + tick, 2'000 + tick * 1'000)}), "tick()");
        const ClaimedJob claimed = claim(report, store, 1'000 + tick * 1'000);
        JobCompletion completion = sample_completion(claimed, "hash");
        completion.completed_at = moment(1'500 + tick * 1'000);
        completion.has_changes = true;
        completion.outcome = Outcome::degraded;  // so no baseline
        completion.change = ChangeRecord{.new_items_count = 1, .new_items = R"([{"name":"B"}])"};
        report.take(store.jobs().complete(completion), "complete()");
    }
    report.expect(drop_jobs(report, store, 9'000).dropped == 1 && !job_is_there(report, store, 40),
                  "jobs of a schedule go when there were two ticks after theirs");
    const auto outcome = [&](std::int64_t except) {
        return report.take(schedules.previous_outcome("acme", schedule.schedule_id, *schedule.url, sample_id(except)),
                           "previous_outcome()");
    };
    report.expect(outcome(42) == Outcome::degraded, "so that a job knows how the one before it ended");
    report.expect(report.take(schedules.count_changes("acme", schedule.schedule_id), "count_changes()") == 2 &&
                      ids_of(report.take(schedules.changelog("acme", schedule.schedule_id, {}, true), "changelog()"),
                             &ChangelogRow::job_id) == sample_ids({42, 41}),
                  "changes go with their jobs");
    report.expect(!report.take(schedules.mark_seen("acme", schedule.schedule_id, sample_ids({41, 40})), "mark_seen()"),
                  "and cannot be marked as seen then");
    report.take(schedules.remove("acme", schedule.schedule_id), "remove()");
    report.expect(drop_jobs(report, store, 9'000).dropped == 2, "without their schedule nobody needs them");
}

void check_run_retention(ContractReport& report, Store& store) {
    auto& workflows = store.workflows();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Workflow workflow = add_workflow(report, store, strategy, 10);
    const std::string& details = workflow.nodes[1].node_id;
    const auto there = [&](std::initializer_list<std::int64_t> numbers) {
        return std::all_of(numbers.begin(), numbers.end(),
                           [&](std::int64_t number) { return job_is_there(report, store, number); });
    };
    const auto begin = [&](std::int64_t at) {
        (void)add_run(report, store, workflow, at);
        return claim_run(report, store, at);
    };
    const auto end = [&](const ClaimedWorkflowRun& run, RunStatus status, std::int64_t at) {
        report.expect(
            report.take(workflows.finish(run.ref(), {.status = status, .completed_at = moment(at)}), "finish()"),
            "finish() of a claimed run");
    };
    const auto advance = [&](const ClaimedWorkflowRun& run, const NodeChange& change) {
        report.expect(report.take(workflows.advance(run.ref(), {change}, moment(50)), "advance()"),
                      "advance() of a claimed run");
    };

    auto run = begin(30);
    advance(run, sample_node_change(run, 1, 100, 3, true));
    complete_job(report, store, 200, R"([{"name":"A"}])");
    complete_job(report, store, 210, R"([{"name":"B"}])");
    report.expect(drop_jobs(report, store, 90'000).dropped == 0, "jobs of a run that goes on stay");
    fail_job(report, store, 220, "Page too large");
    end(run, RunStatus::partial, 300);
    report.expect(drop_jobs(report, store, 90'000).dropped == 0 && there({100, 101, 102}),
                  "so do those of the newest run that ended well");

    run = begin(1'000);
    NodeChange mixed = sample_node_change(run, 1, 1'100, 2, true);
    mixed.inputs[0].reused = true;
    mixed.inputs[0].job_id = sample_id(100);
    mixed.inputs[0].item_count = 2;
    mixed.jobs.erase(mixed.jobs.begin());
    mixed.batch_id.reset();
    mixed.jobs[0].batch_id.reset();
    advance(run, mixed);
    report.expect(drop_jobs(report, store, 90'000).dropped == 0 && there({100, 101, 102}),
                  "and while the next one goes on, which may hand on what they found");
    complete_job(report, store, 1'200, R"([{"name":"C"}])");
    end(run, RunStatus::completed, 1'300);
    report.expect(drop_jobs(report, store, 90'000).dropped == 2 && there({100, 1'101}),
                  "then only those whose outputs it hands on");

    const std::string second = run.run.run_id;
    run = begin(2'000);
    NodeChange copied = ended_change(run, 1, NodeStatus::skipped, 2'100);
    copied.progress.execution.skip_reason = SkipReason::unchanged;
    copied.copy_from_run = second;
    advance(run, copied);
    end(run, RunStatus::completed, 2'200);
    report.expect(
        drop_jobs(report, store, 90'000).dropped == 0 && there({100, 1'101}) &&
            report.take(workflows.outputs({.run_id = run.run.run_id, .node_id = details}), "outputs()").size() == 2,
        "through all runs that handed them on");

    run = begin(3'000);
    advance(run, sample_node_change(run, 1, 3'100, 1, true));
    complete_job(report, store, 3'200, R"([{"name":"D"}])");
    end(run, RunStatus::failed, 3'300);
    report.expect(drop_jobs(report, store, 90'000).dropped == 1 && !there({3'100}) && there({100, 1'101}),
                  "jobs of a run that failed go");
    report.expect(fits_together(report, store), "check() finds the counts to agree");
    report.take(workflows.remove("acme", workflow.workflow_id, moment(4'000)), "remove()");
    report.expect(drop_jobs(report, store, 90'000).dropped == 2, "and all of them when the workflow is gone");
}

}  // namespace meter::testing
