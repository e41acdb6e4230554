// What a caller may see of automations (wire contract 20.1).
#include <utility>

#include "core/unicode.hpp"
#include "store/sql/automation_rows.hpp"
#include "store/sql/automation_store.hpp"
#include "store/sql/columns.hpp"

namespace meter::sql {
namespace {

// AutomationStore::templates(): an answer that fits in memory, however much is shown to a caller.
constexpr std::int64_t most_templates = 100;
constexpr std::size_t most_template_bytes = 16u << 20;

const std::string visible_automations =
    " FROM automations WHERE automations.automation_id IN (" + std::string(visible_automation_ids) + ")";

// The same about one of them: $4.
const std::string one_visible_automation =
    " FROM automations WHERE automations.automation_id = $4 AND " + std::string(automation_is_visible);

constexpr std::string_view automation_columns =
    "automations.automation_id, account_id, owner_id, organization_id, name, description, status, version, tags, "
    "is_public, is_template, revision, created_at, updated_at";

Automation read_automation(Columns& columns) {
    Automation automation;
    automation.automation_id = columns.text();
    automation.account_id = columns.text();
    automation.owner_id = columns.text();
    automation.organization_id = columns.text();
    automation.name = columns.text();
    automation.description = columns.text();
    const auto status = parse_automation_status(columns.text());
    if (!status) throw Exception(Error{ErrorCode::store, "A stored automation cannot be read: status", "automations"});
    automation.status = *status;
    automation.version = columns.integer();
    automation.tags = columns.list();
    automation.is_public = columns.boolean();
    automation.is_template = columns.boolean();
    automation.revision = columns.integer();
    automation.created_at = columns.time();
    automation.updated_at = columns.time();
    return automation;
}

/// Graph and shares of automations that were read.
void read_rest(Connection& connection, Automation& automation) {
    connection.run("SELECT nodes, connections, config, settings FROM automation_graphs WHERE automation_id = $1",
                   {automation.automation_id}, [&](const Row& row) {
                       Columns columns(row);
                       automation.graph = read_graph(columns);
                   });
    connection.run("SELECT user_id FROM automation_shares WHERE automation_id = $1 ORDER BY position",
                   {automation.automation_id},
                   [&](const Row& row) { automation.shared_with.emplace_back(row.text(0)); });
}

std::size_t bytes_of(const AutomationGraph& graph) {
    return graph.nodes.size() + graph.connections.size() + graph.config.size() + graph.settings.size();
}

/// The graph has at least these: LENGTH() counts characters. What does not fit by them is not read.
std::size_t least_bytes_of_graph(Connection& connection, std::string_view automation_id) {
    const auto characters = find_row<std::int64_t>(
        connection,
        "SELECT LENGTH(nodes) + LENGTH(connections) + LENGTH(config) + LENGTH(settings) FROM automation_graphs "
        "WHERE automation_id = $1",
        {automation_id}, [](Columns& columns) { return columns.integer(); });
    return static_cast<std::size_t>(characters.value_or(0));
}

/// A part of a text, for LIKE with '!' as escape character.
std::string like_pattern(std::string_view text) {
    std::string pattern = "%";
    for (const char c : core::fold_case(text)) {
        if (c == '%' || c == '_' || c == '!') pattern += '!';
        pattern += c;
    }
    return pattern += '%';
}

std::string_view sort_column(AutomationQuery::Sort sort) noexcept {
    switch (sort) {
        case AutomationQuery::Sort::created_at:
            return "created_at";
        case AutomationQuery::Sort::updated_at:
            return "updated_at";
        case AutomationQuery::Sort::name:
            return "folded_name";
        case AutomationQuery::Sort::status:
            return "status";
    }
    return "created_at";
}

}  // namespace

Result<std::optional<Automation>> SqlAutomationStore::find(const AutomationCaller& caller,
                                                           std::string_view automation_id) {
    static const std::string sql = "SELECT " + std::string(automation_columns) + one_visible_automation;
    return database_.read("automations.find", [&](Connection& connection) -> Result<std::optional<Automation>> {
        auto found = find_row<Automation>(connection, sql,
                                          {caller.account_id, caller.user_id, caller.organization_id, automation_id},
                                          read_automation);
        if (found) read_rest(connection, *found);
        return found;
    });
}

Result<std::optional<Automation>> SqlAutomationStore::find_any(std::string_view automation_id) {
    static const std::string sql =
        "SELECT " + std::string(automation_columns) + " FROM automations WHERE automation_id = $1";
    return database_.read("automations.find_any", [&](Connection& connection) -> Result<std::optional<Automation>> {
        auto found = find_row<Automation>(connection, sql, {automation_id}, read_automation);
        if (found) read_rest(connection, *found);
        return found;
    });
}

Result<AutomationList> SqlAutomationStore::list(const AutomationCaller& caller, const AutomationQuery& query) {
    if (auto valid = validate(query.range); !valid) return valid.error();
    static const std::string matching =
        visible_automations +
        " AND ($4 = '' OR status = $4) AND ($5 = 0 OR EXISTS (SELECT 1 FROM automation_tags WHERE "
        "automation_tags.automation_id = automations.automation_id AND automation_tags.tag = $6)) AND ($7 = '%%' OR "
        "folded_name LIKE $7 ESCAPE '!' OR folded_description LIKE $7 ESCAPE '!')";
    const std::string_view direction = query.ascending ? " ASC" : " DESC";
    std::string page = "SELECT " + std::string(automation_columns) + matching + " ORDER BY ";
    page.append(sort_column(query.sort)).append(direction).append(", created_at").append(direction);
    page.append(", automations.automation_id").append(direction).append(" LIMIT $8 OFFSET $9");
    const std::string pattern = like_pattern(query.search.value_or(""));
    const std::string_view status = query.status ? to_string(*query.status) : std::string_view{};
    const std::string tag = query.tag.value_or("");
    return database_.read("automations.list", [&](Connection& connection) -> Result<AutomationList> {
        AutomationList list;
        list.count = find_row<std::int64_t>(connection, "SELECT COUNT(*)" + matching,
                                            {caller.account_id, caller.user_id, caller.organization_id, status,
                                             query.tag.has_value(), tag, pattern},
                                            [](Columns& columns) { return columns.integer(); })
                         .value_or(0);
        connection.run(page,
                       {caller.account_id, caller.user_id, caller.organization_id, status, query.tag.has_value(), tag,
                        pattern, query.range.limit, query.range.offset},
                       [&](const Row& row) {
                           Columns columns(row);
                           list.automations.push_back(read_automation(columns));
                       });
        return list;
    });
}

Result<std::vector<Automation>> SqlAutomationStore::templates(const AutomationCaller& caller) {
    static const std::string sql =
        "SELECT " + std::string(automation_columns) + visible_automations +
        " AND is_template = 1 ORDER BY created_at DESC, automations.automation_id DESC LIMIT $4";
    return database_.read("automations.templates", [&](Connection& connection) -> Result<std::vector<Automation>> {
        std::vector<Automation> templates;
        connection.run(sql, {caller.account_id, caller.user_id, caller.organization_id, most_templates},
                       [&](const Row& row) {
                           Columns columns(row);
                           templates.push_back(read_automation(columns));
                       });
        std::size_t used = 0;
        for (std::size_t i = 0; i < templates.size(); ++i) {
            bool fits =
                i == 0 || used + least_bytes_of_graph(connection, templates[i].automation_id) <= most_template_bytes;
            if (fits) {
                read_rest(connection, templates[i]);
                used += bytes_of(templates[i].graph);
                fits = i == 0 || used <= most_template_bytes;
            }
            if (!fits) templates.resize(i);
        }
        return templates;
    });
}

Result<AutomationStats> SqlAutomationStore::stats(const AutomationCaller& caller) {
    static const std::string sql = "SELECT status, COUNT(*)" + visible_automations + " GROUP BY status";
    return database_.read("automations.stats", [&](Connection& connection) -> Result<AutomationStats> {
        AutomationStats stats;
        connection.run(sql, {caller.account_id, caller.user_id, caller.organization_id}, [&](const Row& row) {
            const auto status = parse_automation_status(row.text(0));
            const std::int64_t count = row.integer(1);
            if (status == AutomationStatus::draft) stats.draft = count;
            if (status == AutomationStatus::active) stats.active = count;
            if (status == AutomationStatus::paused) stats.paused = count;
            if (status == AutomationStatus::archived) stats.archived = count;
        });
        return stats;
    });
}

}  // namespace meter::sql
