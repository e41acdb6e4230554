// One step of a run: ends nodes whose jobs have ended, plans those that are ready, ends the run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "meter/clock.hpp"
#include "meter/engine.hpp"
#include "meter/schema.hpp"
#include "meter/store.hpp"
#include "meter/workflow.hpp"
#include "run/feed_index.hpp"
#include "workflow/graph.hpp"
#include "workflow/inputs.hpp"

namespace meter::run {

/// What a step works on. All set.
struct StepParts {
    Store& store;
    Clock& clock;
    const WorkflowOptions& options;
    std::function<void(std::size_t)> jobs_added;               ///< so many were queued
    std::function<bool()> queue_is_full;                       ///< then planning waits
    std::function<void(std::string_view run_id)> jobs_failed;  ///< unfinished jobs of a run were ended in the store
    std::function<void(std::size_t)> nodes_moved;              ///< so many nodes have another status now
    std::function<void(RunStatus)> run_ended;
};

/// How a step left its run.
enum class StepEnd {
    waits,      ///< for jobs
    later,      ///< there is more to plan; look again soon
    finished,   ///< the run has ended
    delivered,  ///< the same, and something was put into the outbox
    lost        ///< the claim is no longer held
};

/// Makes one step of a claimed run. What it found out is written in as few transactions as the inputs allow: a node
/// that has many is written in parts, and planning that was cut off goes on behind what is stored. The claim is held
/// after `waits` and `later`, and after an error. Threads: one.
class WorkflowStep {
public:
    WorkflowStep(StepParts parts, const ClaimedWorkflowRun& claimed, std::stop_token stop);

    /// Errors: store.
    Result<StepEnd> make();

private:
    /// Does the step go on, or how has it left the run?
    using Flow = std::optional<StepEnd>;
    struct Planning;

    Result<StepEnd> go();
    Result<void> read_graph();
    Result<Flow> expire();
    Result<Flow> plan_wave();
    Result<Flow> plan(std::size_t node);
    /// Hands every item that reaches the node to its planner.
    Result<Flow> feed(Planning& planning);
    /// Turns planned inputs into rows, those that are stored already left out.
    Result<Flow> take(Planning& planning);
    Result<void> reuse(const Planning& planning, std::vector<NodeInput>& inputs);
    Result<Flow> write();
    Result<StepEnd> finish();
    Result<StepEnd> finish(WorkflowRunEnd end);

    void end_nodes();
    void end_node(std::size_t node, NodeStatus status, std::optional<std::string> error = {});
    void skip_node(std::size_t node, SkipReason reason);
    NodeChange& change_of(std::size_t node);
    const NodeProgress* previous_of(std::size_t node) const;
    /// A strategy as the run keeps it, with what reads its results.
    struct RunStrategy {
        Strategy strategy;
        std::optional<OutputSchema> schema;
    };
    /// Null when the run has no such strategy (any more). Errors: store, those of OutputSchema::parse().
    Result<const RunStrategy*> strategy_of(std::size_t node);
    std::vector<WorkflowEdge> incoming_edges(std::size_t node) const;
    Job job_of(const Planning& planning, const workflow::PlannedInput& input) const;
    std::string timeout_text() const;

    const StepParts parts_;
    const ClaimedWorkflowRun& claimed_;
    const std::stop_token stop_;
    std::optional<workflow::Graph> graph_;
    std::vector<NodeProgress> progress_;     ///< `execution` is kept apart
    std::vector<NodeExecution> executions_;  ///< as they will be once everything is written
    std::vector<NodeStatus> written_;        ///< the statuses that are stored
    std::map<std::size_t, NodeChange> changes_;
    std::size_t unwritten_inputs_ = 0;
    std::map<std::string, RunStrategy> strategies_;
    std::map<std::size_t, FeedIndex> feeds_;  ///< of the previous run, by node
};

}  // namespace meter::run
