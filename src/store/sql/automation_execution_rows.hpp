// What the parts of SqlExecutionStore share.
#pragma once

#include <string>

#include "meter/automation_store.hpp"
#include "store/sql/columns.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

/// Columns of read_execution(), of a statement that has the table automation_executions.
const std::string& execution_columns();

/// Without the graph.
Execution read_execution(Columns& columns);
/// Trigger inputs and graph.
void read_execution_graph(Connection& connection, Execution& execution);

SpanStatus read_span_status(Columns& columns);

}  // namespace meter::sql
