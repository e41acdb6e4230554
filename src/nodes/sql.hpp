// What the nodes of all databases have in common: configs, values, statements. Pure but for the types at the end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nodes/builtin.hpp"

namespace meter::nodes {

/// Bytes that are no text travel in items as {"$bytes": "<base64>"}: JSON has no form of its own for them.
Value bytes_value(std::string_view bytes);

struct SqlBytes {
    std::string bytes;
    bool operator==(const SqlBytes&) const = default;
};
/// null, truth, number, text or bytes: what databases hold. Arrays and objects are JSON text.
using SqlValue = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, SqlBytes>;
SqlValue sql_value(const Value& value);

/// "2025-01-15 10:30:00.5" as items have it: "2025-01-15T10:30:00.5", with "Z" behind it when it is a moment. Text that
/// is no date and time stays.
std::string time_from_sql(std::string text, bool is_moment);

enum class SqlMode { append, upsert, replace };

struct SqlSource {
    std::string query;
    std::vector<SqlValue> parameters;
};

struct SqlSink {
    std::vector<std::string> table;  ///< schema and name, or the name alone
    SqlMode mode = SqlMode::append;
    std::vector<std::string> key;
};

enum class SqlDialect { sqlite, postgres, mysql };

/// Names are quoted, so whatever an item calls its members stays a name.
std::string sql_name(SqlDialect dialect, std::string_view name);
std::string sql_table(SqlDialect dialect, const SqlSink& sink);
/// INSERT of `rows` rows, with what `mode` and `key` ask for when a row is there already.
std::string insert_sql(SqlDialect dialect, const SqlSink& sink, const std::vector<std::string>& columns,
                       std::size_t rows);

/// An item as a row, checked: an object with members whose names can be columns, all of `key` among them. Errors:
/// unprocessable with the number of the item.
struct SqlRow {
    std::vector<std::string> columns;
    std::vector<SqlValue> values;
};
Result<SqlRow> sql_row(const Value& item, const SqlSink& sink, std::int64_t number);

/// A table being written, in one transaction. What is not committed is undone at the end of its life.
class SqlTable {
public:
    virtual ~SqlTable();
    virtual Result<void> write(SqlRow row) = 0;
    virtual Result<void> commit() = 0;
};

/// Runs a query and emits its rows as they come. The transaction may read only.
using SqlRead = std::function<Result<void>(const NodeContext& context, const Connection& connection,
                                           const SqlSource& source, const std::function<Result<void>(Value)>& emit)>;
/// Connects, begins, and with `replace` empties the table.
using SqlOpen = std::function<Result<std::unique_ptr<SqlTable>>(const NodeContext& context,
                                                                const Connection& connection, const SqlSink& sink)>;

NodeType sql_source_type(std::string_view database, std::string_view label, SqlRead read);
NodeType sql_sink_type(std::string_view database, std::string_view label, SqlOpen open);

// Of builds that have them.
SqlRead sqlite_reader(const NodeOptions& options);
SqlOpen sqlite_writer(const NodeOptions& options);
SqlRead postgres_reader(const NodeOptions& options);
SqlOpen postgres_writer(const NodeOptions& options);
SqlRead mysql_reader(const NodeOptions& options);
SqlOpen mysql_writer(const NodeOptions& options);

}  // namespace meter::nodes
