// Workflows: directed acyclic graphs of scrapes, their runs and what those hand on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/schedule.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"
#include "meter/value.hpp"

namespace meter {

/// What the jobs of a node are made from (wire contract 19.2).
enum class NodeInputType {
    static_urls,    ///< one job for each of the node's URLs
    upstream_urls,  ///< one for each URL found in `url_field` of the items that arrive
    upstream_data,  ///< one for each item that arrives (api strategies), or one in all
    trigger_only    ///< once anything arrives: one for each static URL, or one on the strategy's URL
};

METER_EXPORT std::string_view to_string(NodeInputType type) noexcept;
METER_EXPORT std::optional<NodeInputType> parse_node_input_type(std::string_view name) noexcept;

/// A node: a strategy and where its input comes from. JSON members are kept as text.
struct WorkflowNode {
    std::string node_id;   ///< UUID; empty in a request
    std::string node_key;  ///< 1 to 100 characters, unique in the workflow
    std::string strategy_id;
    NodeInputType input_type = NodeInputType::static_urls;
    std::optional<std::vector<std::string>> static_urls = {};  ///< 1 to 10,000
    std::optional<std::string> url_field = {};                 ///< dotted path in the items that arrive
    std::optional<std::string> static_parameters = {};         ///< JSON object text; api strategies only
    std::optional<std::string> parameter_config = {};          ///< JSON object text (wire contract 19.3)
    TimePoint created_at{};
    TimePoint updated_at{};

    bool operator==(const WorkflowNode&) const = default;
};

/// Hands the items of one node that pass the filter to another.
struct WorkflowEdge {
    std::string edge_id;  ///< UUID; empty in a request
    std::string source_node_key;
    std::string target_node_key;
    std::optional<std::string> filter_config = {};  ///< JSON object text; none: every item
    TimePoint created_at{};

    bool operator==(const WorkflowEdge&) const = default;
};

/// A stored workflow.
struct Workflow {
    std::string workflow_id;  ///< UUID
    std::string account_id;
    std::string name;
    std::optional<std::string> description;
    bool enabled = true;              ///< false: schedules do not tick; manual runs still work
    std::vector<WorkflowNode> nodes;  ///< in the order they were defined
    std::vector<WorkflowEdge> edges;  ///< in the order they were made
    TimePoint created_at{};
    TimePoint updated_at{};
    std::int64_t version = 1;  ///< raised by every change

    bool operator==(const Workflow&) const = default;
};

/// The wire form (JSON object text).
METER_EXPORT std::string to_json(const Workflow& workflow);
METER_EXPORT std::string to_json(const WorkflowNode& node);
METER_EXPORT std::string to_json(const WorkflowEdge& edge);

/// What a workflow is made from. Ids and times of nodes and edges are ignored: the engine sets them.
struct WorkflowRequest {
    std::string name = {};
    std::optional<std::string> description = {};
    std::vector<WorkflowNode> nodes = {};
    std::vector<WorkflowEdge> edges = {};
};

/// Members that are absent stay; an inner nullopt clears.
struct WorkflowPatch {
    std::optional<std::string> name = {};
    std::optional<std::optional<std::string>> description = {};
    std::optional<bool> enabled = {};
};

/// As WorkflowPatch. The merged node has to be one that a request could have.
struct WorkflowNodePatch {
    std::optional<std::string> node_key = {};  ///< edges follow
    std::optional<std::string> strategy_id = {};
    std::optional<NodeInputType> input_type = {};
    std::optional<std::optional<std::vector<std::string>>> static_urls = {};
    std::optional<std::optional<std::string>> url_field = {};
    std::optional<std::optional<std::string>> static_parameters = {};
    std::optional<std::optional<std::string>> parameter_config = {};
};

/// Read request bodies: kinds and lengths of members. Errors: invalid_argument; `subject` is the dotted member, like
/// "nodes.1.url_field". What needs the whole graph (wire contract 19.1), and URLs, are checked where it is stored.
METER_EXPORT Result<WorkflowRequest> parse_workflow_request(const Value& body);
METER_EXPORT Result<WorkflowPatch> parse_workflow_patch(const Value& body);
METER_EXPORT Result<WorkflowNode> parse_workflow_node(const Value& body);
METER_EXPORT Result<WorkflowNodePatch> parse_workflow_node_patch(const Value& body);
METER_EXPORT Result<WorkflowEdge> parse_workflow_edge(const Value& body);
/// `force` of a body {"force": bool}; a null body is an empty one.
METER_EXPORT Result<bool> parse_workflow_run_request(const Value& body);

/// What a node that follows another one runs on: with `urls` trigger_only, else with `url_field` upstream_urls, else
/// upstream_data.
struct FollowOptions {
    std::vector<std::string> urls = {};
    std::optional<std::string> url_field = {};
    std::optional<std::string> filter = {};            ///< of the edge; JSON object text
    std::optional<std::string> parameters = {};        ///< static_parameters; JSON object text
    std::optional<std::string> parameter_config = {};  ///< JSON object text
};

/// Builds a request node by node.
///   WorkflowBuilder flow("Jobs");
///   flow.start("index", index_strategy, {"https://jobs.example/list"})
///       .then("details", detail_strategy, {.url_field = "link", .filter = R"({"conditions":[...]})"});
///   auto workflow = engine->create_workflow(flow.request());
/// What is wrong is told by create_workflow(). Threads: one at a time.
class METER_EXPORT WorkflowBuilder {
public:
    /// A node of the workflow being built; valid as long as its builder.
    class METER_EXPORT Node {
    public:
        /// Adds a node and the edge to it.
        Node then(std::string node_key, std::string strategy_id, FollowOptions follow = {});
        /// Adds an edge to a node that is there already: fan-in.
        Node into(const Node& target, std::optional<std::string> filter = {});
        const std::string& key() const noexcept { return key_; }

    private:
        friend class WorkflowBuilder;
        Node(WorkflowBuilder& builder, std::string key);
        WorkflowBuilder* builder_;
        std::string key_;
    };

    explicit WorkflowBuilder(std::string name, std::optional<std::string> description = {});

    /// Adds a node without an upstream.
    Node start(std::string node_key, std::string strategy_id, std::vector<std::string> urls,
               std::optional<std::string> parameters = {});
    const WorkflowRequest& request() const noexcept { return request_; }

private:
    WorkflowRequest request_;
};

/// pending -> running -> completed | partial | failed | cancelled (wire contract 19.5).
enum class RunStatus { pending, running, completed, partial, failed, cancelled };
METER_EXPORT std::string_view to_string(RunStatus status) noexcept;
METER_EXPORT std::optional<RunStatus> parse_run_status(std::string_view name) noexcept;

enum class NodeStatus { pending, running, completed, failed, skipped, cancelled };
METER_EXPORT std::string_view to_string(NodeStatus status) noexcept;
METER_EXPORT std::optional<NodeStatus> parse_node_status(std::string_view name) noexcept;

enum class SkipReason { unchanged, upstream_failed };
METER_EXPORT std::string_view to_string(SkipReason reason) noexcept;
METER_EXPORT std::optional<SkipReason> parse_skip_reason(std::string_view name) noexcept;

enum class RunTrigger { manual, schedule };
METER_EXPORT std::string_view to_string(RunTrigger trigger) noexcept;
METER_EXPORT std::optional<RunTrigger> parse_run_trigger(std::string_view name) noexcept;

/// What became of one node in one run.
struct NodeExecution {
    std::string node_key;
    std::string node_id;
    NodeStatus status = NodeStatus::pending;
    std::optional<SkipReason> skip_reason = {};  ///< set when skipped
    std::optional<std::string> job_id = {};      ///< the first job; nullopt when it ran none
    std::optional<std::string> batch_id = {};    ///< set for several jobs
    std::int64_t job_count = 0;
    std::int64_t failed_job_count = 0;
    std::int64_t item_count = 0;    ///< handed on, reused ones included
    std::int64_t reused_count = 0;  ///< inputs whose output of an earlier run was handed on without a job
    std::optional<std::string> error = {};
    std::optional<TimePoint> started_at = {};
    std::optional<TimePoint> completed_at = {};

    bool operator==(const NodeExecution&) const = default;
};

struct WorkflowRun {
    std::string run_id;  ///< UUID
    std::string workflow_id;
    std::string account_id;
    std::optional<std::string> schedule_id;
    RunStatus status = RunStatus::pending;
    RunTrigger trigger = RunTrigger::manual;
    bool force = false;
    std::optional<bool> changed_since_previous;  ///< set when ended
    std::int64_t failed_job_count = 0;
    std::optional<std::string> error;
    TimePoint created_at{};
    std::optional<TimePoint> started_at;
    std::optional<TimePoint> completed_at;
    std::vector<NodeExecution> node_executions;  ///< in definition order; empty in lists

    bool operator==(const WorkflowRun&) const = default;
};

/// The wire forms (JSON object text). `partial_as` replaces the status `partial` (wire contract 19.5).
METER_EXPORT std::string to_json(const WorkflowRun& run, RunStatus partial_as = RunStatus::partial);
METER_EXPORT std::string to_summary_json(const WorkflowRun& run, RunStatus partial_as = RunStatus::partial);

/// Which form of output (wire contract 19.7).
struct WorkflowOutputQuery {
    bool flat = false;
    bool include_intermediate = false;
};

/// A schedule of a workflow (wire contract 19.8): timing and webhook as those of strategies; `workflow_id` is set,
/// `strategy_id` is empty, no URLs and no parameters. The wire form (JSON object text).
METER_EXPORT std::string to_workflow_schedule_json(const Schedule& schedule, SecretShown secret = SecretShown::no);

/// Read request bodies of workflow schedules; the members that these do not have are ignored. Errors: as
/// parse_schedule_request().
METER_EXPORT Result<ScheduleRequest> parse_workflow_schedule_request(const Value& body);
METER_EXPORT Result<SchedulePatch> parse_workflow_schedule_patch(const Value& body);

}  // namespace meter
