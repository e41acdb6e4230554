// Executions as callers see them: started, read, listed.
#include <algorithm>
#include <utility>

#include "core/id.hpp"
#include "json/wire_automation.hpp"
#include "store/sql/automation_execution_rows.hpp"
#include "store/sql/automation_execution_store.hpp"
#include "store/sql/automation_rows.hpp"

namespace meter::sql {
namespace {

constexpr std::size_t most_span_data_bytes = 8u << 20;  // Executions::spans()

constexpr std::string_view ended_spans = "('completed', 'failed', 'stopped')";

/// A stored word of an enumeration of executions.
template <class Enum>
Enum execution_word(const std::string& stored, std::optional<Enum> (*parse)(std::string_view) noexcept) {
    if (const auto word = parse(stored)) return *word;
    throw Exception(Error{ErrorCode::store, "The database holds an unknown state of an execution; check it for damage",
                          stored.substr(0, 100)});
}

LogLevel log_level(const std::string& stored) {
    for (const LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error})
        if (stored == to_string(level)) return level;
    return LogLevel::info;
}

std::string_view sort_expression(ExecutionQuery::Sort sort) noexcept {
    switch (sort) {
        case ExecutionQuery::Sort::started_at:
            return "COALESCE(started_at, created_at)";
        case ExecutionQuery::Sort::ended_at:
            return "COALESCE(ended_at, 9223372036854775807)";  // those that go on come last
        case ExecutionQuery::Sort::created_at:
            return "created_at";
        case ExecutionQuery::Sort::status:
            return "status";
    }
    return "created_at";
}

ExecutionSpan read_span(Columns& columns) {
    ExecutionSpan span;
    span.span_id = columns.text();
    span.node_id = columns.text();
    span.node_label = columns.optional_text();
    span.node_type = columns.text();
    span.status = execution_word<SpanStatus>(columns.text(), parse_span_status);
    span.started_at = columns.optional_time();
    span.ended_at = columns.optional_time();
    span.input_items = columns.integer();
    span.output_items = columns.integer();
    span.error = columns.optional_text();
    return span;
}

/// What a span's place in the list, and its data, are read by.
struct PlacedSpan {
    std::int64_t position = 0, ordinal = 0;
    std::size_t least_bytes = 0;  ///< of its data: LENGTH() counts characters
    ExecutionSpan span = {};
};

/// Reads the data of a span if they have at most `left` bytes, which become fewer by them.
void read_span_data(Connection& connection, std::string_view execution_id, std::int64_t position, std::size_t& left,
                    ExecutionSpan& span) {
    connection.run("SELECT input_data, output_data FROM automation_spans WHERE execution_id = $1 AND position = $2",
                   {execution_id, position}, [&](const Row& row) {
                       const std::size_t bytes = row.text(0).size() + row.text(1).size();
                       if (bytes > left) return;
                       left -= bytes;
                       Columns columns(row);
                       span.input_data = columns.optional_text();
                       span.output_data = columns.optional_text();
                   });
}

}  // namespace

const std::string& execution_columns() {
    static const std::string columns =
        "automation_executions.execution_id, automation_executions.automation_id, automation_executions.account_id, "
        "user_id, automation_executions.organization_id, automation_executions.status, \"trigger\", schedule_id, "
        "error, (SELECT COUNT(*) FROM automation_spans WHERE automation_spans.execution_id = "
        "automation_executions.execution_id), (SELECT COUNT(*) FROM automation_spans WHERE "
        "automation_spans.execution_id = automation_executions.execution_id AND automation_spans.status IN " +
        std::string(ended_spans) +
        "), automation_executions.created_at, started_at, ended_at, automation_executions.updated_at";
    return columns;
}

Execution read_execution(Columns& columns) {
    Execution execution;
    execution.execution_id = columns.text();
    execution.automation_id = columns.text();
    execution.account_id = columns.text();
    execution.user_id = columns.text();
    execution.organization_id = columns.text();
    execution.status = execution_word<ExecutionStatus>(columns.text(), parse_execution_status);
    execution.trigger = execution_word<ExecutionTrigger>(columns.text(), parse_execution_trigger);
    execution.schedule_id = columns.optional_text();
    execution.error = columns.optional_text();
    execution.node_count = columns.integer();
    execution.ended_nodes = columns.integer();
    execution.created_at = columns.time();
    execution.started_at = columns.optional_time();
    execution.ended_at = columns.optional_time();
    execution.updated_at = columns.time();
    return execution;
}

void read_execution_graph(Connection& connection, Execution& execution) {
    connection.run(
        "SELECT trigger_inputs, nodes, connections, config, settings FROM automation_execution_graphs "
        "WHERE execution_id = $1",
        {execution.execution_id}, [&](const Row& row) {
            Columns columns(row);
            execution.trigger_inputs = columns.text();
            execution.graph = read_graph(columns);
        });
}

SpanStatus read_span_status(Columns& columns) {
    return execution_word<SpanStatus>(columns.text(), parse_span_status);
}

Result<void> insert_execution(Connection& connection, const Execution& execution) {
    const auto there =
        find_row<std::int64_t>(connection, "SELECT 1 FROM automations WHERE automation_id = $1",
                               {execution.automation_id}, [](Columns& columns) { return columns.integer(); });
    if (!there) return Error{ErrorCode::not_found, "Workflow not found", execution.automation_id};
    const auto timeout = json::read_execution_settings(execution.graph.settings).timeout;
    const auto inserted = connection.run(
        "INSERT INTO automation_executions (execution_id, automation_id, account_id, user_id, organization_id, status, "
        "\"trigger\", schedule_id, created_at, updated_at, timeout_ms, due_at) "
        "VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, $8, $8, $9, $8) ON CONFLICT DO NOTHING",
        {execution.execution_id, execution.automation_id, execution.account_id, execution.user_id,
         execution.organization_id, to_string(execution.trigger), execution.schedule_id, execution.created_at,
         std::chrono::milliseconds(timeout).count()});
    if (inserted == 0)
        return Error{ErrorCode::conflict, "An execution with this id exists already", execution.execution_id};
    const AutomationGraph& graph = execution.graph;
    connection.run(
        "INSERT INTO automation_execution_graphs (execution_id, trigger_inputs, nodes, connections, config, settings) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        {execution.execution_id, execution.trigger_inputs, graph.nodes, graph.connections, graph.config,
         graph.settings});
    std::int64_t position = 0;
    for (const auto& node : json::read_stored_nodes(graph.nodes))
        connection.run(
            "INSERT INTO automation_spans (execution_id, position, span_id, node_id, node_label, node_type, status) "
            "VALUES ($1, $2, $3, $4, $5, $6, 'pending')",
            {execution.execution_id, position++, core::new_prefixed_id("span", execution.created_at), node.id,
             node.label, node.type});
    return {};
}

Result<void> SqlExecutionStore::insert(const Execution& execution) {
    return database_.write("executions.insert",
                           [&](Connection& connection) { return insert_execution(connection, execution); });
}

Result<std::optional<Execution>> SqlExecutionStore::find(const AutomationCaller& caller,
                                                         std::string_view execution_id) {
    static const std::string sql =
        "SELECT " + execution_columns() +
        " FROM automation_executions JOIN automations ON automations.automation_id = "
        "automation_executions.automation_id WHERE automation_executions.execution_id = $4 AND " +
        std::string(automation_is_visible);
    return database_.read("executions.find", [&](Connection& connection) -> Result<std::optional<Execution>> {
        auto found = find_row<Execution>(
            connection, sql, {caller.account_id, caller.user_id, caller.organization_id, execution_id}, read_execution);
        if (found) read_execution_graph(connection, *found);
        return found;
    });
}

Result<ExecutionList> SqlExecutionStore::list(const AutomationCaller& caller, const ExecutionQuery& query) {
    if (auto valid = validate(query.range); !valid) return valid.error();
    std::string matching = " FROM automation_executions WHERE automation_executions.automation_id IN (";
    matching.append(visible_automation_ids).append(")");
    std::vector<Param> params{caller.account_id, caller.user_id, caller.organization_id};
    const auto condition = [&](std::string_view expression, const Param& value) {
        params.push_back(value);
        matching.append(" AND ").append(expression).append(" $").append(std::to_string(params.size()));
    };
    if (query.automation_id) condition("automation_executions.automation_id =", *query.automation_id);
    if (query.status) condition("status =", to_string(*query.status));
    if (query.trigger) condition("\"trigger\" =", to_string(*query.trigger));
    if (query.since) condition("COALESCE(started_at, created_at) >=", *query.since);
    if (query.until) condition("COALESCE(started_at, created_at) <", *query.until);
    const std::string_view direction = query.ascending ? " ASC" : " DESC";
    std::string page = "SELECT " + execution_columns() + matching + " ORDER BY ";
    page.append(sort_expression(query.sort)).append(direction).append(", created_at").append(direction);
    page.append(", execution_id").append(direction).append(" LIMIT $").append(std::to_string(params.size() + 1));
    page.append(" OFFSET $").append(std::to_string(params.size() + 2));
    return database_.read("executions.list", [&](Connection& connection) -> Result<ExecutionList> {
        ExecutionList list;
        connection.execute("SELECT COUNT(*)" + matching, params, [&](const Row& row) { list.count = row.integer(0); });
        std::vector<Param> page_params = params;
        page_params.emplace_back(query.range.limit);
        page_params.emplace_back(query.range.offset);
        connection.execute(page, page_params, [&](const Row& row) {
            Columns columns(row);
            list.executions.push_back(read_execution(columns));
        });
        for (Execution& execution : list.executions)
            connection.run(
                "SELECT CASE WHEN LENGTH(trigger_inputs) <= 65536 THEN trigger_inputs ELSE '{}' END, "
                "CASE WHEN LENGTH(config) <= 65536 THEN config ELSE '{}' END FROM automation_execution_graphs "
                "WHERE execution_id = $1",
                {execution.execution_id}, [&](const Row& row) {
                    execution.trigger_inputs = row.text(0);
                    execution.graph.config = row.text(1);
                });
        return list;
    });
}

Result<std::vector<ExecutionSpan>> SqlExecutionStore::spans(std::string_view execution_id) {
    return database_.read("executions.spans", [&](Connection& connection) -> Result<std::vector<ExecutionSpan>> {
        std::vector<PlacedSpan> placed;  // few: not worth an index
        connection.run(
            "SELECT position, ordinal, COALESCE(LENGTH(input_data), 0) + COALESCE(LENGTH(output_data), 0), span_id, "
            "node_id, node_label, node_type, status, started_at, ended_at, input_items, output_items, error "
            "FROM automation_spans WHERE execution_id = $1 ORDER BY position",
            {execution_id}, [&](const Row& row) {
                Columns columns(row);
                PlacedSpan& one = placed.emplace_back();
                one.position = columns.integer();
                one.ordinal = columns.optional_integer().value_or(INT64_MAX);
                one.least_bytes = static_cast<std::size_t>(columns.integer());
                one.span = read_span(columns);
            });
        std::stable_sort(placed.begin(), placed.end(),
                         [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; });
        std::vector<ExecutionSpan> spans;
        spans.reserve(placed.size());
        std::size_t left = most_span_data_bytes;
        for (PlacedSpan& one : placed) {
            if (one.least_bytes > 0 && one.least_bytes <= left)
                read_span_data(connection, execution_id, one.position, left, one.span);
            spans.push_back(std::move(one.span));
        }
        return spans;
    });
}

Result<ExecutionLogs> SqlExecutionStore::logs(std::string_view execution_id, ListRange range) {
    if (auto valid = validate(range); !valid) return valid.error();
    return database_.read("executions.logs", [&](Connection& connection) -> Result<ExecutionLogs> {
        ExecutionLogs logs;
        logs.count = find_row<std::int64_t>(connection, "SELECT COUNT(*) FROM automation_logs WHERE execution_id = $1",
                                            {execution_id}, [](Columns& columns) { return columns.integer(); })
                         .value_or(0);
        connection.run(
            "SELECT log_id, level, message, node_id, created_at FROM automation_logs WHERE execution_id = $1 "
            "ORDER BY created_at, sequence LIMIT $2 OFFSET $3",
            {execution_id, range.limit, range.offset}, [&](const Row& row) {
                Columns columns(row);
                ExecutionLog& log = logs.logs.emplace_back();
                log.log_id = columns.text();
                log.level = log_level(columns.text());
                log.message = columns.text();
                log.node_id = columns.optional_text();
                log.created_at = columns.time();
            });
        return logs;
    });
}

Result<std::vector<std::string>> SqlExecutionStore::open_ids(std::string_view automation_id) {
    return database_.read("executions.open_ids", [&](Connection& connection) -> Result<std::vector<std::string>> {
        std::vector<std::string> ids;
        connection.run("SELECT execution_id FROM automation_executions WHERE automation_id = $1 AND due_at IS NOT NULL",
                       {automation_id}, [&](const Row& row) { ids.emplace_back(row.text(0)); });
        return ids;
    });
}

Result<std::int64_t> SqlExecutionStore::count_open() {
    return database_.read("executions.count_open", [&](Connection& connection) -> Result<std::int64_t> {
        return find_row<std::int64_t>(connection, "SELECT COUNT(*) FROM automation_executions WHERE due_at >= 0",
                                      {},  // not NULL

                                      [](Columns& columns) { return columns.integer(); })
            .value_or(0);
    });
}

Result<std::int64_t> SqlExecutionStore::drop_ended_before(TimePoint moment, std::int64_t limit) {
    return database_.write("executions.drop_ended_before", [&](Connection& connection) -> Result<std::int64_t> {
        return connection.run(
            "DELETE FROM automation_executions WHERE execution_id IN (SELECT execution_id FROM automation_executions "
            "WHERE ended_at < $1 AND due_at IS NULL ORDER BY ended_at LIMIT $2)",
            {moment, limit});
    });
}

}  // namespace meter::sql
