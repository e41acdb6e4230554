// Workflows against plain jobs: a list with N links, run as list -> details, then the same pages as a batch; and how
// many nodes without work a durable store passes through in a second. Pages are made in the process, so that what is
// compared is the engine. Arguments: number of details, directory for new database files.
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "measure.hpp"
#include "meter/engine.hpp"
#include "meter/json.hpp"

namespace {

constexpr int links_of_a_page = 1'000;

/// "/list/K" links to details K * 1000 to K * 1000 + 999; every other page is a small one.
class MadePages final : public meter::Fetcher {
public:
    meter::Result<meter::Response> fetch(const meter::Request& request, std::stop_token) override {
        meter::Response response;
        response.status = 200;
        response.url = request.url;
        response.headers = {{"content-type", "text/html; charset=utf-8"}};
        const auto list = request.url.find("/list/");
        if (list != std::string::npos) {
            int page = 0;
            std::from_chars(request.url.data() + list + 6, request.url.data() + request.url.size(), page);
            for (int i = 0; i < links_of_a_page; ++i)
                response.body +=
                    "<p class=item><a href=/detail/" + std::to_string(page * links_of_a_page + i) + ">x</a>";
        } else {
            response.body =
                "<title>Detail</title><p class=item><a href=/end>" + request.url + "</a> in stock, $12.00</p>";
        }
        if (request.url.ends_with("/empty")) response.body = "<title>Nothing</title>";
        response.wire_bytes = response.body.size();
        return response;
    }
};

std::unique_ptr<meter::Engine> open_engine(const std::string& file, std::int64_t details) {
    return meter::Engine::open({.store = meter::open_store("sqlite:" + file).value(),
                                .fetcher = std::make_shared<MadePages>(),
                                .jobs = {.workers = 16},
                                .workflows = {.max_node_jobs = details}})
        .value();
}

std::string add_strategy(meter::Engine& engine) {
    const auto plan = meter::parse_json(R"({"container":{"selector":".item"},
        "fields":{"name":{"selector":"a"},"link":{"selector":"a","attribute":"href"}}})")
                          .value();
    return engine
        .create_strategy({.url = "https://bench.test/detail/0", .description = {}, .name = "Bench", .strategy = plan})
        .value()
        .strategy_id;
}

void wait_for(meter::Engine& engine, const meter::WorkflowRun& run) {
    const auto ended = engine.wait_for_workflow_run(run.workflow_id, run.run_id, std::chrono::hours(2)).value();
    if (ended.status == meter::RunStatus::completed) return;
    std::fprintf(stderr, "bench: the run ended %s\n", std::string(meter::to_string(ended.status)).c_str());
    std::exit(1);
}

double workflow_seconds(const std::string& file, int details) {
    const auto engine = open_engine(file, details);
    const std::string strategy = add_strategy(*engine);
    std::vector<std::string> lists;
    for (int page = 0; page < details / links_of_a_page; ++page)
        lists.push_back("https://bench.test/list/" + std::to_string(page));
    meter::WorkflowBuilder flow("Bench");
    flow.start("list", strategy, lists).then("details", strategy, {.url_field = "link"});
    const auto workflow = engine->create_workflow(flow.request()).value();
    const double start = bench::wall_seconds();
    wait_for(*engine, engine->run_workflow(workflow.workflow_id).value());
    return bench::wall_seconds() - start;
}

double jobs_seconds(const std::string& file, int details) {
    const auto engine = open_engine(file, details);
    const std::string strategy = add_strategy(*engine);
    const double start = bench::wall_seconds();
    for (int first = 0; first < details; first += 10'000) {
        std::vector<std::string> urls;
        for (int i = first; i < std::min(first + 10'000, details); ++i)
            urls.push_back("https://bench.test/detail/" + std::to_string(i));
        (void)engine->submit_batch({.strategy_id = strategy, .urls = urls}).value();
    }
    for (auto counts = engine->store().jobs().counts().value(); counts.pending + counts.running > 0;
         counts = engine->store().jobs().counts().value())
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return bench::wall_seconds() - start;
}

/// Nodes a second that pass without a job: a start node that finds nothing, and a long tail behind it.
double transitions_per_second(const std::string& file, int rounds) {
    constexpr int nodes = 500;
    const auto engine = open_engine(file, 10);
    const std::string strategy = add_strategy(*engine);
    meter::WorkflowBuilder flow("Tail");
    auto last = flow.start("n0", strategy, {"https://bench.test/empty"});
    for (int i = 1; i < nodes; ++i) last = last.then("n" + std::to_string(i), strategy, {.url_field = "link"});
    const auto workflow = engine->create_workflow(flow.request()).value();
    const double start = bench::wall_seconds();
    for (int i = 0; i < rounds; ++i) wait_for(*engine, engine->run_workflow(workflow.workflow_id, true).value());
    return (nodes - 1) * rounds / (bench::wall_seconds() - start);
}

}  // namespace

void print(const char* name, const std::vector<double>& samples, const char* unit) {
    const bench::Summary x = bench::summary(samples);
    std::printf("  %-38s %9.2f %9.2f %9.2f %s\n", name, x.min, x.median, x.max, unit);
}

int main(int argc, char** argv) {
    const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
    if (argc < 3 || argc > 4 || std::atoi(argv[1]) < links_of_a_page || rounds < 1) {
        std::fputs("usage: bench_workflow DETAILS DIRECTORY [ROUNDS]   (at least 1000 details)\n", stderr);
        return 2;
    }
    const int details = std::atoi(argv[1]) / links_of_a_page * links_of_a_page;
    const std::string folder = argv[2];
    std::vector<double> flows, batches, wall_ratios, cpu_ratios, passed;
    double peak_mib = 0;
    for (int round = 0; round < rounds; ++round) {
        const std::string name = folder + "/" + std::to_string(round);
        const double start = bench::cpu_seconds();
        const double flow = workflow_seconds(name + "-workflow.db", details);
        const double middle = bench::cpu_seconds();
        if (round == 0) {
            rusage usage{};
            getrusage(RUSAGE_SELF, &usage);
            peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
        }
        const double jobs = jobs_seconds(name + "-jobs.db", details);
        const double end = bench::cpu_seconds();
        flows.push_back(details / flow);
        batches.push_back(details / jobs);
        wall_ratios.push_back(jobs / flow);
        cpu_ratios.push_back((end - middle) / (middle - start));
        passed.push_back(transitions_per_second(name + "-tail.db", 10));
    }
    std::printf(
        "a list with %d links run as list -> details, and the same pages as a batch (%d rounds: min / median / "
        "max)\n",
        details, rounds);
    print("workflow: pages", flows, "a second");
    print("plain jobs: pages", batches, "a second");
    print("workflow / plain jobs, pages a second", wall_ratios, "");
    print("plain jobs / workflow, CPU time", cpu_ratios, "");
    print("nodes without work", passed, "a second");
    std::printf("  %-38s %9.1f MiB\n\n", "peak memory of the first workflow", peak_mib);
    return 0;
}
