#include "html/document.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "html/support.hpp"

namespace {

using namespace meter::html;
using namespace meter::html::test;

std::size_t depth_of(Element element) {
    std::size_t depth = 0;
    for (; element; element = element.parent()) ++depth;
    return depth;
}

TEST_SUITE("html.document") {
    TEST_CASE("every page has html, head and body, whatever it says") {
        for (const std::string_view bytes : {"", " \n", "<!-- c -->", "<!doctype html>", "<?x?>", "</p", "</body>"}) {
            CAPTURE(bytes);
            const auto document = page(bytes);
            CHECK(find_all(document, "*") == "<html> <head> <body>");
            CHECK(find_all(document, "xpath://*") == "<html> <head> <body>");
            CHECK(document.body().name() == "body");
            CHECK(document.title().empty());
            CHECK(document.root().text().empty());
            CHECK(document.root().inner_html() == "<head></head><body></body>");
            CHECK_FALSE(document.depth_capped());
        }
    }

    TEST_CASE("what libxml2's parser finds no element in has no root and nothing to find") {
        for (const std::string_view bytes : {"", " \n", "<!-- c -->", "<!doctype html>", "<?x?>"}) {
            CAPTURE(bytes);
            const auto document = page(bytes, {.parser = ParserKind::libxml2});
            CHECK_FALSE(document.root());
            CHECK_FALSE(document.body());
            CHECK(document.title().empty());
            CHECK(document.root().text().empty());
            CHECK(document.root().inner_html().empty());
            CHECK(find_all(document, "*").empty());
            CHECK(find_all(document, "xpath://*").empty());
        }
    }

    TEST_CASE("views step through the tree in every direction") {
        const auto document =
            page("<body><ul id=u>text<li id=a>1<b>x</b></li> <!-- c --> <li id=b>2</li></ul><p id=p>");
        const Element u = by_id(document, "u"), a = by_id(document, "a"), b = by_id(document, "b");
        CHECK(u.name() == "ul");
        CHECK(u.first_child() == a);
        CHECK(a.next_sibling() == b);
        CHECK(b.previous_sibling() == a);
        CHECK_FALSE(b.next_sibling());
        CHECK_FALSE(a.previous_sibling());
        CHECK_FALSE(b.first_child());
        CHECK(a.parent() == u);
        CHECK(u.parent() == document.body());
        CHECK_FALSE(document.root().parent());
        CHECK_FALSE(document.root().next_sibling());
        CHECK(a.next_in(u).name() == "b");
        CHECK(a.next_in(u).next_in(u) == b);
        CHECK_FALSE(b.next_in(u));
        CHECK(b.next_in(document.root()) == by_id(document, "p"));
        CHECK_FALSE(Element().next_in(u));
        CHECK_FALSE(Element().attribute("x"));
        CHECK(Element().name().empty());
    }

    TEST_CASE("attributes are lower-cased, decoded, first of repeated ones, empty without a value") {
        const auto document = page("<INPUT ID=x CHECKED Value='a &amp; &eacute;' value=2 empty='' Data-Long=\"" +
                                   std::string(5000, 'v') + "\">");
        const Element input = by_id(document, "x");
        REQUIRE(input);
        CHECK(input.attribute("checked") == "");
        CHECK(input.attribute("value") == "a & é");
        CHECK(input.attribute("empty") == "");
        CHECK(input.attribute("data-long")->size() == 5000);
        CHECK(input.has_attribute("id"));
        CHECK_FALSE(input.has_attribute("other"));
    }

    TEST_CASE("content after the end of the page belongs to its body") {
        const auto document = page("<body><p id=a>1</p></body></html><p id=b>2</p>three</html><p id=c>4");
        CHECK(find_all(document, "body > p") == "a b c");
        CHECK(find_all(document, "html") == "<html>");
        CHECK(find_all(document, "p:last-child") == "c");
        CHECK(document.root().text() == "1 2 three 4");
    }

    TEST_CASE("text outside of a body is not wrapped into paragraphs nobody wrote") {
        const auto document = page("one <b id=b>two</b><p id=p>three</p>four<i id=i></i>");
        CHECK(find_all(document, "body > *") == "b p i");
        CHECK(find_all(document, "p") == "p");
        CHECK(find_all(document, "i:nth-child(3)") == "i");
        CHECK(document.body().inner_html() == "one <b id=\"b\">two</b><p id=\"p\">three</p>four<i id=\"i\"></i>");
    }

    TEST_CASE("the title is the text of the first title element") {
        CHECK(page("<title>  A &amp; <b>B</b>\n C </title><title>x</title>").title() == "A & <b>B</b> C");
        CHECK(page("<svg><title>chart</title></svg>").title().empty());
        CHECK(page("<svg><title>chart</title></svg><title>page</title>").title() == "page");
        CHECK(page("<p>x").title().empty());
    }

    TEST_CASE("the base of links is the first base element with an href") {
        const std::string_view url = "https://example.com/a/b?c";
        CHECK(page("<p>").base_url(url) == url);
        CHECK(page("<base target=_top><base href='/x/'><base href='/y/'>").base_url(url) == "https://example.com/x/");
        CHECK(page("<base href='https://cdn.example.org/z/'>").base_url(url) == "https://cdn.example.org/z/");
        CHECK(page("<base href='javascript:1'>").base_url(url) == url);
        CHECK(page("").base_url(url) == url);
    }

    TEST_CASE("deep nesting is cut at the cap, reported, and its text is kept") {
        std::string bytes;
        for (int i = 0; i < 1'000; ++i) bytes += "<div>";
        bytes += "deep";
        for (int i = 0; i < 1'000; ++i) bytes += "</div>";
        bytes += "<p id=after>after</p>";
        const auto document = page(bytes);
        CHECK(document.depth_capped());
        CHECK(document.root().text() == "deep after");
        CHECK(by_id(document, "after").parent() == document.body());
        std::size_t deepest = 0;
        for (Element e = document.root(); e; e = e.next_in(document.root())) deepest = std::max(deepest, depth_of(e));
        CHECK(deepest == 513);
        CHECK_FALSE(page("<div><div>x").depth_capped());
    }

    TEST_CASE("a hundred thousand open elements cost no stack and are reported") {
        std::string bytes;
        for (int i = 0; i < 100'000; ++i) bytes += "<div>";
        const auto document = page(bytes + "x");
        CHECK(document.depth_capped());
        CHECK(document.body());
        document.root().inner_html();
        CHECK(joined(found_in(document.root(), "xpath:count(//div) > 250")) == "true");
    }

    TEST_CASE("limits are reported, not exceeded") {
        const auto code_of = [](std::string_view bytes, const ParseOptions& options) {
            const auto document = Document::parse(bytes, options);
            if (document) return std::string("fits");
            CHECK(document.error().message == "Page too large");
            return std::string(to_string(document.error().code));
        };
        CHECK(code_of("12345", {.max_bytes = 5}) == "fits");
        CHECK(code_of("123456", {.max_bytes = 5}) == "too_large");
        CHECK(code_of("<p>a<p>b<p>c", {.max_nodes = 9}) == "fits");  // html, head, body, three p, three texts
        CHECK(code_of("<p>a<p>b<p>c", {.max_nodes = 8}) == "too_large");
        CHECK(code_of("<p>a<!-- --><p>b<p>c", {.max_nodes = 9}) == "too_large");
        CHECK(code_of("<a b c d e f g h i>", {.max_nodes = 5}) == "too_large");
        CHECK(code_of("<p></p></p></p></p></p></p></p></p></p></p></p></p></p></p></p></p>", {.max_nodes = 4}) ==
              "too_large");
    }

    TEST_CASE("documents move with their views") {
        auto first = page("<p id=x>text");
        const Element p = by_id(first, "x");
        Document second = std::move(first);
        CHECK(p.text() == "text");
        CHECK(p.parent() == second.body());
        second = page("<p id=y>other");
        CHECK(find_all(second, "p") == "y");
    }

    TEST_CASE("long text comes through whole") {
        std::string text;
        for (int i = 0; i < 20'000; ++i) text += "wort" + std::to_string(i) + (i % 3 == 0 ? " &amp; " : " ");
        std::string expected = text;
        for (std::size_t at = 0; (at = expected.find("&amp;", at)) != std::string::npos;) expected.replace(at, 5, "&");
        expected.pop_back();
        CHECK(page("<p>" + text + "</p>").root().text() == expected);
        const std::string script = "var x = 1; /* " + std::string(100'000, 'x') + " <b> & */";
        const auto document = page("<script id=s>" + script + "</script>");
        CHECK(by_id(document, "s").raw_text() == script);
    }

    TEST_CASE("one document and one selector serve many threads") {
        std::string bytes;
        for (int i = 0; i < 500; ++i) bytes += "<li class=a id=" + std::to_string(i) + "><b>x</b></li>";
        const auto document = page("<ul>" + bytes + "</ul>");
        const auto css = Selector::parse("li.a:nth-of-type(5n):has(b):contains('X')").value();
        const auto xpath = Selector::parse("xpath://li[contains(@class, 'a') and position() mod 5 = 0]").value();
        std::vector<std::size_t> counts(16, 0);
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < counts.size(); ++i)
                threads.emplace_back([&, i] {
                    const Selector& selector = i % 2 == 0 ? css : xpath;
                    for (int round = 0; round < 20; ++round) {
                        const auto matches = selector.all(document.root());
                        counts[i] += matches ? matches->size() : 0;
                    }
                });
        }
        for (const std::size_t count : counts) CHECK(count == 2'000);
    }
}

}  // namespace
