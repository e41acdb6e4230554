// Currencies as pages write them: signs, codes, abbreviations and names.
#pragma once

#include <string_view>
#include <vector>

#include "generate/values/values.hpp"

namespace meter::generate::detail {

struct CurrencyHit {
    ByteRange range;
    std::string_view code;  ///< ISO 4217; empty when several countries write it so
    bool weak = false;      ///< a letter or word that is something else more often: counts beside a number only
    bool exact = false;     ///< an ISO code, or a sign with the country in it ("US$")
};

/// Currencies in the text, in order, the longest at each place; at most `limit`.
std::vector<CurrencyHit> find_currencies(std::string_view text, std::size_t limit = 64);

/// Does the currency divide into thousandths (ISO 4217: BHD, IQD, JOD, KWD, LYD, OMR, TND)?
bool has_three_decimals(std::string_view code) noexcept;

/// Is the code that of a currency written with a dollar sign?
bool is_dollar_code(std::string_view code) noexcept;

}  // namespace meter::generate::detail
