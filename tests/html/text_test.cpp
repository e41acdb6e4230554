#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "html/support.hpp"

namespace {

using namespace meter::html;
using namespace meter::html::test;

struct Visits {
    std::string text;
    std::string_view skip = {};
};

bool record_visit(void* context, const Node& node, bool entering) {
    auto& visits = *static_cast<Visits*>(context);
    if (node.kind == Node::Kind::text) {
        visits.text += "(" + std::string(node.text) + ")";
        CHECK(entering);
        return true;
    }
    visits.text += (entering ? "<" : "</") + std::string(node.element.name()) + ">";
    return node.element.name() != visits.skip;
}

TEST_SUITE("html.text") {
    TEST_CASE("text is what a reader sees") {
        struct Row {
            std::string_view html, text;
        };
        for (const Row& row : {
                 Row{"a<b>b</b>c <i> d</i>", "abc d"},
                 Row{"<p>one</p><p>two</p>", "one two"},
                 Row{"a<div>b</div>c", "a b c"},
                 Row{"a<br>b<br/>c", "a b c"},
                 Row{"a<hr>b", "a b"},
                 Row{"a<wbr>b<img alt=x>c", "abc"},
                 Row{"<ul><li>1<li>2</ul>3", "1 2 3"},
                 Row{"<table><tr><td>1<td>2<th>3<tr><td>4</table>", "1 2 3 4"},
                 Row{"<h1>a</h1>b<h6>c</h6>", "a b c"},
                 Row{"<select><option>1<option>2</select>", "1 2"},
                 Row{"<dl><dt>a<dd>b</dl>", "a b"},
                 Row{"<section>a</section><article>b</article><nav>c</nav>d", "a b c d"},
                 Row{"<span>1</span><span>2</span>", "12"},
                 Row{"$<b>19</b><sup>99</sup>", "$1999"},
                 Row{"<div> </div> x <div>\n\t</div>", "x"},
                 Row{"a\xc2\xa0\xc2\xa0 b\xe3\x80\x80"
                     "c\xe2\x80\x83"
                     "d\xe2\x80\xa8"
                     "e\xc2\x85"
                     "f\xe1\x9a\x80g\xe2\x81\x9fh\xe2\x80\xafi",
                     "a b c d e f g h i"},
                 Row{"a\xe2\x80\x8b"
                     "b\xef\xbb\xbf"
                     "c\xe2\x80\x94"
                     "d\xc2\xa9",
                     "a\xe2\x80\x8b"
                     "b\xef\xbb\xbf"
                     "c\xe2\x80\x94"
                     "d\xc2\xa9"},
                 Row{"&nbsp;a&nbsp;", "a"},
                 Row{"a<script>x()</script>b<style>y{}</style>c", "abc"},
                 Row{"a<template>x</template>b<noscript>y</noscript>c", "abc"},
                 Row{"a<script>x</script> <div><script>y</script></div>b", "a b"},
                 Row{"a<!-- x -->b", "ab"},
                 Row{"<pre>a\n  b</pre>", "a b"},
                 Row{"<textarea> a <b> </textarea>", "a <b>"},
                 Row{"x<svg><text>y</text></svg>", "xy"},
                 Row{"", ""},
             }) {
            CAPTURE(row.html);
            const auto document = page("<body><div id=x>" + std::string(row.html) + "</div><p>after");
            CHECK(by_id(document, "x").text() == row.text);
        }
    }

    TEST_CASE("elements left out of text have none of their own, and raw text has everything") {
        const auto document = page(
            "<div id=d>a<script id=s>var x = '<b>';</script><style id=t>y</style><noscript id=n><p>z</p></noscript>");
        CHECK(by_id(document, "s").text().empty());
        CHECK(by_id(document, "t").text().empty());
        CHECK(by_id(document, "n").text().empty());
        CHECK(by_id(document, "n").first_child().text() == "z");
        CHECK(by_id(document, "s").raw_text() == "var x = '<b>';");
        CHECK(by_id(document, "d").raw_text() == "avar x = '<b>';yz");
        CHECK(by_id(document, "d").text() == "a");
    }

    TEST_CASE("blocks are the elements that start a line") {
        for (const std::string_view name :
             {"div", "p", "li", "h1", "tr", "td", "th", "dd", "option", "section", "body"})
            CHECK_MESSAGE(is_block(name), name);
        for (const std::string_view name : {"span", "a", "b", "br", "img", "x-card", "", "DIV"})
            CHECK_FALSE_MESSAGE(is_block(name), name);
    }

    TEST_CASE("inner HTML reads back as the same tree") {
        struct Row {
            std::string_view html, inner;
        };
        for (const Row& row : {
                 Row{"a &lt; b &amp; c", "a &lt; b &amp; c"},
                 Row{"<a href='x y?a=1&b=\"q\"'>é\xc2\xa0</a>", "<a href=\"x y?a=1&amp;b=&quot;q&quot;\">é&nbsp;</a>"},
                 Row{"<br><img src=a><input disabled>", "<br><img src=\"a\"><input disabled=\"\">"},
                 Row{"<script>a<b&&c</script><style>a>b</style>", "<script>a<b&&c</script><style>a>b</style>"},
                 Row{"<!-- c --><p>x<p>y", "<!-- c --><p>x</p><p>y</p>"},
                 Row{"<b></b><i><u>x</u></i>", "<b></b><i><u>x</u></i>"},
             }) {
            CAPTURE(row.html);
            const auto document = page("<body><div id=x>" + std::string(row.html) + "</div>");
            CHECK(by_id(document, "x").inner_html() == row.inner);
            const auto again = page("<body><div id=x>" + std::string(row.inner) + "</div>");
            CHECK(by_id(again, "x").inner_html() == row.inner);
        }
    }

    TEST_CASE("walks visit elements twice and texts once, and skip what they are told to") {
        const auto document = page("<body><div id=x>a<b>c<i></i></b><!-- n --><p>d</p></div>e");
        Visits all;
        walk(by_id(document, "x"), record_visit, &all);
        CHECK(all.text == "(a)<b>(c)<i></i></b><p>(d)</p>");
        Visits some{{}, "b"};
        walk(by_id(document, "x"), record_visit, &some);
        CHECK(some.text == "(a)<b><p>(d)</p>");
        Visits none;
        walk(Element(), record_visit, &none);
        CHECK(none.text.empty());
    }
}

}  // namespace
