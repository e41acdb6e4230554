// meter-workflow: a Meter workflow as a source of items; and where both types are registered.
#include "engine/engine_nodes.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/id.hpp"
#include "engine/impl.hpp"
#include "meter/json.hpp"
#include "meter/schema.hpp"
#include "run/workflow_output.hpp"
#include "workflow/graph.hpp"

namespace meter {
namespace {

constexpr std::chrono::hours longest_run_look{1};  // between looks at a run that nobody announces

Value workflow_node_schema() {
    return parse_json(R"({"type": "object", "required": ["workflowId"], "properties": {
        "workflowId": {"type": "string", "description": "A workflow of /api/workflows"},
        "force": {"type": "boolean", "default": false, "description": "Run every node, whatever an earlier run has"}}})")
        .value();
}

std::string config_member(const Value& config, std::string_view name) {
    const Value* value = config.find(name);
    const std::string* text = value != nullptr ? value->if_string() : nullptr;
    return text != nullptr ? *text : std::string();
}

/// One run of the node.
class WorkflowNodeRun {
public:
    WorkflowNodeRun(const EngineNodeParts& parts, const NodeContext& context)
        : parts_(parts),
          context_(context),
          workflow_id_(core::normalize_uuid(config_member(context.config, "workflowId")).value_or("")) {
        const Value* force = context.config.find("force");
        force_ = force != nullptr && force->if_bool() != nullptr && *force->if_bool();
    }

    Result<void> go(ItemSink& out) {
        auto run = finished_run();
        if (!run) return run.error();
        if (run->status == RunStatus::failed || run->status == RunStatus::cancelled)
            return Error{ErrorCode::internal, "Workflow run " + run->run_id + " " +
                                                  std::string(to_string(run->status)) +
                                                  (run->error ? ": " + *run->error : std::string())};
        if (run->status == RunStatus::partial)
            context_.logger.log(LogLevel::warning, "workflow run is partial",
                                {{"node", context_.node_id}, {"run", run->run_id}});
        return emit(*run, out);
    }

private:
    /// A run that has ended: one of our own, or the one that was under way, unless that may hand on old outputs.
    Result<WorkflowRun> finished_run() {
        const std::string run_id =
            context_.try_id.empty() ? "" : core::derived_uuid(context_.started_at, 0, context_.try_id);
        if (!run_id.empty()) {  // started by this try before its process ended?
            const auto before = parts_.store->workflows().find_run(context_.account_id, workflow_id_, run_id);
            if (!before) return before.error();
            if (*before) return wait_for(run_id, true);
        }
        for (;;) {
            if (context_.stop.stop_requested()) return Error{ErrorCode::cancelled, "Cancelled"};
            auto started = parts_.start_run(context_.account_id, workflow_id_, force_, run_id);
            if (started) return wait_for(started->run_id, true);
            if (started.error().code != ErrorCode::conflict) return started.error();
            auto other = wait_for(started.error().subject, false);
            if (!other && other.error().code != ErrorCode::not_found) return other;
            if (other && !force_ && other->status != RunStatus::cancelled) return other;
        }
    }

    Result<WorkflowRun> wait_for(const std::string& run_id, bool own) {
        std::optional<WorkflowRun> seen;
        for (;;) {
            if (parts_.run_pending)
                if (auto ran = parts_.run_pending(context_.stop); !ran) return ran.error();
            const auto ended = parts_.runner.wait(
                run_id, context_.clock.now() + longest_run_look, context_.stop, [&]() -> Result<bool> {
                    auto run = parts_.store->workflows().find_run(context_.account_id, workflow_id_, run_id);
                    if (!run) return run.error();
                    if (!*run) return not_found("Workflow run", run_id);
                    seen = **std::move(run);
                    return seen->status != RunStatus::pending && seen->status != RunStatus::running;
                });
            if (!ended) {
                if (own && !left_for_later(context_))
                    (void)parts_.cancel_run(context_.account_id, workflow_id_, run_id);
                return ended.error();
            }
            if (*ended) return *std::move(seen);
        }
    }

    /// What the leaves handed on, page by page.
    Result<void> emit(const WorkflowRun& run, ItemSink& out) {
        WorkflowStore& store = parts_.store->workflows();
        const auto definition = store.run_definition(context_.account_id, run.run_id);
        if (!definition) return definition.error();
        if (!*definition) return not_found("Workflow run", run.run_id);
        const auto graph = run::graph_of(**definition);
        if (!graph) return graph.error();
        for (std::size_t node = 0; node < graph->size(); ++node) {
            if (!graph->is_leaf(node)) continue;
            const WorkflowNode& leaf = (*definition)->nodes[node];
            const auto strategy = store.run_strategy(context_.account_id, run.run_id, leaf.strategy_id);
            if (!strategy) return strategy.error();
            const auto schema = *strategy ? schema_of(**strategy) : Result<std::optional<OutputSchema>>(std::nullopt);
            if (!schema) return schema.error();
            const auto read = run::for_each_output(
                store, {.run_id = run.run_id, .node_id = leaf.node_id}, [&](const NodeOutput& output) -> Result<void> {
                    return push_results(*schema ? &**schema : nullptr, output.results, out);
                });
            if (!read) return read;
        }
        return {};
    }

    const EngineNodeParts& parts_;
    const NodeContext& context_;
    const std::string workflow_id_;
    bool force_ = false;
};

}  // namespace

bool left_for_later(const NodeContext& context) {
    return context.runs_again && context.runs_again();
}

Result<void> push_results(const OutputSchema* schema, std::string_view results, ItemSink& out) {
    auto value = parse_json(results, {.max_depth = 512, .max_bytes = results.size()});
    if (!value) return value.error();
    for (Value& item : items_of(schema, *std::move(value)))
        if (auto pushed = out.push("output", std::move(item)); !pushed) return pushed;
    return {};
}

NodeType meter_workflow_type(std::shared_ptr<const EngineNodeParts> parts) {
    NodeType type;
    type.node_id = "meter-workflow";
    type.label = "Meter workflow";
    type.description = "Runs a workflow of scrapes and emits what its last nodes found.";
    type.category = "meter";
    type.kind = NodeKind::source;
    type.tags = {"scraping"};
    type.is_system = true;
    type.config_schema = workflow_node_schema();
    type.check = [](const Value& config) -> Result<void> {
        if (core::normalize_uuid(config_member(config, "workflowId"))) return {};
        return bad_request("config.workflowId must be a UUID", "config.workflowId");
    };
    type.run = [parts = std::move(parts)](NodeContext& context, ItemSource&, ItemSink& out) {
        return WorkflowNodeRun(*parts, context).go(out);
    };
    return type;
}

Result<void> add_engine_nodes(NodeRegistry& registry, EngineNodeParts parts) {
    const auto shared = std::make_shared<const EngineNodeParts>(std::move(parts));
    if (auto added = registry.add(meter_scrape_type(shared)); !added) return added;
    return registry.add(meter_workflow_type(shared));
}

}  // namespace meter
