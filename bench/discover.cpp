// Reading a sitemap of 50,000 URLs, against a bare libxml2 reader on the same bytes. With arguments: crawls a site and
// keeps every step durably. Arguments: seed URL, path of a new database file; prints pages, URLs, CPU and wall seconds
// as one JSON line.
#include <libxml/xmlreader.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "discover/sitemap.hpp"
#include "measure.hpp"
#include "meter/engine.hpp"

namespace {

std::string big_sitemap(int urls) {
    std::string xml =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n";
    for (int i = 0; i < urls; ++i)
        xml += "  <url>\n    <loc>https://shop.example/catalogue/kitchen-and-dining/product-" + std::to_string(i) +
               "?variant=" + std::to_string(i % 7) +
               "&amp;ref=sitemap</loc>\n    <lastmod>2025-01-15T10:30:00+00:00</lastmod>\n"
               "    <changefreq>weekly</changefreq>\n    <priority>0.8</priority>\n  </url>\n";
    return xml += "</urlset>\n";
}

std::size_t read_ours(const std::string& xml) {
    meter::discover::SitemapReader reader("https://shop.example/sitemap.xml", {.max_urls = 50'000},
                                          [](const std::string&) { return true; });
    for (std::size_t at = 0; at < xml.size(); at += 16'384) reader.feed(std::string_view(xml).substr(at, 16'384));
    return reader.finish() ? reader.urls().size() : 0;
}

std::size_t read_bare(const std::string& xml) {
    xmlTextReaderPtr reader =
        xmlReaderForMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr, XML_PARSE_NONET);
    std::size_t nodes = 0;
    while (xmlTextReaderRead(reader) == 1) ++nodes;
    xmlFreeTextReader(reader);
    return nodes;
}

int sitemap() {
    const std::string xml = big_sitemap(50'000);
    double best_ours = 1e9, best_bare = 1e9;
    for (int i = 0; i < 5; ++i) {
        double start = bench::cpu_seconds();
        if (read_ours(xml) != 50'000) return 1;
        best_ours = std::min(best_ours, bench::cpu_seconds() - start);
        start = bench::cpu_seconds();
        if (read_bare(xml) == 0) return 1;
        best_bare = std::min(best_bare, bench::cpu_seconds() - start);
    }
    const double megabytes = static_cast<double>(xml.size()) * 1e-6;
    std::printf("sitemap of 50000 URLs, %.1f MB: meter %.0f MB/s, bare xmlTextReader %.0f MB/s, %.2f of it\n",
                megabytes, megabytes / best_ours, megabytes / best_bare, best_bare / best_ours);
    bench::compare(
        "sitemap of 50000 URLs", "meter: URLs, resolved and unique", [&] { read_ours(xml); },
        "libxml2: xmlTextReaderRead", [&] { read_bare(xml); }, 9);
    return 0;
}

int crawl(const std::string& seed, const std::string& database) {
    const double cpu = bench::cpu_seconds(), wall = bench::wall_seconds();
    auto engine = meter::Engine::open({.store = meter::open_store("sqlite:" + database).value(),
                                       .fetch = {.allow_private_networks = true},
                                       .discovery = {.limits = {.max_crawl_pages = 100'000}}})
                      .value();
    meter::DiscoveryRequest request;
    request.method = meter::DiscoveryMethod::link_pattern;
    request.root_url = seed;
    request.link_pattern = "/product/*";
    request.max_depth = 10;
    request.max_urls = 10'000;
    const auto id = engine->start_discovery(request).value().discovery_id;
    auto state = engine->get_discovery(id).value();
    while (state.status != meter::DiscoveryStatus::completed && state.status != meter::DiscoveryStatus::failed) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        state = engine->get_discovery(id).value();
    }
    std::printf("{\"urls\":%lld,\"cpu\":%.4f,\"wall\":%.4f}\n", static_cast<long long>(state.total_urls),
                bench::cpu_seconds() - cpu, bench::wall_seconds() - wall);
    return state.status == meter::DiscoveryStatus::completed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3) return crawl(argv[1], argv[2]);
    return sitemap();
}
