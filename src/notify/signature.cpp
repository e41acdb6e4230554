#include "notify/signature.hpp"

#include "core/hash.hpp"
#include "notify/base64.hpp"

namespace meter::notify {
namespace {

std::string hmac_bytes(std::string_view key, std::string_view text) {
    const auto digest = core::hmac_sha256(key, text);
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

std::string body_signature(std::string_view secret, std::string_view body) {
    return "sha256=" + core::to_hex(hmac_bytes(secret, body));
}

std::string signing_key(std::string_view secret) {
    constexpr std::string_view prefix = "whsec_";
    if (secret.starts_with(prefix)) secret.remove_prefix(prefix.size());
    auto decoded = from_base64(secret);
    return decoded ? *std::move(decoded) : std::string(secret);
}

std::string standard_signature(std::string_view secret, std::string_view id, std::string_view timestamp,
                               std::string_view body) {
    const std::string key = signing_key(secret);
    if (key.empty()) return {};
    std::string content;
    content.reserve(id.size() + timestamp.size() + body.size() + 2);
    content.append(id).append(".").append(timestamp).append(".").append(body);
    return "v1," + to_base64(hmac_bytes(key, content));
}

std::string unix_seconds(TimePoint time) {
    return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

}  // namespace meter::notify
