#include "core/number.hpp"

#include <doctest/doctest.h>

#include <string>

using meter::core::exact_number;
using meter::core::find_number;

namespace {

struct NumberRow {
    std::string text;
    std::optional<double> number;
};

const std::optional<double> none;

}  // namespace

TEST_SUITE("core.number") {
    TEST_CASE("a number is found behind currency signs, thousands separators and words") {
        // The first five are wire contract appendix C.
        for (const NumberRow& row : {NumberRow{"$19.99", 19.99},
                                     {"€1,299.00", 1299.0},
                                     {"free", none},
                                     {"-5%", -5.0},
                                     {"225 points", 225.0},
                                     {"", none},
                                     {"-", none},
                                     {".", none},
                                     {"£ 7", 7.0},
                                     {"₹1,00,000.50", 100000.5},
                                     {"₹12,34,567", 1234567.0},
                                     {"1,299,000", 1299000.0},
                                     {"12,345", 12345.0},
                                     {"1 299,50", 1299.0},
                                     {"1 299 000 Kč", 1299000.0},
                                     {"1\u00A0299.5 €", 1299.5},
                                     {"1\u202F299", 1299.0},
                                     {"1\u2009299", 1299.0},
                                     {"-$5", -5.0},
                                     {"-€ 5", -5.0},
                                     {"$-5", -5.0},
                                     {"\u22125", -5.0},
                                     {"- 5", 5.0},
                                     {"2,5", 2.0},
                                     {"1,23", 1.0},
                                     {"1,2345", 1.0},
                                     {"2024 123", 2024.0},
                                     {"10 20", 10.0},
                                     {"10-20", 10.0},
                                     {"3.", 3.0},
                                     {"3.x", 3.0},
                                     {"1.2.3", 1.2},
                                     {"1,299 000", 1299.0},
                                     {"1,29,9", 1.0},
                                     {"v2", 2.0},
                                     {"1,000,00", 1000.0},
                                     {"price: USD 1,299.00 (was 1,499.00)", 1299.0},
                                     {"1e5", 1.0},
                                     {"0.1", 0.1},
                                     {"007", 7.0},
                                     {"٣", none}}) {
            CAPTURE(row.text);
            CHECK(find_number(row.text) == row.number);
        }
    }

    TEST_CASE("only finite numbers are found") {
        CHECK_FALSE(find_number(std::string(400, '9')));
        CHECK(find_number("0." + std::string(400, '0') + "1") == 0.0);
        CHECK_FALSE(find_number("inf"));
        CHECK_FALSE(find_number("nan"));
        CHECK_FALSE(exact_number("1e400"));
        CHECK_FALSE(exact_number("-1e99999999999999999999"));
        CHECK(exact_number("1e-400") == 0.0);
        CHECK(exact_number("0." + std::string(400, '0') + "1e5") == 0.0);
        CHECK_FALSE(exact_number("1" + std::string(400, '0') + "e-5"));
        CHECK(exact_number("1" + std::string(400, '0') + "e-400") == 1.0);
        CHECK(exact_number("0e99999999999") == 0.0);
    }

    TEST_CASE("a million digits are read in one pass") {
        CHECK_FALSE(find_number(std::string(1'000'000, '1')));
        std::string groups = "1";
        for (int i = 0; i < 200'000; ++i) groups += ",000";
        CHECK_FALSE(find_number(groups));
        CHECK(find_number(std::string(1'000'000, '-') + "1") == -1.0);
        CHECK(find_number(std::string(1'000'000, '$') + "1") == 1.0);
    }

    TEST_CASE("an exact number is the whole trimmed text") {
        for (const NumberRow& row : {NumberRow{"20", 20.0}, {" 19.5 ", 19.5},
                                     {"-0.5", -0.5},        {"1e3", 1000.0},
                                     {"1E+3", 1000.0},      {"\u00A05\u00A0", 5.0},
                                     {"007", 7.0},          {"", none},
                                     {"-", none},           {"+5", none},
                                     {".5", none},          {"5.", none},
                                     {"5.e1", none},        {"1e", none},
                                     {"1e+", none},         {"1,000", none},
                                     {"$5", none},          {"5 5", none},
                                     {"0x10", none},        {"inf", none},
                                     {"NaN", none},         {std::string("5\0", 2), none}}) {
            CAPTURE(row.text);
            CHECK(exact_number(row.text) == row.number);
        }
    }
}
