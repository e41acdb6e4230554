// sqlite-source and sqlite-sink, on SQLite's C interface.
#include <sqlite3.h>

#include "core/unicode.hpp"
#include "nodes/sql.hpp"

namespace meter::nodes {
namespace {

constexpr int sqlite_busy_ms = 5'000;
constexpr int sqlite_steps_between_looks = 10'000;

struct SqliteClose {
    void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using SqliteHandle = std::unique_ptr<sqlite3, SqliteClose>;
using SqliteStatement = std::unique_ptr<sqlite3_stmt, SqliteClose>;

int sqlite_look_for_stop(void* stop) {
    return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

/// One file and no other: nothing is attached, loaded or configured from a statement.
int sqlite_authorize(void*, int action, const char*, const char*, const char*, const char*) {
    return action == SQLITE_ATTACH || action == SQLITE_DETACH || action == SQLITE_PRAGMA ? SQLITE_DENY : SQLITE_OK;
}

Error sqlite_error(sqlite3* database, ErrorCode code, const std::string& subject) {
    const int result = sqlite3_errcode(database) & 0xff;
    if (result == SQLITE_INTERRUPT) return cancelled_error();
    if (result == SQLITE_TOOBIG) code = ErrorCode::too_large;
    return {code, std::string("SQLite: ") + sqlite3_errmsg(database), subject,
            result == SQLITE_BUSY || result == SQLITE_LOCKED};
}

/// `stop` has to outlive the handle.
Result<SqliteHandle> sqlite_connect(const Connection& connection, int flags, std::size_t longest,
                                    const std::stop_token& stop) {
    sqlite3* opened = nullptr;
    const std::string path(connection.text("path"));
    const int result = sqlite3_open_v2(path.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    SqliteHandle database(opened);
    if (result != SQLITE_OK)
        return Error{
            ErrorCode::network,
            "SQLite: the database of connection " + connection.name() + " cannot be opened: " + sqlite3_errstr(result),
            "config.connection"};
    sqlite3_busy_timeout(opened, sqlite_busy_ms);
    sqlite3_limit(opened, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, static_cast<int>(longest));
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_progress_handler(opened, sqlite_steps_between_looks, sqlite_look_for_stop,
                             const_cast<std::stop_token*>(&stop));
    sqlite3_set_authorizer(opened, sqlite_authorize, nullptr);
    return database;
}

Result<SqliteStatement> sqlite_prepare(sqlite3* database, const std::string& sql, const std::string& subject) {
    sqlite3_stmt* prepared = nullptr;
    const char* rest = nullptr;
    const int result = sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &prepared, &rest);
    SqliteStatement statement(prepared);
    if (result != SQLITE_OK) return sqlite_error(database, ErrorCode::invalid_argument, subject);
    if (!statement) return Error{ErrorCode::invalid_argument, subject + " holds no statement", subject};
    const std::string_view left(rest, static_cast<std::size_t>(sql.data() + sql.size() - rest));
    if (!core::trim(left).empty())
        return Error{ErrorCode::invalid_argument, subject + " must be one statement", subject};
    return statement;
}

Result<void> sqlite_execute(sqlite3* database, const std::string& sql) {
    auto statement = sqlite_prepare(database, sql, "config.table");
    if (!statement) return statement.error();
    if (sqlite3_step(statement->get()) != SQLITE_DONE) return sqlite_error(database, ErrorCode::unprocessable, {});
    return {};
}

int sqlite_bind(sqlite3_stmt* statement, int at, const SqlValue& value) {
    struct Bind {
        sqlite3_stmt* statement;
        int at;
        int operator()(std::nullptr_t) const { return sqlite3_bind_null(statement, at); }
        int operator()(bool truth) const { return sqlite3_bind_int(statement, at, truth ? 1 : 0); }
        int operator()(std::int64_t number) const { return sqlite3_bind_int64(statement, at, number); }
        int operator()(double number) const { return sqlite3_bind_double(statement, at, number); }
        int operator()(const std::string& text) const {
            return sqlite3_bind_text64(statement, at, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
        }
        int operator()(const SqlBytes& data) const {
            // A null pointer would be bound as NULL.
            const char* const bytes = data.bytes.empty() ? "" : data.bytes.data();
            return sqlite3_bind_blob64(statement, at, bytes, data.bytes.size(), SQLITE_TRANSIENT);
        }
    };
    return std::visit(Bind{statement, at}, value);
}

Value sqlite_column(sqlite3_stmt* statement, int at, bool is_truth) {
    const auto bytes = [&](const void* data) {
        return std::string_view(static_cast<const char*>(data),
                                data == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(statement, at)));
    };
    switch (sqlite3_column_type(statement, at)) {
        case SQLITE_INTEGER: {
            const std::int64_t number = sqlite3_column_int64(statement, at);
            return is_truth && (number == 0 || number == 1) ? Value(number == 1) : Value(number);
        }
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement, at);
        case SQLITE_TEXT: {
            const void* const text = sqlite3_column_text(statement, at);
            return core::sanitize_utf8(bytes(text));
        }
        case SQLITE_BLOB: {
            const void* const blob = sqlite3_column_blob(statement, at);
            return bytes_value(bytes(blob));
        }
        default:
            return nullptr;
    }
}

struct SqliteColumn {
    std::string name;
    bool is_truth;  // declared as BOOLEAN, which SQLite keeps as 0 and 1
};

Result<std::vector<SqliteColumn>> sqlite_columns(sqlite3_stmt* statement) {
    std::vector<SqliteColumn> columns;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const char* const name = sqlite3_column_name(statement, i);
        const char* const type = sqlite3_column_decltype(statement, i);
        columns.push_back({core::sanitize_utf8(name != nullptr ? name : ""),
                           type != nullptr && core::ascii_lower(type).starts_with("bool")});
        for (std::size_t j = 0; j + 1 < columns.size(); ++j)
            if (columns[j].name == columns.back().name)
                return config_error("query", "gives two columns the name " + columns[j].name);
    }
    return columns;
}

Result<void> sqlite_read(std::size_t longest, const NodeContext& context, const Connection& connection,
                         const SqlSource& source, const std::function<Result<void>(Value)>& emit) {
    auto database = sqlite_connect(connection, SQLITE_OPEN_READONLY, longest, context.stop);
    if (!database) return database.error();
    auto statement = sqlite_prepare(database->get(), source.query, "config.query");
    if (!statement) return statement.error();
    sqlite3_stmt* const rows = statement->get();
    if (sqlite3_stmt_readonly(rows) == 0 || sqlite3_column_count(rows) == 0)
        return config_error("query", "must only read");
    if (sqlite3_bind_parameter_count(rows) != static_cast<int>(source.parameters.size()))
        return config_error("parameters", "must have " + std::to_string(sqlite3_bind_parameter_count(rows)) +
                                              " elements, as many as the query has parameters");
    for (std::size_t i = 0; i < source.parameters.size(); ++i)
        if (sqlite_bind(rows, static_cast<int>(i) + 1, source.parameters[i]) != SQLITE_OK)
            return sqlite_error(database->get(), ErrorCode::invalid_argument, "config.parameters");
    const auto columns = sqlite_columns(rows);
    if (!columns) return columns.error();
    for (;;) {
        const int result = sqlite3_step(rows);
        if (result == SQLITE_DONE) return {};
        if (result != SQLITE_ROW) return sqlite_error(database->get(), ErrorCode::unprocessable, "config.query");
        Object item;
        for (std::size_t i = 0; i < columns->size(); ++i)
            item.append((*columns)[i].name, sqlite_column(rows, static_cast<int>(i), (*columns)[i].is_truth));
        if (auto taken = emit(std::move(item)); !taken) return taken;
    }
}

class SqliteTable final : public SqlTable {
public:
    SqliteTable(SqliteHandle database, SqlSink sink) : database_(std::move(database)), sink_(std::move(sink)) {}

    Result<void> begin() {
        if (auto begun = sqlite_execute(database_.get(), "BEGIN IMMEDIATE"); !begun) return begun;
        if (sink_.mode != SqlMode::replace) return {};
        return sqlite_execute(database_.get(), "DELETE FROM " + sql_table(SqlDialect::sqlite, sink_));
    }

    Result<void> write(SqlRow row) override {
        ++number_;
        if (!statement_ || row.columns != columns_) {
            auto prepared =
                sqlite_prepare(database_.get(), insert_sql(SqlDialect::sqlite, sink_, row.columns, 1), "config.table");
            if (!prepared) return prepared.error();
            statement_ = *std::move(prepared);
            columns_ = row.columns;
        }
        for (std::size_t i = 0; i < row.values.size(); ++i)
            if (sqlite_bind(statement_.get(), static_cast<int>(i) + 1, row.values[i]) != SQLITE_OK)
                return at_item(sqlite_error(database_.get(), ErrorCode::unprocessable, {}));
        const int result = sqlite3_step(statement_.get());
        if (result != SQLITE_DONE) return at_item(sqlite_error(database_.get(), ErrorCode::unprocessable, {}));
        sqlite3_reset(statement_.get());
        return {};
    }

    Result<void> commit() override {
        statement_.reset();
        return sqlite_execute(database_.get(), "COMMIT");
    }

private:
    Error at_item(Error error) const {
        if (error.code != ErrorCode::cancelled)
            error.message = "Item " + std::to_string(number_) + ": " + error.message;
        return error;
    }

    SqliteHandle database_;
    const SqlSink sink_;
    SqliteStatement statement_;  // goes before the database
    std::vector<std::string> columns_;
    std::int64_t number_ = 0;
};

Result<std::unique_ptr<SqlTable>> sqlite_open(std::size_t longest, const NodeContext& context,
                                              const Connection& connection, const SqlSink& sink) {
    auto database = sqlite_connect(connection, SQLITE_OPEN_READWRITE, longest, context.stop);
    if (!database) return database.error();
    auto table = std::make_unique<SqliteTable>(*std::move(database), sink);
    if (auto begun = table->begin(); !begun) return begun.error();
    return std::unique_ptr<SqlTable>(std::move(table));
}

}  // namespace

SqlRead sqlite_reader(const NodeOptions& options) {
    return
        [longest = options.max_record_bytes](const auto&... arguments) { return sqlite_read(longest, arguments...); };
}

SqlOpen sqlite_writer(const NodeOptions& options) {
    return
        [longest = options.max_record_bytes](const auto&... arguments) { return sqlite_open(longest, arguments...); };
}

}  // namespace meter::nodes
