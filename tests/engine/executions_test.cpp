#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "engine/executing.hpp"

using namespace meter;
using namespace std::chrono_literals;
using executing::Fixture;

namespace {

constexpr std::string_view retrying = R"({"retryOnFailure":true,"maxRetries":3})";

std::vector<std::string> order_of(const std::vector<ExecutionSpan>& spans) {
    std::vector<std::string> ids;
    for (const auto& span : spans) ids.push_back(span.node_id);
    return ids;
}

}  // namespace

TEST_SUITE("engine.executions") {
    TEST_CASE("nodes hand their items on, and what they did is told") {
        Fixture fixture;
        const auto started = fixture.start(Fixture::graph("c:pass a:emit{\"count\":4} b:pass", "a>b b.odd>c a>c"));
        CHECK(started.status == ExecutionStatus::pending);
        CHECK(started.execution_id.rfind("exec_", 0) == 0);
        CHECK(progress_of(started) == 0);
        fixture.engine->run_pending().value();
        const auto ended = fixture.now(started);
        CHECK(ended.status == ExecutionStatus::completed);
        CHECK_FALSE(ended.error);
        CHECK(progress_of(ended) == 100);
        CHECK(order_of(fixture.engine->executions().spans(started.execution_id).value()) ==
              std::vector<std::string>{"a", "b", "c"});
        const auto spans = fixture.spans(ended);
        CHECK(spans.at("a").input_data == "[]");
        CHECK(spans.at("a").output_data == "[0,1,2,3]");
        CHECK(spans.at("c").input_data == "[1,3,0,1,2,3]");  // in the order of the connections
        CHECK(spans.at("c").input_items == 6);
        CHECK(spans.at("c").output_items == 10);  // `pass` says odd numbers twice
        CHECK(spans.at("c").status == SpanStatus::completed);
        const auto logs = fixture.engine->executions().logs(started.execution_id).value();
        REQUIRE(logs.count == 6);
        CHECK(logs.logs.front().message == "Node 'a' started");
        CHECK(logs.logs.back().message == "Node 'c' completed: 6 items in, 10 items out");
    }

    TEST_CASE("the trigger inputs are the output of the trigger nodes") {
        Fixture fixture;
        const auto ended = fixture.run(Fixture::graph("t:manual-trigger p:pass", "t>p"), Object{{"day", "monday"}});
        CHECK(fixture.spans(ended).at("p").output_data == R"([{"day":"monday"}])");
        CHECK(ended.trigger_inputs == R"({"day":"monday"})");
        CHECK(ended.trigger == ExecutionTrigger::api);
    }

    TEST_CASE("an execution without nodes, and a node that gets no items, complete") {
        Fixture fixture;
        CHECK(progress_of(fixture.run({})) == 100);
        const auto ended = fixture.run(Fixture::graph("a:emit{\"count\":0} b:pass c:pass", "a>b a.odd>c"));
        CHECK(ended.status == ExecutionStatus::completed);
        CHECK(fixture.journal->runs("b") == 1);
        CHECK(fixture.journal->runs("c") == 1);
    }

    TEST_CASE("more items than a chunk holds arrive, in order") {
        Fixture fixture;
        const auto ended = fixture.run(Fixture::graph("a:emit{\"count\":400000} b:pass c:pass", "a>b b>c"));
        CHECK(ended.status == ExecutionStatus::completed);
        const auto spans = fixture.spans(ended);
        CHECK(spans.at("c").input_items == 400'000);
        const std::string& shown = *spans.at("c").input_data;
        CHECK(shown.size() > 60'000);
        CHECK(shown.size() <= 65'536);
        CHECK(shown.rfind("[0,1,2,3,", 0) == 0);
        CHECK(parse_json(shown));
    }

    TEST_CASE("what keeps a draft from running fails its execution") {
        Fixture fixture;
        struct Row {
            std::string_view nodes, connections, error;
            const char* node_error;
        };
        for (const Row& row :
             {Row{"a:nothing", "", "Node 'a' failed: Unknown node type: nothing", "Unknown node type: nothing"},
              Row{"a:transform", "", "Node 'a' failed: Missing required field: config.program",
                  "Missing required field: config.program"},
              Row{"a:emit b:pass", "a>b b>a", "cycle", nullptr},
              Row{"a:emit", "a>gone", "A connection names an unknown node: gone", nullptr}}) {
            CAPTURE(row.nodes);
            const auto ended = fixture.run(Fixture::graph(row.nodes, row.connections));
            CHECK(ended.status == ExecutionStatus::failed);
            CHECK(ended.error.value_or("").find(row.error) != std::string::npos);
            if (row.node_error != nullptr) CHECK(fixture.spans(ended).at("a").error == row.node_error);
        }
    }

    TEST_CASE("a node that fails fails the execution: others are stopped or skipped") {
        Fixture fixture;
        const auto ended =
            fixture.run(Fixture::graph("a:emit bad:fail wait:block after:pass", "a>bad bad>after a>wait"));
        CHECK(ended.status == ExecutionStatus::failed);
        CHECK(ended.error == "Node 'bad' failed: It broke");
        const auto spans = fixture.spans(ended);
        CHECK(spans.at("bad").status == SpanStatus::failed);
        CHECK(spans.at("after").status == SpanStatus::skipped);
        CHECK_FALSE(spans.at("after").started_at);
        CHECK(spans.at("a").status == SpanStatus::completed);
        CHECK((spans.at("wait").status == SpanStatus::stopped || spans.at("wait").status == SpanStatus::skipped));
        CHECK(progress_of(ended) < 100);
    }

    TEST_CASE("failed nodes are tried again after 1, 2 and 4 seconds, then no more") {
        Fixture fixture;
        const auto started = fixture.start(Fixture::graph("a:emit bad:fail{\"times\":4}", "a>bad", retrying));
        for (const int pause : {1, 2, 4}) {
            fixture.engine->run_pending().value();
            CHECK(fixture.now(started).status == ExecutionStatus::running);
            CHECK(fixture.spans(started).at("bad").status == SpanStatus::pending);
            CHECK(fixture.spans(started).at("bad").error == "It broke");
            const int runs = fixture.journal->runs("bad");
            fixture.clock->advance(std::chrono::seconds(pause) - 1ms);
            fixture.engine->run_pending().value();
            CHECK(fixture.journal->runs("bad") == runs);
            fixture.clock->advance(1ms);
        }
        fixture.engine->run_pending().value();
        CHECK(fixture.now(started).error == "Node 'bad' failed: It broke");
        CHECK(fixture.journal->runs("bad") == 4);
        CHECK(fixture.journal->runs("a") == 1);
    }

    TEST_CASE("a node that fails once hands on what its second try had") {
        Fixture fixture;
        const auto started = fixture.start(Fixture::graph("a:emit b:fail{\"times\":1} c:pass", "a>b b>c", retrying));
        fixture.engine->run_pending().value();
        fixture.clock->advance(1s);
        fixture.engine->run_pending().value();
        CHECK(fixture.now(started).status == ExecutionStatus::completed);
        CHECK(fixture.spans(started).at("c").input_data == "[0,1,2]");
        CHECK_FALSE(fixture.spans(started).at("b").error);
    }

    TEST_CASE("a node is tried again when that is due, however long another one runs") {
        Fixture fixture;
        const auto started = fixture.start(Fixture::graph("bad:fail{\"times\":1} wait:block", "", retrying));
        {
            const std::jthread driver([&] {
                fixture.journal->wait_for("wait");
                while (!fixture.spans(started).at("bad").error) std::this_thread::yield();
                fixture.clock->advance(1s);
                fixture.journal->wait_for("bad", 2);
                fixture.engine->executions().stop(started.execution_id).value();
            });
            fixture.engine->run_pending().value();
        }
        CHECK(fixture.journal->runs("bad") == 2);
        CHECK(fixture.journal->runs("wait") == 1);
    }

    TEST_CASE("past its time an execution fails, and what runs is stopped") {
        Fixture fixture;
        const auto started = fixture.start(Fixture::graph("a:block b:pass", "a>b", R"({"timeout":5})"));
        {
            const std::jthread driver([&] {
                fixture.journal->wait_for("a");
                fixture.clock->advance(5s);
            });
            fixture.engine->run_pending().value();
        }
        const auto ended = fixture.now(started);
        CHECK(ended.status == ExecutionStatus::failed);
        CHECK(ended.error == "Execution timed out after 5 seconds");
        CHECK(fixture.spans(started).at("a").status == SpanStatus::stopped);
        CHECK(fixture.spans(started).at("b").status == SpanStatus::skipped);
    }

    TEST_CASE("an execution that waits for a retry fails at its deadline") {
        Fixture fixture;
        const auto started =
            fixture.start(Fixture::graph("a:fail", "", R"({"timeout":2,"retryOnFailure":true,"maxRetries":10})"));
        fixture.engine->run_pending().value();
        fixture.clock->advance(1s);
        fixture.engine->run_pending().value();
        fixture.clock->advance(1s);
        fixture.engine->run_pending().value();
        CHECK(fixture.now(started).error == "Execution timed out after 2 seconds");
        CHECK(fixture.spans(started).at("a").status == SpanStatus::failed);
    }

    TEST_CASE("what is stopped stops at once, and stays stopped") {
        Fixture fixture;
        auto& executions = fixture.engine->executions();
        const auto waiting = fixture.start(Fixture::graph("a:emit", ""));
        CHECK(executions.stop(waiting.execution_id).value().status == ExecutionStatus::stopped);
        CHECK(fixture.engine->metrics().executions_stopped == 1);
        const auto started = fixture.start(Fixture::graph("a:block b:pass", "a>b"));
        {
            const std::jthread driver([&] {
                fixture.journal->wait_for("a");
                executions.stop(started.execution_id).value();
            });
            fixture.engine->run_pending().value();
        }
        const auto ended = fixture.now(started);
        CHECK(ended.status == ExecutionStatus::stopped);
        CHECK(fixture.spans(started).at("a").status == SpanStatus::stopped);
        CHECK(executions.stop(started.execution_id).value() == ended);
        const auto completed = fixture.run(Fixture::graph("a:emit", ""));
        CHECK(executions.stop(completed.execution_id).error().code == ErrorCode::conflict);
        CHECK(fixture.journal->runs("b") == 0);
    }

    TEST_CASE("a node whose execution was stopped by another process never sees the end of its items") {
        Fixture fixture;
        fixture.engine.reset();
        NodeRegistry types = *fixture.nodes;
        types
            .add(executing::type(
                "commit", fixture.journal,
                [&fixture](NodeContext& context, ItemSource& in, ItemSink&) -> Result<void> {
                    for (bool first = true;; first = false) {
                        const auto item = in.next();
                        if (!item) return item.error();
                        if (!*item) break;
                        if (first) fixture.store->executions().stop(context.execution_id, fixture.clock->now()).value();
                    }
                    fixture.journal->ran("the end");
                    return {};
                }))
            .value();
        fixture.nodes = std::make_shared<const NodeRegistry>(std::move(types));
        fixture.engine = fixture.open();
        const auto ended = fixture.run(Fixture::graph("a:emit{\"count\":400000} b:commit", "a>b"));
        CHECK(ended.status == ExecutionStatus::stopped);
        CHECK(fixture.journal->runs("b") == 1);
        CHECK(fixture.journal->runs("the end") == 0);
    }

    TEST_CASE("while too many executions wait no more are taken") {
        Fixture fixture;
        const auto automation = fixture.start(Fixture::graph("a:emit", "")).automation_id;
        fixture.engine = Engine::open({.store = fixture.store,
                                       .fetcher = fixture.site,
                                       .clock = fixture.clock,
                                       .nodes = fixture.nodes,
                                       .jobs = {.workers = 0},
                                       .automations = {.max_pending = 1}})
                             .value();
        const auto refused = fixture.engine->executions().start(automation);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::unavailable);
        fixture.engine->run_pending().value();
        CHECK(fixture.engine->executions().start(automation));
    }

    TEST_CASE("an engine that stops gives its executions back; the next one runs only what had not completed") {
        Fixture fixture;
        const auto started = fixture.start(Fixture::graph("a:emit b:pass w:block", "a>b b>w"));
        std::stop_source stopping;
        {
            const std::jthread driver([&] {
                fixture.journal->wait_for("w");
                stopping.request_stop();
            });
            fixture.engine->run_pending(stopping.get_token()).value();
        }
        CHECK(fixture.now(started).status == ExecutionStatus::running);
        fixture.engine = fixture.open();
        {
            const std::jthread driver([&] {
                fixture.journal->wait_for("w", 2);
                fixture.engine->executions().stop(started.execution_id).value();
            });
            fixture.engine->run_pending().value();
        }
        CHECK(fixture.journal->runs("a") == 1);
        CHECK(fixture.journal->runs("b") == 1);
    }

    TEST_CASE("what a killed process left half done is done again, what it had completed is not") {
        Fixture fixture;
        const auto started = fixture.start(Fixture::graph("a:emit b:pass c:pass", "a>b b>c"));
        auto& store = fixture.store->executions();
        // The other process: it completed a, and died while b was handing out items.
        const auto claimed = store.claim_next({.now = fixture.clock->now()}).value().value();
        store.start_node(claimed.ref(), 0, fixture.clock->now()).value();
        store.end_node(claimed.ref(), {.node = 0, .chunks = {{0, "output", 0, "7\n8\n"}}}).value();
        store.start_node(claimed.ref(), 1, fixture.clock->now()).value();
        store.add_items(claimed.ref(), {{1, "output", 0, "7\n"}}).value();
        fixture.engine->run_pending().value();
        CHECK(fixture.journal->runs("b") == 0);
        fixture.clock->advance(30s);
        fixture.engine->run_pending().value();
        CHECK(fixture.now(started).status == ExecutionStatus::completed);
        CHECK(fixture.journal->runs("a") == 0);
        CHECK(fixture.spans(started).at("c").input_data == "[7,8]");
    }

    TEST_CASE("an execution that kills every process is given up") {
        Fixture fixture;
        const auto started = fixture.start(Fixture::graph("a:emit", ""));
        for (int i = 0; i < 6; ++i) {
            REQUIRE(fixture.store->executions().claim_next({.now = fixture.clock->now()}).value());
            fixture.clock->advance(30s);
        }
        fixture.engine->run_pending().value();
        CHECK(fixture.now(started).error == "Interrupted by server restart");
        CHECK(fixture.journal->runs("a") == 0);
    }

    TEST_CASE("nodes that do not wait for each other run beside each other") {
        Fixture fixture;
        fixture.engine = fixture.open(2);
        const auto started = fixture.start(Fixture::graph("a:block b:block c:block d:block e:block", ""));
        for (const char* node : {"a", "b", "c", "d"}) fixture.journal->wait_for(node);
        CHECK(fixture.journal->runs("e") == 0);  // AutomationOptions::parallel_nodes
        fixture.engine->executions().stop(started.execution_id).value();
        CHECK(fixture.engine->executions().wait(started.execution_id, 1h).value().status == ExecutionStatus::stopped);
    }

    TEST_CASE("secrets of nodes and connections are in no span, log or error") {
        Fixture fixture;
        for (const std::string config :
             {R"({"text":"open \"sesame\"!"})", R"({"text":"key-1234!","secret":"key-1234","fails":1})"}) {
            AutomationGraph graph = Fixture::graph("a:talk b:pass", "a>b");
            graph.nodes.replace(graph.nodes.find("{}"), 2, config);
            const auto ended = fixture.run(graph);
            std::string told = spans_json("x", fixture.engine->executions().spans(ended.execution_id).value());
            told += to_json(fixture.engine->executions().logs(ended.execution_id).value(), "x", {});
            told += ended.error.value_or("");
            CAPTURE(told);
            CHECK(told.find("***!") != std::string::npos);
            CHECK(told.find("sesame") == std::string::npos);
            CHECK(told.find("key-1234") == std::string::npos);
        }
    }

    TEST_CASE("who may execute what") {
        Fixture fixture;
        auto& automations = fixture.engine->automations();
        auto& executions = fixture.engine->executions();
        const AutomationCaller friendly{.account_id = "b", .user_id = "bob", .organization_id = "there"};
        const AutomationCaller stranger{.account_id = "c", .user_id = "cleo", .organization_id = "there"};
        const auto automation = fixture.make(Fixture::graph("a:emit", ""));
        const auto& id = automation.automation_id;
        automations.share(id, "bob").value();
        const auto started = executions.start(id, {}, friendly).value();
        CHECK(started.account_id == "default");
        CHECK(started.user_id == "bob");
        CHECK(executions.start(id, {}, stranger).error().message == "Workflow not found");
        CHECK(executions.get(started.execution_id, friendly));
        CHECK(executions.get(started.execution_id, stranger).error().message == "Execution not found");
        CHECK(executions.stop(started.execution_id, stranger).error().code == ErrorCode::not_found);
        CHECK(executions.list({}, stranger).value().count == 0);
        CHECK(executions.list({}, friendly).value().count == 1);

        const ExecutionRequest other{.definition =
                                         ExecutionRequest::Definition{.nodes = R"([{"id":"z","nodeId":"emit"}])"}};
        CHECK(executions.start(id, other, friendly).error().code == ErrorCode::forbidden);
        CHECK(executions.start(id, other).value().graph.nodes == other.definition->nodes);
        const ExecutionRequest bad{.definition =
                                       ExecutionRequest::Definition{.nodes = R"([{"id":"z","nodeId":"nope"}])"}};
        CHECK(executions.start(id, bad).error().code == ErrorCode::invalid_argument);

        for (const auto status : {AutomationStatus::paused, AutomationStatus::archived}) {
            automations.set_status(id, status).value();
            CHECK(executions.start(id).error().code == ErrorCode::conflict);
        }
        automations.undeploy(id).value();
        CHECK(executions.start(id));
    }

    TEST_CASE("an automation that is deleted takes its executions along") {
        Fixture fixture;
        const auto automation = fixture.make(Fixture::graph("a:block", ""));
        const auto started = fixture.engine->executions().start(automation.automation_id).value();
        {
            const std::jthread driver([&] {
                fixture.journal->wait_for("a");
                fixture.engine->automations().remove(automation.automation_id).value();
            });
            fixture.engine->run_pending().value();
        }
        CHECK(fixture.engine->executions().get(started.execution_id).error().code == ErrorCode::not_found);
        CHECK(fixture.engine->metrics().executions_open == 0);
    }

    TEST_CASE("deploying checks the graph and arms its schedule triggers; they tick, unseen") {
        Fixture fixture;
        auto& automations = fixture.engine->automations();
        const auto bad = fixture.make(Fixture::graph("a:nothing", ""));
        CHECK(automations.deploy(bad.automation_id).error().code == ErrorCode::invalid_argument);
        const auto automation =
            fixture.make(Fixture::graph("t:schedule-trigger{\"intervalSeconds\":60} p:pass", "t>p"));
        const auto& id = automation.automation_id;
        const auto count = [&] {
            fixture.engine->run_pending().value();
            return fixture.engine->executions().list({.automation_id = id}).value().count;
        };
        fixture.clock->advance(120s);
        CHECK(count() == 0);  // a draft
        CHECK(automations.deploy(id).value().status == AutomationStatus::active);
        CHECK(automations.deploy(id).value().status == AutomationStatus::active);
        fixture.clock->advance(59s);
        CHECK(count() == 0);
        fixture.clock->advance(1s);
        CHECK(count() == 1);
        const auto ticked = fixture.engine->executions().list({.automation_id = id}).value().executions.at(0);
        CHECK(ticked.trigger == ExecutionTrigger::schedule);
        CHECK(ticked.status == ExecutionStatus::completed);
        CHECK(fixture.spans(ticked).at("p").output_data == R"([{"scheduledAt":"2025-01-15T10:33:00Z"}])");
        CHECK(fixture.engine->list_schedules().value().empty());

        // Another timing counts from the change; other changes leave it alone.
        fixture.clock->advance(30s);
        automations.update(id, {.name = "Renamed"}).value();
        fixture.clock->advance(30s);
        CHECK(count() == 2);
        automations.update(id, {.nodes = Fixture::graph("t:schedule-trigger{\"intervalSeconds\":70} p:pass", "").nodes})
            .value();
        fixture.clock->advance(69s);
        CHECK(count() == 2);
        fixture.clock->advance(1s);
        CHECK(count() == 3);
        automations.set_status(id, AutomationStatus::paused).value();
        fixture.clock->advance(600s);
        CHECK(count() == 3);
        automations.deploy(id).value();
        automations.undeploy(id).value();
        fixture.clock->advance(600s);
        CHECK(count() == 3);
    }

    TEST_CASE("a schedule trigger below the shortest interval is neither deployed nor armed") {
        Fixture fixture;
        auto& automations = fixture.engine->automations();
        const auto fast = Fixture::graph("p:pass t:schedule-trigger{\"intervalSeconds\":59}", "t>p");
        const auto id = fixture.make(fast).automation_id;
        const auto refused = automations.deploy(id);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::invalid_argument);
        CHECK(refused.error().message == "Node 't': config.intervalSeconds must be at least 60");
        CHECK(refused.error().subject == "nodes.1.config.intervalSeconds");
        const auto ticks = [&] {
            fixture.clock->advance(3600s);
            fixture.engine->run_pending().value();
            return fixture.engine->executions().list({.automation_id = id}).value().count;
        };
        automations.set_status(id, AutomationStatus::active).value();
        CHECK(ticks() == 0);
        automations.update(id, {.nodes = Fixture::graph("t:schedule-trigger{\"intervalSeconds\":60} p:pass", "").nodes})
            .value();
        const auto before = ticks();
        CHECK(before > 0);
        automations.update(id, {.nodes = fast.nodes}).value();
        CHECK(ticks() == before);
    }

    TEST_CASE("settings have at most 64 KiB, merged or made") {
        Fixture fixture;
        auto& automations = fixture.engine->automations();
        const auto id = fixture.make({}).automation_id;
        const std::string half(40'000, 'x');
        automations.update(id, {.settings = Object{{"a", half}}}).value();
        const auto before = automations.get(id).value().graph.settings;
        for (const auto& refused : {automations.update(id, {.settings = Object{{"b", half}}}),
                                    automations.create({.name = "Large", .graph = {.settings = half + half}})}) {
            REQUIRE_FALSE(refused);
            CHECK(refused.error().code == ErrorCode::invalid_argument);
            CHECK(refused.error().subject == "settings");
        }
        CHECK(automations.get(id).value().graph.settings == before);
        CHECK(automations.update(id, {.settings = Object{{"a", half}, {"timeout", 60}}}));
    }
}
