// The documents that benchmarks work on: real pages where they are at hand, and a made-up list page.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace bench {

struct PageFile {
    std::string name;
    std::string html;
};

/// pages/cases/*/page.html below METER_PAGES (default ../shared/pages); empty where that is absent.
inline std::vector<PageFile> real_pages() {
    const char* set = std::getenv("METER_PAGES");
    const std::filesystem::path cases = std::filesystem::path(set != nullptr ? set : "../shared/pages") / "cases";
    std::vector<PageFile> pages;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(cases, none)) {
        std::ifstream file(entry.path() / "page.html", std::ios::binary);
        if (file) pages.push_back({entry.path().filename().string(), {std::istreambuf_iterator<char>(file), {}}});
    }
    return pages;
}

/// A product list of about 2 KB an item.
inline std::string list_page(int items, int seed = 0) {
    std::string html = "<!DOCTYPE html><html><head><meta charset=utf-8><title>Shop</title></head><body><nav><ul>";
    for (int i = 0; i < 40; ++i)
        html += "<li><a href=\"/c/" + std::to_string(i) + "\">Category " + std::to_string(i) + "</a></li>";
    html += "</ul></nav><main><ul class=\"products grid\">";
    for (int i = 0; i < items; ++i) {
        const std::string id = std::to_string(seed * 1000 + i);
        html += "<li class=\"product card\" data-id=\"" + id + "\"><div class=\"media\"><a href=\"/p/" + id +
                "\"><img src=\"/img/" + id + ".jpg\" alt=\"Product " + id +
                "\" width=200 height=200></a></div><div class=\"body\"><h2 class=\"title\"><a href=\"/p/" + id +
                "\">Product &amp; thing number " + id + "</a></h2><p class=\"text\">";
        for (int k = 0; k < 24; ++k) html += "Some <em>descriptive</em> words about it that nobody reads. ";
        html += "</p><span class=\"price\">$" + std::to_string(10 + i) +
                ".99</span><span class=\"stock\">In stock</span></div></li>";
    }
    return html + "</ul></main><footer><p>Imprint</p></footer></body></html>";
}

}  // namespace bench
