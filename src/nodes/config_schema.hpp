// Checks configs against the part of JSON Schema that node types use. Pure.
#pragma once

#include <string>
#include <vector>

#include "meter/error.hpp"
#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter::nodes {

/// Is the schema one that check_value() understands in full? Errors: invalid_argument, the place as `subject`
/// ("configSchema.properties.field.pattern").
Result<void> check_schema(const Value& schema);

/// Appends an invalid_argument error for each member that does not fit; `path` names the value itself. At most 20.
void check_value(const Value& schema, const Value& value, const std::string& path, std::vector<Error>& errors);

}  // namespace meter::nodes
