#include <string>
#include <string_view>

#include "support.hpp"

using meter::test::items_text;
using meter::test::plan_of;

namespace {

/// The value of a single field, as JSON text.
std::string css_value(std::string_view page, std::string_view field) {
    const auto extraction =
        meter::extract(page, plan_of(R"({"container":{"selector":"body"},"fields":{"v":)" + std::string(field) + "}}"),
                       "https://shop.test/list/page.html?p=1#top");
    REQUIRE(extraction);
    return extraction->items.empty() ? "dropped" : meter::to_json(*extraction->items.front().find("v"));
}

}  // namespace

TEST_SUITE("extract.css") {
    TEST_CASE("Items come in document order with their fields read inside them") {
        CHECK(items_text(R"(<ul><li class=p><h2> Tea <b>pot</b></h2><a href="tea?x=1">t</a><i>a</i><i>b</i>
                            <li class=p><h2>Cup</h2><li class=ad><h2>Ad</h2></ul><h2>out</h2>)",
                         R"({"container":{"selector":"li.p"},"fields":{
                            "url":{"selector":"a","attribute":"href"},"name":{"selector":"h2"},
                            "tags":{"selector":"i","all":true}}})") ==
              R"([{"url":"https://shop.test/list/tea?x=1","name":"Tea pot","tags":["a","b"]},)"
              R"({"url":null,"name":"Cup","tags":[]}])");
    }

    TEST_CASE("Fields give text, HTML or attributes, and URL attributes absolute") {
        constexpr std::string_view page =
            R"(<body data-id=" 7 "><div id=d>a<br>b<p>c&nbsp; d</p><script>x</script></div>
            <a id=a href=" /x y " title=" as is " HREFLANG=en></a><a id=e href=""></a>
            <img id=i src="//cdn.test/i.png" data-src=lazy.png srcset=" , s1.png 1x, s2.png 2x" poster="#p">
            <img id=j srcset="a,b.png, c.png 2x"><img id=k srcset=" , "><form action="?q" data-href="../up"></form>
            <a id=m href="mailto:a@b.test"></a></body>)";
        struct Row {
            std::string_view field, value;
        };
        for (const Row& row : {
                 Row{R"({"selector":"#d"})", R"("a b c d")"},
                 Row{R"({"selector":"#d","attribute":"html"})", R"("a<br>b<p>c&nbsp; d</p><script>x</script>")"},
                 Row{R"({"selector":":self","attribute":"data-id"})", R"(" 7 ")"},
                 Row{R"({"attribute":"data-id"})", R"(" 7 ")"},
                 Row{R"({"selector":"","attribute":"DATA-ID"})", R"(" 7 ")"},
                 Row{R"({"selector":"#a","attribute":"title"})", R"(" as is ")"},
                 Row{R"({"selector":"#a","attribute":"hreflang"})", R"("en")"},
                 Row{R"({"selector":"#a","attribute":"href"})", R"("https://shop.test/x%20y")"},
                 Row{R"({"selector":"#m","attribute":"href"})", R"("mailto:a@b.test")"},
                 Row{R"({"selector":"#i","attribute":"src"})", R"("https://cdn.test/i.png")"},
                 Row{R"({"selector":"#i","attribute":"data-src"})", R"("https://shop.test/list/lazy.png")"},
                 Row{R"({"selector":"#i","attribute":"srcset"})", R"("https://shop.test/list/s1.png")"},
                 Row{R"({"selector":"#j","attribute":"srcset"})", R"("https://shop.test/list/a,b.png")"},
                 Row{R"({"selector":"#k","attribute":"srcset"})", "dropped"},
                 Row{R"({"selector":"#i","attribute":"poster"})", R"("https://shop.test/list/page.html?p=1#p")"},
                 Row{R"({"selector":"form","attribute":"action"})", R"("https://shop.test/list/page.html?q")"},
                 Row{R"({"selector":"form","attribute":"data-href"})", R"("https://shop.test/up")"},
                 Row{R"({"selector":"#d","attribute":"href"})", "dropped"},
                 Row{R"({"selector":"video"})", "dropped"},
                 // An element without text has the text "": it was found.
                 Row{R"({"selector":"#a"})", R"("")"},
                 // XPath
                 Row{R"({"selector":"xpath:.//p"})", R"("c d")"},
                 Row{R"({"selector":"xpath:.//a/@title"})", R"("as is")"},
                 Row{R"({"selector":"xpath:.//a/@title","attribute":"title"})", R"(" as is ")"},
                 Row{R"({"selector":"xpath:.//img[1]/@data-src","attribute":"src"})",
                     R"("https://shop.test/list/lazy.png")"},
                 Row{R"({"selector":"xpath://img/@id","all":true})", R"(["i","j","k"])"},
                 // all: elements without the attribute have no value
                 Row{R"({"selector":"img","attribute":"src","all":true})", R"(["https://cdn.test/i.png"])"},
                 // regex: the first group, else the match; no match is null, in arrays left out
                 Row{R"J({"selector":"#d","regex":"b (\\w)"})J", R"("c")"},
                 Row{R"({"selector":"#d","regex":"\\w$"})", R"("d")"},
                 Row{R"({"selector":"#d","regex":"z"})", "dropped"},
                 Row{R"({"selector":"img","attribute":"id","all":true,"regex":"[ik]"})", R"(["i","k"])"},
                 Row{R"({"selector":"#a","attribute":"href","regex":"//([a-z.]+)/"})", R"("shop.test")"},
             }) {
            CAPTURE(row.field);
            CHECK(css_value(page, row.field) == row.value);
        }
    }

    TEST_CASE("A base element decides what links are relative to") {
        constexpr std::string_view plan =
            R"({"container":{"selector":"li"},"fields":{"u":{"selector":"a","attribute":"href"}}})";
        CHECK(items_text(R"(<base href="/shop/"><li><a href=x>x</a>)", plan) ==
              R"([{"u":"https://shop.test/shop/x"}])");
        CHECK(items_text(R"(<base href="https://cdn.test/a/b"><li><a href=x>x</a>)", plan) ==
              R"([{"u":"https://cdn.test/a/x"}])");
        CHECK(items_text(R"(<li><a href=x>x</a>)", plan, "") == R"([{"u":"x"}])");
    }

    TEST_CASE("Items whose fields are all null or empty lists are dropped, before the limit counts") {
        CHECK(items_text("<tr></tr><table><tr><th>h<tr><td>1<tr><td>2<tr><td>3</table>",
                         R"({"container":{"selector":"tr","limit":2},
                             "fields":{"a":{"selector":"td"},"b":{"selector":"i","all":true}}})") ==
              R"([{"a":"1","b":[]},{"a":"2","b":[]}])");
    }

    TEST_CASE("The root and the body can be containers, nested containers are items each") {
        constexpr std::string_view page = "<html><body><h1>T</h1><div>a<div>b</div></div>";
        for (const std::string_view container : {"html", ":root", "body", "xpath:/html"}) {
            CAPTURE(container);
            CHECK(items_text(page, R"({"container":{"selector":")" + std::string(container) +
                                       R"("},"fields":{"t":{"selector":"h1"}}})") == R"([{"t":"T"}])");
        }
        CHECK(items_text(page, R"({"container":{"selector":"div"},"fields":{"t":{}}})") ==
              R"([{"t":"a b"},{"t":"b"}])");
        CHECK(items_text(page, R"J({"container":{"selector":"xpath://h1/text()"},"fields":{"t":{}}})J") == "[]");
    }

    TEST_CASE("Selectors may start with a combinator, and fields may share one") {
        CHECK(items_text("<div><p><b id=x>deep</b></p><b id=y>direct</b></div>",
                         R"({"container":{"selector":"div"},"fields":{"a":{"selector":"> b"},"b":{"selector":"> b",
                             "attribute":"id"},"c":{"selector":"b","all":true},"d":{"selector":"b"}}})") ==
              R"([{"a":"direct","b":"y","c":["deep","direct"],"d":"deep"}])");
    }

    TEST_CASE("A field that no item has is warned about, and only then") {
        const auto found = meter::extract("<li><b>1</b><li><b>2</b><i>x</i>",
                                          plan_of(R"({"container":{"selector":"li"},"fields":{"b":{"selector":"b"},
                                                      "i":{"selector":"i"},"u":{"selector":"u","all":true}}})"));
        REQUIRE(found);
        CHECK(found->warnings == std::vector<std::string>{"Field 'u' was not found in any item."});
        const auto nothing =
            meter::extract("<p>", plan_of(R"({"container":{"selector":"li"},"fields":{"b":{"selector":"b"}}})"));
        REQUIRE(nothing);
        CHECK(nothing->items.empty());
        CHECK(nothing->warnings.empty());
    }

    TEST_CASE("Documents without anything in them give no items") {
        for (const std::string_view page : {"", " ", "<!-- -->", "plain text"})
            for (const std::string_view plan :
                 {R"({"container":{"selector":"li"},"fields":{"b":{}}})", R"({"container":{"script":{"id":"x"}}})"}) {
                CAPTURE(page);
                CHECK(items_text(page, plan) == "[]");
            }
    }

    TEST_CASE("Own text leaves out what is in other elements") {
        constexpr std::string_view page =
            "<body><p id=a>one <b>two</b> three<br>four<script>x</script></p><p id=b><i>x</i></p>";
        CHECK(css_value(page, R"({"selector":"#a","attribute":"own-text"})") == R"("one three four")");
        CHECK(css_value(page, R"({"selector":"#b","attribute":"own-text"})") == R"("")");
        CHECK(css_value(page, R"({"selector":"#a","attribute":"own-text","regex":"t\\w+"})") == R"("three")");
    }

    TEST_CASE("A field with a decimal sign is a number") {
        struct Row {
            std::string_view text, decimal, value;
        };
        for (const Row& row : {
                 Row{"1.299,95 EUR", ",", "1299.95"},
                 Row{"1.299,95 EUR", ".", "1.299"},
                 Row{"$1,299.95", ".", "1299.95"},
                 Row{"EUR 1 299,50", ",", "1299.5"},
                 Row{"1'299.50", ".", "1299.5"},
                 Row{"4 5", ".", "4"},
                 Row{"1.2345", ",", "1"},
                 Row{"-7,5", ",", "-7.5"},
                 Row{"25,-", ",", "25"},
                 Row{"11.200", ",", "11200"},
                 Row{"12345678901234567890", ".", "12345678901234567000"},
                 Row{"none", ".", "dropped"},
             }) {
            CAPTURE(row.text);
            CHECK(css_value("<body><p>" + std::string(row.text) + "</p>",
                            R"({"selector":"p","decimal":")" + std::string(row.decimal) + "\"}") == row.value);
        }
        CHECK(css_value("<body><b>1,5</b><b>x</b><b>2</b>", R"({"selector":"b","all":true,"decimal":","})") ==
              "[1.5,2]");
    }
}
