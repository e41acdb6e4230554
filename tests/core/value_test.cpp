#include "meter/value.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

using meter::Object;
using meter::Value;

TEST_SUITE("core.value") {
    TEST_CASE("objects keep the order of insertion and each key once") {
        Object object{{"b", 1}, {"a", 2}, {"b", 3}};
        REQUIRE(object.size() == 2);
        CHECK(object.begin()->first == "b");
        CHECK(*object.find("b") == Value(3));
        object.set("a", "x");
        CHECK(*object.find("a") == Value("x"));
        CHECK(object.erase("b"));
        CHECK_FALSE(object.erase("b"));
        CHECK(object.find("b") == nullptr);
    }

    TEST_CASE("equality looks at content: order of members and spelling of numbers do not count") {
        CHECK(Value(Object{{"a", 1}, {"b", 2}}) == Value(Object{{"b", 2.0}, {"a", 1}}));
        CHECK_FALSE(Value(Object{{"a", 1}}) == Value(Object{{"a", 1}, {"b", 2}}));
        CHECK_FALSE(Value(Object{{"a", nullptr}}) == Value(Object{{"b", nullptr}}));
        CHECK(Value(1) == Value(1.0));
        CHECK_FALSE(Value(1) == Value("1"));
        CHECK_FALSE(Value(1) == Value(true));
        CHECK_FALSE(Value(Value::Array{1, 2}) == Value(Value::Array{2, 1}));
    }

    TEST_CASE("large objects in any order are compared without quadratic work") {
        constexpr int members = 200'000;
        const Value zero = 0, nested = Object{};
        Object forward, backward;
        for (int i = 0; i < members; ++i) {
            forward.append("key " + std::to_string(i), zero);
            backward.append("key " + std::to_string(members - 1 - i), zero);
        }
        CHECK(forward == backward);
        Object other = backward;
        other.erase("key 77");
        other.append("key 77", nested);
        CHECK_FALSE(forward == other);
        other = backward;
        other.begin()->first = "another";
        CHECK_FALSE(forward == other);
    }

    TEST_CASE("unsigned numbers beyond int64 become doubles") {
        Value::Array values;
        for (const std::uint64_t number : {9223372036854775807u, 9223372036854775808u}) values.emplace_back(number);
        CHECK(values.front().is_integer());
        CHECK(values.back().kind() == Value::Kind::number);
    }

    TEST_CASE("type names are those of JSON") {
        CHECK(Value().type_name() == "null");
        CHECK(Value(true).type_name() == "boolean");
        CHECK(Value(1).type_name() == "number");
        CHECK(Value(1.5).type_name() == "number");
        CHECK(Value("").type_name() == "string");
        CHECK(Value(Value::Array{}).type_name() == "array");
        CHECK(Value(Object{}).type_name() == "object");
    }
}
