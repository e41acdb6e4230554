// Making, keeping and recognising API keys (wire contract 2).
#include "meter/api_key.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/hash.hpp"
#include "core/id.hpp"
#include "core/unicode.hpp"
#include "meter/store.hpp"

namespace meter {
namespace {

constexpr std::array<std::string_view, 5> known_scopes{"*", "meter", "workflows:read", "workflows:write",
                                                       "workflows:execute"};
constexpr std::string_view new_key_prefix = "sk_live_";
constexpr std::size_t new_key_characters = 32;
constexpr std::size_t shown_characters = 12;
constexpr std::size_t min_imported_characters = 20;
constexpr std::size_t max_name_characters = 100;

bool is_control(char32_t code_point) {
    return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x2028 ||
           code_point == 0x2029;
}

Result<void> validate_key_name(std::string_view name, std::string_view member) {
    const auto refuse = [&](std::string_view why) {
        return Error{ErrorCode::invalid_argument, std::string(member).append(" ").append(why), std::string(member)};
    };
    if (name.empty()) return refuse("must not be empty");
    // Four bytes are the longest character: what is longer is not worth decoding.
    if (name.size() > 4 * max_name_characters) return refuse("must have at most 100 characters");
    if (!core::is_valid_utf8(name)) return refuse("must be valid UTF-8");
    std::size_t characters = 0;
    for (std::size_t at = 0; at < name.size(); ++characters)
        if (is_control(core::next_code_point(name, at))) return refuse("must have printable characters only");
    if (characters > max_name_characters) return refuse("must have at most 100 characters");
    if (core::trim(name).size() != name.size()) return refuse("must not begin or end with white space");
    return {};
}

Result<void> check_scopes(const std::vector<std::string>& scopes) {
    if (scopes.empty())
        return Error{ErrorCode::invalid_argument, "scopes must name at least one scope; \"*\" opens everything",
                     "scopes"};
    for (const auto& scope : scopes)
        if (std::find(known_scopes.begin(), known_scopes.end(), scope) == known_scopes.end())
            return Error{ErrorCode::invalid_argument,
                         "Unknown scope: " + core::sanitize_utf8(std::string_view(scope).substr(0, 100)) +
                             "; use *, meter, workflows:read, workflows:write or workflows:execute",
                         "scopes"};
    return {};
}

std::vector<std::string> unique_scopes(const std::vector<std::string>& scopes) {
    std::vector<std::string> unique;
    for (const auto& scope : scopes)
        if (std::find(unique.begin(), unique.end(), scope) == unique.end()) unique.push_back(scope);
    return unique;
}

/// Visible ASCII: what survives a header field unchanged (RFC 9110 section 5.5), and a space does not.
Result<void> validate_secret(std::string_view secret) {
    const bool visible = std::all_of(secret.begin(), secret.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (secret.size() >= min_imported_characters && visible) return {};
    return Error{ErrorCode::invalid_argument,
                 "secret must have at least 20 printable ASCII characters and no white space", "secret"};
}

}  // namespace

bool ApiKey::allows(std::string_view scope) const noexcept {
    return std::any_of(scopes.begin(), scopes.end(), [&](const auto& own) { return own == "*" || own == scope; });
}

Result<void> validate(const ApiKey& key) {
    if (auto valid = validate_key_name(key.account_id, "account_id"); !valid) return valid;
    if (auto valid = validate_key_name(key.user_id, "user_id"); !valid) return valid;
    if (auto valid = validate_key_name(key.organization_id, "organization_id"); !valid) return valid;
    if (!key.name.empty())
        if (auto valid = validate_key_name(key.name, "name"); !valid) return valid;
    return check_scopes(key.scopes);
}

Result<CreatedApiKey> create_api_key(Store& store, const ApiKeyRequest& request, TimePoint now) {
    CreatedApiKey created;
    ApiKey& key = created.key;
    key.account_id = request.account_id;
    key.user_id = request.user_id.empty() ? request.account_id : request.user_id;
    key.organization_id = request.organization_id.empty() ? "default" : request.organization_id;
    key.name = request.name;
    key.scopes = request.scopes;
    if (auto valid = validate(key); !valid) return valid.error();
    if (!request.secret.empty())
        if (auto valid = validate_secret(request.secret); !valid) return valid.error();

    created.secret = request.secret.empty()
                         ? std::string(new_key_prefix) + core::random_alphanumeric(new_key_characters)
                         : request.secret;
    key.key_id = core::new_uuid(now);
    key.prefix = created.secret.substr(0, shown_characters);
    key.scopes = unique_scopes(key.scopes);
    key.created_at = now;
    key.expires_at = request.expires_at;
    if (auto stored = store.api_keys().insert(key, core::sha256_hex(created.secret)); !stored) return stored.error();
    return created;
}

// No comparison in constant time: keys are looked up by their hash, so what a caller could learn from the time an index
// takes is how far a SHA-256 that it cannot choose agrees with another.
Result<std::optional<ApiKey>> authenticate(Store& store, std::string_view secret, TimePoint now) {
    auto found = store.api_keys().find(core::sha256_hex(secret));
    if (!found || !*found) return found;
    if ((*found)->expires_at && *(*found)->expires_at <= now) return std::optional<ApiKey>{};
    return found;
}

}  // namespace meter
