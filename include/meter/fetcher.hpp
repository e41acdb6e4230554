// Fetching: the seam through which every byte from outside comes, and the built-in implementation.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/clock.hpp"
#include "meter/export.hpp"
#include "meter/result.hpp"

namespace meter {

using Header = std::pair<std::string, std::string>;

/// One request. What is zero or empty takes the fetcher's own default.
struct Request {
    std::string method = "GET";  ///< GET, HEAD, POST, PUT, PATCH or DELETE
    std::string url = {};        ///< absolute http or https URL; non-ASCII is encoded on the way out
    /// Sent to the origin (scheme, host, port) of `url` only: dropped when a redirect leaves it.
    std::vector<Header> headers = {};
    std::string body = {};
    /// Whole fetch, redirects, retries and waiting for Retry-After included; 0: the fetcher's.
    std::chrono::milliseconds timeout{0};
    std::size_t max_body_bytes = 0;  ///< after decompression; 0: the fetcher's
    int max_redirects = -1;          ///< -1: the fetcher's; 0: a redirect is returned as it is
    int max_retries = -1;            ///< -1: the fetcher's; 0: none
    /// "https://storage.lan:9000", port always written: this origin may be at a private address. Only for what the
    /// operator of the program names, never for what comes from outside; a redirect elsewhere is not covered.
    std::string private_origin = {};
    /// When set, a 2xx body is handed over piece by piece instead of kept; return false to end the fetch (cancelled).
    std::function<bool(std::string_view)> on_body = {};
};

/// One answer, whatever its status.
struct Response {
    int status = 0;
    std::string url = {};              ///< the final URL, after redirects
    std::vector<Header> headers = {};  ///< of the final answer; names in lower case
    std::string body = {};             ///< decoded; empty when `on_body` took it
    std::uint64_t wire_bytes = 0;      ///< body bytes received, before decompression
    int redirects = 0;
    int attempts = 1;

    /// First header of this lower-case name; empty when there is none.
    std::string_view header(std::string_view name) const noexcept {
        for (const auto& [key, value] : headers)
            if (key == name) return value;
        return {};
    }
};

/// Sends one request and returns its answer, whatever the status code.
/// Threads: called concurrently; implementations synchronise themselves. Blocks the caller.
class METER_EXPORT Fetcher {
public:
    virtual ~Fetcher();

    /// Errors, with the job error texts of the wire contract as messages:
    ///   invalid_url  not an absolute http(s) URL
    ///   network      "Connection failed: could not resolve host", "... connection refused", "... TLS error",
    ///                "Too many redirects"
    ///   timeout      "Connection timeout: target site did not respond"
    ///   blocked      "URL not allowed by server policy"
    ///   too_large    "Page too large" (never cut short)
    ///   cancelled    within 100 ms of a stop
    virtual Result<Response> fetch(const Request& request, std::stop_token stop) = 0;
};

/// Limits and manners of the built-in fetcher.
struct FetchOptions {
    std::chrono::milliseconds connect_timeout{10'000};  ///< name resolution included; (0, 10 min]
    std::chrono::milliseconds timeout{60'000};          ///< whole fetch, see Request::timeout; (0, 10 min]
    std::size_t max_wire_bytes = 20u << 20;             ///< body as received; [1 KiB, 1 GiB]
    std::size_t max_body_bytes = 32u << 20;             ///< body decoded; [1 KiB, 1 GiB]
    std::size_t max_header_bytes = 256u << 10;          ///< all header lines of one answer; [1 KiB, 1 MiB]
    int max_decode_ratio = 200;                         ///< decoded to received, judged after 1 MiB; [2, 100000]
    int max_redirects = 10;                             ///< [0, 50]
    int max_retries = 2;                                ///< on connection errors, 429, 502, 503, 504; [0, 10]
    std::chrono::milliseconds first_retry_delay{500};   ///< then four times as long each; [0, 60 s]
    int per_host = 4;                                   ///< parallel fetches of one host and port; [1, 1000]
    std::chrono::milliseconds per_host_delay{0};        ///< between two starts on one host; [0, 10 min]
    bool allow_private_networks = false;  ///< connect to loopback, private and other special addresses too
    bool verify_tls = true;
    bool respect_robots = false;  ///< see make_robots_fetcher(); a page the caller names is otherwise fetched as asked
    std::string ca_file = {};     ///< PEM bundle; empty: the system's
    std::string user_agent = {};  ///< empty: "libmeter/<version>"
};

/// Checks ranges. Errors: invalid_argument with the field as `subject`.
METER_EXPORT Result<void> validate(const FetchOptions& options);

/// The built-in fetcher: HTTP/1.1 and HTTP/2, keep-alive, gzip, deflate, br; one loop thread owns every connection.
/// It is the egress gate: only http and https, only global unicast addresses (checked on the address actually
/// connected to, on every redirect), no proxy or netrc variables. Errors: those of validate(); internal.
METER_EXPORT Result<std::shared_ptr<Fetcher>> make_fetcher(const FetchOptions& options = {});

/// A fetcher that obeys robots.txt (RFC 9309) for the product token of `user_agent`: before the first page of an origin
/// it fetches /robots.txt through `inner` and keeps it for 24 hours. Pages it forbids are blocked "Blocked by
/// robots.txt", and so is every page while it answers 429 or 5xx; any other error status allows all. The crawl delay it
/// asks for, at most a minute, is kept between requests to that origin, before a request's own timeout begins. What a
/// redirect leads to is not asked about. `clock` null: system_clock().
METER_EXPORT std::shared_ptr<Fetcher> make_robots_fetcher(std::shared_ptr<Fetcher> inner,
                                                          std::shared_ptr<Clock> clock = nullptr,
                                                          std::string user_agent = {});

}  // namespace meter
