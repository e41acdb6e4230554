#include <string>
#include <string_view>
#include <vector>

#include "support.hpp"

using meter::test::items_text;
using meter::test::plan_of;

namespace {

/// Sections as "level heading: content", with " / " for the line breaks of content and " ## " between.
std::string sections(std::string_view page, std::string_view plan = R"({"type":"content"})") {
    const auto found = meter::extract(page, plan_of(plan));
    REQUIRE(found);
    std::string out;
    for (const meter::Value& item : found->items) {
        std::string content = *item.find("content")->if_string();
        for (std::size_t at = 0; (at = content.find('\n', at)) != std::string::npos;) content.replace(at, 1, " / ");
        if (!out.empty()) out += " ## ";
        out += meter::to_json(*item.find("level")) + " " + *item.find("heading")->if_string() + ": " + content;
    }
    return out;
}

}  // namespace

TEST_SUITE("extract.content") {
    TEST_CASE("A realistic page becomes its sections") {
        constexpr std::string_view page = R"(<!DOCTYPE html><html><head><title> The  Handbook </title>
            <style>p{}</style></head><body>
            <header><h1>Site name</h1><nav><a href=/>Home</a></nav></header>
            <main>
              <p>Words before <b>the first</b>&nbsp;heading.</p>
              <h1>Install <span aria-hidden="true">#</span></h1>
              <p>Get the<br>package.</p>
              <ul><li>one</li><li><p>two</p><p>more</p><ul><li>nested</li></ul></li><li> </li></ul>
              <h2><a href=#src>From source</a></h2>
              <pre>make
  make   install

done
</pre>
              <h2>Empty section</h2>
              <h3>Table</h3>
              <table><thead><tr><th>key</th><th>value</th></tr></thead>
              <tr><td>a</td><td><p>1</p><p>one</p></td></tr><tr><td></td><td>2</td></tr><tr><td></td><td> </td></tr></table>
              <div>loose <div>inner</div> tail</div>
              <form>not this</form><aside>nor this</aside><svg><text>nor that</text></svg>
              <p hidden>hidden</p><div aria-hidden=true>hidden</div><script>x()</script><noscript>n</noscript>
            </main><footer>foot</footer></body></html>)";
        CHECK(sections(page) ==
              "0 The Handbook: Words before the first heading. ## 1 Install: Get the package. / - one / - two / more / "
              "- nested ## 2 From source: make / make install /  / done ## 2 Empty section:  ## 3 Table: key | value / "
              "a | 1 one /  | 2 / loose / inner / tail");
        CHECK(items_text("<title>T</title><body><h2>A</h2>x", R"({"type":"content"})") ==
              R"([{"heading":"A","level":2,"content":"x"}])");
    }

    TEST_CASE("The root is root_selector, the only main, the only article, or the body") {
        constexpr std::string_view main = "<p>out<main>in</main><article>a</article>";
        CHECK(sections(main) == "0 : in");
        CHECK(sections("<p>out<article>a</article>") == "0 : a");
        CHECK(sections("<p>out<article>a</article><article>b</article>") == "0 : out / a / b");
        CHECK(sections("<p>out<main>a</main><main>b</main><article>c</article>") == "0 : c");
        CHECK(sections(main, R"({"type":"content","root_selector":"article"})") == "0 : a");
        CHECK(sections(main, R"({"type":"content","root_selector":"xpath://article"})") == "0 : a");
        // Asked for by name, even what is left out elsewhere.
        CHECK(sections("<form>f<nav>n</nav></form>", R"({"type":"content","root_selector":"form"})") == "0 : f");

        const auto missing = meter::extract(main, plan_of(R"({"type":"content","root_selector":"#gone"})"));
        REQUIRE(missing);
        CHECK(missing->items.empty());
        CHECK(missing->warnings == std::vector<std::string>{"No element matches root_selector."});
    }

    TEST_CASE("Headers and footers count inside articles only") {
        CHECK(sections("<body><header>h</header><article><header>ah</header>x<footer>af</footer></article>"
                       "<article>y</article><footer>f</footer>") == "0 : ah / x / af / y");
        CHECK(sections("<article><header>ah</header>x</article>") == "0 : ah / x");
        CHECK(sections("<article><main><footer>af</footer>x</main></article>") == "0 : af / x");
    }

    TEST_CASE("exclude_selectors leaves out what they match, by CSS and by XPath") {
        constexpr std::string_view page = "<h1>A</h1><p>keep</p><p class=ad>ad</p><div id=x>gone<h2>B</h2></div>";
        CHECK(sections(page, R"({"type":"content","exclude_selectors":[".ad","xpath://div[@id='x']"]})") ==
              "1 A: keep");
        CHECK(sections(page, R"({"type":"content","exclude_selectors":["h1 ~ *"]})") == "1 A: ");
    }

    TEST_CASE("Headings deeper than max_level are text of the section they stand in") {
        constexpr std::string_view page = "<h1>A</h1>a<h2>B</h2>b<h3>C</h3>c<h1>D</h1>d";
        CHECK(sections(page, R"({"type":"content","max_level":1})") == "1 A: a / B / b / C / c ## 1 D: d");
        CHECK(sections(page, R"({"type":"content","max_level":2})") == "1 A: a ## 2 B: b / C / c ## 1 D: d");
    }

    TEST_CASE("Odd markup keeps its text") {
        // A heading without text starts no section.
        CHECK(sections("<h1>A</h1>x<h2><img src=i></h2>y") == "1 A: x / y");
        // A table in a cell, or a heading: the outer table is layout.
        CHECK(sections("<table><tr><td>side</td><td><table><tr><td>1</td><td>2</td></tr></table></td></tr></table>") ==
              "0 : side / 1 | 2");
        CHECK(sections("<table><tr><td>a</td><td>b<h2>H</h2>c</td></tr></table>") == "0 : a | b ## 2 H: c");
        CHECK(sections("<ul><li><table><tr><td>a</td><td>b</td></tr></table></li></ul>") == "0 : - a | b");
        CHECK(sections("<dl><dt>t</dt><dd>d</dd></dl><h2>x<br>y</h2>") == "0 : t / d ## 2 x y: ");
        CHECK(sections("<p>a<b>b</b>c <i>d</i></p>") == "0 : abc d");
    }

    TEST_CASE("Pages without text give nothing") {
        for (const std::string_view page :
             {"", "<body></body>", "<title>T</title>", "<nav>x</nav><p> </p>", "<h1> </h1>"}) {
            CAPTURE(page);
            CHECK(sections(page).empty());
        }
    }
}
