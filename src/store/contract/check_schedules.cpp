// Contract of ScheduleStore: schedules, and how they tick.
#include <atomic>

#include "store/contract/report.hpp"

namespace meter::testing {

Schedule sample_schedule(const Strategy& strategy, std::int64_t number) {
    Schedule schedule;
    schedule.schedule_id = sample_id(number);
    schedule.account_id = strategy.account_id;
    schedule.strategy_id = strategy.strategy_id;
    schedule.url = "https://shop.example/list";
    schedule.interval_seconds = 60;
    schedule.created_at = schedule.updated_at = moment(number);
    return schedule;
}

DueTime sample_due(std::int64_t milliseconds) {
    return {moment(milliseconds), moment(milliseconds)};
}

Schedule add_schedule(ContractReport& report, Store& store, const Strategy& strategy, std::int64_t number,
                      std::int64_t due) {
    Schedule schedule = sample_schedule(strategy, number);
    report.take(store.schedules().insert(schedule, sample_due(due)), "insert of a schedule");
    schedule.next_run_at = moment(due);
    return schedule;
}

/// A tick at its due time that makes one job.
ScheduleTick sample_tick(const Schedule& schedule, std::int64_t job_number, std::int64_t next) {
    ScheduleTick tick;
    tick.schedule_id = schedule.schedule_id;
    tick.version = schedule.version;
    tick.due_at = tick.ticked_at = *schedule.next_run_at;
    tick.next = sample_due(next);
    Job job;
    job.job_id = sample_id(job_number);
    job.account_id = schedule.account_id;
    job.strategy_id = schedule.strategy_id;
    job.schedule_id = schedule.schedule_id;
    job.url = *schedule.url;
    job.created_at = tick.ticked_at;
    tick.jobs.push_back(job);
    return tick;
}

namespace {

Schedule full_schedule(const Strategy& strategy, std::int64_t number) {
    Schedule schedule = sample_schedule(strategy, number);
    schedule.url.reset();
    schedule.urls = {"https://shop.example/a", "https://shop.example/\"b\""};
    schedule.interval_seconds.reset();
    schedule.cron_expression = "0 9 * * *";
    schedule.timezone = "Europe/Berlin";
    schedule.jitter_seconds = 30;
    schedule.webhook_url = "https://hooks.example/x";
    schedule.webhook_metadata = R"({"a":1})";
    schedule.webhook_secret = "whsec_x";
    schedule.webhook_type = WebhookType::discord;
    schedule.webhook_on = WebhookOn::changes;
    schedule.parameters = R"({"q":"x"})";
    schedule.ignore = R"({"fields":["n"]})";
    schedule.key = R"(["id"])";
    schedule.strategy_group_id = sample_id(90);
    schedule.discovery_id = sample_id(91);
    return schedule;
}

TickOutcome tick_once(ContractReport& report, Store& store, const ScheduleTick& tick) {
    const auto outcomes = report.take(store.schedules().tick({tick}), "tick()");
    report.expect(outcomes.size() == 1, "tick() answers for each tick");
    return outcomes.empty() ? TickOutcome::stale : outcomes.front();
}

std::optional<Schedule> stored(ContractReport& report, Store& store, const Schedule& schedule) {
    return report.take(store.schedules().find(schedule.account_id, schedule.schedule_id), "find()");
}

void end_job(ContractReport& report, Store& store, std::int64_t now, Outcome outcome) {
    const ClaimedJob claimed = claim(report, store, now);
    if (outcome == Outcome::failed || outcome == Outcome::blocked) {
        report.take(store.jobs().fail({.claim = claim_ref(claimed),
                                       .completed_at = moment(now),
                                       .error = "Page not accessible: 404 Not Found",
                                       .outcome = outcome}),
                    "fail()");
        return;
    }
    JobCompletion completion = sample_completion(claimed, "hash");
    completion.completed_at = moment(now);
    completion.outcome = outcome;
    report.take(store.jobs().complete(completion), "complete()");
}

}  // namespace

void check_schedules(ContractReport& report, Store& store) {
    ScheduleStore& schedules = store.schedules();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Strategy foreign = add_strategy(report, store, "other", 2);

    Schedule schedule = full_schedule(strategy, 10);
    report.take(schedules.insert(schedule, sample_due(5'000)), "insert()");
    schedule.next_run_at = moment(5'000);
    report.expect(stored(report, store, schedule) == schedule, "find() gives back what was inserted");
    report.expect_error(schedules.insert(schedule, {}), ErrorCode::conflict, "an id exists once");
    Schedule stolen = sample_schedule(foreign, 11);
    stolen.account_id = "acme";
    report.expect_error(schedules.insert(stolen, {}), ErrorCode::not_found, "a foreign strategy is not there");
    report.expect(!report.take(schedules.find("other", schedule.schedule_id), "find()"),
                  "a foreign schedule is not there");

    const Schedule second = add_schedule(report, store, strategy, 12, 9'000);
    const Strategy third_strategy = add_strategy(report, store, "acme", 3);
    const Schedule third = add_schedule(report, store, third_strategy, 13, 9'000);
    const auto ids = [&](const ScheduleQuery& query) {
        return ids_of(report.take(schedules.list("acme", query), "list()"), &Schedule::schedule_id);
    };
    report.expect(ids({}) == sample_ids({13, 12, 10}), "list() is newest first");
    report.expect(ids({.range = {.limit = 1, .offset = 1}}) == sample_ids({12}), "and pages");
    report.expect(ids({.strategy_id = third_strategy.strategy_id}) == sample_ids({13}), "and filters by strategy");
    report.expect_error(schedules.list("acme", {.range = {.limit = 0}}), ErrorCode::invalid_argument,
                        "a limit of 0 is refused");

    Schedule changed = schedule;
    changed.url = "https://shop.example/c";
    changed.urls.reset();
    changed.webhook_url.reset();
    changed.webhook_type.reset();
    changed.webhook_secret.reset();
    changed.updated_at = moment(20'000);
    const auto updated = report.take(schedules.update(changed, {}), "update()");
    changed.version = 2;
    report.expect(updated == changed, "update() writes every member, keeps the due time and raises the version");
    report.expect_error(schedules.update(schedule, {}), ErrorCode::conflict, "an old version is refused");
    changed.enabled = false;
    const auto disabled = report.take(schedules.update(changed, std::optional<DueTime>{}), "update()");
    report.expect(disabled && !disabled->enabled && !disabled->next_run_at, "a due time can be taken away");
    changed.version = 3;
    Schedule lost = changed;
    lost.account_id = "other";
    report.expect(!report.take(schedules.update(lost, {}), "update()"), "a foreign schedule is not updated");

    report.expect(!report.take(schedules.remove("other", second.schedule_id), "remove()"),
                  "a foreign schedule is not removed");
    report.expect(report.take(schedules.remove("acme", second.schedule_id), "remove()"), "remove() says so");
    report.expect(!report.take(schedules.remove("acme", second.schedule_id), "remove()"), "once");
    report.take(
        store.strategies().remove("acme", third_strategy.strategy_id, sample_event(third_strategy, "deleted", 4)),
        "remove() of a strategy");
    report.expect(!stored(report, store, third), "a strategy takes its schedules along");

    const Strategy watched = sample_strategy("acme", 5);
    report.take(schedules.insert_with_strategy(sample_schedule(watched, 20), sample_due(1'000), watched,
                                               sample_event(watched, "created", 5), std::nullopt, ""),
                "insert_with_strategy()");
    report.expect(report.take(store.strategies().find("acme", watched.strategy_id), "find()") == watched,
                  "a strategy and its schedule are stored together");
    const Strategy twice = sample_strategy("acme", 6);
    report.expect_error(schedules.insert_with_strategy(sample_schedule(twice, 20), {}, twice,
                                                       sample_event(twice, "created", 6), std::nullopt, ""),
                        ErrorCode::conflict, "a schedule's id exists once");
    report.expect(!report.take(store.strategies().find("acme", twice.strategy_id), "find()"),
                  "and its strategy is not kept then");
}

void check_ticks(ContractReport& report, Store& store) {
    ScheduleStore& schedules = store.schedules();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    report.expect(!report.take(schedules.next_tick_at(), "next_tick_at()"), "without schedules nothing is due");
    const Schedule late = add_schedule(report, store, strategy, 10, 2'000);
    const Schedule early = add_schedule(report, store, strategy, 11, 1'000);
    report.expect(report.take(schedules.next_tick_at(), "next_tick_at()") == moment(1'000), "the earliest counts");
    const auto due = [&](std::int64_t now, std::int64_t limit = 10) {
        return ids_of(report.take(schedules.due(moment(now), limit), "due()"), &Schedule::schedule_id);
    };
    report.expect(due(999).empty(), "nothing is due before its time");
    report.expect(due(1'000) == sample_ids({11}), "due at its time");
    report.expect(due(5'000) == sample_ids({11, 10}) && due(5'000, 1) == sample_ids({11}), "longest due first");

    const ScheduleTick tick = sample_tick(early, 30, 61'000);
    report.expect(tick_once(report, store, tick) == TickOutcome::made, "a tick makes its jobs");
    const auto after = stored(report, store, early);
    report.expect(after && after->next_run_at == moment(61'000) && after->last_run_at == moment(1'000) &&
                      after->version == early.version,
                  "and moves the due time on in the same step");
    const auto job = report.take(store.jobs().find("acme", sample_id(30)), "find() of a job");
    report.expect(job && job->status == JobStatus::pending && job->schedule_id == early.schedule_id,
                  "the job is queued and names its schedule");
    report.expect(report.take(store.jobs().counts(), "counts()").pending == 1, "and is counted");
    ScheduleTick again = sample_tick(early, 31, 61'000);
    report.expect(tick_once(report, store, again) == TickOutcome::stale, "a due time ticks once");
    report.expect(!report.take(store.jobs().find("acme", sample_id(31)), "find() of a job"), "and makes no second job");

    const auto waiting = stored(report, store, early).value_or(early);
    report.expect(tick_once(report, store, sample_tick(waiting, 32, 121'000)) == TickOutcome::skipped,
                  "a tick is skipped while the jobs of the one before run");
    const auto skipped = stored(report, store, early);
    report.expect(skipped && skipped->next_run_at == moment(121'000) && skipped->last_run_at == moment(1'000),
                  "a skipped tick moves the due time on and is no run");

    Schedule edited = late;
    edited.url = "https://shop.example/new";
    report.take(schedules.update(edited, {}), "update()");
    report.expect(tick_once(report, store, sample_tick(late, 33, 62'000)) == TickOutcome::stale,
                  "jobs made from an older version are not queued");
    report.expect(due(2'000) == sample_ids({10}), "and the schedule stays due");

    // Several at once: each has its own outcome.
    end_job(report, store, 130'000, Outcome::ok);
    const auto now_early = stored(report, store, early).value_or(early);
    const auto now_late = stored(report, store, late).value_or(late);
    ScheduleTick batched = sample_tick(now_late, 34, 62'000);
    batched.batch = Batch{.batch_id = sample_id(50),
                          .account_id = "acme",
                          .strategy_id = strategy.strategy_id,
                          .job_count = 1,
                          .created_at = moment(2'000)};
    batched.jobs.front().batch_id = sample_id(50);
    const auto outcomes =
        report.take(schedules.tick({sample_tick(now_early, 35, 181'000), sample_tick(late, 36, 5), batched}), "tick()");
    report.expect(outcomes == std::vector{TickOutcome::made, TickOutcome::stale, TickOutcome::made},
                  "every tick of a call has its own outcome");
    const auto progress = report.take(store.jobs().batch_progress("acme", sample_id(50)), "batch_progress()");
    report.expect(progress && progress->pending == 1, "the jobs of a tick may be a batch");

    report.take(schedules.remove("acme", late.schedule_id), "remove()");
    report.expect(
        report.take(store.jobs().find("acme", sample_id(34)), "find() of a job")->schedule_id == late.schedule_id,
        "jobs outlive their schedule and still name it");
    report.expect(tick_once(report, store, sample_tick(now_late, 37, 99'000)) == TickOutcome::stale,
                  "a removed schedule does not tick");
}

void check_tick_race(ContractReport& report, Store& store) {
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Schedule schedule = add_schedule(report, store, strategy, 10, 1'000);
    std::atomic<int> made{0};
    in_parallel(4, [&](int i) {
        const auto outcomes = store.schedules().tick({sample_tick(schedule, 30 + i, 61'000)});
        if (outcomes && outcomes->front() == TickOutcome::made) ++made;
    });
    report.expect(made == 1, "of several that tick one due time one makes jobs");
    report.expect(report.take(store.jobs().list("acme", {}), "list() of jobs").size() == 1,
                  "and only its job is there");
}

void check_exhausted_jobs(ContractReport& report, Store& store) {
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Schedule schedule = add_schedule(report, store, strategy, 10, 1'000);
    (void)tick_once(report, store, sample_tick(schedule, 30, 61'000));
    const ClaimedJob dead = claim(report, store, 1'000);
    const auto swept = report.take(store.jobs().sweep(moment(3'000), 1), "sweep()");
    if (!report.expect(swept.exhausted.size() == 1 && swept.failed.empty() && swept.requeued == 0,
                       "sweep() hands over jobs of schedules that have no attempt left"))
        return;
    const ClaimedJob& taken = swept.exhausted.front();
    report.expect(taken.job.job_id == dead.job.job_id && taken.token > dead.token, "claimed once more");
    report.expect(report.take(store.jobs().sweep(moment(3'001), 1), "sweep()").exhausted.empty(), "to one caller");
    const JobFailure failure{
        .claim = claim_ref(taken), .completed_at = moment(3'000), .error = "Interrupted by server restart"};
    JobFailure late = failure;
    late.claim = claim_ref(dead);
    report.expect(!report.take(store.jobs().fail(late), "fail()"), "the claim before is no longer held");
    report.expect(report.take(store.jobs().fail(failure), "fail()"), "who was handed the job ends it");
    report.expect(stored(report, store, schedule)->health.state == HealthState::failing, "and the schedule shows it");
}

void check_rewind(ContractReport& report, Store& store) {
    ScheduleStore& schedules = store.schedules();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Schedule schedule = add_schedule(report, store, strategy, 10, 1'000);
    // The clock was far ahead: the due time of 1,000 ticked at 90,000.
    ScheduleTick ahead = sample_tick(schedule, 30, 121'000);
    ahead.ticked_at = ahead.jobs.front().created_at = moment(90'000);
    (void)tick_once(report, store, ahead);
    report.expect(report.take(schedules.ticked_after(moment(90'000)), "ticked_after()").empty() &&
                      report.take(schedules.ticked_after(moment(500)), "ticked_after()").size() == 1,
                  "ticked_after() finds schedules whose last tick lies ahead");
    const auto read = stored(report, store, schedule).value_or(schedule);
    report.expect(report.take(schedules.rewind(read, {sample_due(1'000), sample_due(61'000)}), "rewind()"),
                  "rewind() moves the due time back");
    report.expect(stored(report, store, schedule)->next_run_at == moment(61'000),
                  "to the first that has not had its tick");
    report.expect(!report.take(schedules.rewind(read, {sample_due(61'000)}), "rewind()"),
                  "but not when it has moved meanwhile");
    // A due time that comes up again has no second tick.
    Schedule back = stored(report, store, schedule).value_or(schedule);
    end_job(report, store, 91'000, Outcome::ok);
    report.take(schedules.update(back, std::optional(sample_due(1'000))), "update()");
    back = stored(report, store, schedule).value_or(schedule);
    report.expect(tick_once(report, store, sample_tick(back, 31, 61'000)) == TickOutcome::skipped,
                  "a due time that comes up again is passed over");
    report.expect(report.take(schedules.drop_ticks_before(moment(1'001)), "drop_ticks_before()") == 1,
                  "old ticks can be forgotten");
}

void check_health_of_schedules(ContractReport& report, Store& store) {
    ScheduleStore& schedules = store.schedules();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Schedule schedule = add_schedule(report, store, strategy, 10, 0);
    struct Row {
        Outcome outcome;
        HealthState state;
        std::int64_t count;
        std::int64_t since;
    };
    std::int64_t number = 0;
    for (const Row& row :
         {Row{Outcome::ok, HealthState::ok, 1, 10}, Row{Outcome::ok, HealthState::ok, 2, 10},
          Row{Outcome::empty, HealthState::degraded, 1, 2'010}, Row{Outcome::degraded, HealthState::degraded, 2, 2'010},
          Row{Outcome::failed, HealthState::failing, 1, 4'010}, Row{Outcome::blocked, HealthState::failing, 2, 4'010},
          Row{Outcome::ok, HealthState::ok, 1, 6'010}}) {
        const auto now = stored(report, store, schedule).value_or(schedule);
        const std::int64_t at = number * 1'000;
        report.expect(tick_once(report, store, sample_tick(now, 30 + number, at + 1'000)) == TickOutcome::made,
                      "the next tick is made once the jobs of the one before have ended");
        end_job(report, store, at + 10, row.outcome);
        const auto health = stored(report, store, schedule).value_or(schedule).health;
        report.expect(health == ScheduleHealth{row.state, row.count, moment(row.since)},
                      "health after outcome " + std::string(to_string(row.outcome)));
        ++number;
    }
    report.expect(report.take(schedules.previous_outcome("acme", schedule.schedule_id, *schedule.url, sample_id(36)),
                              "previous_outcome()") == Outcome::blocked,
                  "previous_outcome() is that of the job before");
    report.expect(!report.take(schedules.previous_outcome("acme", schedule.schedule_id, "https://shop.example/x", ""),
                               "previous_outcome()"),
                  "of the same URL");
}

}  // namespace meter::testing
