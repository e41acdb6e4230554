// Parsing pages, against libxml2's HTML parser on the same bytes; what hostile input costs; and how much memory it
// takes.
#include <libxml/HTMLparser.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "core/blocks.hpp"
#include "families.hpp"
#include "html/document.hpp"
#include "measure.hpp"
#include "pages.hpp"

namespace {

constexpr const char* utf8 = "text/html; charset=utf-8";

bool parse_ours(const std::string& html) {
    return meter::html::Document::parse(html, {.content_type = utf8}).has_value();
}

void parse_theirs(const std::string& html) {
    xmlFreeDoc(htmlReadMemory(html.data(), static_cast<int>(html.size()), nullptr, "UTF-8",
                              HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING));
}

void compare_pages(const char* what, const std::vector<bench::PageFile>& pages, int repeat) {
    if (pages.empty()) return;
    std::size_t bytes = 0;
    for (const auto& page : pages) bytes += page.html.size();
    bytes *= static_cast<std::size_t>(repeat);
    const double start = bench::cpu_seconds();
    for (int i = 0; i < repeat; ++i)
        for (const auto& page : pages) parse_ours(page.html);
    const double speed = static_cast<double>(bytes) * 1e-6 / (bench::cpu_seconds() - start);
    std::printf("%.0f MB/s\n", speed);
    bench::compare(
        std::to_string(pages.size()) + " " + what + ", " + std::to_string(bytes / 1024) + " KiB", "meter: parse",
        [&] {
            for (int i = 0; i < repeat; ++i)
                for (const auto& page : pages) parse_ours(page.html);
        },
        "libxml2: parse",
        [&] {
            for (int i = 0; i < repeat; ++i)
                for (const auto& page : pages) parse_theirs(page.html);
        },
        9);
}

// What a page finds when it arrives: caches full of other things. Otherwise a page that fits into them would be
// compared with one that does not.
void forget_caches() {
    static std::vector<char> other(16u << 20);
    for (std::size_t i = 0; i < other.size(); i += 64) ++other[i];
}

// Seconds of the fastest of five rounds or, where one takes next to nothing, of as many as take 20 ms.
double seconds_of(const std::string& html) {
    std::vector<double> rounds;
    for (double all = 0; rounds.size() < 5 || all < 0.02; all += rounds.back()) {
        forget_caches();
        const double start = bench::cpu_seconds();
        parse_ours(html);
        rounds.push_back(bench::cpu_seconds() - start);
    }
    return bench::summary(rounds).min;
}

// Peak memory in bytes that parsing adds to a process; negative when no process could be started.
double memory_of(const std::string& html) {
    const auto peak_of = [](auto&& work) {
        meter::core::drop_blocks();  // what this process keeps for later would not show in the child
        malloc_trim(0);
        const pid_t child = fork();
        if (child == 0) {
            work();
            _exit(0);
        }
        rusage usage{};
        if (child < 0 || wait4(child, nullptr, 0, &usage) != child) return -1.0;
        return static_cast<double>(usage.ru_maxrss) * 1024;
    };
    static const std::string tiny = "<p>x";  // what the first parse of a process takes, whatever the page
    const double idle = peak_of([] { parse_ours(tiny); });
    return peak_of([&] { parse_ours(html); }) - idle;
}

}  // namespace

int main() {
    xmlInitParser();
    std::vector<bench::PageFile> lists, details;
    for (auto& page : bench::real_pages()) {
        const bool is_detail = page.name.starts_with("detail-") || page.name.starts_with("recipe-");
        (is_detail ? details : lists).push_back(std::move(page));
    }
    if (lists.empty()) std::puts("real pages: METER_PAGES is absent, only a made-up list page is measured");
    compare_pages("raw list pages", lists, 5);
    compare_pages("article and product pages", details, 5);
    compare_pages("made-up list page", {{"list", bench::list_page(200)}}, 20);

    constexpr std::size_t measurable = 64u << 10;  // below this the allocator's rounding is most of what is seen
    double bytes = 0, seconds = 0, most = 0;
    for (const auto& page : lists) {
        bytes += static_cast<double>(page.html.size());
        seconds += seconds_of(page.html);
    }
    for (const auto* pages : {&lists, &details})
        for (const auto& page : *pages)
            if (page.html.size() >= measurable)
                most = std::max(most, memory_of(page.html) / static_cast<double>(page.html.size()));
    if (lists.empty()) {
        const std::string page = bench::list_page(200);
        bytes = static_cast<double>(page.size());
        seconds = seconds_of(page);
    }
    const double ordinary = seconds / bytes;
    std::printf("ordinary list pages: %.1f ns a byte, at most %.1f times their size in memory\n\n", ordinary * 1e9,
                most);

    std::puts("hostile input             1 MB ms   2 MB ms   growth   cost/byte   memory/byte");
    for (const auto& family : bench::hostile_families()) {
        const std::string once = family.make(1'000'000), twice = family.make(2'000'000);
        const double a = seconds_of(once), b = seconds_of(twice);
        std::printf("%-25s %7.1f   %7.1f   %6.2f   %9.2f   %11.1f%s\n", family.name, a * 1e3, b * 1e3, b / a,
                    b / static_cast<double>(twice.size()) / ordinary,
                    memory_of(twice) / static_cast<double>(twice.size()), parse_ours(twice) ? "" : "   too_large");
    }
}
