// Rows of strategies, as other stores read them.
#pragma once

#include <optional>
#include <string_view>

#include "meter/strategy.hpp"
#include "store/sql/columns.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

/// Columns of read_strategy().
inline constexpr std::string_view strategy_columns =
    "strategy_id, account_id, name, description, url, scraper_type, strategy, api_parameters, preview_data, attempts, "
    "output_schema, filter_config, strategy_group_id, \"fetch\", \"ignore\", \"key\", "
    "warnings, created_at, updated_at";

Strategy read_strategy(Columns& columns);

std::optional<Strategy> find_strategy(Connection& connection, std::string_view account_id,
                                      std::string_view strategy_id);

}  // namespace meter::sql
