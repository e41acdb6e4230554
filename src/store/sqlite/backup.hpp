// A copy of a database while it is in use.
#pragma once

#include <string>

#include "meter/result.hpp"
#include "store/sqlite/connection.hpp"

namespace meter::sqlite {

/// Writes one state of the source to a new file, checks the copy for damage, and only then gives it its name; on
/// failure nothing is left. Writers of the source go on meanwhile.
Result<void> back_up(Connection& source, const std::string& target);

}  // namespace meter::sqlite
