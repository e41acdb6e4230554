#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "json/wire_workflow.hpp"
#include "meter/json.hpp"
#include "meter/workflow.hpp"

using namespace meter;

namespace {

Value body(std::string_view text) {
    return parse_json(text).value();
}

const std::string uuid = "550e8400-e29b-41d4-a716-446655440000";

/// A good node with these members laid over it.
Value node_body(std::string_view members) {
    Value request = body(R"({"node_key":"a","strategy_id":"550e8400-e29b-41d4-a716-446655440000",
                             "input_type":"static_urls","static_urls":["https://a.test/"]})");
    const Value over = body(members);
    for (const auto& [name, value] : *over.if_object()) request.if_object()->set(name, value);
    return request;
}

Workflow full_workflow() {
    using std::chrono::milliseconds;
    Workflow workflow;
    workflow.workflow_id = uuid;
    workflow.account_id = "default";
    workflow.name = "Jöbs \"x\"";
    workflow.description = "two\nlines";
    workflow.enabled = false;
    workflow.created_at = TimePoint{milliseconds{1'736'937'000'123}};
    workflow.updated_at = TimePoint{milliseconds{1'736'937'000'124}};
    workflow.version = 7;
    WorkflowNode index;
    index.node_id = "n1";
    index.node_key = "index";
    index.strategy_id = uuid;
    index.static_urls = std::vector<std::string>{"https://a.test/", "https://b.test/ü"};
    index.static_parameters = R"({ "page" : 1.0 })";
    index.created_at = TimePoint{milliseconds{-5}};
    WorkflowNode details;
    details.node_id = "n2";
    details.node_key = "details";
    details.strategy_id = uuid;
    details.input_type = NodeInputType::upstream_urls;
    details.url_field = "a.b";
    details.parameter_config = R"({"id":"id"})";
    details.updated_at = TimePoint{milliseconds{9'007'199'254'740'993}};
    workflow.nodes = {index, details};
    WorkflowEdge edge;
    edge.edge_id = "e1";
    edge.source_node_key = "index";
    edge.target_node_key = "details";
    edge.filter_config = R"({"conditions":[]})";
    edge.created_at = TimePoint{milliseconds{1}};
    workflow.edges = {edge};
    return workflow;
}

}  // namespace

TEST_SUITE("json.workflow") {
    TEST_CASE("a request is read, nulls are dropped and unknown members ignored") {
        const auto request = parse_workflow_request(body(
            R"({"name":"Jobs","description":null,"x":1,
                "nodes":[{"node_key":"i","strategy_id":"550E8400-E29B-41D4-A716-446655440000",
                          "input_type":"static_urls","static_urls":["https://a.test/"],"url_field":null,
                          "static_parameters":{"q":["a",1]},"parameter_config":null},
                         {"node_key":"d","strategy_id":"550e8400-e29b-41d4-a716-446655440000",
                          "input_type":"upstream_urls","url_field":"link","parameter_config":{"id":"a.b"}}],
                "edges":[{"source_node_key":"i","target_node_key":"d","filter_config":{"conditions":[]}},
                         {"source_node_key":"d","target_node_key":"x","filter_config":null}]})"));
        REQUIRE(request);
        CHECK(request->name == "Jobs");
        CHECK_FALSE(request->description);
        REQUIRE(request->nodes.size() == 2);
        CHECK(request->nodes[0].strategy_id == uuid);
        CHECK(request->nodes[0].static_urls == std::vector<std::string>{"https://a.test/"});
        CHECK_FALSE(request->nodes[0].url_field);
        CHECK(request->nodes[0].static_parameters == R"({"q":["a",1]})");
        CHECK_FALSE(request->nodes[0].parameter_config);
        CHECK(request->nodes[1].input_type == NodeInputType::upstream_urls);
        CHECK(request->nodes[1].parameter_config == R"({"id":"a.b"})");
        REQUIRE(request->edges.size() == 2);
        CHECK(request->edges[0].filter_config == R"({"conditions":[]})");
        CHECK_FALSE(request->edges[1].filter_config);
        CHECK(parse_workflow_request(body(R"({"name":"a"})"))->nodes.empty());
    }

    TEST_CASE("each fault of a request has its message and subject") {
        struct Row {
            std::string_view text, message, subject;
        };
        for (const Row& row : {
                 Row{"[]", "Request body must be a JSON object", ""},
                 Row{"{}", "Missing required field: name", "name"},
                 Row{R"({"name":null})", "Missing required field: name", "name"},
                 Row{R"({"name":""})", "name must be a string of 1 to 200 characters", "name"},
                 Row{R"({"name":"a","description":1})", "description must be a string of at most 10000 characters",
                     "description"},
                 Row{R"({"name":"a","nodes":{}})", "nodes must be an array of 0 to 500 members", "nodes"},
                 Row{R"({"name":"a","nodes":[1]})", "nodes.0 must be a JSON object", "nodes.0"},
                 Row{R"({"name":"a","nodes":[{}]})", "Missing required field: nodes.0.node_key", "nodes.0.node_key"},
                 Row{R"({"name":"a","edges":[{"source_node_key":"a"}]})",
                     "Missing required field: edges.0.target_node_key", "edges.0.target_node_key"},
                 Row{R"({"name":"a","edges":[{"source_node_key":"a","target_node_key":"b","filter_config":[]}]})",
                     "edges.0.filter_config must be an object", "edges.0.filter_config"},
             }) {
            CAPTURE(row.text);
            const auto request = parse_workflow_request(body(row.text));
            REQUIRE_FALSE(request);
            CHECK(request.error() ==
                  Error{ErrorCode::invalid_argument, std::string(row.message), std::string(row.subject)});
        }
    }

    TEST_CASE("each fault of a node has its message and subject") {
        struct Row {
            std::string_view members, message, subject;
        };
        for (const Row& row : {
                 Row{R"({"node_key":null})", "Missing required field: node_key", "node_key"},
                 Row{R"({"node_key":7})", "node_key must be a string of 1 to 100 characters", "node_key"},
                 Row{R"({"strategy_id":"x"})", "strategy_id must be a UUID", "strategy_id"},
                 Row{R"({"input_type":"urls"})",
                     "input_type must be one of: static_urls, upstream_urls, upstream_data, trigger_only",
                     "input_type"},
                 Row{R"({"static_urls":"https://a.test/"})", "static_urls must be an array of 0 to 10000 members",
                     "static_urls"},
                 Row{R"({"static_urls":["https://a.test/",1]})", "static_urls.1 must be a string", "static_urls.1"},
                 Row{R"({"url_field":1})", "url_field must be a string", "url_field"},
                 Row{R"({"static_parameters":{"a":{}}})",
                     "static_parameters.a must be a scalar, an array of scalars or null", "static_parameters.a"},
                 Row{R"({"parameter_config":"x"})", "parameter_config must be an object", "parameter_config"},
             }) {
            CAPTURE(row.members);
            const auto node = parse_workflow_node(node_body(row.members));
            REQUIRE_FALSE(node);
            CHECK(node.error() ==
                  Error{ErrorCode::invalid_argument, std::string(row.message), std::string(row.subject)});
        }
    }

    TEST_CASE("in a patch null clears what can be cleared and is refused elsewhere") {
        const auto patch = parse_workflow_node_patch(
            body(R"({"static_urls":null,"url_field":"x","static_parameters":null,"parameter_config":{"a":"b"}})"));
        REQUIRE(patch);
        CHECK_FALSE(patch->node_key);
        CHECK_FALSE(patch->input_type);
        REQUIRE(patch->static_urls);
        CHECK_FALSE(*patch->static_urls);
        CHECK(**patch->url_field == "x");
        REQUIRE(patch->static_parameters);
        CHECK_FALSE(*patch->static_parameters);
        CHECK(**patch->parameter_config == R"({"a":"b"})");

        CHECK_FALSE(parse_workflow_node_patch(body("{}"))->static_urls);
        for (const auto* text : {R"({"node_key":null})", R"({"strategy_id":null})", R"({"input_type":null})"})
            CHECK_FALSE(parse_workflow_node_patch(body(text)));

        const auto workflow = parse_workflow_patch(body(R"({"description":null,"enabled":false})"));
        REQUIRE(workflow);
        CHECK_FALSE(workflow->name);
        REQUIRE(workflow->description);
        CHECK_FALSE(*workflow->description);
        CHECK(workflow->enabled == false);
        for (const auto* text : {R"({"name":null})", R"({"name":""})", R"({"enabled":null})", R"({"enabled":1})"})
            CHECK_FALSE(parse_workflow_patch(body(text)));
    }

    TEST_CASE("a run needs no body") {
        CHECK(parse_workflow_run_request(Value()).value() == false);
        CHECK(parse_workflow_run_request(body("{}")).value() == false);
        CHECK(parse_workflow_run_request(body(R"({"force":null})")).value() == false);
        CHECK(parse_workflow_run_request(body(R"({"force":true})")).value() == true);
        CHECK_FALSE(parse_workflow_run_request(body(R"({"force":"yes"})")));
        CHECK_FALSE(parse_workflow_run_request(body("[]")));
    }

    TEST_CASE("what a run keeps of a definition is read back exactly") {
        const Workflow workflow = full_workflow();
        CHECK(json::parse_stored_workflow(json::stored_workflow(workflow)).value() == workflow);
        CHECK(json::parse_stored_workflow(json::stored_workflow({})).value() == Workflow{});
        for (const auto* text : {"", "{}", "[]", R"({"nodes":[{}]})"}) {
            CAPTURE(text);
            const auto read = json::parse_stored_workflow(text);
            REQUIRE_FALSE(read);
            CHECK(read.error().code == ErrorCode::store);
        }
    }

    TEST_CASE("a workflow is written as the contract has it") {
        CHECK(body(to_json(full_workflow())) ==
              body(R"({"id":"550e8400-e29b-41d4-a716-446655440000","workflow_id":"550e8400-e29b-41d4-a716-446655440000",
                       "name":"Jöbs \"x\"","description":"two\nlines","enabled":false,
                       "nodes":[{"id":"n1","node_key":"index","strategy_id":"550e8400-e29b-41d4-a716-446655440000",
                                 "input_type":"static_urls","static_urls":["https://a.test/","https://b.test/ü"],
                                 "url_field":null,"static_parameters":{"page":1},"parameter_config":null,
                                 "created_at":"1969-12-31T23:59:59Z","updated_at":"1970-01-01T00:00:00Z"},
                                {"id":"n2","node_key":"details","strategy_id":"550e8400-e29b-41d4-a716-446655440000",
                                 "input_type":"upstream_urls","static_urls":null,"url_field":"a.b",
                                 "static_parameters":null,"parameter_config":{"id":"id"},
                                 "created_at":"1970-01-01T00:00:00Z","updated_at":"9999-12-31T23:59:59Z"}],
                       "edges":[{"id":"e1","source_node_key":"index","target_node_key":"details",
                                 "filter_config":{"conditions":[]},"created_at":"1970-01-01T00:00:00Z"}],
                       "created_at":"2025-01-15T10:30:00Z","updated_at":"2025-01-15T10:30:00Z"})"));
    }

    TEST_CASE("a run is written with its nodes, in lists without them") {
        WorkflowRun run;
        run.run_id = "r";
        run.workflow_id = "w";
        run.schedule_id = "s";
        run.status = RunStatus::partial;
        run.trigger = RunTrigger::schedule;
        run.force = true;
        run.changed_since_previous = true;
        run.failed_job_count = 1;
        NodeExecution node;
        node.node_key = "k";
        node.node_id = "n";
        node.status = NodeStatus::skipped;
        node.skip_reason = SkipReason::upstream_failed;
        node.reused_count = 3;
        run.node_executions = {node};
        Value expected = body(R"({"id":"r","run_id":"r","workflow_id":"w","schedule_id":"s","status":"partial",
            "trigger":"schedule","force":true,"changed_since_previous":true,"failed_job_count":1,"error":null,
            "created_at":"1970-01-01T00:00:00Z","started_at":null,"completed_at":null})");
        CHECK(body(to_summary_json(run)) == expected);
        expected.if_object()->set("status", "failed");
        CHECK(body(to_summary_json(run, RunStatus::failed)) == expected);
        expected.if_object()->set(
            "node_executions",
            body(
                R"([{"node_key":"k","node_id":"n","status":"skipped","skip_reason":"upstream_failed","job_id":null,
                 "batch_id":null,"job_count":0,"failed_job_count":0,"item_count":0,"reused_count":3,"error":null,
                 "started_at":null,"completed_at":null}])"));
        CHECK(body(to_json(run, RunStatus::failed)) == expected);
        run.status = RunStatus::cancelled;
        CHECK(*body(to_json(run, RunStatus::failed)).find("status") == Value("cancelled"));
    }

    TEST_CASE("schedules of workflows have timing and webhook only") {
        const auto request = parse_workflow_schedule_request(body(
            R"({"cron_expression":"0 9 * * *","timezone":"Europe/Berlin","url":7,"parameters":7,
                "webhook_url":"https://h.test/","webhook_on":"changes"})"));
        REQUIRE(request);
        CHECK(request->cron_expression == "0 9 * * *");
        CHECK(request->webhook.on == WebhookOn::changes);
        CHECK(parse_workflow_schedule_request(body("{}")).error().message ==
              "Provide either interval_seconds or cron_expression");
        CHECK(parse_workflow_schedule_patch(body(R"({"interval_seconds":60,"cron_expression":"* * * * *"})"))
                  .error()
                  .message == "Provide either interval_seconds or cron_expression, not both");
        const auto patch = parse_workflow_schedule_patch(body(R"({"enabled":false,"webhook_url":null,"urls":7})"));
        REQUIRE(patch);
        CHECK(patch->enabled == false);
        REQUIRE(patch->webhook_url);
        CHECK_FALSE(*patch->webhook_url);
        CHECK_FALSE(patch->urls);

        Schedule schedule;
        schedule.schedule_id = "s";
        schedule.workflow_id = "w";
        schedule.interval_seconds = 60;
        schedule.webhook_secret = "x";
        Value expected = body(R"({"id":"s","schedule_id":"s","workflow_id":"w","schedule_type":"interval",
            "interval_seconds":60,"cron_expression":null,"enabled":true,"webhook_url":null,"webhook_metadata":null,
            "webhook_type":null,"webhook_on":"all","next_runs":[],"next_run_at":null,"last_run_at":null,
            "created_at":"1970-01-01T00:00:00Z","updated_at":"1970-01-01T00:00:00Z"})");
        CHECK(body(to_workflow_schedule_json(schedule)) == expected);
        expected.if_object()->set("webhook_secret", "x");
        CHECK(body(to_workflow_schedule_json(schedule, SecretShown::yes)) == expected);
    }

    TEST_CASE("names are those of the enumerators") {
        for (const auto type : {NodeInputType::static_urls, NodeInputType::upstream_urls, NodeInputType::upstream_data,
                                NodeInputType::trigger_only})
            CHECK(parse_node_input_type(to_string(type)) == type);
        for (const auto status : {RunStatus::pending, RunStatus::running, RunStatus::completed, RunStatus::partial,
                                  RunStatus::failed, RunStatus::cancelled})
            CHECK(parse_run_status(to_string(status)) == status);
        for (const auto status : {NodeStatus::pending, NodeStatus::running, NodeStatus::completed, NodeStatus::failed,
                                  NodeStatus::skipped, NodeStatus::cancelled})
            CHECK(parse_node_status(to_string(status)) == status);
        CHECK(to_string(NodeStatus::skipped) == "skipped");
        CHECK(to_string(RunStatus::partial) == "partial");
        CHECK(parse_skip_reason("upstream_failed") == SkipReason::upstream_failed);
        CHECK(parse_run_trigger("schedule") == RunTrigger::schedule);
        CHECK_FALSE(parse_run_status("skipped"));
    }
}
