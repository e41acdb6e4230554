// Bodies of POST /api/jobs and POST /api/jobs/execute (wire contract 8.6, 11.2, 11.4).
#include "json/members.hpp"
#include "json/wire_parts.hpp"
#include "meter/job.hpp"

namespace meter {
namespace {

JobRequest read_job(json::Members& in) {
    JobRequest request;
    request.strategy_id = in.uuid("strategy_id").value_or("");
    request.parameters = json::read_parameters(in);
    request.url = in.url("url").value_or("");
    return request;
}

BatchRequest read_batch(json::Members& in) {
    BatchRequest request;
    request.strategy_id = in.uuid("strategy_id").value_or("");
    request.parameters = json::read_parameters(in);
    request.urls = json::read_urls(in);
    return request;
}

}  // namespace

Result<JobRequest> parse_job_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"strategy_id", "url"});
    JobRequest request = read_job(in);
    if (in.error()) return *in.error();
    return request;
}

Result<JobOrBatchRequest> parse_job_or_batch_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"strategy_id"});
    const bool one = in.has("url"), many = in.has("urls");
    if (one && many) in.fail({ErrorCode::invalid_argument, "Provide either url or urls, not both", "urls"});
    if (!one && !many) in.fail({ErrorCode::invalid_argument, "Provide either url or urls", "url"});
    JobOrBatchRequest request;
    if (many)
        request.batch = read_batch(in);
    else
        request.job = read_job(in);
    if (in.error()) return *in.error();
    return request;
}

}  // namespace meter
