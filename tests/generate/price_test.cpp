#include "generate/values/values.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/suites.hpp"
#include "meter/json.hpp"

namespace {

using meter::generate::DecimalSign;
using meter::generate::find_price;

std::string text_of(const meter::Value& value) {
    const std::string* text = value.if_string();
    return text != nullptr ? *text : std::string();
}

}  // namespace

TEST_SUITE("generate.prices") {
    TEST_CASE("the published price texts give amount and currency in at least 95 of 100 cases") {
        const auto folder = meter::testing::suite_folder("price-parser");
        if (!folder) return;
        const auto cases = meter::parse_json(meter::testing::read_file(*folder / "cases.json"));
        REQUIRE(cases);
        int total = 0, amounts = 0, currencies = 0, both = 0;
        std::string missed;
        for (const meter::Value& row : *cases->if_array()) {
            const meter::Value::Array& cells = *row.if_array();
            const auto price = find_price(text_of(cells[1]), text_of(cells[0]));
            const bool amount = cells[4].is_null() ? !price
                                                   : price && std::abs(price->amount - cells[4].to_double()) <
                                                                  1e-6 * price->amount + 1e-9;
            const std::string found =
                price ? price->currency : meter::generate::find_currency(text_of(cells[1]), text_of(cells[0]));
            const bool currency = found == text_of(cells[2]);
            ++total;
            amounts += amount;
            currencies += currency;
            both += amount && currency;
            if (!(amount && currency))
                missed += "\n  " + meter::to_json(row) + " gave '" + found + "' " +
                          (price ? std::to_string(price->amount) : "-");
        }
        MESSAGE("price-parser: amount ", amounts, "/", total, ", currency ", currencies, "/", total, ", both ", both,
                "/", total);
        if (std::getenv("METER_VERBOSE") != nullptr) MESSAGE("missed:", missed);
        CHECK(total > 1000);
        CHECK(both * 100 >= total * 95);
    }
}
