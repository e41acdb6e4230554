#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "generate/values/values.hpp"

namespace {

using namespace meter::generate;

}  // namespace

TEST_SUITE("generate.numbers") {
    TEST_CASE("the last separator with one or two digits behind it is the decimal sign, three digits are thousands") {
        struct Row {
            std::string_view text;
            double value;
            DecimalSign decimal = DecimalSign::automatic;
        };
        for (const Row& row :
             {Row{"1,299.00", 1299}, Row{"1.299,00", 1299}, Row{"1.299", 1299}, Row{"1.299", 1.299, DecimalSign::point},
              Row{"1.299", 1299, DecimalSign::comma}, Row{"1,5", 1.5}, Row{"0.125", .125},
              Row{"12 000 000", 12'000'000}, Row{"1 299,50", 1299.5}, Row{"1'299.50", 1299.5}, Row{"1,00,000", 100'000},
              Row{"34.992001", 34.992001}, Row{".5", .5}, Row{"-5", -5}, Row{"−5,5", -5.5}, Row{"۱۲۵", 125},
              Row{"१७", 17}, Row{"about 3 of 4", 3}, Row{"2019-05", 2019}}) {
            CAPTURE(row.text);
            const auto found = find_number(row.text, row.decimal);
            REQUIRE(found);
            CHECK(found->value == doctest::Approx(row.value));
        }
        CHECK_FALSE(find_number("none"));
        CHECK_FALSE(find_number(""));
    }

    TEST_CASE("the range of a number is where it stands") {
        const std::string_view text = "from 1 299,50 on";
        const auto found = find_number(text);
        REQUIRE(found);
        CHECK(text.substr(found->range.begin, found->range.end - found->range.begin) == "1 299,50");
    }

    TEST_CASE("a whole text is a number with its decoration and multipliers, and nothing else") {
        CHECK(parse_number("$1,299.00") == 1299);
        CHECK(parse_number("12 %") == 12);
        CHECK(parse_number("1.2k") == 1200);
        CHECK(parse_number("3 Mio") == 3e6);
        CHECK(parse_number("4,567+") == 4567);
        CHECK(parse_number("(225)") == 225);
        for (const std::string_view text : {"225 points", "1.2.3", "2014-05-06", "ten", "", "a1", "1 of 5"}) {
            CAPTURE(text);
            CHECK_FALSE(parse_number(text));
        }
    }

    TEST_CASE("the decimal sign of a slot is what its values agree on") {
        const std::vector<std::string> commas{"1.299", "12,50 €", "7"};
        const std::vector<std::string> points{"1,299", "12.50"};
        const std::vector<std::string> none{"12", "1.299"};
        CHECK(decimal_sign_of(commas) == DecimalSign::comma);
        CHECK(decimal_sign_of(points) == DecimalSign::point);
        CHECK(decimal_sign_of(none) == DecimalSign::automatic);
    }

    TEST_CASE("a price knows its currency, its code and its place") {
        struct Row {
            std::string_view text, amount, currency, code;
        };
        for (const Row& row :
             {Row{"Now only 1.299,00 € incl. VAT", "1.299,00", "€", "EUR"}, Row{"US$ 12.99", "12.99", "US$", "USD"},
              Row{"NZD $100.70", "100.70", "NZD", "NZD"}, Row{"3 pieces for 14,85 EUR", "14,85", "EUR", "EUR"},
              Row{"$20", "20", "$", ""}, Row{"from 26 to 50 €", "26", "€", "EUR"}, Row{"50,- Kč", "50", "Kč", "CZK"}}) {
            CAPTURE(row.text);
            const auto price = find_price(row.text);
            REQUIRE(price);
            CHECK(price->amount_text == row.amount);
            CHECK(price->currency == row.currency);
            CHECK(price->currency_code == row.code);
            CHECK(row.text.substr(price->amount_range.begin, price->amount_range.end - price->amount_range.begin) ==
                  row.amount);
            CHECK(has_price(row.text));
        }
        CHECK(find_price("Gratis")->free);
        CHECK(currency_code("zł") == "PLN");
        CHECK(currency_code("kr") == "");
    }

    TEST_CASE("numbers without a currency are no prices") {
        for (const std::string_view text :
             {"225 points", "2014-05-06", "5 L of milk", "40 % off", "Chapter 3", "10 pen"}) {
            CAPTURE(text);
            CHECK_FALSE(has_price(text));
        }
    }

    TEST_CASE("texts of any bytes are read without harm") {
        std::string bytes;
        unsigned state = 7;
        for (int round = 0; round < 3'000; ++round) {
            bytes.clear();
            const unsigned length = state % 60;
            static constexpr std::string_view pieces = "0123456789.,  $\xE2\x82\xAC:/-%aMjanTPH\xC3\xFF\xF0\xE0\xA5'";
            for (unsigned i = 0; i < length; ++i) {
                state = state * 1664525u + 1013904223u;
                bytes.push_back(pieces[(state >> 16) % pieces.size()]);
            }
            state = state * 1664525u + 1013904223u;
            find_number(bytes);
            find_price(bytes, bytes);
            find_date(bytes);
            is_date_like(bytes);
            value_kind(bytes);
            CHECK(value_shape(bytes).size() <= 34);
            name_words(bytes);
        }
    }

    TEST_CASE("long texts cost no more than their length") {
        const std::string digits(200'000, '1');
        std::string groups, prices;
        for (int i = 0; i < 50'000; ++i) {
            groups += "1 234 ";
            prices += "kr $ 1.2.3 ";
        }
        for (const std::string& text : {digits, groups, prices}) {
            find_number(text);
            find_price(text, text);
            has_price(text);
            value_kind(text);
        }
        CHECK(parse_number(digits) == std::nullopt);
    }
}
