#include "notify/signature.hpp"

#include <algorithm>
#include <charconv>

#include "core/base64.hpp"
#include "core/hash.hpp"
#include "meter/webhook.hpp"

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
    auto decoded = core::from_base64(secret);
    return decoded ? *std::move(decoded) : std::string(secret);
}

std::string standard_signature(std::string_view secret, std::string_view id, std::string_view timestamp,
                               std::string_view body) {
    const std::string key = signing_key(secret);
    if (key.empty()) return {};
    std::string content;
    content.reserve(id.size() + timestamp.size() + body.size() + 2);
    content.append(id).append(".").append(timestamp).append(".").append(body);
    return "v1," + core::to_base64(hmac_bytes(key, content));
}

std::string unix_seconds(TimePoint time) {
    return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

}  // namespace meter::notify

namespace meter {

/// Looks at every byte whatever it finds, so that the time tells nothing.
bool equal_secrets(std::string_view given, std::string_view expected) noexcept {
    if (given.size() != expected.size()) return false;
    unsigned char difference = 0;
    for (std::size_t i = 0; i < given.size(); ++i)
        difference = static_cast<unsigned char>(
            difference | (static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(expected[i])));
    return difference == 0;
}

bool verify_webhook(std::string_view secret, std::string_view id, std::string_view timestamp,
                    std::string_view signatures, std::string_view body, TimePoint now, std::chrono::seconds tolerance) {
    std::int64_t seconds = 0;
    const auto [end, code] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
    if (id.empty() || timestamp.empty() || code != std::errc() || end != timestamp.data() + timestamp.size())
        return false;
    const auto present = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (seconds < present - tolerance.count() || seconds > present + tolerance.count()) return false;
    const std::string expected = notify::standard_signature(secret, id, timestamp, body);
    if (expected.empty()) return false;
    bool right = false;
    while (!signatures.empty()) {  // several, with spaces between, while a secret is being replaced
        const auto space = std::min(signatures.find(' '), signatures.size());
        right = equal_secrets(signatures.substr(0, space), expected) || right;
        signatures.remove_prefix(std::min(space + 1, signatures.size()));
    }
    return right;
}

}  // namespace meter
