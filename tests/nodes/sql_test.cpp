// Statements and values of databases, without one.
#include "nodes/sql.hpp"

#include <doctest/doctest.h>

#include "nodes/bench.hpp"

namespace meter::nodes {

TEST_SUITE("nodes.sql") {
    TEST_CASE("statements quote every name, whatever it is") {
        const SqlSink append{{"t"}, SqlMode::append, {}};
        CHECK(insert_sql(SqlDialect::sqlite, append, {"a", "b\"; DROP TABLE t; --"}, 1) ==
              R"(INSERT INTO "t" ("a", "b""; DROP TABLE t; --") VALUES (?, ?))");
        CHECK(
            insert_sql(SqlDialect::postgres, {{"s", "t"}, SqlMode::upsert, {"id"}}, {"id", "v"}, 2) ==
            R"(INSERT INTO "s"."t" ("id", "v") VALUES ($1, $2), ($3, $4) ON CONFLICT ("id") DO UPDATE SET "v" = excluded."v")");
        CHECK(insert_sql(SqlDialect::postgres, {{"t"}, SqlMode::upsert, {"id"}}, {"id"}, 1) ==
              R"(INSERT INTO "t" ("id") VALUES ($1) ON CONFLICT ("id") DO NOTHING)");
        CHECK(insert_sql(SqlDialect::mysql, {{"t`"}, SqlMode::upsert, {"id"}}, {"id", "v"}, 1) ==
              "INSERT INTO `t```"
              " (`id`, `v`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `v` = VALUES(`v`)");
        CHECK(insert_sql(SqlDialect::mysql, {{"t"}, SqlMode::upsert, {"id"}}, {"id"}, 1) ==
              "INSERT INTO `t` (`id`) VALUES (?) ON DUPLICATE KEY UPDATE `id` = `id`");
    }

    TEST_CASE("values keep their kinds, bytes included") {
        CHECK(sql_value(Value()) == SqlValue(nullptr));
        CHECK(sql_value(Value(true)) == SqlValue(true));
        CHECK(sql_value(Value(INT64_MAX)) == SqlValue(INT64_MAX));
        CHECK(sql_value(Value(1.5)) == SqlValue(1.5));
        CHECK(sql_value(Value("x")) == SqlValue(std::string("x")));
        const std::string bytes("\0\xFF\x80", 3);
        CHECK(sql_value(bytes_value(bytes)) == SqlValue(SqlBytes{bytes}));
        CHECK(sql_value(json_value(R"({"$bytes": "?"})")) == SqlValue(std::string(R"({"$bytes":"?"})")));
        CHECK(sql_value(json_value(R"([1, {"a": null}])")) == SqlValue(std::string(R"([1,{"a":null}])")));
    }

    TEST_CASE("times of databases become times of items") {
        CHECK(time_from_sql("2025-01-15 10:30:00", false) == "2025-01-15T10:30:00");
        CHECK(time_from_sql("2025-01-15 10:30:00.123456+00", true) == "2025-01-15T10:30:00.123456Z");
        CHECK(time_from_sql("2025-01-15 10:30:00", true) == "2025-01-15T10:30:00Z");
        CHECK(time_from_sql("infinity", true) == "infinity");
        CHECK(time_from_sql("12025-01-15 10:30:00+00", true) == "12025-01-15 10:30:00+00");
    }

    TEST_CASE("items that can be no row are refused with their number") {
        const SqlSink sink{{"t"}, SqlMode::upsert, {"id"}};
        for (const std::string_view item :
             {"3", "{}", "[]", R"({"a": 1})", R"({"id": null})", R"({"id": 1, "": 2})", R"({"id": 1, "a\u0000": 2})"}) {
            CAPTURE(item);
            Value value = item.find("\\u0000") == item.npos ? json_value(item)
                                                            : Value(Object{{"id", 1}, {std::string("a\0", 2), 2}});
            const auto row = sql_row(value, sink, 7);
            REQUIRE_FALSE(row);
            CHECK(row.error().message.starts_with("Item 7 "));
        }
    }

    TEST_CASE("configs that do not fit name the member") {
        struct Row {
            std::string_view type, config, subject;
        };
        const NodeBench bench;
        for (const Row& row : {
                 Row{"sqlite-source", R"({"query": "SELECT 1"})", "config.connection"},
                 Row{"sqlite-source", R"({"connection": "c"})", "config.query"},
                 Row{"sqlite-source", R"({"connection": "c", "query": "SELECT 1", "parameters": {}})",
                     "config.parameters"},
                 Row{"sqlite-source", R"({"connection": "c", "query": "SELECT 1", "parameters": ["{{x}}"]})",
                     "config.parameters"},
                 Row{"sqlite-source", R"({"connection": "c", "query": "SELECT 1"})", "config.connection"},
                 Row{"sqlite-sink", R"({"connection": "c"})", "config.table"},
                 Row{"sqlite-sink", R"({"connection": "c", "table": "t", "mode": "drop"})", "config.mode"},
                 Row{"sqlite-sink", R"({"connection": "c", "table": "t", "mode": "upsert"})", "config.key"},
                 Row{"sqlite-sink", R"({"connection": "c", "table": "t", "key": "id"})", "config.key"},
                 Row{"sqlite-sink", R"({"connection": "c", "table": "a."})", "config.table"},
             }) {
            CAPTURE(row.config);
            const auto errors = bench.registry.check_config(row.type, json_value(row.config), &bench.connections);
            REQUIRE_FALSE(errors.empty());
            CHECK(errors.front().subject == row.subject);
        }
    }
}

}  // namespace meter::nodes
