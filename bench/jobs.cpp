// Jobs end to end: fetch, extract, hash, store durably; then all of them once more, when nothing has changed.
// Arguments: base URL (1,000 pages at BASE/N.html, or as many as asked for), number of pages, path of a new database
// file, connections (16). Prints pages, CPU and wall seconds of the first time, CPU seconds of the second, and memory:
// what stays after each of them, and the most that either took, as one JSON line.
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "measure.hpp"
#include "meter/engine.hpp"
#include "meter/json.hpp"

namespace {

constexpr int at_once = 1'000;  // jobs of one batch, and pages of the site

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4 && argc != 5) {
        std::fputs("usage: bench_jobs BASE_URL PAGES DATABASE [CONNECTIONS]\n", stderr);
        return 2;
    }
    const std::string base = argv[1];
    const int pages = std::atoi(argv[2]);
    const int connections = argc == 5 ? std::atoi(argv[4]) : 16;
    const double cpu = bench::cpu_seconds(), wall = bench::wall_seconds();
    mallopt(M_MMAP_THRESHOLD, 128 << 10);  // as meter-server does
    mallopt(M_TRIM_THRESHOLD, 256 << 10);
    mallopt(M_ARENA_MAX, 8);
    (void)meter::disable_sqlite_memory_statistics();

    auto engine = meter::Engine::open({.store = meter::open_store(std::string("sqlite:") + argv[3]).value(),
                                       .fetch = {.per_host = connections, .allow_private_networks = true},
                                       .jobs = {.workers = connections}})
                      .value();
    const auto plan = meter::parse_json(R"({"container":{"selector":"li.product"},"fields":{
        "name":{"selector":"h2 a"},"url":{"selector":"h2 a","attribute":"href"},"price":{"selector":".price"},
        "image":{"selector":".media img","attribute":"src"},"stock":{"selector":".stock"}}})")
                          .value();
    const auto strategy =
        engine->create_strategy({.url = base + "/0.html", .description = {}, .name = "Bench", .strategy = plan})
            .value();
    std::int64_t jobs = 0;
    const auto run_all = [&] {
        std::int64_t completed = 0;
        for (int from = 0; from < pages; from += at_once) {
            std::vector<std::string> urls;
            for (int i = from; i < std::min(from + at_once, pages); ++i)
                urls.push_back(base + "/" + std::to_string(i % at_once) + ".html" +
                               (from > 0 ? "?" + std::to_string(from) : ""));
            const auto batch = engine->submit_batch({.strategy_id = strategy.strategy_id, .urls = urls}).value();
            auto progress = engine->batch_progress(batch.batch_id).value();
            for (; progress.pending + progress.running > 0; progress = engine->batch_progress(batch.batch_id).value())
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            completed += progress.completed;
        }
        // Workers count a job after it is stored.
        for (jobs += completed; engine->metrics().jobs_completed < static_cast<std::uint64_t>(jobs);)
            std::this_thread::yield();
        return completed;
    };
    const std::int64_t first = run_all();
    const double first_cpu = bench::cpu_seconds() - cpu, first_wall = bench::wall_seconds() - wall;
    const auto first_items = engine->metrics().items_extracted;
    const double first_mib = bench::resident_mib();
    const double again = bench::cpu_seconds();
    const std::int64_t second = run_all();
    const double again_cpu = bench::cpu_seconds() - again;
    const double again_mib = bench::resident_mib();
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    engine->stop();
    std::printf(
        "{\"pages\":%lld,\"items\":%llu,\"cpu\":%.4f,\"wall\":%.4f,\"again_cpu\":%.4f,\"first_mib\":%.2f,"
        "\"again_mib\":%.2f,\"peak_mib\":%.2f}\n",
        static_cast<long long>(first), static_cast<unsigned long long>(first_items), first_cpu, first_wall, again_cpu,
        first_mib, again_mib, static_cast<double>(usage.ru_maxrss) / 1024);
    return first == pages && second == pages ? 0 : 1;
}
