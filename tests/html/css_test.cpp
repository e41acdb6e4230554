#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "html/support.hpp"

namespace {

using namespace meter::html;
using namespace meter::html::test;

constexpr std::string_view shop = R"(<!doctype html><html id=html lang=en><head id=head><title id=title>T</title></head>
<body id=body>
<div id=main class="box Wide">
  <ul id=u class=list>
    <li id=a class="item first" data-n=1>One</li>
    <li id=b class="item" data-n=22 lang=en-GB>Two <b id=bb>bold</b></li>
    <li id=c class="item sold-out" data-n="x y z">Three</li>
  </ul>
  <p id=p1></p><p id=p2> </p><p id=p3><!-- c --></p>
  <a id=l1 href="https://example.com/x.PDF" rel="NoFollow next">Link</a>
  <a id=l2 name=anchor>No link</a>
  <x-card id=card Type="Big"><X-Title id=ct>Card</X-Title></x-card>
</div>
<form id=f><fieldset id=fs disabled><legend id=lg><input id=i0></legend><legend id=lg2><input id=i1></legend>
<input id=i2 type=CHECKBOX checked><select id=s><optgroup id=og disabled><option id=o1 selected>1<option id=o2>2</optgroup>
</select></fieldset><input id=i3 type=text checked><button id=bt disabled>B</button><input id=i4 type=hidden></form>
</body></html>)";

TEST_SUITE("html.css") {
    TEST_CASE("selectors find what the standard says") {
        struct Row {
            std::string_view selector, found;
        };
        const auto document = page(shop);
        for (const Row& row : {
                 // Types, classes, ids
                 Row{"li", "a b c"},
                 Row{"LI", "a b c"},
                 Row{"*|li", "a b c"},
                 Row{"|li", ""},
                 Row{"*|*#a", "a"},
                 Row{".item", "a b c"},
                 Row{".Item", ""},
                 Row{".first.item", "a"},
                 Row{"#a", "a"},
                 Row{"#A", ""},
                 Row{"#a#a", "a"},
                 Row{"#a#b", ""},
                 Row{"li.item#b", "b"},
                 Row{"x-card", "card"},
                 Row{"X-CARD", "card"},
                 Row{"x-card x-title", "ct"},
                 Row{"html", "html"},
                 Row{"li, ul, li", "u a b c"},
                 Row{"nothing", ""},
                 // Attributes
                 Row{"[data-n]", "a b c"},
                 Row{"[DATA-N]", "a b c"},
                 Row{"[*|data-n='1']", "a"},
                 Row{"[|data-n='1']", "a"},
                 Row{"[data-n=\"22\"]", "b"},
                 Row{"[data-n~=y]", "c"},
                 Row{"[data-n~='x y']", ""},
                 Row{"[data-n~='']", ""},
                 Row{"[lang|=en]", "html b"},
                 Row{"[lang|=EN]", "html b"},
                 Row{"[class|=sold]", ""},
                 Row{"[class~=sold-out]", "c"},
                 Row{"[href^=https]", "l1"},
                 Row{"[href^='']", ""},
                 Row{"[href$='.PDF']", "l1"},
                 Row{"[href$='.pdf']", ""},
                 Row{"[href$='.pdf' i]", "l1"},
                 Row{"[href$='.pdf'I]", "l1"},
                 Row{"[href*=example]", "l1"},
                 Row{"[href*=EXAMPLE]", ""},
                 Row{"[rel~=nofollow]", "l1"},
                 Row{"[rel~=nofollow s]", ""},
                 Row{"[type=big]", "card"},
                 Row{"[type=big s]", ""},
                 Row{"[ data-n = '1' ]", "a"},
                 Row{"[data-n='1'][class]", "a"},
                 Row{"[checked='']", "i2 i3"},
                 Row{"[disabled]", "fs og bt"},
                 // Combinators
                 Row{"ul li", "a b c"},
                 Row{"div li b", "bb"},
                 Row{"body > li", ""},
                 Row{"ul>li", "a b c"},
                 Row{"#a + li", "b"},
                 Row{"#a+li+li", "c"},
                 Row{"#a ~ li", "b c"},
                 Row{"#b ~ #a", ""},
                 Row{"ul ~ a", "l1 l2"},
                 Row{"ul + p ~ a", "l1 l2"},
                 Row{"html > body > div > ul > li > b", "bb"},
                 Row{"li ~ li b", "bb"},
                 Row{"div   \n > \t ul", "u"},
                 Row{"div/**/ul", "error: Unexpected \"u\" at position 7"},
                 Row{"div/* x */ > /* y */ul", "u"},
                 Row{" /* a */ #a /* b */ ", "a"},
                 // Structure
                 Row{":root", "html"},
                 Row{"li:first-child", "a"},
                 Row{"li:last-child", "c"},
                 Row{"b:only-child", "bb"},
                 Row{"p:first-of-type", "p1"},
                 Row{"p:last-of-type", "p3"},
                 Row{"ul:only-of-type", "u"},
                 Row{"p:empty", "p1 p3"},
                 Row{"li:nth-child(2)", "b"},
                 Row{"li:nth-child(odd)", "a c"},
                 Row{"li:nth-last-child(-n+2)", "b c"},
                 Row{"p:nth-of-type(2)", "p2"},
                 Row{"p:nth-last-of-type(3)", "p1"},
                 Row{"p:nth-child(2)", "p1"},
                 Row{":nth-child(1 of .item)", "a"},
                 Row{":nth-child(2 of p, a)", "p2"},
                 Row{":nth-last-child(1 of .item)", "c"},
                 Row{":nth-child( 2n + 1 of li )", "a c"},
                 Row{"li:FIRST-CHILD", "a"},
                 Row{"html:first-child:last-child:nth-child(1)", "html"},
                 // Logic
                 Row{"li:not(.first)", "b c"},
                 Row{"li:not(.first, #c)", "b"},
                 Row{"li:not(:not(.first))", "a"},
                 Row{"a:not([href])", "l2"},
                 Row{":is(#a, #c)", "a c"},
                 Row{":where(ul, ol) > :is(.first, :last-child)", "a c"},
                 Row{"li:is(div ul > li)", "a b c"},
                 Row{"li:not(div li)", ""},
                 Row{"li:has(b)", "b"},
                 Row{"ul:has(> b)", ""},
                 Row{"ul:has(> li > b)", "u"},
                 Row{"li:has(+ #c)", "b"},
                 Row{"li:has(~ #c)", "a b"},
                 Row{"li:has(+ li b)", "a"},
                 Row{"ul:has(~ a[href])", "u"},
                 Row{"div:has(li:has(b))", "main"},
                 Row{"li:has(b, .x)", "b"},
                 Row{"li:not(:has(*))", "a c"},
                 Row{"ul:has(.first ~ .sold-out)", "u"},
                 Row{"body:has(> div ul)", "body"},
                 Row{"li:has(#main li)", ""},
                 Row{":has(:scope)", ""},
                 // Text
                 Row{"li:contains('two')", "b"},
                 Row{"li:contains(TWO)", "b"},
                 Row{"li:contains('two bold')", "b"},
                 Row{"li:contains(\" TWO \t bold \")", "b"},
                 Row{"li:contains('')", "a b c"},
                 Row{"li:contains('four')", ""},
                 Row{":contains('bold')", "html body main u b bb"},
                 Row{"li:not(:contains(o))", "c"},
                 // Forms, links, languages
                 Row{":checked", "i2 o1"},
                 Row{":disabled", "fs i1 i2 s og o1 o2 bt"},
                 Row{":enabled", "i0 i3 i4"},
                 Row{":link", "l1"},
                 Row{"a:any-link", "l1"},
                 // What a fetched page has nothing of
                 Row{":visited", ""},
                 Row{"a:hover, a:target", ""},
                 Row{"li:not(:focus)", "a b c"},
                 Row{"li::before", ""},
                 Row{"li:first-line, #b", "b"},
                 Row{"li:lang(en)", "a b c"},
                 Row{":lang(en-gb)", "b bb"},
                 Row{"li:lang('de', 'EN-GB')", "b"},
                 Row{"li:lang(e)", ""},
                 // Scope
                 Row{":scope", "html"},
                 Row{":scope > body > div", "main"},
                 Row{"> body", "body"},
                 Row{"> div", ""},
             }) {
            CAPTURE(row.selector);
            CHECK(find_all(document, row.selector) == row.found);
        }
        CHECK(find_all(document, "*") == find_all(document, "html, html *"));
        CHECK(found_in(document.root(), "*").size() == 31);
    }

    TEST_CASE("escapes and odd names mean the characters they stand for") {
        struct Row {
            std::string_view selector, found;
        };
        const auto document = page(
            "<i id=1a></i><i id='a:b'></i><i id=\"it's\"></i><i class='w-1/2 md:x'></i><i id=ünï></i><i id=-></i>"
            "<i id='a b'></i><i data-x='a\"b\\c'></i><i id='\xf0\x9f\x98\x80'></i><i id=--x></i><i "
            "id='\xef\xbf\xbd'></i>");
        for (const Row& row : {
                 Row{"#\\31 a", "1a"},
                 Row{"#\\000031a", "1a"},
                 Row{"#\\31\r\na", "1a"},
                 Row{"#\\31\ta", "1a"},
                 Row{"#a\\:b", "a:b"},
                 Row{"#a\\3a b", "a:b"},
                 Row{"#a\\3A  b", ""},
                 Row{"#it\\'s", "it's"},
                 Row{"[id='it\\'s']", "it's"},
                 Row{".w-1\\/2", "<i>"},
                 Row{".md\\:x", "<i>"},
                 Row{"#ünï", "ünï"},
                 Row{"#\\fcn\\ef", "ünï"},
                 Row{"#\\-", "-"},
                 Row{"#a\\ b", "a b"},
                 Row{"[data-x='a\\\"b\\\\c']", "<i>"},
                 Row{"#\\1f600", "\xf0\x9f\x98\x80"},
                 Row{"#\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
                 Row{"#--x", "--x"},
                 Row{"#\\0", "\xef\xbf\xbd"},
                 Row{"#\\d800 ", "\xef\xbf\xbd"},
                 Row{"#\\ffffff", "\xef\xbf\xbd"},
                 Row{"\\69#\\31 a", "1a"},
                 Row{"[\\69 d='1a']", "1a"},
                 Row{"[id='\\31 a']", "1a"},
                 Row{"[id='1\\\na']", "1a"},
                 Row{"[id='1\\\r\na']", "1a"},
             }) {
            CAPTURE(row.selector);
            CHECK(find_all(document, row.selector) == row.found);
        }
    }

    TEST_CASE("a scope limits what is found, not what stands above") {
        const auto document = page(shop);
        const Element list = by_id(document, "u");
        struct Row {
            std::string_view selector, found;
        };
        for (const Row& row :
             {Row{"li", "a b c"}, Row{"ul", ""}, Row{"div li", "a b c"}, Row{":scope > li", "a b c"}, Row{":scope", ""},
              Row{"> li", "a b c"}, Row{"> b", ""}, Row{"> li > b", "bb"}, Row{"> .first, > #c", "a c"},
              Row{"*", "a b bb c"},
              // What follows the scope: fields of records that spread over sibling rows.
              Row{"+ p", "p1"}, Row{"~ p", "p1 p2 p3"}, Row{"~ x-card x-title", "ct"}, Row{"+ p + p", "p2"},
              Row{"> li, ~ a", "a b c l1 l2"}, Row{":scope ~ a", ""}, Row{"li:contains(three)", "c"}}) {
            CAPTURE(row.selector);
            CHECK(joined(found_in(list, row.selector)) == row.found);
        }
        CHECK(joined(found_in(by_id(document, "c"), "+ li")).empty());
        CHECK(joined(found_in(by_id(document, "b"), "+ li")) == "c");
        CHECK(found_in(Element(), "li").empty());
    }

    TEST_CASE("matches answers for one element") {
        const auto document = page(shop);
        const auto matches = [&](std::string_view selector, std::string_view id, std::string_view scope = {}) {
            return Selector::parse(selector).value().matches(by_id(document, id), by_id(document, scope));
        };
        CHECK(matches("ul > .first", "a"));
        CHECK_FALSE(matches("ul > .first", "b"));
        CHECK(matches("> li", "a", "u"));
        CHECK_FALSE(matches("> li", "a", "main"));
        CHECK(matches(":scope", "u", "u"));
        CHECK_FALSE(matches("li", "missing"));
        CHECK_FALSE(matches("xpath://li", "a"));
    }

    TEST_CASE("limits and first stop at the first matches in document order") {
        const auto document = page(shop);
        const auto items = Selector::parse("b, .item, ul").value();
        const auto two = items.all(document.root(), 2).value();
        REQUIRE(two.size() == 2);
        CHECK(two[0].element == by_id(document, "u"));
        CHECK(two[1].element == by_id(document, "a"));
        CHECK(items.all(document.root(), 0).value().empty());
        CHECK(items.first(by_id(document, "b")).value()->element == by_id(document, "bb"));
        CHECK_FALSE(items.first(by_id(document, "c")).value());
    }

    TEST_CASE("a set finds for each selector what it finds alone") {
        const auto document = page(shop);
        SelectorSet set;
        const std::vector<std::string_view> selectors{"li",  "b",        "> li", "nothing", "xpath:.//b/text()",
                                                      "+ p", "li:has(b)"};
        for (const auto selector : selectors) {
            set.add(Selector::parse(selector).value(), false);
            CHECK(set.add(Selector::parse(selector).value(), true) % 2 == 1);
        }
        std::vector<std::vector<Match>> found(3);
        for (const std::string_view scope : {"u", "html", "a"}) {
            const Element element = by_id(document, scope);
            REQUIRE(set.run(element, found));
            REQUIRE(found.size() == selectors.size() * 2);
            for (std::size_t i = 0; i < selectors.size(); ++i) {
                CAPTURE(selectors[i]);
                const auto alone = Selector::parse(selectors[i]).value().all(element).value();
                REQUIRE(found[2 * i].size() == alone.size());
                for (std::size_t k = 0; k < alone.size(); ++k) {
                    CHECK(found[2 * i][k].element == alone[k].element);
                    CHECK(found[2 * i][k].text == alone[k].text);
                }
                CHECK(found[2 * i + 1].size() == std::min<std::size_t>(alone.size(), 1));
            }
        }
    }

    TEST_CASE("wide families are matched in linear time") {
        // 100,000 siblings: a quadratic matcher would spend the budget a hundred times over.
        std::string bytes = "<h2 id=h></h2>";
        for (int i = 0; i < 100'000; ++i) bytes += i % 10 == 0 ? "<p class=x>" : "<i>";
        bytes = "<body><div>" + bytes;
        std::string flat;
        for (int i = 0; i < 100'000; ++i) flat += i % 10 == 0 ? "<p class=x></p>" : "<i></i>";
        const auto document = page("<body><h2></h2>" + flat);
        const auto count = [&](std::string_view selector) { return found_in(document.root(), selector).size(); };
        CHECK(count("p:nth-child(20n+2)") == 5'000);
        CHECK(count("p:nth-last-child(-n+11)") == 1);
        CHECK(count("p:nth-of-type(2n)") == 5'000);
        CHECK(count("i:nth-last-of-type(90000)") == 1);
        CHECK(count(":nth-child(2n of .x)") == 5'000);
        CHECK(count(":nth-last-child(1 of p)") == 1);
        CHECK(count("h2 ~ p") == 10'000);
        CHECK(count("b ~ p") == 0);
        CHECK(count("h2 ~ i ~ p ~ i") == 89'991);
        CHECK(count("p + i") == 10'000);
        CHECK(count("p:first-of-type ~ p:last-of-type") == 1);
        CHECK(count("body:has(p ~ b)") == 0);
    }

    TEST_CASE("hostile selectors end with an error, not with the day") {
        std::string bytes;
        for (int i = 0; i < 3'000; ++i) bytes += "<div><p></p>";
        for (int i = 0; i < 3'000; ++i) bytes += "</div>";
        for (int i = 0; i < 30'000; ++i) bytes += "<i></i>";
        const auto document = page(bytes);
        std::string alternatives = "b";
        while (alternatives.size() < 1'900) alternatives += ",b~b";
        for (const std::string& selector :
             {std::string(":has(~ :has(~ :has(~ b)))"), std::string("*:has(:not(b):has(~ i ~ i ~ i ~ i ~ b ~ b))"),
              ":nth-child(2n of :nth-child(n of :has(~ b)))" + std::string(":has(~ i + i + i ~ b)")}) {
            CAPTURE(selector);
            const auto parsed = Selector::parse(selector);
            REQUIRE(parsed);
            const auto matches = parsed->all(document.root());
            REQUIRE_FALSE(matches);
            CHECK(matches.error().code == meter::ErrorCode::too_large);
            CHECK(matches.error().message == "Selector needs too many steps");
            CHECK(matches.error().subject == selector);
            SelectorSet set;
            set.add(*parsed, false);
            std::vector<std::vector<Match>> found;
            CHECK_FALSE(set.run(document.root(), found));
        }
        CHECK(found_in(document.root(), alternatives).empty());
    }
}

}  // namespace
