// Triggers, filter and merge.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>

#include "nodes/bench.hpp"

using namespace meter;

namespace {

/// Numbers from 0, so that a test can send more than it could hold.
class Counting final : public ItemSource {
public:
    explicit Counting(int count) : count_(count) {}
    Result<std::optional<Value>> next() override {
        if (next_ == count_) return std::optional<Value>();
        return std::optional<Value>(Object{{"n", next_++}});
    }

private:
    int count_, next_ = 0;
};

class Dropping final : public ItemSink {
public:
    Result<void> push(std::string_view, Value) override {
        ++count;
        return {};
    }
    int count = 0;
};

}  // namespace

TEST_SUITE("nodes.basic") {
    TEST_CASE("triggers emit what the execution was started with") {
        NodeBench bench;
        bench.trigger_inputs = json_value(R"({"q": "tea"})");
        REQUIRE(bench.run("manual-trigger", "{}"));
        CHECK(bench.json() == R"([{"q":"tea"}])");
        REQUIRE(bench.run("webhook-trigger", R"({"secret": "s"})"));
        CHECK(bench.json() == R"([{"q":"tea"}])");
        REQUIRE(bench.run("schedule-trigger", R"({"intervalSeconds": 60})"));
        CHECK(bench.json() == R"([{"q":"tea","scheduledAt":"2025-01-15T10:30:00Z"}])");
        bench.trigger_inputs = json_value(R"({"scheduledAt": "2025-01-15T09:00:00Z"})");
        REQUIRE(bench.run("schedule-trigger", R"({"cronExpression": "0 9 * * *", "timezone": "Europe/Berlin"})"));
        CHECK(bench.json() == R"([{"scheduledAt":"2025-01-15T09:00:00Z"}])");
    }

    TEST_CASE("configs of triggers, filter and merge that do not fit name the member") {
        struct Row {
            std::string_view type, config, subject;
        };
        const NodeBench bench;
        for (const Row& row : {
                 Row{"schedule-trigger", R"({})", "config.intervalSeconds"},
                 Row{"schedule-trigger", R"({"intervalSeconds": 5, "cronExpression": "0 9 * * *"})",
                     "config.cronExpression"},
                 Row{"schedule-trigger", R"({"intervalSeconds": 0})", "config.intervalSeconds"},
                 Row{"schedule-trigger", R"({"cronExpression": "61 * * * *"})", "config.cronExpression"},
                 Row{"schedule-trigger", R"({"cronExpression": "0 9 * * *", "timezone": "Mars/Base"})",
                     "config.timezone"},
                 Row{"webhook-trigger", R"({})", "config.secret"},
                 Row{"webhook-trigger", R"({"secret": ""})", "config.secret"},
                 Row{"webhook-trigger", R"({"secret": " x"})", "config.secret"},
                 Row{"filter", R"({})", "config.conditions"},
                 Row{"filter", R"({"conditions": [{"field": "a"}]})", "config.conditions.0.operator"},
                 Row{"filter", R"({"conditions": [{"field": "a", "operator": "like"}]})",
                     "config.conditions.0.operator"},
                 Row{"filter", R"({"conditions": [{"field": "a", "operator": "gt", "value": "x"}]})",
                     "config.conditions.0.value"},
                 Row{"filter", R"({"mode": "most", "conditions": []})", "config.mode"},
                 Row{"merge", R"({"dedupeField": 3})", "config.dedupeField"},
             }) {
            CAPTURE(row.type);
            CAPTURE(row.config);
            const auto errors = bench.registry.check_config(row.type, json_value(row.config), nullptr);
            REQUIRE_FALSE(errors.empty());
            CHECK(errors.front().subject == row.subject);
            CHECK(errors.front().code == ErrorCode::invalid_argument);
        }
    }

    TEST_CASE("filter sends each item through exactly one port") {
        NodeBench bench;
        REQUIRE(bench.run("filter", R"({"conditions": [{"field": "price", "operator": "lt", "value": 20}]})",
                          json_items(R"([{"price": 5}, {"price": 50}, {}, {"price": "$19.00"}])")));
        CHECK(bench.json() == R"([{"price":5},{"price":"$19.00"}])");
        CHECK(bench.json("rejected") == R"([{"price":50},{}])");
    }

    TEST_CASE("merge keeps the first item of each value and all without one") {
        NodeBench bench;
        const auto items = json_items(
            R"([{"id": 1, "a": 1}, {"id": "1"}, {"id": 1.0, "a": 2}, {}, {"id": null}, {}, {"id": [1]}, {"id": [1]}])");
        REQUIRE(bench.run("merge", R"({"dedupeField": "id"})", items));
        CHECK(bench.json() == R"([{"id":1,"a":1},{"id":"1"},{},{"id":null},{},{"id":[1]}])");
        REQUIRE(bench.run("merge", "{}", items));
        CHECK(bench.out.at().size() == items.size());
    }

    TEST_CASE("merge tells as many values apart as it may, and says when there are more") {
        NodeOptions options;
        options.max_distinct = 5000;
        NodeBench bench(options);
        Dropping sink;
        Counting fits(5000), more(5001);
        CHECK(bench.run_on("merge", R"({"dedupeField": "n"})", fits, sink));
        CHECK(sink.count == 5000);
        const auto outcome = bench.run_on("merge", R"({"dedupeField": "n"})", more, sink);
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code == ErrorCode::too_large);
    }

    TEST_CASE("a stop ends a node that has endless input") {
        NodeBench bench;
        class Stopping final : public ItemSource {
        public:
            explicit Stopping(std::stop_source stop) : stop_(std::move(stop)) {}
            Result<std::optional<Value>> next() override {
                if (++count_ == 100) stop_.request_stop();
                return std::optional<Value>(Object{});
            }

        private:
            std::stop_source stop_;
            int count_ = 0;
        } endless(bench.stop);
        Dropping sink;
        CHECK(bench.run_on("merge", "{}", endless, sink).error().code == ErrorCode::cancelled);
        CHECK(sink.count < 100);
    }

    TEST_CASE("a chain hands items through and holds few of them, however many there are") {
        NodeBench bench;
        // Counts what is under way between the first node and the last.
        auto made = std::make_shared<std::atomic<int>>(0), gone = std::make_shared<std::atomic<int>>(0);
        auto most = std::make_shared<std::atomic<int>>(0);
        NodeType source;
        source.node_id = "numbers";
        source.kind = NodeKind::source;
        source.run = [made, gone, most](NodeContext&, ItemSource&, ItemSink& out) -> Result<void> {
            for (int i = 0; i < 200'000; ++i) {
                most->store(std::max(most->load(), ++*made - gone->load()));
                if (auto pushed = out.push("output", Object{{"n", i}}); !pushed) return pushed;
            }
            return {};
        };
        NodeType sink = source;
        sink.node_id = "count";
        sink.run = [gone](NodeContext& context, ItemSource& in, ItemSink& out) -> Result<void> {
            int count = 0;
            for (;;) {
                auto item = in.next();
                if (!item) return item.error();
                if (!*item) return out.push("output", count);
                ++*gone;
                ++count;
                if (context.stop.stop_requested()) return Error{ErrorCode::cancelled, "Cancelled"};
            }
        };
        REQUIRE(bench.registry.add(source));
        REQUIRE(bench.registry.add(sink));
        const NodeContext context{
            .fetcher = *bench.fetcher, .clock = bench.clock, .logger = *bench.logger, .connections = bench.connections};
        testing::CollectedItems out;
        REQUIRE(run_chain(bench.registry, {{"numbers"}, {"merge"}, {"merge"}, {"count"}}, context, out));
        CHECK(out.at() == std::vector<Value>{200'000});
        CHECK(most->load() < 2000);
    }

    TEST_CASE("a chain ends with the first error and stops the nodes before it") {
        NodeBench bench;
        NodeType endless;
        endless.node_id = "endless";
        endless.run = [](NodeContext&, ItemSource&, ItemSink& out) -> Result<void> {
            for (;;)
                if (auto pushed = out.push("output", Object{}); !pushed) return pushed;
        };
        NodeType failing = endless;
        failing.node_id = "failing";
        failing.run = [](NodeContext&, ItemSource& in, ItemSink&) -> Result<void> {
            for (int i = 0; i < 1000; ++i) (void)in.next();
            return Error{ErrorCode::unprocessable, "enough"};
        };
        REQUIRE(bench.registry.add(endless));
        REQUIRE(bench.registry.add(failing));
        const NodeContext context{
            .fetcher = *bench.fetcher, .clock = bench.clock, .logger = *bench.logger, .connections = bench.connections};
        testing::CollectedItems out;
        const auto outcome = run_chain(bench.registry, {{"endless"}, {"merge"}, {"failing"}, {"merge"}}, context, out);
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().message == "enough");
        CHECK(run_chain(bench.registry, {}, context, out));
    }
}
