// kill -9 of a process that writes: what it was told is stored must be there.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <thread>

#include "meter/store.hpp"
#include "store/contract/report.hpp"
#include "temporary_folder.hpp"

extern char** environ;

namespace meter {
namespace {

constexpr int report_descriptor = 9;
constexpr int child_threads = 4;

/// One line per acknowledged write; shorter than PIPE_BUF, so lines of several threads do not mix.
void report_line(const std::string& line) {
    if (::write(report_descriptor, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(3);
}

/// Writes until it is killed: a job, then a claim and its completion.
void write_forever(Store& store, std::int64_t first_number) {
    const Strategy strategy = testing::sample_strategy("acme", 1);
    for (std::int64_t number = first_number;; ++number) {
        const Job job = testing::sample_job(strategy, number);
        store.jobs().insert({job}, std::nullopt).value();
        report_line("job " + job.job_id + "\n");
        const auto claimed = store.jobs().claim_next(testing::moment(number), std::chrono::seconds{1}, "w").value();
        if (!claimed) continue;
        auto completion = testing::sample_completion(*claimed, "hash of " + claimed->job.job_id);
        for (;;) {  // until no other thread has moved the baseline meanwhile
            const auto baseline = store.jobs().find_baseline(completion.key).value();
            completion.expected_baseline = baseline ? std::optional(baseline->job_id) : std::nullopt;
            completion.new_baseline = testing::sample_baseline(*claimed, completion.content_hash);
            const auto completed = store.jobs().complete(completion);
            if (completed) break;
            if (completed.error().code != ErrorCode::conflict) std::_Exit(4);
        }
        report_line("completed " + claimed->job.job_id + "\n");
    }
}

pid_t start_writer(const std::string& url, std::int64_t first_number, int report) {
    ::setenv("METER_TEST_CRASH_STORE", url.c_str(), 1);
    ::setenv("METER_TEST_CRASH_NUMBER", std::to_string(first_number).c_str(), 1);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, report, report_descriptor);
    std::string program = "/proc/self/exe";
    std::string suite = "--test-case=the writer that is killed*";
    std::string no_skip = "--no-skip";
    char* arguments[] = {program.data(), suite.data(), no_skip.data(), nullptr};
    pid_t process = -1;
    const int failed = ::posix_spawn(&process, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    ::unsetenv("METER_TEST_CRASH_STORE");
    ::unsetenv("METER_TEST_CRASH_NUMBER");
    return failed == 0 ? process : -1;
}

struct Report {
    std::string text;
    std::size_t lines = 0;

    /// Reads what is there; false at the end.
    bool read_more(int descriptor) {
        char buffer[4'096];
        const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
        if (count <= 0) return false;
        text.append(buffer, static_cast<std::size_t>(count));
        lines += static_cast<std::size_t>(std::count(buffer, buffer + count, '\n'));
        return true;
    }
};

}  // namespace

TEST_SUITE("store.crash") {
    TEST_CASE("the writer that is killed (started by the next case)" * doctest::skip()) {
        const char* url = std::getenv("METER_TEST_CRASH_STORE");
        const char* number = std::getenv("METER_TEST_CRASH_NUMBER");
        if (url == nullptr || number == nullptr) return;
        const auto store = open_store(url).value();
        std::vector<std::jthread> threads;
        for (int i = 0; i < child_threads; ++i)
            threads.emplace_back([&, first = std::atoll(number) + i * 1'000'000] { write_forever(*store, first); });
    }

    TEST_CASE("kill -9 loses nothing that was acknowledged and leaves no damage") {
        const tests::TemporaryFolder folder;
        const std::string url = folder.url("meter.db");
        {
            const auto store = open_store(url).value();
            const Strategy strategy = testing::sample_strategy("acme", 1);
            store->strategies()
                .insert(strategy, testing::sample_event(strategy, "created", 1), std::nullopt, "")
                .value();
        }
        for (int round = 0; round < 6; ++round) {
            CAPTURE(round);
            int ends[2];
            REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
            const pid_t writer = start_writer(url, 100'000'000LL * (round + 1), ends[1]);
            ::close(ends[1]);
            REQUIRE(writer > 0);
            Report report;
            while (report.lines < 40u + 70u * static_cast<unsigned>(round) && report.read_more(ends[0])) {
            }
            ::kill(writer, SIGKILL);
            int status = 0;
            ::waitpid(writer, &status, 0);
            CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
            while (report.read_more(ends[0])) {
            }
            ::close(ends[0]);
            CHECK(report.lines >= 40);

            const auto store = open_store(url).value();
            std::istringstream lines(report.text);
            std::string what;
            std::string job_id;
            while (lines >> what >> job_id) {
                const auto job = store->jobs().find("acme", job_id).value();
                REQUIRE(job.has_value());
                if (what != "completed") continue;
                REQUIRE(job->status == JobStatus::completed);
                REQUIRE(job->results.has_value());
                REQUIRE(job->content_hash == "hash of " + job_id);
            }
            CHECK(store->check().value().empty());
            // What was running goes on: at most one job of each thread.
            const auto swept = store->jobs().sweep(testing::moment(1'000'000'000'000), 100).value();
            CHECK(swept.requeued <= child_threads);
        }
    }
}

}  // namespace meter
