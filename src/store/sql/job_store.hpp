// Jobs, batches, claims and baselines, in SQL.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "meter/store.hpp"
#include "store/sql/columns.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

class SqlJobStore final : public JobStore {
public:
    explicit SqlJobStore(Database& database);

    // job_store.cpp
    Result<void> insert(const std::vector<Job>& jobs, const std::optional<Batch>& batch) override;
    Result<std::optional<Job>> find(std::string_view account_id, std::string_view job_id) override;
    Result<std::vector<Job>> list(std::string_view account_id, const JobQuery& query) override;
    Result<std::vector<HistoryEntry>> history(std::string_view account_id, std::string_view strategy_id,
                                              ListRange range) override;
    Result<std::optional<BatchProgress>> batch_progress(std::string_view account_id,
                                                        std::string_view batch_id) override;
    Result<JobCounts> counts() override;

    // job_claims.cpp
    Result<std::optional<ClaimedJob>> claim_next(TimePoint now, std::chrono::milliseconds lease,
                                                 std::string_view worker) override;
    Result<std::vector<ClaimedJob>> claim(TimePoint now, std::chrono::milliseconds lease, std::string_view worker,
                                          std::size_t most, const HostLoad& hosts) override;
    Result<std::vector<std::string>> heartbeat(const std::vector<ClaimRef>& claims, TimePoint now,
                                               std::chrono::milliseconds lease) override;
    Result<bool> release(const ClaimRef& claim) override;
    Result<SweepResult> sweep(TimePoint now, std::int64_t max_attempts) override;

    // job_endings.cpp
    Result<std::optional<Baseline>> find_baseline(const BaselineKey& key) override;
    Result<bool> complete(const JobCompletion& completion) override;
    Result<bool> fail(const JobFailure& failure) override;
    Result<bool> fail_unfinished(std::string_view account_id, std::string_view job_id, TimePoint completed_at,
                                 std::string_view error) override;

    // job_retention.cpp
    Result<DroppedJobs> drop_ended_before(TimePoint moment, const std::optional<EndedPlace>& after,
                                          std::int64_t limit) override;

private:
    struct Next {
        std::string job_id;
        std::string account_id;
        std::string host;
    };
    static Next read_next(Columns& columns);
    /// Where the round over accounts, and over the hosts of an account with a long queue, stands.
    struct Turn {
        std::string account_id;
        std::string host;
    };
    std::optional<Next> next_pending(Connection& connection, const HostLoad& hosts, Turn& turn) const;
    std::optional<Next> next_of_account(Connection& connection, const HostLoad& hosts, std::string_view account_id,
                                        std::string& last_host) const;
    Turn turn() const;

    Database& database_;
    const std::string next_after_sql_;  ///< oldest pending job of the first account after the last one served
    const std::string next_first_sql_;  ///< the same from the smallest account on
    const std::string next_host_sql_;   ///< oldest pending job of an account's first host after one
    mutable std::mutex mutex_;
    Turn turn_;                            ///< of the newest claim; guarded by mutex_
    std::atomic<bool> found_some_{false};  ///< has the newest claim?
};

}  // namespace meter::sql
