#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "generate/values/values.hpp"

namespace {

using namespace meter::generate;

}  // namespace

TEST_SUITE("generate.kinds") {
    TEST_CASE("a text has the most particular kind that fits") {
        struct Row {
            std::string_view text;
            ValueKind kind;
        };
        for (const Row& row : {Row{"", ValueKind::empty},
                               Row{"  42 ", ValueKind::number},
                               Row{"3,400", ValueKind::number},
                               Row{"1.2k", ValueKind::number},
                               Row{"$19.99", ValueKind::price},
                               Row{"1.299,00 €", ValueKind::price},
                               Row{"Kč 500", ValueKind::price},
                               Row{"-25 %", ValueKind::percent},
                               Row{"Jan 5, 2024", ValueKind::date},
                               Row{"2024-01-05T10:00:00Z", ValueKind::date},
                               Row{"3 hours ago", ValueKind::date},
                               Row{"vor 2 Tagen", ValueKind::date},
                               Row{"gestern", ValueKind::date},
                               Row{"5. März", ValueKind::date},
                               Row{"https://shop.test/a", ValueKind::url},
                               Row{"//cdn.shop.test/x", ValueKind::url},
                               Row{"www.shop.test", ValueKind::url},
                               Row{"https://shop.test/a.JPG?w=3", ValueKind::image},
                               Row{"/img/a.webp", ValueKind::image},
                               Row{"ann@shop.test", ValueKind::email},
                               Row{"mailto:ann@shop.test?subject=x", ValueKind::email},
                               Row{"+49 (0)30 123456", ValueKind::phone},
                               Row{"(555) 123-4567", ValueKind::phone},
                               Row{"4.5 out of 5", ValueKind::rating},
                               Row{"★★★★☆", ValueKind::rating},
                               Row{"PT1H30M", ValueKind::duration},
                               Row{"1 h 20 min", ValueKind::duration},
                               Row{"yes", ValueKind::boolean},
                               Row{"A kettle of copper", ValueKind::text},
                               Row{"Chapter 12", ValueKind::text},
                               Row{"May I help you", ValueKind::text},
                               Row{"Version 1.2.3", ValueKind::text},
                               Row{"12 replies", ValueKind::text},
                               Row{"2 for 1 on everything in the shop", ValueKind::text}}) {
            CAPTURE(row.text);
            CHECK(to_string(value_kind(row.text)) == to_string(row.kind));
        }
    }

    TEST_CASE("dates are written as ISO 8601 and keep what is said of time and zone") {
        struct Row {
            std::string_view text, iso, language = "";
        };
        for (const Row& row :
             {Row{"5 December 2014", "2014-12-05"}, Row{"Published: Jan 5, 2024", "2024-01-05"},
              Row{"12 Dec 2014 10:55:50", "2014-12-12T10:55:50"},
              Row{"2014-12-12T12:33:39-08:00", "2014-12-12T12:33:39-08:00"},
              Row{"2016-09-23T02:54:32.845Z", "2016-09-23T02:54:32.845Z"},
              Row{"Fri, 09 Sep 2005 13:51:39 +0000", "2005-09-09T13:51:39Z"}, Row{"March 2015", "2015-03"},
              Row{"3/4/2025", "2025-03-04"}, Row{"3/4/2025", "2025-04-03", "en-GB"},
              Row{"3/4/2025", "2025-04-03", "fr"}, Row{"3.4.2025", "2025-04-03"}, Row{"13/4/2025", "2025-04-13"},
              Row{"25. Mai 2023 um 14:05 Uhr", "2023-05-25T14:05:00"}, Row{"1er février 2020", "2020-02-01"},
              Row{"2024年5月6日", "2024-05-06"}, Row{"3 lipca 2021", "2021-07-03", "pl"},
              Row{"16 ธันวาคม 2560", "2017-12-16"}}) {
            CAPTURE(row.text);
            const auto date = find_date(row.text, {.language = row.language});
            REQUIRE(date);
            CHECK(date->iso == row.iso);
        }
        CHECK(find_date("5 March", {.year = 2020})->iso == "2020-03-05");
    }

    TEST_CASE("what is no date, or none that is known without a clock, has none") {
        for (const std::string_view text :
             {"29 February 2015", "31 April 2015", "12/09/18567", "3 hours ago", "yesterday", "10:15",
              "Aug 7, 2014Aug 7, 2014", "1.2.3", "192.168.0.1", "We met in May 2014 in a small town by the sea",
              "5 March", "1484823450", "::", "//"}) {
            CAPTURE(text);
            CHECK_FALSE(find_date(text));
        }
    }

    TEST_CASE("phones are no numbers, dates or prices") {
        for (const std::string_view text :
             {"1 234 567", "2014-05-06", "12.05.2014", "1234567890", "12 345,67", "10:15 - 11:30"}) {
            CAPTURE(text);
            CHECK_FALSE(is_phone(text));
        }
    }

    TEST_CASE("ratings have a scale where one is said") {
        CHECK(find_rating("4,5/5")->value == 4.5);
        CHECK(find_rating("4,5/5")->best == 5);
        CHECK(find_rating("Rated 4 stars")->best == 0);
        CHECK(find_rating("★★★☆☆")->value == 3);
        for (const std::string_view text : {"Three", "page 2 of 7", "12 of 5", "225 points", "1/2"}) {
            CAPTURE(text);
            CHECK_FALSE(find_rating(text));
        }
    }

    TEST_CASE("durations are seconds") {
        CHECK(find_duration("PT1H30M") == 5400);
        CHECK(find_duration("P1DT2H") == 93600);
        CHECK(find_duration("2:05:10") == 7510);
        CHECK(find_duration("90 minutes") == 5400);
        CHECK(find_duration("1h20") == 4800);
        for (const std::string_view text : {"P", "PT", "P1Y", "5 m", "12 replies", "2014", "1:2"}) {
            CAPTURE(text);
            CHECK_FALSE(find_duration(text));
        }
    }

    TEST_CASE("availability is told by the words of shops and of schema.org") {
        for (const std::string_view text :
             {"In stock", "SOLD OUT", "https://schema.org/OutOfStock", "sofort lieferbar", "en stock"})
            CHECK(is_availability(text));
        CHECK_FALSE(is_availability("A stock of old tales that nobody had told for a long time"));
    }

    TEST_CASE("shapes and words of names are those of their letters") {
        CHECK(value_shape("EUR 1.299,00") == "A 9.9,9");
        CHECK(value_shape("12 replies") == "9 a");
        CHECK(name_words("datePosted") == std::vector<std::string>{"date", "posted"});
        CHECK(name_words("HTMLTitle_text.value") == std::vector<std::string>{"html", "title", "text", "value"});
        CHECK(name_words("price-2x") == std::vector<std::string>{"price", "2x"});
    }
}
