#include "core/regex.hpp"

#include <doctest/doctest.h>

using meter::ErrorCode;
using meter::core::Regex;

TEST_SUITE("core.regex") {
    TEST_CASE("a pattern is found anywhere, with or without case") {
        CHECK(Regex::parse("^blue\\s", false)->found_in("Blue Shirt"));
        CHECK_FALSE(Regex::parse("^blue\\s")->found_in("Blue Shirt"));
        CHECK(Regex::parse("sh.rt")->found_in("a shirt"));
        CHECK(Regex::parse("")->found_in(""));
        CHECK(Regex::parse("\\pL+")->found_in("\u4E2D"));
    }

    TEST_CASE("first gives the first group, or the whole match") {
        CHECK(Regex::parse("[0-9]+")->first("a 12 b 34") == "12");
        CHECK(Regex::parse("a ([0-9]+)( b)")->first("a 12 b") == "12");
        CHECK(Regex::parse("(x*)")->first("y") == "");
        CHECK_FALSE(Regex::parse("a(b)?")->first("a"));
        CHECK_FALSE(Regex::parse("z")->first("a"));
    }

    TEST_CASE("remove_all takes every match out") {
        CHECK(Regex::parse("[0-9]+ views")->remove_all("12 views, 7 views.") == ", .");
        CHECK(Regex::parse("x*")->remove_all("axxb") == "ab");
    }

    TEST_CASE("what RE2 cannot run in linear time is refused with a reason") {
        for (const char* pattern :
             {"(a)\\1", "a(?=b)", "(?<!a)b", "[", "(", "a{1001}", "(((a{100}){100}){100})", "\xFF"}) {
            CAPTURE(pattern);
            const auto regex = Regex::parse(pattern);
            REQUIRE_FALSE(regex);
            CHECK(regex.error().code == ErrorCode::invalid_argument);
            CHECK(regex.error().subject == pattern);
            CHECK(regex.error().message.starts_with("Invalid regular expression: "));
        }
        CHECK(Regex::parse(std::string(1000, 'a')));
        CHECK_FALSE(Regex::parse(std::string(1001, 'a')));
    }

    TEST_CASE("a pattern that is exponential elsewhere is linear here") {
        CHECK_FALSE(Regex::parse("^(a+)+$")->found_in(std::string(1'000'000, 'a') + "!"));
    }

    TEST_CASE("a copy outlives the original") {
        auto regex = Regex::parse("a");
        const Regex copy = *regex;
        regex = Regex::parse("b");
        CHECK(copy.found_in("a"));
        CHECK(regex->found_in("b"));
    }
}
