#include "store/sqlite/connection.hpp"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <algorithm>
#include <climits>
#include <cstdint>

namespace meter::sqlite {

constinit const sql::Dialect dialect{.blob_type = "BLOB", .claim_lock = ""};

bool disable_memory_statistics() noexcept {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK;
}

namespace {

constexpr std::size_t max_kept_statements = 256;
constexpr std::size_t max_kept_text = 64u << 10;  // a larger buffer is given back after use

class SqliteRow final : public sql::Row {
public:
    explicit SqliteRow(const SQLite::Statement& statement) noexcept : statement_(statement) {}

    bool is_null(int column) const override { return statement_.getColumn(column).isNull(); }
    std::int64_t integer(int column) const override { return statement_.getColumn(column).getInt64(); }
    std::string_view text(int column) const override {
        const SQLite::Column value = statement_.getColumn(column);
        // getBlob() before getBytes() (sqlite.org/c3ref/column_blob.html); text is stored as UTF-8, so its bytes are
        // it.
        const auto* bytes = static_cast<const char*>(value.getBlob());
        return bytes == nullptr ? std::string_view()
                                : std::string_view(bytes, static_cast<std::size_t>(value.getBytes()));
    }

private:
    const SQLite::Statement& statement_;
};

}  // namespace

/// Resets a statement after use: left at a row it would hold its read transaction and let the log grow, and kept
/// bindings would be inserted again.
class Connection::Use {
public:
    explicit Use(Prepared& prepared) noexcept : prepared_(prepared) {}
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() {
        prepared_.statement.tryReset();
        try {
            prepared_.statement.clearBindings();
        } catch (const SQLite::Exception&) {  // cannot fail on a reset statement
        }
        for (auto& text : prepared_.texts)
            if (text.capacity() > max_kept_text) std::string().swap(text);
    }

private:
    Prepared& prepared_;
};

Connection::Connection(const std::string& path, std::chrono::milliseconds busy_timeout)
    : busy_timeout_(busy_timeout),
      database_(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, static_cast<int>(busy_timeout.count())) {
    // trusted_schema: a database file from elsewhere must not run functions from its schema.
    database_.exec("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF");
}

Connection::~Connection() = default;

bool Connection::has_table(std::string_view name) {
    bool found = false;
    run("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", {name},
        [&](const sql::Row&) { found = true; });
    return found;
}

void Connection::script(const std::string& sql) {
    database_.exec(sql);
}

std::int64_t Connection::execute(std::string_view sql, std::span<const sql::Param> params,
                                 const sql::RowReader& on_row) {
    Prepared& prepared = prepare(sql);
    const Use use(prepared);
    bind(prepared, params);
    const SqliteRow row(prepared.statement);
    while (prepared.statement.executeStep())
        if (on_row) on_row(row);
    return database_.getChanges();
}

Connection::Prepared& Connection::prepare(std::string_view sql) {
    if (const auto kept = statements_.find(sql); kept != statements_.end()) return kept->second;
    if (statements_.size() >= max_kept_statements) statements_.clear();
    std::string text(sql);
    return statements_.try_emplace(text, database_, text).first->second;
}

void Connection::bind(Prepared& prepared, std::span<const sql::Param> params) {
    // "$2" is a name to SQLite, numbered by first appearance; to PostgreSQL it is the second parameter.
    while (prepared.indexes.size() < params.size())
        prepared.indexes.push_back(
            prepared.statement.getIndex(("$" + std::to_string(prepared.indexes.size() + 1)).c_str()));
    prepared.texts.resize(std::max(prepared.texts.size(), params.size()));
    for (std::size_t i = 0; i < params.size(); ++i) {
        const int index = prepared.indexes[i];
        const auto& content = params[i].content();
        if (const auto* integer = std::get_if<std::int64_t>(&content)) {
            prepared.statement.bind(index, *integer);
            bound_bytes_ += sizeof *integer;
        } else if (const auto* text = std::get_if<std::string_view>(&content)) {
            if (text->size() > INT_MAX) throw SQLite::Exception("text too long", SQLITE_TOOBIG);
            prepared.texts[i].assign(*text);
            prepared.statement.bindNoCopy(index, prepared.texts[i]);
            bound_bytes_ += text->size();
        } else if (const auto* blob = std::get_if<sql::Blob>(&content)) {
            if (blob->bytes.size() > INT_MAX) throw SQLite::Exception("bytes too long", SQLITE_TOOBIG);
            // A null pointer would be NULL instead of no bytes.
            const char* bytes = blob->bytes.empty() ? "" : blob->bytes.data();
            prepared.statement.bindNoCopy(index, static_cast<const void*>(bytes), static_cast<int>(blob->bytes.size()));
            bound_bytes_ += blob->bytes.size();
        } else {
            prepared.statement.bind(index);
        }
    }
}

bool Connection::in_autocommit() const noexcept {
    return sqlite3_get_autocommit(database_.getHandle()) != 0;
}

int Connection::total_changes() const noexcept {
    return sqlite3_total_changes(database_.getHandle());
}

void Connection::empty_log() noexcept {
    sqlite3* const handle = database_.getHandle();
    sqlite3_busy_timeout(handle, 0);  // readers are not waited for
    (void)sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    sqlite3_busy_timeout(handle, static_cast<int>(busy_timeout_.count()));
}

void Connection::copy_to(Connection& target) {
    SQLite::Backup backup(target.database_, database_);
    // All pages in one step: a read transaction is held all the while, so that writes neither wait nor make it start
    // over.
    backup.executeStep(-1);
}

void Connection::keep_log_on_close() noexcept {
    sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace meter::sqlite
