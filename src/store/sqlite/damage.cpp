#include "store/sqlite/damage.hpp"

#include <SQLiteCpp/Exception.h>

#include <cstdint>
#include <filesystem>
#include <system_error>

#include "store/sql/columns.hpp"
#include "store/sqlite/guarded.hpp"

namespace meter::sqlite {

namespace {

constexpr std::uintmax_t quickly_read = 64u << 20;

}  // namespace

Result<std::optional<std::string>> find_obvious_damage(sql::Connection& connection, const std::string& path) {
    std::optional<std::string> finding;
    try {
        const auto number = [&](std::string_view pragma) {
            std::int64_t value = 0;
            connection.run(pragma, {}, [&](const sql::Row& row) { value = row.integer(0); });
            return static_cast<std::uintmax_t>(value);
        };
        const auto pages = number("PRAGMA page_count");
        const auto page_bytes = number("PRAGMA page_size");
        std::error_code no_file, no_log;
        const auto bytes = std::filesystem::file_size(path, no_file);
        const auto log_bytes = std::filesystem::file_size(path + "-wal", no_log);
        // Pages that are in the log only may be missing from the file.
        const bool has_log = !no_log && log_bytes > 0;
        if (!no_file && !has_log && bytes < pages * page_bytes) return std::optional<std::string>("it is cut short");
        if (bytes > quickly_read) return finding;
        connection.run("PRAGMA quick_check(1)", {}, [&](const sql::Row& row) {
            if (row.text(0) != "ok") finding = std::string(row.text(0));
        });
    } catch (const SQLite::Exception& failure) {
        Error error = error_of(failure, "check");
        if (error.retryable) return error;
        finding = std::move(error.message);
    }
    return finding;
}

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
