// Jobs: one run of a strategy on one URL; batches of them; their history.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/change.hpp"
#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"
#include "meter/value.hpp"

namespace meter {

/// pending -> running -> completed | failed; no other way (wire contract 11.1).
enum class JobStatus { pending, running, completed, failed };

METER_EXPORT std::string_view to_string(JobStatus status) noexcept;
METER_EXPORT std::optional<JobStatus> parse_job_status(std::string_view name) noexcept;

/// A stored job. Results are JSON text: they are stored and sent, never parsed on the way.
struct Job {
    std::string job_id;  ///< UUID
    std::string account_id;
    std::string strategy_id;
    std::optional<std::string> schedule_id;
    std::optional<std::string> batch_id;
    std::optional<std::string> workflow_run_id;
    std::optional<std::string> workflow_node_id;  ///< set with workflow_run_id; not on the wire
    std::string url;
    std::optional<std::string> parameters;  ///< JSON object text; api strategies only
    JobStatus status = JobStatus::pending;
    std::optional<std::string> results;  ///< JSON array text; set when completed
    std::optional<std::int64_t> item_count;
    std::optional<std::string> content_hash;
    std::optional<std::string> structural_signature;  ///< JSON object text
    std::optional<bool> has_changes;
    std::optional<std::string> error;
    std::optional<Outcome> outcome;  ///< set when ended
    std::vector<std::string> warnings;
    std::int64_t attempt = 0;  ///< claims so far
    TimePoint created_at{};
    std::optional<TimePoint> started_at;
    std::optional<TimePoint> completed_at;

    bool operator==(const Job&) const = default;
};

/// The wire form of a job (JSON object text).
METER_EXPORT std::string to_json(const Job& job);

/// The short form that POST /api/jobs answers for one URL.
METER_EXPORT std::string to_created_json(const Job& job);

/// What to run: one URL (submit, execute) or several (submit_batch).
struct JobRequest {
    std::string strategy_id;
    std::string url;
    std::optional<Value> parameters = {};  ///< object: name -> scalar, array of scalars or null
};

struct BatchRequest {
    std::string strategy_id;
    std::vector<std::string> urls;  ///< 1 to 10,000; order and duplicates are kept
    std::optional<Value> parameters = {};
};

/// Reads the body of POST /api/jobs/execute. Errors: invalid_argument, invalid_url, as parse_strategy_request().
METER_EXPORT Result<JobRequest> parse_job_request(const Value& body);

/// Reads the body of POST /api/jobs: exactly one of url and urls.
struct JobOrBatchRequest {
    std::optional<JobRequest> job = {};
    std::optional<BatchRequest> batch = {};
};
METER_EXPORT Result<JobOrBatchRequest> parse_job_or_batch_request(const Value& body);

struct Batch {
    std::string batch_id;
    std::string account_id;
    std::string strategy_id;
    std::int64_t job_count = 0;
    TimePoint created_at{};

    bool operator==(const Batch&) const = default;
};

/// {"batch_id","job_count","status":"pending","strategy_id","created_at"}
METER_EXPORT std::string to_json(const Batch& batch);

struct BatchProgress {
    Batch batch;
    std::int64_t pending = 0, running = 0, completed = 0, failed = 0;

    bool operator==(const BatchProgress&) const = default;
};

METER_EXPORT std::string to_json(const BatchProgress& progress);

/// Filters of a job list; all given ones must hold.
struct JobQuery {
    std::optional<std::string> strategy_id = {};
    std::optional<std::string> schedule_id = {};
    std::optional<std::string> batch_id = {};
    std::optional<JobStatus> status = {};
    std::optional<TimePoint> since = {};  ///< created at or after
    ListRange range = {};
};

/// One line of a strategy's history.
struct HistoryEntry {
    std::string job_id;
    JobStatus status = JobStatus::pending;
    std::string url;
    std::optional<std::int64_t> item_count;
    bool has_changes = false;
    std::optional<std::string> content_hash;
    TimePoint created_at{};
    std::optional<TimePoint> completed_at;

    bool operator==(const HistoryEntry&) const = default;
};

METER_EXPORT std::string to_json(const HistoryEntry& entry);

}  // namespace meter
