// Looks for damage in an SQLite database.
#pragma once

#include <string>
#include <vector>

#include "meter/result.hpp"
#include "store/sql/connection.hpp"

namespace meter::sqlite {

/// One sentence for each finding (SQLite reports the first hundred). Reads everything.
Result<std::vector<std::string>> find_damage(sql::Connection& connection);

}  // namespace meter::sqlite
