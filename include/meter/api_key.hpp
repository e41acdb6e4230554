// API keys: who may call a server, and what for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/time.hpp"

namespace meter {

class Store;

/// A key as stored: never the key itself.
struct METER_EXPORT ApiKey {
    std::string key_id;  ///< UUID
    std::string account_id;
    std::string user_id;
    std::string organization_id;
    std::string name;
    std::string prefix;               ///< first 12 characters of the key
    std::vector<std::string> scopes;  ///< "*", "meter", "workflows:read", "workflows:write", "workflows:execute"
    TimePoint created_at{};
    std::optional<TimePoint> expires_at;

    bool operator==(const ApiKey&) const = default;

    /// Does the key carry this scope, or "*"? Scopes do not imply each other.
    bool allows(std::string_view scope) const noexcept;
};

struct ApiKeyRequest {
    std::string account_id = "default";
    std::string user_id = {};          ///< empty: the account
    std::string organization_id = {};  ///< empty: "default"
    std::string name = {};
    std::vector<std::string> scopes = {"*"};
    std::optional<TimePoint> expires_at = {};
    std::string secret = {};  ///< an imported key of at least 20 printable ASCII characters; empty: a new one
};

struct CreatedApiKey {
    ApiKey key;
    std::string secret;  ///< "sk_live_" and 32 random characters: shown once, stored as a hash only
};

/// Checks names and scopes. Errors: invalid_argument (`subject` is the member).
METER_EXPORT Result<void> validate(const ApiKey& key);

/// Makes and stores a key. Errors: invalid_argument (`subject` is the member), conflict, store.
METER_EXPORT Result<CreatedApiKey> create_api_key(Store& store, const ApiKeyRequest& request, TimePoint now);

/// The key with this secret when it is valid at `now`; nullopt when unknown, revoked or expired.
METER_EXPORT Result<std::optional<ApiKey>> authenticate(Store& store, std::string_view secret, TimePoint now);

}  // namespace meter
