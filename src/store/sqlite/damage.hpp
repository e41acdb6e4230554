// Looks for damage in an SQLite database.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "meter/result.hpp"
#include "store/sql/connection.hpp"

namespace meter::sqlite {

/// What can be seen of damage without reading much: the first finding, or nothing. `path` is the connection's file.
Result<std::optional<std::string>> find_obvious_damage(sql::Connection& connection, const std::string& path);

/// One sentence for each finding (SQLite reports the first hundred). Reads everything.
Result<std::vector<std::string>> find_damage(sql::Connection& connection);

}  // namespace meter::sqlite
