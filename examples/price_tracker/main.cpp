// price_tracker [--store FILE] watch URL [SECONDS] | list | run | --self-check
//
// Watches pages of shops and prints a feed of what changes. `run` goes on until it is interrupted; what it has seen is
// in the store, so it may be stopped and started at will.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "self_check.hpp"
#include "tracker.hpp"

namespace {

std::atomic<bool> interrupted{false};

int fail(const meter::Error& error) {
    std::cerr << "price_tracker: " << error.message << '\n';
    return 1;
}

int run(PriceTracker& tracker) {
    std::signal(SIGINT, [](int) { interrupted = true; });
    std::signal(SIGTERM, [](int) { interrupted = true; });
    while (!interrupted) {
        const auto news = tracker.news();
        if (!news) return fail(news.error());
        for (const auto& event : *news) std::cout << to_text(event) << std::endl;
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    tracker.engine().stop(std::chrono::seconds(5));
    return 0;
}

int usage() {
    std::cerr << "price_tracker [--store FILE] watch URL [SECONDS] | list | run | --self-check\n";
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    std::string store = "prices.db";
    if (words.size() >= 2 && words[0] == "--store") {
        store = words[1];
        words.erase(words.begin(), words.begin() + 2);
    }
    if (words.empty()) return usage();
    if (words[0] == "--self-check") return self_check();

    auto opened = meter::open_store("sqlite:" + store);
    if (!opened) return fail(opened.error());
    meter::EngineOptions options;
    options.store = *std::move(opened);
    if (words[0] != "run") options.jobs.workers = 0;  // one that only looks leaves the work to the one that runs
    auto tracker = PriceTracker::open(std::move(options));
    if (!tracker) return fail(tracker.error());

    if (words[0] == "watch" && words.size() >= 2) {
        const long seconds = words.size() > 2 ? std::strtol(words[2].c_str(), nullptr, 10) : 3600;
        const auto page = tracker->watch(words[1], std::chrono::seconds(seconds));
        if (!page) return fail(page.error());
        std::cout << "watching " << page->url << '\n';
        return 0;
    }
    if (words[0] == "list") {
        const auto pages = tracker->pages();
        if (!pages) return fail(pages.error());
        for (const auto& page : *pages) std::cout << page.health << "  " << page.url << '\n';
        return 0;
    }
    return words[0] == "run" ? run(*tracker) : usage();
}
