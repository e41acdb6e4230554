// The schema, as numbered steps that are applied once and in order.
#pragma once

#include "store/sql/connection.hpp"

namespace meter::sql {

/// The newest schema this build knows.
int known_schema_version() noexcept;

/// The schema version of a database; 0 when it has none. Reads only.
int schema_version(Connection& connection);

/// Errors: unsupported when the database's schema is newer than this build's.
Result<void> check_schema_version(int version);

/// Applies what is missing, up to a version (for tests of the steps behind it). Inside a write transaction of the
/// caller, which keeps other processes out. Errors: as check_schema_version(); nothing is changed then.
Result<void> migrate(Connection& connection, int up_to = known_schema_version());

}  // namespace meter::sql
