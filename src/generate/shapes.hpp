// What short texts look like, fast: the tests that run on every value of every candidate. The exact readers are in
// values/.
#pragma once

#include <cstdint>
#include <string_view>

namespace meter::generate {

enum Shape : std::uint16_t {
    shape_price = 1,       ///< an amount with a currency, little else
    shape_bare_price = 2,  ///< "12.90", "1.299,00"
    shape_number = 4,      ///< nothing but a number
    shape_digit = 8,       ///< holds a digit
    shape_date = 16,       ///< holds a date, a time of day or "3 hours ago", and is short
    shape_rating = 32,     ///< "4.5 of 5", "4 stars"
    shape_email = 64,
    shape_phone = 128,
    shape_duration = 256,  ///< "3:10", "1h 20m", "45 min"
    shape_availability = 512,
    shape_known = 0x8000,  ///< the shape was looked at
};

std::uint16_t shape_of(std::string_view text);

}  // namespace meter::generate
