// Which back end a store URL names.
#include <algorithm>
#include <utility>

#include "meter/store.hpp"
#include "store/sql/sql_store.hpp"
#include "store/sqlite/file_database.hpp"
#include "store/sqlite/memory_database.hpp"

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

template <class Database>
Result<std::shared_ptr<Store>> store_over(Result<std::unique_ptr<Database>> database) {
    if (!database) return database.error();
    return std::shared_ptr<Store>(std::make_shared<sql::SqlStore>(*std::move(database)));
}

}  // namespace

Result<std::shared_ptr<Store>> open_store(std::string_view url, const StoreOptions& options) {
    if (auto valid = validate_store_options(options); !valid) return valid.error();
    // Only the scheme goes into messages: the rest may hold a password.
    const std::string_view scheme = url.substr(0, url.find(':'));
    const std::string_view rest = url.substr(std::min(url.size(), scheme.size() + 1));
    const bool has_scheme = scheme.size() < url.size();
    if (has_scheme && scheme == "memory") {
        if (!rest.empty())
            return Error{ErrorCode::invalid_argument, "A store in memory has no name: write \"memory:\"", "memory"};
        return store_over(sqlite::MemoryDatabase::open());
    }
    if (has_scheme && scheme == "sqlite") {
        if (rest.empty() || rest.find('\0') != std::string_view::npos)
            return Error{ErrorCode::invalid_argument, "The path of the database is missing: write \"sqlite:PATH\"",
                         "sqlite"};
        return store_over(sqlite::FileDatabase::open(std::string(rest), options));
    }
    if (has_scheme && (scheme == "postgresql" || scheme == "postgres"))
        return Error{ErrorCode::unsupported, "PostgreSQL is not part of this build", "postgresql"};
    return Error{ErrorCode::invalid_argument, "Unknown store: write \"sqlite:PATH\" or \"memory:\"",
                 has_scheme ? std::string(scheme.substr(0, 100)) : std::string()};
}

}  // namespace meter
