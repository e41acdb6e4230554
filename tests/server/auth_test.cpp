#include "auth.hpp"

#include <doctest/doctest.h>

using namespace meter::server;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

std::optional<std::string> key_in(Headers headers, bool automation = false) {
    RequestHead head;
    head.headers = std::move(headers);
    return presented_key(head, automation);
}

}  // namespace

TEST_SUITE("server.auth") {
    TEST_CASE("each dialect reads its own header first and the other one after it") {
        CHECK(key_in({{"authorization", "bEaReR abc"}}) == "abc");
        CHECK(key_in({{"authorization", "Bearer   abc"}}) == "abc");
        CHECK(key_in({{"x-api-key", "abc"}}) == "abc");
        const Headers both{{"authorization", "Bearer one"}, {"x-api-key", "two"}};
        CHECK(key_in(both) == "one");
        CHECK(key_in(both, true) == "two");
        CHECK(key_in({{"authorization", "Bearer one"}}, true) == "one");
        CHECK(key_in({{"authorization", "Basic x"}, {"x-api-key", "two"}}) == "two");
    }

    TEST_CASE("what is no key, or no single one, is none") {
        for (const char* value : {"", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc"}) {
            CAPTURE(value);
            CHECK_FALSE(key_in({{"authorization", value}}));
        }
        CHECK_FALSE(key_in({}));
        CHECK_FALSE(key_in({{"authorization", "Bearer a"}, {"authorization", "Bearer a"}}));
        CHECK_FALSE(key_in({{"x-api-key", "a"}, {"x-api-key", "b"}}));
    }
}
