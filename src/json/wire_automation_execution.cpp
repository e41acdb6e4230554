// Wire forms of executions (wire contract 20.5, 20.6), and what executions read of a stored graph.
#include <array>
#include <utility>

#include "json/object_writer.hpp"
#include "json/sort_text.hpp"
#include "json/wire_automation.hpp"
#include "meter/automation_execution.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

constexpr std::array<std::string_view, 5> execution_status_names{"pending", "running", "completed", "failed",
                                                                 "stopped"};
constexpr std::array<std::string_view, 4> execution_trigger_names{"manual", "schedule", "webhook", "api"};
constexpr std::array<std::string_view, 6> span_status_names{"pending", "running", "completed",
                                                            "failed",  "skipped", "stopped"};
constexpr JsonLimits stored_graph_limits{.max_depth = 128, .max_bytes = std::size_t{1} << 30};

template <class Enum, std::size_t count>
std::optional<Enum> named(const std::array<std::string_view, count>& names, std::string_view name) noexcept {
    for (std::size_t i = 0; i < count; ++i)
        if (names[i] == name) return static_cast<Enum>(i);
    return std::nullopt;
}

std::optional<std::int64_t> duration_ms(const std::optional<TimePoint>& from, const std::optional<TimePoint>& to) {
    if (!from || !to) return std::nullopt;
    return (*to - *from).count();
}

std::string stored_text(const Value& object, std::string_view member, std::string_view otherwise) {
    const Value* value = object.find(member);
    const std::string* text = value != nullptr ? value->if_string() : nullptr;
    return text != nullptr && !text->empty() ? *text : std::string(otherwise);
}

/// The wire calls a warning "warn".
std::string_view log_level_name(LogLevel level) noexcept {
    return level == LogLevel::warning ? "warn" : to_string(level);
}

std::string span_json(std::string_view execution_id, const ExecutionSpan& span) {
    json::ObjectWriter out;
    out.text("id", span.span_id)
        .text("executionId", execution_id)
        .text("nodeId", span.node_id)
        .text_or_null("nodeLabel", span.node_label)
        .text("nodeType", span.node_type)
        .text("status", to_string(span.status))
        .time_or_null("startedAt", span.started_at)
        .time_or_null("endedAt", span.ended_at)
        .integer_or_null("durationMs", duration_ms(span.started_at, span.ended_at))
        .json_or_null("inputData", span.input_data)
        .json_or_null("outputData", span.output_data)
        .text_or_null("error", span.error);
    return std::move(out).finish();
}

std::string log_json(std::string_view execution_id, const ExecutionLog& log) {
    json::ObjectWriter out;
    out.text("id", log.log_id)
        .text("executionId", execution_id)
        .text("level", log_level_name(log.level))
        .text("message", log.message)
        .text_or_null("nodeId", log.node_id)
        .time("createdAt", log.created_at);
    return std::move(out).finish();
}

}  // namespace

std::string_view to_string(ExecutionStatus status) noexcept {
    return execution_status_names[static_cast<std::size_t>(status)];
}

std::optional<ExecutionStatus> parse_execution_status(std::string_view name) noexcept {
    return named<ExecutionStatus>(execution_status_names, name);
}

std::string_view to_string(ExecutionTrigger trigger) noexcept {
    return execution_trigger_names[static_cast<std::size_t>(trigger)];
}

std::optional<ExecutionTrigger> parse_execution_trigger(std::string_view name) noexcept {
    return named<ExecutionTrigger>(execution_trigger_names, name);
}

std::string_view to_string(SpanStatus status) noexcept {
    return span_status_names[static_cast<std::size_t>(status)];
}

std::optional<SpanStatus> parse_span_status(std::string_view name) noexcept {
    return named<SpanStatus>(span_status_names, name);
}

bool has_ended(ExecutionStatus status) noexcept {
    return status != ExecutionStatus::pending && status != ExecutionStatus::running;
}

int progress_of(const Execution& execution) noexcept {
    if (execution.node_count <= 0) return execution.status == ExecutionStatus::completed ? 100 : 0;
    return static_cast<int>(execution.ended_nodes * 100 / execution.node_count);
}

std::string to_json(const Execution& execution) {
    json::ObjectWriter trigger;
    trigger.text("type", to_string(execution.trigger)).json("data", execution.trigger_inputs);
    json::ObjectWriter out;
    out.text("id", execution.execution_id)
        .text("workflowId", execution.automation_id)
        .text("status", to_string(execution.status))
        .time_or_null("startedAt", execution.started_at)
        .time_or_null("endedAt", execution.ended_at)
        .integer_or_null("durationMs", duration_ms(execution.started_at, execution.ended_at))
        .json("trigger", std::move(trigger).finish())
        .text("triggerType", to_string(execution.trigger))
        .text("userId", execution.user_id)
        .text("organizationId", execution.organization_id)
        .json("config", execution.graph.config)
        .text_or_null("error", execution.error)
        .integer("progress", progress_of(execution))
        .time("createdAt", execution.created_at)
        .time("updatedAt", execution.updated_at);
    return std::move(out).finish();
}

std::string spans_json(std::string_view execution_id, const std::vector<ExecutionSpan>& spans) {
    std::string list = "[";
    for (const ExecutionSpan& span : spans) {
        if (list.size() > 1) list += ',';
        list += span_json(execution_id, span);
    }
    json::ObjectWriter out;
    out.text("executionId", execution_id)
        .integer("count", static_cast<std::int64_t>(spans.size()))
        .json("spans", list += ']');
    return std::move(out).finish();
}

std::string to_json(const ExecutionLogs& logs, std::string_view execution_id, ListRange range) {
    std::string list = "[";
    for (const ExecutionLog& log : logs.logs) {
        if (list.size() > 1) list += ',';
        list += log_json(execution_id, log);
    }
    json::ObjectWriter out;
    out.text("executionId", execution_id)
        .integer("count", logs.count)
        .integer("limit", range.limit)
        .integer("offset", range.offset)
        .json("logs", list += ']');
    return std::move(out).finish();
}

std::string to_json(const ExecutionList& list, ListRange range) {
    std::string executions = "[";
    for (const Execution& execution : list.executions) {
        if (executions.size() > 1) executions += ',';
        executions += to_json(execution);
    }
    json::ObjectWriter out;
    out.integer("count", list.count)
        .integer("limit", range.limit)
        .integer("offset", range.offset)
        .json("executions", executions += ']');
    return std::move(out).finish();
}

Result<ExecutionRequest> parse_execution_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    ExecutionRequest request;
    if (in.object("definition") != nullptr) {
        json::Members definition(*in.find("definition"), json::Nulls::dropped, "definition");
        definition.require({"nodes", "connections"});
        auto nodes = json::read_automation_nodes(definition);
        auto connections = json::read_automation_connections(definition);
        if (definition.error())
            in.fail(*definition.error());
        else
            request.definition = {*std::move(nodes), *std::move(connections)};
    }
    if (const Object* inputs = in.object("triggerInputs")) request.trigger_inputs = *inputs;
    if (in.error()) return *in.error();
    return request;
}

Result<void> read_execution_sort(std::string_view text, ExecutionQuery& query) {
    static constexpr json::SortFields<ExecutionQuery::Sort, 4> fields{{
        {"startedAt", ExecutionQuery::Sort::started_at},
        {"endedAt", ExecutionQuery::Sort::ended_at},
        {"createdAt", ExecutionQuery::Sort::created_at},
        {"status", ExecutionQuery::Sort::status},
    }};
    return json::read_sort(fields, text, query);
}

namespace json {

std::vector<StoredNode> read_stored_nodes(std::string_view nodes) {
    std::vector<StoredNode> read;
    const auto list = parse_json(nodes, stored_graph_limits);
    if (!list || !list->is_array()) return read;
    for (const Value& node : *list->if_array()) {
        StoredNode& one = read.emplace_back();
        one.id = stored_text(node, "id", "");
        one.type = stored_text(node, "nodeId", "");
        if (const Value* label = node.find("label"); label != nullptr && label->is_string())
            one.label = *label->if_string();
        if (const Value* config = node.find("config"); config != nullptr && config->is_object()) one.config = *config;
    }
    return read;
}

std::vector<StoredConnection> read_stored_connections(std::string_view connections) {
    std::vector<StoredConnection> read;
    const auto list = parse_json(connections, stored_graph_limits);
    if (!list || !list->is_array()) return read;
    for (const Value& connection : *list->if_array()) {
        StoredConnection& one = read.emplace_back();
        one.source = stored_text(connection, "sourceNodeId", "");
        one.source_port = stored_text(connection, "sourcePort", one.source_port);
        one.target = stored_text(connection, "targetNodeId", "");
        one.target_port = stored_text(connection, "targetPort", one.target_port);
    }
    return read;
}

ExecutionSettings read_execution_settings(std::string_view settings) {
    ExecutionSettings read;
    const auto object = parse_json(settings, stored_graph_limits);
    if (!object) return read;
    if (const Value* timeout = object->find("timeout"); timeout != nullptr && timeout->is_integer())
        read.timeout = std::chrono::seconds(*timeout->if_integer());
    if (const Value* retry = object->find("retryOnFailure"); retry != nullptr && retry->is_bool())
        read.retry_on_failure = *retry->if_bool();
    if (const Value* most = object->find("maxRetries"); most != nullptr && most->is_integer())
        read.max_retries = *most->if_integer();
    return read;
}

}  // namespace json
}  // namespace meter
