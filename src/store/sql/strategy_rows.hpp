// Rows of strategies, as other stores read them.
#pragma once

#include <string_view>

#include "meter/strategy.hpp"
#include "store/sql/columns.hpp"

namespace meter::sql {

/// Columns of read_strategy().
inline constexpr std::string_view strategy_columns =
    "strategy_id, account_id, name, description, url, scraper_type, strategy, api_parameters, preview_data, attempts, "
    "output_schema, filter_config, strategy_group_id, \"fetch\", \"ignore\", \"key\", "
    "warnings, created_at, updated_at";

Strategy read_strategy(Columns& columns);

}  // namespace meter::sql
