#include <atomic>

#include "store/contract/workflow_samples.hpp"

namespace meter::testing {

void check_workflows(ContractReport& report, Store& store) {
    auto& workflows = store.workflows();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Strategy foreign = add_strategy(report, store, "other", 2);
    const Workflow first = add_workflow(report, store, strategy, 10);
    Workflow second = sample_workflow(strategy, 20);
    second.nodes.clear();
    second.edges.clear();
    second.description.reset();
    report.take(workflows.insert(second), "insert()");
    report.expect_error(workflows.insert(first), ErrorCode::conflict, "insert() of an id that exists is a conflict");
    Workflow stray = sample_workflow(strategy, 30);
    stray.nodes[1].strategy_id = foreign.strategy_id;
    report.expect_error(workflows.insert(stray), ErrorCode::not_found,
                        "insert() refuses a node whose strategy is another account's");
    report.expect(report.take(workflows.find("acme", first.workflow_id), "find()") == first &&
                      report.take(workflows.find("acme", second.workflow_id), "find()") == second,
                  "find() returns every member as it was inserted");
    report.expect(!report.take(workflows.find("other", first.workflow_id), "find()") &&
                      !report.take(workflows.find("acme", stray.workflow_id), "find()"),
                  "find() sees neither another account's workflow nor one that was refused");
    report.expect(report.take(workflows.list("acme", {}), "list()") == std::vector<Workflow>{second, first},
                  "list() is newest first");
    report.expect(
        report.take(workflows.list("acme", {.limit = 1, .offset = 1}), "list()") == std::vector<Workflow>{first},
        "list() keeps to its range");

    Workflow changed = first;
    changed.name = "Renamed";
    changed.description.reset();
    changed.enabled = false;
    changed.updated_at = moment(100);
    changed.nodes[0].node_key = "start";
    changed.edges[0].source_node_key = "start";
    changed.nodes.push_back(sample_node(strategy, 40, "more"));
    auto expected = changed;
    expected.version = 2;
    report.expect(report.take(workflows.update(changed), "update()") == expected &&
                      report.take(workflows.find("acme", first.workflow_id), "find()") == expected,
                  "update() replaces nodes and edges and raises the version");
    report.expect_error(workflows.update(changed), ErrorCode::conflict, "update() of an old version is a conflict");
    changed.account_id = "other";
    report.expect(!report.take(workflows.update(changed), "update()"),
                  "update() does not see another account's workflow");

    const auto refused = store.strategies().remove("acme", strategy.strategy_id, sample_event(strategy, "deleted", 50));
    report.expect_error(refused, ErrorCode::conflict, "a strategy that a node has cannot be removed");
    report.expect(!refused && refused.error().message == "Strategy is used by workflow: Renamed",
                  "and the error names the workflow");
    report.expect(!report.take(workflows.remove("other", first.workflow_id, moment(200)), "remove()") &&
                      report.take(workflows.remove("acme", first.workflow_id, moment(200)), "remove()") &&
                      !report.take(workflows.find("acme", first.workflow_id), "find()") &&
                      !report.take(workflows.remove("acme", first.workflow_id, moment(200)), "remove()"),
                  "remove() takes the account's own workflow, once");
    report.expect(
        report.take(store.strategies().remove("acme", strategy.strategy_id, sample_event(strategy, "deleted", 51)),
                    "remove()"),
        "then its strategy can be removed");
}

void check_workflow_runs(ContractReport& report, Store& store) {
    auto& workflows = store.workflows();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Workflow workflow = add_workflow(report, store, strategy, 10);
    Workflow empty = sample_workflow(strategy, 20);
    empty.nodes.clear();
    empty.edges.clear();
    report.take(workflows.insert(empty), "insert()");
    report.expect_error(workflows.start_run(sample_run(empty, 30), moment(90'000)), ErrorCode::invalid_argument,
                        "start_run() refuses a workflow without nodes");
    report.expect_error(workflows.start_run(sample_run(sample_workflow(strategy, 77), 31), moment(90'000)),
                        ErrorCode::not_found, "start_run() of an unknown workflow");
    WorkflowRun run = sample_run(workflow, 40);
    run.force = true;
    report.take(workflows.start_run(run, moment(90'000)), "start_run()");
    const auto again = workflows.start_run(sample_run(workflow, 41), moment(90'000));
    report.expect_error(again, ErrorCode::conflict, "start_run() refuses a second open run");
    report.expect(!again && again.error().subject == run.run_id, "and names the open one");

    const auto found = run_now(report, store, run);
    report.expect(found.status == RunStatus::pending && found.force && found.trigger == RunTrigger::manual &&
                      !found.started_at && !found.changed_since_previous && found.created_at == run.created_at,
                  "a run begins as it was asked for, pending");
    report.expect(found.node_executions[0].node_key == "index" &&
                      found.node_executions[1].node_id == workflow.nodes[1].node_id &&
                      found.node_executions[1].status == NodeStatus::pending,
                  "every node is pending, in the order of the definition");
    report.expect(!report.take(workflows.find_run("other", workflow.workflow_id, run.run_id), "find_run()") &&
                      !report.take(workflows.find_run("acme", empty.workflow_id, run.run_id), "find_run()"),
                  "find_run() sees the runs of this workflow and account only");

    Workflow edited = workflow;
    edited.nodes.pop_back();
    edited.edges.clear();
    report.take(workflows.update(edited), "update()");
    StrategyUpdate rename{.name = "Other"};
    rename.updated_at = moment(60);
    report.take(store.strategies().update("acme", strategy.strategy_id, rename), "update()");
    report.expect(
        report.take(workflows.run_definition("acme", run.run_id), "run_definition()") == workflow &&
            report.take(workflows.run_strategy("acme", run.run_id, strategy.strategy_id), "run_strategy()") == strategy,
        "a run keeps definition and strategies as they were when it began");
    report.expect(!report.take(workflows.run_definition("other", run.run_id), "run_definition()") &&
                      !report.take(workflows.run_strategy("other", run.run_id, strategy.strategy_id), "run_strategy()"),
                  "but not for another account");

    auto claimed = claim_run(report, store, 50);
    report.take(workflows.advance(claimed.ref(), {sample_node_change(claimed, 0, 100, 3, true)}, moment(100)),
                "advance()");
    (void)claim(report, store, 110);
    report.expect(!report.take(workflows.cancel("other", workflow.workflow_id, run.run_id, moment(120)), "cancel()"),
                  "cancel() does not see another account's run");
    const auto cancelled =
        report.take(workflows.cancel("acme", workflow.workflow_id, run.run_id, moment(120)), "cancel()");
    report.expect(cancelled && cancelled->status == RunStatus::cancelled && cancelled->completed_at == moment(120) &&
                      cancelled->failed_job_count == 3 && cancelled->node_executions.size() == 2 &&
                      cancelled->node_executions[0].status == NodeStatus::cancelled &&
                      cancelled->node_executions[1].status == NodeStatus::cancelled,
                  "cancel() ends the run, its open nodes and its jobs");
    const auto job = report.take(store.jobs().find("acme", sample_id(100)), "find()").value_or(Job{});
    report.expect(job.status == JobStatus::failed && job.error == "Cancelled" && job.completed_at == moment(120),
                  "the jobs say so");
    const auto counts = report.take(store.jobs().counts(), "counts()");
    const auto batch =
        report.take(store.jobs().batch_progress("acme", sample_id(600)), "batch_progress()").value_or(BatchProgress{});
    report.expect(
        counts.pending == 0 && counts.running == 0 && batch.failed == 3 && batch.pending == 0 && batch.running == 0,
        "and are counted");
    report.expect(!report.take(workflows.advance(claimed.ref(), {}, moment(130)), "advance()") &&
                      !report.take(workflows.finish(claimed.ref(), {.completed_at = moment(130)}), "finish()"),
                  "nothing is written after it");
    const auto repeated =
        report.take(workflows.cancel("acme", workflow.workflow_id, run.run_id, moment(140)), "cancel()");
    report.expect(repeated && repeated->completed_at == moment(120), "cancel() of a cancelled run changes nothing");
    report.expect(!report.take(workflows.latest_finished("acme", workflow.workflow_id), "latest_finished()"),
                  "a cancelled run is no finished one");

    const WorkflowRun next = add_run(report, store, workflow, 200);
    const auto runs = report.take(workflows.list_runs("acme", workflow.workflow_id, {}), "list_runs()");
    report.expect(runs && ids_of(*runs, &WorkflowRun::run_id) == std::vector<std::string>{next.run_id, run.run_id} &&
                      (*runs)[1].failed_job_count == 3,
                  "list_runs() is newest first");
    report.expect(!report.take(workflows.list_runs("other", workflow.workflow_id, {}), "list_runs()"),
                  "list_runs() does not see another account's workflow");
    report.expect(report.take(workflows.remove("acme", workflow.workflow_id, moment(300)), "remove()") &&
                      !report.take(workflows.find_run("acme", workflow.workflow_id, run.run_id), "find_run()") &&
                      report.take(store.jobs().find("acme", sample_id(100)), "find()").has_value() &&
                      nothing_due(report, store, 99'000),
                  "remove() takes the runs along, jobs stay");
}

void check_workflow_claims(ContractReport& report, Store& store) {
    auto& workflows = store.workflows();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Workflow workflow = add_workflow(report, store, strategy, 10);
    const WorkflowRun run = add_run(report, store, workflow, 20);
    report.expect(nothing_due(report, store, 19), "a run is due when it was made");
    const auto first = claim_run(report, store, 20);
    report.expect(first.definition == workflow && !first.expired && !first.previous_run_id, "with its definition");
    report.expect(nothing_due(report, store, 1'019), "claim_next() leaves a held run alone");
    report.expect(report.take(workflows.heartbeat(first.ref(), moment(900), run_lease), "heartbeat()") &&
                      nothing_due(report, store, 1'800),
                  "heartbeat() extends the lease");
    const auto second = claim_run(report, store, 1'900);
    report.expect(second.token > first.token, "an expired lease is claimed anew");
    report.expect(
        !report.take(workflows.heartbeat(first.ref(), moment(1'950), run_lease), "heartbeat()") &&
            !report.take(workflows.advance(first.ref(), {sample_node_change(first, 0, 100, 1, true)}, moment(1'950)),
                         "advance()") &&
            !report.take(workflows.fail_open_jobs(first.ref(), "late", moment(1'950)), "fail_open_jobs()") &&
            !report.take(workflows.finish(first.ref(), {.completed_at = moment(1'950)}), "finish()") &&
            !report.take(workflows.release(first.ref(), moment(1'950), std::nullopt), "release()"),
        "a late holder changes nothing");
    report.expect(report.take(workflows.release(second.ref(), moment(1'960), moment(2'500)), "release()") &&
                      nothing_due(report, store, 2'499),
                  "a released run is due when that was asked for");

    const auto third = claim_run(report, store, 2'500);
    report.take(workflows.advance(third.ref(), {sample_node_change(third, 0, 100, 2, true)}, moment(2'510)),
                "advance()");
    report.expect(run_now(report, store, run).status == RunStatus::running &&
                      run_now(report, store, run).started_at == moment(2'510),
                  "the first step makes a run running");
    report.take(workflows.release(third.ref(), moment(2'520), std::nullopt), "release()");
    complete_job(report, store, 2'600, R"([{"name":"A"},{"name":"B"}])");
    report.expect(nothing_due(report, store, 50'000), "a run waits while a job of its node is open");
    fail_job(report, store, 6'000, "Page too large");
    const auto fourth = claim_run(report, store, 6'000);
    const NodeProgress node = fourth.nodes.empty() ? NodeProgress{} : fourth.nodes[0];
    report.expect(node.open_jobs == 0 && node.planned && node.input_count == 2 && node.signature == "signature" &&
                      node.input_hash == "input" && node.job_error == "Page too large",
                  "the end of the last job makes it due");
    report.expect(node.execution.job_count == 2 && node.execution.failed_job_count == 1 &&
                      node.execution.item_count == 2 && node.execution.job_id == sample_id(100) &&
                      node.execution.batch_id == sample_id(600),
                  "the node has counted them");

    // Jobs that end while somebody holds the run are not forgotten either.
    report.take(workflows.advance(fourth.ref(),
                                  {ended_change(fourth, 0, NodeStatus::completed, 6'100),
                                   sample_node_change(fourth, 1, 200, 1, true)},
                                  moment(6'100)),
                "advance()");
    complete_job(report, store, 6'200, "[]");
    report.expect(nothing_due(report, store, 6'300), "a held run is left alone whatever ends");
    report.take(workflows.release(fourth.ref(), moment(6'400), std::nullopt), "release()");
    const auto fifth = claim_run(report, store, 6'400);
    report.expect(!fifth.expired, "before its deadline a run is not expired");
    report.take(workflows.release(fifth.ref(), moment(6'500), moment(200'000)), "release()");
    report.expect(claim_run(report, store, 200'000).expired, "after it it is");
}

void check_workflow_steps(ContractReport& report, Store& store) {
    auto& workflows = store.workflows();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Workflow workflow = add_workflow(report, store, strategy, 10);
    const WorkflowRun run = add_run(report, store, workflow, 20);
    auto claimed = claim_run(report, store, 30);
    const std::string& details = workflow.nodes[1].node_id;
    report.take(workflows.advance(claimed.ref(),
                                  {ended_change(claimed, 0, NodeStatus::completed, 100),
                                   sample_node_change(claimed, 1, 100, 2, false)},
                                  moment(100)),
                "advance()");
    claimed.nodes[1].input_count = 2;
    NodeChange more = sample_node_change(claimed, 1, 110, 1, true);
    more.batch_id = sample_id(600);
    more.jobs[0].batch_id = more.batch_id;
    report.take(workflows.advance(claimed.ref(), {more}, moment(110)), "advance()");
    const auto batch =
        report.take(store.jobs().batch_progress("acme", sample_id(600)), "batch_progress()").value_or(BatchProgress{});
    report.expect(batch.batch.job_count == 3 && batch.pending == 3, "a batch grows with the jobs of its node");
    NodeChange stray = sample_node_change(claimed, 1, 120, 1, true);
    stray.jobs[0].workflow_node_id = workflow.nodes[0].node_id;
    report.expect_error(workflows.advance(claimed.ref(), {stray}, moment(110)), ErrorCode::invalid_argument,
                        "advance() refuses a job of another node");
    report.take(workflows.release(claimed.ref(), moment(110), std::nullopt), "release()");
    complete_job(report, store, 200, R"([{"name":"A"}])");
    fail_job(report, store, 210, "Page too large");
    complete_job(report, store, 220, R"([{"name":"C"}])");

    auto outputs = report.take(workflows.outputs({.run_id = run.run_id, .node_id = details}), "outputs()");
    report.expect(outputs.size() == 2 && outputs[0].sequence == 0 && outputs[0].results == R"([{"name":"A"}])" &&
                      outputs[0].url == "https://shop.example/details/0" && outputs[0].job_id == sample_id(100) &&
                      outputs[0].content_hash == "hash of https://shop.example/details/0" && outputs[1].sequence == 2 &&
                      outputs[1].results == R"([{"name":"C"}])",
                  "outputs() are those of completed jobs, in order");
    outputs = report.take(workflows.outputs({.run_id = run.run_id, .node_id = details, .limit = 1}), "outputs()");
    report.expect(outputs.size() == 1, "outputs() keeps to its limit");
    outputs = report.take(workflows.outputs({.run_id = run.run_id, .node_id = details, .max_bytes = 20}), "outputs()");
    report.expect(outputs.size() == 1, "outputs() keeps to its size");
    outputs = report.take(
        workflows.outputs(
            {.run_id = run.run_id, .node_id = details, .first_sequence = 1, .max_bytes = 1, .with_results = false}),
        "outputs()");
    report.expect(outputs.size() == 1 && outputs[0].sequence == 2 && outputs[0].results.empty(),
                  "outputs() begins where it is told to, and leaves results out when told so");

    claimed = claim_run(report, store, 5'300);
    report.take(workflows.advance(claimed.ref(), {ended_change(claimed, 1, NodeStatus::completed, 300)}, moment(300)),
                "advance()");
    Delivery delivery;
    delivery.delivery_id = sample_id(900);
    delivery.account_id = "acme";
    delivery.schedule_id = sample_id(901);
    delivery.workflow_run_id = run.run_id;
    delivery.event = "workflow_run.partial";
    delivery.payload = "{}";
    delivery.next_attempt_at = delivery.created_at = moment(300);
    report.take(workflows.finish(claimed.ref(), {.status = RunStatus::partial,
                                                 .output_hash = "first output",
                                                 .completed_at = moment(310),
                                                 .deliveries = {delivery}}),
                "finish()");
    const auto ended = run_now(report, store, run);
    report.expect(ended.status == RunStatus::partial && ended.completed_at == moment(310) &&
                      ended.changed_since_previous == false && ended.failed_job_count == 1,
                  "finish() ends the run");
    report.expect(report.take(store.deliveries().find("acme", delivery.delivery_id), "find()").has_value(),
                  "and what it tells is in the outbox");
    report.expect(report.take(workflows.latest_finished("acme", workflow.workflow_id), "latest_finished()") == ended,
                  "latest_finished() is a partial run too");
    report.expect_error(workflows.cancel("acme", workflow.workflow_id, run.run_id, moment(320)), ErrorCode::conflict,
                        "an ended run cannot be cancelled");

    const WorkflowRun second = add_run(report, store, workflow, 1'000);
    claimed = claim_run(report, store, 1'000);
    report.expect(claimed.previous_run_id == run.run_id && claimed.previous_output_hash == "first output" &&
                      claimed.previous_nodes.size() == 2 && claimed.previous_nodes[1].signature == "signature",
                  "a run knows the one before it");
    const std::vector<NodeFeed> fed{{1, "feed 1"}, {2, "feed 2"}};
    report.expect(report.take(workflows.feeds(run.run_id, details, 1, 2), "feeds()") == fed,
                  "feeds() are in order, from the first that is asked for");
    report.expect_error(workflows.feeds(run.run_id, details, 0, 0), ErrorCode::invalid_argument, "feeds() of limit 0");
    auto reusable = report.take(workflows.reusable(run.run_id, details, {0, 1, 2, 9}), "reusable()");
    report.expect(reusable.size() == 2 && reusable[0].reused && reusable[0].item_count == 2 &&
                      (reusable[0].job_id == sample_id(100) || reusable[0].job_id == sample_id(110)) &&
                      reusable[0].feed_hash == "feed " + std::to_string(reusable[0].sequence),
                  "reusable() finds the inputs whose jobs completed");
    NodeChange copied = ended_change(claimed, 1, NodeStatus::skipped, 1'100);
    copied.progress.execution.skip_reason = SkipReason::unchanged;
    copied.copy_from_run = run.run_id;
    report.take(workflows.advance(claimed.ref(), {ended_change(claimed, 0, NodeStatus::completed, 1'100), copied},
                                  moment(1'100)),
                "advance()");
    report.take(workflows.finish(claimed.ref(), {.completed_at = moment(1'200)}), "finish()");
    const auto skipped = run_now(report, store, second).node_executions[1];
    report.expect(skipped.skip_reason == SkipReason::unchanged && skipped.item_count == 4 && skipped.job_count == 0 &&
                      skipped.reused_count == 2 && !skipped.job_id,
                  "a node that hands on earlier outputs has their items");
    outputs = report.take(workflows.outputs({.run_id = second.run_id, .node_id = details}), "outputs()");
    report.expect(outputs.size() == 2 && outputs[1].job_id == sample_id(110), "and their outputs");

    const WorkflowRun third = add_run(report, store, workflow, 2'000);
    claimed = claim_run(report, store, 2'000);
    report.expect(report.take(workflows.feeds(second.run_id, details, 1, 2), "feeds()") == fed,
                  "feeds() are those of the run whose outputs are handed on");
    reusable = report.take(workflows.reusable(second.run_id, details, {2}), "reusable()");
    report.expect(reusable.size() == 1 && reusable[0].job_id == sample_id(110),
                  "reusable() follows what was handed on to where it came from");
    NodeChange mixed = sample_node_change(claimed, 1, 2'000, 2, true);
    mixed.inputs[0].reused = true;
    mixed.inputs[0].job_id = sample_id(110);
    mixed.inputs[0].item_count = 2;
    mixed.jobs.erase(mixed.jobs.begin());
    mixed.batch_id.reset();
    mixed.jobs[0].batch_id.reset();
    report.take(workflows.advance(claimed.ref(), {ended_change(claimed, 0, NodeStatus::completed, 2'100), mixed},
                                  moment(2'100)),
                "advance()");
    complete_job(report, store, 2'200, R"([{"name":"new"}])");
    const auto mixture = run_now(report, store, third).node_executions[1];
    report.expect(mixture.job_count == 1 && mixture.reused_count == 1 && mixture.item_count == 4 && !mixture.batch_id,
                  "inputs may be reused one by one");
    report.take(workflows.fail_open_jobs(claimed.ref(), "Too late", moment(2'300)), "fail_open_jobs()");
    report.expect(run_now(report, store, third).failed_job_count == 0, "fail_open_jobs() touches no ended job");
    const auto findings = report.take(store.check(), "check()");
    report.expect(findings.empty(), "check() finds the counts to agree");
}

void check_workflow_race(ContractReport& report, Store& store) {
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Workflow workflow = add_workflow(report, store, strategy, 10);
    for (std::int64_t round = 0; round < 100; ++round) {
        std::atomic<int> started{0};
        std::atomic<int> refused{0};
        in_parallel(2, [&](int i) {
            const auto outcome =
                store.workflows().start_run(sample_run(workflow, 1'000 + 2 * round + i), moment(90'000));
            if (outcome) ++started;
            if (!outcome && outcome.error().code == ErrorCode::conflict) ++refused;
        });
        if (!report.expect(started == 1 && refused == 1, "of two that start a run at once one succeeds")) return;
        const auto runs =
            report.take(store.workflows().list_runs("acme", workflow.workflow_id, {.limit = 1}), "list_runs()");
        if (!runs || runs->empty()) return;
        report.take(store.workflows().cancel("acme", workflow.workflow_id, runs->front().run_id, moment(5'000)),
                    "cancel()");
    }
    for (std::int64_t number = 2'000; number < 2'016; ++number) add_workflow(report, store, strategy, number * 10);
    std::vector<Workflow> all = report.take(store.workflows().list("acme", {.limit = 16}), "list()");
    for (std::size_t i = 0; i < all.size(); ++i)
        report.take(
            store.workflows().start_run(sample_run(all[i], 3'000 + static_cast<std::int64_t>(i)), moment(90'000)),
            "start_run()");
    std::atomic<int> claims{0};
    in_parallel(4, [&](int) {
        for (;;) {
            const auto claimed = store.workflows().claim_next(moment(10'000), run_lease);
            if (!claimed || !*claimed) return;
            ++claims;
        }
    });
    report.expect(claims == 16, "each run that is due is claimed by one of many");
}

void check_workflow_schedules(ContractReport& report, Store& store) {
    auto& schedules = store.schedules();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    Workflow workflow = add_workflow(report, store, strategy, 10);
    const Schedule plain = add_schedule(report, store, strategy, 100, 50'000);
    Schedule schedule = sample_schedule(strategy, 200);
    schedule.strategy_id.clear();
    schedule.url.reset();
    schedule.urls.reset();
    schedule.parameters.reset();
    schedule.discovery_id.reset();
    schedule.workflow_id = workflow.workflow_id;
    const DueTime due = sample_due(1'000);
    schedule.next_run_at = due.next_run_at;
    report.take(schedules.insert(schedule, due), "insert()");
    Schedule stray = schedule;
    stray.schedule_id = sample_id(300);
    stray.workflow_id = sample_id(301);
    report.expect_error(schedules.insert(stray, due), ErrorCode::not_found, "insert() refuses an unknown workflow");
    report.expect(report.take(schedules.find("acme", schedule.schedule_id), "find()") == schedule,
                  "find() returns a workflow's schedule as it was inserted");
    report.expect(ids_of(report.take(schedules.list("acme", {}), "list()"), &Schedule::schedule_id) ==
                          std::vector<std::string>{plain.schedule_id} &&
                      ids_of(report.take(schedules.list("acme", {.workflow_id = workflow.workflow_id}), "list()"),
                             &Schedule::schedule_id) == std::vector<std::string>{schedule.schedule_id},
                  "list() keeps schedules of strategies and of a workflow apart");

    std::int64_t due_at = 1'000;
    const auto tick = [&](std::int64_t run_number) {
        ScheduleTick made;
        made.schedule_id = schedule.schedule_id;
        made.version = schedule.version;
        made.due_at = moment(due_at);
        made.ticked_at = moment(due_at);
        made.next = sample_due(due_at + 1'000);
        due_at += 1'000;
        made.run = sample_run(workflow, run_number);
        made.run->trigger = RunTrigger::schedule;
        made.run->schedule_id = schedule.schedule_id;
        made.run_deadline = moment(90'000);
        const auto outcomes = report.take(schedules.tick({made}), "tick()");
        return outcomes.size() == 1 ? outcomes[0] : TickOutcome::stale;
    };
    report.expect(tick(400) == TickOutcome::made, "a tick starts a run");
    const auto run =
        report.take(store.workflows().find_run("acme", workflow.workflow_id, sample_id(400)), "find_run()");
    report.expect(run && run->trigger == RunTrigger::schedule && run->schedule_id == schedule.schedule_id,
                  "which says where it came from");
    report.expect(tick(401) == TickOutcome::skipped, "while it is open the next tick is skipped");
    report.take(store.workflows().cancel("acme", workflow.workflow_id, sample_id(400), moment(2'500)), "cancel()");
    workflow.enabled = false;
    workflow = report.take(store.workflows().update(workflow), "update()").value_or(workflow);
    report.expect(tick(402) == TickOutcome::skipped, "ticks of a disabled workflow are skipped");
    workflow.enabled = true;
    workflow = report.take(store.workflows().update(workflow), "update()").value_or(workflow);
    report.expect(tick(403) == TickOutcome::made, "those of an enabled one are not");
    report.take(store.workflows().remove("acme", workflow.workflow_id, moment(9'000)), "remove()");
    report.expect(!report.take(schedules.find("acme", schedule.schedule_id), "find()"),
                  "schedules go with their workflow");
}

}  // namespace meter::testing
