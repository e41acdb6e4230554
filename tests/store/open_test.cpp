#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include "meter/store.hpp"
#include "store/contract/report.hpp"
#include "store/sql/migrations.hpp"
#include "temporary_folder.hpp"

namespace meter {
namespace {

std::string bytes_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Strategy stored_strategy(Store& store, std::int64_t number) {
    const Strategy strategy = testing::sample_strategy("acme", number);
    store.strategies().insert(strategy, testing::sample_event(strategy, "created", number), std::nullopt, "").value();
    return strategy;
}

}  // namespace

TEST_SUITE("store.open") {
    TEST_CASE("a store URL that names no back end is refused, and what follows the scheme is not repeated") {
        struct Row {
            std::string_view url;
            ErrorCode code;
        };
        using namespace std::string_view_literals;
        for (const Row& row :
             {Row{"", ErrorCode::invalid_argument}, Row{"meter.db", ErrorCode::invalid_argument},
              Row{"sqlite", ErrorCode::invalid_argument}, Row{"sqlite:", ErrorCode::invalid_argument},
              Row{"sqlite:a\0b"sv, ErrorCode::invalid_argument}, Row{"memory", ErrorCode::invalid_argument},
              Row{"memory:secret", ErrorCode::invalid_argument}, Row{"SQLite:a.db", ErrorCode::invalid_argument},
              Row{"mysql://u:secret@h/d", ErrorCode::invalid_argument},
              Row{"postgresql://u:secret@h/d", ErrorCode::unsupported},
              Row{"postgres://u:secret@h/d", ErrorCode::unsupported}}) {
            CAPTURE(row.url);
            const auto store = open_store(row.url);
            REQUIRE_FALSE(store);
            CHECK(store.error().code == row.code);
            CHECK(store.error().message.find("secret") == std::string::npos);
            CHECK(store.error().subject.find("secret") == std::string::npos);
        }
        CHECK(open_store("postgresql://x").error().message == "PostgreSQL is not part of this build");
    }

    TEST_CASE("options out of range are refused by name") {
        using namespace std::chrono_literals;
        CHECK(open_store("memory:", {.busy_timeout = -1ms}).error().subject == "busy_timeout");
        CHECK(open_store("memory:", {.busy_timeout = 600'001ms}).error().subject == "busy_timeout");
        CHECK(open_store("memory:", {.read_connections = 0}).error().subject == "read_connections");
        CHECK(open_store("memory:", {.read_connections = 65}).error().subject == "read_connections");
    }

    TEST_CASE("stores in memory share nothing") {
        const auto first = open_store("memory:").value();
        const auto second = open_store("memory:").value();
        const Strategy strategy = stored_strategy(*first, 1);
        CHECK_FALSE(second->strategies().find("acme", strategy.strategy_id).value());
    }

    TEST_CASE("a file that cannot be a database is refused by name") {
        const tests::TemporaryFolder folder;
        const auto absent = open_store(folder.url("absent/meter.db"));
        REQUIRE_FALSE(absent);
        CHECK(absent.error().code == ErrorCode::store);
        CHECK(absent.error().message.find(folder.file("absent")) != std::string::npos);
        CHECK_FALSE(std::filesystem::exists(folder.file("absent")));

        std::filesystem::create_directory(folder.file("folder"));
        const auto directory = open_store(folder.url("folder"));
        REQUIRE_FALSE(directory);
        CHECK(directory.error().code == ErrorCode::store);
        CHECK(directory.error().subject == folder.file("folder"));

        const std::string text(4'096, 'x');
        std::ofstream(folder.file("text")) << text;
        const auto no_database = open_store(folder.url("text"));
        REQUIRE_FALSE(no_database);
        CHECK(no_database.error().code == ErrorCode::store);
        CHECK(no_database.error().subject == folder.file("text"));
        CHECK(bytes_of(folder.file("text")) == text);
    }

    TEST_CASE("another program's database is left alone") {
        const tests::TemporaryFolder folder;
        SQLite::Database(folder.file("other.db"), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
            .exec("CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('a')");
        const std::string before = bytes_of(folder.file("other.db"));
        const auto store = open_store(folder.url("other.db"));
        REQUIRE_FALSE(store);
        CHECK(store.error().code == ErrorCode::store);
        CHECK(store.error().message.find("another program") != std::string::npos);
        CHECK(bytes_of(folder.file("other.db")) == before);
    }

    TEST_CASE("a newer schema is refused and its file keeps every byte") {
        const tests::TemporaryFolder folder;
        const std::string file = folder.file("meter.db");
        stored_strategy(*open_store(folder.url("meter.db")).value(), 1);
        SUBCASE("closed by the newer program") {
            SQLite::Database(file, SQLite::OPEN_READWRITE)
                .exec("INSERT INTO schema_migrations (version, name) VALUES (9999, 'from the future')");
        }
        SUBCASE("with a log that a crash left behind") {
            // A copy of an open database is what a crash leaves.
            SQLite::Database newer(file, SQLite::OPEN_READWRITE);
            newer.exec("INSERT INTO schema_migrations (version, name) VALUES (9999, 'from the future')");
            std::filesystem::copy_file(file, folder.file("crashed.db"));
            std::filesystem::copy_file(file + "-wal", folder.file("crashed.db-wal"));
        }
        const std::string name = std::filesystem::exists(folder.file("crashed.db")) ? "crashed.db" : "meter.db";
        const std::string before = bytes_of(folder.file(name));
        const std::string log_before = bytes_of(folder.file(name + "-wal"));
        const auto store = open_store(folder.url(name));
        REQUIRE_FALSE(store);
        CHECK(store.error().code == ErrorCode::unsupported);
        CHECK(store.error().message.find("9999") != std::string::npos);
        CHECK(store.error().subject == folder.file(name));
        CHECK(bytes_of(folder.file(name)) == before);
        CHECK(bytes_of(folder.file(name + "-wal")) == log_before);
    }

    TEST_CASE("a new file is readable by its owner only, its log too") {
        const tests::TemporaryFolder folder;
        const mode_t old_mask = ::umask(0);
        const auto store = open_store(folder.url("meter.db")).value();
        stored_strategy(*store, 1);
        ::umask(old_mask);
        for (const char* suffix : {"", "-wal", "-shm"}) {
            CAPTURE(suffix);
            struct stat status {};
            REQUIRE(::stat(folder.file(std::string("meter.db") + suffix).c_str(), &status) == 0);
            CHECK((status.st_mode & 0777) == 0600);
        }
    }

    TEST_CASE("odd file names are file names") {
        const tests::TemporaryFolder folder;
        for (const std::string_view name : {":memory:", "file:x?mode=memory", "a b%20c.db", "-x"}) {
            CAPTURE(name);
            stored_strategy(*open_store(folder.url(name)).value(), 1);
            CHECK(std::filesystem::exists(folder.file(name)));
        }
    }

    TEST_CASE("a store that is opened again has everything") {
        const tests::TemporaryFolder folder;
        testing::ContractReport report("reopen");
        std::vector<Job> jobs;
        std::optional<Baseline> baseline;
        BaselineKey key;
        {
            const auto store = open_store(folder.url("meter.db")).value();
            const Strategy strategy = stored_strategy(*store, 1);
            for (int i = 0; i < 20; ++i) testing::add_job(report, *store, strategy, 10 + i);
            const auto done = testing::claim(report, *store, 100);
            auto completion = testing::sample_completion(done, "hash");
            completion.new_baseline = testing::sample_baseline(done, "hash");
            key = completion.key;
            CHECK(store->jobs().complete(completion).value());
            testing::claim(report, *store, 100);
            jobs = store->jobs().list("acme", {.range = {.limit = 1'000}}).value();
            baseline = store->jobs().find_baseline(key).value();
        }
        CHECK_FALSE(std::filesystem::exists(folder.file("meter.db-wal")));
        const auto store = open_store(folder.url("meter.db")).value();
        CHECK(jobs.size() == 20);
        CHECK(store->jobs().list("acme", {.range = {.limit = 1'000}}).value() == jobs);
        CHECK(store->jobs().find_baseline(key).value() == baseline);
        CHECK(store->jobs().counts()->running == 1);
        CHECK(store->jobs().sweep(testing::moment(10'000), 2)->requeued == 1);
        CHECK(store->check().value().empty());
        CHECK(report.violations().empty());
    }

    TEST_CASE("several processes may have the file open, and see each other's writes") {
        const tests::TemporaryFolder folder;
        const auto first = open_store(folder.url("meter.db")).value();
        const auto second = open_store(folder.url("meter.db")).value();
        const Strategy strategy = stored_strategy(*first, 1);
        CHECK(second->strategies().find("acme", strategy.strategy_id).value() == strategy);
        std::atomic<int> failed{0};
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread)
            threads.emplace_back([&, thread] {
                auto& store = thread % 2 == 0 ? *first : *second;
                for (int i = 0; i < 50; ++i)
                    failed += !store.jobs()
                                   .insert({testing::sample_job(strategy, 100 + thread * 1'000 + i)}, std::nullopt)
                                   .has_value();
            });
        threads.clear();
        CHECK(failed == 0);
        CHECK(first->jobs().counts()->pending == 200);
        CHECK(second->check().value().empty());
    }

    TEST_CASE("a file that several open at once for the first time gets one schema") {
        const tests::TemporaryFolder folder;
        std::atomic<int> failed{0};
        testing::in_parallel(8, [&](int) { failed += !open_store(folder.url("meter.db")).has_value(); });
        CHECK(failed == 0);
        CHECK(open_store(folder.url("meter.db")).value()->check().value().empty());
    }

    TEST_CASE("a lock that another process keeps is an error that may pass") {
        const tests::TemporaryFolder folder;
        const auto store = open_store(folder.url("meter.db"), {.busy_timeout = std::chrono::milliseconds{0}}).value();
        const Strategy strategy = stored_strategy(*store, 1);
        SQLite::Database other(folder.file("meter.db"), SQLite::OPEN_READWRITE);
        other.exec("BEGIN IMMEDIATE");
        const auto refused = store->jobs().insert({testing::sample_job(strategy, 10)}, std::nullopt);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::store);
        CHECK(refused.error().retryable);
        CHECK_FALSE(store->ping());
        CHECK(store->strategies().find("acme", strategy.strategy_id).value().has_value());  // readers go on
        other.exec("ROLLBACK");
        CHECK(store->ping());
        CHECK(store->jobs().insert({testing::sample_job(strategy, 10)}, std::nullopt));
    }

    TEST_CASE("a disk that is full is an error that may pass, and nothing acknowledged is lost") {
        const tests::TemporaryFolder folder;
        const auto store = open_store(folder.url("meter.db")).value();
        const Strategy strategy = stored_strategy(*store, 1);
        // A limit on the size of files is the full disk that a test can have.
        const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
        rlimit limit{};
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
        const rlim_t old_limit = limit.rlim_cur;
        limit.rlim_cur = std::filesystem::file_size(folder.file("meter.db-wal")) + 256 * 1024;
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
        std::int64_t stored = 0;
        Result<void> last;
        while (stored < 10'000 &&
               (last = store->jobs().insert({testing::sample_job(strategy, 100 + stored)}, std::nullopt)))
            ++stored;
        int pings = 0;  // one page each: a few may still fit
        while (pings < 1'000 && store->ping()) ++pings;
        limit.rlim_cur = old_limit;
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
        std::signal(SIGXFSZ, old_handler);

        REQUIRE_FALSE(last);
        CHECK(last.error().code == ErrorCode::store);
        CHECK(last.error().retryable);
        CHECK(pings < 1'000);
        CHECK(store->ping());
        CHECK(stored > 0);
        CHECK(store->jobs().counts()->pending == stored);
        CHECK(store->jobs().insert({testing::sample_job(strategy, 100 + stored)}, std::nullopt));
        CHECK(store->check().value().empty());
    }

    TEST_CASE("check() names damage instead of failing") {
        const tests::TemporaryFolder folder;
        {
            const auto store = open_store(folder.url("meter.db")).value();
            const Strategy strategy = stored_strategy(*store, 1);
            testing::ContractReport report("check");
            for (int i = 0; i < 200; ++i) testing::add_job(report, *store, strategy, 10 + i);
        }
        SUBCASE("a page overwritten") {
            std::fstream file(folder.file("meter.db"), std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(-6 * 4'096, std::ios::end);
            file << std::string(3 * 4'096, '\x55');
        }
        SUBCASE("a row that refers to nothing") {
            SQLite::Database raw(folder.file("meter.db"), SQLite::OPEN_READWRITE);
            raw.exec("PRAGMA foreign_keys = OFF; DELETE FROM strategies");
        }
        SUBCASE("a counter that is wrong") {
            SQLite::Database(folder.file("meter.db"), SQLite::OPEN_READWRITE).exec("UPDATE job_totals SET pending = 7");
        }
        SUBCASE("a completed job without results") {
            SQLite::Database(folder.file("meter.db"), SQLite::OPEN_READWRITE)
                .exec("UPDATE jobs SET status = 'completed'; UPDATE job_totals SET pending = 0");
        }
        const auto findings = open_store(folder.url("meter.db"), {.refuse_damaged = false}).value()->check();
        if (!findings) MESSAGE(findings.error().message);
        REQUIRE(findings);
        CHECK_FALSE(findings->empty());
    }

    TEST_CASE("a stored word that nobody wrote is an error, not a guess") {
        const tests::TemporaryFolder folder;
        const auto store = open_store(folder.url("meter.db")).value();
        const Strategy strategy = stored_strategy(*store, 1);
        SQLite::Database(folder.file("meter.db"), SQLite::OPEN_READWRITE)
            .exec("UPDATE strategies SET scraper_type = 'ftp'");
        const auto found = store->strategies().find("acme", strategy.strategy_id);
        REQUIRE_FALSE(found);
        CHECK(found.error().code == ErrorCode::store);
        CHECK(found.error().subject == "ftp");
    }

    TEST_CASE("jobs that name another batch than theirs are refused") {
        const auto store = open_store("memory:").value();
        const Strategy strategy = stored_strategy(*store, 1);
        Job job = testing::sample_job(strategy, 10);
        job.batch_id = testing::sample_id(100);
        CHECK(store->jobs().insert({job}, std::nullopt).error().code == ErrorCode::invalid_argument);
        CHECK(store->jobs().counts()->pending == 0);
    }
}

}  // namespace meter
