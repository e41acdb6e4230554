// Error answers: one table from what went wrong to status, code and text, and the two bodies (wire contract 3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.hpp"
#include "meter/error.hpp"

namespace meter::server {

/// An error before it has a dialect.
struct Problem {
    int status = 500;
    std::string_view code = "internal_error";
    std::string detail = {};
    std::string location = {};  ///< dotted path of the input at fault ("body.url"); empty: none to tell
    std::string reason = {};    ///< what is told about `location`; empty: the detail
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::vector<std::pair<std::string_view, std::string>> members =
        {};              ///< further strings of the Meter dialect's body
    bool close = false;  ///< the connection cannot go on
};

/// Where the subject of an invalid_argument is found.
enum class Source { body, query };

/// The library's error as the caller sees it. Texts of `store`, `internal` and `cancelled` stay inside.
Problem to_problem(const Error& error, Source source = Source::body);

Problem invalid_request(std::string detail, std::string location = {});
Problem not_found(std::string_view thing);  ///< "Strategy" -> "Strategy not found"
Problem unavailable(std::string detail, int retry_after_seconds);
Problem unauthorized(std::string_view detail);
Problem rate_limited(std::int64_t retry_after_seconds);
/// For statuses that HTTP itself causes: 400, 405, 408, 413, 414, 431, 503.
Problem http_problem(int status, std::string detail);

/// Is this path of the automation dialect (/api/v1, /hooks)?
bool is_automation_path(std::string_view path) noexcept;

/// The answer in the dialect of `path`.
Answer to_answer(const Problem& problem, std::string_view path, std::string_view request_id);

}  // namespace meter::server
