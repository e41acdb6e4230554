// Every table as records, and back (Store::export_records(), import_records()).
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "meter/store_record.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

/// Errors: those of the sink.
Result<void> export_tables(Connection& connection, const RecordSink& sink);
/// Within a transaction of the caller. Errors: as Store::import_records().
Result<void> import_tables(Connection& connection, RecordSource& source);

/// The table of each kind of record. Columns are named as the members are.
const std::vector<std::pair<std::string_view, std::string_view>>& record_tables();
/// Tables and columns that are no records: derived, or of no use elsewhere; "table" or "table.column".
const std::vector<std::string_view>& unmoved_columns();

}  // namespace meter::sql
