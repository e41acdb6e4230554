// Making plans for real pages: time and memory against parsing the same page with bare libxml2.
#include <libxml/HTMLparser.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "measure.hpp"
#include "meter/generator.hpp"
#include "meter/json.hpp"

namespace {

struct Case {
    std::string name, html, url, description;
};

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Case> real_cases() {
    const char* set = std::getenv("METER_PAGES");
    const auto folder = std::filesystem::path(set != nullptr ? set : "../shared/pages") / "cases";
    std::vector<Case> cases;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
        const auto about = meter::parse_json(text_of(entry.path() / "case.json"));
        if (!about) continue;
        cases.push_back({entry.path().filename().string(), text_of(entry.path() / "page.html"),
                         *about->find("url")->if_string(), *about->find("description")->if_string()});
    }
    return cases;
}

void generate(const Case& page) {
    [[maybe_unused]] const bool made = meter::generate_strategy(page.html, page.url, page.description).has_value();
}

void parse_theirs(const Case& page) {
    xmlFreeDoc(htmlReadMemory(page.html.data(), static_cast<int>(page.html.size()), nullptr, "UTF-8",
                              HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING));
}

template <class Work>
double best_of_five(Work&& work) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
        const double start = bench::cpu_seconds();
        work();
        best = std::min(best, bench::cpu_seconds() - start);
    }
    return best;
}

/// Peak memory that making the plan adds to a process, in bytes; negative when no process could be started.
double memory_of(const Case& page) {
    const auto peak_of = [](auto&& work) {
        const pid_t child = fork();
        if (child == 0) {
            work();
            _exit(0);
        }
        rusage usage{};
        if (child < 0 || wait4(child, nullptr, 0, &usage) != child) return -1.0;
        return static_cast<double>(usage.ru_maxrss) * 1024;
    };
    static const Case tiny{"", "<ul><li>One thing<li>Another<li>A third</ul>", "https://x.test/", "names"};
    const double idle = peak_of([] { generate(tiny); });  // tables of words are made once, whatever the page
    return peak_of([&] { generate(page); }) - idle;
}

}  // namespace

int main() {
    xmlInitParser();
    const std::vector<Case> cases = real_cases();
    if (cases.empty()) return std::puts("making plans: METER_PAGES is absent, nothing is measured"), 0;
    constexpr std::size_t measurable = 64u << 10;  // below this the allocator's rounding is most of what is seen
    std::vector<double> times, ratios, memory;
    for (const Case& page : cases) {
        generate(page);
        const double ours = best_of_five([&] { generate(page); });
        const double theirs = best_of_five([&] { parse_theirs(page); });
        times.push_back(ours * 1e3);
        ratios.push_back(ours / theirs);
        if (page.html.size() >= measurable) memory.push_back(memory_of(page) / static_cast<double>(page.html.size()));
    }
    std::sort(times.begin(), times.end());
    const bench::Summary ratio = bench::summary(ratios);
    std::printf("plans for %zu real pages (CPU time, best of five)\n", cases.size());
    std::printf("  make a plan: median / p95 / max     %9.2f %9.2f %9.2f ms\n", times[times.size() / 2],
                times[times.size() * 95 / 100], times.back());
    std::printf("  times libxml2's parse: min / median / max %3.2f %9.2f %9.2f\n", ratio.min, ratio.median, ratio.max);
    if (!memory.empty()) {
        const bench::Summary grown = bench::summary(memory);
        std::printf("  memory, times the page: min / median / max %3.1f %8.1f %9.1f\n\n", grown.min, grown.median,
                    grown.max);
    }
}
