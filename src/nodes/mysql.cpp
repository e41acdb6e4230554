// mysql-source and mysql-sink, on MariaDB's client library.
#include <mysql.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <map>
#include <mutex>

#include "core/unicode.hpp"
#include "json/number_text.hpp"
#include "nodes/sql.hpp"

namespace meter::nodes {
namespace {

constexpr std::size_t mysql_rows_together = 100;
constexpr std::size_t mysql_bytes_together = 1u << 20;
constexpr std::size_t mysql_first_buffer = 256;
constexpr unsigned mysql_binary_charset = 63;  // of columns that hold bytes, not text

struct MysqlClose {
    void operator()(MYSQL* connection) const noexcept { mysql_close(connection); }
    void operator()(MYSQL_STMT* statement) const noexcept { mysql_stmt_close(statement); }
    void operator()(MYSQL_RES* result) const noexcept { mysql_free_result(result); }
};
using MysqlHandle = std::unique_ptr<MYSQL, MysqlClose>;
using MysqlStatement = std::unique_ptr<MYSQL_STMT, MysqlClose>;
using MysqlResult = std::unique_ptr<MYSQL_RES, MysqlClose>;

/// The client library blocks: a stop ends its socket, and whatever waits there returns.
class MysqlStop {
public:
    MysqlStop(MYSQL* connection, const std::stop_token& stop)
        : socket_(mysql_get_socket(connection)), callback_(stop, Shut{socket_}) {}

private:
    struct Shut {
        my_socket socket;
        void operator()() const noexcept { ::shutdown(socket, SHUT_RDWR); }
    };
    my_socket socket_;
    std::stop_callback<Shut> callback_;
};

Error mysql_failure(const std::stop_token& stop, unsigned number, const char* words, ErrorCode code,
                    const std::string& subject) {
    if (stop.stop_requested()) return cancelled_error();
    // 2000 to 2999 are the client's own: no connection, or none any more. 1205 and 1213: lock wait and deadlock.
    const bool lost = number >= 2000 && number < 3000;
    return {lost ? ErrorCode::network : code, "MySQL: " + core::sanitize_utf8(words), lost ? std::string() : subject,
            lost || number == 1205 || number == 1213};
}

/// A connection, a transaction in it, and an end to both when a stop is requested.
class MysqlLink {
public:
    static Result<MysqlLink> open(const Connection& connection, std::chrono::milliseconds timeout,
                                  const std::stop_token& stop) {
        static std::once_flag once;
        std::call_once(once, [] { mysql_server_init(0, nullptr, nullptr); });
        MysqlHandle handle(mysql_init(nullptr));
        if (!handle) return Error{ErrorCode::internal, "MySQL: out of memory"};
        MYSQL* const mysql = handle.get();
        const unsigned seconds = static_cast<unsigned>((timeout.count() + 999) / 1000);
        const unsigned no_files = 0;
        mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
        mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &no_files);  // a server could ask for any file of ours
        mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
        set_tls(mysql, connection);
        const std::string host(connection.text("host")), socket(connection.text("socket"));
        const std::string user(connection.text("user")), password(connection.text("password"));
        const std::string database(connection.text("database"));
        const auto given = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
        if (stop.stop_requested()) return cancelled_error();
        if (mysql_real_connect(mysql, given(host), given(user), given(password), given(database),
                               static_cast<unsigned>(connection.integer("port", 3306)), given(socket), 0) == nullptr)
            return Error{ErrorCode::network, "MySQL: " + core::sanitize_utf8(mysql_error(mysql)), {}, true};
        MysqlLink link(std::move(handle), stop);
        // Values that do not fit are refused instead of cut, and moments are in UTC.
        for (const char* const setting : {"SET time_zone = '+00:00'", "SET sql_mode = 'STRICT_ALL_TABLES'"})
            if (auto ok = link.execute(setting, ErrorCode::network, {}); !ok) return ok.error();
        return link;
    }

    MYSQL* get() const noexcept { return handle_.get(); }

    Result<void> execute(const std::string& sql, ErrorCode code, const std::string& subject) {
        if (mysql_real_query(get(), sql.data(), static_cast<unsigned long>(sql.size())) == 0) return {};
        return mysql_failure(stop_, mysql_errno(get()), mysql_error(get()), code, subject);
    }

    Result<MysqlStatement> prepare(const std::string& sql, const std::string& subject) {
        MysqlStatement statement(mysql_stmt_init(get()));
        if (!statement) return Error{ErrorCode::internal, "MySQL: out of memory"};
        if (mysql_stmt_prepare(statement.get(), sql.data(), static_cast<unsigned long>(sql.size())) == 0)
            return statement;
        return failure(statement.get(), ErrorCode::invalid_argument, subject);
    }

    Error failure(MYSQL_STMT* statement, ErrorCode code, const std::string& subject) const {
        return mysql_failure(stop_, mysql_stmt_errno(statement), mysql_stmt_error(statement), code, subject);
    }

private:
    MysqlLink(MysqlHandle handle, const std::stop_token& stop)
        : handle_(std::move(handle)), stop_(stop), on_stop_(std::make_unique<MysqlStop>(handle_.get(), stop)) {}

    static void set_tls(MYSQL* mysql, const Connection& connection) {
        const std::string ca_file(connection.text("ca_file"));
        if (!connection.flag("tls", !ca_file.empty())) return;
        const my_bool yes = 1;
        mysql_ssl_set(mysql, nullptr, nullptr, ca_file.empty() ? nullptr : ca_file.c_str(), nullptr, nullptr);
        mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
        mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
    }

    MysqlHandle handle_;
    std::stop_token stop_;
    std::unique_ptr<MysqlStop> on_stop_;  // goes before the handle, whose socket it uses
};

/// Parameters of one statement; the values have to stay where they are.
class MysqlParameters {
public:
    void add(const SqlValue& value) {
        binds_.push_back({});
        cells_.push_back({});
        Cell& cell = cells_.back();
        std::visit(Put{binds_.back(), cell}, value);
    }
    std::size_t count() const noexcept { return binds_.size(); }
    void reserve(std::size_t count) {
        binds_.reserve(count);
        cells_.reserve(count);
    }
    /// All are added: binds them.
    bool bind(MYSQL_STMT* statement) {
        for (std::size_t i = 0; i < binds_.size(); ++i) {
            binds_[i].length = &cells_[i].length;
            if (binds_[i].buffer_type == MYSQL_TYPE_LONGLONG) binds_[i].buffer = &cells_[i].integer;
            if (binds_[i].buffer_type == MYSQL_TYPE_DOUBLE) binds_[i].buffer = &cells_[i].number;
        }
        return mysql_stmt_bind_param(statement, binds_.data()) == 0;
    }

private:
    struct Cell {
        std::int64_t integer = 0;
        double number = 0;
        unsigned long length = 0;
    };
    struct Put {
        MYSQL_BIND& bind;
        Cell& cell;
        void operator()(std::nullptr_t) const { bind.buffer_type = MYSQL_TYPE_NULL; }
        void operator()(bool truth) const { (*this)(static_cast<std::int64_t>(truth ? 1 : 0)); }
        void operator()(std::int64_t number) const {
            bind.buffer_type = MYSQL_TYPE_LONGLONG;
            cell.integer = number;
        }
        void operator()(double number) const {
            bind.buffer_type = MYSQL_TYPE_DOUBLE;
            cell.number = number;
        }
        void operator()(const std::string& text) const { put(MYSQL_TYPE_STRING, text); }
        void operator()(const SqlBytes& data) const { put(MYSQL_TYPE_BLOB, data.bytes); }
        void put(enum_field_types type, const std::string& bytes) const {
            bind.buffer_type = type;
            bind.buffer = const_cast<char*>(bytes.data());
            bind.buffer_length = static_cast<unsigned long>(bytes.size());
            cell.length = static_cast<unsigned long>(bytes.size());
        }
    };
    std::vector<MYSQL_BIND> binds_;
    std::vector<Cell> cells_;
};

enum class MysqlKind { integer, unsigned_integer, number, single, text, time, moment, bits, bytes };

MysqlKind mysql_kind(const MYSQL_FIELD& field) {
    switch (field.type) {
        case MYSQL_TYPE_TINY:
        case MYSQL_TYPE_SHORT:
        case MYSQL_TYPE_INT24:
        case MYSQL_TYPE_LONG:
        case MYSQL_TYPE_LONGLONG:
        case MYSQL_TYPE_YEAR:
            return (field.flags & UNSIGNED_FLAG) != 0 ? MysqlKind::unsigned_integer : MysqlKind::integer;
        case MYSQL_TYPE_FLOAT:
            return MysqlKind::single;
        case MYSQL_TYPE_DOUBLE:
            return MysqlKind::number;
        case MYSQL_TYPE_DATETIME:
            return MysqlKind::time;
        case MYSQL_TYPE_TIMESTAMP:
            return MysqlKind::moment;
        case MYSQL_TYPE_BIT:
            return MysqlKind::bits;
        case MYSQL_TYPE_TINY_BLOB:
        case MYSQL_TYPE_MEDIUM_BLOB:
        case MYSQL_TYPE_LONG_BLOB:
        case MYSQL_TYPE_BLOB:
        case MYSQL_TYPE_STRING:
        case MYSQL_TYPE_VAR_STRING:
        case MYSQL_TYPE_VARCHAR:
            return field.charsetnr == mysql_binary_charset ? MysqlKind::bytes : MysqlKind::text;
        case MYSQL_TYPE_GEOMETRY:
            return MysqlKind::bytes;
        default:  // decimals, dates and times of day: digit for digit
            return MysqlKind::text;
    }
}

/// The result columns of a statement, fetched row by row.
class MysqlRows {
public:
    explicit MysqlRows(MYSQL_STMT* statement) : statement_(statement) {}

    Result<void> bind() {
        const MysqlResult metadata(mysql_stmt_result_metadata(statement_));
        if (!metadata) return config_error("query", "must only read");
        const MYSQL_FIELD* const fields = mysql_fetch_fields(metadata.get());
        columns_.resize(mysql_num_fields(metadata.get()));
        binds_.resize(columns_.size());
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            Column& column = columns_[i];
            column.name = core::sanitize_utf8(fields[i].name);
            column.kind = mysql_kind(fields[i]);
            for (std::size_t j = 0; j < i; ++j)
                if (columns_[j].name == column.name)
                    return config_error("query", "gives two columns the name " + column.name);
            bind_column(column, binds_[i]);
        }
        return {};
    }

    /// After mysql_stmt_bind_result() has seen them.
    MYSQL_BIND* binds() noexcept { return binds_.data(); }

    /// The row just fetched. Texts that did not fit are fetched again, whole.
    Result<Value> item(std::size_t longest) {
        Object item;
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            Column& column = columns_[i];
            if (column.is_null != 0) {
                item.append(column.name, nullptr);
                continue;
            }
            bytes += column.length;
            if (bytes > longest)
                return Error{ErrorCode::too_large, "MySQL: a row is longer than " + std::to_string(longest) + " bytes"};
            item.append(column.name, value(column, i));
        }
        return Value(std::move(item));
    }

private:
    struct Column {
        std::string name;
        MysqlKind kind = MysqlKind::text;
        std::int64_t integer = 0;
        double number = 0;
        float single = 0;
        std::array<char, mysql_first_buffer> text{};
        unsigned long length = 0;
        my_bool is_null = 0;
        my_bool truncated = 0;
    };

    static void bind_column(Column& column, MYSQL_BIND& bind) {
        bind.is_null = &column.is_null;
        bind.length = &column.length;
        bind.error = &column.truncated;
        const auto put = [&](enum_field_types type, void* buffer, std::size_t size) {
            bind.buffer_type = type;
            bind.buffer = buffer;
            bind.buffer_length = static_cast<unsigned long>(size);
        };
        switch (column.kind) {
            case MysqlKind::integer:
            case MysqlKind::unsigned_integer:
                put(MYSQL_TYPE_LONGLONG, &column.integer, sizeof column.integer);
                bind.is_unsigned = column.kind == MysqlKind::unsigned_integer ? 1 : 0;
                return;
            case MysqlKind::number:
                return put(MYSQL_TYPE_DOUBLE, &column.number, sizeof column.number);
            case MysqlKind::single:
                return put(MYSQL_TYPE_FLOAT, &column.single, sizeof column.single);
            case MysqlKind::bits:
            case MysqlKind::bytes:
                return put(MYSQL_TYPE_BLOB, column.text.data(), column.text.size());
            default:
                return put(MYSQL_TYPE_STRING, column.text.data(), column.text.size());
        }
    }

    Value value(Column& column, std::size_t index) {
        switch (column.kind) {
            case MysqlKind::integer:
                return column.integer;
            case MysqlKind::unsigned_integer:
                // Beyond int64 only its digits keep every one.
                return column.integer >= 0 ? Value(column.integer)
                                           : Value(std::to_string(static_cast<std::uint64_t>(column.integer)));
            case MysqlKind::number:
                return column.number;
            case MysqlKind::single:
                return shortest(column.single);
            default:
                break;
        }
        std::string text = this->text(column, index);
        if (column.kind == MysqlKind::bytes) return bytes_value(text);
        if (column.kind == MysqlKind::bits) {
            std::uint64_t bits = 0;
            for (const char c : text) bits = bits << 8 | static_cast<unsigned char>(c);
            return bits;
        }
        if (column.kind == MysqlKind::text) return core::sanitize_utf8(text);
        return time_from_sql(std::move(text), column.kind == MysqlKind::moment);
    }

    std::string text(Column& column, std::size_t index) {
        if (column.length <= column.text.size()) return {column.text.data(), column.length};
        std::string whole(column.length, '\0');
        unsigned long length = 0;
        my_bool is_null = 0, truncated = 0;
        MYSQL_BIND bind{};
        bind.buffer_type = column.kind == MysqlKind::bytes ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;
        bind.buffer = whole.data();
        bind.buffer_length = column.length;
        bind.length = &length;
        bind.is_null = &is_null;
        bind.error = &truncated;
        mysql_stmt_fetch_column(statement_, &bind, static_cast<unsigned>(index), 0);
        return whole;
    }

    /// 0.1f is 0.1, not 0.10000000149011612.
    static Value shortest(float number) {
        std::array<char, 48> text;
        const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
        double value = 0;
        std::from_chars(text.data(), end, value);
        return value;
    }

    MYSQL_STMT* const statement_;
    std::vector<Column> columns_;
    std::vector<MYSQL_BIND> binds_;
};

Result<void> mysql_read(const NodeOptions& options, const NodeContext& context, const Connection& connection,
                        const SqlSource& source, const std::function<Result<void>(Value)>& emit) {
    auto link = MysqlLink::open(connection, options.connect_timeout, context.stop);
    if (!link) return link.error();
    if (auto ok = link->execute("START TRANSACTION READ ONLY", ErrorCode::network, {}); !ok) return ok;
    auto statement = link->prepare(source.query, "config.query");
    if (!statement) return statement.error();
    MYSQL_STMT* const rows = statement->get();
    if (mysql_stmt_param_count(rows) != source.parameters.size())
        return config_error("parameters", "must have " + std::to_string(mysql_stmt_param_count(rows)) +
                                              " elements, as many as the query has parameters");
    MysqlParameters parameters;
    for (const SqlValue& value : source.parameters) parameters.add(value);
    if (mysql_stmt_field_count(rows) == 0) return config_error("query", "must only read");
    if ((parameters.count() > 0 && !parameters.bind(rows)) || mysql_stmt_execute(rows) != 0)
        return link->failure(rows, ErrorCode::invalid_argument, "config.query");
    // Only now are the types those of the parameters that were given.
    MysqlRows result(rows);
    if (auto bound = result.bind(); !bound) return bound;
    if (mysql_stmt_bind_result(rows, result.binds()) != 0)
        return link->failure(rows, ErrorCode::internal, "config.query");
    for (;;) {
        const int fetched = mysql_stmt_fetch(rows);
        if (fetched == MYSQL_NO_DATA) return {};
        if (fetched != 0 && fetched != MYSQL_DATA_TRUNCATED)
            return link->failure(rows, ErrorCode::unprocessable, "config.query");
        auto item = result.item(options.max_record_bytes);
        if (!item) return item.error();
        if (auto taken = emit(*std::move(item)); !taken) return taken;
    }
}

class MysqlTable final : public SqlTable {
public:
    MysqlTable(MysqlLink link, SqlSink sink) : link_(std::move(link)), sink_(std::move(sink)) {}

    Result<void> begin() {
        if (auto read = read_columns(); !read) return read;
        if (!sink_.key.empty())
            if (auto unique = check_key(); !unique) return unique;
        if (auto begun = link_.execute("START TRANSACTION", ErrorCode::network, {}); !begun) return begun;
        if (sink_.mode != SqlMode::replace) return {};
        return link_.execute("DELETE FROM " + sql_table(SqlDialect::mysql, sink_), ErrorCode::unprocessable,
                             "config.table");
    }

    Result<void> write(SqlRow row) override {
        if (!rows_.empty() && row.columns != rows_.front().columns)
            if (auto flushed = flush(); !flushed) return flushed;
        ++number_;
        for (std::size_t i = 0; i < row.values.size(); ++i) {
            auto* const text = std::get_if<std::string>(&row.values[i]);
            if (text == nullptr) continue;
            bytes_ += text->size();
            if (times_.contains(row.columns[i])) *text = mysql_time(*text);
        }
        rows_.push_back(std::move(row));
        // A statement has at most 65,535 parameters.
        const bool full = rows_.size() >= mysql_rows_together || bytes_ >= mysql_bytes_together ||
                          (rows_.size() + 1) * rows_.front().columns.size() > 65'000;
        return full ? flush() : Result<void>();
    }

    Result<void> commit() override {
        if (auto flushed = flush(); !flushed) return flushed;
        return link_.execute("COMMIT", ErrorCode::unprocessable, {});
    }

private:
    /// Which columns are dates with times: their texts need MySQL's form.
    Result<void> read_columns() {
        auto statement =
            link_.prepare("SELECT * FROM " + sql_table(SqlDialect::mysql, sink_) + " LIMIT 0", "config.table");
        if (!statement) return statement.error();
        const MysqlResult metadata(mysql_stmt_result_metadata(statement->get()));
        if (!metadata) return {};
        const MYSQL_FIELD* const fields = mysql_fetch_fields(metadata.get());
        for (unsigned i = 0; i < mysql_num_fields(metadata.get()); ++i)
            if (fields[i].type == MYSQL_TYPE_DATETIME || fields[i].type == MYSQL_TYPE_TIMESTAMP)
                times_.emplace(fields[i].name, true);
        return {};
    }

    /// MySQL takes any unique index for the key, and with none it would add the same row again and again.
    Result<void> check_key() {
        const std::string table = sink_.table.back();
        const std::string sql =
            "SELECT COUNT(*) FROM (SELECT INDEX_NAME, SUM(COLUMN_NAME IN (" + marks(sink_.key.size()) +
            ")) AS named, COUNT(*) AS all_of_it FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = " +
            (sink_.table.size() > 1 ? "?" : "DATABASE()") +
            " AND TABLE_NAME = ? AND NON_UNIQUE = 0 GROUP BY INDEX_NAME) i WHERE named = all_of_it AND all_of_it = ?";
        auto statement = link_.prepare(sql, "config.key");
        if (!statement) return statement.error();
        std::vector<SqlValue> values(sink_.key.begin(), sink_.key.end());
        values.insert(values.end(), sink_.table.begin(), sink_.table.end());
        values.emplace_back(static_cast<std::int64_t>(sink_.key.size()));
        MysqlParameters parameters;
        for (const SqlValue& value : values) parameters.add(value);
        std::int64_t count = 0;
        MYSQL_BIND bind{};
        bind.buffer_type = MYSQL_TYPE_LONGLONG;
        bind.buffer = &count;
        MYSQL_STMT* const rows = statement->get();
        if (!parameters.bind(rows) || mysql_stmt_execute(rows) != 0 || mysql_stmt_bind_result(rows, &bind) != 0 ||
            mysql_stmt_fetch(rows) != 0)
            return link_.failure(rows, ErrorCode::unprocessable, "config.key");
        mysql_stmt_free_result(rows);
        if (count > 0) return {};
        return config_error("key", "needs a unique index of just these columns in table " + table);
    }

    static std::string marks(std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i) text += i > 0 ? ", ?" : "?";
        return text;
    }

    /// "2025-01-15T10:30:00.25Z" as MySQL reads it: no letters, in UTC as the session is.
    static std::string mysql_time(const std::string& text) {
        if (text.size() < 19 || text[10] != 'T') return text;
        std::string out = text;
        out[10] = ' ';
        if (out.ends_with('Z')) out.pop_back();
        if (out.find_first_of("+-", 19) == out.npos) return out;
        const auto moment = parse_time(text);
        if (!moment) return text;
        const auto rest = static_cast<int>(moment->time_since_epoch().count() % 1000);
        std::string whole = format_time(*moment);
        whole[10] = ' ';
        whole.pop_back();
        return rest <= 0 ? whole : whole + "." + std::to_string(1000 + rest).substr(1);
    }

    Result<void> flush() {
        if (rows_.empty()) return {};
        const std::size_t first = static_cast<std::size_t>(number_) - rows_.size() + 1;
        if (!statement_ || columns_ != rows_.front().columns || prepared_rows_ != rows_.size()) {
            columns_ = rows_.front().columns;
            prepared_rows_ = rows_.size();
            statement_.reset();
            auto prepared =
                link_.prepare(insert_sql(SqlDialect::mysql, sink_, columns_, prepared_rows_), "config.table");
            if (!prepared) return prepared.error();
            statement_ = *std::move(prepared);
        }
        MysqlParameters parameters;
        parameters.reserve(rows_.size() * columns_.size());
        for (const SqlRow& row : rows_)
            for (const SqlValue& value : row.values) parameters.add(value);
        if (!parameters.bind(statement_.get()) || mysql_stmt_execute(statement_.get()) != 0) {
            Error error = link_.failure(statement_.get(), ErrorCode::unprocessable, {});
            if (error.code != ErrorCode::cancelled)
                error.message =
                    "Items " + std::to_string(first) + " to " + std::to_string(number_) + ": " + error.message;
            return error;
        }
        rows_.clear();
        bytes_ = 0;
        return {};
    }

    MysqlLink link_;
    const SqlSink sink_;
    std::map<std::string, bool, std::less<>> times_;
    MysqlStatement statement_;  // goes before the link
    std::vector<std::string> columns_;
    std::size_t prepared_rows_ = 0;
    std::vector<SqlRow> rows_;
    std::size_t bytes_ = 0;
    std::int64_t number_ = 0;
};

Result<std::unique_ptr<SqlTable>> mysql_open(const NodeOptions& options, const NodeContext& context,
                                             const Connection& connection, const SqlSink& sink) {
    auto link = MysqlLink::open(connection, options.connect_timeout, context.stop);
    if (!link) return link.error();
    auto table = std::make_unique<MysqlTable>(*std::move(link), sink);
    if (auto begun = table->begin(); !begun) return begun.error();
    return std::unique_ptr<SqlTable>(std::move(table));
}

}  // namespace

SqlRead mysql_reader(const NodeOptions& options) {
    return [options](const auto&... arguments) { return mysql_read(options, arguments...); };
}

SqlOpen mysql_writer(const NodeOptions& options) {
    return [options](const auto&... arguments) { return mysql_open(options, arguments...); };
}

}  // namespace meter::nodes
