#include "html/prescan.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "html/support.hpp"

namespace {

using meter::html::detail::Prescan;
using namespace meter::html::test;

std::string prescanned(std::string_view text, std::size_t max_attributes = 1000) {
    return std::string(Prescan(text, {.max_attributes_per_tag = max_attributes}).text());
}

TEST_SUITE("html.prescan") {
    TEST_CASE("text that libxml2 reads as browsers do passes without a copy") {
        for (const std::string_view text :
             {"<p class=\"a b\" id='c' data-x=y disabled>a &amp; b &lt; &#233; &eacute;</p><br/><img src=a />",
              "<script>if (a<b && c) { '<!-- <a @b=\">\">' }</script>", "<style>a > b {}</style>", "<!-- <a @b> -->",
              "<a href=\"?a=1&copy=2&b\">x</a>", "</p></div >", ""}) {
            CAPTURE(text);
            const Prescan prescan(text, {});
            CHECK(prescan.text().data() == text.data());
            CHECK(prescan.text().size() == text.size());
        }
    }

    TEST_CASE("what libxml2 would read otherwise is rewritten") {
        struct Row {
            std::string_view in, out;
        };
        for (const Row& row : {
                 Row{"<a @click=\"x > y\" href=z>", "<a href=\"z\">"},
                 Row{"<a (x)='1' [y]='2' #z *w=1 b>", "<a b>"},
                 Row{"<a\fb=c>", "<a b=\"c\">"},
                 Row{"<a/b=c/>", "<a b=\"c/\">"},
                 Row{"<a b='x\"y' @c>", "<a b=\"x&quot;y\">"},
                 Row{"<a b= >", "<a b=\"\">"},
                 Row{"<br @x />", "<br />"},
                 Row{"<a$b c>", "<a c>"},
                 Row{"</a$b>", "</a>"},
                 Row{"<!doctype html PUBLIC \"><p>\">x", "<p>\">x"},
                 Row{"<?php echo 1 ?>x", "x"},
                 Row{"<![CDATA[x]]>y", "y"},
                 Row{"</>x</ y>z", "xz"},
                 Row{"a < b <3 <", "a &lt; b &lt;3 &lt;"},
                 Row{"a & b && c", "a &amp; b &amp;&amp; c"},
                 Row{"<!-->a<!--->b<!--c--!>d<!-- e", "abd"},
                 Row{"<title>a <b> &amp; c</title><b>", "<title>a &lt;b> &amp; c</title><b>"},
                 Row{"<textarea><p></TEXTAREA ><p>", "<textarea>&lt;p></TEXTAREA ><p>"},
                 Row{"<title>never closed<p>", "<title>never closed<p>"},
                 Row{"<p>cut off <a href=x", "<p>cut off "},
                 Row{"<p>cut off <a href='x>", "<p>cut off "},
                 Row{"&#150;&#x80; &#0; &#xD800;", "–€ \xef\xbf\xbd \xef\xbf\xbd"},
                 Row{"&copy 2020 &nbspx &ampamp; &AMP; &NewLine;&check;", "&copy; 2020 &nbsp;x &amp;amp; &amp; \n✓"},
                 Row{"<a b=\"&copy;&copy &copyx &copy=\" c='&check;'>", "<a b=\"&copy;&copy; &copyx &copy=\" c=\"✓\">"},
                 Row{"&#; &#x; &unknown; &unknown", "&amp;#; &amp;#x; &unknown; &amp;unknown"},
                 Row{"<script>x</scripts></script >&#150;", "<script>x</scripts></script >–"},
                 Row{"<script/>&#150;", "<script/>–"},
             }) {
            CAPTURE(row.in);
            CHECK(prescanned(row.in) == row.out);
            CHECK(prescanned(prescanned(row.in)) == row.out);  // what comes out passes as it is
        }
        CHECK(prescanned(std::string_view("a\0b<a c\0=d>", 11)) == "ab<a c=d>");
    }

    TEST_CASE("attributes beyond the limit are dropped before the parser sees them") {
        std::string tag = "<a";
        for (int i = 0; i < 80'000; ++i) tag += " a" + std::to_string(i) + "=1";
        tag += ">text</a>";
        const Prescan prescan(tag, {});
        CHECK(prescan.dropped_attributes() == 79'000);
        CHECK(prescan.text().size() < 12'000);
        const auto document = page(tag);
        CHECK(joined(found_in(document.root(), "xpath:count(//a/@*)")) == "1000");
        CHECK(find_all(document, "[a999]") == "<a>");
        CHECK(find_all(document, "[a1000]") == "");
        CHECK(document.root().text() == "text");
        CHECK(prescanned("<a b c d e>", 2) == "<a b c>");
    }

    TEST_CASE("attribute names and values survive being rewritten") {
        const auto document = page("<a id=x @click='a > b' title='say \"hi\" &amp; &lt;go&gt;' data-n=1/2>t</a>");
        const auto link = by_id(document, "x");
        REQUIRE(link);
        CHECK(link.attribute("title") == "say \"hi\" & <go>");
        CHECK(link.attribute("data-n") == "1/2");
        CHECK(link.text() == "t");
    }

    TEST_CASE("names longer than libxml2's buffer do not split into more attributes") {
        const std::string name(150, 'n');
        const auto document = page("<a " + name + "=1 id=x b=2></a><" + std::string(200, 'q') + " id=y>",
                                   {.parser = meter::html::ParserKind::libxml2});
        CHECK(joined(found_in(document.root(), "xpath:count(//*[@id='x']/@*)")) == "2");
        CHECK(joined(found_in(document.root(), "xpath:count(//*[@id='y']/@*)")) == "1");
    }
}

}  // namespace
