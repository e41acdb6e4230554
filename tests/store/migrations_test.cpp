// Steps of the schema that move rows.
#include "store/sql/migrations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "store/sqlite/connection.hpp"

using namespace meter;

namespace {

std::vector<std::string> first_column(sql::Connection& connection, std::string_view statement) {
    std::vector<std::string> texts;
    connection.run(statement, {}, [&](const sql::Row& row) { texts.emplace_back(row.text(0)); });
    return texts;
}

}  // namespace

TEST_SUITE("store.migrations") {
    TEST_CASE("schedules that may be of workflows keep their ticks, changes and references") {
        sqlite::Connection connection(":memory:", std::chrono::milliseconds{0});
        REQUIRE(sql::migrate(connection, 7));
        connection.script(R"sql(
INSERT INTO strategies (strategy_id, account_id, name, description, url, scraper_type, strategy, preview_data, attempts,
    warnings, created_at, updated_at) VALUES ('s', 'a', 'n', '', 'https://x.test/', 'css', '{}', '[]', 0, '[]', 1, 1);
INSERT INTO schedules (schedule_id, account_id, strategy_id, url, interval_seconds, jitter_seconds, enabled, webhook_on,
    strategy_group_id, next_run_at, tick_at, last_run_at, health_state, health_count, created_at, updated_at, version)
    VALUES ('h', 'a', 's', 'https://x.test/', 3600, 7, 1, 'all', 'g', 5, 6, 4, 'degraded', 3, 1, 2, 9);
INSERT INTO schedule_ticks (schedule_id, due_at) VALUES ('h', 4);
INSERT INTO jobs (job_id, account_id, strategy_id, schedule_id, url, status, warnings, created_at)
    VALUES ('j', 'a', 's', 'h', 'https://x.test/', 'completed', '[]', 4);
INSERT INTO schedule_changes (job_id, schedule_id, account_id, seen, new_items_count, removed_items_count, new_items,
    removed_items, modified_items, order_changed, created_at) VALUES ('j', 'h', 'a', 1, 1, 0, '[1]', '[]', '[]', 0, 4);
)sql");
        const auto indexes = first_column(
            connection, "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name LIKE 'schedule%' ORDER BY 1");
        REQUIRE(sql::migrate(connection));
        CHECK(sql::schema_version(connection) == sql::known_schema_version());
        const auto after = first_column(
            connection, "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name LIKE 'schedule%' ORDER BY 1");
        for (const std::string& index : indexes) {
            CAPTURE(index);
            CHECK(std::find(after.begin(), after.end(), index) != after.end());
        }
        CHECK(first_column(connection,
                           "SELECT jitter_seconds || health_state || version || strategy_id || tick_at || "
                           "strategy_group_id FROM schedules WHERE workflow_id IS NULL") ==
              std::vector<std::string>{"7degraded9s6g"});
        CHECK(first_column(connection, "SELECT new_items || seen FROM schedule_changes") ==
              std::vector<std::string>{"[1]1"});
        CHECK(first_column(connection, "SELECT schedule_id FROM schedule_ticks") == std::vector<std::string>{"h"});
        CHECK(first_column(connection, "PRAGMA foreign_key_check").empty());
        CHECK(first_column(connection, "SELECT name FROM sqlite_master WHERE sql LIKE '%old\\_%' ESCAPE '\\'").empty());
        connection.run("DELETE FROM strategies");
        CHECK(first_column(connection, "SELECT schedule_id FROM schedules").empty());
        CHECK(first_column(connection, "SELECT schedule_id FROM schedule_ticks").empty());
        CHECK(first_column(connection, "SELECT job_id FROM schedule_changes").empty());
    }
}
