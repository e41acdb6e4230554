#include "html/parser/parser.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "../bench/families.hpp"
#include "core/suites.hpp"
#include "core/unicode.hpp"
#include "html/suite_tree.hpp"
#include "html/support.hpp"
#include "html/tree_dump.hpp"

namespace {

using namespace meter::html;
using namespace meter::html::test;

// The tree of bytes that come in pieces whose sizes `next_size` gives; the error's message when there is none.
template <class NextSize>
std::string dump_in_pieces(std::string_view bytes, NextSize&& next_size) {
    Parser parser;
    while (!bytes.empty()) {
        const std::size_t size = std::min(bytes.size(), next_size());
        if (auto fed = parser.feed(bytes.substr(0, size)); !fed) return fed.error().message;
        bytes.remove_prefix(size);
    }
    const auto document = parser.finish();
    if (!document) return document.error().message;
    CHECK(meter::core::is_valid_utf8(document->root().inner_html()));
    return dump_tree(*document);
}

std::string dump_at_once(std::string_view bytes) {
    const auto document = Document::parse(bytes);
    return document ? dump_tree(*document) : document.error().message;
}

void check_pieces(std::string_view bytes, Random& random) {
    const std::string whole = dump_in_pieces(bytes, [&] { return bytes.size(); });
    CHECK(dump_at_once(bytes) == whole);
    CHECK(meter::core::is_valid_utf8(whole));
    CHECK(dump_in_pieces(bytes, [] { return std::size_t{1}; }) == whole);
    CHECK(dump_in_pieces(bytes, [&] { return 1 + random.below(40); }) == whole);
    CHECK(dump_in_pieces(bytes, [&] { return 1 + random.below(5'000); }) == whole);
}

std::vector<std::string> files_below(const std::filesystem::path& folder, std::string_view name = {}) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && (name.empty() || entry.path().filename() == name))
            files.push_back(entry.path().string());
    return files;
}

TEST_SUITE("html.parser") {
    TEST_CASE("every hostile file gives the same tree whatever the pieces it comes in") {
        Random random(3);
        for (const std::string_view suite : {"libxml2-hostile", "html5lib-tests"}) {
            const auto folder = meter::testing::suite_folder(suite);
            if (!folder) continue;
            for (const std::string& file : files_below(*folder)) {
                CAPTURE(file);
                check_pieces(meter::testing::read_file(file), random);
            }
        }
    }

    TEST_CASE("every real page gives the same tree whatever the pieces it comes in") {
        const char* set = std::getenv("METER_PAGES");
        const std::filesystem::path folder = set != nullptr ? set : "../shared/pages";
        if (!std::filesystem::is_directory(folder)) {
            MESSAGE("skipped: no folder " << folder.string() << " (METER_PAGES)");
            return;
        }
        Random random(4);
        for (const std::string& file : files_below(folder, "page.html")) {
            CAPTURE(file);
            check_pieces(meter::testing::read_file(file), random);
        }
    }

    TEST_CASE("random markup gives the same tree whatever the pieces, and views agree with the dump") {
        constexpr std::string_view pieces[] = {"<p>",        "</p>",
                                               "<div>",      "</div>",
                                               "<b>",        "</b>",
                                               "<a href=x>", "</a>",
                                               "<table>",    "<tr>",
                                               "<td>",       "</table>",
                                               "<caption>",  "<select>",
                                               "<option>",   "</select>",
                                               "<i>",        "</i>",
                                               "<nobr>",     "<ul>",
                                               "<li>",       "</ul>",
                                               "<form>",     "</form>",
                                               "<svg>",      "</svg>",
                                               "<math>",     "<mi>",
                                               "<title>x",   "</title>",
                                               "<template>", "</template>",
                                               "text",       " ",
                                               "<!-- c -->", "<h1>",
                                               "</h1>",      "<button>",
                                               "</button>",  "<col>",
                                               "<dd>",       "<frameset>",
                                               "</body>",    "</html>",
                                               "<body a=1>", "<html b=2>",
                                               "<head>",     "</head>",
                                               "<br>",       "</br>",
                                               "<object>",   "</object>",
                                               "<ruby>",     "<rt>",
                                               "<font>",     "</font>",
                                               "\xc3\xa9",   "<foreignObject>",
                                               "<desc>",     "<![CDATA[x]]>",
                                               "<image>",    "<input>",
                                               "<hr>",       "<textarea>"};
        Random random(5);
        for (int round = 0; round < 2'000; ++round) {
            std::string bytes;
            for (std::size_t i = random.below(80); i-- > 0;) bytes += random.pick(pieces);
            CAPTURE(bytes);
            check_pieces(bytes, random);
        }
    }

    TEST_CASE("content of a template is in no tree, but inner HTML writes it") {
        const auto document = page(
            "<body><template id=t><p class=x id=a>in<template><i id=b></i></template></p></template><p class=x "
            "id=c>out");
        CHECK(find_all(document, ".x") == "c");
        CHECK(find_all(document, "xpath://p") == "c");
        CHECK(find_all(document, "template:empty") == "t");
        CHECK(document.root().text() == "out");
        CHECK(by_id(document, "t").raw_text().empty());
        CHECK(by_id(document, "t").inner_html() ==
              "<p class=\"x\" id=\"a\">in<template><i id=\"b\"></i></template></p>");
        CHECK(document.body().inner_html().starts_with("<template id=\"t\"><p class=\"x\" id=\"a\">in<template>"));
    }

    TEST_CASE("SVG and MathML are found by name, in CSS and in XPath") {
        const auto document = page(
            "<svg id=s viewbox='0 0 1 1'><clippath id=c /><a id=a xlink:href='#x'><title>t</title></a></svg>"
            "<math id=m><mi>x</mi></math><link id=l>");
        CHECK(find_all(document, "svg") == "s");
        CHECK(find_all(document, "xpath://svg") == "s");
        CHECK(find_all(document, "clipPath") == "c");
        CHECK(find_all(document, "clippath") == "c");
        CHECK(find_all(document, "xpath://clipPath") == "c");
        CHECK(find_all(document, "xpath://math/mi") == "<mi>");
        CHECK(by_id(document, "s").attribute("viewBox") == "0 0 1 1");
        CHECK(by_id(document, "a").attribute("xlink:href") == "#x");
        CHECK_FALSE(by_id(document, "s").is_html());
        CHECK(by_id(document, "l").is_html());
        CHECK(document.title().empty());
    }

    TEST_CASE("the tree is a browser's where libxml2's is not") {
        struct Row {
            std::string_view html, body;
        };
        for (const Row& row : {Row{"<table><tr><td>1", "<table><tbody><tr><td>1</td></tr></tbody></table>"},
                               Row{"<table>x<tr><td>1", "x<table><tbody><tr><td>1</td></tr></tbody></table>"},
                               Row{"<p>1<div>2</div>3</p>", "<p>1</p><div>2</div>3<p></p>"},
                               Row{"<b><p>1</b>2</p>", "<b></b><p><b>1</b>2</p>"},
                               Row{"<a href=x>1<a href=y>2", "<a href=\"x\">1</a><a href=\"y\">2</a>"},
                               Row{"<select><b><option>1", "<select><b><option>1</option></b></select>"},
                               Row{"<noscript><img src=x></noscript>", "<noscript><img src=\"x\"></noscript>"}}) {
            CAPTURE(row.html);
            CHECK(page("<!doctype html><body>" + std::string(row.html)).body().inner_html() == row.body);
        }
    }

    TEST_CASE("a selected option shows in selectedcontent, and not inside itself") {
        const auto shown = [](std::string_view html) { return page(html).body().inner_html(); };
        CHECK(shown("<select><button><selectedcontent></button><option>X<option selected>Y<i>z")
                  .find("<selectedcontent>Y<i>z</i></selectedcontent>") != std::string::npos);
        const auto document = page("<select><button><selectedcontent></button><option>x<i>y");
        CHECK(find_all(document, "select *") == "<button> <selectedcontent> <i> <option> <i>");
        CHECK(shown("<select><option>X<div><selectedcontent></div>").find("<selectedcontent></selectedcontent>") !=
              std::string::npos);
    }

    TEST_CASE("fragments are read as inner HTML of their context") {
        const auto inner = [](std::string_view text, std::string_view context) {
            const auto document = Document::parse_fragment(text, context).value();
            CHECK(document.body() == document.root());
            return document.root().inner_html();
        };
        CHECK(inner("<p>a<p>b", "div") == "<p>a</p><p>b</p>");
        CHECK(inner("<td>1<td>2", "tr") == "<td>1</td><td>2</td>");
        CHECK(inner("<td>1<td>2", "div") == "12");
        CHECK(inner("<b>x</b> &amp; y", "textarea") == "&lt;b&gt;x&lt;/b&gt; &amp; y");
        CHECK(inner("", "div").empty());
        const auto document = Document::parse_fragment("<p id=a>caf\xc3\xa9 <b id=b>x</b>").value();
        CHECK(find_all(document, "p > b") == "b");
        CHECK(find_all(document, "xpath:p/b") == "b");
        CHECK(document.root().text() == "caf\xc3\xa9 x");
    }

    TEST_CASE("what a fragment's table has no place for stands where inner HTML puts it, and is found in that order") {
        struct Row {
            std::string_view text, context, inner, ids;
        };
        for (const Row& row : {
                 // Without a table on the stack the foster parent is the root (13.2.6.1).
                 Row{"x<tr>y", "table", "x<tbody><tr></tr></tbody>y", ""},
                 Row{"<tr><b id=b>y</b><td id=t>z", "table",
                     "<tbody><tr><td id=\"t\">z</td></tr></tbody><b id=\"b\">y</b>", "t b"},
                 Row{"<b id=b>y</b><td id=t>z", "tr", "<b id=\"b\">y</b><td id=\"t\">z</td>", "b t"},
                 Row{"<tr><i id=i>x<tr id=r>y", "tbody",
                     "<tr></tr><i id=\"i\">x</i><tr id=\"r\"></tr><i id=\"i\">y</i>", "i r i"},
                 Row{"<table id=o><tr id=r><b id=b>y<td id=t>z", "div",
                     "<b id=\"b\">y</b><table id=\"o\"><tbody><tr id=\"r\"><td id=\"t\">z</td></tr></tbody></table>",
                     "b o <tbody> r t"},
                 Row{"<td id=c><table id=o>x<tr id=r><p id=p>", "tr",
                     "<td id=\"c\">x<p id=\"p\"></p><table id=\"o\"><tbody><tr id=\"r\"></tr></tbody></table></td>",
                     "c p o <tbody> r"},
                 Row{"<tr><p id=p>x", "template", "<tr></tr><p id=\"p\">x</p>", "p"},
             }) {
            CAPTURE(row.text);
            CAPTURE(row.context);
            const auto document = Document::parse_fragment(row.text, row.context).value();
            CHECK(document.root().inner_html() == row.inner);
            if (!row.ids.empty()) CHECK(find_all(document, "[id], table *").ends_with(row.ids));
        }
    }

    TEST_CASE("formatting elements reopened again and again are counted by what the page itself has") {
        std::string reopened = "<p>";
        for (int i = 0; i < 400; ++i) reopened += "<b id=" + std::to_string(i) + ">";
        for (int i = 0; i < 50; ++i) reopened += "<p>x</p>";
        const auto kept = Document::parse(reopened);
        REQUIRE(kept);
        CHECK(Selector::parse("b").value().all(kept->root()).value().size() == 51 * 400);
        for (int i = 0; i < 500; ++i) reopened += "<p>x</p>";
        CHECK(Document::parse(reopened).error().code == meter::ErrorCode::too_large);
    }

    TEST_CASE("hostile input costs work in proportion to its length") {
        const auto work = [](const std::string& bytes) {
            Parser parser({.content_type = "text/html; charset=utf-8"});
            auto fed = parser.feed(bytes);
            if (!fed) CHECK(fed.error().code == meter::ErrorCode::too_large);
            if (fed) static_cast<void>(parser.finish());
            return static_cast<double>(parser.steps());
        };
        for (const bench::Family& family : bench::hostile_families()) {
            CAPTURE(std::string(family.name));
            const double once = work(family.make(100'000)), twice = work(family.make(200'000));
            CHECK(twice <= 2.5 * once + 5'000);  // a text that doubles is copied once more or not
            CHECK(twice <= 15 * 200'000.0);      // nodes, texts, and entries looked at
        }
    }

    TEST_CASE("a stop, a deadline and the limits end the parse, and every later call says so") {
        std::stop_source source;
        Parser stopped({.stop = source.get_token()});
        CHECK(stopped.feed("<p>a"));
        source.request_stop();
        CHECK(stopped.feed("<p>b").error().code == meter::ErrorCode::cancelled);
        CHECK(stopped.finish().error().code == meter::ErrorCode::cancelled);

        Parser late({.deadline = std::chrono::steady_clock::time_point::min()});
        CHECK(late.feed("<p>").error().code == meter::ErrorCode::timeout);

        Parser long_one({.max_bytes = 10});
        CHECK(long_one.feed("12345"));
        CHECK(long_one.feed("123456").error().code == meter::ErrorCode::too_large);
        CHECK(long_one.finish().error().code == meter::ErrorCode::too_large);

        Parser wide({.max_nodes = 100});
        std::string many;
        for (int i = 0; i < 200; ++i) many += "<p>";
        CHECK(wide.feed(many));  // the encoding is undecided yet
        CHECK(wide.finish().error().code == meter::ErrorCode::too_large);

        Parser twice;
        CHECK(twice.finish());
        CHECK(twice.finish().error().code == meter::ErrorCode::internal);
        CHECK_FALSE(twice.feed("<p>"));
    }
}

}  // namespace
