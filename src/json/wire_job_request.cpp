// Bodies of POST /api/jobs and POST /api/jobs/execute (wire contract 8.6, 11.2, 11.4).
#include <algorithm>

#include "core/url_text.hpp"
#include "json/members.hpp"
#include "meter/job.hpp"

namespace meter {
namespace {

constexpr std::size_t batch_max_urls = 10'000;

bool is_parameter(const Value& value) {
    if (value.is_scalar()) return true;
    const Value::Array* array = value.if_array();
    return array != nullptr && std::all_of(array->begin(), array->end(),
                                           [](const Value& one) { return one.is_scalar() && !one.is_null(); });
}

/// Wire contract 8.6: name -> scalar, array of scalars, or null to remove.
std::optional<Value> read_parameters(json::Members& in) {
    const Object* parameters = in.object("parameters");
    if (parameters == nullptr) return std::nullopt;
    for (const auto& [name, value] : *parameters) {
        if (is_parameter(value)) continue;
        const std::string path = "parameters." + name;
        in.fail({ErrorCode::invalid_argument, path + " must be a scalar, an array of scalars or null", path});
        return std::nullopt;
    }
    return *in.find("parameters");
}

/// All texts first, then all URLs: what answers 422 comes after everything that answers 400.
std::vector<std::string> read_urls(json::Members& in) {
    const Value::Array* array = in.array("urls", 1, batch_max_urls);
    std::vector<std::string> urls;
    if (array == nullptr) return urls;
    urls.reserve(array->size());
    for (const Value& value : *array) {
        const std::string path = "urls." + std::to_string(urls.size());
        const std::string* text = value.if_string();
        if (text == nullptr) {
            in.fail({ErrorCode::invalid_argument, path + " must be a string", path});
            return urls;
        }
        urls.push_back(*text);
    }
    for (std::size_t i = 0; i < urls.size() && !in.error(); ++i)
        if (auto valid = core::validate_url(urls[i]); !valid)
            in.fail({valid.error().code, valid.error().message, "urls." + std::to_string(i)});
    return urls;
}

JobRequest read_job(json::Members& in) {
    JobRequest request;
    request.strategy_id = in.uuid("strategy_id").value_or("");
    request.parameters = read_parameters(in);
    request.url = in.url("url").value_or("");
    return request;
}

BatchRequest read_batch(json::Members& in) {
    BatchRequest request;
    request.strategy_id = in.uuid("strategy_id").value_or("");
    request.parameters = read_parameters(in);
    request.urls = read_urls(in);
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
