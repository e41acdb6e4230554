#include "store/sql/workflow_store.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "store/sql/delivery_rows.hpp"
#include "store/sql/workflow_rows.hpp"

namespace meter::sql {
namespace {

constexpr std::string_view workflow_columns =
    "workflow_id, account_id, name, description, enabled, created_at, updated_at, version";

Workflow read_workflow(Columns& columns) {
    Workflow workflow;
    workflow.workflow_id = columns.text();
    workflow.account_id = columns.text();
    workflow.name = columns.text();
    workflow.description = columns.optional_text();
    workflow.enabled = columns.boolean();
    workflow.created_at = columns.time();
    workflow.updated_at = columns.time();
    workflow.version = columns.integer();
    return workflow;
}

void read_graph(Connection& connection, Workflow& workflow) {
    connection.run(
        "SELECT node_id, node_key, strategy_id, input_type, static_urls, url_field, static_parameters, "
        "parameter_config, created_at, updated_at FROM workflow_nodes WHERE workflow_id = $1 ORDER BY position",
        {workflow.workflow_id}, [&](const Row& row) {
            Columns columns(row);
            WorkflowNode node;
            node.node_id = columns.text();
            node.node_key = columns.text();
            node.strategy_id = columns.text();
            const std::string type = columns.text();
            const auto input_type = parse_node_input_type(type);
            if (!input_type)
                throw Exception(
                    Error{ErrorCode::store, "The database holds an unknown input type; check it for damage", type});
            node.input_type = *input_type;
            node.static_urls = columns.optional_list();
            node.url_field = columns.optional_text();
            node.static_parameters = columns.optional_text();
            node.parameter_config = columns.optional_text();
            node.created_at = columns.time();
            node.updated_at = columns.time();
            workflow.nodes.push_back(std::move(node));
        });
    connection.run(
        "SELECT edge_id, source_node_key, target_node_key, filter_config, created_at FROM workflow_edges "
        "WHERE workflow_id = $1 ORDER BY position",
        {workflow.workflow_id}, [&](const Row& row) {
            Columns columns(row);
            WorkflowEdge edge;
            edge.edge_id = columns.text();
            edge.source_node_key = columns.text();
            edge.target_node_key = columns.text();
            edge.filter_config = columns.optional_text();
            edge.created_at = columns.time();
            workflow.edges.push_back(std::move(edge));
        });
}

Result<void> check_strategies_of(Connection& connection, const Workflow& workflow) {
    std::set<std::string_view> checked;
    for (const WorkflowNode& node : workflow.nodes) {
        if (!checked.insert(node.strategy_id).second) continue;
        const auto there = find_row<std::int64_t>(
            connection, "SELECT 1 FROM strategies WHERE strategy_id = $1 AND account_id = $2",
            {node.strategy_id, workflow.account_id}, [](Columns& columns) { return columns.integer(); });
        if (!there) return Error{ErrorCode::not_found, "Strategy not found", node.strategy_id};
    }
    return {};
}

void insert_graph(Connection& connection, const Workflow& workflow) {
    std::int64_t position = 0;
    for (const WorkflowNode& node : workflow.nodes) {
        std::optional<std::string> urls;
        if (node.static_urls) urls = stored_list(*node.static_urls);
        connection.run(
            "INSERT INTO workflow_nodes (node_id, workflow_id, position, node_key, strategy_id, input_type, "
            "static_urls, url_field, static_parameters, parameter_config, created_at, updated_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            {node.node_id, workflow.workflow_id, position++, node.node_key, node.strategy_id,
             to_string(node.input_type), urls, node.url_field, node.static_parameters, node.parameter_config,
             node.created_at, node.updated_at});
    }
    position = 0;
    for (const WorkflowEdge& edge : workflow.edges)
        connection.run(
            "INSERT INTO workflow_edges (edge_id, workflow_id, position, source_node_key, target_node_key, "
            "filter_config, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            {edge.edge_id, workflow.workflow_id, position++, edge.source_node_key, edge.target_node_key,
             edge.filter_config, edge.created_at});
}

/// Baselines of nodes that the workflow has no more.
void drop_stale_baselines(Connection& connection, const Workflow& workflow) {
    std::vector<std::string> gone;
    connection.run("SELECT node_id FROM workflow_nodes WHERE workflow_id = $1", {workflow.workflow_id},
                   [&](const Row& row) { gone.emplace_back(row.text(0)); });
    std::set<std::string_view> kept;
    for (const WorkflowNode& node : workflow.nodes) kept.insert(node.node_id);
    for (const std::string& node_id : gone)
        if (!kept.contains(node_id)) connection.run("DELETE FROM baselines WHERE workflow_node_id = $1", {node_id});
}

}  // namespace

std::optional<Workflow> find_workflow(Connection& connection, std::string_view account_id,
                                      std::string_view workflow_id) {
    static const std::string sql =
        "SELECT " + std::string(workflow_columns) + " FROM workflows WHERE workflow_id = $1 AND account_id = $2";
    auto workflow = find_row<Workflow>(connection, sql, {workflow_id, account_id}, read_workflow);
    if (workflow) read_graph(connection, *workflow);
    return workflow;
}

bool is_enabled_workflow(Connection& connection, std::string_view workflow_id) {
    return find_row<bool>(connection, "SELECT enabled FROM workflows WHERE workflow_id = $1", {workflow_id},
                          [](Columns& columns) { return columns.boolean(); })
        .value_or(false);
}

Result<void> SqlWorkflowStore::insert(const Workflow& workflow) {
    return database_.write("workflows.insert", [&](Connection& connection) -> Result<void> {
        if (auto strategies = check_strategies_of(connection, workflow); !strategies) return strategies;
        const auto inserted = connection.run(
            "INSERT INTO workflows (workflow_id, account_id, name, description, enabled, created_at, updated_at, "
            "version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            {workflow.workflow_id, workflow.account_id, workflow.name, workflow.description, workflow.enabled,
             workflow.created_at, workflow.updated_at, workflow.version});
        if (inserted == 0)
            return Error{ErrorCode::conflict, "A workflow with this id exists already", workflow.workflow_id};
        insert_graph(connection, workflow);
        return {};
    });
}

Result<std::optional<Workflow>> SqlWorkflowStore::find(std::string_view account_id, std::string_view workflow_id) {
    return database_.read("workflows.find", [&](Connection& connection) -> Result<std::optional<Workflow>> {
        return find_workflow(connection, account_id, workflow_id);
    });
}

Result<std::vector<Workflow>> SqlWorkflowStore::list(std::string_view account_id, ListRange range) {
    if (auto valid = validate(range); !valid) return valid.error();
    static const std::string sql = "SELECT " + std::string(workflow_columns) +
                                   " FROM workflows WHERE account_id = $1 "
                                   "ORDER BY created_at DESC, workflow_id DESC LIMIT $2 OFFSET $3";
    return database_.read("workflows.list", [&](Connection& connection) -> Result<std::vector<Workflow>> {
        std::vector<Workflow> workflows;
        connection.run(sql, {account_id, range.limit, range.offset}, [&](const Row& row) {
            Columns columns(row);
            workflows.push_back(read_workflow(columns));
        });
        for (Workflow& workflow : workflows) read_graph(connection, workflow);
        return workflows;
    });
}

Result<std::optional<Workflow>> SqlWorkflowStore::update(const Workflow& workflow) {
    return database_.write("workflows.update", [&](Connection& connection) -> Result<std::optional<Workflow>> {
        const auto there = find_row<std::int64_t>(
            connection, "SELECT version FROM workflows WHERE workflow_id = $1 AND account_id = $2",
            {workflow.workflow_id, workflow.account_id}, [](Columns& columns) { return columns.integer(); });
        if (!there) return std::optional<Workflow>{};
        if (auto strategies = check_strategies_of(connection, workflow); !strategies) return strategies.error();
        const auto updated = connection.run(
            "UPDATE workflows SET name = $4, description = $5, enabled = $6, updated_at = $7, version = version + 1 "
            "WHERE workflow_id = $1 AND account_id = $2 AND version = $3",
            {workflow.workflow_id, workflow.account_id, workflow.version, workflow.name, workflow.description,
             workflow.enabled, workflow.updated_at});
        if (updated == 0)
            return Error{ErrorCode::conflict, "The workflow was changed meanwhile", workflow.workflow_id, true};
        drop_stale_baselines(connection, workflow);
        connection.run("DELETE FROM workflow_edges WHERE workflow_id = $1", {workflow.workflow_id});
        connection.run("DELETE FROM workflow_nodes WHERE workflow_id = $1", {workflow.workflow_id});
        insert_graph(connection, workflow);
        return find_workflow(connection, workflow.account_id, workflow.workflow_id);
    });
}

Result<bool> SqlWorkflowStore::remove(std::string_view account_id, std::string_view workflow_id, TimePoint now) {
    return database_.write("workflows.remove", [&](Connection& connection) -> Result<bool> {
        const auto there =
            find_row<std::int64_t>(connection, "SELECT 1 FROM workflows WHERE workflow_id = $1 AND account_id = $2",
                                   {workflow_id, account_id}, [](Columns& columns) { return columns.integer(); });
        if (!there) return false;
        const auto open = find_row<std::string>(
            connection, "SELECT run_id FROM workflow_runs WHERE workflow_id = $1 AND status IN ('pending', 'running')",
            {workflow_id}, [](Columns& columns) { return columns.text(); });
        if (open) fail_jobs_of_run(connection, *open, "Cancelled", now);
        std::vector<std::string> schedules;
        connection.run("SELECT schedule_id FROM schedules WHERE workflow_id = $1", {workflow_id},
                       [&](const Row& row) { schedules.emplace_back(row.text(0)); });
        for (const std::string& schedule_id : schedules) drop_pending_deliveries(connection, account_id, schedule_id);
        connection.run(
            "DELETE FROM baselines WHERE workflow_node_id IN (SELECT node_id FROM workflow_nodes WHERE workflow_id = "
            "$1)",
            {workflow_id});
        connection.run("DELETE FROM workflows WHERE workflow_id = $1", {workflow_id});
        return true;
    });
}

}  // namespace meter::sql
