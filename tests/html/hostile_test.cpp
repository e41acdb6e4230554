// Pages made to break parsers: public ones, and random ones.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "core/suites.hpp"
#include "core/unicode.hpp"
#include "html/support.hpp"

namespace {

using namespace meter::html;
using namespace meter::html::test;

std::size_t check_page(std::string_view bytes, const ParseOptions& options = {}) {
    const auto document = Document::parse(bytes, options);
    if (!document) {
        CHECK(document.error().code == meter::ErrorCode::too_large);
        return 0;
    }
    std::size_t elements = 0;
    Element last;
    for (Element e = document->root(); e; e = e.next_in(document->root())) {
        ++elements;
        last = e;
        // Views agree with each other.
        if (e.first_child()) CHECK(e.first_child().parent() == e);
        if (e.next_sibling()) CHECK(e.next_sibling().previous_sibling() == e);
    }
    CHECK(meter::core::is_valid_utf8(document->root().text()));
    CHECK(meter::core::is_valid_utf8(document->root().inner_html()));
    if (document->root()) {
        CHECK(found_in(document->root(), "*").size() == elements);
        CHECK(joined(found_in(document->root(), "xpath:count(//*)")) == std::to_string(elements));
        const auto all = Selector::parse("xpath://*").value().all(document->root()).value();
        Element next = document->root();
        for (const Match& match : all) {
            CHECK(match.element == next);
            next = next.next_in(document->root());
        }
    }
    return elements;
}

TEST_SUITE("html.hostile") {
    TEST_CASE("every file of the hostile suites parses to a consistent tree") {
        std::size_t files = 0;
        for (const std::string_view suite : {"libxml2-hostile", "html5lib-tests"}) {
            const auto folder = meter::testing::suite_folder(suite);
            if (!folder) continue;
            for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder)) {
                if (!entry.is_regular_file()) continue;
                CAPTURE(entry.path().string());
                const std::string bytes = meter::testing::read_file(entry.path());
                check_page(bytes);
                ++files;
            }
        }
        MESSAGE(files << " files");
    }

    TEST_CASE("random markup parses to a consistent tree") {
        constexpr std::string_view pieces[] = {
            "<p>",        "</p>",        "<div>",      "</div>",     "<b>",        "</b>",      "<table>",
            "<tr>",       "<td>",        "</table>",   "<html a=1>", "<body b>",   "</body>",   "</html>",
            "<head>",     "</head>",     "<title>",    "</title>",   "<script>",   "</script>", "<style>",
            "</style>",   "<select>",    "<option>",   "<a href='x", "'>",         "\">",       "<!--",
            "-->",        "--!>",        "<!",         "<?",         ">",          "<",         "/",
            "</",         "&",           "&amp;",      "&#",         "&#x80;",     "&copy",     ";",
            "text",       " ",           "\n",         "\xc3\xa9",   "\xff",       "\xe2\x82",  "<svg>",
            "<textarea>", "</textarea>", "<template>", "<frameset>", "<br/>",      "<x:y>",     "<![CDATA[",
            "]]>",        "<li>",        "<ul>",       "<form>",     "<noscript>", "=",         "\"",
            "<img @x=1 "};
        Random random(7);
        std::size_t elements = 0;
        for (int round = 0; round < 3'000; ++round) {
            std::string bytes;
            const std::size_t length = random.below(60);
            for (std::size_t i = 0; i < length; ++i) {
                if (random.below(20) == 0)
                    bytes += static_cast<char>(random.below(256));
                else
                    bytes += random.pick(pieces);
            }
            CAPTURE(bytes);
            elements += check_page(bytes, {.max_attributes_per_tag = 3, .max_nodes = 50 + random.below(100)});
        }
        CHECK(elements > 10'000);
    }

    TEST_CASE("random bytes in every charset parse to valid text") {
        constexpr std::string_view labels[] = {"utf-8",       "shift_jis", "euc-jp",      "iso-2022-jp", "gbk",
                                               "gb18030",     "big5",      "euc-kr",      "utf-16le",    "koi8-r",
                                               "windows-874", "latin1",    "windows-1255"};
        Random random(11);
        for (int round = 0; round < 400; ++round) {
            std::string bytes = "<p>";
            const std::size_t length = random.below(300);
            for (std::size_t i = 0; i < length; ++i) bytes += static_cast<char>(random.below(256));
            const std::string header = "text/html; charset=" + std::string(random.pick(labels));
            CAPTURE(header);
            CAPTURE(bytes);
            check_page(bytes, {.content_type = header});
        }
    }

    TEST_CASE("floods of every kind stay cheap and bounded") {
        struct Row {
            std::string_view piece, before = {}, after = {};
        };
        for (const Row& row : {Row{"<!--"},
                               Row{"<!----!>", "", "-->"},
                               Row{"<title>"},
                               Row{"<title>", "", "</title>"},
                               Row{"<script>"},
                               Row{"<script></script>"},
                               Row{"</"},
                               Row{"<"},
                               Row{"&"},
                               Row{"&a"},
                               Row{"&#150"},
                               Row{"</i>", "<b><b><b>"},
                               Row{"</html>x"},
                               Row{"</p>"},
                               Row{"<a b='"},
                               Row{"<a b "},
                               Row{"<html a=1>"},
                               Row{"<body>"},
                               Row{"<table><tr><td>"},
                               Row{"<select><option>"},
                               Row{"<a><font><li>"},
                               Row{"x", "<a b='", "'>"},
                               Row{"x", "<script>", "</script>"},
                               Row{"<!DOCTYPE"},
                               Row{"\xff"}}) {
            CAPTURE(row.piece);
            std::string bytes(row.before);
            while (bytes.size() < 200'000) bytes += row.piece;
            bytes += row.after;
            const auto document = Document::parse(bytes);
            CHECK((document || document.error().code == meter::ErrorCode::too_large));
            if (document) CHECK(meter::core::is_valid_utf8(document->root().text()));
        }
    }
}

}  // namespace
