#include "run/workflow_events.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/id.hpp"
#include "json/object_writer.hpp"
#include "notify/events.hpp"
#include "run/workflow_output.hpp"

namespace meter::run {
namespace {

std::int64_t leaf_items(const workflow::Graph& graph, const WorkflowRun& run) {
    std::int64_t count = 0;
    for (std::size_t node = 0; node < run.node_executions.size(); ++node)
        if (graph.is_leaf(node)) count += run.node_executions[node].item_count;
    return count;
}

}  // namespace

Result<std::vector<Delivery>> run_events(Store& store, const Workflow& definition, const workflow::Graph* graph,
                                         const WorkflowRun& run, const WorkflowRunEnd& end) {
    using Deliveries = std::vector<Delivery>;
    if (!run.schedule_id) return Deliveries{};
    const auto schedule = store.schedules().find(run.account_id, *run.schedule_id);
    if (!schedule) return schedule.error();
    const auto target = *schedule ? webhook_target(**schedule) : std::nullopt;
    const bool failed = end.status == RunStatus::failed;
    if (!target || target->url.empty() || !(target->on == WebhookOn::all || failed || end.changed_since_previous))
        return Deliveries{};

    std::optional<std::string> results;
    if (!failed && graph != nullptr) {
        auto read = results_by_url(store.workflows(), definition, *graph, run.run_id, false);
        if (!read) return read.error();
        results = *std::move(read);
    }
    json::ObjectWriter out;
    out.text("workflow_id", run.workflow_id)
        .text("workflow_name", definition.name)
        .text("run_id", run.run_id)
        .text("schedule_id", *run.schedule_id)
        .text("status", to_string(end.status))
        .text("trigger", to_string(run.trigger))
        .flag("has_changes", end.changed_since_previous)
        .flag("changed_since_previous", end.changed_since_previous)
        .integer("item_count", graph != nullptr ? leaf_items(*graph, run) : 0)
        .json_or_null("final_results_by_url_grouped", results)
        .text_or_null("error", end.error)
        .time_or_null("started_at", run.started_at)
        .time("completed_at", end.completed_at)
        .json_or_null("metadata", target->metadata);

    Delivery delivery;
    delivery.delivery_id = core::new_uuid(end.completed_at);
    delivery.account_id = run.account_id;
    delivery.schedule_id = *run.schedule_id;
    delivery.workflow_run_id = run.run_id;
    delivery.event = "workflow_run." + std::string(to_string(end.status));
    delivery.name = definition.name;
    delivery.payload = std::move(out).finish();
    delivery.endpoint = notify::endpoint_of(target->url, target->type);
    delivery.next_attempt_at = end.completed_at;
    delivery.created_at = end.completed_at;
    Deliveries deliveries;
    deliveries.push_back(std::move(delivery));
    return deliveries;
}

}  // namespace meter::run
