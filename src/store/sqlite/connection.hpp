// One SQLite connection with its prepared statements.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/sql/connection.hpp"

namespace meter::sqlite {

extern const sql::Dialect dialect;

/// meter::disable_sqlite_memory_statistics().
bool disable_memory_statistics() noexcept;

/// Threads: one at a time. Everything but the getters throws SQLite::Exception.
class Connection final : public sql::Connection {
public:
    /// Opens `path`, which must exist unless it is ":memory:".
    Connection(const std::string& path, std::chrono::milliseconds busy_timeout);
    ~Connection() override;

    const sql::Dialect& dialect() const noexcept override { return sqlite::dialect; }
    bool has_table(std::string_view name) override;
    void script(const std::string& sql) override;
    std::int64_t execute(std::string_view sql, std::span<const sql::Param> params,
                         const sql::RowReader& on_row) override;

    /// Is no transaction open? SQLite ends one by itself when it cannot go on (disk full, I/O error).
    bool in_autocommit() const noexcept;
    /// Rows that were inserted, changed or removed since it was opened, in whole statements; wraps around.
    int total_changes() const noexcept;
    /// Bytes of all parameters bound so far: a measure of work that needs no clock.
    std::size_t bound_bytes() const noexcept { return bound_bytes_; }
    /// Copies the log into the main file and cuts it to nothing, as far as no reader needs it.
    void empty_log() noexcept;
    /// Makes `target` a copy of this database: one state of it, in one step. `target` must be empty.
    void copy_to(Connection& target);
    /// Leaves the log alone when this connection closes, so that the main file keeps its bytes.
    void keep_log_on_close() noexcept;

private:
    struct Prepared {
        Prepared(SQLite::Database& database, const std::string& sql) : statement(database, sql) {}
        SQLite::Statement statement;
        std::vector<int> indexes = {};        ///< SQLite's index of $1, $2, ...
        std::vector<std::string> texts = {};  ///< what is bound, for as long as it is
    };
    class Use;
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };

    Prepared& prepare(std::string_view sql);
    void bind(Prepared& prepared, std::span<const sql::Param> params);

    const std::chrono::milliseconds busy_timeout_;
    SQLite::Database database_;
    std::unordered_map<std::string, Prepared, TextHash, std::equal_to<>> statements_;  // gone before the database
    std::size_t bound_bytes_ = 0;
};

}  // namespace meter::sqlite
