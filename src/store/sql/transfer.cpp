#include "store/sql/transfer.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "core/base64.hpp"
#include "core/unicode.hpp"
#include "json/record_values.hpp"
#include "store/sql/columns.hpp"
#include "store/sql/sql_store.hpp"

namespace meter::sql {
namespace {

std::string_view table_of(std::string_view kind) {
    for (const auto& [name, table] : record_tables())
        if (name == kind) return table;
    throw Exception(Error{ErrorCode::internal, "No table for records of kind " + std::string(kind)});
}

std::string quoted_column(std::string_view name) {
    return '"' + std::string(name) + '"';
}

std::string member_columns(const RecordKind& kind, std::size_t most) {
    std::string list;
    for (std::size_t i = 0; i < std::min(most, kind.members.size()); ++i)
        list += (i != 0 ? ", " : "") + quoted_column(kind.members[i].name);
    return list;
}

// -- export ----------------------------------------------------------------------------------------------------------

Value column_value(const RecordMember& member, const Row& row, int column) {
    switch (member.type) {
        case MemberType::integer:
            return row.integer(column);
        case MemberType::flag:
            return row.integer(column) != 0;
        case MemberType::time:
            return json::time_member(TimePoint{std::chrono::milliseconds{row.integer(column)}});
        case MemberType::json:
            return json::json_member(std::string(row.text(column)));
        case MemberType::bytes:
            return core::to_base64(row.text(column));
        case MemberType::text:
        case MemberType::id:
        case MemberType::word:
            break;
    }
    return std::string(row.text(column));
}

StoreRecord read_record(const RecordKind& kind, const Row& row) {
    StoreRecord record{kind.name, {}};
    for (int column = 0; column < static_cast<int>(kind.members.size()); ++column) {
        const RecordMember& member = kind.members[static_cast<std::size_t>(column)];
        if (!row.is_null(column)) record.members.append(member.name, column_value(member, row, column));
    }
    return record;
}

/// What an exception carries out of a row callback: an error of the sink.
void hand_out(const RecordSink& sink, const StoreRecord& record) {
    if (auto taken = sink(record); !taken) throw Exception(taken.error());
}

void export_rows(Connection& connection, const RecordKind& kind, std::string_view where, std::span<const Param> params,
                 const RecordSink& sink) {
    const std::string sql = "SELECT " + member_columns(kind, kind.members.size()) + " FROM " +
                            std::string(table_of(kind.name)) + std::string(where) + " ORDER BY " +
                            member_columns(kind, kind.key);
    connection.execute(sql, params, [&](const Row& row) { hand_out(sink, read_record(kind, row)); });
}

std::vector<const RecordKind*> children_of(const RecordKind& parent) {
    std::vector<const RecordKind*> children;
    for (const RecordKind& kind : record_kinds())
        if (kind.parent == parent.name) children.push_back(&kind);
    return children;
}

/// One parent after the other, each with its children: a connection answers one question at a time.
void export_families(Connection& connection, const RecordKind& kind, const std::vector<const RecordKind*>& children,
                     const RecordSink& sink) {
    const std::string key = member_columns(kind, 1);
    const std::string next = "SELECT " + member_columns(kind, kind.members.size()) + " FROM " +
                             std::string(table_of(kind.name)) + " WHERE " + key + " > $1 ORDER BY " + key + " LIMIT 1";
    for (std::string last;;) {
        std::optional<StoreRecord> parent;
        connection.run(next, {last}, [&](const Row& row) { parent = read_record(kind, row); });
        if (!parent) return;
        hand_out(sink, *parent);
        last = *parent->members.find(kind.members.front().name)->if_string();
        const Param id(last);
        for (const RecordKind* child : children)
            export_rows(connection, *child, " WHERE " + quoted_column(child->members.front().name) + " = $1", {&id, 1},
                        sink);
    }
}

// -- import ----------------------------------------------------------------------------------------------------------

/// Columns that follow from a member: searches ignore case, and compare with these.
struct DerivedColumn {
    std::string_view kind, column, member;
};
constexpr DerivedColumn derived_columns[] = {{"automation", "folded_name", "name"},
                                             {"automation", "folded_description", "description"}};

/// A member as a parameter: text is kept here, where a view of it stays good.
struct StoredMember {
    std::string text = {};
    std::int64_t number = 0;
    enum class Form { null, number, text, bytes } form = Form::null;

    Param param() const {
        switch (form) {
            case Form::number:
                return number;
            case Form::text:
                return text;
            case Form::bytes:
                return Blob{text};
            case Form::null:
                break;
        }
        return nullptr;
    }
};

StoredMember stored_member(const RecordMember& member, const Value* value) {
    using Form = StoredMember::Form;
    if (value == nullptr) return {};
    switch (member.type) {
        case MemberType::integer:
            return {.number = *value->if_integer(), .form = Form::number};
        case MemberType::flag:
            return {.number = *value->if_bool() ? 1 : 0, .form = Form::number};
        case MemberType::time:
            return {.number = json::read_time_member(*value).value_or(TimePoint{}).time_since_epoch().count(),
                    .form = Form::number};
        case MemberType::json:
            return {.text = json::json_text(*value), .form = Form::text};
        case MemberType::bytes:
            return {.text = core::from_base64(*value->if_string()).value_or(""), .form = Form::bytes};
        case MemberType::text:
        case MemberType::id:
        case MemberType::word:
            break;
    }
    return {.text = *value->if_string(), .form = Form::text};
}

void insert_tags(Connection& connection, const StoreRecord& record) {
    const Object body = json::body_of(record);
    const Value::Array* tags = body.find("tags")->if_array();
    if (tags == nullptr) return;
    for (const Value& tag : *tags)
        if (tag.if_string() != nullptr)
            connection.run("INSERT INTO automation_tags (automation_id, tag) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                           {*body.find("automation_id")->if_string(), *tag.if_string()});
}

void insert_record(Connection& connection, const RecordKind& kind, const StoreRecord& record) {
    std::vector<StoredMember> stored;
    std::string columns = member_columns(kind, kind.members.size());
    for (const RecordMember& member : kind.members)
        stored.push_back(stored_member(member, record.members.find(member.name)));
    for (const DerivedColumn& derived : derived_columns) {
        if (derived.kind != kind.name) continue;
        columns += ", " + quoted_column(derived.column);
        stored.push_back({.text = core::fold_case(*record.members.find(derived.member)->if_string()),
                          .form = StoredMember::Form::text});
    }
    std::string places;
    std::vector<Param> params;
    for (const StoredMember& member : stored) {
        params.push_back(member.param());
        places += (places.empty() ? "$" : ", $") + std::to_string(params.size());
    }
    connection.execute("INSERT INTO " + std::string(table_of(kind.name)) + " (" + columns + ") VALUES (" + places + ")",
                       params, {});
    if (kind.name == "automation") insert_tags(connection, record);
}

Result<void> refuse_full_store(Connection& connection) {
    for (const RecordKind& kind : record_kinds()) {
        bool found = false;
        connection.run("SELECT 1 FROM " + std::string(table_of(kind.name)) + " LIMIT 1", {},
                       [&](const Row&) { found = true; });
        if (!found) continue;
        return Error{ErrorCode::conflict,
                     "The store is not empty: there is a record of kind " + kind.name + "; import into a new store",
                     kind.name};
    }
    return {};
}

/// What the tables cannot see by themselves: a record that refers to another one of the same account only.
std::vector<std::string> strangers(Connection& connection) {
    struct Reference {
        std::string_view sql;  ///< counts the rows that break it
        std::string_view finding;
    };
    constexpr Reference references[] = {
        {"SELECT COUNT(*) FROM strategies LEFT JOIN strategy_groups ON group_id = strategy_group_id AND "
         "strategy_groups.account_id = strategies.account_id WHERE strategy_group_id IS NOT NULL AND group_id IS NULL",
         "strategies of a group that is not there"},
        {"SELECT COUNT(*) FROM schedules JOIN strategies ON strategies.strategy_id = schedules.strategy_id "
         "WHERE strategies.account_id <> schedules.account_id",
         "schedules of another account's strategy"},
        {"SELECT COUNT(*) FROM schedules JOIN workflows ON workflows.workflow_id = schedules.workflow_id "
         "WHERE workflows.account_id <> schedules.account_id",
         "schedules of another account's workflow"},
        {"SELECT COUNT(*) FROM schedules JOIN automations ON automations.automation_id = schedules.automation_id "
         "WHERE automations.account_id <> schedules.account_id",
         "schedules of another account's automation"},
        {"SELECT COUNT(*) FROM automation_executions JOIN automations ON automations.automation_id = "
         "automation_executions.automation_id WHERE automations.account_id <> automation_executions.account_id",
         "executions of another account's automation"},
        {"SELECT COUNT(*) FROM jobs JOIN strategies ON strategies.strategy_id = jobs.strategy_id "
         "WHERE strategies.account_id <> jobs.account_id",
         "jobs of another account's strategy"},
        {"SELECT COUNT(*) FROM batches JOIN strategies ON strategies.strategy_id = batches.strategy_id "
         "WHERE strategies.account_id <> batches.account_id",
         "batches of another account's strategy"},
        {"SELECT COUNT(*) FROM page_snapshots JOIN strategies ON strategies.strategy_id = page_snapshots.strategy_id "
         "WHERE strategies.account_id <> page_snapshots.account_id",
         "pages of another account's strategy"},
        {"SELECT COUNT(*) FROM workflow_nodes JOIN workflows ON workflows.workflow_id = workflow_nodes.workflow_id "
         "JOIN strategies ON strategies.strategy_id = workflow_nodes.strategy_id "
         "WHERE strategies.account_id <> workflows.account_id",
         "nodes of another account's strategy"},
        {"SELECT COUNT(*) FROM schedule_changes JOIN schedules ON schedules.schedule_id = schedule_changes.schedule_id "
         "WHERE schedules.account_id <> schedule_changes.account_id",
         "changes of another account's schedule"},
        {"SELECT COUNT(*) FROM workflow_runs JOIN workflows ON workflows.workflow_id = workflow_runs.workflow_id "
         "WHERE workflows.account_id <> workflow_runs.account_id",
         "runs of another account's workflow"},
    };
    std::vector<std::string> findings;
    for (const Reference& reference : references) {
        const auto count =
            find_row<std::int64_t>(connection, reference.sql, {}, [](Columns& columns) { return columns.integer(); });
        if (count.value_or(0) != 0) findings.push_back(std::to_string(*count) + " x " + std::string(reference.finding));
    }
    return findings;
}

}  // namespace

const std::vector<std::pair<std::string_view, std::string_view>>& record_tables() {
    static const std::vector<std::pair<std::string_view, std::string_view>> tables{
        {"api_key", "api_keys"},
        {"strategy_group", "strategy_groups"},
        {"strategy", "strategies"},
        {"page_snapshot", "page_snapshots"},
        {"audit_event", "audit_events"},
        {"group_regeneration", "group_regenerations"},
        {"discovery", "discoveries"},
        {"discovery_url", "discovery_urls"},
        {"discovery_page", "discovery_pages"},
        {"workflow", "workflows"},
        {"workflow_node", "workflow_nodes"},
        {"workflow_edge", "workflow_edges"},
        {"automation", "automations"},
        {"automation_graph", "automation_graphs"},
        {"automation_version", "automation_versions"},
        {"automation_share", "automation_shares"},
        {"schedule", "schedules"},
        {"schedule_tick", "schedule_ticks"},
        {"batch", "batches"},
        {"job", "jobs"},
        {"job_result", "job_results"},
        {"baseline", "baselines"},
        {"schedule_change", "schedule_changes"},
        {"workflow_run", "workflow_runs"},
        {"workflow_run_definition", "workflow_run_definitions"},
        {"workflow_run_strategy", "workflow_run_strategies"},
        {"workflow_node_run", "workflow_node_runs"},
        {"workflow_input", "workflow_inputs"},
        {"webhook_delivery", "webhook_deliveries"},
        {"webhook_payload", "webhook_payloads"},
        {"execution", "automation_executions"},
        {"execution_graph", "automation_execution_graphs"},
        {"execution_span", "automation_spans"},
        {"execution_log", "automation_logs"},
        {"execution_items", "automation_items"},
    };
    return tables;
}

const std::vector<std::string_view>& unmoved_columns() {
    static const std::vector<std::string_view> names{
        "schema_migrations",               // of the back end
        "job_totals",                      // counted from the jobs
        "automation_tags",                 // made from the tags of automations
        "automations.folded_name",         // made from the name
        "automations.folded_description",  // made from the description
        "baselines.page_hash",             // made anew by the next job
        "idempotency_keys",                // live for a day
        "quota_reservations",              // live for a minute
    };
    return names;
}

Result<void> export_tables(Connection& connection, const RecordSink& sink) {
    for (const RecordKind& kind : record_kinds()) {
        if (!kind.parent.empty()) continue;
        const auto children = children_of(kind);
        if (children.empty())
            export_rows(connection, kind, {}, {}, sink);
        else
            export_families(connection, kind, children, sink);
    }
    return {};
}

Result<void> import_tables(Connection& connection, RecordSource& source) {
    if (auto empty = refuse_full_store(connection); !empty) return empty;
    if (auto begun = source.rewind(); !begun) return begun;
    for (;;) {
        const auto record = source.next();
        if (!record) return record.error();
        if (!*record) break;
        const RecordKind* kind = find_record_kind((*record)->kind);
        if (kind == nullptr) return Error{ErrorCode::invalid_argument, "Unknown kind of record", (*record)->kind};
        insert_record(connection, *kind, **record);
    }
    connection.run(
        "UPDATE job_totals SET pending = (SELECT COUNT(*) FROM jobs WHERE status = 'pending'), "
        "running = (SELECT COUNT(*) FROM jobs WHERE status = 'running')");
    auto findings = inconsistencies(connection);
    if (findings.empty()) findings = strangers(connection);
    if (!findings.empty()) return Error{ErrorCode::conflict, "The records do not fit together: " + findings.front()};
    return {};
}

}  // namespace meter::sql
