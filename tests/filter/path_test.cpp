#include "core/path.hpp"

#include <doctest/doctest.h>

#include <string_view>

#include "meter/json.hpp"

TEST_SUITE("core.path") {
    TEST_CASE("find_path steps through objects and arrays and prefers literal keys") {
        const auto root =
            meter::parse_json(R"({"a":{"b":1,"b.c":2,"":3},"a.b":4,"list":[10,[11,{"x":12}]],"0":"zero","n":null})");
        REQUIRE(root);
        struct Row {
            std::string_view path, found;  // found: JSON text, empty for none
        };
        for (const Row& row : {
                 Row{"a.b", "4"},
                 Row{"a.b.c", "2"},
                 Row{"a.", "3"},
                 Row{"a.x", ""},
                 Row{"list.0", "10"},
                 Row{"list.1.1.x", "12"},
                 Row{"list.2", ""},
                 Row{"list.00", ""},
                 Row{"list.-1", ""},
                 Row{"list.+1", ""},
                 Row{"list.x", ""},
                 Row{"list.99999999999999999999999", ""},
                 Row{"0", "\"zero\""},
                 Row{"n", "null"},
                 Row{"n.x", ""},
                 Row{"a.b.c.d", ""},
                 Row{".", ""},
                 Row{"...", ""},
             }) {
            CAPTURE(row.path);
            const meter::Value* found = meter::core::find_path(*root, row.path);
            CHECK((found == nullptr ? "" : meter::to_json(*found)) == row.found);
        }
        CHECK(meter::core::find_path(*root, "") == &*root);
    }
}
