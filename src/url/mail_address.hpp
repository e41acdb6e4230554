// Mail addresses as webhook URLs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace meter::url {

/// The addresses of a bare mail address or of a mailto: URI (RFC 6068; header fields after '?' are ignored), domains
/// in lower case. Empty when the text is no such thing, or names more than ten. What comes back holds printable ASCII
/// only, no white space, no angle brackets: it can stand in an SMTP command.
std::vector<std::string> mail_addresses(std::string_view url);

}  // namespace meter::url
