#include "nodes/sql.hpp"

#include <algorithm>

#include "core/base64.hpp"
#include "core/unicode.hpp"
#include "meter/json.hpp"

namespace meter::nodes {
namespace {

constexpr std::size_t sql_name_length = 128;
constexpr std::size_t sql_columns = 1000;
constexpr std::string_view sql_bytes_member = "$bytes";

bool sql_name_fits(std::string_view name) {
    return !name.empty() && name.size() <= sql_name_length && name.find('\0') == name.npos && core::is_valid_utf8(name);
}

Error sql_item_error(std::int64_t number, std::string_view what) {
    return {ErrorCode::unprocessable, "Item " + std::to_string(number) + " " + std::string(what)};
}

std::vector<std::string> sql_key(const Value& config) {
    std::vector<std::string> key;
    const Value* given = config.find("key");
    if (given == nullptr) return key;
    if (const auto* one = given->if_string()) key.push_back(*one);
    if (const auto* several = given->if_array())
        for (const Value& name : *several)
            if (const auto* text = name.if_string()) key.push_back(*text);
    return key;
}

Result<SqlSink> sql_sink(const Value& config) {
    SqlSink sink;
    const std::string mode = config_text(config, "mode");
    sink.mode = mode == "upsert" ? SqlMode::upsert : mode == "replace" ? SqlMode::replace : SqlMode::append;
    sink.key = sql_key(config);
    const std::string table = config_text(config, "table");
    const auto dot = table.find('.');
    if (dot != table.npos) sink.table.push_back(table.substr(0, dot));
    sink.table.push_back(dot == table.npos ? table : table.substr(dot + 1));
    for (const auto& name : sink.table)
        if (!sql_name_fits(name)) return config_error("table", "must be a name or schema.name");
    for (const auto& name : sink.key)
        if (!sql_name_fits(name)) return config_error("key", "must name columns");
    if (sink.mode == SqlMode::upsert && sink.key.empty())
        return Error{ErrorCode::invalid_argument, "Missing required field: config.key", "config.key"};
    if (sink.mode == SqlMode::append && !sink.key.empty())
        return config_error("key", "is of no use with the mode append");
    return sink;
}

/// Texts of parameters may have placeholders. They are values for the database, never part of the statement.
Result<SqlSource> sql_source(const NodeContext& context) {
    SqlSource source{config_text(context.config, "query"), {}};
    const Value* parameters = context.config.find("parameters");
    if (parameters == nullptr || parameters->if_array() == nullptr) return source;
    for (const Value& parameter : *parameters->if_array()) {
        SqlValue value = sql_value(parameter);
        if (parameter.is_string()) {
            auto filled = fill_execution(*parameter.if_string(), context, "parameters");
            if (!filled) return filled.error();
            value = *std::move(filled);
        }
        source.parameters.push_back(std::move(value));
    }
    return source;
}

Result<void> check_source(const Value& config) {
    if (config_text(config, "query").find('\0') != std::string::npos)
        return config_error("query", "must not have a NUL character");
    const Value* parameters = config.find("parameters");
    if (parameters != nullptr && parameters->if_array() != nullptr)
        for (const Value& parameter : *parameters->if_array())
            if (const auto* text = parameter.if_string())
                if (auto ok = check_placeholders(*text, "parameters"); !ok) return ok;
    return {};
}

NodeType sql_type(std::string_view database, std::string_view suffix, std::string label) {
    NodeType type;
    type.node_id = std::string(database) + std::string(suffix);
    type.label = std::move(label);
    type.category = "databases";
    type.connection_type = database;
    type.tags = {"sql", std::string(database)};
    return type;
}

std::string sql_names(SqlDialect dialect, const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + sql_name(dialect, name);
    return text;
}

/// "a = excluded.a, ..." of all columns that are no key.
std::string sql_updates(SqlDialect dialect, const SqlSink& sink, const std::vector<std::string>& columns) {
    std::string text;
    for (const auto& column : columns) {
        if (std::find(sink.key.begin(), sink.key.end(), column) != sink.key.end()) continue;
        const std::string name = sql_name(dialect, column);
        if (!text.empty()) text += ", ";
        text += name + " = " + (dialect == SqlDialect::mysql ? "VALUES(" + name + ")" : "excluded." + name);
    }
    return text;
}

std::string sql_on_conflict(SqlDialect dialect, const SqlSink& sink, const std::vector<std::string>& columns) {
    if (sink.key.empty()) return {};
    const std::string updates = sql_updates(dialect, sink, columns);
    if (dialect == SqlDialect::mysql) {
        const std::string first = sql_name(dialect, sink.key.front());
        return " ON DUPLICATE KEY UPDATE " + (updates.empty() ? first + " = " + first : updates);
    }
    return " ON CONFLICT (" + sql_names(dialect, sink.key) + ") DO " +
           (updates.empty() ? "NOTHING" : "UPDATE SET " + updates);
}

}  // namespace

SqlTable::~SqlTable() = default;

Value bytes_value(std::string_view bytes) {
    return Object{{std::string(sql_bytes_member), core::to_base64(bytes)}};
}

SqlValue sql_value(const Value& value) {
    if (value.is_null()) return nullptr;
    if (const bool* truth = value.if_bool()) return *truth;
    if (const auto* integer = value.if_integer()) return *integer;
    if (value.is_number()) return value.to_double();
    if (const auto* text = value.if_string()) return *text;
    if (const Object* object = value.if_object(); object != nullptr && object->size() == 1)
        if (const Value* encoded = object->find(sql_bytes_member); encoded != nullptr && encoded->is_string())
            if (auto bytes = core::from_base64(*encoded->if_string())) return SqlBytes{*std::move(bytes)};
    return to_json(value);
}

std::string time_from_sql(std::string text, bool is_moment) {
    const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
    if (text.size() < 19 || !digit(0) || text[4] != '-' || text[10] != ' ' || text[13] != ':') return text;
    text[10] = 'T';
    if (!is_moment) return text;
    if (text.ends_with("+00")) text.resize(text.size() - 3);
    if (digit(text.size() - 1)) text += 'Z';
    return text;
}

std::string sql_name(SqlDialect dialect, std::string_view name) {
    const char quote = dialect == SqlDialect::mysql ? '`' : '"';
    std::string text(1, quote);
    for (const char c : name) {
        if (c == quote) text += quote;
        text += c;
    }
    return text + quote;
}

std::string sql_table(SqlDialect dialect, const SqlSink& sink) {
    std::string text;
    for (const auto& part : sink.table) text += (text.empty() ? "" : ".") + sql_name(dialect, part);
    return text;
}

std::string insert_sql(SqlDialect dialect, const SqlSink& sink, const std::vector<std::string>& columns,
                       std::size_t rows) {
    std::string text = "INSERT INTO " + sql_table(dialect, sink) + " (" + sql_names(dialect, columns) + ") VALUES ";
    std::size_t number = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        text += row > 0 ? ", (" : "(";
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (i > 0) text += ", ";
            text += dialect == SqlDialect::postgres ? "$" + std::to_string(++number) : "?";
        }
        text += ")";
    }
    return text + sql_on_conflict(dialect, sink, columns);
}

Result<SqlRow> sql_row(const Value& item, const SqlSink& sink, std::int64_t number) {
    const Object* object = item.if_object();
    if (object == nullptr || object->empty()) return sql_item_error(number, "is no object with members");
    if (object->size() > sql_columns) return sql_item_error(number, "has more than 1000 members");
    SqlRow row;
    for (const auto& [name, value] : *object) {
        if (!sql_name_fits(name)) return sql_item_error(number, "has a member whose name can be no column");
        row.columns.push_back(name);
        row.values.push_back(sql_value(value));
    }
    for (const auto& key : sink.key)
        if (const Value* value = object->find(key); value == nullptr || value->is_null())
            return sql_item_error(number, "lacks the key " + key);
    return row;
}

NodeType sql_source_type(std::string_view database, std::string_view label, SqlRead read) {
    NodeType type = sql_type(database, "-source", std::string(label) + " query");
    type.kind = NodeKind::source;
    type.description = "Runs one query, with parameters apart from it, and emits an item for each row as it comes.";
    type.config_schema = literal(R"({"type": "object", "required": ["connection", "query"], "properties": {
        "connection": {"type": "string", "minLength": 1},
        "query": {"type": "string", "minLength": 1, "maxLength": 65536},
        "parameters": {"type": "array", "maxItems": 1000,
                       "description": "Values of the query's parameters, in order; texts may use {{date}}"}}})");
    type.check = check_source;
    if (read)
        type.run = [read](NodeContext& context, ItemSource&, ItemSink& out) -> Result<void> {
            const auto source = sql_source(context);
            if (!source) return source.error();
            return read(context, *context.connections.find(config_text(context.config, "connection")), *source,
                        [&](Value item) { return out.push(output_port, std::move(item)); });
        };
    return type;
}

NodeType sql_sink_type(std::string_view database, std::string_view label, SqlOpen open) {
    NodeType type = sql_type(database, "-sink", std::string(label) + " table");
    type.kind = NodeKind::sink;
    type.description =
        "Writes the items as rows, all in one transaction, and hands them on: append adds, upsert updates rows with "
        "the "
        "same key, replace makes the items the whole content of the table.";
    type.config_schema = literal(R"({"type": "object", "required": ["connection", "table"], "properties": {
        "connection": {"type": "string", "minLength": 1},
        "table": {"type": "string", "minLength": 1, "maxLength": 300},
        "mode": {"type": "string", "enum": ["append", "upsert", "replace"], "default": "append"},
        "key": {"type": ["string", "array"], "minLength": 1, "minItems": 1, "maxItems": 32, "items": {"type": "string"},
                "description": "Columns that tell rows apart; they need a unique index"}}})");
    type.default_config = literal(R"({"mode": "append"})");
    type.check = [](const Value& config) -> Result<void> {
        if (auto sink = sql_sink(config); !sink) return sink.error();
        return {};
    };
    if (open)
        type.run = [open](NodeContext& context, ItemSource& in, ItemSink& out) -> Result<void> {
            const auto sink = sql_sink(context.config);
            if (!sink) return sink.error();
            auto table = open(context, *context.connections.find(config_text(context.config, "connection")), *sink);
            if (!table) return table.error();
            std::int64_t number = 0;
            auto written = each_item(in, context, [&](Value item) -> Result<void> {
                auto row = sql_row(item, *sink, ++number);
                if (!row) return row.error();
                if (auto ok = (*table)->write(*std::move(row)); !ok) return ok;
                return out.push(output_port, std::move(item));
            });
            if (!written) return written;
            return (*table)->commit();
        };
    return type;
}

}  // namespace meter::nodes
