// Matching CSS selectors on parsed pages, against libxml2's XPath with expressions compiled beforehand.
#include <libxml/HTMLparser.h>
#include <libxml/xpath.h>

#include <array>
#include <cstdio>
#include <vector>

#include "html/document.hpp"
#include "html/selector.hpp"
#include "measure.hpp"
#include "pages.hpp"

namespace {

struct Pair {
    const char* css;
    const char* xpath;  // as cssselect translates it
};

#define HAS_CLASS(name) "@class and contains(concat(' ', normalize-space(@class), ' '), ' " name " ')"
constexpr std::array<Pair, 12> pairs{{
    {"a[href]", "descendant-or-self::a[@href]"},
    {"div", "descendant-or-self::div"},
    {".price", "descendant-or-self::*[" HAS_CLASS("price") "]"},
    {"li.product", "descendant-or-self::li[" HAS_CLASS("product") "]"},
    {"h2 a", "descendant-or-self::h2/descendant-or-self::*/a"},
    {"ul > li", "descendant-or-self::ul/li"},
    {"table tr td", "descendant-or-self::table/descendant-or-self::*/tr/descendant-or-self::*/td"},
    {"img[src$='.jpg']", "descendant-or-self::img[@src and substring(@src, string-length(@src)-3) = '.jpg']"},
    {"li:first-child", "descendant-or-self::li[count(preceding-sibling::*) = 0]"},
    {"div p", "descendant-or-self::div/descendant-or-self::*/p"},
    {"[class]", "descendant-or-self::*[@class]"},
    {"#main .title", "descendant-or-self::*[@id = 'main']/descendant-or-self::*/*[" HAS_CLASS("title") "]"},
}};

}  // namespace

int main() {
    auto pages = bench::real_pages();
    if (pages.empty()) std::puts("real pages: METER_PAGES is absent, a made-up list page stands in");
    pages.push_back({"list", bench::list_page(200)});

    std::vector<meter::html::Document> ours;
    std::vector<htmlDocPtr> theirs;
    for (const auto& page : pages) {
        ours.push_back(meter::html::Document::parse(page.html, {.content_type = "text/html; charset=utf-8"}).value());
        theirs.push_back(
            htmlReadMemory(page.html.data(), static_cast<int>(page.html.size()), nullptr, "UTF-8",
                           HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING));
    }
    std::vector<meter::html::Selector> selectors;
    std::vector<xmlXPathCompExprPtr> expressions;
    for (const Pair& pair : pairs) {
        selectors.push_back(meter::html::Selector::parse(pair.css).value());
        expressions.push_back(xmlXPathCompile(reinterpret_cast<const xmlChar*>(pair.xpath)));
    }

    std::size_t ours_found = 0, theirs_found = 0;
    const auto run_ours = [&](std::size_t i) {
        for (const auto& document : ours)
            if (document.root()) ours_found += selectors[i].all(document.root()).value().size();
    };
    const auto run_theirs = [&](std::size_t i) {
        for (htmlDocPtr document : theirs) {
            xmlXPathContextPtr context = xmlXPathNewContext(document);
            context->node = xmlDocGetRootElement(document);
            xmlXPathObjectPtr result = xmlXPathCompiledEval(expressions[i], context);
            if (result != nullptr && result->nodesetval != nullptr)
                theirs_found += static_cast<std::size_t>(result->nodesetval->nodeNr);
            xmlXPathFreeObject(result);
            xmlXPathFreeContext(context);
        }
    };
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        ours_found = theirs_found = 0;
        run_ours(i);
        run_theirs(i);
        std::printf("%-18s %8zu matches, XPath %8zu\n", pairs[i].css, ours_found, theirs_found);
    }
    std::puts("");
    bench::compare(
        "12 selectors one by one on " + std::to_string(pages.size()) + " pages", "meter: CSS on the tree",
        [&] {
            for (std::size_t i = 0; i < pairs.size(); ++i) run_ours(i);
        },
        "libxml2: precompiled XPath",
        [&] {
            for (std::size_t i = 0; i < pairs.size(); ++i) run_theirs(i);
        });

    meter::html::SelectorSet set;
    for (const auto& selector : selectors) (void)set.add(selector, false);
    std::vector<std::vector<meter::html::Match>> found;
    bench::compare(
        "the same 12 in one walk", "meter: one walk for all",
        [&] {
            for (const auto& document : ours)
                if (document.root()) (void)set.run(document.root(), found);
        },
        "libxml2: precompiled XPath",
        [&] {
            for (std::size_t i = 0; i < pairs.size(); ++i) run_theirs(i);
        });

    for (auto* expression : expressions) xmlXPathFreeCompExpr(expression);
    for (auto* document : theirs) xmlFreeDoc(document);
}
