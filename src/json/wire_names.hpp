// Wire names of enumerators, read back. Each equals its enumerator.
#pragma once

#include <optional>
#include <string_view>

#include "meter/change.hpp"
#include "meter/extract.hpp"

namespace meter::json {

std::optional<ScraperType> parse_scraper_type(std::string_view name) noexcept;
std::optional<Outcome> parse_outcome(std::string_view name) noexcept;

}  // namespace meter::json
