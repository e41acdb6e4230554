#include "store/sqlite/file_database.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/sql/columns.hpp"
#include "store/sql/migrations.hpp"
#include "store/sqlite/backup.hpp"
#include "store/sqlite/damage.hpp"
#include "store/sqlite/guarded.hpp"

namespace meter::sqlite {
namespace {

namespace fs = std::filesystem;

Error file_error(std::string message, const std::string& file) {
    return Error{ErrorCode::store, std::move(message), file};
}

/// Makes an empty file (which is an empty database) unless there is one; readable by nobody else, since it will hold
/// cookies and key hashes. SQLite gives its log and index the mode of the main file.
Result<void> make_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0) {
        ::close(file);
        return {};
    }
    const int why = errno;
    std::error_code ignored;
    const fs::path directory = fs::path(path).parent_path();
    if (why == EEXIST) {
        if (fs::is_directory(path, ignored))
            return file_error("Cannot open the database " + path + ": it is a directory; name a file in it", path);
        return {};
    }
    if (why == ENOENT && !fs::exists(directory, ignored))
        return file_error("Cannot make the database " + path + ": the directory " + directory.string() +
                              " does not exist; make it first",
                          directory.string());
    return file_error("Cannot make the database " + path + ": " + std::generic_category().message(why) +
                          "; check the directory's owner, mode and free space",
                      path);
}

Error naming_file(Error error, const std::string& path) {
    error.message = "Cannot open the database " + path + ": " + error.message;
    error.subject = path;
    return error;
}

/// The schema version of a file that is ours or empty. A file that holds something, but none of our migrations, belongs
/// to another program.
Result<int> examine_file(Connection& connection) {
    connection.run("BEGIN");  // one state: another process may be making the schema
    const int version = sql::schema_version(connection);
    const auto tables = sql::find_row<std::int64_t>(connection, "SELECT COUNT(*) FROM sqlite_master", {},
                                                    [](sql::Columns& columns) { return columns.integer(); });
    connection.run("COMMIT");
    if (auto known = sql::check_schema_version(version); !known) return known.error();
    if (version == 0 && tables.value_or(0) != 0)
        return Error{ErrorCode::store, "it is a database of another program; name another file"};
    return version;
}

Result<void> refuse_damaged(Connection& connection, const std::string& path) {
    const auto finding = find_obvious_damage(connection, path);
    if (!finding) return finding.error();
    if (!*finding) return {};
    return Error{ErrorCode::store, "it is damaged; restore a backup (" + **finding + ")"};
}

Result<void> bring_up_to_date(Connection& connection) {
    connection.run("BEGIN IMMEDIATE");
    auto migrated = sql::migrate(connection);
    connection.run(migrated ? "COMMIT" : "ROLLBACK");
    return migrated;
}

/// Leaves the file alone until it is known to be ours and not too new.
Result<std::unique_ptr<Connection>> open_connection(const std::string& path, const StoreOptions& options) {
    auto connection = std::make_unique<Connection>(path, options.busy_timeout);
    std::error_code no_log;
    const auto log_bytes = fs::file_size(path + "-wal", no_log);
    const auto version = examine_file(*connection);
    Result<void> sound = version ? Result<void>() : version.error();
    if (sound && options.refuse_damaged) sound = refuse_damaged(*connection, path);
    if (!sound) {
        if (!no_log && log_bytes != 0) connection->keep_log_on_close();
        return sound.error();
    }
    std::string mode;
    connection->run("PRAGMA journal_mode = WAL", {}, [&](const sql::Row& row) { mode = row.text(0); });
    if (mode != "wal")
        return Error{ErrorCode::store, "its file system does not support write-ahead logging; use a local disk"};
    // FULL: the log is synced at every commit, so that an acknowledged write survives a power cut as well.
    // The log is copied back after about 16 MB, and its file cut to 64 MB after a long reader made it grow.
    connection->script(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; "
        "PRAGMA cache_size = -8192");
    if (*version < sql::known_schema_version())
        if (auto migrated = bring_up_to_date(*connection); !migrated) return migrated.error();
    return connection;
}

}  // namespace

std::unique_ptr<Connection> ReaderPool::take() {
    {
        std::unique_lock lock(mutex_);
        given_back_.wait(lock, [&] { return !idle_.empty() || opened_ < options_.read_connections; });
        if (!idle_.empty()) {
            auto connection = std::move(idle_.back());
            idle_.pop_back();
            return connection;
        }
        ++opened_;
    }
    try {
        auto connection = std::make_unique<Connection>(path_, options_.busy_timeout);
        connection->script("PRAGMA query_only = ON; PRAGMA cache_size = -2048");
        return connection;
    } catch (...) {
        give_back(nullptr);
        throw;
    }
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
    {
        const std::lock_guard lock(mutex_);
        if (connection && connection->in_autocommit())
            idle_.push_back(std::move(connection));
        else
            --opened_;  // one that is stuck in a transaction is closed, and replaced when needed
    }
    given_back_.notify_one();
}

FileDatabase::FileDatabase(std::unique_ptr<Connection> connection, std::string path, const StoreOptions& options)
    : writer_(std::move(connection), Ballast(path, options.ballast_bytes)), readers_(std::move(path), options) {}

Result<std::unique_ptr<FileDatabase>> FileDatabase::open(const std::string& path, const StoreOptions& options) {
    // Absolute, so that no name means anything to SQLite but a file (":memory:", "file:...").
    std::error_code failed;
    const std::string file = fs::absolute(path, failed).string();
    if (failed) return file_error("Cannot open the database " + path + ": " + failed.message(), path);
    if (auto made = make_file(file); !made) return made.error();
    auto connection = guarded(file, [&] { return open_connection(file, options); });
    if (!connection) return naming_file(connection.error(), file);
    return std::unique_ptr<FileDatabase>(new FileDatabase(*std::move(connection), file, options));
}

Result<void> FileDatabase::run_read(std::string_view operation, const Work& work) {
    return guarded(operation, [&]() -> Result<void> {
        const ReaderPool::Lease reader(readers_);
        (*reader).run("BEGIN");
        auto outcome = guarded(operation, [&] { return work(*reader); });
        // Nothing was written: this only lets go of the state that was read. Should it fail, the pool drops the reader.
        (void)guarded(operation, [&]() -> Result<void> {
            (*reader).run("COMMIT");
            return {};
        });
        return outcome;
    });
}

Result<void> FileDatabase::run_select(std::string_view operation, const Work& work) {
    return guarded(operation, [&] {
        const ReaderPool::Lease reader(readers_);
        return work(*reader);
    });
}

Result<void> FileDatabase::run_write(std::string_view operation, const Work& work) {
    return writer_.run(operation, work);
}

Result<void> FileDatabase::back_up(const std::string& target) {
    return guarded("backup", [&] {
        const ReaderPool::Lease reader(readers_);
        return sqlite::back_up(*reader, target);
    });
}

Result<std::vector<std::string>> FileDatabase::check() {
    return read("check", [](sql::Connection& connection) { return find_damage(connection); });
}

}  // namespace meter::sqlite
