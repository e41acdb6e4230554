#include "url/pattern.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using meter::url::UrlPattern;

TEST_SUITE("url.pattern") {
    TEST_CASE("patterns match as the contract's table says") {
        struct Row {
            std::string_view pattern, url;
            bool matches;
        };
        const std::string shop = "https://shop.com";
        for (const Row& row : {
                 // wire contract appendix C
                 Row{"products/*/", "/products/a", true},
                 Row{"products/*/", "/products/a/", true},
                 Row{"products/*/", "/shop/products/a", true},
                 Row{"products/*/", "/products/", false},
                 Row{"products/*/", "/products/a/b", false},
                 Row{"products/*/", "/myproducts/a", false},
                 Row{"/product/**", "/product/a/b/c", true},
                 Row{"/product/**", "/shop/product/a", true},
                 Row{"/product/**", "/products/a", false},
                 Row{"list?page=*", "/list?page=2", true},
                 Row{"list?page=*", "/shop/list?page=9", true},
                 Row{"list?page=*", "/list", false},
                 Row{"list?page=*", "/list?p=1", false},
                 Row{"https://shop.com/*", "/a", true},
                 Row{"https://shop.com/*", "/a/b", false},
                 Row{"https://other.com/*", "/a", false},
                 // section 17.3
                 Row{"products/*/", "/products/a/reviews", false},
                 Row{"*", "/a", true},
                 Row{"*", "/", false},
                 Row{"**", "/", true},
                 Row{"/", "/", true},
                 Row{"/", "/a", false},
                 Row{"a*c", "/abc", true},
                 Row{"a*c", "/ac", false},
                 Row{"a**c", "/ac", true},
                 Row{"a**c", "/a/b/c", true},
                 Row{"a.c", "/abc", false},
                 Row{"[ab]", "/a", false},
                 Row{"a", "/a?x=1", true},
                 Row{"***", "/abc", true},
                 Row{"http://shop.com/**", "/a", false},
                 Row{"https://**", "/a/b", true},
             }) {
            CAPTURE(row.pattern);
            CAPTURE(row.url);
            const auto pattern = UrlPattern::parse(row.pattern, "link_pattern");
            REQUIRE(pattern);
            CHECK(pattern->matches(shop + std::string(row.url)) == row.matches);
        }
    }

    TEST_CASE("what is no pattern is refused by name, what is no URL matches nothing") {
        for (const std::string& text : {std::string(), std::string(2049, 'a')}) {
            const auto pattern = UrlPattern::parse(text, "link_pattern");
            REQUIRE_FALSE(pattern);
            CHECK(pattern.error().subject == "link_pattern");
        }
        CHECK_FALSE(UrlPattern::parse("**", "p")->matches("mailto:a@b"));
    }

    TEST_CASE("many stars cost no more than the product of the lengths") {
        std::string stars;
        for (int i = 0; i < 1000; ++i) stars += "*a";
        CHECK_FALSE(UrlPattern::parse(stars + "b", "p")->matches("https://shop.com/" + std::string(4000, 'a')));
    }
}
