#include "store/sqlite/damage.hpp"

#include <SQLiteCpp/Exception.h>

#include "store/sql/columns.hpp"
#include "store/sqlite/guarded.hpp"

namespace meter::sqlite {

Result<std::vector<std::string>> find_damage(sql::Connection& connection) {
    std::vector<std::string> findings;
    try {
        connection.run("PRAGMA integrity_check", {}, [&](const sql::Row& row) {
            if (row.text(0) != "ok") findings.emplace_back(row.text(0));
        });
        connection.run("PRAGMA foreign_key_check", {}, [&](const sql::Row& row) {
            sql::Columns columns(row);
            const std::string table = columns.text();
            const auto row_id = columns.optional_integer();
            findings.push_back("row " + std::to_string(row_id.value_or(0)) + " of " + table +
                               " refers to a missing row of " + columns.text());
        });
    } catch (const SQLite::Exception& failure) {
        // Damage that stops the check itself is what was looked for.
        Error error = error_of(failure, "check");
        if (error.retryable) return error;
        findings.push_back(std::move(error.message));
    }
    return findings;
}

}  // namespace meter::sqlite
