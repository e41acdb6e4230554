// The changelog half of SqlScheduleStore: a row for each job that changed something, with its seen mark.
#include <utility>

#include "store/sql/schedule_rows.hpp"
#include "store/sql/schedule_store.hpp"

namespace meter::sql {
namespace {

constexpr std::string_view list_end = " ORDER BY schedule_changes.created_at DESC, schedule_changes.job_id DESC LIMIT ";

ChangelogRow read_entry(Columns& columns, bool with_items) {
    ChangelogRow entry;
    entry.job_id = columns.text();
    entry.url = columns.text();
    entry.completed_at = columns.time();
    entry.item_count = columns.integer();
    entry.change.new_items_count = columns.integer();
    entry.change.removed_items_count = columns.integer();
    entry.change.order_changed = columns.boolean();
    if (with_items) {
        entry.change.new_items = columns.text();
        entry.change.removed_items = columns.text();
        entry.change.modified_items = columns.text();
    }
    return entry;
}

}  // namespace

void store_change(Connection& connection, std::string_view job_id, const ChangeRecord& change) {
    connection.run(
        "INSERT INTO schedule_changes (job_id, schedule_id, account_id, new_items_count, removed_items_count, "
        "new_items, removed_items, modified_items, order_changed, created_at) "
        "SELECT jobs.job_id, jobs.schedule_id, jobs.account_id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), $4, $5, $6, "
        "CAST($7 AS BIGINT), jobs.created_at FROM jobs "
        "JOIN schedules ON schedules.schedule_id = jobs.schedule_id WHERE jobs.job_id = $1",
        {job_id, change.new_items_count, change.removed_items_count, change.new_items, change.removed_items,
         change.modified_items, change.order_changed});
}

Result<std::vector<ScheduleChange>> SqlScheduleStore::unseen_changes(std::string_view account_id,
                                                                     std::string_view schedule_id,
                                                                     const std::optional<ChangePlace>& after,
                                                                     std::int64_t limit, std::size_t max_bytes) {
    if (auto valid = validate(ListRange{.limit = limit}); !valid) return valid.error();
    std::string sql =
        "SELECT jobs.job_id, jobs.url, job_results.results, jobs.item_count, jobs.content_hash, jobs.completed_at, "
        "jobs.created_at FROM schedule_changes JOIN jobs ON jobs.job_id = schedule_changes.job_id "
        "JOIN job_results ON job_results.job_id = jobs.job_id "
        "WHERE schedule_changes.schedule_id = $1 AND schedule_changes.account_id = $2 AND schedule_changes.seen = 0";
    std::vector<Param> params{schedule_id, account_id, limit};
    if (after) {
        sql += " AND (schedule_changes.created_at, schedule_changes.job_id) < ($4, $5)";
        params.emplace_back(after->created_at);
        params.emplace_back(after->job_id);
    }
    sql.append(list_end).append("$3");
    using Changes = std::vector<ScheduleChange>;
    return database_.read("schedules.unseen_changes", [&](Connection& connection) -> Result<Changes> {
        Changes changes;
        std::size_t bytes = 0;
        bool full = false;
        connection.execute(sql, params, [&](const Row& row) {
            if (full) return;
            Columns columns(row);
            ScheduleChange change;
            change.job_id = columns.text();
            change.url = columns.text();
            change.results = columns.text();
            change.item_count = change.total_item_count = columns.integer();
            change.content_hash = columns.text();
            change.completed_at = columns.time();
            change.created_at = columns.time();
            bytes += change.results.size();
            full = bytes > max_bytes;
            if (!full || changes.empty()) changes.push_back(std::move(change));
        });
        return changes;
    });
}

Result<bool> SqlScheduleStore::mark_seen(std::string_view account_id, std::string_view schedule_id,
                                         const std::vector<std::string>& job_ids) {
    bool all = false;
    const auto marked = database_.write("schedules.mark_seen", [&](Connection& connection) -> Result<bool> {
        all = false;
        for (const std::string& job_id : job_ids) {
            const auto changed = connection.run(
                "UPDATE schedule_changes SET seen = 1 WHERE job_id = $1 AND schedule_id = $2 AND account_id = $3 AND "
                "seen = 0",
                {job_id, schedule_id, account_id});
            // An error takes back what was marked so far.
            if (changed == 0) return Error{ErrorCode::conflict, "Seen already", job_id, true};
        }
        all = true;
        return true;
    });
    if (!marked && marked.error().code == ErrorCode::conflict) return false;
    if (!marked) return marked.error();
    return all;
}

Result<std::vector<ChangelogRow>> SqlScheduleStore::changelog(std::string_view account_id, std::string_view schedule_id,
                                                              ListRange range, bool include_items) {
    if (auto valid = validate(range); !valid) return valid.error();
    std::string sql =
        "SELECT jobs.job_id, jobs.url, jobs.completed_at, jobs.item_count, new_items_count, removed_items_count, "
        "order_changed";
    if (include_items) sql += ", new_items, removed_items, modified_items";
    sql +=
        " FROM schedule_changes JOIN jobs ON jobs.job_id = schedule_changes.job_id "
        "WHERE schedule_changes.schedule_id = $1 AND schedule_changes.account_id = $2";
    sql.append(list_end).append("$3 OFFSET $4");
    using Entries = std::vector<ChangelogRow>;
    return database_.read("schedules.changelog", [&](Connection& connection) -> Result<Entries> {
        Entries entries;
        connection.run(sql, {schedule_id, account_id, range.limit, range.offset}, [&](const Row& row) {
            Columns columns(row);
            entries.push_back(read_entry(columns, include_items));
        });
        return entries;
    });
}

Result<std::int64_t> SqlScheduleStore::count_changes(std::string_view account_id, std::string_view schedule_id) {
    return database_.read("schedules.count_changes", [&](Connection& connection) -> Result<std::int64_t> {
        return find_row<std::int64_t>(
                   connection, "SELECT COUNT(*) FROM schedule_changes WHERE schedule_id = $1 AND account_id = $2",
                   {schedule_id, account_id}, [](Columns& columns) { return columns.integer(); })
            .value_or(0);
    });
}

}  // namespace meter::sql
