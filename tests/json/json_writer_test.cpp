#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "core/unicode.hpp"
#include "json/number_text.hpp"
#include "meter/json.hpp"

using meter::append_json_string;
using meter::Object;
using meter::parse_json;
using meter::to_json;
using meter::to_pretty_json;
using meter::Value;

namespace {

std::string number_text(double number) {
    std::string out;
    meter::json::append_number(out, number);
    return out;
}

std::string string_text(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

/// A value of up to `depth` levels, of every kind.
Value random_value(std::mt19937_64& random, int depth) {
    const auto below = [&](std::uint64_t n) { return random() % n; };
    const auto text = [&] {
        std::string out;
        for (std::uint64_t left = below(8); left > 0; --left)
            meter::core::append_utf8(out, static_cast<char32_t>(below(below(4) == 0 ? 0x110000 : 0x80)));
        return out;
    };
    switch (below(depth > 0 ? 8 : 6)) {
        case 0:
            return nullptr;
        case 1:
            return below(2) == 0;
        case 2:
            return static_cast<std::int64_t>(random());
        case 3: {
            const double number = std::bit_cast<double>(random());
            return std::isfinite(number) ? Value(number) : Value(0.5);
        }
        case 4:
            return text();
        case 5:
            return static_cast<std::int64_t>(below(1000));
        case 6: {
            Value::Array array;
            for (std::uint64_t left = below(6); left > 0; --left) array.push_back(random_value(random, depth - 1));
            return array;
        }
        default: {
            Object object;
            for (std::uint64_t left = below(30); left > 0; --left) object.set(text(), random_value(random, depth - 1));
            return object;
        }
    }
}

}  // namespace

TEST_SUITE("json.json_writer") {
    TEST_CASE("numbers are written as RFC 8785 appendix B") {
        struct Row {
            std::uint64_t bits;
            std::string_view text;
        };
        for (const Row& row : {Row{0x0000000000000000, "0"},
                               Row{0x8000000000000000, "0"},
                               Row{0x0000000000000001, "5e-324"},
                               Row{0x8000000000000001, "-5e-324"},
                               Row{0x7fefffffffffffff, "1.7976931348623157e+308"},
                               Row{0xffefffffffffffff, "-1.7976931348623157e+308"},
                               Row{0x4340000000000000, "9007199254740992"},
                               Row{0xc340000000000000, "-9007199254740992"},
                               Row{0x4430000000000000, "295147905179352830000"},
                               Row{0x7fffffffffffffff, "null"},
                               Row{0x7ff0000000000000, "null"},
                               Row{0x44b52d02c7e14af5, "9.999999999999997e+22"},
                               Row{0x44b52d02c7e14af6, "1e+23"},
                               Row{0x44b52d02c7e14af7, "1.0000000000000001e+23"},
                               Row{0x444b1ae4d6e2ef4e, "999999999999999700000"},
                               Row{0x444b1ae4d6e2ef4f, "999999999999999900000"},
                               Row{0x444b1ae4d6e2ef50, "1e+21"},
                               Row{0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
                               Row{0x3eb0c6f7a0b5ed8d, "0.000001"},
                               Row{0x41b3de4355555553, "333333333.3333332"},
                               Row{0x41b3de4355555554, "333333333.33333325"},
                               Row{0x41b3de4355555555, "333333333.3333333"},
                               Row{0x41b3de4355555556, "333333333.3333334"},
                               Row{0x41b3de4355555557, "333333333.33333343"},
                               Row{0xbecbf647612f3696, "-0.0000033333333333333333"},
                               Row{0x43143ff3c1cb0959, "1424953923781206.2"}})
            CHECK(number_text(std::bit_cast<double>(row.bits)) == row.text);
    }

    TEST_CASE("the exponent takes over where ECMA-262 says so") {
        struct Row {
            double number;
            std::string_view text;
        };
        for (const Row& row :
             {Row{1, "1"}, Row{-1.5, "-1.5"}, Row{100, "100"}, Row{1e20, "100000000000000000000"}, Row{1e21, "1e+21"},
              Row{1.5e21, "1.5e+21"}, Row{0.1, "0.1"}, Row{1e-6, "0.000001"}, Row{1e-7, "1e-7"},
              Row{1.25e-7, "1.25e-7"}, Row{123456.789, "123456.789"}, Row{0.000012345, "0.000012345"},
              Row{1e100, "1e+100"}, Row{4.35, "4.35"}, Row{0.3, "0.3"}, Row{0.1 + 0.2, "0.30000000000000004"}})
            CHECK(number_text(row.number) == row.text);
    }

    TEST_CASE("integers are written exactly over the whole range") {
        CHECK(to_json(Value(std::numeric_limits<std::int64_t>::min())) == "-9223372036854775808");
        CHECK(to_json(Value(std::numeric_limits<std::int64_t>::max())) == "9223372036854775807");
    }

    TEST_CASE("strings are escaped where RFC 8259 asks and nowhere else") {
        CHECK(string_text("") == "\"\"");
        CHECK(string_text("a/b<>&'\x7F\u2028\u00E9") == "\"a/b<>&'\x7F\u2028\u00E9\"");
        CHECK(string_text("\"\\\b\f\n\r\t") == R"("\"\\\b\f\n\r\t")");
        CHECK(string_text(std::string_view("\0\x01\x1F", 3)) == R"("\u0000\u0001\u001f")");
    }

    TEST_CASE("malformed UTF-8 is written as U+FFFD, so the text is always valid JSON") {
        CHECK(string_text("a\xFF"
                          "b\xE2\x82") == "\"a\uFFFDb\uFFFD\"");
        std::mt19937_64 random(3);
        for (int i = 0; i < 5'000; ++i) {
            std::string text;
            for (int n = 0; n < 12; ++n) text.push_back(static_cast<char>(random() % 256));
            const auto again = parse_json(to_json(Value(Object{{text, text}})));
            REQUIRE(again);
            CHECK(*again->if_object()->begin()->second.if_string() == meter::core::sanitize_utf8(text));
        }
    }

    TEST_CASE("containers are written compact or indented, members in their order") {
        const Value value(
            Object{{"b", Value::Array{1, Value::Array{}, Object{}, nullptr}}, {"a", Object{{"x", true}}}});
        CHECK(to_json(value) == R"({"b":[1,[],{},null],"a":{"x":true}})");
        CHECK(to_pretty_json(value) ==
              "{\n  \"b\": [\n    1,\n    [],\n    {},\n    null\n  ],\n  \"a\": {\n    \"x\": true\n  }\n}");
        CHECK(to_json(Value(Value::Array{})) == "[]");
        CHECK(to_pretty_json(Value("x")) == "\"x\"");
        CHECK(to_json(Value(std::nan(""))) == "null");
    }

    TEST_CASE("any value survives writing and reading") {
        std::mt19937_64 random(11);
        for (int i = 0; i < 2'000; ++i) {
            const Value value = random_value(random, 5);
            const std::string text = to_json(value);
            const auto again = parse_json(text);
            REQUIRE_MESSAGE(again, text);
            REQUIRE_MESSAGE(*again == value, text);
            CHECK(to_json(*again) == text);
            const auto pretty = parse_json(to_pretty_json(value));
            REQUIRE(pretty);
            CHECK(*pretty == value);
        }
    }

    TEST_CASE("a value deeper than any parser allows is written without recursing") {
        Value value;
        for (int i = 0; i < 2'000; ++i) {
            Value::Array outer;
            outer.push_back(std::move(value));
            value = std::move(outer);
        }
        CHECK(to_json(value) == std::string(2'000, '[') + "null" + std::string(2'000, ']'));
    }
}
