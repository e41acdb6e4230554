#include "auth.hpp"

#include <algorithm>

namespace meter::server {
namespace {

constexpr std::chrono::milliseconds key_memory{500};
constexpr std::size_t max_remembered_keys = 4096;

std::optional<std::string> bearer_token(const RequestHead& head) {
    const std::string* value = head.header("authorization");
    if (!value) return std::nullopt;
    const auto space = value->find(' ');
    if (space == std::string::npos || lower_ascii(std::string_view(*value).substr(0, space)) != "bearer")
        return std::nullopt;
    const auto start = value->find_first_not_of(' ', space);
    if (start == std::string::npos) return std::nullopt;
    return value->substr(start);
}

std::optional<std::string> header_key(const RequestHead& head) {
    const std::string* value = head.header("x-api-key");
    return value && !value->empty() ? std::optional(*value) : std::nullopt;
}

}  // namespace

std::optional<std::string> presented_key(const RequestHead& head, bool automation_dialect) {
    // Of a header that is there twice nobody can say which one counts.
    if (head.count("authorization") > 1 || head.count("x-api-key") > 1) return std::nullopt;
    auto key = automation_dialect ? header_key(head) : bearer_token(head);
    if (!key) key = automation_dialect ? bearer_token(head) : header_key(head);
    return key;
}

Result<std::shared_ptr<const ApiKey>> KeyCache::find(std::string_view secret, TimePoint now) {
    const auto steady_now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(secret);
        if (found != entries_.end() && steady_now < found->second.until) {
            const auto& key = found->second.key;
            return key->expires_at && *key->expires_at <= now ? nullptr : key;
        }
    }
    auto valid = authenticate(store_, secret, now);
    if (!valid) return valid.error();
    const auto key = *valid ? std::make_shared<const ApiKey>(**std::move(valid)) : nullptr;
    const std::lock_guard lock(mutex_);
    if (!key) {
        if (const auto found = entries_.find(secret); found != entries_.end()) entries_.erase(found);
        return key;
    }
    if (entries_.size() >= max_remembered_keys)
        std::erase_if(entries_, [&](const auto& entry) { return steady_now >= entry.second.until; });
    // Only valid keys are remembered, so strangers cannot fill this; many keys at once are just looked up again.
    if (entries_.size() < max_remembered_keys)
        entries_.insert_or_assign(std::string(secret), Entry{key, steady_now + key_memory});
    return key;
}

}  // namespace meter::server
