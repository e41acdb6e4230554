#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/flow.hpp"
#include "meter/change.hpp"
#include "store/sql/sql_store.hpp"
#include "store/sqlite/memory_database.hpp"

using namespace meter;
using namespace std::chrono_literals;

namespace {

std::string numbered(std::string_view word, int number) {
    return std::string(word) + std::to_string(number);
}

std::vector<std::string> numbered_paths(int first, int count) {
    std::vector<std::string> paths;
    for (int i = first; i < first + count; ++i) paths.push_back(numbered("d", i));
    return paths;
}

/// The members of an output that hold results, in canonical form.
std::string results_of(const Value& output, std::string_view member = "final_results_by_url_grouped") {
    const Value* results = output.find(member);
    REQUIRE(results != nullptr);
    return canonical_json(*results);
}

std::string item(const std::string& name) {
    return R"({"link":")" + flow::at("end") + R"(","name":")" + name + R"("})";
}

/// A database that a process loses after some more writes: every write from then on fails.
class MortalDatabase final : public sql::Database {
public:
    MortalDatabase(std::shared_ptr<sql::Database> inner, std::shared_ptr<std::atomic<int>> writes_left)
        : inner_(std::move(inner)), writes_left_(std::move(writes_left)) {}

    const sql::Dialect& dialect() const noexcept override { return inner_->dialect(); }
    Result<void> run_read(std::string_view operation, const Work& work) override {
        return inner_->run_read(operation, work);
    }
    Result<void> run_write(std::string_view operation, const Work& work) override {
        if (--*writes_left_ < 0) return Error{ErrorCode::store, "The process has died", std::string(operation)};
        return inner_->run_write(operation, work);
    }
    Result<std::vector<std::string>> check() override { return inner_->check(); }

private:
    const std::shared_ptr<sql::Database> inner_;
    const std::shared_ptr<std::atomic<int>> writes_left_;
};

}  // namespace

TEST_SUITE("engine.workflow_runs") {
    TEST_CASE("a run ends as its nodes did (wire contract 19.5, appendix C)") {
        struct Row {
            std::vector<std::string> broken;
            RunStatus status;
            NodeStatus index, details;
            std::int64_t failed_jobs;
        };
        const Row rows[] = {
            {{}, RunStatus::completed, NodeStatus::completed, NodeStatus::completed, 0},
            {{"a"}, RunStatus::partial, NodeStatus::completed, NodeStatus::completed, 1},
            {{"a", "b"}, RunStatus::failed, NodeStatus::completed, NodeStatus::failed, 2},
            {{"index"}, RunStatus::failed, NodeStatus::failed, NodeStatus::skipped, 1},
        };
        for (const Row& row : rows) {
            CAPTURE(row.broken.size());
            flow::Fixture fixture;
            fixture.link_index({"a", "b"});
            fixture.detail("a", "A");
            fixture.detail("b", "B");
            for (const auto& path : row.broken)
                fixture.site->failure(flow::at(path), {ErrorCode::network, "Connection failed: connection refused"});
            const auto workflow = fixture.two_steps();
            const auto run = fixture.run(workflow);
            CHECK(run.status == row.status);
            REQUIRE(run.node_executions.size() == 2);
            CHECK(run.node_executions[0].status == row.index);
            CHECK(run.node_executions[1].status == row.details);
            CHECK(run.failed_job_count == row.failed_jobs);
            CHECK(run.completed_at.has_value());
            CHECK(run.changed_since_previous == false);
            if (row.details == NodeStatus::skipped)
                CHECK(run.node_executions[1].skip_reason == SkipReason::upstream_failed);
            if (run.status == RunStatus::failed) {
                const std::string key = row.details == NodeStatus::failed ? "details" : "index";
                CHECK(run.error == "Node '" + key + "' failed: Connection failed: connection refused");
                CHECK(!fixture.engine->latest_workflow_output(workflow.workflow_id));
            } else {
                CHECK_FALSE(run.error.has_value());
            }
            CHECK(fixture.store->check().value().empty());
        }
    }

    TEST_CASE("an unchanged index leaves the details alone, and their output stays (appendix C)") {
        flow::Fixture fixture;
        fixture.link_index({"a", "b"});
        fixture.detail("a", "A");
        fixture.detail("b", "B");
        const auto workflow = fixture.two_steps();
        CHECK(fixture.run(workflow).status == RunStatus::completed);
        const auto first = fixture.output(workflow);
        CHECK(results_of(first) == R"({")" + flow::at("a") + R"(":{"default":[)" + item("A") + R"(]},")" +
                                       flow::at("b") + R"(":{"default":[)" + item("B") + R"(]}})");
        const auto before = fixture.fetches();
        const auto second = fixture.run(workflow);
        CHECK(fixture.fetches() == before + 1);
        CHECK(second.status == RunStatus::completed);
        CHECK(second.changed_since_previous == false);
        const auto& details = second.node_executions[1];
        CHECK(details.status == NodeStatus::skipped);
        CHECK(details.skip_reason == SkipReason::unchanged);
        CHECK(details.item_count == 2);
        CHECK(details.job_count == 0);
        CHECK_FALSE(details.job_id.has_value());
        CHECK(results_of(fixture.output(workflow)) == results_of(first));

        SUBCASE("a third time too") {
            CHECK(fixture.run(workflow).node_executions[1].skip_reason == SkipReason::unchanged);
            CHECK(results_of(fixture.output(workflow)) == results_of(first));
            CHECK(fixture.fetches() == before + 2);
        }
        SUBCASE("a changed index item is scraped again, the others hand on what they had") {
            fixture.link_index({"a", "c"});
            fixture.detail("c", "C");
            const auto third = fixture.run(workflow);
            CHECK(fixture.fetches() == before + 3);
            CHECK(third.changed_since_previous == true);
            CHECK(third.node_executions[1].reused_count == 1);
            CHECK(third.node_executions[1].job_count == 1);
            CHECK(third.node_executions[1].item_count == 2);
        }
        SUBCASE("an edited node runs again") {
            REQUIRE(fixture.engine->update_workflow_node(workflow.workflow_id, "details",
                                                         {.url_field = std::optional<std::string>("link"),
                                                          .parameter_config = std::optional<std::string>("{}")}));
            CHECK(fixture.run(workflow).node_executions[1].job_count == 2);
        }
        SUBCASE("an edited strategy too") {
            fixture.clock->advance(1s);
            REQUIRE(fixture.engine->update_strategy(fixture.strategy_id, {.name = "Renamed"}));
            CHECK(fixture.run(workflow).node_executions[1].job_count == 2);
        }
        SUBCASE("force runs every node") {
            CHECK(fixture.run(workflow, true).node_executions[1].job_count == 2);
            CHECK(fixture.fetches() == before + 4);
        }
    }

    TEST_CASE("a detail that failed is tried again although the index is unchanged") {
        flow::Fixture fixture;
        fixture.link_index({"a", "b"});
        fixture.detail("a", "A");
        const auto workflow = fixture.two_steps();
        CHECK(fixture.run(workflow).status == RunStatus::partial);
        fixture.detail("b", "B");
        const auto run = fixture.run(workflow);
        CHECK(run.status == RunStatus::completed);
        CHECK(run.changed_since_previous == true);
        CHECK(run.node_executions[1].job_count == 1);
        CHECK(run.node_executions[1].reused_count == 1);
    }

    TEST_CASE("of a thousand details only those with new index items are fetched") {
        flow::Fixture fixture;
        for (int i = 0; i < 1'010; ++i) fixture.detail(numbered("d", i), numbered("name ", i));
        fixture.link_index(numbered_paths(0, 1'000));
        const auto workflow = fixture.two_steps();
        auto before = fixture.fetches();
        CHECK(fixture.run(workflow).node_executions[1].item_count == 1'000);
        CHECK(fixture.fetches() - before == 1 + 1'000);

        auto paths = numbered_paths(1'000, 10);
        for (const auto& path : numbered_paths(0, 1'000)) paths.push_back(path);
        fixture.link_index(paths);
        before = fixture.fetches();
        const auto second = fixture.run(workflow);
        CHECK(fixture.fetches() - before == 1 + 10);
        CHECK(second.node_executions[1].item_count == 1'010);
        CHECK(second.node_executions[1].reused_count == 1'000);
        CHECK(second.node_executions[1].job_count == 10);

        before = fixture.fetches();
        CHECK(fixture.run(workflow).node_executions[1].skip_reason == SkipReason::unchanged);
        CHECK(fixture.fetches() - before == 1);
        before = fixture.fetches();
        CHECK(fixture.run(workflow, true).node_executions[1].item_count == 1'010);
        CHECK(fixture.fetches() - before == 1 + 1'010);
    }

    TEST_CASE("the same results in another order are no change") {
        flow::Fixture fixture;
        fixture.link_index({"a", "b"});
        fixture.detail("a", "A");
        fixture.detail("b", "B");
        const auto workflow = fixture.two_steps();
        fixture.run(workflow);
        fixture.link_index({"b", "a"});
        const auto run = fixture.run(workflow);
        CHECK(run.node_executions[1].reused_count == 2);
        CHECK(run.changed_since_previous == false);
    }

    TEST_CASE("inputs beyond the limit are cut, and the node says so") {
        flow::Fixture fixture({.max_node_jobs = 3});
        fixture.link_index(numbered_paths(0, 5));
        for (int i = 0; i < 5; ++i) fixture.detail(numbered("d", i), "N");
        const auto run = fixture.run(fixture.two_steps());
        CHECK(run.status == RunStatus::completed);
        CHECK(run.node_executions[1].job_count == 3);
        CHECK(run.node_executions[1].error == "Only the first 3 inputs were run, 2 were left out");
    }

    TEST_CASE("several jobs of a node are a batch, and keep their baseline in it") {
        flow::Fixture fixture;
        fixture.link_index({"a", "b"});
        fixture.detail("a", "A");
        fixture.detail("b", "B");
        const auto workflow = fixture.two_steps();
        const auto run = fixture.run(workflow);
        const auto& details = run.node_executions[1];
        REQUIRE(details.batch_id.has_value());
        CHECK_FALSE(run.node_executions[0].batch_id.has_value());
        const auto progress = fixture.engine->batch_progress(*details.batch_id).value();
        CHECK(progress.completed == 2);
        CHECK(progress.batch.job_count == 2);
        const auto job = fixture.engine->get_job(details.job_id.value()).value();
        CHECK(job.workflow_run_id == run.run_id);
        CHECK_FALSE(job.has_changes.value());
        // The same page by itself has no baseline yet: that of the node is its own.
        fixture.detail("a", "A2");
        const auto alone = fixture.engine->execute({.strategy_id = fixture.strategy_id, .url = flow::at("a")}).value();
        CHECK_FALSE(alone.has_changes.value());
        const auto again = fixture.run(workflow, true).node_executions[1];
        CHECK(fixture.engine->get_job(again.job_id.value()).value().has_changes.value());
    }

    TEST_CASE("cancel ends jobs and nodes at once, and nothing is written after it") {
        flow::Fixture fixture;
        fixture.link_index(numbered_paths(0, 500));
        const auto workflow = fixture.two_steps();
        const auto run = fixture.engine->run_workflow(workflow.workflow_id).value();
        // The first detail page asks for the cancel while 499 jobs wait behind it.
        bool cancelled = false;
        for (int i = 0; i < 500; ++i)
            fixture.site->handle(
                flow::at(numbered("d", i)), [&](const Request& request, std::stop_token) -> Result<Response> {
                    if (!std::exchange(cancelled, true)) {
                        const auto ended = fixture.engine->cancel_workflow_run(run.workflow_id, run.run_id);
                        CHECK(ended.value().status == RunStatus::cancelled);
                    }
                    return Error{ErrorCode::cancelled, "Cancelled", request.url};
                });
        REQUIRE(fixture.engine->run_pending());
        const auto after = fixture.now(run);
        CHECK(after.status == RunStatus::cancelled);
        CHECK(after.node_executions[0].status == NodeStatus::completed);
        CHECK(after.node_executions[1].status == NodeStatus::cancelled);
        CHECK(after.failed_job_count == 500);
        CHECK(fixture.engine->list_jobs({.status = JobStatus::failed, .range = {.limit = 1'000}}).value().size() ==
              500);
        CHECK(fixture.fetches() == 3);  // sample, index, and the page that was under way
        CHECK(fixture.engine->cancel_workflow_run(run.workflow_id, run.run_id).value() == after);
        CHECK(fixture.store->check().value().empty());
        const auto output = fixture.engine->latest_workflow_output(workflow.workflow_id);
        REQUIRE(!output);
        CHECK(output.error().message == "No completed runs found");
    }

    TEST_CASE("an ended run cannot be cancelled, a run that goes on keeps others away") {
        flow::Fixture fixture;
        fixture.link_index({});
        const auto workflow = fixture.two_steps();
        const auto ended = fixture.run(workflow);
        CHECK(ended.status == RunStatus::completed);
        CHECK(ended.node_executions[1].status == NodeStatus::completed);
        const auto cancelled = fixture.engine->cancel_workflow_run(workflow.workflow_id, ended.run_id);
        REQUIRE(!cancelled);
        CHECK(cancelled.error().message == "Workflow run has already finished");
        const auto open = fixture.engine->run_workflow(workflow.workflow_id).value();
        const auto second = fixture.engine->run_workflow(workflow.workflow_id);
        REQUIRE(!second);
        CHECK(second.error().code == ErrorCode::conflict);
        CHECK(second.error().message == "Workflow is already running");
        CHECK(second.error().subject == open.run_id);
    }

    TEST_CASE("a run past its time ends with what it has") {
        flow::Fixture fixture({.run_timeout = 60s});
        fixture.link_index({"a", "b"});
        fixture.detail("a", "A");
        const auto workflow = fixture.two_steps();
        const auto run = fixture.engine->run_workflow(workflow.workflow_id).value();
        fixture.site->handle(flow::at("b"), [&](const Request& request, std::stop_token) -> Result<Response> {
            fixture.clock->advance(61s);
            return Error{ErrorCode::network, "Connection failed: connection refused", request.url};
        });
        SUBCASE("a job that never ends") {
            // Claimed by a worker that does not come back.
            fixture.site->handle(flow::at("index"), [&](const Request& request, std::stop_token) -> Result<Response> {
                fixture.clock->advance(61s);
                const auto after = fixture.store->workflows().claim_next(fixture.clock->now(), 30s);
                REQUIRE(after.value().has_value());
                CHECK((*after)->expired);
                REQUIRE(
                    fixture.store->workflows().release((*after)->ref(), fixture.clock->now(), fixture.clock->now()));
                return Error{ErrorCode::cancelled, "Cancelled", request.url};
            });
            REQUIRE(fixture.engine->run_pending());
            const auto ended = fixture.now(run);
            CHECK(ended.status == RunStatus::failed);
        }
        SUBCASE("a detail that takes too long") {
            REQUIRE(fixture.engine->run_pending());
            const auto ended = fixture.now(run);
            CHECK(ended.status == RunStatus::partial);
            CHECK(ended.failed_job_count == 1);
        }
        CHECK(fixture.store->check().value().empty());
    }

    TEST_CASE("edits during a run change nothing in it, deleting the workflow cancels it") {
        flow::Fixture fixture;
        fixture.link_index({"a"});
        fixture.detail("a", "A");
        const auto workflow = fixture.two_steps();
        const auto other = fixture.strategy();
        const auto run = fixture.engine->run_workflow(workflow.workflow_id).value();
        SUBCASE("edits") {
            REQUIRE(fixture.engine->update_strategy(
                fixture.strategy_id,
                {.filter_config =
                     parse_json(R"({"conditions":[{"field":"name","operator":"equals","value":"none"}]})").value()}));
            REQUIRE(fixture.engine->delete_workflow_node(workflow.workflow_id, "details"));
            REQUIRE(fixture.engine->update_workflow_node(workflow.workflow_id, "index", {.strategy_id = other}));
            REQUIRE(fixture.engine->run_pending());
            const auto ended = fixture.now(run);
            CHECK(ended.status == RunStatus::completed);
            CHECK(ended.node_executions[1].item_count == 1);
        }
        SUBCASE("a strategy that is removed takes its node along") {
            REQUIRE(fixture.engine->update_workflow_node(workflow.workflow_id, "index", {.strategy_id = other}));
            REQUIRE(fixture.engine->update_workflow_node(workflow.workflow_id, "details", {.strategy_id = other}));
            REQUIRE(fixture.engine->delete_strategy(fixture.strategy_id));
            REQUIRE(fixture.engine->run_pending());
            CHECK(fixture.now(run).status == RunStatus::failed);
            CHECK(fixture.now(run).error == "Node 'index' failed: Strategy not found");
        }
        SUBCASE("delete") {
            REQUIRE(fixture.engine->delete_workflow(workflow.workflow_id));
            CHECK(fixture.engine->run_pending().value() == 0);
            CHECK(!fixture.engine->get_workflow_run(workflow.workflow_id, run.run_id));
        }
        CHECK(fixture.store->check().value().empty());
    }

    TEST_CASE("whichever write is the last of a process, no ended node runs again and the run ends once") {
        const auto inner = std::shared_ptr<sql::Database>(sqlite::MemoryDatabase::open().value());
        const auto writes_left = std::make_shared<std::atomic<int>>(1'000'000);
        flow::Fixture fixture;
        fixture.store = std::make_shared<sql::SqlStore>(std::make_unique<MortalDatabase>(inner, writes_left));
        fixture.reopen();
        fixture.strategy_id = fixture.strategy();
        fixture.link_index({"a", "b", "c"});
        for (const auto* path : {"a", "b", "c"}) fixture.detail(path, path);
        const auto workflow = fixture.two_steps();
        bool survived = false;
        int death = 0;
        for (; death < 200 && !survived; ++death) {
            CAPTURE(death);
            const auto run = fixture.engine->run_workflow(workflow.workflow_id, true).value();
            const std::size_t before = fixture.fetches();
            *writes_left = death;
            (void)fixture.engine->run_pending();
            survived = fixture.now(run).status == RunStatus::completed;
            fixture.engine.reset();
            *writes_left = 1'000'000;
            fixture.clock->advance(31s);
            fixture.reopen();
            REQUIRE(fixture.store->jobs().sweep(fixture.clock->now(), 1'000));
            REQUIRE(fixture.engine->run_pending());
            const auto ended = fixture.now(run);
            CHECK(ended.status == RunStatus::completed);
            CHECK(ended.node_executions[1].item_count == 3);
            CHECK(ended.node_executions[1].job_count == 3);
            CHECK(fixture.fetches() - before <= 4 + 1);  // again: the one that was in flight
            CHECK(fixture.store->check().value().empty());
        }
        CHECK(survived);
        CHECK(death > 10);
    }

    TEST_CASE("leaves share one output, joined by URL and label") {
        flow::Fixture fixture;
        fixture.link_index({"a"});
        fixture.detail("a", "A");
        WorkflowBuilder builder("Fan out");
        auto index = builder.start("index", fixture.strategy_id, {flow::at("index")});
        index.then("script:first_leaf", fixture.strategy_id, {.url_field = "link"});
        index.then("script:second_leaf", fixture.strategy_id, {.url_field = "link"});
        const auto workflow = fixture.engine->create_workflow(builder.request()).value();
        CHECK(fixture.run(workflow).status == RunStatus::completed);
        const std::string items = "[" + item("A") + "]";
        CHECK(results_of(fixture.output(workflow)) ==
              R"({")" + flow::at("a") + R"(":{"default":)" + items + R"(,"second leaf":)" + items + "}}");
        const auto flat = fixture.output(workflow, {.flat = true, .include_intermediate = true});
        CHECK(results_of(flat, "final_results_by_url") ==
              R"({")" + flow::at("a") + R"(":[)" + item("A") + "," + item("A") + "]}");
        CHECK(flat.find("final_results_by_url_grouped") == nullptr);
        REQUIRE(flat.find("node_outputs") != nullptr);
        CHECK(flat.find("node_outputs")->find("script:second_leaf") != nullptr);
        CHECK(flat.find("node_outputs")->find("index") != nullptr);
    }
}
