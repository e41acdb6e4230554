#include <doctest/doctest.h>

#include <string>

#include "url/url.hpp"

using meter::url::resolve;

namespace {

struct ResolveRow {
    std::string_view reference, expected;
};

}  // namespace

TEST_SUITE("url.resolve") {
    // RFC 3986 section 5.4.1; "g:h" has a scheme of its own and comes back as it is.
    TEST_CASE("references resolve as in the normal examples of RFC 3986") {
        for (const ResolveRow& row : {ResolveRow{"g:h", "g:h"},
                                      {"g", "http://a/b/c/g"},
                                      {"./g", "http://a/b/c/g"},
                                      {"g/", "http://a/b/c/g/"},
                                      {"/g", "http://a/g"},
                                      {"//g", "http://g"},
                                      {"?y", "http://a/b/c/d;p?y"},
                                      {"g?y", "http://a/b/c/g?y"},
                                      {"#s", "http://a/b/c/d;p?q#s"},
                                      {"g#s", "http://a/b/c/g#s"},
                                      {"g?y#s", "http://a/b/c/g?y#s"},
                                      {";x", "http://a/b/c/;x"},
                                      {"g;x", "http://a/b/c/g;x"},
                                      {"g;x?y#s", "http://a/b/c/g;x?y#s"},
                                      {"", "http://a/b/c/d;p?q"},
                                      {".", "http://a/b/c/"},
                                      {"./", "http://a/b/c/"},
                                      {"..", "http://a/b/"},
                                      {"../", "http://a/b/"},
                                      {"../g", "http://a/b/g"},
                                      {"../..", "http://a/"},
                                      {"../../", "http://a/"},
                                      {"../../g", "http://a/g"}}) {
            CAPTURE(row.reference);
            CHECK(resolve("http://a/b/c/d;p?q", row.reference) == row.expected);
        }
    }

    // RFC 3986 section 5.4.2; "http:g" in its backward compatible reading, which is what browsers do.
    TEST_CASE("references resolve as in the abnormal examples of RFC 3986") {
        for (const ResolveRow& row : {ResolveRow{"../../../g", "http://a/g"},
                                      {"../../../../g", "http://a/g"},
                                      {"/./g", "http://a/g"},
                                      {"/../g", "http://a/g"},
                                      {"g.", "http://a/b/c/g."},
                                      {".g", "http://a/b/c/.g"},
                                      {"g..", "http://a/b/c/g.."},
                                      {"..g", "http://a/b/c/..g"},
                                      {"./../g", "http://a/b/g"},
                                      {"./g/.", "http://a/b/c/g/"},
                                      {"g/./h", "http://a/b/c/g/h"},
                                      {"g/../h", "http://a/b/c/h"},
                                      {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
                                      {"g;x=1/../y", "http://a/b/c/y"},
                                      {"g?y/./x", "http://a/b/c/g?y/./x"},
                                      {"g?y/../x", "http://a/b/c/g?y/../x"},
                                      {"g#s/./x", "http://a/b/c/g#s/./x"},
                                      {"g#s/../x", "http://a/b/c/g#s/../x"},
                                      {"http:g", "http://a/b/c/g"}}) {
            CAPTURE(row.reference);
            CHECK(resolve("http://a/b/c/d;p?q", row.reference) == row.expected);
        }
    }

    TEST_CASE("links of real pages become absolute and stay readable") {
        for (const ResolveRow& row :
             {ResolveRow{"  /a b  ", "https://shop.com/a%20b"},
              {"\n/pro\n\tduct\r\n", "https://shop.com/product"},
              {"/caf\u00E9?q=\u00E4 b#\u00FC c", "https://shop.com/caf\u00E9?q=\u00E4%20b#\u00FC%20c"},
              {"/a%2Fb|c\"d", "https://shop.com/a%2Fb|c\"d"},
              {"//cdn.shop.com/x.png", "https://cdn.shop.com/x.png"},
              {"HTTP://Other.com/A/../B", "HTTP://Other.com/B"},
              {"https://shop.com", "https://shop.com"},
              {"https:x", "https://shop.com/list/x"},
              {"http:x", "http:x"},
              {"?page=2", "https://shop.com/list/all?page=2"},
              {"mailto:a b@c.d", "mailto:a b@c.d"},
              {" javascript:void(0) ", "javascript:void(0)"},
              {"data:text/plain,a b", "data:text/plain,a b"},
              {"tel:+1 2", "tel:+1 2"},
              {"a:b", "a:b"},
              {"./a:b", "https://shop.com/list/a:b"},
              {"1:2", "https://shop.com/list/1:2"},
              {"\u00A0/x\u3000", "https://shop.com/x"},
              {"\x01/x\x1F", "https://shop.com/x"}}) {
            CAPTURE(row.reference);
            CHECK(resolve("https://shop.com/list/all?page=1#top", row.reference) == row.expected);
        }
    }

    TEST_CASE("a base without path or with odd parts still serves") {
        CHECK(resolve("http://a", "g") == "http://a/g");
        CHECK(resolve("http://a?x/y", "g") == "http://a/g");
        CHECK(resolve("http://a#f", "") == "http://a");
        CHECK(resolve("http://a/b c/d", "e") == "http://a/b%20c/e");
        CHECK(resolve(" http://a/b ", "c") == "http://a/c");
        CHECK(resolve("http://u:p@a:81/b", "/c") == "http://u:p@a:81/c");
    }

    TEST_CASE("what cannot be resolved is returned trimmed") {
        for (const char* base : {"", "relative", "/x", "file:///a/b", "http:", "http://", "mailto:a@b.c"}) {
            CAPTURE(base);
            CHECK(resolve(base, " ../g ") == "../g");
            CHECK(resolve(base, " https://a/ ") == "https://a/");
        }
    }

    TEST_CASE("long references are resolved in one pass") {
        std::string dots, climbs;
        for (int i = 0; i < 200'000; ++i) dots += "a/../";
        for (int i = 0; i < 200'000; ++i) climbs += "../";
        CHECK(resolve("http://h/x/", dots) == "http://h/x/");
        CHECK(resolve("http://h/x/", climbs) == "http://h/");
        CHECK(resolve("http://h/" + std::string(500'000, '/'), climbs + "a") ==
              "http://h/" + std::string(300'000, '/') + "a");
    }
}
