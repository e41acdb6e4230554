// /api/jobs (wire contract 11)
#include <array>
#include <utility>

#include "input.hpp"
#include "meter/job.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

constexpr int execute_retry_seconds = 5;

Answer create_job(Services& services, Call& call) {
    auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_job_or_batch_request(without_null_members(std::get<Value>(std::move(body))));
    if (!request) return call.fail(request.error());
    if (request->batch) {
        const auto batch = services.engine.submit_batch(*request->batch, call.caller);
        if (!batch) return call.fail(batch.error());
        return {.status = 201, .body = to_json(*batch)};
    }
    const auto job = services.engine.submit(*request->job, call.caller);
    if (!job) return call.fail(job.error());
    return {.status = 201, .body = to_created_json(*job)};
}

Answer execute_job(Services& services, Call& call) {
    auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_job_request(without_null_members(std::get<Value>(std::move(body))));
    if (!request) return call.fail(request.error());
    const auto place = services.executes.enter(call.request.peer);
    if (!place) return call.fail(unavailable("Too many executions are waiting", execute_retry_seconds));
    const auto job = services.engine.execute(*request, call.caller, place->token());
    if (!job) return call.fail(job.error());
    return {.body = to_json(*job)};
}

Answer list_jobs(Services& services, Call& call) {
    static constexpr std::array<std::string_view, 4> statuses{"pending", "running", "completed", "failed"};
    JobQuery query;
    const auto range = read_range(call.query, 20);
    if (!range) return call.fail(range.error(), Source::query);
    query.range = *range;
    struct Filter {
        std::string_view name;
        std::optional<std::string> JobQuery::*member;
    };
    for (const Filter& filter :
         {Filter{"strategy_id", &JobQuery::strategy_id}, Filter{"schedule_id", &JobQuery::schedule_id},
          Filter{"batch_id", &JobQuery::batch_id}}) {
        const auto id = read_uuid_member(call.query, filter.name);
        if (!id) return call.fail(id.error(), Source::query);
        query.*filter.member = *id;
    }
    const auto status = read_word_member(call.query, "status", statuses);
    if (!status) return call.fail(status.error(), Source::query);
    if (*status) query.status = parse_job_status(**status);
    const auto since = read_since(call.query, call.now);
    if (!since) return call.fail(since.error(), Source::query);
    query.since = *since;
    const auto jobs = services.engine.list_jobs(query, call.caller);
    if (!jobs) return call.fail(jobs.error());
    return {.body = json_array(*jobs)};
}

Answer get_job(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("job_id"));
    if (!id) return call.fail(not_found("Job"));
    const auto job = services.engine.get_job(*id, call.caller);
    if (!job) return call.fail(job.error());
    return {.body = to_json(*job)};
}

Answer get_batch(Services& services, Call& call) {
    const auto id = read_uuid(call.path.get("batch_id"));
    if (!id) return call.fail(not_found("Batch"));
    const auto progress = services.engine.batch_progress(*id, call.caller);
    if (!progress) return call.fail(progress.error());
    return {.body = to_json(*progress)};
}

Answer compare(Services& services, const Call& call, std::string_view job_id, std::string_view other_job_id) {
    const auto comparison = services.engine.compare_jobs(job_id, other_job_id, call.caller);
    if (!comparison) return call.fail(comparison.error());
    return {.body = to_json(*comparison)};
}

Answer compare_jobs(Services& services, Call& call) {
    auto body = read_object_body(call.request);
    if (const auto* problem = std::get_if<Problem>(&body)) return call.fail(*problem);
    const auto request = parse_compare_request(without_null_members(std::get<Value>(std::move(body))));
    if (!request) return call.fail(request.error());
    return compare(services, call, request->job_id, request->other_job_id);
}

Answer compare_jobs_alias(Services& services, Call& call) {
    return compare(services, call, call.path.get("job_id"), call.path.get("other_job_id"));
}

}  // namespace

std::vector<Route> job_routes() {
    return {
        {.method = "POST", .path = "/api/jobs", .scope = "meter", .handler = create_job},
        {.method = "GET", .path = "/api/jobs", .scope = "meter", .handler = list_jobs},
        {.method = "POST", .path = "/api/jobs/execute", .scope = "meter", .handler = execute_job},
        {.method = "GET", .path = "/api/jobs/{job_id}", .scope = "meter", .handler = get_job},
        {.method = "POST", .path = "/api/jobs/compare", .scope = "meter", .handler = compare_jobs},
        {.method = "GET",
         .path = "/api/jobs/{job_id}/compare/{other_job_id}",
         .scope = "meter",
         .handler = compare_jobs_alias},
        {.method = "GET", .path = "/api/jobs/batch/{batch_id}", .scope = "meter", .handler = get_batch},
    };
}

}  // namespace meter::server
