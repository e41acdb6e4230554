// Redirect and retry rules: pure functions, tested alone.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/fetcher.hpp"
#include "meter/time.hpp"
#include "url/url.hpp"

namespace meter::fetch {

/// What a failed exchange allows.
enum class Blame {
    connect,   ///< no connection was made: nothing was sent, any method may be tried again
    exchange,  ///< the connection broke after something may have been sent: idempotent methods only
    fatal,     ///< trying again gives the same
};

/// GET, HEAD, POST, PUT, PATCH, DELETE.
bool is_known_method(std::string_view method) noexcept;
/// RFC 9110 9.2.2, of the methods above.
bool is_idempotent(std::string_view method) noexcept;
/// POST, PUT, PATCH: a length is sent even without a body (RFC 9110 8.6).
bool expects_body(std::string_view method) noexcept;

/// 301, 302, 303, 307, 308. 300 and 304 lead nowhere by themselves (RFC 9110 15.4).
bool is_redirect(int status) noexcept;
/// RFC 9110 15.4.2 to 15.4.4: 301 and 302 turn POST into GET, 303 turns everything but HEAD into GET; 307 and 308 keep.
std::string redirected_method(int status, std::string_view method);
/// Where a Location leads. Errors: blocked for another scheme than http and https; network for what is no URL.
Result<url::Url> redirect_target(const url::Url& from, std::string_view location);
/// Takes out what describes a body, for a request that lost its body (Fetch standard, "request-body-header name").
void drop_body_headers(std::vector<Header>& headers);

/// May a request that failed this way be sent again?
bool may_retry_failure(Blame blame, std::string_view method) noexcept;
/// 429, 502, 503, 504 (wire contract 11.5); for POST and PATCH only 429 and 503, which say that nothing was done.
bool may_retry_status(int status, std::string_view method) noexcept;
/// `first`, then four times as long each; at most one hour. `retry` counts from 0.
std::chrono::milliseconds backoff(std::chrono::milliseconds first, int retry) noexcept;
/// RFC 9110 10.2.3: seconds or an HTTP date; a date in the past is 0, more than a year is a year.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, TimePoint now);

}  // namespace meter::fetch
