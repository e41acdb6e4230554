// Jobs and batches as the wire contract's Job, JobCreated, BatchCreated, BatchProgress and StrategyHistoryEntry.
#include <cmath>

#include "json/object_writer.hpp"
#include "meter/job.hpp"

namespace meter {
namespace {

/// Wire contract 11.3: pending until the first job starts, failed only if all failed, otherwise completed at the end.
JobStatus batch_status(const BatchProgress& progress) {
    if (progress.running + progress.completed + progress.failed == 0) return JobStatus::pending;
    if (progress.pending + progress.running > 0) return JobStatus::running;
    return progress.completed == 0 ? JobStatus::failed : JobStatus::completed;
}

/// 100 * ended / total with one decimal.
double batch_percent(const BatchProgress& progress) {
    if (progress.batch.job_count <= 0) return 0;
    const auto ended = static_cast<double>(progress.completed + progress.failed);
    return std::round(1000 * ended / static_cast<double>(progress.batch.job_count)) / 10;
}

}  // namespace

std::string to_json(const Job& job) {
    json::ObjectWriter out;
    out.text("id", job.job_id)
        .text("job_id", job.job_id)
        .text("status", to_string(job.status))
        .text("strategy_id", job.strategy_id)
        .text_or_null("schedule_id", job.schedule_id)
        .text_or_null("batch_id", job.batch_id)
        .text_or_null("workflow_run_id", job.workflow_run_id)
        .text("url", job.url)
        .json_or_null("parameters", job.parameters)
        .json_or_null("results", job.results)
        .integer_or_null("item_count", job.item_count)
        .text_or_null("content_hash", job.content_hash)
        .json_or_null("structural_signature", job.structural_signature)
        .flag_or_null("has_changes", job.has_changes)
        .text_or_null("error", job.error);
    if (job.outcome) out.text("outcome", to_string(*job.outcome));
    if (!job.warnings.empty()) out.texts("warnings", job.warnings);
    out.time_or_null("started_at", job.started_at)
        .time_or_null("completed_at", job.completed_at)
        .time("created_at", job.created_at);
    return std::move(out).finish();
}

std::string to_created_json(const Job& job) {
    json::ObjectWriter out;
    out.text("id", job.job_id)
        .text("job_id", job.job_id)
        .text("status", to_string(JobStatus::pending))  // whatever a fast worker made of it since
        .text("strategy_id", job.strategy_id)
        .text("url", job.url)
        .json_or_null("parameters", job.parameters)
        .time("created_at", job.created_at);
    return std::move(out).finish();
}

std::string to_json(const Batch& batch) {
    json::ObjectWriter out;
    out.text("batch_id", batch.batch_id)
        .integer("job_count", batch.job_count)
        .text("status", to_string(JobStatus::pending))
        .text("strategy_id", batch.strategy_id)
        .time("created_at", batch.created_at);
    return std::move(out).finish();
}

std::string to_json(const BatchProgress& progress) {
    json::ObjectWriter out;
    out.text("batch_id", progress.batch.batch_id)
        .text("strategy_id", progress.batch.strategy_id)
        .text("status", to_string(batch_status(progress)))
        .integer("total", progress.batch.job_count)
        .integer("pending", progress.pending)
        .integer("running", progress.running)
        .integer("completed", progress.completed)
        .integer("failed", progress.failed)
        .number("progress_percent", batch_percent(progress))
        .time("created_at", progress.batch.created_at);
    return std::move(out).finish();
}

std::string to_json(const HistoryEntry& entry) {
    json::ObjectWriter out;
    out.text("id", entry.job_id)
        .text("job_id", entry.job_id)
        .text("status", to_string(entry.status))
        .text("url", entry.url)
        .integer_or_null("item_count", entry.item_count)
        .flag("has_changes", entry.has_changes)
        .text_or_null("content_hash", entry.content_hash)
        .time("created_at", entry.created_at)
        .time_or_null("completed_at", entry.completed_at);
    return std::move(out).finish();
}

}  // namespace meter
