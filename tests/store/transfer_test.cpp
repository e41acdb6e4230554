// What of the tables is moved by exports: all of it but what is named.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "store/sql/transfer.hpp"
#include "store/sqlite/memory_database.hpp"

namespace meter {
namespace {

/// "table" and "table.column", as the database has them.
std::set<std::string> stored_names() {
    const auto database = sqlite::MemoryDatabase::open().value();
    std::set<std::string> names;
    const auto listed = database->read("list", [&](sql::Connection& connection) -> Result<void> {
        connection.run(
            "SELECT tables.name, columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns "
            "WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'",
            {}, [&](const sql::Row& row) {
                names.emplace(row.text(0));
                names.insert(std::string(row.text(0)) + "." + std::string(row.text(1)));
            });
        return {};
    });
    REQUIRE(listed);
    return names;
}

}  // namespace

TEST_SUITE("store.transfer") {
    TEST_CASE("every column of every table is a member of a record, or named as not moved") {
        std::set<std::string> moved;
        for (const auto& [kind, table] : sql::record_tables()) {
            const RecordKind* record = find_record_kind(kind);
            REQUIRE(record != nullptr);
            moved.emplace(table);
            for (const RecordMember& member : record->members) moved.insert(std::string(table) + "." + member.name);
        }
        CHECK(sql::record_tables().size() == record_kinds().size());
        const auto& unmoved = sql::unmoved_columns();
        const auto is_unmoved = [&](const std::string& name) {
            const auto table = name.substr(0, name.find('.'));
            return std::find(unmoved.begin(), unmoved.end(), name) != unmoved.end() ||
                   std::find(unmoved.begin(), unmoved.end(), table) != unmoved.end();
        };
        const auto stored = stored_names();
        for (const std::string& name : stored) {
            CAPTURE(name);
            CHECK(moved.contains(name) != is_unmoved(name));
        }
        for (const std::string& name : moved) {
            CAPTURE(name);
            CHECK(stored.contains(name));
        }
    }

    TEST_CASE("a kind stands behind those it refers to") {
        const auto& kinds = record_kinds();
        const auto place = [&](std::string_view name) {
            return std::find_if(kinds.begin(), kinds.end(), [&](const RecordKind& kind) { return kind.name == name; });
        };
        for (const RecordKind& kind : kinds) {
            CAPTURE(kind.name);
            CHECK(kind.key <= kind.members.size());
            if (kind.parent.empty()) continue;
            CHECK(place(kind.parent) < place(kind.name));
            CHECK(kind.members.front().name == place(kind.parent)->members.front().name);
        }
    }
}

}  // namespace meter
