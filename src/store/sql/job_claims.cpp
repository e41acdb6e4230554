// The queue half of SqlJobStore: who works on what, and until when.
//
// A claim raises `token`; every later write about it names (job_id, token) and finds nothing when the job was taken
// over, ended or deleted meanwhile. A lease that has run out but was not swept yet is still held.
#include "store/sql/columns.hpp"
#include "store/sql/job_rows.hpp"
#include "store/sql/job_store.hpp"

namespace meter::sql {
namespace {

std::string next_pending_sql(std::string_view comparison, const Dialect& dialect) {
    std::string sql = "SELECT job_id, account_id FROM jobs WHERE status = 'pending' AND account_id ";
    sql.append(comparison).append(" $1 ORDER BY account_id, created_at, job_id LIMIT 1");
    return sql.append(dialect.claim_lock);
}

struct ExpiredJob {
    std::string job_id;
    std::optional<std::string> batch_id;
    std::int64_t attempt = 0;
};

std::vector<ExpiredJob> expired_jobs(Connection& connection, TimePoint now) {
    std::vector<ExpiredJob> expired;
    connection.run("SELECT job_id, batch_id, attempt FROM jobs WHERE status = 'running' AND lease_until <= $1", {now},
                   [&](const Row& row) {
                       Columns columns(row);
                       ExpiredJob job;
                       job.job_id = columns.text();
                       job.batch_id = columns.optional_text();
                       job.attempt = columns.integer();
                       expired.push_back(std::move(job));
                   });
    return expired;
}

}  // namespace

SqlJobStore::SqlJobStore(Database& database)
    : database_(database),
      next_after_sql_(next_pending_sql(">", database.dialect())),
      next_first_sql_(next_pending_sql(">=", database.dialect())) {}

// One index seek finds the next account in turn together with its oldest job.
std::optional<SqlJobStore::Next> SqlJobStore::next_pending(Connection& connection) const {
    const auto read = [](Columns& columns) {
        Next next;
        next.job_id = columns.text();
        next.account_id = columns.text();
        return next;
    };
    std::string last_served;
    {
        const std::lock_guard lock(mutex_);
        last_served = last_served_;
    }
    auto next = find_row<Next>(connection, next_after_sql_, {last_served}, read);
    if (!next) next = find_row<Next>(connection, next_first_sql_, {""}, read);
    return next;
}

Result<std::optional<ClaimedJob>> SqlJobStore::claim_next(TimePoint now, std::chrono::milliseconds lease,
                                                          std::string_view worker) {
    using Claimed = std::optional<ClaimedJob>;
    static const std::string claim_sql =
        "UPDATE jobs SET status = 'running', attempt = attempt + 1, token = token + 1, worker = $2, lease_until = $3, "
        "started_at = $4 WHERE job_id = $1 AND status = 'pending' RETURNING " +
        std::string(job_columns) + ", jobs.token";
    // Idle workers ask all the time: an empty queue costs them a read and the writer nothing.
    const auto waiting = database_.read("jobs.claim_next", [&](Connection& connection) -> Result<bool> {
        return next_pending(connection).has_value();
    });
    if (!waiting) return waiting.error();
    if (!*waiting) return Claimed{};
    return database_.write("jobs.claim_next", [&](Connection& connection) -> Result<Claimed> {
        const auto next = next_pending(connection);
        if (!next) return Claimed{};
        auto claimed =
            find_row<ClaimedJob>(connection, claim_sql, {next->job_id, worker, now + lease, now}, [](Columns& columns) {
                ClaimedJob found;
                found.job = read_job(columns);
                found.token = columns.integer();
                return found;
            });
        if (!claimed) return Claimed{};
        count_move(connection, claimed->job.batch_id, JobStatus::pending, JobStatus::running);
        const std::lock_guard lock(mutex_);
        last_served_ = next->account_id;
        return claimed;
    });
}

Result<std::vector<std::string>> SqlJobStore::heartbeat(const std::vector<ClaimRef>& claims, TimePoint now,
                                                        std::chrono::milliseconds lease) {
    using Lost = std::vector<std::string>;
    if (claims.empty()) return Lost{};
    return database_.write("jobs.heartbeat", [&](Connection& connection) -> Result<Lost> {
        Lost lost;
        for (const auto& claim : claims) {
            const auto extended = connection.run(
                "UPDATE jobs SET lease_until = $3 WHERE job_id = $1 AND token = $2 AND status = 'running'",
                {claim.job_id, claim.token, now + lease});
            if (extended == 0) lost.push_back(claim.job_id);
        }
        return lost;
    });
}

Result<bool> SqlJobStore::release(const ClaimRef& claim) {
    return database_.write("jobs.release", [&](Connection& connection) -> Result<bool> {
        const auto released = find_row<std::optional<std::string>>(
            connection,
            "UPDATE jobs SET status = 'pending', attempt = attempt - 1, worker = NULL, lease_until = NULL, "
            "started_at = NULL WHERE job_id = $1 AND token = $2 AND status = 'running' RETURNING batch_id",
            {claim.job_id, claim.token}, [](Columns& columns) { return columns.optional_text(); });
        if (!released) return false;
        count_move(connection, *released, JobStatus::running, JobStatus::pending);
        return true;
    });
}

Result<SweepResult> SqlJobStore::sweep(TimePoint now, std::int64_t max_attempts) {
    return database_.write("jobs.sweep", [&](Connection& connection) -> Result<SweepResult> {
        SweepResult result;
        for (auto& job : expired_jobs(connection, now)) {
            if (job.attempt >= max_attempts) {
                connection.run(
                    "UPDATE jobs SET status = 'failed', outcome = 'failed', error = 'Interrupted by server restart', "
                    "lease_until = NULL, completed_at = $2 WHERE job_id = $1 AND status = 'running'",
                    {job.job_id, now});
                count_move(connection, job.batch_id, JobStatus::running, JobStatus::failed);
                result.failed.push_back(std::move(job.job_id));
            } else {
                connection.run(
                    "UPDATE jobs SET status = 'pending', worker = NULL, lease_until = NULL, started_at = NULL "
                    "WHERE job_id = $1 AND status = 'running'",
                    {job.job_id});
                count_move(connection, job.batch_id, JobStatus::running, JobStatus::pending);
                ++result.requeued;
            }
        }
        return result;
    });
}

}  // namespace meter::sql
