#include "meter/testing/scripted_fetcher.hpp"

#include <algorithm>
#include <utility>

namespace meter::testing {

ScriptedFetcher::ScriptedFetcher() = default;
ScriptedFetcher::~ScriptedFetcher() = default;

void ScriptedFetcher::page(std::string url, std::string body, std::string content_type) {
    Response response;
    response.status = 200;
    response.url = url;
    response.headers = {{"content-type", std::move(content_type)}};
    response.wire_bytes = body.size();
    response.body = std::move(body);
    handle(std::move(url),
           [answer = std::move(response)](const Request&, std::stop_token) -> Result<Response> { return answer; });
}

void ScriptedFetcher::failure(std::string url, Error error) {
    handle(std::move(url),
           [answer = std::move(error)](const Request&, std::stop_token) -> Result<Response> { return answer; });
}

void ScriptedFetcher::handle(std::string url, Handler handler) {
    std::lock_guard lock(mutex_);
    handlers_.insert_or_assign(std::move(url), std::move(handler));
}

std::size_t ScriptedFetcher::count(std::string_view url) const {
    std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(requests_.begin(), requests_.end(), [&](const Request& r) { return r.url == url; }));
}

std::vector<Request> ScriptedFetcher::requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
}

Result<Response> ScriptedFetcher::fetch(const Request& request, std::stop_token stop) {
    Handler handler;
    {
        std::lock_guard lock(mutex_);
        requests_.push_back(request);
        if (const auto found = handlers_.find(request.url); found != handlers_.end()) handler = found->second;
    }
    if (stop.stop_requested()) return Error{ErrorCode::cancelled, "Cancelled", request.url};
    if (handler) {
        auto answer = handler(request, stop);
        if (!answer || !request.on_body || answer->status < 200 || answer->status > 299) return answer;
        if (!request.on_body(std::exchange(answer->body, {})))
            return Error{ErrorCode::cancelled, "Cancelled", request.url};
        return answer;
    }
    Response missing;
    missing.status = 404;
    missing.url = request.url;
    return missing;
}

}  // namespace meter::testing
