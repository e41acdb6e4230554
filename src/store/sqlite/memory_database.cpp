#include "store/sqlite/memory_database.hpp"

#include "store/sql/migrations.hpp"
#include "store/sqlite/damage.hpp"
#include "store/sqlite/guarded.hpp"

namespace meter::sqlite {

MemoryDatabase::MemoryDatabase() : connection_(":memory:", std::chrono::milliseconds{0}) {}

Result<std::unique_ptr<MemoryDatabase>> MemoryDatabase::open() {
    return guarded("memory:", []() -> Result<std::unique_ptr<MemoryDatabase>> {
        std::unique_ptr<MemoryDatabase> database(new MemoryDatabase());
        auto migrated =
            database->run_write("migrate", [](sql::Connection& connection) { return sql::migrate(connection); });
        if (!migrated) return migrated.error();
        return database;
    });
}

Result<void> MemoryDatabase::run_read(std::string_view operation, const Work& work) {
    const std::lock_guard lock(mutex_);
    return guarded(operation, [&] { return work(connection_); });
}

Result<void> MemoryDatabase::run_write(std::string_view operation, const Work& work) {
    const std::lock_guard lock(mutex_);
    return guarded(operation, [&]() -> Result<void> {
        connection_.run("BEGIN");
        auto outcome = guarded(operation, [&] { return work(connection_); });
        if (!connection_.in_autocommit()) connection_.run(outcome ? "COMMIT" : "ROLLBACK");
        return outcome;
    });
}

Result<std::vector<std::string>> MemoryDatabase::check() {
    return read("check", [](sql::Connection& connection) { return find_damage(connection); });
}

}  // namespace meter::sqlite
