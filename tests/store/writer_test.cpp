#include "store/sqlite/writer.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "store/sql/columns.hpp"
#include "store/sqlite/file_database.hpp"
#include "temporary_folder.hpp"

namespace meter {
namespace {

struct Fixture {
    tests::TemporaryFolder folder;
    std::unique_ptr<sqlite::FileDatabase> database =
        sqlite::FileDatabase::open(folder.file("w.db"), StoreOptions{}).value();
    sqlite::Writer& writer = database->writer();

    Fixture() {
        write([](sql::Connection& connection) -> Result<void> {
            connection.script("CREATE TABLE numbers (number BIGINT NOT NULL PRIMARY KEY, filling TEXT)");
            return {};
        }).value();
    }
    Result<void> write(const sql::Database::Work& work) { return writer.run("test", work); }
    Result<void> insert(std::int64_t number) {
        return write([&](sql::Connection& connection) -> Result<void> {
            connection.run("INSERT INTO numbers (number) VALUES ($1)", {number});
            return {};
        });
    }
    std::int64_t count() {
        return database
            ->read("test",
                   [](sql::Connection& connection) -> Result<std::int64_t> {
                       return *sql::find_row<std::int64_t>(connection, "SELECT COUNT(*) FROM numbers", {},
                                                           [](sql::Columns& columns) { return columns.integer(); });
                   })
            .value();
    }
    /// Starts the works at once, each on a thread of its own, behind a write that ends when all of them wait: they are
    /// one group with it.
    std::vector<Result<void>> write_in_one_group(const std::vector<sql::Database::Work>& works) {
        std::vector<Result<void>> outcomes(works.size());
        std::atomic<bool> holding{false};
        std::vector<std::jthread> threads;
        threads.emplace_back([&] {
            (void)write([&](sql::Connection&) -> Result<void> {
                if (holding.exchange(true)) return {};  // run again, alone: nobody waits behind it
                holding.notify_one();
                while (writer.stats().queued < works.size()) std::this_thread::yield();
                return {};
            });
        });
        holding.wait(false);
        for (std::size_t i = 0; i < works.size(); ++i) threads.emplace_back([&, i] { outcomes[i] = write(works[i]); });
        threads.clear();
        return outcomes;
    }
};

sql::Database::Work inserting(std::int64_t number, std::string_view filling = {}) {
    return [=](sql::Connection& connection) -> Result<void> {
        connection.run("INSERT INTO numbers (number, filling) VALUES ($1, $2)", {number, filling});
        return {};
    };
}

}  // namespace

TEST_SUITE("store.writer") {
    TEST_CASE("writes that wait together share one transaction") {
        Fixture fixture;
        const auto before = fixture.writer.stats();
        std::vector<sql::Database::Work> works;
        for (int i = 0; i < 16; ++i) works.push_back(inserting(i));
        for (const auto& outcome : fixture.write_in_one_group(works)) CHECK(outcome);
        CHECK(fixture.count() == 16);
        const auto after = fixture.writer.stats();
        CHECK(after.writes - before.writes == 17);
        CHECK(after.groups - before.groups == 1);
    }

    TEST_CASE("a group ends, and the next begins, when it is large") {
        Fixture fixture;
        const auto before = fixture.writer.stats();
        const std::string filling(3 << 20, 'x');
        std::vector<sql::Database::Work> works;
        for (int i = 0; i < 8; ++i) works.push_back(inserting(i, filling));
        for (const auto& outcome : fixture.write_in_one_group(works)) CHECK(outcome);
        CHECK(fixture.writer.stats().groups - before.groups == 4);  // two reach 4 MiB
    }

    TEST_CASE("a write that fails takes no other with it and leaves nothing behind") {
        Fixture fixture;
        fixture.insert(1'000).value();
        std::vector<sql::Database::Work> works;
        for (int i = 0; i < 16; ++i)
            works.push_back([i](sql::Connection& connection) -> Result<void> {
                connection.run("INSERT INTO numbers (number) VALUES ($1)", {i});
                if (i % 4 == 1) connection.run("INSERT INTO numbers (number) VALUES (1000)");  // is there already
                if (i % 4 == 2) return Error{ErrorCode::not_found, "not wanted"};
                if (i % 4 == 3) throw std::runtime_error("broken");
                return {};
            });
        const auto outcomes = fixture.write_in_one_group(works);
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
            CAPTURE(i);
            CHECK(outcomes[i].has_value() == (i % 4 == 0));
            if (i % 4 == 1) CHECK(outcomes[i].error().code == ErrorCode::conflict);
            if (i % 4 == 2) CHECK(outcomes[i].error().code == ErrorCode::not_found);
            if (i % 4 == 3) CHECK(outcomes[i].error().code == ErrorCode::internal);
        }
        CHECK(fixture.count() == 1 + 4);
    }

    TEST_CASE("a write that has only looked does not make its group begin again") {
        Fixture fixture;
        const auto before = fixture.writer.stats();
        std::atomic<int> runs{0};
        std::vector<sql::Database::Work> works;
        for (int i = 0; i < 16; ++i)
            works.push_back([&runs, i](sql::Connection& connection) -> Result<void> {
                ++runs;
                if (i % 2 == 1) return Error{ErrorCode::not_found, "not there"};
                return inserting(i)(connection);
            });
        const auto outcomes = fixture.write_in_one_group(works);
        for (std::size_t i = 0; i < outcomes.size(); ++i) CHECK(outcomes[i].has_value() == (i % 2 == 0));
        CHECK(fixture.count() == 8);
        CHECK(runs == 16);
        CHECK(fixture.writer.stats().groups - before.groups == 1);
    }

    TEST_CASE("a write that fills the disk takes no other with it") {
        Fixture fixture;
        const std::string filling(1 << 20, 'x');
        fixture
            .write([](sql::Connection& connection) -> Result<void> {
                connection.run("PRAGMA max_page_count = 150", {}, [](const sql::Row&) {});
                return {};
            })
            .value();
        std::vector<sql::Database::Work> works;
        for (int i = 0; i < 8; ++i) works.push_back(inserting(i, i == 3 ? std::string_view(filling) : "small"));
        const auto outcomes = fixture.write_in_one_group(works);
        for (std::size_t i = 0; i < outcomes.size(); ++i) CHECK(outcomes[i].has_value() == (i != 3));
        CHECK(outcomes[3].error().code == ErrorCode::store);
        CHECK(outcomes[3].error().retryable);
        CHECK(fixture.count() == 7);
    }

    TEST_CASE("a write that ends the transaction under the others takes none with it") {
        Fixture fixture;
        std::vector<sql::Database::Work> works;
        for (int i = 0; i < 8; ++i) works.push_back(inserting(i));
        works[3] = [](sql::Connection& connection) -> Result<void> {
            connection.run("ROLLBACK");  // as SQLite does by itself when the disk fails
            return Error{ErrorCode::store, "I/O error"};
        };
        const auto outcomes = fixture.write_in_one_group(works);
        for (std::size_t i = 0; i < outcomes.size(); ++i) CHECK(outcomes[i].has_value() == (i != 3));
        CHECK(fixture.count() == 7);
    }

    TEST_CASE("sixteen threads that write at once lose nothing") {
        Fixture fixture;
        std::atomic<int> failed{0};
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 16; ++thread)
            threads.emplace_back([&, thread] {
                for (int i = 0; i < 50; ++i) failed += !fixture.insert(thread * 1'000 + i).has_value();
            });
        threads.clear();
        CHECK(failed == 0);
        CHECK(fixture.count() == 16 * 50);
        const auto stats = fixture.writer.stats();
        CHECK(stats.groups <= stats.writes);
        CHECK(stats.queued == 0);
    }

    TEST_CASE("a failed statement does not keep the next one from running") {
        Fixture fixture;
        fixture.insert(1).value();
        CHECK(fixture.insert(1).error().code == ErrorCode::conflict);
        CHECK(fixture.insert(2));
        CHECK(fixture
                  .write([](sql::Connection& connection) -> Result<void> {
                      connection.run("INSERT INTO no_such_table VALUES (1)");
                      return {};
                  })
                  .error()
                  .code == ErrorCode::store);
        CHECK(fixture.count() == 2);
    }

    TEST_CASE("a reader cannot write") {
        Fixture fixture;
        const auto written = fixture.database->read("test", [](sql::Connection& connection) -> Result<void> {
            connection.run("INSERT INTO numbers (number) VALUES (1)");
            return {};
        });
        REQUIRE_FALSE(written);
        CHECK(written.error().code == ErrorCode::store);
        CHECK(fixture.count() == 0);
    }

    TEST_CASE("parameters come back as they were bound") {
        Fixture fixture;
        const std::string zeros("a\0b", 3);
        fixture
            .write([&](sql::Connection& connection) -> Result<void> {
                connection.script("CREATE TABLE kinds (a BIGINT, b TEXT, c BLOB, d TEXT, e TEXT, f BLOB)");
                // Out of order and twice: $n is the n-th parameter, wherever it stands.
                connection.run("INSERT INTO kinds (c, b, a, d, e, f) VALUES ($3, $2, $1, $4, $2, $5)",
                               {INT64_MIN, zeros, sql::Blob{zeros}, nullptr, sql::Blob{}});
                return {};
            })
            .value();
        const auto checked = fixture.database->read("test", [&](sql::Connection& connection) -> Result<void> {
            connection.run("SELECT a, b, c, d, e, f FROM kinds", {}, [&](const sql::Row& row) {
                CHECK(row.integer(0) == INT64_MIN);
                CHECK(row.text(1) == zeros);
                CHECK(row.text(2) == zeros);
                CHECK(row.is_null(3));
                CHECK(row.text(4) == zeros);
                CHECK_FALSE(row.is_null(5));
                CHECK(row.text(5).empty());
            });
            return {};
        });
        CHECK(checked);
    }
}

}  // namespace meter
