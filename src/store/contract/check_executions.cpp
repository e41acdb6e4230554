#include <algorithm>

#include "store/contract/report.hpp"

namespace meter::testing {
namespace {

const AutomationCaller execution_owner{.account_id = "acme", .user_id = "ann", .organization_id = "org"};
const AutomationCaller execution_stranger{.account_id = "guest", .user_id = "gus", .organization_id = "elsewhere"};
constexpr std::chrono::milliseconds execution_lease{1'000};
constexpr std::int64_t most_losses = 3;

Automation add_automation(ContractReport& report, Store& store, std::int64_t number,
                          const std::vector<AutomationTimer>& timers = {}, std::string_view account_id = "acme") {
    Automation automation;
    automation.automation_id = "wf_" + std::to_string(200'000'000'000 + number);
    automation.account_id = account_id;
    automation.owner_id = "ann";
    automation.organization_id = "org";
    automation.name = "Pipeline";
    automation.status = AutomationStatus::active;
    automation.graph.nodes = R"([{"id":"read","nodeId":"source","label":"Read"},{"id":"keep","nodeId":"sink"}])";
    automation.graph.connections = R"([{"sourceNodeId":"read","targetNodeId":"keep"}])";
    automation.graph.settings = R"({"timeout":5})";
    automation.created_at = automation.updated_at = moment(number);
    const AutomationVersion first{.version_tag = "v1", .created_by = "ann", .created_at = moment(number)};
    report.take(store.automations().insert(automation, first, timers), "insert()");
    return automation;
}

Execution sample_execution(const Automation& automation, std::int64_t number) {
    Execution execution;
    execution.execution_id = "exec_" + std::to_string(100'000'000'000 + number);
    execution.automation_id = automation.automation_id;
    execution.account_id = automation.account_id;
    execution.user_id = "ann";
    execution.organization_id = "org";
    execution.trigger_inputs = R"({"day":"monday"})";
    execution.graph = automation.graph;
    execution.node_count = 2;
    execution.created_at = execution.updated_at = moment(number);
    return execution;
}

Execution add_execution(ContractReport& report, Store& store, const Automation& automation, std::int64_t number) {
    Execution execution = sample_execution(automation, number);
    report.take(store.executions().insert(execution), "insert()");
    return execution;
}

ExecutionClaim claim_at(std::int64_t now) {
    return {.now = moment(now), .lease = execution_lease, .max_losses = most_losses};
}

ClaimedExecution claim_execution(ContractReport& report, Store& store, std::int64_t now) {
    auto claimed = report.take(store.executions().claim_next(claim_at(now)), "claim_next()");
    report.expect(claimed.has_value(), "an execution is due");
    return claimed.value_or(ClaimedExecution{});
}

NodeEnd node_end(std::int64_t node) {
    NodeEnd end;
    end.node = node;
    end.ended_at = moment(0);
    return end;
}

std::vector<std::string> listed_executions(ContractReport& report, Store& store, const AutomationCaller& caller,
                                           const ExecutionQuery& query) {
    return ids_of(report.take(store.executions().list(caller, query), "list()").executions, &Execution::execution_id);
}

}  // namespace

void check_automation_timers(ContractReport& report, Store& store) {
    const AutomationTimer hourly{.node_id = "clock", .interval_seconds = 3600, .next_run_at = moment(3'600'000)};
    const AutomationTimer nightly{.node_id = "clock",
                                  .cron_expression = "0 3 * * *",
                                  .timezone = "Europe/Berlin",
                                  .next_run_at = moment(7'200'000)};
    Automation automation = add_automation(report, store, 1, {hourly});
    const auto due = [&](std::int64_t now) { return report.take(store.schedules().due(moment(now), 10), "due()"); };
    report.expect(due(3'599'999).empty() && due(3'600'000).size() == 1, "an armed timer is due at its moment");
    report.expect(report.take(store.schedules().list("acme", {}), "list()").empty(), "timers are in no caller's list");
    const auto armed = due(3'600'000);
    if (armed.size() != 1) return;
    report.expect(armed[0].automation_id == automation.automation_id && armed[0].interval_seconds == 3600 &&
                      armed[0].account_id == "acme",
                  "due() names the automation of a timer");
    report.expect(!report.take(store.schedules().find("acme", armed[0].schedule_id), "find()"),
                  "a timer is found by no caller");

    AutomationTimer later = hourly;
    later.next_run_at = moment(9'999'999);
    report.take(store.automations().update(automation, {later}), "update()");
    ++automation.revision;
    report.expect(due(3'600'000).size() == 1, "a timer whose timing is the same ticks on as it did");
    report.take(store.automations().update(automation, {nightly}), "update()");
    ++automation.revision;
    report.expect(due(7'199'999).empty() && due(7'200'000).size() == 1, "another timing counts anew");

    const auto now = due(7'200'000);
    if (now.size() != 1) return;
    ScheduleTick tick{.schedule_id = now[0].schedule_id,
                      .version = now[0].version,
                      .due_at = moment(7'200'000),
                      .ticked_at = moment(7'200'005),
                      .next = DueTime{moment(8'000'000), moment(8'000'000)}};
    Execution ticked;
    ticked.execution_id = "exec_100000000777";
    ticked.automation_id = automation.automation_id;
    ticked.trigger = ExecutionTrigger::schedule;
    ticked.schedule_id = now[0].schedule_id;
    ticked.trigger_inputs = R"({"scheduledAt":"x"})";
    ticked.created_at = ticked.updated_at = moment(7'200'005);
    tick.execution = ticked;
    report.expect(report.take(store.schedules().tick({tick}), "tick()") == std::vector{TickOutcome::made},
                  "a tick of a timer is made");
    const auto started =
        report.take(store.executions().find(execution_owner, ticked.execution_id), "find()").value_or(Execution{});
    ticked.account_id = "acme";
    ticked.user_id = "ann";
    ticked.organization_id = "org";
    ticked.node_count = 2;
    ticked.graph = automation.graph;
    report.expect(started == ticked, "a tick executes the stored graph for its owner");
    tick.due_at = moment(8'000'000);
    tick.next = DueTime{moment(8'800'000), moment(8'800'000)};
    tick.execution->execution_id = "exec_100000000778";
    report.expect(report.take(store.schedules().tick({tick}), "tick()") == std::vector{TickOutcome::skipped},
                  "a tick is skipped while the execution of the one before goes on");
    report.take(store.executions().stop(ticked.execution_id, moment(8'000'001)), "stop()");
    automation.status = AutomationStatus::paused;
    report.take(store.automations().update(automation, {}), "update()");
    report.expect(due(99'999'999).empty(), "an automation without timers has none armed");
    report.take(store.automations().remove("acme", automation.automation_id), "remove()");
    report.expect(!report.take(store.executions().find(execution_owner, ticked.execution_id), "find()"),
                  "executions go with their automation");
}

void check_executions(ContractReport& report, Store& store) {
    auto& executions = store.executions();
    const Automation automation = add_automation(report, store, 1);
    const Automation other = add_automation(report, store, 2);
    const Execution first = add_execution(report, store, automation, 10);
    Execution second = sample_execution(other, 11);
    second.trigger = ExecutionTrigger::webhook;
    report.take(executions.insert(second), "insert()");
    report.expect_error(executions.insert(first), ErrorCode::conflict, "insert() of an id that exists is a conflict");
    Execution orphan = sample_execution(automation, 12);
    orphan.automation_id = "wf_none";
    report.expect_error(executions.insert(orphan), ErrorCode::not_found, "an execution is of an automation");
    report.expect(report.take(executions.find(execution_owner, first.execution_id), "find()") == first,
                  "find() returns every member as it was inserted");
    report.expect(!report.take(executions.find(execution_stranger, first.execution_id), "find()"),
                  "who does not see the automation sees no execution of it");
    report.take(store.automations().share("acme", automation.automation_id, "gus", moment(20)), "share()");
    report.expect(report.take(executions.find(execution_stranger, first.execution_id), "find()") == first &&
                      !report.take(executions.find(execution_stranger, second.execution_id), "find()"),
                  "who sees the automation sees its executions");

    using Ids = std::vector<std::string>;
    const Ids both{second.execution_id, first.execution_id};
    report.expect(listed_executions(report, store, execution_owner, {}) == both, "list() is newest first by default");
    report.expect(listed_executions(report, store, execution_stranger, {}) == Ids{first.execution_id},
                  "list() shows what is visible");
    report.expect(
        listed_executions(report, store, execution_owner, {.automation_id = other.automation_id}) ==
                Ids{second.execution_id} &&
            listed_executions(report, store, execution_owner, {.trigger = ExecutionTrigger::webhook}) ==
                Ids{second.execution_id} &&
            listed_executions(report, store, execution_owner, {.since = moment(11)}) == Ids{second.execution_id} &&
            listed_executions(report, store, execution_owner, {.until = moment(11)}) == Ids{first.execution_id} &&
            listed_executions(report, store, execution_owner, {.status = ExecutionStatus::failed}).empty(),
        "list() keeps to its conditions");
    ExecutionQuery page{.sort = ExecutionQuery::Sort::created_at, .ascending = true, .range = {.limit = 1}};
    const auto listed = report.take(executions.list(execution_owner, page), "list()");
    report.expect(listed.count == 2 && listed.executions.size() == 1 &&
                      listed.executions[0].execution_id == first.execution_id &&
                      listed.executions[0].trigger_inputs == first.trigger_inputs,
                  "list() sorts, and counts all pages");

    const auto spans = report.take(executions.spans(first.execution_id), "spans()");
    report.expect(spans.size() == 2 && spans[0].node_id == "read" && spans[0].node_label == "Read" &&
                      spans[1].node_type == "sink" && spans[1].status == SpanStatus::pending && !spans[1].input_data &&
                      spans[0].span_id != spans[1].span_id,
                  "there is a span for each node");
    report.expect(report.take(executions.open_ids(automation.automation_id), "open_ids()") == Ids{first.execution_id},
                  "open_ids() names what goes on");
    report.expect(report.take(executions.count_open(), "count_open()") == 2, "count_open() counts what goes on");
}

void check_execution_claims(ContractReport& report, Store& store) {
    auto& executions = store.executions();
    const Automation automation = add_automation(report, store, 1);
    const Execution first = add_execution(report, store, automation, 10);
    const Execution second = add_execution(report, store, automation, 20);
    auto claimed = claim_execution(report, store, 100);
    report.expect(claimed.execution.execution_id == first.execution_id &&
                      claimed.execution.status == ExecutionStatus::running &&
                      claimed.execution.started_at == moment(100) && claimed.deadline == moment(5'100) &&
                      claimed.execution.graph == first.graph && claimed.nodes.size() == 2 && !claimed.given_up,
                  "claim_next() starts what waits longest, and its time");
    const auto other = claim_execution(report, store, 100);
    report.expect(other.execution.execution_id == second.execution_id, "nobody gets what is held");
    report.expect(!report.take(executions.claim_next(claim_at(100)), "claim_next()"),
                  "claim_next() finds nothing where all is held");
    report.take(executions.finish(other.ref(), ExecutionStatus::completed, std::nullopt, moment(150)), "finish()");

    report.expect(report.take(executions.heartbeat(claimed.ref(), moment(900), execution_lease), "heartbeat()"),
                  "heartbeat() of what is held");
    report.expect(!report.take(executions.claim_next(claim_at(1'899)), "claim_next()"),
                  "heartbeat() extends the lease");
    const auto taken = claim_execution(report, store, 1'900);
    report.expect(taken.token > claimed.token && taken.deadline == claimed.deadline,
                  "an expired lease is taken over, the deadline stays");
    const std::optional<std::string> why = "too late";
    report.expect(!report.take(executions.heartbeat(claimed.ref(), moment(1'950), execution_lease), "heartbeat()") &&
                      !report.take(executions.start_node(claimed.ref(), 0, moment(1'950)), "start_node()") &&
                      !report.take(executions.add_items(claimed.ref(), {{0, "output", 0, "1\n"}}), "add_items()"),
                  "who lost the claim starts no node and adds no items");
    report.expect_error(executions.items(claimed.ref(), 0, "output", 0), ErrorCode::cancelled,
                        "chunks do not just end for who lost the claim");
    report.expect(
        !report.take(executions.end_node(claimed.ref(), node_end(0)), "end_node()") &&
            !report.take(executions.release(claimed.ref(), moment(1'950)), "release()") &&
            !report.take(executions.finish(claimed.ref(), ExecutionStatus::failed, why, moment(1'950)), "finish()"),
        "who lost the claim ends nothing");
    report.expect(report.take(executions.release(taken.ref(), moment(3'000)), "release()") &&
                      !report.take(executions.claim_next(claim_at(2'999)), "claim_next()"),
                  "release() says when it is due again");
    report.expect(!claim_execution(report, store, 3'000).given_up && !claim_execution(report, store, 4'000).given_up &&
                      claim_execution(report, store, 5'000).given_up,
                  "one that lost its worker too often is given up; what was released was not lost");
}

void check_execution_nodes(ContractReport& report, Store& store) {
    auto& executions = store.executions();
    const Execution execution = add_execution(report, store, add_automation(report, store, 1), 10);
    const auto& id = execution.execution_id;
    const auto claimed = claim_execution(report, store, 100);
    const auto read = [&](const ClaimedExecution& by, std::int64_t sequence) {
        return report.take(executions.items(by.ref(), 0, "output", sequence), "items()").value_or("none");
    };
    report.expect(report.take(executions.start_node(claimed.ref(), 0, moment(110)), "start_node()"), "a node starts");
    report.take(executions.add_items(claimed.ref(), {{0, "output", 0, "1\n2\n"}, {0, "rejected", 0, "3\n"}}),
                "add_items()");
    report.expect(read(claimed, 0) == "1\n2\n" && read(claimed, 1) == "none",
                  "items() finds what was added, chunk by chunk");
    NodeEnd failed{.node = 0, .status = SpanStatus::pending, .retry_at = moment(1'120), .error = "refused"};
    failed.ended_at = moment(120);
    report.expect(report.take(executions.end_node(claimed.ref(), failed), "end_node()"), "a try fails");
    report.take(executions.release(claimed.ref(), moment(1'120)), "release()");
    const auto again = claim_execution(report, store, 1'120);
    report.expect(again.nodes.size() == 2 && again.nodes[0] == ExecutionNode{SpanStatus::pending, 1, moment(1'120), 6},
                  "a failed try is counted, and what it handed out");
    report.take(executions.start_node(again.ref(), 0, moment(1'130)), "start_node()");
    report.expect(read(again, 0) == "none", "a new try drops what an earlier one handed out");
    NodeEnd end{.node = 0,
                .input_items = 0,
                .output_items = 2,
                .output_data = "[1,2]",
                .chunks = {{0, "output", 0, "1\n2\n"}},
                .logs = {{"log_2", LogLevel::warning, "second", "read", moment(1'135)},
                         {"log_1", LogLevel::info, "first", std::nullopt, moment(1'134)}},
                .ended_at = moment(1'140)};
    report.take(executions.end_node(again.ref(), end), "end_node()");
    report.take(executions.start_node(again.ref(), 1, moment(1'150)), "start_node()");
    report.take(executions.release(again.ref(), moment(1'160)), "release()");
    const auto third = claim_execution(report, store, 1'160);
    report.expect(third.nodes.size() == 2 && third.nodes[0].spilled_bytes == 4 && third.nodes[1].spilled_bytes == 0,
                  "a new try counts anew");
    report.expect(read(third, 0) == "1\n2\n", "the last chunks come with the end");
    const auto spans = report.take(executions.spans(id), "spans()");
    report.expect(spans.size() == 2 && spans[0].status == SpanStatus::completed && spans[0].started_at == moment(110) &&
                      spans[0].ended_at == moment(1'140) && spans[0].output_items == 2 && spans[0].input_data == "[]" &&
                      spans[0].output_data == "[1,2]" && !spans[0].error && spans[1].status == SpanStatus::running,
                  "spans() tell what the nodes did");
    const auto logs = report.take(executions.logs(id, {.limit = 10}), "logs()");
    report.expect(
        logs.count == 2 && logs.logs.size() == 2 && logs.logs[0].message == "first" && logs.logs[1] == end.logs[0],
        "logs() are oldest first");
    const auto now = report.take(executions.find(execution_owner, id), "find()").value_or(Execution{});
    report.expect(now.ended_nodes == 1 && now.status == ExecutionStatus::running, "find() counts ended nodes");

    report.take(executions.finish(third.ref(), ExecutionStatus::failed, "Node keep failed: disk", moment(1'200)),
                "finish()");
    const auto ended = report.take(executions.find(execution_owner, id), "find()").value_or(Execution{});
    report.expect(ended.status == ExecutionStatus::failed && ended.error == "Node keep failed: disk" &&
                      ended.ended_at == moment(1'200) && ended.ended_nodes == 2,
                  "finish() ends it");
    report.expect(report.take(executions.spans(id), "spans()").at(1).status == SpanStatus::stopped,
                  "a node that ran is stopped with it");
    report.expect_error(executions.items(third.ref(), 0, "output", 0), ErrorCode::cancelled, "items go with the end");
    report.expect(report.take(executions.open_ids(execution.automation_id), "open_ids()").empty(), "nothing goes on");
}

void check_execution_ends(ContractReport& report, Store& store) {
    auto& executions = store.executions();
    const Automation automation = add_automation(report, store, 1);
    const Execution execution = add_execution(report, store, automation, 10);
    const auto& id = execution.execution_id;
    const auto claimed = claim_execution(report, store, 100);
    report.take(executions.start_node(claimed.ref(), 0, moment(110)), "start_node()");
    report.expect(report.take(executions.stop(id, moment(120)), "stop()") &&
                      !report.take(executions.stop(id, moment(130)), "stop()") &&
                      !report.take(executions.stop("exec_none", moment(130)), "stop()"),
                  "stop() stops what goes on, once");
    const auto now = report.take(executions.find(execution_owner, id), "find()").value_or(Execution{});
    const auto spans = report.take(executions.spans(id), "spans()");
    report.expect(now.status == ExecutionStatus::stopped && now.ended_at == moment(120) && spans.size() == 2 &&
                      spans[0].status == SpanStatus::stopped && spans[1].status == SpanStatus::skipped,
                  "stop() ends nodes that run and skips those that wait");
    report.expect(!report.take(executions.end_node(claimed.ref(), node_end(0)), "end_node()") &&
                      !report.take(executions.heartbeat(claimed.ref(), moment(130), execution_lease), "heartbeat()"),
                  "who held it holds it no more");
    const std::vector<ExecutionLog> last{{"log_1", LogLevel::info, "stopped", "read", moment(125)}};
    report.expect(report.take(executions.add_logs(claimed.ref(), last), "add_logs()") &&
                      !report.take(executions.add_logs({id, claimed.token - 1}, last), "add_logs()") &&
                      !report.take(executions.add_logs({"exec_none", 1}, last), "add_logs()") &&
                      report.take(executions.logs(id, {.limit = 10}), "logs()").logs == last,
                  "but for what was logged, unless it was claimed again");
    const Execution waiting = add_execution(report, store, automation, 20);
    report.expect(report.take(store.automations().remove("acme", automation.automation_id), "remove()") &&
                      report.take(executions.spans(waiting.execution_id), "spans()").empty() &&
                      !report.take(executions.claim_next(claim_at(200)), "claim_next()"),
                  "executions go with their automation");
}

void check_execution_data(ContractReport& report, Store& store) {
    auto& executions = store.executions();
    Execution execution = sample_execution(add_automation(report, store, 1), 10);
    execution.graph.nodes = R"([{"id":"a","nodeId":"x"},{"id":"b","nodeId":"x"},{"id":"c","nodeId":"x"}])";
    report.take(executions.insert(execution), "insert()");
    const auto claimed = claim_execution(report, store, 100);
    const std::string data = "[\"" + std::string(3u << 20, 'x') + "\"]";
    // In the order they start: 6 MiB, 3 MiB that do not fit, and little.
    for (const std::int64_t node : {2, 0, 1}) {
        report.take(executions.start_node(claimed.ref(), node, moment(110 + node)), "start_node()");
        NodeEnd end = node_end(node);
        end.output_items = 1;
        if (node != 1) end.output_data = data;
        if (node == 2) end.input_data = data;
        report.take(executions.end_node(claimed.ref(), end), "end_node()");
    }
    const auto spans = report.take(executions.spans(execution.execution_id), "spans()");
    report.expect(spans.size() == 3 && spans[0].node_id == "c" && spans[0].input_data == data &&
                      spans[0].output_data == data && spans[1].node_id == "a" && spans[2].node_id == "b",
                  "spans() are in the order in which they started, with their data");
    report.expect(spans.size() == 3 && !spans[1].input_data && !spans[1].output_data && spans[1].output_items == 1 &&
                      spans[2].input_data == "[]" && spans[2].output_data == "[]",
                  "spans() leave out the data of a span that would make them more than 8 MiB");
    report.take(store.automations().remove("acme", execution.automation_id), "remove()");
}

void check_execution_turns(ContractReport& report, Store& store) {
    auto& executions = store.executions();
    std::int64_t number = 0;
    for (const std::string_view account : {"b", "b", "b", "a", "c"}) {
        ++number;
        (void)add_execution(report, store, add_automation(report, store, number, {}, account), 10 + number);
    }
    const auto next = [&](ExecutionClaim claim) {
        const auto claimed = report.take(executions.claim_next(claim), "claim_next()");
        return claimed ? claimed->execution.account_id : std::string();
    };
    ExecutionClaim claim = claim_at(100);
    std::string order;
    for (int i = 0; i < 3; ++i) order += claim.after_account = next(claim);
    report.expect(order == "abc", "claim_next() goes round over the accounts, whoever waits longest");
    claim.full_accounts = {"b"};
    report.expect(next(claim).empty(), "claim_next() leaves the executions of a full account alone");
    claim.full_accounts = {"a", "c"};
    report.expect(next(claim) == "b", "and takes those of the others");
    claim.full_accounts = {};
    claim.after_account = "zoe";
    report.expect(next(claim) == "b" && next(claim).empty(), "behind the last account comes the first");
}

void check_execution_retention(ContractReport& report, Store& store) {
    auto& executions = store.executions();
    const Automation automation = add_automation(report, store, 1);
    std::vector<std::string> ids;
    for (std::int64_t number = 10; number < 15; ++number)
        ids.push_back(add_execution(report, store, automation, number).execution_id);
    // The first two end in the other order; the third is held, the others wait.
    const auto first = claim_execution(report, store, 100);
    const auto second = claim_execution(report, store, 100);
    report.take(executions.start_node(first.ref(), 0, moment(110)), "start_node()");
    NodeEnd end = node_end(0);
    end.logs = {{"log_1", LogLevel::info, "done", "read", moment(120)}};
    report.take(executions.end_node(first.ref(), end), "end_node()");
    report.take(executions.finish(second.ref(), ExecutionStatus::failed, "why", moment(200)), "finish()");
    report.take(executions.finish(first.ref(), ExecutionStatus::completed, std::nullopt, moment(300)), "finish()");
    (void)claim_execution(report, store, 100);
    const auto dropped = [&](std::int64_t before, std::int64_t limit) {
        return report.take(executions.drop_ended_before(moment(before), limit), "drop_ended_before()");
    };
    const auto is_there = [&](const std::string& id) {
        return report.take(executions.find(execution_owner, id), "find()").has_value();
    };
    report.expect(dropped(200, 10) == 0, "drop_ended_before() keeps what ended at the moment or later");
    report.expect(dropped(9'000, 1) == 1 && !is_there(ids[1]) && is_there(ids[0]),
                  "drop_ended_before() keeps to the limit, the longest ended goes first");
    report.expect(dropped(9'000, 10) == 1 && report.take(executions.spans(ids[0]), "spans()").empty() &&
                      report.take(executions.logs(ids[0], {.limit = 10}), "logs()").count == 0,
                  "spans and logs go along");
    report.expect(dropped(9'000, 10) == 0 && is_there(ids[2]) && is_there(ids[3]) && is_there(ids[4]) &&
                      report.take(executions.count_open(), "count_open()") == 3,
                  "what goes on stays, however old");
}

void check_execution_jobs(ContractReport& report, Store& store) {
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Strategy foreign = add_strategy(report, store, "guest", 2);
    const Automation automation = add_automation(report, store, 1);
    (void)add_execution(report, store, automation, 10);
    for (const auto& [owner, number] : {std::pair(&strategy, 50), {&strategy, 100}, {&strategy, 200}, {&foreign, 201}})
        (void)add_job(report, store, *owner, number);
    for (int i = 0; i < 4; ++i)
        report.take(store.jobs().complete(sample_completion(claim(report, store, 300), "hash")), "complete()");
    const auto drop = [&] {
        return report.take(store.jobs().drop_ended_before(moment(9'000), {}, 10), "drop_ended_before()").dropped;
    };
    const auto claimed = claim_execution(report, store, 100);
    (void)add_execution(report, store, automation, 11);  // waits: it has made none
    report.expect(drop() == 2 && report.take(store.jobs().find("acme", sample_id(100)), "find()").has_value() &&
                      report.take(store.jobs().find("acme", sample_id(200)), "find()").has_value(),
                  "an execution that goes on finds the jobs that were made since it began");
    report.take(store.executions().finish(claimed.ref(), ExecutionStatus::completed, std::nullopt, moment(400)),
                "finish()");
    report.expect(drop() == 2, "when it has ended they go");
}

}  // namespace meter::testing
