// Jobs end to end: fetch, extract, hash, store durably; then all of them once more, when nothing has changed.
// Arguments: base URL (pages at BASE/N.html), number of pages, path of a new database file. Prints pages, CPU and wall
// seconds of the first time, CPU seconds of the second, and the most memory either took, as one JSON line.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "measure.hpp"
#include "meter/engine.hpp"
#include "meter/json.hpp"

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("usage: bench_jobs BASE_URL PAGES DATABASE\n", stderr);
        return 2;
    }
    const std::string base = argv[1];
    const int pages = std::atoi(argv[2]);
    const double cpu = bench::cpu_seconds(), wall = bench::wall_seconds();

    auto engine = meter::Engine::open({.store = meter::open_store(std::string("sqlite:") + argv[3]).value(),
                                       .fetch = {.per_host = 16, .allow_private_networks = true},
                                       .jobs = {.workers = 16}})
                      .value();
    const auto plan = meter::parse_json(R"({"container":{"selector":"li.product"},"fields":{
        "name":{"selector":"h2 a"},"url":{"selector":"h2 a","attribute":"href"},"price":{"selector":".price"},
        "image":{"selector":".media img","attribute":"src"},"stock":{"selector":".stock"}}})")
                          .value();
    const auto strategy =
        engine->create_strategy({.url = base + "/0.html", .description = {}, .name = "Bench", .strategy = plan})
            .value();
    std::vector<std::string> urls;
    for (int i = 0; i < pages; ++i) urls.push_back(base + "/" + std::to_string(i) + ".html");
    const auto run_all = [&] {
        const auto batch = engine->submit_batch({.strategy_id = strategy.strategy_id, .urls = urls}).value();
        for (const auto& job : engine->list_jobs({.batch_id = batch.batch_id, .range = {.limit = 1000}}).value())
            (void)engine->wait_for_job(job.job_id, std::chrono::minutes(5)).value();
        auto progress = engine->batch_progress(batch.batch_id).value();
        while (progress.pending + progress.running > 0) {
            std::this_thread::yield();
            progress = engine->batch_progress(batch.batch_id).value();
        }
        return progress.completed;
    };
    const std::int64_t first = run_all();
    const double first_cpu = bench::cpu_seconds() - cpu, first_wall = bench::wall_seconds() - wall;
    const auto first_items = engine->metrics().items_extracted;
    const double again = bench::cpu_seconds();
    const std::int64_t second = run_all();
    const double again_cpu = bench::cpu_seconds() - again;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    engine->stop();
    std::printf("{\"pages\":%lld,\"items\":%llu,\"cpu\":%.4f,\"wall\":%.4f,\"again_cpu\":%.4f,\"peak_mib\":%.1f}\n",
                static_cast<long long>(first), static_cast<unsigned long long>(first_items), first_cpu, first_wall,
                again_cpu, static_cast<double>(usage.ru_maxrss) / 1024);
    return first == pages && second == pages ? 0 : 1;
}
