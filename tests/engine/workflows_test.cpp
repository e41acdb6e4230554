#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "engine/flow.hpp"

using namespace meter;
using namespace std::chrono_literals;

namespace {

WorkflowNode start_node(const flow::Fixture& fixture, std::string key) {
    WorkflowNode node;
    node.node_key = std::move(key);
    node.strategy_id = fixture.strategy_id;
    node.static_urls = {{flow::at("index")}};
    return node;
}

WorkflowNode link_node(const flow::Fixture& fixture, std::string key) {
    WorkflowNode node = start_node(fixture, std::move(key));
    node.static_urls.reset();
    node.input_type = NodeInputType::upstream_urls;
    node.url_field = "link";
    return node;
}

WorkflowEdge edge_between(std::string source, std::string target) {
    WorkflowEdge edge;
    edge.source_node_key = std::move(source);
    edge.target_node_key = std::move(target);
    return edge;
}

template <class T>
std::string message_of(const Result<T>& result) {
    return result ? "no error" : result.error().message;
}

/// An hourly schedule with a webhook.
Schedule hourly(flow::Fixture& fixture, const Workflow& workflow, WebhookOn on = WebhookOn::all) {
    return fixture.engine
        ->create_workflow_schedule(
            workflow.workflow_id,
            {.interval_seconds = 3600,
             .webhook = {.url = "https://hooks.test/in", .metadata = parse_json(R"({"team":"a"})").value(), .on = on}})
        .value();
}

void tick(flow::Fixture& fixture) {
    fixture.clock->advance(1h);
    REQUIRE(fixture.engine->run_pending());
}

std::vector<Delivery> deliveries_of(flow::Fixture& fixture) {
    return fixture.engine->list_deliveries().value();
}

Value payload_of(flow::Fixture& fixture, const Delivery& delivery) {
    return parse_json(fixture.engine->get_delivery(delivery.delivery_id).value().payload).value();
}

}  // namespace

TEST_SUITE("engine.workflows") {
    TEST_CASE("a workflow is made, read, changed and removed by its account") {
        flow::Fixture fixture;
        const auto workflow = fixture.two_steps();
        CHECK(workflow.nodes.size() == 2);
        CHECK(workflow.edges.size() == 1);
        CHECK(fixture.engine->get_workflow(workflow.workflow_id).value() == workflow);
        CHECK(fixture.engine->list_workflows().value() == std::vector<Workflow>{workflow});
        const Caller other{.account_id = "other"};
        CHECK(message_of(fixture.engine->get_workflow(workflow.workflow_id, other)) == "Workflow not found");
        CHECK(message_of(fixture.engine->delete_workflow(workflow.workflow_id, other)) == "Workflow not found");
        CHECK(message_of(fixture.engine->run_workflow(workflow.workflow_id, false, other)) == "Workflow not found");
        const auto updated = fixture.engine->update_workflow(
            workflow.workflow_id, {.name = "Renamed", .description = std::optional<std::string>("why")});
        CHECK(updated.value().name == "Renamed");
        CHECK(updated.value().description == "why");
        CHECK(updated.value().version == 2);
        CHECK(message_of(fixture.engine->update_workflow(workflow.workflow_id, {.name = ""})) ==
              "name must not be empty");
        CHECK(message_of(fixture.engine->delete_strategy(fixture.strategy_id)) ==
              "Strategy is used by workflow: Renamed");
        CHECK(fixture.engine->delete_workflow(workflow.workflow_id));
        CHECK(fixture.engine->delete_strategy(fixture.strategy_id));
    }

    TEST_CASE("a workflow grows node by node, and is whole when it runs") {
        flow::Fixture fixture;
        fixture.link_index({"a"});
        fixture.detail("a", "A");
        const auto id = fixture.engine->create_workflow({.name = "Grows"}).value().workflow_id;
        CHECK(message_of(fixture.engine->run_workflow(id)) == "Workflow has no nodes");
        const auto index = fixture.engine->add_workflow_node(id, start_node(fixture, "index")).value();
        const auto details = fixture.engine->add_workflow_node(id, link_node(fixture, "details")).value();
        CHECK(!fixture.engine->add_workflow_node(id, link_node(fixture, "details")));
        CHECK(!fixture.engine->run_workflow(id));
        CHECK(!fixture.engine->create_workflow_schedule(id, {.interval_seconds = 3600}));
        CHECK(!fixture.engine->add_workflow_edge(id, edge_between("index", "nobody")));
        const auto edge = fixture.engine->add_workflow_edge(id, edge_between("index", "details")).value();
        CHECK(!fixture.engine->add_workflow_edge(id, edge_between("details", "details")));

        CHECK(fixture.engine->update_workflow_node(id, "index", {.node_key = "start"}).value().node_key == "start");
        CHECK(fixture.engine->get_workflow(id).value().edges.front().source_node_key == "start");
        CHECK(message_of(fixture.engine->update_workflow_node(id, "index", {})) == "Node not found");
        CHECK(fixture.engine->update_workflow_node(id, details.node_id, {.node_key = "pages"}));
        auto unknown = start_node(fixture, "stray");
        unknown.strategy_id = "01946a2b-0000-7000-8000-000000000000";
        CHECK(message_of(fixture.engine->add_workflow_node(id, unknown)) == "Strategy not found");
        const auto run = fixture.engine->run_workflow(id).value();
        REQUIRE(fixture.engine->run_pending());
        CHECK(fixture.now(run).status == RunStatus::completed);
        const auto drawn = fixture.engine->draw_workflow(id, run.run_id).value();
        CHECK(drawn.find("<svg") != std::string::npos);
        CHECK(drawn.find("pages") != std::string::npos);
        CHECK(message_of(fixture.engine->draw_workflow(id, edge.edge_id)) == "Workflow run not found");

        CHECK(fixture.engine->delete_workflow_edge(id, edge.edge_id));
        CHECK(message_of(fixture.engine->delete_workflow_edge(id, edge.edge_id)) == "Edge not found");
        CHECK(fixture.engine->delete_workflow_node(id, index.node_id));
        CHECK(fixture.engine->get_workflow(id).value().nodes.size() == 1);
    }

    TEST_CASE("a schedule runs its workflow and tells its webhook, a manual run tells nobody") {
        flow::Fixture fixture;
        fixture.link_index({"a"});
        fixture.detail("a", "A");
        const auto workflow = fixture.two_steps();
        CHECK(fixture.run(workflow).status == RunStatus::completed);
        CHECK(deliveries_of(fixture).empty());
        const auto schedule = hourly(fixture, workflow);
        CHECK(schedule.webhook_secret.has_value());
        CHECK(schedule.next_run_at == fixture.clock->now() + 1h);
        tick(fixture);
        const auto runs = fixture.engine->list_workflow_runs(workflow.workflow_id).value();
        REQUIRE(runs.size() == 2);
        CHECK(runs[0].trigger == RunTrigger::schedule);
        CHECK(runs[0].schedule_id == schedule.schedule_id);
        const auto sent = deliveries_of(fixture);
        REQUIRE(sent.size() == 1);
        CHECK(sent[0].event == "workflow_run.completed");
        CHECK(sent[0].workflow_run_id == runs[0].run_id);
        const Value payload = payload_of(fixture, sent[0]);
        CHECK(to_json(*payload.find("workflow_name")) == "\"Two steps\"");
        CHECK(to_json(*payload.find("item_count")) == "1");
        CHECK(to_json(*payload.find("has_changes")) == "false");
        CHECK(to_json(*payload.find("trigger")) == "\"schedule\"");
        CHECK(to_json(*payload.find("metadata")) == R"({"team":"a"})");
        CHECK(payload.find("final_results_by_url_grouped")->find(flow::at("a")) != nullptr);

        SUBCASE("a failed run has an error and no results") {
            fixture.site->failure(flow::at("index"), {ErrorCode::network, "Too many redirects"});
            tick(fixture);
            const auto failed = payload_of(fixture, deliveries_of(fixture).front());
            CHECK(to_json(*failed.find("status")) == "\"failed\"");
            CHECK(failed.find("final_results_by_url_grouped")->is_null());
            CHECK(to_json(*failed.find("error")) == R"("Node 'index' failed: Too many redirects")");
        }
        SUBCASE("a cancelled one tells nobody") {
            fixture.clock->advance(1h);
            fixture.site->handle(flow::at("index"), [&](const Request& request, std::stop_token) -> Result<Response> {
                const auto open = fixture.engine->list_workflow_runs(workflow.workflow_id).value().front();
                CHECK(fixture.engine->cancel_workflow_run(workflow.workflow_id, open.run_id));
                return Error{ErrorCode::cancelled, "Cancelled", request.url};
            });
            REQUIRE(fixture.engine->run_pending());
            CHECK(deliveries_of(fixture).size() == 1);
        }
        SUBCASE("while a run is open, or the workflow is disabled, ticks are skipped") {
            const auto open = fixture.engine->run_workflow(workflow.workflow_id).value();
            fixture.clock->advance(1h);
            CHECK(message_of(fixture.engine->run_workflow(workflow.workflow_id)) == "Workflow is already running");
            REQUIRE(fixture.engine->run_pending());
            REQUIRE(fixture.engine->update_workflow(workflow.workflow_id, {.enabled = false}));
            tick(fixture);
            CHECK(fixture.engine->list_workflow_runs(workflow.workflow_id).value().size() == 3);
            CHECK(fixture.now(open).status == RunStatus::completed);
        }
        SUBCASE("deleting the schedule ends it") {
            const auto listed = fixture.engine->list_workflow_schedules(workflow.workflow_id).value();
            REQUIRE(listed.size() == 1);
            CHECK(fixture.engine->list_schedules().value().empty());
            CHECK(message_of(fixture.engine->get_schedule(schedule.schedule_id)) == "Schedule not found");
            CHECK(message_of(fixture.engine->delete_schedule(schedule.schedule_id)) == "Schedule not found");
            const auto other = fixture.two_steps();
            CHECK(message_of(fixture.engine->delete_workflow_schedule(other.workflow_id, schedule.schedule_id)) ==
                  "Schedule not found");
            CHECK(fixture.engine
                      ->update_workflow_schedule(workflow.workflow_id, schedule.schedule_id,
                                                 {.cron_expression = "0 9 * * *"})
                      .value()
                      .schedule.cron_expression == "0 9 * * *");
            CHECK(fixture.engine->delete_workflow_schedule(workflow.workflow_id, schedule.schedule_id));
            CHECK(fixture.engine->list_workflow_schedules(workflow.workflow_id).value().empty());
        }
    }

    TEST_CASE("a webhook that wants changes hears of changed and failed runs only") {
        flow::Fixture fixture;
        fixture.link_index({"a"});
        fixture.detail("a", "A");
        const auto workflow = fixture.two_steps();
        (void)hourly(fixture, workflow, WebhookOn::changes);
        tick(fixture);
        tick(fixture);
        CHECK(deliveries_of(fixture).empty());
        fixture.link_index({"a", "b"});
        fixture.detail("b", "B");
        tick(fixture);
        REQUIRE(deliveries_of(fixture).size() == 1);
        CHECK(to_json(*payload_of(fixture, deliveries_of(fixture)[0]).find("changed_since_previous")) == "true");
        fixture.site->failure(flow::at("index"), {ErrorCode::network, "Too many redirects"});
        tick(fixture);
        CHECK(deliveries_of(fixture).size() == 2);
    }

    TEST_CASE("workers run workflows by themselves") {
        flow::Fixture fixture;
        fixture.link_index({"a", "b"});
        fixture.detail("a", "A");
        fixture.detail("b", "B");
        const auto workflow = fixture.two_steps();
        fixture.engine.reset();
        const auto engine =
            Engine::open({.store = fixture.store, .fetcher = fixture.site, .jobs = {.workers = 4}}).value();
        const auto run = engine->run_workflow(workflow.workflow_id).value();
        const auto ended = engine->wait_for_workflow_run(workflow.workflow_id, run.run_id, 30s).value();
        CHECK(ended.status == RunStatus::completed);
        CHECK(ended.node_executions[1].item_count == 2);
    }

    TEST_CASE("options of workflows out of range are refused by name") {
        EngineOptions options;
        options.workflows.max_node_jobs = 0;
        CHECK(validate(options).error().subject == "workflows.max_node_jobs");
        options = {};
        options.workflows.run_timeout = 0s;
        CHECK(validate(options).error().subject == "workflows.run_timeout");
    }
}
