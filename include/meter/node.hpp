// Automation nodes: the types a pipeline is made of, what they run with, and the streams of items between them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "meter/clock.hpp"
#include "meter/connection.hpp"
#include "meter/export.hpp"
#include "meter/fetcher.hpp"
#include "meter/logger.hpp"
#include "meter/notifier.hpp"
#include "meter/result.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"
#include "meter/value.hpp"

namespace meter {

struct AutomationGraph;

/// Where a node takes its items from, one by one: never more than one is held. Threads: one at a time.
class METER_EXPORT ItemSource {
public:
    virtual ~ItemSource();
    /// The next item; nullopt after the last. Blocks. Errors: the reader's own; cancelled.
    virtual Result<std::optional<Value>> next() = 0;
};

/// Where a node puts its items. Threads: one at a time.
class METER_EXPORT ItemSink {
public:
    virtual ~ItemSink();
    /// Hands an item out through a port ("output" unless the type says otherwise). Blocks while the reader is behind.
    /// An error ends the node: return it.
    virtual Result<void> push(std::string_view port, Value item) = 0;
};

/// What one run of a node may use. References are valid for the call.
struct NodeContext {
    Value config = Object{};       ///< the node's `config`; the registry has checked it
    Fetcher& fetcher;              ///< the only way to the network by HTTP
    Notifier* notifier = nullptr;  ///< null: webhook nodes are refused
    Clock& clock;
    Logger& logger;
    const Connections& connections;
    std::string execution_id = {};    ///< also {{executionId}} in texts
    TimePoint started_at{};           ///< of the execution; its day in UTC is {{date}}
    Value trigger_inputs = Object{};  ///< what the execution was started with
    bool has_inputs = true;           ///< does anything lead to the node? Sources then run once all the same
    std::string node_id = {};         ///< of this node in its workflow; for messages
    std::string account_id = {};      ///< of the workflow's owner: an execution acts for it, whoever started it
    std::stop_token stop = {};        ///< end soon when it is requested, with the error `cancelled`
    /// Names this try of the node: the same when it is run anew because its process ended, another one after it failed.
    /// What must not be made twice is keyed by it. Empty: it is run once.
    std::string try_id = {};
    /// Asked by a node that cannot go on: is this try run anew, so that what it waits for stays? Null: no.
    std::function<bool()> runs_again = {};
};

/// A place where edges begin or end.
struct NodePort {
    std::string id;
    std::string label;

    bool operator==(const NodePort&) const = default;
};

enum class NodeKind { trigger, source, transform, sink, action };

METER_EXPORT std::string_view to_string(NodeKind kind) noexcept;

/// A type of node. An application fills in what it needs and registers it:
///   NodeType doubler;
///   doubler.node_id = "double";
///   doubler.label = "Double";
///   doubler.config_schema = *parse_json(R"({"properties": {"field": {"type": "string"}}, "required": ["field"]})");
///   doubler.run = [](NodeContext& context, ItemSource& in, ItemSink& out) -> Result<void> { ... };
///   registry.add(doubler);
struct NodeType {
    std::string node_id = {};  ///< 1 to 100 characters of [a-z0-9-]; what a workflow's `nodeId` says
    std::string label = {};
    std::string description = {};
    std::string category = "custom";
    NodeKind kind = NodeKind::transform;
    std::string version = "1.0.0";
    std::string icon = {};                  ///< empty: none
    std::vector<std::string> aliases = {};  ///< other names that mean this type
    std::vector<std::string> tags = {};
    std::vector<NodePort> inputs{{"input", "Input"}};     ///< triggers have none
    std::vector<NodePort> outputs{{"output", "Output"}};  ///< what run() pushes to
    /// JSON Schema of `config`: type (a name or a list), properties, required, additionalProperties (true or false),
    /// items, minItems, maxItems, enum, minimum, maximum, minLength, maxLength (in code points), minProperties; title,
    /// description, default, examples and format say something to people only. Anything else is refused.
    Value config_schema = Object{};
    Value default_config = Object{};  ///< what an editor starts with
    /// `config.connection` must name a connection of this type; empty: the node needs none.
    std::string connection_type = {};
    /// Why this build cannot run it ("built without libjq (METER_WITH_JQ)"); empty: it can.
    std::string missing = {};
    bool is_system = false;  ///< built in
    /// What the schema cannot say. Called with a config that fits the schema, at deploy and before each run.
    /// Errors: invalid_argument, the member as `subject` ("config.program").
    std::function<Result<void>(const Value& config)> check = {};
    /// Runs once: reads `in` to its end or not, pushes to ports of `outputs`. Nothing is kept between runs: called
    /// concurrently. What it throws becomes `internal`.
    std::function<Result<void>(NodeContext& context, ItemSource& in, ItemSink& out)> run = {};
};

/// The wire form (WorkflowNodeType).
METER_EXPORT std::string to_json(const NodeType& type);

/// Which types a list shows; all given conditions must hold.
struct NodeTypeQuery {
    bool only_active = true;  ///< without those that this build lacks
    std::optional<std::string> category = {};
    std::optional<std::string> kind = {};  ///< as to_string() has it
    std::optional<bool> is_system = {};
    std::optional<std::string> search = {};  ///< part of name, label or description, in any case
    enum class Sort { label, name, category, kind } sort = Sort::label;
    bool ascending = true;
    ListRange range = {.limit = 50};
};

/// Reads "field" or "field:asc|desc" into a query: label, name, category or type; ascending where no direction is
/// given. Errors: invalid_argument.
METER_EXPORT Result<void> read_node_type_sort(std::string_view text, NodeTypeQuery& query);

class NodeRegistry;

/// A page of the types as JSON text (WorkflowNodeTypeList); `count` in it is over all pages. Ties in order of names.
METER_EXPORT std::string node_types_json(const NodeRegistry& registry, const NodeTypeQuery& query);

/// What the built-in types are bounded by.
struct NodeOptions {
    /// The folder that file-source and file-sink stay in; empty: they are refused.
    std::string file_root = {};
    /// Longest record of a file, answer or object, and longest item a transform emits; [1 KiB, 512 MiB].
    std::size_t max_record_bytes = 16u << 20;
    /// Computing time of a transform's program for one item (for the whole list with `slurp`); [100 ms, 1 h].
    std::chrono::milliseconds transform_time{10'000};
    /// Memory of a transform's program beyond what this process has at its start; [16 MiB, 64 GiB].
    std::size_t transform_memory = 256u << 20;
    /// Most items a transform emits for one item (for the whole list with `slurp`: a hundred times as many).
    std::size_t max_outputs = 100'000;
    /// Most distinct values that merge tells apart, 16 to 32 bytes of memory each; [1, 1e8].
    std::size_t max_distinct = 4'000'000;
    /// Size of a part of an upload to an object store; larger objects go in parts. [5 MiB, 16 MiB].
    std::size_t part_bytes = 8u << 20;
    std::chrono::milliseconds connect_timeout{10'000};  ///< of databases; [1 s, 5 min]
};

/// Checks ranges. Errors: invalid_argument with the field as `subject`.
METER_EXPORT Result<void> validate(const NodeOptions& options);

/// The node types of an installation. Built before use: add() first, then const calls from any thread.
class METER_EXPORT NodeRegistry {
public:
    /// Without any type.
    NodeRegistry();
    /// With the built-in ones: manual-trigger, schedule-trigger, webhook-trigger, http-request, filter, merge,
    /// transform, sqlite-source, sqlite-sink, postgres-source, postgres-sink, mysql-source, mysql-sink, s3-source,
    /// s3-sink (s3-dest), file-source, file-sink, webhook. Errors: those of validate().
    static Result<NodeRegistry> with_builtins(const NodeOptions& options = {});

    /// Errors: invalid_argument (a name, port or schema that is none, no run function), conflict when a name is taken.
    Result<void> add(NodeType type);

    /// By name or alias; null pointer when there is none. Valid until the next add().
    const NodeType* find(std::string_view node_id) const noexcept;
    /// All, in order of their names.
    std::vector<const NodeType*> list() const;

    /// Everything that keeps a node from running, each naming its member ("config.query"): an unknown type, one that
    /// the build lacks, a config that does not fit, a connection that is not there. With null `connections` those are
    /// not looked at. Empty: it can run.
    std::vector<Error> check_config(std::string_view node_id, const Value& config,
                                    const Connections* connections) const;

    /// Checks, then runs one node. Secrets of the connections are taken out of its error. Blocks.
    /// Errors: the first of check_config(); the node's own.
    Result<void> run(std::string_view node_id, NodeContext& context, ItemSource& in, ItemSink& out) const;

    NodeRegistry(const NodeRegistry&);  ///< types are shared, names are not
    NodeRegistry& operator=(const NodeRegistry&);
    NodeRegistry(NodeRegistry&&) noexcept;
    NodeRegistry& operator=(NodeRegistry&&) noexcept;
    ~NodeRegistry();

private:
    std::map<std::string, std::shared_ptr<const NodeType>, std::less<>> by_name_;  // aliases too
};

/// Can this graph be deployed (wire contract 20.2, 20.5)? Every node's type is known and in this build, its config is
/// complete, the connection it names is configured (not looked at with null `connections`); connections name nodes and
/// ports that are there; nothing leads back to itself. An empty graph can. Secrets are taken out of the error.
/// Errors: invalid_argument; the text names the node by its id ("Node 'load': config.table is required"), for a cycle
/// its path; `subject` is the dotted member ("nodes.2.config.table", "connections.0.targetPort").
METER_EXPORT Result<void> check_graph(const NodeRegistry& registry, const AutomationGraph& graph,
                                      const Connections* connections);

/// A bounded queue from one node to the next, for pipelines that run node beside node. Items pushed to `port` go
/// through it, others are dropped.
/// Threads: one pushes, one reads.
class METER_EXPORT ItemPipe final : public ItemSource, public ItemSink {
public:
    explicit ItemPipe(std::stop_token stop, std::size_t capacity = 256, std::string port = "output");
    ~ItemPipe() override;

    Result<std::optional<Value>> next() override;
    /// Once the reader has gone (close()), items are dropped.
    Result<void> push(std::string_view port, Value item) override;

    /// The writer has ended: with an error, which the reader gets after the items before it, or without.
    void finish(Result<void> outcome = {});
    /// The reader wants no more.
    void close();

private:
    const std::stop_token stop_;
    const std::size_t capacity_;
    const std::string port_;
    std::mutex mutex_;  // guards the rest
    std::condition_variable_any changed_;
    std::deque<Value> items_;
    std::optional<Result<void>> outcome_;
    bool closed_ = false;
};

/// One node of a chain.
struct NodeStep {
    std::string node_id;
    Value config = Object{};
};

/// Runs nodes beside each other, a thread for each, every one fed by the port "output" of the one before; what the last
/// one emits goes to `out`. No more than some hundred items are held between two of them. The first has no inputs.
/// `context.config` is not looked at. Blocks. Errors: the first that any node had; the others are stopped then.
METER_EXPORT Result<void> run_chain(const NodeRegistry& registry, const std::vector<NodeStep>& steps,
                                    const NodeContext& context, ItemSink& out);

}  // namespace meter
