// A workflow as a run keeps it: everything that the run needs, whatever becomes of the workflow.
#pragma once

#include <string>
#include <string_view>

#include "meter/result.hpp"
#include "meter/workflow.hpp"

namespace meter::json {

/// JSON object text that parse_stored_workflow() reads back exactly: ids, times in milliseconds and the account too.
std::string stored_workflow(const Workflow& workflow);

/// Errors: store, for text that stored_workflow() did not write.
Result<Workflow> parse_stored_workflow(std::string_view text);

}  // namespace meter::json
