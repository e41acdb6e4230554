// Which back end a store URL names.
#include <algorithm>
#include <utility>

#include "meter/store.hpp"

#ifdef METER_WITH_SQLITE
#include "store/sql/sql_store.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/file_database.hpp"
#include "store/sqlite/memory_database.hpp"
#endif

namespace meter {
namespace {

Result<void> validate_store_options(const StoreOptions& options) {
    using namespace std::chrono_literals;
    if (options.busy_timeout < 0ms || options.busy_timeout > 10min)
        return Error{ErrorCode::invalid_argument, "busy_timeout must be between 0 and 10 minutes", "busy_timeout"};
    if (options.read_connections < 1 || options.read_connections > 64)
        return Error{ErrorCode::invalid_argument, "read_connections must be between 1 and 64", "read_connections"};
    if (options.ballast_bytes > (1u << 30))
        return Error{ErrorCode::invalid_argument, "ballast_bytes must be at most 1 GiB", "ballast_bytes"};
    return {};
}

#ifdef METER_WITH_SQLITE

template <class Database>
Result<std::shared_ptr<Store>> store_over(Result<std::unique_ptr<Database>> database) {
    if (!database) return database.error();
    return std::shared_ptr<Store>(std::make_shared<sql::SqlStore>(*std::move(database)));
}

Result<std::shared_ptr<Store>> open_memory() {
    return store_over(sqlite::MemoryDatabase::open());
}

Result<std::shared_ptr<Store>> open_file(std::string_view path, const StoreOptions& options) {
    return store_over(sqlite::FileDatabase::open(std::string(path), options));
}

#else

Result<std::shared_ptr<Store>> open_memory() {
    return Error{ErrorCode::unsupported, "SQLite, which keeps a store in memory too, is not part of this build",
                 "memory"};
}

Result<std::shared_ptr<Store>> open_file(std::string_view, const StoreOptions&) {
    return Error{ErrorCode::unsupported, "SQLite is not part of this build", "sqlite"};
}

#endif

}  // namespace

bool disable_sqlite_memory_statistics() noexcept {
#ifdef METER_WITH_SQLITE
    return sqlite::disable_memory_statistics();
#else
    return false;
#endif
}

Result<std::shared_ptr<Store>> open_store(std::string_view url, const StoreOptions& options) {
    if (auto valid = validate_store_options(options); !valid) return valid.error();
    // Only the scheme goes into messages: the rest may hold a password.
    const std::string_view scheme = url.substr(0, url.find(':'));
    const std::string_view rest = url.substr(std::min(url.size(), scheme.size() + 1));
    const bool has_scheme = scheme.size() < url.size();
    if (has_scheme && scheme == "memory") {
        if (!rest.empty())
            return Error{ErrorCode::invalid_argument, "A store in memory has no name: write \"memory:\"", "memory"};
        return open_memory();
    }
    if (has_scheme && scheme == "sqlite") {
        if (rest.empty() || rest.find('\0') != std::string_view::npos)
            return Error{ErrorCode::invalid_argument, "The path of the database is missing: write \"sqlite:PATH\"",
                         "sqlite"};
        return open_file(rest, options);
    }
    if (has_scheme && (scheme == "postgresql" || scheme == "postgres"))
        return Error{ErrorCode::unsupported, "PostgreSQL is not part of this build", "postgresql"};
    return Error{ErrorCode::invalid_argument, "Unknown store: write \"sqlite:PATH\" or \"memory:\"",
                 has_scheme ? std::string(scheme.substr(0, 100)) : std::string()};
}

}  // namespace meter
