#include "generate/intent.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "meter/json.hpp"

namespace {

using namespace meter;
using generate::Intent;
using generate::read_intent;

std::string names_of(const Intent& intent) {
    std::string names;
    for (const auto& field : intent.fields)
        names += (names.empty() ? "" : " ") + field.name + ":" + std::string(to_string(field.concept_of));
    return names;
}

}  // namespace

TEST_SUITE("generate.intent") {
    TEST_CASE("Sentences name their fields in snake_case with what they are about") {
        struct Row {
            std::string_view description, fields;
        };
        for (const Row& row : {
                 Row{"Extract product names, prices and availability",
                     "name:title price:price availability:availability"},
                 Row{"post titles, scores, and links", "title:title score:rating link:url"},
                 Row{"Get the thread title, poster, views and number of replies",
                     "title:title poster:author views:count replies:count"},
                 Row{"job ads with title, company, place, salary",
                     "title:title company:company place:location salary:salary"},
                 Row{"reviews: title, score, author, date and text",
                     "title:title score:rating author:author date:date text:description"},
                 Row{"articles: title, url, number of comments, publication date",
                     "title:title url:url comments:count publication_date:date"},
                 Row{"Extract plant names, prices, pack size and delivery time",
                     "name:title price:price pack_size:generic delivery_time:date"},
                 Row{"price, sku and name of the product", "price:price sku:sku name:title"},
                 Row{"list the old price and the price", "old_price:old_price price:price"},
                 Row{"images & SKU plus brand", "image:image sku:sku brand:brand"},
                 Row{"Extract for every match both team names, scores and link",
                     "team1:title team2:title score1:rating score2:rating link:url"},
                 Row{"subject, started by, replies/views", "subject:title started_by:author replies:count views:count"},
                 Row{"news headlines, short description and link", "headline:title description:description link:url"},
                 Row{"For each music track give title, composer and price", "title:title composer:author price:price"},
                 Row{"e-mail and phone number of all members", "email:email phone_number:phone"},
                 Row{"", "title:title url:url"},
                 Row{"???", "title:title url:url"},
             }) {
            CAPTURE(row.description);
            CHECK(names_of(read_intent(row.description, nullptr)) == row.fields);
        }
    }

    TEST_CASE("The keys of a schema are the fields, the sentence says more about them") {
        const auto schema = OutputSchema::parse(
            Object{{"name", "string"}, {"agenda", "string"}, {"price", "number"}, {"tags", Value::Array{"string"}}});
        REQUIRE(schema);
        const Intent intent = read_intent("meeting name, agenda link and price", &*schema);
        REQUIRE(intent.fields.size() == 4);
        CHECK(names_of(intent) == "name:title agenda:url price:price tags:category");
        CHECK(intent.fields[2].type == generate::WantedType::number);
        CHECK(intent.fields[3].type == generate::WantedType::list);
    }

    TEST_CASE("The keys around a nested schema's key need not be words of the page") {
        const auto schema = OutputSchema::parse(Object{
            {"product", Object{{"name", "string"}, {"pricing", Object{{"amount", "number"}, {"tier", "string"}}}}}});
        REQUIRE(schema);
        const Intent intent = read_intent("products", &*schema);
        CHECK(names_of(intent) == "product_name:title product_pricing_amount:price product_pricing_tier:price");
        CHECK(intent.fields[0].around == 1);
        CHECK(intent.fields[1].around == 2);
        CHECK(intent.fields[2].around == 0);  // "tier" alone says nothing
    }

    TEST_CASE("Sentences tell whether one thing or many are wanted") {
        for (const std::string_view many :
             {"product names and prices", "all jobs", "every coat with price", "job ads with title"})
            CHECK_MESSAGE(read_intent(many, nullptr).plurality > 0, many);
        for (const std::string_view one :
             {"product title, price and sku", "Extract recipe title, author and the list of ingredients",
              "price, sku and name of the product"})
            CHECK_MESSAGE(read_intent(one, nullptr).plurality < 0, one);
    }

    TEST_CASE("Long and odd sentences are read within bounds") {
        CHECK(read_intent(std::string(100'000, ','), nullptr).fields.size() == 2);
        std::string many;
        for (int i = 0; i < 500; ++i)
            many += "zq" + std::string(1, static_cast<char>('a' + i % 26)) + std::to_string(i) + ", ";
        CHECK(read_intent(many, nullptr).fields.size() <= 40);
        CHECK(read_intent("\xff\xfe, title", nullptr).fields.size() >= 1);
    }
}
