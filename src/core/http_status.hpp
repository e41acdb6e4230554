// Names of HTTP status codes.
#pragma once

#include <string>

namespace meter::core {

/// "404 Not Found"; only the number for a status without a registered name (IANA HTTP status codes).
std::string http_status_text(int status);

}  // namespace meter::core
