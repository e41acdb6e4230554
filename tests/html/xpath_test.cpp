#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "html/support.hpp"

namespace {

using namespace meter::html;
using namespace meter::html::test;

std::string xpath(Element scope, std::string_view expression) {
    return joined(found_in(scope, "xpath:" + std::string(expression)));
}

std::string many(std::string_view part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
}

TEST_SUITE("html.xpath") {
    TEST_CASE("expressions give elements, values and strings in document order") {
        const auto document = page(
            "<body><ul id=u><li id=a class=x>1</li><li id=b>two <b id=c>bold</b></li></ul><p id=p title=T>last</p>");
        struct Row {
            std::string_view expression, found;
        };
        for (const Row& row : {
                 Row{"//li", "a b"},
                 Row{"/html/body/ul/li[2]", "b"},
                 Row{"//p | //li", "a b p"},
                 Row{"//b/ancestor::li", "b"},
                 Row{"//li/@id", "a b"},
                 Row{"//@class | //@title", "x T"},
                 Row{"//li[1]/text()", "1"},
                 Row{"//p/@title | //li[1]/text() | //ul", "u 1 T"},
                 Row{"count(//li)", "2"},
                 Row{"count(//li) div 4", "0.5"},
                 Row{"string(//b)", "bold"},
                 Row{"concat('a', \"b\")", "ab"},
                 Row{"//li = '1'", "true"},
                 Row{"boolean(//q)", "false"},
                 Row{"//*[contains(., 'bold')][last()]/@id", "u b c"},
                 Row{"id('b')", "b"},
                 Row{"id('c a')", "a c"},
                 Row{"//comment()", ""},
                 Row{"/", ""},
                 Row{"//q", ""},
                 Row{"//b/preceding::li", "a"},
                 Row{"normalize-space(//li[2])", "two bold"},
                 Row{"//li[position() mod 2 = 0 and (@id)]", "b"},
                 Row{"//div/div div 2", "NaN"},
                 Row{"*[self::body]", "<body>"},
             }) {
            CAPTURE(row.expression);
            CHECK(xpath(document.root(), row.expression) == row.found);
        }
    }

    TEST_CASE("the scope is the context node") {
        const auto document = page("<ul><li id=a><b id=x></b></li><li id=b><b id=y></b></li></ul>");
        const Element second = by_id(document, "b");
        CHECK(xpath(second, ".//b") == "y");
        CHECK(xpath(second, "b") == "y");
        CHECK(xpath(second, "//b") == "x y");
        CHECK(xpath(second, "../li[1]") == "a");
        CHECK(xpath(second, "string(@id)") == "b");
        CHECK(Selector::parse("xpath:.//b").value().all(document.root(), 1).value().size() == 1);
        CHECK(Selector::parse("xpath:.//b").value().first(second).value()->element == by_id(document, "y"));
        CHECK_FALSE(Selector::parse("xpath:.//i").value().first(second).value());
    }

    TEST_CASE("errors are found when the selector is read") {
        struct Row {
            std::string selector, message;
        };
        for (const Row& row : {
                 Row{"xpath:", "XPath expression is not valid at position 6"},
                 Row{"xpath://li[", "XPath expression is not valid at position 11"},
                 Row{"xpath://li]", "XPath expression is not valid at position 10"},
                 Row{"xpath:document('x')", "Unknown XPath function document() at position 6"},
                 Row{"xpath://a[foo (.)]", "Unknown XPath function foo() at position 10"},
                 Row{"xpath:re:test(.)", "Undeclared namespace prefix \"re\" at position 6"},
                 Row{"xpath://svg:rect", "Undeclared namespace prefix \"svg\" at position 8"},
                 Row{"xpath:$x", "XPath variables are not supported at position 6"},
                 Row{"xpath:'a", "String is not closed at position 6"},
                 Row{std::string("xpath:a\0b", 9), "Unexpected NUL byte at position 7"},
                 Row{"xpath:" + many("(", 65) + "1" + many(")", 65), "Selector is nested too deeply at position 70"},
                 Row{"xpath:" + std::string(2'043, 'a'), "Selector is longer than 2048 bytes at position 2048"},
             }) {
            CAPTURE(row.selector);
            const auto parsed = Selector::parse(row.selector);
            REQUIRE_FALSE(parsed);
            CHECK(parsed.error().code == meter::ErrorCode::invalid_argument);
            CHECK(parsed.error().message == row.message);
            CHECK(parsed.error().subject == row.selector);
        }
    }

    TEST_CASE("long and nested expressions neither crash nor recurse without end") {
        const auto document = page("<a><b>x</b></a>");
        for (const std::string& expression :
             {many("1+", 1'000) + "1", many("a|", 1'000) + "a", many("a/", 1'000) + "a",
              many("(", 64) + "1" + many(")", 64), many("not(", 60) + "1" + many(")", 60), many("-", 2'000) + "1",
              many("a[", 60) + "1" + many("]", 60), many("1=", 1'000) + "1", many("1 or ", 400) + "1",
              many("//", 1) + many("a//", 600) + "a"}) {
            const auto parsed = Selector::parse("xpath:" + expression);
            if (!parsed) continue;
            const auto found = parsed->all(document.root());
            CHECK((found || found.error().code == meter::ErrorCode::too_large));
        }
    }

    TEST_CASE("wide steps one after another are refused where they would compare for minutes, and only there") {
        std::string deep, wide;
        for (int i = 0; i < 50; ++i) {
            for (int k = 0; k < 200; ++k) deep += "<div>";
            for (int k = 0; k < 200; ++k) deep += "</div>";
        }
        for (int i = 0; i < 2'000; ++i) wide += "<div><p><a>x//y</a></p></div>";
        const auto nested = page(deep), flat = page(wide);
        const auto chain = Selector::parse("xpath://*//*//*//*//x").value();
        const auto refused = chain.all(nested.root());
        REQUIRE_FALSE(refused);
        CHECK(refused.error().message == "Selector needs too many steps");
        CHECK(chain.all(flat.root()).has_value());
        CHECK(Selector::parse("xpath://div//a[contains(., '//')]").value().all(flat.root()).value().size() == 2'000);
        const auto inner = Selector::parse("xpath:.//div//a").value();  // an item of a large page is small
        CHECK(inner.all(nested.body().first_child().first_child()).has_value());
    }

    TEST_CASE("expressions that need too many operations are stopped") {
        std::string bytes;
        for (int i = 0; i < 2'000; ++i) bytes += "<p><b></b></p>";
        const auto document = page(bytes);
        const auto selector = Selector::parse("xpath://*[count(//*[count(//*) > 1]) > 1]").value();
        for (int round = 0; round < 2; ++round) {  // a stopped one leaves nothing behind
            const auto found = selector.all(document.root());
            REQUIRE_FALSE(found);
            CHECK(found.error().code == meter::ErrorCode::too_large);
            CHECK(found.error().message == "Selector needs too many steps");
        }
        CHECK(xpath(document.root(), "count(//b)") == "2000");
    }
}

}  // namespace
