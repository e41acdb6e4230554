// Checks requests and options, and writes header lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "meter/fetcher.hpp"

namespace meter::fetch {

/// Everything but the URL. Errors: invalid_argument with the member, or the header's name, as `subject`.
Result<void> check_request(const Request& request);

/// Lines for libcurl: the given headers, then the defaults (User-Agent, Accept) that they do not replace.
/// `has_body` keeps libcurl from inventing a Content-Type.
std::vector<std::string> header_lines(const std::vector<Header>& headers, std::string_view user_agent, bool has_body);

}  // namespace meter::fetch
