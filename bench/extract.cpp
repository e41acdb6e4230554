// Parsing and extracting with a plan, against what libxml2 needs to parse the same bytes and nothing more.
#include <libxml/HTMLparser.h>

#include <cstdio>

#include "measure.hpp"
#include "meter/extract.hpp"
#include "meter/json.hpp"
#include "pages.hpp"

namespace {

void parse_bare(const std::string& html) {
    htmlDocPtr document =
        htmlReadMemory(html.data(), static_cast<int>(html.size()), nullptr, "UTF-8",
                       HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
    xmlFreeDoc(document);
}

}  // namespace

int main() {
    xmlInitParser();
    const auto plan = meter::Plan::parse(meter::parse_json(R"({"container":{"selector":"li.product"},"fields":{
        "name":{"selector":"h2 a"},"url":{"selector":"h2 a","attribute":"href"},"price":{"selector":".price"},
        "image":{"selector":".media img","attribute":"src"},"stock":{"selector":".stock"}}})")
                                             .value())
                          .value();
    for (const std::size_t items : {20, 100}) {
        const std::string list = bench::list_page(static_cast<int>(items));
        const int repeat = static_cast<int>(4'000 / items);
        bench::compare(
            "list page of " + std::to_string(list.size() / 1024) + " KiB, " + std::to_string(items) +
                " items of 5 fields, " + std::to_string(repeat) + " times",
            "meter: parse and extract",
            [&] {
                for (int i = 0; i < repeat; ++i)
                    if (meter::extract(list, plan, "https://shop.test/").value().items.size() != items) std::abort();
            },
            "libxml2: parse only",
            [&] {
                for (int i = 0; i < repeat; ++i) parse_bare(list);
            });
    }

    const auto pages = bench::real_pages();
    if (pages.empty()) {
        std::puts("real pages: skipped, METER_PAGES is absent");
        return 0;
    }
    const auto links = meter::Plan::parse(meter::parse_json(R"({"container":{"selector":"a[href]"},"fields":{
        "text":{"selector":":self"},"url":{"selector":":self","attribute":"href"}}})")
                                              .value())
                           .value();
    std::size_t bytes = 0;
    for (const auto& page : pages) bytes += page.html.size();
    bench::compare(
        std::to_string(pages.size()) + " real pages, " + std::to_string(bytes / 1024) +
            " KiB, every link with its text",
        "meter: parse and extract",
        [&] {
            for (const auto& page : pages) (void)meter::extract(page.html, links, "https://site.test/").value();
        },
        "libxml2: parse only",
        [&] {
            for (const auto& page : pages) parse_bare(page.html);
        });
}
