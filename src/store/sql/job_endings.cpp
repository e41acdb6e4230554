// The other half of a job's life in SqlJobStore: baselines, completion and failure.
#include "core/hash.hpp"
#include "meter/json.hpp"
#include "store/sql/columns.hpp"
#include "store/sql/delivery_rows.hpp"
#include "store/sql/job_rows.hpp"
#include "store/sql/job_store.hpp"
#include "store/sql/schedule_rows.hpp"

namespace meter::sql {
namespace {

/// One text for all members of the key: each with its length, so that no two keys run into the same bytes.
std::string stored_key(const BaselineKey& key) {
    core::Sha256 hash;
    const auto add = [&](const std::string* text) {
        hash.update(text == nullptr ? "-" : std::to_string(text->size()) + ":");
        if (text != nullptr) hash.update(*text);
    };
    const auto add_optional = [&](const std::optional<std::string>& text) { add(text ? &*text : nullptr); };
    add(&key.strategy_id);
    add(&key.url);
    add_optional(key.parameters);
    add_optional(key.schedule_id);
    add_optional(key.workflow_node);
    return hash.finish_hex();
}

Baseline read_baseline(Columns& columns) {
    Baseline baseline;
    baseline.job_id = columns.text();
    baseline.content_hash = columns.text();
    baseline.shape.item_count = columns.integer();
    baseline.shape.field_counts = columns.json();
    baseline.settings_hash = columns.text();
    baseline.etag = columns.text();
    baseline.last_modified = columns.text();
    baseline.page_hash = columns.text();
    return baseline;
}

/// What a completing job needs to know of the present baseline.
struct CurrentBaseline {
    std::string job_id;
    std::string content_hash;
};

std::optional<CurrentBaseline> current_baseline(Connection& connection, std::string_view key) {
    return find_row<CurrentBaseline>(connection, "SELECT job_id, content_hash FROM baselines WHERE baseline_key = $1",
                                     {key}, [](Columns& columns) {
                                         CurrentBaseline current;
                                         current.job_id = columns.text();
                                         current.content_hash = columns.text();
                                         return current;
                                     });
}

bool is_expected(const std::optional<CurrentBaseline>& current, const std::optional<std::string>& expected) {
    return current.has_value() == expected.has_value() && (!current || current->job_id == *expected);
}

/// What follows the job of a claim; nullopt when it is held no longer. Read before it is written: for RETURNING, SQLite
/// makes a table in memory and keeps a copy of each page that the statement changes.
std::optional<JobPlace> held_place(Connection& connection, const ClaimRef& claim) {
    static const std::string sql = "SELECT " + std::string(job_place_columns) +
                                   " FROM jobs WHERE job_id = $1 AND token = $2 AND status = 'running'";
    return find_row<JobPlace>(connection, sql, {claim.job_id, claim.token}, read_job_place);
}

void store_baseline(Connection& connection, std::string_view key, const JobCompletion& completion,
                    std::string_view content_hash) {
    const Baseline& baseline = *completion.new_baseline;
    connection.run(
        "INSERT INTO baselines (baseline_key, strategy_id, job_id, content_hash, item_count, field_counts, "
        "settings_hash, etag, last_modified, page_hash, schedule_id, workflow_node_id) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
        "ON CONFLICT (baseline_key) DO UPDATE SET job_id = excluded.job_id, content_hash = excluded.content_hash, "
        "item_count = excluded.item_count, field_counts = excluded.field_counts, "
        "settings_hash = excluded.settings_hash, etag = excluded.etag, last_modified = excluded.last_modified, "
        "page_hash = excluded.page_hash",
        {key, completion.key.strategy_id, completion.claim.job_id, content_hash, baseline.shape.item_count,
         to_json(baseline.shape.field_counts), baseline.settings_hash, baseline.etag, baseline.last_modified,
         baseline.page_hash, completion.key.schedule_id, completion.key.workflow_node});
}

/// False when the baseline's results are gone.
bool store_results(Connection& connection, const JobCompletion& completion) {
    struct Results {
        std::string results, structural_signature;
    };
    Results known;
    if (completion.reuse_baseline) {
        auto found =
            find_row<Results>(connection, "SELECT results, structural_signature FROM job_results WHERE job_id = $1",
                              {completion.expected_baseline}, [](Columns& columns) {
                                  Results read;
                                  read.results = columns.text();
                                  read.structural_signature = columns.text();
                                  return read;
                              });
        if (!found) return false;
        known = *std::move(found);
    }
    const bool reuses = completion.reuse_baseline;
    connection.run("INSERT INTO job_results (job_id, results, structural_signature) VALUES ($1, $2, $3)",
                   {completion.claim.job_id, reuses ? known.results : completion.results,
                    reuses ? known.structural_signature : completion.structural_signature});
    return true;
}

}  // namespace

std::optional<Baseline> find_baseline(Connection& connection, const BaselineKey& key) {
    return find_row<Baseline>(
        connection,
        "SELECT job_id, content_hash, item_count, field_counts, settings_hash, etag, last_modified, page_hash FROM "
        "baselines WHERE baseline_key = $1",
        {stored_key(key)}, read_baseline);
}

Result<std::optional<Baseline>> SqlJobStore::find_baseline(const BaselineKey& key) {
    std::optional<Baseline> found;
    const auto done = database_.run_select("jobs.find_baseline", [&](Connection& connection) -> Result<void> {
        found = sql::find_baseline(connection, key);
        return {};
    });
    if (!done) return done.error();
    return found;
}

Result<bool> SqlJobStore::complete(const JobCompletion& completion) {
    if (completion.reuse_baseline && !completion.expected_baseline)
        return Error{ErrorCode::invalid_argument, "reuse_baseline needs expected_baseline", "expected_baseline"};
    const std::string key = stored_key(completion.key);
    return database_.write("jobs.complete", [&](Connection& connection) -> Result<bool> {
        // Everything is looked at before anything is written, so that a conflict has nothing to undo; the claim first:
        // one that is lost is told so, whatever became of the baseline.
        const auto place = held_place(connection, completion.claim);
        if (!place) return false;
        const auto current = current_baseline(connection, key);
        if (!is_expected(current, completion.expected_baseline))
            return Error{ErrorCode::conflict, "The baseline has changed meanwhile; compare again",
                         completion.claim.job_id, true};
        const std::string_view content_hash =
            completion.reuse_baseline && current ? current->content_hash : completion.content_hash;
        const auto completed = connection.run(
            "UPDATE jobs SET status = 'completed', lease_until = NULL, completed_at = $3, item_count = $4, "
            "content_hash = $5, has_changes = $6, outcome = $7, warnings = $8 "
            "WHERE job_id = $1 AND token = $2 AND status = 'running'",
            {completion.claim.job_id, completion.claim.token, completion.completed_at, completion.item_count,
             content_hash, completion.has_changes, to_string(completion.outcome), stored_list(completion.warnings)});
        if (completed == 0) return false;
        if (!store_results(connection, completion))
            return Error{ErrorCode::store, "The results of the baseline are gone; check the database for damage",
                         *completion.expected_baseline};
        if (completion.new_baseline) store_baseline(connection, key, completion, content_hash);
        insert_deliveries(connection, completion.deliveries);
        count_end(connection, *place, JobStatus::running, {completion.completed_at, completion.item_count});
        if (completion.change) store_change(connection, completion.claim.job_id, *completion.change);
        update_health(connection, place->schedule_id, completion.completed_at);
        return true;
    });
}

Result<bool> SqlJobStore::fail(const JobFailure& failure) {
    return database_.write("jobs.fail", [&](Connection& connection) -> Result<bool> {
        const auto place = held_place(connection, failure.claim);
        if (!place) return false;
        const auto failed = connection.run(
            "UPDATE jobs SET status = 'failed', lease_until = NULL, completed_at = $3, error = $4, outcome = $5 "
            "WHERE job_id = $1 AND token = $2 AND status = 'running'",
            {failure.claim.job_id, failure.claim.token, failure.completed_at, failure.error,
             to_string(failure.outcome)});
        if (failed == 0) return false;
        insert_deliveries(connection, failure.deliveries);
        count_end(connection, *place, JobStatus::running, {failure.completed_at, 0, failure.error});
        update_health(connection, place->schedule_id, failure.completed_at);
        return true;
    });
}

Result<bool> SqlJobStore::fail_unfinished(std::string_view account_id, std::string_view job_id, TimePoint completed_at,
                                          std::string_view error) {
    struct Found {
        JobStatus status = JobStatus::pending;
        JobPlace place;
    };
    static const std::string sql =
        "SELECT status, " + std::string(job_place_columns) + " FROM jobs WHERE job_id = $1 AND account_id = $2";
    return database_.write("jobs.fail_unfinished", [&](Connection& connection) -> Result<bool> {
        const auto found = find_row<Found>(connection, sql, {job_id, account_id}, [](Columns& columns) {
            Found job;
            job.status = columns.job_status();
            job.place = read_job_place(columns);
            return job;
        });
        if (!found || (found->status != JobStatus::pending && found->status != JobStatus::running)) return false;
        connection.run(
            "UPDATE jobs SET status = 'failed', lease_until = NULL, completed_at = $3, error = $4, outcome = 'failed' "
            "WHERE job_id = $1 AND account_id = $2",
            {job_id, account_id, completed_at, error});
        count_end(connection, found->place, found->status, {completed_at, 0, error});
        update_health(connection, found->place.schedule_id, completed_at);
        return true;
    });
}

}  // namespace meter::sql
