#include "store/sql/automation_store.hpp"

#include <algorithm>
#include <utility>

#include "core/id.hpp"
#include "core/unicode.hpp"
#include "store/sql/automation_rows.hpp"
#include "store/sql/columns.hpp"

namespace meter::sql {
namespace {

void write_tags(Connection& connection, const Automation& automation) {
    connection.run("DELETE FROM automation_tags WHERE automation_id = $1", {automation.automation_id});
    for (const std::string& tag : automation.tags)
        connection.run("INSERT INTO automation_tags (automation_id, tag) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                       {automation.automation_id, tag});
}

void insert_version(Connection& connection, std::string_view automation_id, const AutomationVersion& version) {
    connection.run(
        "INSERT INTO automation_versions (automation_id, version, version_tag, description, created_by, created_at, "
        "nodes, connections, config, settings) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        {automation_id, version.version, version.version_tag, version.description, version.created_by,
         version.created_at, version.graph.nodes, version.graph.connections, version.graph.config,
         version.graph.settings});
}

/// Without its graph.
AutomationVersion read_version(Columns& columns) {
    AutomationVersion version;
    version.version = columns.integer();
    version.version_tag = columns.text();
    version.description = columns.text();
    version.created_by = columns.text();
    version.created_at = columns.time();
    return version;
}

bool is_of_account(Connection& connection, std::string_view account_id, std::string_view automation_id) {
    return find_row<std::int64_t>(connection, "SELECT 1 FROM automations WHERE automation_id = $1 AND account_id = $2",
                                  {automation_id, account_id}, [](Columns& columns) { return columns.integer(); })
        .has_value();
}

/// A timer that is armed, in a row of schedules.
struct ArmedTimer {
    std::string schedule_id;
    AutomationTimer timer;
};

std::vector<ArmedTimer> find_armed_timers(Connection& connection, std::string_view automation_id) {
    std::vector<ArmedTimer> armed;
    connection.run(
        "SELECT schedule_id, automation_node_id, interval_seconds, cron_expression, timezone FROM schedules "
        "WHERE automation_id = $1",
        {automation_id}, [&](const Row& row) {
            Columns columns(row);
            ArmedTimer& one = armed.emplace_back();
            one.schedule_id = columns.text();
            one.timer.node_id = columns.text();
            one.timer.interval_seconds = columns.optional_integer();
            one.timer.cron_expression = columns.optional_text();
            one.timer.timezone = columns.optional_text();
        });
    return armed;
}

bool same_timing(const AutomationTimer& a, const AutomationTimer& b) {
    return a.node_id == b.node_id && a.interval_seconds == b.interval_seconds &&
           a.cron_expression == b.cron_expression && a.timezone == b.timezone;
}

}  // namespace

AutomationGraph read_graph(Columns& columns) {
    AutomationGraph graph;
    graph.nodes = columns.text();
    graph.connections = columns.text();
    graph.config = columns.text();
    graph.settings = columns.text();
    return graph;
}

void write_timers(Connection& connection, const Automation& automation, const std::vector<AutomationTimer>& timers) {
    std::vector<AutomationTimer> wanted = timers;
    for (const ArmedTimer& armed : find_armed_timers(connection, automation.automation_id)) {
        const auto same = std::find_if(wanted.begin(), wanted.end(),
                                       [&](const AutomationTimer& timer) { return same_timing(timer, armed.timer); });
        if (same != wanted.end())
            wanted.erase(same);
        else
            connection.run("DELETE FROM schedules WHERE schedule_id = $1", {armed.schedule_id});
    }
    for (const AutomationTimer& timer : wanted)
        connection.run(
            "INSERT INTO schedules (schedule_id, account_id, automation_id, automation_node_id, interval_seconds, "
            "cron_expression, timezone, jitter_seconds, enabled, webhook_on, next_run_at, tick_at, created_at, "
            "updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 1, 'all', $8, $8, $9, $9, 1)",
            {core::new_uuid(automation.updated_at), automation.account_id, automation.automation_id, timer.node_id,
             timer.interval_seconds, timer.cron_expression, timer.timezone, timer.next_run_at, automation.updated_at});
}

Result<void> SqlAutomationStore::insert(const Automation& automation, const AutomationVersion& first,
                                        const std::vector<AutomationTimer>& timers) {
    const std::string tags = stored_list(automation.tags);
    return database_.write("automations.insert", [&](Connection& connection) -> Result<void> {
        const auto inserted = connection.run(
            "INSERT INTO automations (automation_id, account_id, owner_id, organization_id, name, description, "
            "folded_name, folded_description, status, version, tags, is_public, is_template, revision, created_at, "
            "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) "
            "ON CONFLICT DO NOTHING",
            {automation.automation_id, automation.account_id, automation.owner_id, automation.organization_id,
             automation.name, automation.description, core::fold_case(automation.name),
             core::fold_case(automation.description), to_string(automation.status), first.version, tags,
             automation.is_public, automation.is_template, automation.revision, automation.created_at,
             automation.updated_at});
        if (inserted == 0)
            return Error{ErrorCode::conflict, "An automation with this id exists already", automation.automation_id};
        connection.run(
            "INSERT INTO automation_graphs (automation_id, nodes, connections, config, settings) "
            "VALUES ($1, $2, $3, $4, $5)",
            {automation.automation_id, automation.graph.nodes, automation.graph.connections, automation.graph.config,
             automation.graph.settings});
        write_tags(connection, automation);
        AutomationVersion version = first;
        version.graph = automation.graph;
        insert_version(connection, automation.automation_id, version);
        write_timers(connection, automation, timers);
        return {};
    });
}

Result<bool> SqlAutomationStore::update(const Automation& automation, const std::vector<AutomationTimer>& timers) {
    const std::string tags = stored_list(automation.tags);
    return database_.write("automations.update", [&](Connection& connection) -> Result<bool> {
        const auto changed = connection.run(
            "UPDATE automations SET name = $1, description = $2, folded_name = $3, folded_description = $4, status = "
            "$5, tags = $6, is_public = $7, is_template = $8, updated_at = $9, revision = revision + 1 "
            "WHERE automation_id = $10 AND account_id = $11 AND revision = $12",
            {automation.name, automation.description, core::fold_case(automation.name),
             core::fold_case(automation.description), to_string(automation.status), tags, automation.is_public,
             automation.is_template, automation.updated_at, automation.automation_id, automation.account_id,
             automation.revision});
        if (changed == 0) {
            if (!is_of_account(connection, automation.account_id, automation.automation_id)) return false;
            return Error{ErrorCode::conflict, "The workflow was changed meanwhile", automation.automation_id};
        }
        connection.run(
            "UPDATE automation_graphs SET nodes = $1, connections = $2, config = $3, settings = $4 "
            "WHERE automation_id = $5",
            {automation.graph.nodes, automation.graph.connections, automation.graph.config, automation.graph.settings,
             automation.automation_id});
        write_tags(connection, automation);
        write_timers(connection, automation, timers);
        return true;
    });
}

Result<bool> SqlAutomationStore::remove(std::string_view account_id, std::string_view automation_id) {
    return database_.write("automations.remove", [&](Connection& connection) -> Result<bool> {
        return connection.run("DELETE FROM automations WHERE automation_id = $1 AND account_id = $2",
                              {automation_id, account_id}) > 0;
    });
}

Result<std::optional<AutomationVersion>> SqlAutomationStore::add_version(std::string_view account_id,
                                                                         std::string_view automation_id,
                                                                         const AutomationVersion& version) {
    return database_.write(
        "automations.add_version", [&](Connection& connection) -> Result<std::optional<AutomationVersion>> {
            if (!is_of_account(connection, account_id, automation_id)) return std::optional<AutomationVersion>{};
            const auto taken = find_row<std::int64_t>(
                connection, "SELECT 1 FROM automation_versions WHERE automation_id = $1 AND version_tag = $2",
                {automation_id, version.version_tag}, [](Columns& columns) { return columns.integer(); });
            if (taken) return Error{ErrorCode::conflict, "Version tag already exists", version.version_tag};
            AutomationVersion added = version;
            added.version = find_row<std::int64_t>(
                                connection, "SELECT MAX(version) + 1 FROM automation_versions WHERE automation_id = $1",
                                {automation_id}, [](Columns& columns) { return columns.integer(); })
                                .value_or(1);
            added.graph =
                find_row<AutomationGraph>(
                    connection,
                    "SELECT nodes, connections, config, settings FROM automation_graphs WHERE automation_id = $1",
                    {automation_id}, read_graph)
                    .value_or(AutomationGraph{});
            insert_version(connection, automation_id, added);
            connection.run(
                "UPDATE automations SET version = $1, updated_at = $2, revision = revision + 1 "
                "WHERE automation_id = $3",
                {added.version, added.created_at, automation_id});
            return std::optional(std::move(added));
        });
}

Result<std::vector<AutomationVersion>> SqlAutomationStore::versions(std::string_view automation_id) {
    return database_.read(
        "automations.versions", [&](Connection& connection) -> Result<std::vector<AutomationVersion>> {
            std::vector<AutomationVersion> versions;
            connection.run(
                "SELECT version, version_tag, description, created_by, created_at FROM automation_versions "
                "WHERE automation_id = $1 ORDER BY version",
                {automation_id}, [&](const Row& row) {
                    Columns columns(row);
                    versions.push_back(read_version(columns));
                });
            return versions;
        });
}

Result<std::optional<AutomationVersion>> SqlAutomationStore::find_version(std::string_view automation_id,
                                                                          std::int64_t version) {
    return database_.read("automations.find_version",
                          [&](Connection& connection) -> Result<std::optional<AutomationVersion>> {
                              return find_row<AutomationVersion>(
                                  connection,
                                  "SELECT version, version_tag, description, created_by, created_at, nodes, "
                                  "connections, config, settings FROM automation_versions "
                                  "WHERE automation_id = $1 AND version = $2",
                                  {automation_id, version}, [](Columns& columns) {
                                      AutomationVersion found = read_version(columns);
                                      found.graph = read_graph(columns);
                                      return found;
                                  });
                          });
}

Result<bool> SqlAutomationStore::share(std::string_view account_id, std::string_view automation_id,
                                       std::string_view user_id, TimePoint shared_at) {
    return database_.write("automations.share", [&](Connection& connection) -> Result<bool> {
        if (!is_of_account(connection, account_id, automation_id)) return false;
        connection.run(
            "INSERT INTO automation_shares (automation_id, user_id, position, shared_at) "
            "SELECT $1, $2, COALESCE(MAX(position) + 1, 0), $3 FROM automation_shares WHERE automation_id = $1 "
            "ON CONFLICT DO NOTHING",
            {automation_id, user_id, shared_at});
        return true;
    });
}

Result<bool> SqlAutomationStore::unshare(std::string_view account_id, std::string_view automation_id,
                                         std::string_view user_id) {
    return database_.write("automations.unshare", [&](Connection& connection) -> Result<bool> {
        return connection.run(
                   "DELETE FROM automation_shares WHERE automation_id = $1 AND user_id = $2 AND EXISTS "
                   "(SELECT 1 FROM automations WHERE automation_id = $1 AND account_id = $3)",
                   {automation_id, user_id, account_id}) > 0;
    });
}

Result<std::vector<AutomationShare>> SqlAutomationStore::shares(std::string_view automation_id) {
    return database_.read("automations.shares", [&](Connection& connection) -> Result<std::vector<AutomationShare>> {
        std::vector<AutomationShare> shares;
        connection.run("SELECT user_id, shared_at FROM automation_shares WHERE automation_id = $1 ORDER BY position",
                       {automation_id}, [&](const Row& row) {
                           Columns columns(row);
                           AutomationShare& share = shares.emplace_back();
                           share.user_id = columns.text();
                           share.shared_at = columns.time();
                       });
        return shares;
    });
}

}  // namespace meter::sql
