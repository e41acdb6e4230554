// Every statement that the contract suite makes the stores run, explained: none may walk a table that grows.
#include <doctest/doctest.h>

#include <map>
#include <mutex>
#include <string>

#include "meter/testing/store_contract.hpp"
#include "store/sql/sql_store.hpp"
#include "store/sqlite/memory_database.hpp"

namespace meter {
namespace {

/// Statement -> operation that ran it.
struct Recorded {
    std::mutex mutex;
    std::map<std::string, std::string, std::less<>> statements;
};

class RecordingConnection final : public sql::Connection {
public:
    RecordingConnection(sql::Connection& inner, Recorded& recorded, std::string_view operation)
        : inner_(inner), recorded_(recorded), operation_(operation) {}

    const sql::Dialect& dialect() const noexcept override { return inner_.dialect(); }
    bool has_table(std::string_view name) override { return inner_.has_table(name); }
    void script(const std::string& sql) override { inner_.script(sql); }
    std::int64_t execute(std::string_view sql, std::span<const sql::Param> params,
                         const sql::RowReader& on_row) override {
        {
            const std::lock_guard lock(recorded_.mutex);
            recorded_.statements.emplace(sql, operation_);
        }
        return inner_.execute(sql, params, on_row);
    }

private:
    sql::Connection& inner_;
    Recorded& recorded_;
    std::string_view operation_;
};

class RecordingDatabase final : public sql::Database {
public:
    explicit RecordingDatabase(Recorded& recorded) : recorded_(recorded) {}

    const sql::Dialect& dialect() const noexcept override { return inner_->dialect(); }
    Result<void> run_read(std::string_view operation, const Work& work) override {
        return inner_->run_read(operation, [&](sql::Connection& connection) {
            RecordingConnection recording(connection, recorded_, operation);
            return work(recording);
        });
    }
    Result<void> run_write(std::string_view operation, const Work& work) override {
        return inner_->run_write(operation, [&](sql::Connection& connection) {
            RecordingConnection recording(connection, recorded_, operation);
            return work(recording);
        });
    }
    Result<std::vector<std::string>> check() override { return inner_->check(); }

private:
    std::unique_ptr<sqlite::MemoryDatabase> inner_ = sqlite::MemoryDatabase::open().value();
    Recorded& recorded_;
};

std::vector<std::string> plan_of(sql::Database& database, const std::string& statement) {
    return database
        .read("explain",
              [&](sql::Connection& connection) -> Result<std::vector<std::string>> {
                  std::vector<std::string> steps;
                  connection.run("EXPLAIN QUERY PLAN " + statement, {},
                                 [&](const sql::Row& row) { steps.emplace_back(row.text(3)); });
                  return steps;
              })
        .value();
}

}  // namespace

TEST_SUITE("store.query_plan") {
    TEST_CASE("no statement of the stores walks a table that grows, or sorts one") {
        Recorded recorded;
        REQUIRE(testing::check_store_contract([&] {
                    return std::make_shared<sql::SqlStore>(std::make_unique<RecordingDatabase>(recorded));
                }).empty());
        CHECK(recorded.statements.size() > 50);
        const auto database = sqlite::MemoryDatabase::open().value();
        for (const auto& entry : recorded.statements) {
            const std::string& statement = entry.first;
            const std::string& operation = entry.second;
            if (operation == "check" || operation == "export" || operation == "import") continue;  // read everything
            if (operation == "api_keys.list") continue;                                            // returns everything
            // Sort what one caller may see, by what the caller says.
            const bool sorts = operation == "automations.list" || operation == "automations.templates" ||
                               operation == "automations.stats" || operation == "executions.list";
            CAPTURE(statement);
            for (const auto& step : plan_of(*database, statement)) {
                CAPTURE(step);
                const bool one_row = step == "SCAN job_totals" || step == "SCAN CONSTANT ROW";
                CHECK((one_row || step.find("SCAN") == std::string::npos));
                CHECK((sorts || step.find("TEMP B-TREE") == std::string::npos));
            }
        }
    }

    TEST_CASE("every combination of job filters reads along an index, the narrowest one") {
        Recorded recorded;
        sql::SqlStore store(std::make_unique<RecordingDatabase>(recorded));
        const auto database = sqlite::MemoryDatabase::open().value();
        for (int filters = 0; filters < 16; ++filters)
            for (int status = -1; status < 4; ++status) {
                JobQuery query;
                if ((filters & 1) != 0) query.strategy_id = "s";
                if ((filters & 2) != 0) query.schedule_id = "s";
                if ((filters & 4) != 0) query.batch_id = "s";
                if ((filters & 8) != 0) query.since = TimePoint{};
                if (status >= 0) query.status = static_cast<JobStatus>(status);
                recorded.statements.clear();
                REQUIRE(store.jobs().list("acme", query));
                REQUIRE(recorded.statements.size() == 1);
                const std::string& statement = recorded.statements.begin()->first;
                CAPTURE(statement);
                const auto steps = plan_of(*database, statement);
                REQUIRE_FALSE(steps.empty());
                CAPTURE(steps[0]);
                CHECK(steps[0].find("SEARCH jobs USING INDEX") == 0);
                for (const auto& step : steps) CHECK(step.find("TEMP B-TREE") == std::string::npos);
                if (query.strategy_id || query.schedule_id || query.batch_id)
                    CHECK(steps[0].find("jobs_by_") != std::string::npos);
                if (query.strategy_id || query.schedule_id || query.batch_id)
                    CHECK(steps[0].find("jobs_by_account") == std::string::npos);
            }
    }

    TEST_CASE("every reference to a row that may be deleted has an index for the cascade") {
        const auto database = sqlite::MemoryDatabase::open().value();
        struct Reference {
            std::string table, column;
        };
        std::vector<Reference> references;
        const auto listed = database->read("list", [&](sql::Connection& connection) -> Result<void> {
            connection.run(
                "SELECT tables.name, keys.\"from\" FROM sqlite_master AS tables, "
                "pragma_foreign_key_list(tables.name) AS keys WHERE tables.type = 'table'",
                {}, [&](const sql::Row& row) {
                    references.push_back({std::string(row.text(0)), std::string(row.text(1))});
                });
            return {};
        });
        REQUIRE(listed);
        CHECK(references.size() >= 6);
        for (const auto& reference : references) {
            const std::string query = "DELETE FROM " + reference.table + " WHERE " + reference.column + " = $1";
            CAPTURE(query);
            const auto steps = plan_of(*database, query);
            REQUIRE_FALSE(steps.empty());
            CHECK(steps[0].find("SEARCH " + reference.table + " USING") == 0);
        }
    }
}

}  // namespace meter
