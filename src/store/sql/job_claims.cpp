// The queue half of SqlJobStore: who works on what, and until when.
//
// A claim raises `token`; every later write about it names (job_id, token) and finds nothing when the job was taken
// over, ended or deleted meanwhile. A lease that has run out but was not swept yet is still held.
#include <map>

#include "store/sql/columns.hpp"
#include "store/sql/job_rows.hpp"
#include "store/sql/job_store.hpp"
#include "store/sql/strategy_rows.hpp"

namespace meter::sql {
namespace {

constexpr std::chrono::seconds take_over_lease{30};  // for failing a job that has no attempt left
constexpr std::string_view interrupted_job = "Interrupted by server restart";
constexpr std::size_t queue_head = 64;  // oldest jobs of an account that are looked at one by one

std::string next_pending_sql(std::string_view comparison, const Dialect& dialect) {
    std::string sql = "SELECT job_id, account_id, host FROM jobs WHERE status = 'pending' AND account_id ";
    sql.append(comparison).append(" $1 ORDER BY account_id, created_at, job_id LIMIT 1");
    return sql.append(dialect.claim_lock);
}

std::string next_host_sql(const Dialect& dialect) {
    std::string sql =
        "SELECT job_id, account_id, host FROM jobs WHERE status = 'pending' AND account_id = $1 AND host > $2 "
        "ORDER BY host, created_at, job_id LIMIT 1";
    return sql.append(dialect.claim_lock);
}

/// May another job of this host run?
bool has_room(const HostLoad& hosts, const std::string& host) {
    if (hosts.most <= 0 || host.empty()) return true;
    const auto busy = hosts.busy.find(host);
    return busy == hosts.busy.end() || busy->second < hosts.most;
}

struct ExpiredJob {
    std::string job_id;
    JobPlace place;
    std::int64_t attempt = 0;
};

std::vector<ExpiredJob> expired_jobs(Connection& connection, TimePoint now) {
    static const std::string sql = "SELECT job_id, attempt, " + std::string(job_place_columns) +
                                   " FROM jobs WHERE status = 'running' AND lease_until <= $1";
    std::vector<ExpiredJob> expired;
    connection.run(sql, {now}, [&](const Row& row) {
        Columns columns(row);
        ExpiredJob job;
        job.job_id = columns.text();
        job.attempt = columns.integer();
        job.place = read_job_place(columns);
        expired.push_back(std::move(job));
    });
    return expired;
}

/// What the jobs begin with. Those of workflow runs keep to what was stored when their run began; and for parameters
/// their canonical form would have to be found first.
void read_starts(Connection& connection, std::vector<ClaimedJob>& claimed) {
    std::map<std::string_view, std::shared_ptr<const Strategy>> strategies;
    for (ClaimedJob& job : claimed) {
        if (job.job.workflow_run_id || job.job.parameters) continue;
        auto& strategy = strategies[job.job.strategy_id];
        if (!strategy) {
            auto found = find_strategy(connection, job.job.account_id, job.job.strategy_id);
            if (!found) continue;
            strategy = std::make_shared<const Strategy>(*std::move(found));
        }
        job.start = JobStart{strategy, find_baseline(connection, baseline_key(job.job))};
    }
}

/// Claims an expired job once more without counting the attempt.
std::optional<ClaimedJob> take_over(Connection& connection, std::string_view job_id, TimePoint lease_until) {
    static const std::string sql =
        "UPDATE jobs SET token = token + 1, lease_until = $2 WHERE job_id = $1 AND status = 'running' RETURNING " +
        std::string(job_columns) + ", jobs.token";
    return find_row<ClaimedJob>(connection, sql, {job_id, lease_until}, [](Columns& columns) {
        ClaimedJob taken;
        taken.job = read_job(columns);
        taken.token = columns.integer();
        return taken;
    });
}

}  // namespace

SqlJobStore::Next SqlJobStore::read_next(Columns& columns) {
    Next next;
    next.job_id = columns.text();
    next.account_id = columns.text();
    next.host = columns.text();
    return next;
}

SqlJobStore::SqlJobStore(Database& database)
    : database_(database),
      next_after_sql_(next_pending_sql(">", database.dialect())),
      next_first_sql_(next_pending_sql(">=", database.dialect())),
      next_host_sql_(next_host_sql(database.dialect())) {}

SqlJobStore::Turn SqlJobStore::turn() const {
    const std::lock_guard lock(mutex_);
    return turn_;
}

// One index seek finds the next account in turn together with its oldest job. An account whose jobs may not run now is
// passed over.
std::optional<SqlJobStore::Next> SqlJobStore::next_pending(Connection& connection, const HostLoad& hosts,
                                                           Turn& turn) const {
    const std::string last_served = turn.account_id;
    const auto take = [&](Next next) -> std::optional<Next> {
        const std::string account = next.account_id;
        auto taken =
            has_room(hosts, next.host) ? std::move(next) : next_of_account(connection, hosts, account, turn.host);
        if (taken) turn.account_id = account;
        return taken;
    };
    // The accounts after the last one served, then those from the smallest up to it: each once.
    for (std::string after = last_served;;) {
        auto next = find_row<Next>(connection, next_after_sql_, {after}, read_next);
        if (!next) break;
        after = next->account_id;
        if (auto taken = take(*std::move(next))) return taken;
    }
    auto next = find_row<Next>(connection, next_first_sql_, {""}, read_next);
    while (next && next->account_id <= last_served) {
        const std::string after = next->account_id;
        if (auto taken = take(*std::move(next))) return taken;
        next = find_row<Next>(connection, next_after_sql_, {after}, read_next);
    }
    return std::nullopt;
}

/// The oldest job that may run, looked for at the head of the account's queue. Behind a longer run of jobs that may not
/// the hosts have their turn instead, each with its oldest job: one seek for each host that is full, however long the
/// queue is.
std::optional<SqlJobStore::Next> SqlJobStore::next_of_account(Connection& connection, const HostLoad& hosts,
                                                              std::string_view account_id,
                                                              std::string& last_host) const {
    std::optional<Next> found;
    std::size_t seen = 0;
    connection.run(
        "SELECT job_id, host FROM jobs WHERE status = 'pending' AND account_id = $1 ORDER BY created_at, job_id "
        "LIMIT $2",
        {account_id, queue_head}, [&](const Row& row) {
            ++seen;
            if (found) return;
            Columns columns(row);
            Next job{columns.text(), std::string(account_id), columns.text()};
            if (has_room(hosts, job.host)) found = std::move(job);
        });
    if (found || seen < queue_head) return found;

    const std::string first = last_host;
    std::string after = first;
    for (bool from_start = false;;) {
        auto next = find_row<Next>(connection, next_host_sql_, {account_id, after}, read_next);
        if (!next || (from_start && next->host > first)) {
            if (from_start) return std::nullopt;
            from_start = true;
            after.clear();
            continue;
        }
        if (has_room(hosts, next->host)) {
            last_host = next->host;
            return next;
        }
        after = next->host;
    }
}

Result<std::optional<ClaimedJob>> SqlJobStore::claim_next(TimePoint now, std::chrono::milliseconds lease,
                                                          std::string_view worker) {
    auto claimed = claim(now, lease, worker, 1, {});
    if (!claimed) return claimed.error();
    if (claimed->empty()) return std::optional<ClaimedJob>{};
    return std::optional(std::move(claimed->front()));
}

Result<std::vector<ClaimedJob>> SqlJobStore::claim(TimePoint now, std::chrono::milliseconds lease,
                                                   std::string_view worker, std::size_t most, const HostLoad& hosts) {
    using Claimed = std::vector<ClaimedJob>;
    static const std::string read_sql =
        "SELECT " + std::string(job_columns) + ", jobs.token, jobs.host FROM jobs WHERE job_id = $1";
    // Idle workers ask now and then: an empty queue costs them a read and the writer nothing.
    if (!found_some_) {
        const auto waiting = database_.read("jobs.claim", [&](Connection& connection) -> Result<bool> {
            Turn seen = turn();
            return next_pending(connection, hosts, seen).has_value();
        });
        if (!waiting) return waiting.error();
        if (!*waiting) return Claimed{};
    }
    return database_.write("jobs.claim", [&](Connection& connection) -> Result<Claimed> {
        Claimed claimed;
        HostLoad load = hosts;
        Turn next_turn = turn();
        std::map<std::optional<std::string>, std::int64_t> moved;  // by batch
        while (claimed.size() < most) {
            const auto next = next_pending(connection, load, next_turn);
            if (!next) break;
            const auto taken = connection.run(
                "UPDATE jobs SET status = 'running', attempt = attempt + 1, token = token + 1, worker = $2, "
                "lease_until = $3, started_at = $4 WHERE job_id = $1 AND status = 'pending'",
                {next->job_id, worker, now + lease, now});
            if (taken == 0) break;  // another process was quicker
            auto job = find_row<ClaimedJob>(connection, read_sql, {next->job_id}, [](Columns& columns) {
                ClaimedJob found;
                found.job = read_job(columns);
                found.token = columns.integer();
                found.host = columns.text();
                return found;
            });
            if (!job) break;
            ++moved[job->job.batch_id];
            if (load.most > 0) ++load.busy[job->host];
            claimed.push_back(*std::move(job));
        }
        for (const auto& [batch_id, jobs] : moved)
            count_move(connection, batch_id, JobStatus::pending, JobStatus::running, jobs);
        read_starts(connection, claimed);
        found_some_ = !claimed.empty();
        const std::lock_guard lock(mutex_);
        turn_ = next_turn;
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
            if (job.attempt >= max_attempts && job.place.schedule_id) {
                if (auto taken = take_over(connection, job.job_id, now + take_over_lease))
                    result.exhausted.push_back(*std::move(taken));
            } else if (job.attempt >= max_attempts) {
                connection.run(
                    "UPDATE jobs SET status = 'failed', outcome = 'failed', error = $3, lease_until = NULL, "
                    "completed_at = $2 WHERE job_id = $1 AND status = 'running'",
                    {job.job_id, now, interrupted_job});
                count_end(connection, job.place, JobStatus::running, {now, 0, interrupted_job});
                result.failed.push_back(std::move(job.job_id));
            } else {
                connection.run(
                    "UPDATE jobs SET status = 'pending', worker = NULL, lease_until = NULL, started_at = NULL "
                    "WHERE job_id = $1 AND status = 'running'",
                    {job.job_id});
                count_move(connection, job.place.batch_id, JobStatus::running, JobStatus::pending);
                ++result.requeued;
            }
        }
        return result;
    });
}

}  // namespace meter::sql
