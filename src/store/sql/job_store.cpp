#include "store/sql/job_store.hpp"

#include "store/sql/columns.hpp"
#include "store/sql/job_rows.hpp"

namespace meter::sql {
namespace {

std::string select_full_jobs(std::string_view condition) {
    return "SELECT " + std::string(job_columns) +
           ", job_results.results, job_results.structural_signature FROM jobs "
           "LEFT JOIN job_results ON job_results.job_id = jobs.job_id WHERE " +
           std::string(condition);
}

Job read_full_job(Columns& columns) {
    Job job = read_job(columns);
    job.results = columns.optional_text();
    job.structural_signature = columns.optional_text();
    return job;
}

bool has_strategy(Connection& connection, std::string_view account_id, std::string_view strategy_id) {
    return find_row<std::int64_t>(connection, "SELECT 1 FROM strategies WHERE strategy_id = $1 AND account_id = $2",
                                  {strategy_id, account_id}, [](Columns& columns) { return columns.integer(); })
        .has_value();
}

Error strategy_not_found(std::string_view strategy_id) {
    return Error{ErrorCode::not_found, "Strategy not found", std::string(strategy_id)};
}

}  // namespace

Result<void> SqlJobStore::insert(const std::vector<Job>& jobs, const std::optional<Batch>& batch) {
    // The batch counts its jobs, so it has to be exactly these.
    for (const auto& job : jobs)
        if (job.batch_id != (batch ? std::optional(batch->batch_id) : std::nullopt))
            return Error{ErrorCode::invalid_argument, "A job names another batch than the one it is inserted with",
                         "batch_id"};
    return database_.write("jobs.insert", [&](Connection& connection) -> Result<void> {
        if (batch) {
            if (!has_strategy(connection, batch->account_id, batch->strategy_id))
                return strategy_not_found(batch->strategy_id);
            insert_batch(connection, *batch, jobs.size());
        }
        const Job* checked = nullptr;  // usually one strategy for all
        for (const auto& job : jobs) {
            const bool same =
                checked != nullptr && checked->strategy_id == job.strategy_id && checked->account_id == job.account_id;
            if (!same && !has_strategy(connection, job.account_id, job.strategy_id))
                return strategy_not_found(job.strategy_id);
            checked = &job;
            insert_pending_job(connection, job);
        }
        connection.run("UPDATE job_totals SET pending = pending + $1", {jobs.size()});
        return {};
    });
}

Result<std::optional<Job>> SqlJobStore::find(std::string_view account_id, std::string_view job_id) {
    static const std::string sql = select_full_jobs("jobs.job_id = $1 AND jobs.account_id = $2");
    return look_up<Job>(database_, "jobs.find", sql, {job_id, account_id}, read_full_job);
}

Result<std::vector<Job>> SqlJobStore::list(std::string_view account_id, const JobQuery& query) {
    if (auto valid = validate(query.range); !valid) return valid.error();
    std::string sql = select_full_jobs("jobs.account_id = $1");
    std::vector<Param> params{account_id};
    const auto add = [&](std::string_view condition, const Param& value) {
        params.push_back(value);
        sql.append(" AND jobs.").append(condition).append(" $").append(std::to_string(params.size()));
    };
    if (query.strategy_id) add("strategy_id =", *query.strategy_id);
    if (query.schedule_id) add("schedule_id =", *query.schedule_id);
    if (query.batch_id) add("batch_id =", *query.batch_id);
    if (query.since) add("created_at >=", *query.since);
    // In words, not as a parameter: that is what makes the partial indexes usable.
    if (query.status) sql.append(" AND jobs.status = '").append(to_string(*query.status)).append("'");
    params.emplace_back(query.range.limit);
    params.emplace_back(query.range.offset);
    sql += " ORDER BY jobs.created_at DESC, jobs.job_id DESC LIMIT $" + std::to_string(params.size() - 1) +
           " OFFSET $" + std::to_string(params.size());
    return database_.read("jobs.list", [&](Connection& connection) -> Result<std::vector<Job>> {
        std::vector<Job> jobs;
        connection.execute(sql, params, [&](const Row& row) {
            Columns columns(row);
            jobs.push_back(read_full_job(columns));
        });
        return jobs;
    });
}

Result<std::vector<HistoryEntry>> SqlJobStore::history(std::string_view account_id, std::string_view strategy_id,
                                                       ListRange range) {
    if (auto valid = validate(range); !valid) return valid.error();
    return database_.read("jobs.history", [&](Connection& connection) -> Result<std::vector<HistoryEntry>> {
        std::vector<HistoryEntry> entries;
        connection.run(
            "SELECT job_id, status, url, item_count, COALESCE(has_changes, 0), content_hash, created_at, completed_at "
            "FROM jobs WHERE strategy_id = $1 AND account_id = $2 "
            "ORDER BY created_at DESC, job_id DESC LIMIT $3 OFFSET $4",
            {strategy_id, account_id, range.limit, range.offset}, [&](const Row& row) {
                Columns columns(row);
                HistoryEntry entry;
                entry.job_id = columns.text();
                entry.status = columns.job_status();
                entry.url = columns.text();
                entry.item_count = columns.optional_integer();
                entry.has_changes = columns.boolean();
                entry.content_hash = columns.optional_text();
                entry.created_at = columns.time();
                entry.completed_at = columns.optional_time();
                entries.push_back(std::move(entry));
            });
        return entries;
    });
}

Result<std::optional<BatchProgress>> SqlJobStore::batch_progress(std::string_view account_id,
                                                                 std::string_view batch_id) {
    return database_.read("jobs.batch_progress", [&](Connection& connection) {
        return Result<std::optional<BatchProgress>>(find_row<BatchProgress>(
            connection,
            "SELECT batch_id, account_id, strategy_id, job_count, created_at, pending, running, completed, failed "
            "FROM batches WHERE batch_id = $1 AND account_id = $2",
            {batch_id, account_id}, [](Columns& columns) {
                BatchProgress progress;
                progress.batch.batch_id = columns.text();
                progress.batch.account_id = columns.text();
                progress.batch.strategy_id = columns.text();
                progress.batch.job_count = columns.integer();
                progress.batch.created_at = columns.time();
                progress.pending = columns.integer();
                progress.running = columns.integer();
                progress.completed = columns.integer();
                progress.failed = columns.integer();
                return progress;
            }));
    });
}

Result<JobCounts> SqlJobStore::counts() {
    return database_.read("jobs.counts", [&](Connection& connection) -> Result<JobCounts> {
        return find_row<JobCounts>(connection, "SELECT pending, running FROM job_totals", {},
                                   [](Columns& columns) {
                                       JobCounts counts;
                                       counts.pending = columns.integer();
                                       counts.running = columns.integer();
                                       return counts;
                                   })
            .value_or(JobCounts{});
    });
}

}  // namespace meter::sql
