// A fetcher that answers from a script: for tests of programs that use the library, without a network.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "meter/fetcher.hpp"

namespace meter::testing {

/// Answers each URL with what it was told. A URL nobody scripted answers 404.
///   auto site = std::make_shared<ScriptedFetcher>();
///   site->page("https://shop.test/", "<li>A<li>B");
/// Threads: all calls from any thread.
class METER_EXPORT ScriptedFetcher final : public Fetcher {
public:
    /// Makes the answer to a request; runs on the fetching thread, outside any lock.
    using Handler = std::function<Result<Response>(const Request& request, std::stop_token stop)>;

    ScriptedFetcher();
    ~ScriptedFetcher() override;

    /// A 200 answer with this body from now on.
    void page(std::string url, std::string body, std::string content_type = "text/html; charset=utf-8");
    /// A failure from now on.
    void failure(std::string url, Error error);
    /// Whatever the handler says, from now on.
    void handle(std::string url, Handler handler);

    /// How often the URL was asked for.
    std::size_t count(std::string_view url) const;
    /// The requests so far, in order.
    std::vector<Request> requests() const;

    Result<Response> fetch(const Request& request, std::stop_token stop) override;

private:
    mutable std::mutex mutex_;
    std::map<std::string, Handler, std::less<>> handlers_;  // guarded by mutex_
    std::vector<Request> requests_;                         // guarded by mutex_
};

}  // namespace meter::testing
