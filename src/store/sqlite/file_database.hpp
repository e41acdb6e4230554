// A database file: one connection that writes, several that read.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "meter/store.hpp"
#include "store/sqlite/writer.hpp"

namespace meter::sqlite {

/// Connections for reading, opened when needed and kept. Threads: any.
class ReaderPool {
public:
    ReaderPool(std::string path, const StoreOptions& options) : path_(std::move(path)), options_(options) {}

    /// A reader for as long as this lives. Waits for one; throws SQLite::Exception when it cannot be opened.
    class Lease {
    public:
        explicit Lease(ReaderPool& pool) : pool_(pool), connection_(pool.take()) {}
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease() { pool_.give_back(std::move(connection_)); }
        Connection& operator*() const noexcept { return *connection_; }

    private:
        ReaderPool& pool_;
        std::unique_ptr<Connection> connection_;
    };

private:
    std::unique_ptr<Connection> take();
    void give_back(std::unique_ptr<Connection> connection);

    const std::string path_;
    const StoreOptions options_;
    std::mutex mutex_;
    std::condition_variable given_back_;
    std::vector<std::unique_ptr<Connection>> idle_;  // guarded by mutex_
    int opened_ = 0;                                 // guarded by mutex_
};

class FileDatabase final : public sql::Database {
public:
    /// Opens or makes the file and brings its schema up to date. A file that is not ours or newer is left as it is.
    static Result<std::unique_ptr<FileDatabase>> open(const std::string& path, const StoreOptions& options);

    const sql::Dialect& dialect() const noexcept override { return sqlite::dialect; }
    Result<void> run_read(std::string_view operation, const Work& work) override;
    Result<void> run_select(std::string_view operation, const Work& work) override;
    Result<void> run_write(std::string_view operation, const Work& work) override;
    Result<std::vector<std::string>> check() override;
    Result<void> back_up(const std::string& target) override;

    Writer& writer() noexcept { return writer_; }

private:
    FileDatabase(std::unique_ptr<Connection> connection, std::string path, const StoreOptions& options);

    Writer writer_;  // closes last, and copies the log back
    ReaderPool readers_;
};

}  // namespace meter::sqlite
