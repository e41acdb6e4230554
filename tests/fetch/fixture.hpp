// Short ways to a fetcher and its answers.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "fetch/settings.hpp"
#include "meter/fetcher.hpp"

namespace meter::testing {

/// Options for tests on loopback: the gate open, retries without waiting.
inline FetchOptions loopback_options() {
    FetchOptions options;
    options.allow_private_networks = true;
    options.max_retries = 0;
    options.first_retry_delay = std::chrono::milliseconds(1);
    options.timeout = std::chrono::seconds(30);
    return options;
}

inline std::shared_ptr<Fetcher> open_fetcher(const FetchOptions& options = loopback_options(),
                                             fetch::Seams seams = {}) {
    return fetch::make_curl_fetcher(options, std::move(seams)).value();
}

inline Result<Response> get(Fetcher& fetcher, std::string url) {
    Request request;
    request.url = std::move(url);
    return fetcher.fetch(request, {});
}

/// The error of a fetch that must fail; reported as "no error" otherwise.
inline Error failure_of(const Result<Response>& result) {
    if (!result) return result.error();
    return {ErrorCode::internal, "no error, status " + std::to_string(result->status), {}, false};
}

}  // namespace meter::testing

// Shown by doctest when a check fails.
template <>
struct doctest::StringMaker<meter::ErrorCode> {
    static doctest::String convert(meter::ErrorCode code) { return std::string(meter::to_string(code)).c_str(); }
};
