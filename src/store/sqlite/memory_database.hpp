// A database that lives as long as its object.
#pragma once

#include <memory>
#include <mutex>

#include "store/sqlite/connection.hpp"

namespace meter::sqlite {

/// One private connection behind a lock. A shared cache would allow several, but answers with "table is locked" where
/// a file makes readers and the writer pass each other; and without a disk to wait for, there is nothing to group.
class MemoryDatabase final : public sql::Database {
public:
    static Result<std::unique_ptr<MemoryDatabase>> open();

    const sql::Dialect& dialect() const noexcept override { return sqlite::dialect; }
    Result<void> run_read(std::string_view operation, const Work& work) override;
    Result<void> run_write(std::string_view operation, const Work& work) override;
    Result<std::vector<std::string>> check() override;

private:
    MemoryDatabase();

    std::mutex mutex_;
    Connection connection_;  // guarded by mutex_
};

}  // namespace meter::sqlite
