#include <doctest/doctest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>

#include "nodes/bench.hpp"

using namespace meter;
namespace fs = std::filesystem;

namespace {

/// A database file with a table of every kind.
struct SqliteFile {
    SqliteFile() {
        std::string name = (fs::temp_directory_path() / "meter-sqlite-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder = name;
        REQUIRE(sqlite3_open((folder / "a.db").c_str(), &database) == SQLITE_OK);
        run("CREATE TABLE t (id INTEGER PRIMARY KEY, big BIGINT, price TEXT, ratio REAL, at TEXT, data BLOB, ok "
            "BOOLEAN, "
            "note TEXT)");
    }
    ~SqliteFile() {
        sqlite3_close(database);
        fs::remove_all(folder);
    }
    void run(const char* sql) const { REQUIRE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK); }
    Connections connections() const {
        return Connections::parse(
                   Object{{"db", Object{{"type", "sqlite"}, {"path", (folder / "a.db").string()}, {"extra", "s3cr3t"}}},
                          {"none", Object{{"type", "sqlite"}, {"path", (folder / "none.db").string()}}}})
            .value();
    }

    fs::path folder;
    sqlite3* database = nullptr;
};

constexpr std::string_view every_kind = R"([
    {"id": 1, "big": 9223372036854775807, "price": "12345678901234567890.1234", "ratio": 0.1,
     "at": "2025-01-15T10:30:00.123456Z", "data": {"$bytes": "AP+A"}, "ok": true, "note": "äöü \ud83d\ude00 '\"; --"},
    {"id": 2, "big": -9223372036854775808, "price": null, "ratio": -1e300, "at": null, "data": {"$bytes": ""},
     "ok": false, "note": ""},
    {"id": 3, "big": null, "price": "0", "ratio": 3, "at": "x", "data": null, "ok": null, "note": null}])";

}  // namespace

TEST_SUITE("nodes.sqlite") {
    TEST_CASE("a round trip keeps every type") {
        const SqliteFile file;
        NodeBench bench;
        bench.connections = file.connections();
        REQUIRE(bench.run("sqlite-sink", R"({"connection": "db", "table": "t"})", json_items(every_kind)));
        CHECK(bench.json() == to_json(json_value(every_kind)));
        REQUIRE(bench.run("sqlite-source", R"({"connection": "db", "query": "SELECT * FROM t ORDER BY id"})"));
        CHECK(bench.json() == to_json(json_value(every_kind)));
    }

    TEST_CASE("parameters are values, not SQL") {
        const SqliteFile file;
        NodeBench bench;
        bench.connections = file.connections();
        REQUIRE(bench.run("sqlite-sink", R"({"connection": "db", "table": "t"})", json_items(every_kind)));
        REQUIRE(bench.run("sqlite-source",
                          R"({"connection": "db", "query": "SELECT ? AS a, ?2 AS b, ?3 AS c, ?4 AS d, ?5 AS e",
                              "parameters": ["x'; DROP TABLE t; --", 5, null, true, "{{date}}"]})"));
        CHECK(bench.json() == R"([{"a":"x'; DROP TABLE t; --","b":5,"c":null,"d":1,"e":"2025-01-15"}])");
        REQUIRE(bench.run("sqlite-source", R"({"connection": "db", "query": "SELECT count(*) AS n FROM t"})"));
        CHECK(bench.json() == R"([{"n":3}])");
    }

    TEST_CASE("append, upsert and replace do what they say, in one transaction") {
        const SqliteFile file;
        NodeBench bench;
        bench.connections = file.connections();
        const auto table = [&] {
            REQUIRE(
                bench.run("sqlite-source", R"({"connection": "db", "query": "SELECT id, note FROM t ORDER BY id"})"));
            return bench.json();
        };
        const auto sink = [&](std::string_view rest, std::string_view items) {
            return bench.run("sqlite-sink", R"({"connection": "db", "table": "t", )" + std::string(rest) + "}",
                             json_items(items));
        };
        REQUIRE(sink(R"("mode": "append")", R"([{"id": 1, "note": "a"}, {"note": "b", "id": 2}])"));
        CHECK(table() == R"([{"id":1,"note":"a"},{"id":2,"note":"b"}])");
        CHECK(sink(R"("mode": "append")", R"([{"id": 3}, {"id": 1}])").error().message.starts_with("Item 2: SQLite:"));
        CHECK(table() == R"([{"id":1,"note":"a"},{"id":2,"note":"b"}])");
        REQUIRE(
            sink(R"("mode": "upsert", "key": "id")", R"([{"id": 2, "note": "c"}, {"id": 3}, {"id": 3, "note": "d"}])"));
        CHECK(table() == R"([{"id":1,"note":"a"},{"id":2,"note":"c"},{"id":3,"note":"d"}])");
        CHECK_FALSE(sink(R"("mode": "replace")", R"([{"id": 9}, {"id": 9}])"));
        CHECK(table() == R"([{"id":1,"note":"a"},{"id":2,"note":"c"},{"id":3,"note":"d"}])");
        REQUIRE(sink(R"("mode": "replace", "key": ["id"])", R"([{"id": 9, "note": "x"}, {"id": 9, "note": "y"}])"));
        CHECK(table() == R"([{"id":9,"note":"y"}])");
        REQUIRE(sink(R"("mode": "replace")", "[]"));
        CHECK(table() == "[]");
    }

    TEST_CASE("a query that does more than read, or reaches out of the file, is refused") {
        const SqliteFile file;
        NodeBench bench;
        bench.connections = file.connections();
        for (const std::string query :
             {"DELETE FROM t", "INSERT INTO t (id) VALUES (1)", "SELECT 1; SELECT 2", "", "  ", "ATTACH 'x.db' AS x",
              "PRAGMA writable_schema = 1", "VACUUM INTO 'copy.db'", "SELECT load_extension('x')",
              "SELECT 1 AS a, 2 AS a", "SELECT ?", "BEGIN", "SELEC"}) {
            CAPTURE(query);
            const auto outcome =
                bench.run("sqlite-source", to_json(Value(Object{{"connection", "db"}, {"query", query}})));
            REQUIRE_FALSE(outcome);
            CHECK(outcome.error().subject.starts_with("config."));
            CHECK(outcome.error().message.find("s3cr3t") == std::string::npos);
        }
        CHECK_FALSE(fs::exists("copy.db"));
    }

    TEST_CASE("a file that is not there is not made, and a missing table is named") {
        const SqliteFile file;
        NodeBench bench;
        bench.connections = file.connections();
        for (const std::string_view type : {"sqlite-source", "sqlite-sink"}) {
            const auto outcome = bench.run(type, R"({"connection": "none", "query": "SELECT 1", "table": "t"})");
            REQUIRE_FALSE(outcome);
            CHECK(outcome.error().code == ErrorCode::network);
        }
        CHECK_FALSE(fs::exists(file.folder / "none.db"));
        const auto outcome =
            bench.run("sqlite-sink", R"({"connection": "db", "table": "nope"})", json_items(R"([{"a": 1}])"));
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().message.find("no such table") != std::string::npos);
    }

    TEST_CASE("a stop ends an endless query") {
        const SqliteFile file;
        NodeBench bench;
        bench.connections = file.connections();
        bench.stop.request_stop();
        CHECK(
            bench
                .run(
                    "sqlite-source",
                    R"({"connection": "db", "query": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n"})")
                .error()
                .code == ErrorCode::cancelled);
    }
}
