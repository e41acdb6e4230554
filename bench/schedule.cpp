// Schedules: what 10,000 idle ones take, how long a tick over 10,000 due ones is, and how late runs start with 1,000
// schedules a minute. Arguments: directory for new database files, seconds to look at starts.
#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "measure.hpp"
#include "meter/engine.hpp"
#include "meter/json.hpp"
#include "meter/testing/manual_clock.hpp"

namespace {

using namespace std::chrono_literals;

constexpr int many = 10'000;
constexpr int a_minute = 1'000;

/// Notes when each page was asked for; may hold everybody back.
class Pages final : public meter::Fetcher {
public:
    meter::Result<meter::Response> fetch(const meter::Request& request, std::stop_token stop) override {
        const meter::TimePoint now = meter::system_clock()->now();
        {
            std::unique_lock lock(mutex_);
            starts_.push_back({request.url, now});
            opened_.wait(lock, stop, [this] { return open_; });
        }
        meter::Response response;
        response.status = 200;
        response.url = request.url;
        response.headers = {{"content-type", "text/html; charset=utf-8"}};
        response.body = "<title>Page</title><p class=item><a href=/end>In stock</a>";
        response.wire_bytes = response.body.size();
        return response;
    }

    void open(bool open) {
        const std::lock_guard lock(mutex_);
        open_ = open;
        opened_.notify_all();
    }

    std::vector<std::pair<std::string, meter::TimePoint>> starts() {
        const std::lock_guard lock(mutex_);
        return starts_;
    }

private:
    std::mutex mutex_;
    std::condition_variable_any opened_;
    bool open_ = true;
    std::vector<std::pair<std::string, meter::TimePoint>> starts_;
};

std::unique_ptr<meter::Engine> open_engine(const std::string& file, std::shared_ptr<meter::Clock> clock,
                                           std::shared_ptr<Pages> pages) {
    return meter::Engine::open({.store = meter::open_store("sqlite:" + file).value(),
                                .fetcher = std::move(pages),
                                .clock = std::move(clock),
                                .jobs = {.workers = 16, .max_pending = 2 * many}})
        .value();
}

std::string add_strategy(meter::Engine& engine) {
    const auto plan = meter::parse_json(R"({"container":{"selector":".item"},"fields":{"name":{"selector":"a"}}})");
    return engine
        .create_strategy({.url = "https://bench.test/", .description = {}, .name = "Bench", .strategy = plan.value()})
        .value()
        .strategy_id;
}

meter::Schedule add_schedule(meter::Engine& engine, const std::string& strategy, int number, std::int64_t seconds) {
    return engine
        .create_schedule({.strategy_id = strategy,
                          .url = "https://bench.test/" + std::to_string(number),
                          .interval_seconds = seconds})
        .value();
}

void idle_and_due(const std::string& file) {
    const auto clock = std::make_shared<meter::testing::ManualClock>(meter::system_clock()->now());
    const auto pages = std::make_shared<Pages>();
    const auto engine = open_engine(file, clock, pages);
    const std::string strategy = add_strategy(*engine);
    pages->open(false);
    (void)add_schedule(*engine, strategy, 0, 86'400);
    const double before = bench::resident_mib();
    for (int i = 1; i < many; ++i) (void)add_schedule(*engine, strategy, i, 86'400);
    std::printf("%d schedules\n", many);
    std::printf("  idle, resident memory                  %9.1f MiB (limit 10)\n", bench::resident_mib() - before);

    const double start = bench::wall_seconds();
    clock->advance(24h);
    for (auto counts = engine->store().jobs().counts().value(); counts.pending + counts.running < many;
         counts = engine->store().jobs().counts().value())
        std::this_thread::sleep_for(1ms);
    std::printf("  all due at once, until all have jobs   %9.2f s (limit 2)\n\n", bench::wall_seconds() - start);
}

void starts_of(const std::string& file, int seconds) {
    const auto clock = meter::system_clock();
    const auto pages = std::make_shared<Pages>();
    const auto engine = open_engine(file, clock, pages);
    const std::string strategy = add_strategy(*engine);
    std::vector<meter::TimePoint> first;
    for (int i = 0; i < a_minute; ++i) {
        first.push_back(add_schedule(*engine, strategy, i, 60).next_run_at.value());
        std::this_thread::sleep_for(std::chrono::milliseconds(60'000 / a_minute));  // spread over the minute
    }
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    std::vector<double> late;
    for (const auto& [url, at] : pages->starts()) {
        std::size_t number = 0;
        const std::size_t slash = url.rfind('/') + 1;
        std::from_chars(url.data() + slash, url.data() + url.size(), number);
        const auto since = at - first[number];
        late.push_back(static_cast<double>((since % std::chrono::milliseconds(60'000)).count()));
    }
    if (late.empty()) {
        std::fputs("bench: nothing was due; look for longer than a minute\n", stderr);
        std::exit(1);
    }
    std::sort(late.begin(), late.end());
    std::printf("%d schedules a minute, %zu starts, from the due time to the fetch\n", a_minute, late.size());
    std::printf("  p50 %.0f ms, p99 %.0f ms (limit 250), max %.0f ms\n\n", late[late.size() / 2],
                late[late.size() * 99 / 100], late.back());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 || std::atoi(argv[2]) < 1) {
        std::fputs("usage: bench_schedule DIRECTORY SECONDS\n", stderr);
        return 2;
    }
    idle_and_due(std::string(argv[1]) + "/many.db");
    starts_of(std::string(argv[1]) + "/starts.db", std::atoi(argv[2]));
    return 0;
}
