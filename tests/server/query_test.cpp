#include "http/query.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace meter::server;

TEST_SUITE("server.query") {
    TEST_CASE("members are decoded as forms write them and the last of a name counts") {
        const Query query("a=b==&c=%2B+%2b&d&e=1&e=2&&=x&f=%&g=%4&h=%zz&%61b=1");
        struct Row {
            const char *name, *value;
        };
        for (const Row& row : {Row{"a", "b=="}, Row{"c", "+ +"}, Row{"d", ""}, Row{"e", "2"}, Row{"", "x"},
                               Row{"f", "%"}, Row{"g", "%4"}, Row{"h", "%zz"}, Row{"ab", "1"}}) {
            CAPTURE(row.name);
            REQUIRE(query.find(row.name));
            CHECK(*query.find(row.name) == row.value);
        }
        CHECK_FALSE(query.find("z"));
        CHECK_FALSE(Query("").find(""));
    }

    TEST_CASE("paths are split at slashes before they are decoded") {
        using Parts = std::vector<std::string>;
        CHECK(split_path("/a/b%20c") == Parts{"a", "b c"});
        CHECK(split_path("/") == Parts{""});
        CHECK(split_path("/a/") == Parts{"a", ""});
        CHECK(split_path("//a") == Parts{"", "a"});
        CHECK(split_path("/a%2Fb/%zz") == Parts{"a/b", "%zz"});
        CHECK(split_path("*").empty());
        CHECK(split_path("").empty());
    }
}
