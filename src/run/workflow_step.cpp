#include "run/workflow_step.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/id.hpp"
#include "meter/json.hpp"
#include "run/workflow_events.hpp"
#include "run/workflow_output.hpp"
#include "workflow/states.hpp"

namespace meter::run {
namespace {

constexpr std::size_t chunk_inputs = 500;    // written in one transaction
constexpr std::size_t most_changes = 2'000;  // nodes in one transaction

std::string cut_text(std::int64_t run, std::int64_t left_out) {
    return "Only the first " + std::to_string(run) + " inputs were run, " + std::to_string(left_out) +
           (left_out == 1 ? " was left out" : " were left out");
}

}  // namespace

/// A node being planned.
struct WorkflowStep::Planning {
    std::size_t node = 0;
    const Strategy& strategy;
    workflow::InputPlanner planner;
    std::vector<workflow::PlannedInput> found = {};  ///< not yet turned into rows
    std::int64_t sequence = 0;                       ///< of the first of `found`
    bool only_hash = false;                          ///< the inputs are not wanted yet
    bool may_reuse = false;                          ///< inputs whose feed is known hand on what they had
};

WorkflowStep::WorkflowStep(StepParts parts, const ClaimedWorkflowRun& claimed, std::stop_token stop)
    : parts_(std::move(parts)), claimed_(claimed), stop_(std::move(stop)), progress_(claimed_.nodes) {
    for (NodeProgress& node : progress_) {
        written_.push_back(node.execution.status);
        executions_.push_back(std::exchange(node.execution, {}));
    }
}

Result<StepEnd> WorkflowStep::make() {
    auto left = go();
    // A store in trouble may recover. Whatever else is wrong will be wrong again: the run ends with it.
    if (left || left.error().code == ErrorCode::store) return left;
    changes_.clear();
    return finish({.status = RunStatus::failed, .error = left.error().message});
}

Result<StepEnd> WorkflowStep::go() {
    if (auto read = read_graph(); !read) return read.error();
    if (claimed_.expired) {
        auto expired = expire();
        if (!expired) return expired.error();
        if (*expired) return **expired;
    } else {
        end_nodes();
        for (;;) {
            auto flow = plan_wave();
            if (!flow) return flow.error();
            if (*flow) return **flow;
            if (workflow::ready_nodes(*graph_, executions_).empty()) break;
        }
    }
    const bool all_ended = std::all_of(executions_.begin(), executions_.end(),
                                       [](const NodeExecution& node) { return workflow::ended(node.status); });
    auto written = write();
    if (!written) return written.error();
    if (*written) return **written;
    if (!all_ended) return StepEnd::waits;
    return finish();
}

/// Nodes may have been added one by one: whether they make a whole is looked at when a run begins (wire contract 19.1).
Result<void> WorkflowStep::read_graph() {
    if (claimed_.nodes.size() != claimed_.definition.nodes.size())
        return Error{ErrorCode::internal, "The nodes of the run are not those of its definition"};
    auto graph = claimed_.run.status == RunStatus::pending
                     ? workflow::check_workflow(claimed_.definition.nodes, claimed_.definition.edges,
                                                workflow::Completeness::required)
                     : graph_of(claimed_.definition);
    if (!graph) return graph.error();
    graph_ = *std::move(graph);
    return {};
}

std::string WorkflowStep::timeout_text() const {
    return "Workflow run timed out after " + std::to_string(parts_.options.run_timeout.count()) + " seconds";
}

Result<WorkflowStep::Flow> WorkflowStep::expire() {
    WorkflowStore& store = parts_.store.workflows();
    const auto failed = store.fail_open_jobs(claimed_.ref(), timeout_text(), parts_.clock.now());
    if (!failed) return failed.error();
    if (!*failed) return Flow(StepEnd::lost);
    parts_.jobs_failed(claimed_.run.run_id);
    // Jobs may have ended between the claim and this: the counts are read again.
    auto run = store.find_run(claimed_.run.account_id, claimed_.run.workflow_id, claimed_.run.run_id);
    if (!run) return run.error();
    if (!*run) return Flow(StepEnd::lost);
    executions_ = std::move((*run)->node_executions);
    for (const std::size_t node : graph_->order()) {
        const NodeExecution& execution = executions_[node];
        if (workflow::ended(execution.status)) continue;
        if (workflow::upstreams_failed(*graph_, executions_, node)) {
            skip_node(node, SkipReason::upstream_failed);
        } else if (execution.status == NodeStatus::running && progress_[node].planned) {
            const auto status =
                workflow::ended_status(execution.job_count, execution.failed_job_count, execution.reused_count);
            end_node(node, status, status == NodeStatus::failed ? std::optional(timeout_text()) : std::nullopt);
        } else {
            end_node(node, NodeStatus::failed, timeout_text());
        }
    }
    return Flow();
}

void WorkflowStep::end_nodes() {
    for (std::size_t node = 0; node < executions_.size(); ++node) {
        const NodeExecution& execution = executions_[node];
        if (execution.status != NodeStatus::running || !progress_[node].planned || progress_[node].open_jobs > 0)
            continue;
        const auto status =
            workflow::ended_status(execution.job_count, execution.failed_job_count, execution.reused_count);
        end_node(node, status, status == NodeStatus::failed ? progress_[node].job_error : execution.error);
    }
}

void WorkflowStep::end_node(std::size_t node, NodeStatus status, std::optional<std::string> error) {
    NodeExecution& execution = executions_[node];
    execution.status = status;
    execution.error = std::move(error);
    execution.completed_at = parts_.clock.now();
    if (!execution.started_at) execution.started_at = execution.completed_at;
    progress_[node].planned = true;
    change_of(node);
}

void WorkflowStep::skip_node(std::size_t node, SkipReason reason) {
    executions_[node].skip_reason = reason;
    end_node(node, NodeStatus::skipped);
}

/// What is to be written about a node, brought up to date.
NodeChange& WorkflowStep::change_of(std::size_t node) {
    NodeChange& change = changes_[node];
    change.node_id = claimed_.definition.nodes[node].node_id;
    change.progress = progress_[node];
    change.progress.execution = executions_[node];
    return change;
}

const NodeProgress* WorkflowStep::previous_of(std::size_t node) const {
    if (claimed_.run.force || !claimed_.previous_run_id || graph_->is_start(node)) return nullptr;
    const std::string& id = claimed_.definition.nodes[node].node_id;
    const auto found = std::find_if(claimed_.previous_nodes.begin(), claimed_.previous_nodes.end(),
                                    [&](const NodeProgress& previous) { return previous.execution.node_id == id; });
    return found == claimed_.previous_nodes.end() ? nullptr : &*found;
}

Result<const WorkflowStep::RunStrategy*> WorkflowStep::strategy_of(std::size_t node) {
    const std::string& id = claimed_.definition.nodes[node].strategy_id;
    if (const auto known = strategies_.find(id); known != strategies_.end()) return &known->second;
    auto found = parts_.store.workflows().run_strategy(claimed_.run.account_id, claimed_.run.run_id, id);
    if (!found) return found.error();
    if (!*found) return nullptr;
    RunStrategy strategy{**std::move(found), std::nullopt};
    if (strategy.strategy.output_schema) {
        const auto text = parse_json(*strategy.strategy.output_schema, {.max_depth = 128});
        if (!text) return text.error();
        auto schema = OutputSchema::parse(*text);
        if (!schema) return schema.error();
        strategy.schema = *std::move(schema);
    }
    return &strategies_.emplace(id, std::move(strategy)).first->second;
}

std::vector<WorkflowEdge> WorkflowStep::incoming_edges(std::size_t node) const {
    std::vector<WorkflowEdge> edges;
    for (const std::size_t arc : graph_->incoming(node)) edges.push_back(claimed_.definition.edges[arc]);
    return edges;
}

/// Plans every node that can be: those that are ready, and those whose planning was cut off.
Result<WorkflowStep::Flow> WorkflowStep::plan_wave() {
    std::vector<std::size_t> nodes = workflow::ready_nodes(*graph_, executions_);
    for (std::size_t node = 0; node < executions_.size(); ++node)
        if (executions_[node].status == NodeStatus::running && !progress_[node].planned) nodes.push_back(node);
    for (const std::size_t node : nodes) {
        auto flow = plan(node);
        if (!flow || *flow) return flow;
    }
    // The next wave reads what these hand on.
    if (unwritten_inputs_ > 0 || changes_.size() >= most_changes) return write();
    return Flow();
}

Result<WorkflowStep::Flow> WorkflowStep::plan(std::size_t node) {
    const WorkflowNode& definition = claimed_.definition.nodes[node];
    NodeExecution& execution = executions_[node];
    NodeProgress& progress = progress_[node];
    const bool resumed = execution.status == NodeStatus::running;
    if (!resumed && workflow::upstreams_failed(*graph_, executions_, node)) {
        skip_node(node, SkipReason::upstream_failed);
        return Flow();
    }
    const auto known = strategy_of(node);
    if (!known) return known.error();
    if (*known == nullptr) {
        end_node(node, NodeStatus::failed, "Strategy not found");
        return Flow();
    }
    const Strategy& strategy = (*known)->strategy;
    const auto edges = incoming_edges(node);
    const auto make_planner = [&] {
        return workflow::InputPlanner::make(definition, strategy, edges, parts_.options.max_node_jobs);
    };
    auto planner = make_planner();
    if (!planner) {
        end_node(node, NodeStatus::failed, planner.error().message);
        return Flow();
    }
    progress.signature = workflow::node_signature(definition, strategy, edges);
    const NodeProgress* previous = previous_of(node);
    if (previous != nullptr && (!workflow::good(previous->execution) || previous->signature != progress.signature))
        previous = nullptr;

    if (previous != nullptr && previous->execution.failed_job_count == 0 && !resumed) {
        Planning planning{.node = node, .strategy = strategy, .planner = *std::move(planner), .only_hash = true};
        auto fed = feed(planning);
        if (!fed || *fed) return fed;
        if (planning.planner.input_hash() == previous->input_hash) {
            progress.input_hash = previous->input_hash;
            execution.item_count = previous->execution.item_count;
            skip_node(node, SkipReason::unchanged);
            change_of(node).copy_from_run = claimed_.previous_run_id;
            return Flow();
        }
        planner = make_planner();
        if (!planner) return planner.error();
    }

    if (!resumed) {
        execution.status = NodeStatus::running;
        execution.started_at = parts_.clock.now();
    }
    // What is made once from all items may come out differently when any of them does (wire contract 19.6).
    const bool may_reuse = previous != nullptr && planner->per_item();
    Planning planning{.node = node, .strategy = strategy, .planner = *std::move(planner), .may_reuse = may_reuse};
    for (const auto part : {&WorkflowStep::feed, &WorkflowStep::take}) {
        auto flow = (this->*part)(planning);
        if (!flow || *flow) return flow;
        if (workflow::ended(execution.status)) return Flow();  // its strategy was removed meanwhile
    }
    progress.input_hash = planning.planner.input_hash();
    progress.planned = true;
    if (planning.planner.cut() > 0) execution.error = cut_text(planning.sequence, planning.planner.cut());
    change_of(node);
    if (execution.job_count == 0) end_node(node, NodeStatus::completed, execution.error);
    return Flow();
}

Result<WorkflowStep::Flow> WorkflowStep::feed(Planning& planning) {
    const auto& incoming = graph_->incoming(planning.node);
    Flow left;
    for (std::size_t edge = 0; edge < incoming.size() && !left; ++edge) {
        const std::size_t source = graph_->arcs()[incoming[edge]].from;
        if (!workflow::good(executions_[source])) continue;
        const auto strategy = strategy_of(source);
        if (!strategy) return strategy.error();
        const OutputSchema* schema = *strategy != nullptr && (*strategy)->schema ? &*(*strategy)->schema : nullptr;
        // A node that was skipped just now is not written yet: what it hands on is still where it was.
        const auto unwritten = changes_.find(source);
        const bool copied = unwritten != changes_.end() && unwritten->second.copy_from_run;
        const auto read = for_each_output(
            parts_.store.workflows(),
            {.run_id = copied ? *unwritten->second.copy_from_run : claimed_.run.run_id,
             .node_id = claimed_.definition.nodes[source].node_id},
            [&](const NodeOutput& output) -> Result<void> {
                auto results = parse_json(output.results, {.max_depth = 512, .max_bytes = std::size_t{1} << 30});
                if (!results) return results.error();
                for (const Value& item : items_of(schema, *std::move(results)))
                    planning.planner.feed(edge, item, output.url, planning.found);
                if (planning.only_hash) planning.found.clear();
                if (stop_.stop_requested()) left = StepEnd::later;
                if (planning.found.size() >= chunk_inputs && !left) {
                    auto taken = take(planning);
                    if (!taken) return taken.error();
                    left = *taken;
                }
                // An error ends the reading; `left` tells what it was about.
                if (left) return Error{ErrorCode::cancelled, "Cancelled"};
                return {};
            });
        if (!read && !left) return read.error();
    }
    if (left) return left;
    planning.planner.finish(planning.found);
    if (planning.only_hash) planning.found.clear();
    return Flow();
}

Job WorkflowStep::job_of(const Planning& planning, const workflow::PlannedInput& input) const {
    Job job;
    job.created_at = parts_.clock.now();
    job.job_id = core::new_uuid(job.created_at);
    job.account_id = claimed_.run.account_id;
    job.strategy_id = planning.strategy.strategy_id;
    job.workflow_run_id = claimed_.run.run_id;
    job.workflow_node_id = claimed_.definition.nodes[planning.node].node_id;
    job.url = input.url;
    job.parameters = input.parameters;
    return job;
}

Result<void> WorkflowStep::reuse(const Planning& planning, std::vector<NodeInput>& inputs) {
    const std::string& run_id = *claimed_.previous_run_id;
    const std::string& node_id = claimed_.definition.nodes[planning.node].node_id;
    auto feeds = feeds_.find(planning.node);
    if (feeds == feeds_.end()) {
        auto read = FeedIndex::read(parts_.store.workflows(), run_id, node_id);
        if (!read) return read.error();
        feeds = feeds_.emplace(planning.node, *std::move(read)).first;
    }
    std::vector<std::int64_t> sequences;
    for (const NodeInput& input : inputs) feeds->second.find(input.feed_hash, sequences);
    auto earlier = parts_.store.workflows().reusable(run_id, node_id, sequences);
    if (!earlier) return earlier.error();
    std::unordered_map<std::string_view, const NodeInput*> by_hash;
    for (const NodeInput& input : *earlier) by_hash.emplace(input.feed_hash, &input);
    for (NodeInput& input : inputs) {
        const auto found = by_hash.find(input.feed_hash);
        if (found == by_hash.end()) continue;
        input.reused = true;
        input.job_id = found->second->job_id;
        input.item_count = found->second->item_count;
    }
    return {};
}

Result<WorkflowStep::Flow> WorkflowStep::take(Planning& planning) {
    const auto found = std::exchange(planning.found, {});
    NodeProgress& progress = progress_[planning.node];
    NodeExecution& execution = executions_[planning.node];
    if (workflow::ended(execution.status)) return Flow();  // its strategy was removed meanwhile
    for (std::size_t begin = 0; begin < found.size();) {
        std::vector<NodeInput> inputs;
        std::vector<const workflow::PlannedInput*> planned;
        for (; begin < found.size() && inputs.size() < chunk_inputs; ++begin, ++planning.sequence) {
            if (planning.sequence < progress.input_count) continue;
            inputs.push_back(
                {.sequence = planning.sequence, .url = found[begin].url, .feed_hash = found[begin].feed_hash});
            planned.push_back(&found[begin]);
        }
        if (inputs.empty()) continue;
        if (parts_.queue_is_full() || stop_.stop_requested()) return Flow(StepEnd::later);
        if (planning.may_reuse)
            if (auto reused = reuse(planning, inputs); !reused) return reused.error();

        NodeChange& change = change_of(planning.node);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            NodeInput& input = inputs[i];
            ++progress.input_count;
            ++unwritten_inputs_;
            if (input.reused) {
                ++execution.reused_count;
                execution.item_count += input.item_count;
            } else {
                change.jobs.push_back(job_of(planning, *planned[i]));
                input.job_id = change.jobs.back().job_id;
                ++execution.job_count;
                ++progress.open_jobs;
            }
            change.inputs.push_back(std::move(input));
        }
        // One job more or less: which of them is the only one is not known before the last.
        if (!execution.batch_id && !change.jobs.empty() && (change.jobs.size() > 1 || execution.job_count > 1))
            execution.batch_id = core::new_uuid(parts_.clock.now());
        if (execution.batch_id && !change.jobs.empty()) {
            change.batch_id = execution.batch_id;
            for (Job& job : change.jobs) job.batch_id = execution.batch_id;
        }
        if (unwritten_inputs_ < chunk_inputs) continue;
        auto flow = write();
        if (!flow || *flow || workflow::ended(execution.status)) return flow;
    }
    return Flow();
}

Result<WorkflowStep::Flow> WorkflowStep::write() {
    if (changes_.empty()) return Flow();
    for (auto& [node, change] : changes_) change_of(node);
    std::vector<NodeChange> changes;
    std::size_t jobs = 0;
    for (const auto& [node, change] : changes_) {
        changes.push_back(change);
        jobs += change.jobs.size();
    }
    const auto written = parts_.store.workflows().advance(claimed_.ref(), changes, parts_.clock.now());
    if (!written && written.error().code == ErrorCode::not_found) {
        // The strategy of a node was removed with what it had made.
        bool ours = false;
        for (auto& [node, change] : changes_) {
            if (change.jobs.empty() || change.jobs.front().strategy_id != written.error().subject) continue;
            ours = true;
            executions_[node].batch_id.reset();
            change.jobs.clear();
            change.inputs.clear();
            change.batch_id.reset();
            progress_[node].open_jobs = 0;
            end_node(node, NodeStatus::failed, "Strategy not found");
        }
        if (ours) return write();
    }
    if (!written) return written.error();
    std::size_t moved = 0;
    for (const auto& [node, change] : changes_) {
        const NodeStatus before = std::exchange(written_[node], change.progress.execution.status);
        if (before != written_[node]) ++moved;
    }
    changes_.clear();
    unwritten_inputs_ = 0;
    if (!*written) return Flow(StepEnd::lost);
    parts_.nodes_moved(moved);
    if (jobs > 0) parts_.jobs_added(jobs);
    return Flow();
}

Result<StepEnd> WorkflowStep::finish() {
    WorkflowStore& store = parts_.store.workflows();
    const workflow::Verdict verdict = workflow::verdict(*graph_, executions_);
    WorkflowRunEnd end{.status = verdict.status, .error = verdict.error};
    auto hash = leaf_hash(store, claimed_.definition, *graph_, claimed_.run.run_id);
    if (!hash) return hash.error();
    end.output_hash = *std::move(hash);
    end.changed_since_previous = verdict.status != RunStatus::failed && claimed_.previous_run_id.has_value() &&
                                 claimed_.previous_output_hash != end.output_hash;
    return finish(std::move(end));
}

Result<StepEnd> WorkflowStep::finish(WorkflowRunEnd end) {
    end.completed_at = parts_.clock.now();
    WorkflowRun run = claimed_.run;
    run.node_executions = executions_;
    if (!run.started_at) run.started_at = end.completed_at;
    auto deliveries = run_events(parts_.store, claimed_.definition, graph_ ? &*graph_ : nullptr, run, end);
    if (!deliveries) return deliveries.error();
    end.deliveries = *std::move(deliveries);
    const auto finished = parts_.store.workflows().finish(claimed_.ref(), end);
    if (!finished) return finished.error();
    if (!*finished) return StepEnd::lost;
    parts_.run_ended(end.status);
    return end.deliveries.empty() ? StepEnd::finished : StepEnd::delivered;
}

}  // namespace meter::run
