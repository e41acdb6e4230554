#include "filter/text_search.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

using meter::detail::TextSearch;

TEST_SUITE("filter.text_search") {
    TEST_CASE("The search agrees with std::string::find on random texts of few letters") {
        std::mt19937 random(20250115);
        const auto text_of = [&](std::size_t longest) {
            std::string text(random() % (longest + 1), ' ');
            for (char& c : text) c = static_cast<char>('a' + random() % 2);
            return text;
        };
        for (int i = 0; i < 20'000; ++i) {
            const std::string needle = text_of(6), text = text_of(24);
            CAPTURE(needle);
            CAPTURE(text);
            CHECK(TextSearch(needle).found_in(text) == (text.find(needle) != std::string::npos));
        }
    }
}
