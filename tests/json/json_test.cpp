#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

#include "core/suites.hpp"
#include "core/unicode.hpp"
#include "meter/json.hpp"

using meter::ErrorCode;
using meter::JsonLimits;
using meter::Object;
using meter::parse_json;
using meter::to_json;
using meter::Value;

namespace {

std::string nested(std::size_t depth, std::string_view inner = "") {
    return std::string(depth, '[') + std::string(inner) + std::string(depth, ']');
}

}  // namespace

TEST_SUITE("json.json") {
    TEST_CASE("every file of JSONTestSuite is accepted or refused as its name says") {
        const auto folder = meter::testing::suite_folder("jsontestsuite");
        if (!folder) return;
        int files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(*folder / "test_parsing")) {
            const std::string name = entry.path().filename().string();
            CAPTURE(name);
            const std::string text = meter::testing::read_file(entry.path());
            const auto value = parse_json(text, {.max_depth = 512});
            if (name.starts_with("y_")) CHECK(value);
            if (name.starts_with("n_")) CHECK_FALSE(value);
            if (value) CHECK(parse_json(to_json(*value), {.max_depth = 512}).value() == *value);
            ++files;
        }
        CHECK(files > 100);
        for (const auto& entry : std::filesystem::directory_iterator(*folder / "test_transform")) {
            CAPTURE(entry.path().filename().string());
            const auto value = parse_json(meter::testing::read_file(entry.path()));
            if (value) CHECK(to_json(parse_json(to_json(*value)).value()) == to_json(*value));
        }
    }

    TEST_CASE("what the suite leaves open is decided: lone surrogates, bad UTF-8 and huge numbers are refused") {
        const auto folder = meter::testing::suite_folder("jsontestsuite");
        if (!folder) return;
        for (const char* name :
             {"i_number_huge_exp", "i_number_real_neg_overflow", "i_number_real_pos_overflow",
              "i_string_1st_valid_surrogate_2nd_invalid", "i_string_UTF-8_invalid_sequence",
              "i_string_UTF8_surrogate_U+D800", "i_string_incomplete_surrogates_escape_valid", "i_string_invalid_utf-8",
              "i_string_inverted_surrogates_U+1D11E", "i_string_lone_second_surrogate", "i_string_not_in_unicode_range",
              "i_string_overlong_sequence_2_bytes"}) {
            CAPTURE(name);
            const auto value =
                parse_json(meter::testing::read_file(*folder / "test_parsing" / (std::string(name) + ".json")));
            REQUIRE_FALSE(value);
            CHECK(value.error().code == ErrorCode::parse);
        }
        const auto tiny = parse_json(meter::testing::read_file(*folder / "test_parsing/i_number_real_underflow.json"));
        REQUIRE(tiny);
        CHECK(tiny->if_array()->front() == Value(0.0));
    }

    TEST_CASE("strings are checked for UTF-8 as the utf8tests suite expects") {
        const auto folder = meter::testing::suite_folder("utf8tests");
        if (!folder) return;
        const std::string text = meter::testing::read_file(*folder / "utf8tests.bin");
        int rows = 0;
        for (std::size_t pos = 0; pos < text.size();) {
            const std::size_t end = std::min(text.find('\n', pos), text.size());
            const std::string line = text.substr(pos, end - pos);
            pos = end + 1;
            const std::size_t kind = line.find(':');
            if (kind == std::string::npos || line.starts_with('#')) continue;
            const std::size_t bytes = line.find(':', kind + 1) + 1;
            const std::string given = line.substr(bytes);
            // Raw control characters and quotes are wrong in JSON whatever their encoding.
            if (std::any_of(given.begin(), given.end(),
                            [](char c) { return (c >= 0 && c < 0x20) || c == '"' || c == '\\'; }))
                continue;
            CAPTURE(line.substr(0, bytes));
            const bool valid = line.substr(kind + 1).starts_with("valid");
            for (const std::string& json : {"\"" + given + "\"", "{\"" + given + "\":1}", "[\"" + given + "\"]"})
                CHECK(static_cast<bool>(parse_json(json)) == valid);
            ++rows;
        }
        CHECK(rows > 150);
    }

    TEST_CASE("errors name the kind and the byte") {
        struct Row {
            std::string text;
            ErrorCode code;
            std::string_view message;
        };
        for (const Row& row :
             {Row{"", ErrorCode::parse, "Malformed JSON at byte 0: The document is empty."},
              Row{"[1,]", ErrorCode::parse, "Malformed JSON at byte 3: Invalid value."},
              Row{"\xEF\xBB\xBF{}", ErrorCode::parse, "Malformed JSON at byte 0: a byte order mark is not allowed"},
              Row{std::string("{}\0", 3), ErrorCode::parse, "Malformed JSON at byte 2: a NUL byte is not allowed"},
              Row{std::string("\"\0\"", 3), ErrorCode::parse, "Malformed JSON at byte 1: a NUL byte is not allowed"},
              Row{R"(["\udc00"])", ErrorCode::parse, "Malformed JSON at byte 1: a surrogate stands alone in a string"},
              Row{R"({"\udfff":1})", ErrorCode::parse,
                  "Malformed JSON at byte 1: a surrogate stands alone in a string"},
              Row{nested(65), ErrorCode::too_large, "JSON at byte 64 is nested deeper than 64 levels"}}) {
            CAPTURE(row.text);
            const auto value = parse_json(row.text);
            REQUIRE_FALSE(value);
            CHECK(value.error().code == row.code);
            if (row.code == ErrorCode::parse && row.message.find("surrogate") != std::string_view::npos)
                CHECK(value.error().message.find("a surrogate stands alone") != std::string::npos);
            else
                CHECK(value.error().message == row.message);
        }
    }

    TEST_CASE("texts that are nearly JSON are refused") {
        for (const char* text :
             {" ",        "{",          "[",   "\"",     "nul",     "nulll",       "True",        "NaN",
              "Infinity", "-Infinity",  "-",   "+1",     "01",      "1.",          ".5",          "1e",
              "1e+",      "0x1",        "1 2", "{}{}",   "[1 2]",   "[,1]",        "{\"a\"}",     "{\"a\":}",
              "{a:1}",    "{\"a\":1,}", "'a'", "\"\t\"", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
              "// x\n1",  "[1]//",      "\v1", "1e999",  "-1e999",  "\"\\uD83D\"", "\x80"})
            CHECK_MESSAGE(!parse_json(text), text);
    }

    TEST_CASE("scalars of every kind are read exactly") {
        CHECK(parse_json(" null\t\r\n")->is_null());
        CHECK(*parse_json("true") == Value(true));
        CHECK(*parse_json("\"\\ud83d\\ude00 \\u0000\\/\"") == Value(std::string("\U0001F600 \0/", 7)));
        CHECK(*parse_json("-0") == Value(0));
        for (const char* text : {"9223372036854775807", "-9223372036854775808", "0", "-1", "9007199254740993"}) {
            const auto value = parse_json(text);
            REQUIRE(value);
            REQUIRE(value->is_integer());
            CHECK(std::to_string(*value->if_integer()) == text);
        }
        CHECK(parse_json("9223372036854775808")->kind() == Value::Kind::number);
        CHECK(parse_json("9223372036854775808")->to_double() == 9223372036854775808.0);
        CHECK(parse_json("18446744073709551616")->to_double() == 18446744073709551616.0);
        CHECK(parse_json("1.0")->kind() == Value::Kind::number);
        CHECK(parse_json("1e-400")->to_double() == 0);
        CHECK(parse_json("2.2250738585072011e-308")->to_double() == 2.2250738585072011e-308);
        CHECK(parse_json("1.7976931348623157e308")->to_double() == 1.7976931348623157e308);
        CHECK_FALSE(parse_json("1.7976931348623159e308"));
        CHECK(parse_json("0.1")->to_double() == 0.1);
    }

    TEST_CASE("any finite double survives writing and reading") {
        std::mt19937_64 random(7);
        for (int i = 0; i < 200'000; ++i) {
            const auto number = std::bit_cast<double>(random());
            if (!std::isfinite(number)) continue;
            const std::string text = to_json(Value(number));
            const auto again = parse_json(text);
            REQUIRE_MESSAGE(again, text);
            REQUIRE_MESSAGE(again->to_double() == number, text);
        }
    }

    TEST_CASE("the last of repeated keys counts and keeps the first place") {
        CHECK(to_json(*parse_json(R"({"a":1,"b":2,"a":3,"c":4,"b":{"x":5}})")) == R"({"a":3,"b":{"x":5},"c":4})");
        std::string text = "{", expected = "{";
        for (int i = 0; i < 100; ++i) text += "\"k" + std::to_string(i % 40) + "\":" + std::to_string(i) + ",";
        text.back() = '}';
        for (int i = 0; i < 40; ++i)
            expected += "\"k" + std::to_string(i) + "\":" + std::to_string(i < 20 ? i + 80 : i + 40) + ",";
        expected.back() = '}';
        CHECK(to_json(*parse_json(text)) == expected);
    }

    TEST_CASE("huge objects are read without quadratic work") {
        constexpr int members = 400'000;
        std::string same = "{", distinct = "{", pairs = "{";
        for (int i = 0; i < members; ++i) {
            same += "\"key\":" + std::to_string(i) + ",";
            distinct += "\"common prefix " + std::to_string(i) + "\":0,";
            pairs += "\"" + std::to_string(i % (members / 2)) + "\":" + std::to_string(i) + ",";
        }
        for (std::string* text : {&same, &distinct, &pairs}) text->back() = '}';
        const auto one = parse_json(same);
        REQUIRE(one);
        CHECK(to_json(*one) == "{\"key\":399999}");
        CHECK(parse_json(distinct)->if_object()->size() == members);
        const auto half = parse_json(pairs);
        REQUIRE(half);
        CHECK(half->if_object()->size() == members / 2);
        CHECK(*half->find("7") == Value(members / 2 + 7));
    }

    TEST_CASE("depth is capped at the limit, whatever the length") {
        CHECK(parse_json(nested(64)));
        CHECK_FALSE(parse_json(nested(65)));
        CHECK(parse_json(nested(512), {.max_depth = 512}));
        CHECK(parse_json("1", {.max_depth = 1}));
        CHECK(parse_json("[]", {.max_depth = 1}));
        CHECK_FALSE(parse_json("[{}]", {.max_depth = 1}));
        std::string objects;
        for (int i = 0; i < 2'000'000; ++i) objects += "{\"\":";
        for (const std::string& text : {std::string(5'000'000, '['), objects, "[" + nested(64) + "]"}) {
            const auto value = parse_json(text);
            REQUIRE_FALSE(value);
            CHECK(value.error().code == ErrorCode::too_large);
        }
        // Closed levels do not count: width is not depth.
        std::string wide = "[";
        for (int i = 0; i < 1000; ++i) wide += nested(63) + ",";
        wide.back() = ']';
        CHECK(parse_json(wide));
    }

    TEST_CASE("limits out of range are refused, not clipped") {
        for (const std::size_t depth : {std::size_t{0}, std::size_t{513}}) {
            const auto value = parse_json("1", {.max_depth = depth});
            REQUIRE_FALSE(value);
            CHECK(value.error().code == ErrorCode::invalid_argument);
        }
        CHECK(parse_json("1234", {.max_bytes = 4}));
        const auto longer = parse_json("12345", {.max_bytes = 4});
        REQUIRE_FALSE(longer);
        CHECK(longer.error().code == ErrorCode::too_large);
    }
}
