#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "html/support.hpp"

namespace {

using namespace meter::html;

std::string repeated(std::string_view part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
}

TEST_SUITE("html.css_error") {
    TEST_CASE("errors say what is wrong and where") {
        struct Row {
            std::string selector, message;
        };
        for (const Row& row : {
                 Row{"", "Unexpected end of selector at position 0"},
                 Row{"  ", "Unexpected end of selector at position 2"},
                 Row{"div,", "Unexpected end of selector at position 4"},
                 Row{"div, ", "Unexpected end of selector at position 5"},
                 Row{",div", "Unexpected \",\" at position 0"},
                 Row{"p, , div", "Unexpected \",\" at position 3"},
                 Row{"div > ", "Unexpected end of selector at position 6"},
                 Row{"div > > p", "Unexpected \">\" at position 6"},
                 Row{"a b)", "Unexpected \")\" at position 3"},
                 Row{"div{}", "Unexpected \"{\" at position 3"},
                 Row{"a!b", "Unexpected \"!\" at position 1"},
                 Row{"é!", "Unexpected \"!\" at position 2"},
                 Row{"a§€", ""},
                 Row{"1a", "Unexpected \"1\" at position 0"},
                 Row{".1a", "Unexpected \"1\" at position 1"},
                 Row{"#", "Unexpected end of selector at position 1"},
                 Row{"#1a", "Unexpected \"1\" at position 1"},
                 Row{"..a", "Unexpected \".\" at position 1"},
                 Row{".#a", "Unexpected \"#\" at position 1"},
                 Row{".-", "Unexpected \"-\" at position 1"},
                 Row{"a*", "Unexpected \"*\" at position 1"},
                 Row{".a b*c", "Unexpected \"*\" at position 4"},
                 Row{"#a\\\n", "Unexpected \"\\\" at position 2"},
                 Row{"\\", "Unexpected \"\\\" at position 0"},
                 Row{"html/body/a", "Unexpected \"/\" at position 4"},
                 Row{"a/*", "Comment is not closed at position 1"},
                 Row{"ns|a", "Undeclared namespace prefix \"ns\" at position 0"},
                 Row{"p foo|*", "Undeclared namespace prefix \"foo\" at position 2"},
                 Row{"foo|#bar", "Undeclared namespace prefix \"foo\" at position 0"},
                 Row{"|", "Unexpected end of selector at position 1"},
                 Row{"*|", "Unexpected end of selector at position 2"},
                 Row{"[ns|a]", "Undeclared namespace prefix \"ns\" at position 1"},
                 Row{"[]", "Unexpected \"]\" at position 1"},
                 Row{"[*]", "Unexpected \"*\" at position 1"},
                 Row{"[#]", "Unexpected \"#\" at position 1"},
                 Row{"[a", "Unexpected end of selector at position 2"},
                 Row{"[a=b", "Unexpected end of selector at position 4"},
                 Row{"[a=]", "Unexpected \"]\" at position 3"},
                 Row{"[a=#]", "Unexpected \"#\" at position 3"},
                 Row{"[a=1]", "Unexpected \"1\" at position 3"},
                 Row{"[a!=b]", "Unexpected \"!\" at position 2"},
                 Row{"[a:b]", "Unexpected \":\" at position 2"},
                 Row{"[a~b]", "Unexpected \"b\" at position 3"},
                 Row{"[a=b x]", "Unexpected \"x\" at position 5"},
                 Row{"[a=b is]", "Unknown attribute flag \"is\" at position 5"},
                 Row{"[a='b]", "String is not closed at position 3"},
                 Row{"[a='b\n']", "String is not closed at position 3"},
                 Row{"[a]b", "Unexpected \"b\" at position 3"},
                 Row{"div:foo", "Unknown pseudo-class :foo at position 3"},
                 Row{":foo(a)", "Unknown pseudo-class :foo() at position 0"},
                 Row{":", "Unexpected end of selector at position 1"},
                 Row{": root", "Unexpected \" \" at position 1"},
                 Row{":root()", "Unknown pseudo-class :root() at position 0"},
                 Row{":not", "Unknown pseudo-class :not at position 0"},
                 Row{"a:valid", "Unknown pseudo-class :valid at position 1"},
                 Row{"a::text", "Unknown pseudo-element ::text at position 1"},
                 Row{"a::attr(href)", "Unknown pseudo-element ::attr() at position 1"},
                 Row{"a::hover", "Unknown pseudo-element ::hover at position 1"},
                 Row{"a::before:empty", "Unexpected \":\" at position 9"},
                 Row{"a:Before b", "Unexpected \"b\" at position 9"},
                 Row{"a::after::before", "Unexpected \":\" at position 8"},
                 Row{":not()", "Unexpected \")\" at position 5"},
                 Row{":is()", "Unexpected \")\" at position 4"},
                 Row{":has()", "Unexpected \")\" at position 5"},
                 Row{":is(a", "Unexpected end of selector at position 5"},
                 Row{":is(a,)", "Unexpected \")\" at position 6"},
                 Row{":is(> a)", "Unexpected \">\" at position 4"},
                 Row{":not(:before)", "A pseudo-element cannot stand inside a function at position 5"},
                 Row{":is(a:foo)", "Unknown pseudo-class :foo at position 5"},
                 Row{":nth-child()", "Unexpected \")\" at position 11"},
                 Row{":nth-child", "Unknown pseudo-class :nth-child at position 0"},
                 Row{":nth-child(foo)", "Unexpected \"f\" at position 11"},
                 Row{":nth-child(- 1n)", "Unexpected \" \" at position 12"},
                 Row{":nth-child(+ n)", "Unexpected \" \" at position 12"},
                 Row{":nth-child(2 n)", "Unexpected \"n\" at position 13"},
                 Row{":nth-child(2n 1)", "Unexpected \"1\" at position 14"},
                 Row{":nth-child(2n+-1)", "Unexpected \"-\" at position 14"},
                 Row{":nth-child(2+0)", "Unexpected \"+\" at position 12"},
                 Row{":nth-child(n2)", "Unexpected \"2\" at position 12"},
                 Row{":nth-child(oddly)", "Unexpected \"o\" at position 11"},
                 Row{":nth-child(1.5)", "Unexpected \".\" at position 12"},
                 Row{":nth-child(2 of)", "Unexpected \")\" at position 15"},
                 Row{":nth-child(2of a)", "Unexpected \"o\" at position 12"},
                 Row{":nth-of-type(2 of a)", "Unexpected \"o\" at position 15"},
                 Row{":contains()", "Unexpected \")\" at position 10"},
                 Row{":contains(\"foo", "String is not closed at position 10"},
                 Row{":contains(a b)", "Unexpected \"b\" at position 12"},
                 Row{":lang()", "Unexpected \")\" at position 6"},
                 Row{":lang(fr", "Unexpected end of selector at position 8"},
                 Row{"a\xff", "Selector is not valid UTF-8 at position 1"},
                 Row{"a\xc3", "Selector is not valid UTF-8 at position 1"},
                 Row{"\xe2\x82\xac \xe2\x82", "Selector is not valid UTF-8 at position 4"},
                 Row{std::string("a\0b", 3), std::string("Unexpected \"\0\" at position 1", 28)},
                 Row{std::string(2049, 'a'), "Selector is longer than 2048 bytes at position 2048"},
                 Row{repeated(":is(", 16) + "a" + repeated(")", 16), ""},
                 Row{repeated(":is(", 17) + "a" + repeated(")", 17), "Selector is nested too deeply at position 64"},
                 Row{repeated("a>", 1023) + "a", ""},
             }) {
            CAPTURE(row.selector);
            const auto parsed = Selector::parse(row.selector);
            if (row.message.empty()) {
                CHECK(parsed);
                continue;
            }
            REQUIRE_FALSE(parsed);
            CHECK(parsed.error().code == meter::ErrorCode::invalid_argument);
            CHECK(parsed.error().message == row.message);
            CHECK(parsed.error().subject == row.selector);
        }
    }

    TEST_CASE("long selectors match without trouble") {
        const auto document = test::page("<div><div><div><p id=x></p></div></div></div>");
        CHECK(test::find_all(document, "div" + repeated(" div", 3) + " p").empty());
        CHECK(test::find_all(document, "p" + repeated(":not(b)", 290)) == "x");
        CHECK(test::find_all(document, repeated("a,", 1000) + "p") == "x");
        CHECK(test::find_all(document, repeated(":is(", 16) + "p" + repeated(")", 16)) == "x");
        CHECK(test::find_all(document, repeated(":not(", 16) + "p" + repeated(")", 16)) == "x");
        CHECK(test::find_all(document, "body" + repeated(":has(", 15) + "p" + repeated(")", 15)).empty());
    }
}

}  // namespace
