// How good records are for what is wanted, whoever made the plan.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "generate/intent.hpp"
#include "meter/value.hpp"

namespace meter::generate {

/// How well a field of the records answers a wish, from 0 to 1: the share of records that have it, times how much the
/// values look like what is wanted (a price, a date, a link ...). Values that hardly differ name nothing: titles, links
/// and pictures count less then.
double field_quality(const WantedField& wanted, const std::vector<Value>& items);

/// The mean of the wanted fields; a text that answers two wishes counts once.
double result_quality(const std::vector<WantedField>& wanted, const std::vector<Value>& items);

}  // namespace meter::generate
