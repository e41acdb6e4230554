// PostgreSQL and MariaDB, started here.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "nodes/bench.hpp"
#include "nodes/database_server.hpp"

using namespace meter;

#if METER_WITH_POSTGRES || METER_WITH_MYSQL
namespace {

/// Asks a query that gives one row.
std::string ask(NodeBench& bench, const std::string& type, const std::string& query) {
    const auto outcome = bench.run(type + "-source", to_json(Value(Object{{"connection", "db"}, {"query", query}})));
    return outcome ? bench.json() : std::string(to_string(outcome.error().code)) + ": " + outcome.error().message;
}

Result<void> put(NodeBench& bench, const std::string& type, const Object& config, std::string_view items) {
    Object whole{{"connection", "db"}};
    for (const auto& [name, value] : config) whole.set(name, value);
    return bench.run(type + "-sink", to_json(Value(whole)), json_items(items));
}

/// What every database has to get right, on a table `t` (id unique, note text).
void check_modes(NodeBench& bench, const std::string& type) {
    const auto table = [&] { return ask(bench, type, "SELECT id, note FROM t ORDER BY id"); };
    REQUIRE(put(bench, type, {{"table", "t"}, {"mode", "replace"}}, "[]"));
    REQUIRE(put(bench, type, {{"table", "t"}}, R"([{"id": 1, "note": "a"}, {"note": "b", "id": 2}])"));
    CHECK(table() == R"([{"id":1,"note":"a"},{"id":2,"note":"b"}])");
    const auto twice = put(bench, type, {{"table", "t"}}, R"([{"id": 3}, {"id": 1}])");
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code == ErrorCode::unprocessable);
    CHECK(table() == R"([{"id":1,"note":"a"},{"id":2,"note":"b"}])");
    REQUIRE(put(bench, type, {{"table", "t"}, {"mode", "upsert"}, {"key", "id"}},
                R"([{"id": 2, "note": "c"}, {"id": 3}, {"id": 3, "note": "d"}])"));
    CHECK(table() == R"([{"id":1,"note":"a"},{"id":2,"note":"c"},{"id":3,"note":"d"}])");
    CHECK_FALSE(put(bench, type, {{"table", "t"}, {"mode", "replace"}}, R"([{"id": 9}, {"id": 9}])"));
    CHECK(table() == R"([{"id":1,"note":"a"},{"id":2,"note":"c"},{"id":3,"note":"d"}])");
    REQUIRE(put(bench, type, {{"table", "t"}, {"mode", "replace"}, {"key", "id"}},
                R"([{"id": 9, "note": "x'; DROP TABLE t; --"}, {"id": 9, "note": "y"}])"));
    CHECK(table() == R"([{"id":9,"note":"y"}])");
    CHECK_FALSE(put(bench, type, {{"table", "t"}, {"mode", "upsert"}, {"key", "note"}}, R"([{"note": "a", "id": 1}])"));
    CHECK_FALSE(put(bench, type, {{"table", "none"}}, R"([{"a": 1}])"));
    CHECK_FALSE(put(bench, type, {{"table", "t"}}, R"([{"nocolumn\"`": 1}])"));
}

void check_many(NodeBench& bench, const std::string& type) {
    std::vector<Value> items;
    for (int i = 0; i < 5'000; ++i) {
        Object item{{"id", i}, {"note", std::string(static_cast<std::size_t>(i % 700), 'x')}};
        if (i % 3 == 0) item.erase("note");
        items.emplace_back(std::move(item));
    }
    REQUIRE(bench.run(type + "-sink", R"({"connection": "db", "table": "t", "mode": "replace"})", items));
    CHECK(bench.out.at().size() == items.size());
    REQUIRE(bench.run(type + "-source", R"({"connection": "db", "query": "SELECT id, note FROM t ORDER BY id"})"));
    REQUIRE(bench.out.at().size() == items.size());
    bool same = true;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const Value* note = items[i].find("note");
        same = same && *bench.out.at()[i].find("note") == (note != nullptr ? *note : Value());
    }
    CHECK(same);
}

void check_stop(NodeBench& bench, const std::string& type, const std::string& query) {
    bench.stop = {};
    std::thread stopper([stop = bench.stop]() mutable {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));  // nothing tells that the query runs
        stop.request_stop();
    });
    CHECK(ask(bench, type, query).starts_with("cancelled: "));
    stopper.join();
    bench.stop = {};
}

/// Errors of a connection that leads nowhere or with a wrong password, without what is secret in it.
void check_secrets(NodeBench& bench, const std::string& type, Object connection) {
    connection.set("password", "planted-secret");
    const auto good = bench.connections;
    for (const std::string_view member : {"database", "host", "user"}) {
        Object wrong = connection;
        wrong.set(std::string(member), "/nonexistent");
        if (member == "host") wrong.erase("socket");
        bench.connections = Connections::parse(Object{{"db", wrong}}).value();
        const std::string outcome = ask(bench, type, "SELECT 'planted-secret' + nonsense(");
        CAPTURE(outcome);
        CHECK(outcome.find("planted") == std::string::npos);
        CHECK(outcome.find(": ") != std::string::npos);
    }
    bench.connections = good;
}

}  // namespace
#endif

TEST_SUITE("nodes.servers") {
#if METER_WITH_POSTGRES
    TEST_CASE("PostgreSQL: types, modes, many rows, stops and secrets") {
        const auto& server = DatabaseServer::postgres();
        if (!server.usable()) return;
        NodeBench bench;
        const Object connection{
            {"type", "postgres"}, {"host", server.folder.string()}, {"database", "postgres"}, {"user", "meter"}};
        bench.connections = Connections::parse(Object{{"db", connection}}).value();
        const auto psql = find_program("psql", {});
        const auto execute = [&](const std::string& sql) {
            REQUIRE(run_program({psql, "-q", "-h", server.folder, "-U", "meter", "-d", "postgres", "-c", sql},
                                server.folder / "log", 0));
        };
        execute("CREATE TABLE t (id bigint PRIMARY KEY, note text)");
        execute(
            "CREATE TABLE k (id bigint PRIMARY KEY, big bigint, small smallint, price numeric(30, 4), ratio double "
            "precision, single real, at timestamptz, local timestamp, day date, data bytea, ok boolean, note text, doc "
            "jsonb, u uuid)");
        const std::string_view kinds = R"([
            {"id": 1, "big": 9223372036854775807, "small": -5, "price": "12345678901234567890.1234", "ratio": 0.1,
             "single": 0.1, "at": "2025-01-15T10:30:00.123456Z", "local": "2025-01-15T10:30:00.5", "day": "2025-01-15",
             "data": {"$bytes": "AP+A"}, "ok": true, "note": "äöü \ud83d\ude00 '\"\\; --", "doc": {"a":[1,null]},
             "u": "00000000-0000-4000-8000-000000000001"},
            {"id": 2, "big": -9223372036854775808, "small": null, "price": null, "ratio": -1e300, "single": null,
             "at": null, "local": null, "day": null, "data": {"$bytes": ""}, "ok": false, "note": "", "doc": null,
             "u": null}])";
        const auto wrote = put(bench, "postgres", {{"table", "public.k"}}, kinds);
        CHECK((wrote ? "" : wrote.error().message) == "");
        CHECK(ask(bench, "postgres", "SELECT * FROM k ORDER BY id") == to_json(json_value(kinds)));
        CHECK(ask(bench, "postgres",
                  "SELECT 'NaN'::float8 AS a, 'infinity'::timestamptz AS b, 1.50::numeric AS c, ARRAY[1,2] AS d") ==
              R"([{"a":"NaN","b":"infinity","c":"1.50","d":"{1,2}"}])");
        CHECK(put(bench, "postgres", {{"table", "t"}}, R"([{"id": 1, "note": "a\u0000b"}])")
                  .error()
                  .message.find("NUL") != std::string::npos);
        check_modes(bench, "postgres");
        check_many(bench, "postgres");
        REQUIRE(bench.run("postgres-source",
                          R"({"connection": "db", "query": "SELECT $1::text AS a, $2::bigint AS b, $3::boolean AS c",
                              "parameters": ["'; DROP TABLE t; --", 5, null]})"));
        CHECK(bench.json() == R"([{"a":"'; DROP TABLE t; --","b":5,"c":null}])");
        CHECK(ask(bench, "postgres", "DELETE FROM t").starts_with("invalid_argument: "));
        CHECK(ask(bench, "postgres", "SELECT 1; SELECT 2").starts_with("invalid_argument: "));
        CHECK(ask(bench, "postgres", "WITH d AS (DELETE FROM t RETURNING id) SELECT * FROM d")
                  .starts_with("invalid_argument: "));
        CHECK(ask(bench, "postgres", "SELECT 1 AS a, 2 AS a").starts_with("invalid_argument: "));
        check_stop(bench, "postgres", "SELECT pg_sleep(60)");
        check_secrets(bench, "postgres", connection);
    }
#endif

#if METER_WITH_MYSQL
    TEST_CASE("MariaDB: types, modes, many rows, stops and secrets") {
        const auto& server = DatabaseServer::mariadb();
        if (!server.usable()) return;
        NodeBench bench;
        const std::string socket = server.folder / "socket";
        const Object connection{{"type", "mysql"}, {"socket", socket}, {"database", "mysql"}, {"user", "root"}};
        const auto client = find_program("mariadb", {});
        const auto execute = [&](const std::string& sql) {
            REQUIRE(run_program({client, "--no-defaults", "--socket=" + socket, "-u", "root", "-e", sql},
                                server.folder / "log", 0));
        };
        execute(
            "CREATE DATABASE meter CHARACTER SET utf8mb4; CREATE TABLE meter.t (id BIGINT PRIMARY KEY, note TEXT); "
            "CREATE TABLE meter.k (id BIGINT PRIMARY KEY, big BIGINT, wide BIGINT UNSIGNED, small TINYINT, price "
            "DECIMAL(30, 4), ratio DOUBLE, single FLOAT, at TIMESTAMP(6) NULL, local DATETIME(3), day DATE, clock "
            "TIME, "
            "data BLOB, ok BOOLEAN, note VARCHAR(200), flags BIT(9), long_text LONGTEXT)");
        Object in_meter = connection;
        in_meter.set("database", "meter");
        bench.connections = Connections::parse(Object{{"db", in_meter}}).value();
        const std::string long_text(3000, 'l');
        const std::string kinds = R"([
            {"id": 1, "big": 9223372036854775807, "wide": "18446744073709551615", "small": -5,
             "price": "12345678901234567890.1234", "ratio": 0.1, "single": 0.1, "at": "2025-01-15T10:30:00.123456Z",
             "local": "2025-01-15T10:30:00.500", "day": "2025-01-15", "clock": "10:30:00", "data": {"$bytes": "AP+A"},
             "ok": 1, "note": "äöü \ud83d\ude00 '\"\\; --", "flags": 5, "long_text": ")" +
                                  long_text + R"("},
            {"id": 2, "big": -9223372036854775808, "wide": 7, "small": null, "price": null, "ratio": -1e300,
             "single": null, "at": null, "local": null, "day": null, "clock": null, "data": {"$bytes": ""}, "ok": 0,
             "note": "", "flags": null, "long_text": null}])";
        const auto wrote = put(bench, "mysql", {{"table", "meter.k"}}, kinds);
        CHECK((wrote ? "" : wrote.error().message) == "");
        CHECK(ask(bench, "mysql", "SELECT * FROM k ORDER BY id") == to_json(json_value(kinds)));
        REQUIRE(put(bench, "mysql", {{"table", "k"}, {"mode", "replace"}},
                    R"([{"id": 1, "at": "2025-01-15T12:30:00+02:00", "ok": true}])"));
        CHECK(ask(bench, "mysql", "SELECT at, ok FROM k") == R"([{"at":"2025-01-15T10:30:00.000000Z","ok":1}])");
        CHECK_FALSE(put(bench, "mysql", {{"table", "k"}}, R"([{"id": 5, "small": 999}])"));
        check_modes(bench, "mysql");
        check_many(bench, "mysql");
        REQUIRE(bench.run("mysql-source", R"({"connection": "db", "query": "SELECT ? AS a, ? AS b, ? AS c",
                                              "parameters": ["'; DROP TABLE t; --", 5, null]})"));
        CHECK(bench.json() == R"([{"a":"'; DROP TABLE t; --","b":5,"c":null}])");
        CHECK(ask(bench, "mysql", "DELETE FROM t").starts_with("invalid_argument: "));
        CHECK(ask(bench, "mysql", "SELECT 1; SELECT 2").starts_with("invalid_argument: "));
        CHECK(ask(bench, "mysql", "SELECT 1 AS a, 2 AS a").starts_with("invalid_argument: "));
        CHECK(
            ask(bench, "mysql", "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t").starts_with("invalid_argument: "));
        check_stop(bench, "mysql", "SELECT SLEEP(60) AS s");
        check_secrets(bench, "mysql", in_meter);
    }
#endif
}
