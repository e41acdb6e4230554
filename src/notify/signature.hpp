// Signatures of standard webhooks. Pure.
#pragma once

#include <string>
#include <string_view>

#include "meter/time.hpp"

namespace meter::notify {

/// "sha256=" and the hex HMAC-SHA256 of the body under the secret's own bytes (wire contract 15.3).
std::string body_signature(std::string_view secret, std::string_view body);

/// The key of the Standard Webhooks signature: the secret without "whsec_", base64-decoded where that is valid base64
/// (RFC 4648 section 4, padding may be absent), else its bytes. Empty when the secret holds nothing.
std::string signing_key(std::string_view secret);

/// "v1,<base64 HMAC-SHA256 of id.timestamp.body>": the webhook-signature header of the Standard Webhooks
/// specification. Empty when the secret has no key.
std::string standard_signature(std::string_view secret, std::string_view id, std::string_view timestamp,
                               std::string_view body);

/// Unix seconds, as the webhook-timestamp header has them.
std::string unix_seconds(TimePoint time);

}  // namespace meter::notify
