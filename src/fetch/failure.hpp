// Failures of transfers as errors, with the texts of the wire contract (11.5).
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "fetch/policy.hpp"
#include "meter/error.hpp"

namespace meter::fetch {

Error timeout_error(std::string_view url);
Error blocked_error(std::string_view url);
Error too_large_error(std::string_view url);
Error cancelled_error(std::string_view url);
/// "Connection failed: <reason>"
Error network_error(std::string_view reason, std::string_view url, bool retryable = true);

/// How far a transfer came, as far as libcurl's code alone does not tell.
struct Progress {
    bool resolving = false;     ///< the name is still being looked up
    bool blocked = false;       ///< the egress gate refused an address
    bool socket_open = false;   ///< and let one through
    bool request_sent = false;  ///< the request has been started
    bool head_done = false;     ///< the head of the answer is complete
    long os_errno = 0;          ///< CURLINFO_OS_ERRNO
};

struct Failure {
    Error error;
    Blame blame = Blame::fatal;
};

/// What a code other than CURLE_OK means.
Failure describe(CURLcode code, const Progress& progress, std::string_view url);

}  // namespace meter::fetch
