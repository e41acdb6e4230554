// What keeps executions from taking more than their part: of the store, of the workers, of what others wait for.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "engine/executing.hpp"

using namespace meter;
using namespace std::chrono_literals;
using executing::Fixture;

namespace {

struct BoundedFixture : Fixture {
    explicit BoundedFixture(AutomationOptions automations, int job_workers = 0)
        : options(automations), workers(job_workers) {
        reopen();
    }

    void reopen() {
        engine.reset();
        engine = Engine::open({.store = store,
                               .fetcher = site,
                               .clock = clock,
                               .nodes = nodes,
                               .connections = connections,
                               .jobs = {.workers = workers},
                               .automations = options})
                     .value();
    }

    /// Another type of node.
    void add(std::string name, std::function<Result<void>(NodeContext&, ItemSource&, ItemSink&)> run) {
        NodeRegistry types = *nodes;
        types.add(executing::type(std::move(name), journal, std::move(run))).value();
        nodes = std::make_shared<const NodeRegistry>(std::move(types));
        reopen();
    }

    std::vector<std::string> messages(const Execution& execution) {
        std::vector<std::string> said;
        for (const auto& log : engine->executions().logs(execution.execution_id).value().logs)
            said.push_back(log.message);
        return said;
    }

    const AutomationOptions options;
    const int workers;
};

constexpr std::string_view too_much =
    "The items between the nodes have more than 1048576 bytes (automations.max_spilled_bytes)";

}  // namespace

TEST_SUITE("engine.execution_bounds") {
    TEST_CASE("executions that ended long ago are removed, those that go on never") {
        BoundedFixture fixture({.retention = 1h});
        const auto ended = fixture.run(Fixture::graph("a:emit", ""));
        const auto open = fixture.start(Fixture::graph("b:emit", ""));
        fixture.clock->advance(59min);
        fixture.store->executions().drop_ended_before(fixture.clock->now() - 1h, 10).value();
        CHECK(fixture.engine->executions().get(ended.execution_id));
        while (fixture.engine->executions().get(ended.execution_id)) {
            fixture.clock->advance(10min);
            std::this_thread::yield();
        }
        CHECK(fixture.engine->executions().spans(ended.execution_id).error().code == ErrorCode::not_found);
        CHECK(fixture.now(open).status == ExecutionStatus::pending);
        CHECK(fixture.engine->automations().list().value().count == 2);
    }

    TEST_CASE("a node that hands out more than there may be between the nodes fails") {
        BoundedFixture fixture({.max_spilled_bytes = 1 << 20});
        // 588,890 bytes a time: one fits, two do not.
        CHECK(fixture.run(Fixture::graph("a:emit{\"count\":100000} b:pass", "a>b")).status ==
              ExecutionStatus::completed);
        const auto ended = fixture.run(Fixture::graph("a:emit{\"count\":100000} b:pass c:pass", "a>b b>c"));
        CHECK(ended.status == ExecutionStatus::failed);
        CHECK(ended.error == "Node 'b' failed: " + std::string(too_much));
        const auto spans = fixture.spans(ended);
        CHECK(spans.at("a").status == SpanStatus::completed);
        CHECK(spans.at("b").error == too_much);
        CHECK(spans.at("c").status == SpanStatus::skipped);
        // What nobody reads is not kept.
        CHECK(fixture.run(Fixture::graph("a:emit{\"count\":400000}", "")).status == ExecutionStatus::completed);
    }

    TEST_CASE("a failed try gives back what it took, and another one has it") {
        BoundedFixture fixture({.max_spilled_bytes = 1 << 20});
        fixture.add("halfway", [&fixture](NodeContext& context, ItemSource&, ItemSink& out) -> Result<void> {
            for (std::int64_t i = 0; i < 100'000; ++i)
                if (auto pushed = out.push("output", i); !pushed) return pushed;
            if (fixture.journal->runs(context.node_id) < 3) return Error{ErrorCode::network, "It broke"};
            return {};
        });
        const auto started = fixture.start(Fixture::graph("a:halfway b:pass", "a>b", R"({"retryOnFailure":true})"));
        for (int i = 0; i < 3; ++i) {
            fixture.engine->run_pending().value();
            fixture.clock->advance(2s);
        }
        CHECK(fixture.now(started).status == ExecutionStatus::completed);
        CHECK(fixture.journal->runs("a") == 3);
    }

    TEST_CASE("a node that does not look whether its items were taken fails all the same") {
        BoundedFixture fixture({.max_spilled_bytes = 1 << 20});
        fixture.add("careless", [](NodeContext&, ItemSource&, ItemSink& out) -> Result<void> {
            for (std::int64_t i = 0; i < 400'000; ++i) (void)out.push("output", i);
            return {};
        });
        CHECK(fixture.run(Fixture::graph("a:careless b:pass", "a>b")).error ==
              "Node 'a' failed: " + std::string(too_much));
    }

    TEST_CASE("what a killed process had completed counts for the next one") {
        BoundedFixture fixture({.max_spilled_bytes = 1 << 20});
        const auto started = fixture.start(Fixture::graph("a:emit b:emit{\"count\":100000} c:pass", "a>c b>c"));
        auto& store = fixture.store->executions();
        const auto claimed = store.claim_next({.now = fixture.clock->now()}).value().value();
        store.start_node(claimed.ref(), 0, fixture.clock->now()).value();
        const std::string half = '"' + std::string(600'000, 'x') + "\"\n";
        store.end_node(claimed.ref(), {.node = 0, .chunks = {{0, "output", 0, half}}}).value();
        fixture.clock->advance(30s);
        fixture.engine->run_pending().value();
        CHECK(fixture.now(started).error == "Node 'b' failed: " + std::string(too_much));
    }

    TEST_CASE("long executions of one account leave workers to the others") {
        BoundedFixture fixture({.workers = 4}, 1);
        auto& executions = fixture.engine->executions();
        const AutomationCaller busy{.account_id = "busy"}, other{.account_id = "other"};
        const auto start = [&](const AutomationCaller& caller, const std::string& node) {
            const auto made = fixture.engine->automations()
                                  .create({.name = "Pipeline", .graph = Fixture::graph(node + ":block", "")}, caller)
                                  .value();
            return executions.start(made.automation_id, {}, caller).value();
        };
        const auto first = start(busy, "busy1");
        fixture.journal->wait_for("busy1");
        const auto second = start(busy, "busy2");
        fixture.journal->wait_for("busy2");
        const std::vector<Execution> waiting{start(busy, "busy3"), start(busy, "busy3")};
        const auto neighbour = start(other, "other1");
        fixture.journal->wait_for("other1");
        CHECK(fixture.journal->runs("busy3") == 0);
        executions.stop(first.execution_id, busy).value();
        fixture.journal->wait_for("busy3");
        CHECK(fixture.journal->runs("busy3") == 1);
        for (const auto& execution : {second, waiting[0], waiting[1]})
            executions.stop(execution.execution_id, busy).value();
        executions.stop(neighbour.execution_id, other).value();
    }

    TEST_CASE("accounts have their turn, however many executions one of them has waiting") {
        BoundedFixture fixture({});
        const auto start = [&](const std::string& account, const std::string& node) {
            const AutomationCaller caller{.account_id = account};
            const auto made = fixture.engine->automations()
                                  .create({.name = "Pipeline", .graph = Fixture::graph(node + ":note", "")}, caller)
                                  .value();
            fixture.engine->executions().start(made.automation_id, {}, caller).value();
        };
        std::string order;
        fixture.add("note", [&order](NodeContext& context, ItemSource&, ItemSink&) -> Result<void> {
            order += context.node_id + " ";
            return {};
        });
        for (const char* node : {"b1", "b2", "b3"}) start("b", node);
        start("a", "a1");
        start("c", "c1");
        fixture.engine->run_pending().value();
        CHECK(order == "a1 b1 c1 b2 b3 ");
    }

    TEST_CASE("what a node logged is kept, also when it was stopped, timed out, or its process ends") {
        BoundedFixture fixture({});
        fixture.add("murmur", [](NodeContext& context, ItemSource&, ItemSink&) -> Result<void> {
            context.logger.log(LogLevel::warning, "so far", {{"row", "7"}});
            std::mutex mutex;
            std::condition_variable_any stopped;
            std::unique_lock lock(mutex);
            stopped.wait(lock, context.stop, [] { return false; });
            return Error{ErrorCode::cancelled, "Stopped"};
        });
        enum class Way { stopped, timed_out, engine_stops };
        for (const Way way : {Way::stopped, Way::timed_out, Way::engine_stops}) {
            CAPTURE(static_cast<int>(way));
            const auto started = fixture.start(Fixture::graph("a:murmur", "", R"({"timeout":5})"));
            const int before = fixture.journal->runs("a");
            std::stop_source engine_stop;
            {
                const std::jthread driver([&] {
                    fixture.journal->wait_for("a", before + 1);
                    if (way == Way::stopped) fixture.engine->executions().stop(started.execution_id).value();
                    if (way == Way::timed_out) fixture.clock->advance(5s);
                    if (way == Way::engine_stops) engine_stop.request_stop();
                });
                fixture.engine->run_pending(engine_stop.get_token()).value();
            }
            CHECK(fixture.messages(started) ==
                  std::vector<std::string>{"Node 'a' started", "so far row=7", "Node 'a' was stopped"});
            (void)fixture.engine->executions().stop(started.execution_id);
        }
    }
}
