// Workflows and their runs as the wire contract's Workflow, Node, Edge, WorkflowRun and WorkflowRunSummary.
#include "meter/workflow.hpp"

#include "json/object_writer.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

template <class T>
std::string workflow_parts_json(const std::vector<T>& parts) {
    std::string json = "[";
    for (const auto& part : parts) {
        if (json.size() > 1) json += ',';
        json += to_json(part);
    }
    return json += ']';
}

std::string node_execution_json(const NodeExecution& node) {
    json::ObjectWriter out;
    out.text("node_key", node.node_key)
        .text("node_id", node.node_id)
        .text("status", to_string(node.status))
        .json("skip_reason", node.skip_reason ? '"' + std::string(to_string(*node.skip_reason)) + '"' : "null")
        .text_or_null("job_id", node.job_id)
        .text_or_null("batch_id", node.batch_id)
        .integer("job_count", node.job_count)
        .integer("failed_job_count", node.failed_job_count)
        .integer("item_count", node.item_count)
        .integer("reused_count", node.reused_count)
        .text_or_null("error", node.error)
        .time_or_null("started_at", node.started_at)
        .time_or_null("completed_at", node.completed_at);
    return std::move(out).finish();
}

json::ObjectWriter write_run(const WorkflowRun& run, RunStatus partial_as) {
    json::ObjectWriter out;
    out.text("id", run.run_id)
        .text("run_id", run.run_id)
        .text("workflow_id", run.workflow_id)
        .text_or_null("schedule_id", run.schedule_id)
        .text("status", to_string(run.status == RunStatus::partial ? partial_as : run.status))
        .text("trigger", to_string(run.trigger))
        .flag("force", run.force)
        .flag_or_null("changed_since_previous", run.changed_since_previous)
        .integer("failed_job_count", run.failed_job_count)
        .text_or_null("error", run.error)
        .time("created_at", run.created_at)
        .time_or_null("started_at", run.started_at)
        .time_or_null("completed_at", run.completed_at);
    return out;
}

}  // namespace

std::string to_json(const WorkflowNode& node) {
    json::ObjectWriter out;
    out.text("id", node.node_id)
        .text("node_key", node.node_key)
        .text("strategy_id", node.strategy_id)
        .text("input_type", to_string(node.input_type));
    if (node.static_urls)
        out.texts("static_urls", *node.static_urls);
    else
        out.json("static_urls", "null");
    out.text_or_null("url_field", node.url_field)
        .json_or_null("static_parameters", node.static_parameters)
        .json_or_null("parameter_config", node.parameter_config)
        .time("created_at", node.created_at)
        .time("updated_at", node.updated_at);
    return std::move(out).finish();
}

std::string to_json(const WorkflowEdge& edge) {
    json::ObjectWriter out;
    out.text("id", edge.edge_id)
        .text("source_node_key", edge.source_node_key)
        .text("target_node_key", edge.target_node_key)
        .json_or_null("filter_config", edge.filter_config)
        .time("created_at", edge.created_at);
    return std::move(out).finish();
}

std::string to_json(const Workflow& workflow) {
    json::ObjectWriter out;
    out.text("id", workflow.workflow_id)
        .text("workflow_id", workflow.workflow_id)
        .text("name", workflow.name)
        .text_or_null("description", workflow.description)
        .flag("enabled", workflow.enabled)
        .json("nodes", workflow_parts_json(workflow.nodes))
        .json("edges", workflow_parts_json(workflow.edges))
        .time("created_at", workflow.created_at)
        .time("updated_at", workflow.updated_at);
    return std::move(out).finish();
}

std::string to_json(const WorkflowRun& run, RunStatus partial_as) {
    std::string nodes = "[";
    for (const auto& node : run.node_executions) {
        if (nodes.size() > 1) nodes += ',';
        nodes += node_execution_json(node);
    }
    nodes += ']';
    auto out = write_run(run, partial_as);
    out.json("node_executions", nodes);
    return std::move(out).finish();
}

std::string to_summary_json(const WorkflowRun& run, RunStatus partial_as) {
    return write_run(run, partial_as).finish();
}

}  // namespace meter
