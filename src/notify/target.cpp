// The webhook members of a schedule: detection and checks (wire contract 13.3, 15.1, 15.6).
#include <algorithm>
#include <utility>

#include "core/hash.hpp"
#include "core/unicode.hpp"
#include "core/url_text.hpp"
#include "json/members.hpp"
#include "meter/json.hpp"
#include "meter/webhook.hpp"
#include "url/mail_address.hpp"
#include "url/url.hpp"

namespace meter {
namespace {

constexpr std::size_t longest_mail_uri = 4'096;  // as any URL (wire contract 1)
constexpr std::size_t longest_webhook_secret = 256;
constexpr std::size_t longest_webhook_metadata = 16u << 10;

bool is_host_or_subdomain(std::string_view host, std::string_view domain) {
    return host == domain ||
           (host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

}  // namespace

WebhookType detect_webhook_type(std::string_view url) {
    if (!url::mail_addresses(url).empty() || core::ascii_iequals(url.substr(0, 7), "mailto:"))
        return WebhookType::email;
    const auto parsed = url::parse_url(url);
    if (!parsed) return WebhookType::standard;
    const std::string_view path = parsed->path;
    if (parsed->host == "hooks.slack.com") {
        const bool workflow = path.starts_with("/workflows/") || path.starts_with("/triggers/");
        return workflow ? WebhookType::slack_workflow : WebhookType::slack;
    }
    const bool discord =
        is_host_or_subdomain(parsed->host, "discord.com") || is_host_or_subdomain(parsed->host, "discordapp.com");
    if (discord && path.starts_with("/api/webhooks/")) return WebhookType::discord;
    return WebhookType::standard;
}

Result<void> validate_webhook_url(std::string_view url, WebhookType type) {
    // A mailto: URI may carry what mail_addresses() does not look at.
    const bool fine = type == WebhookType::email
                          ? json::count_characters(url) <= longest_mail_uri && !url::mail_addresses(url).empty()
                          : core::validate_url(url).has_value();
    if (fine) return {};
    return Error{ErrorCode::invalid_url, "Invalid URL format", "webhook_url"};
}

Result<void> validate_webhook_secret(std::string_view secret) {
    const auto refused = [](std::string_view why) {
        return Error{ErrorCode::invalid_argument, "webhook_secret must " + std::string(why), "webhook_secret"};
    };
    if (secret.empty() || secret.size() > longest_webhook_secret) return refused("have 1 to 256 characters");
    if (!std::all_of(secret.begin(), secret.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        return refused("be printable ASCII");
    // It is sent as a header's value, and those are trimmed on the way.
    if (secret.front() == ' ' || secret.back() == ' ') return refused("not begin or end with a space");
    // Nothing would be left to sign with.
    if (secret == "whsec_") return refused("have characters after whsec_");
    return {};
}

Result<void> validate_webhook_metadata(const Value& metadata) {
    if (!metadata.is_object())
        return Error{ErrorCode::invalid_argument, "webhook_metadata must be an object", "webhook_metadata"};
    if (to_json(metadata).size() > longest_webhook_metadata)
        return Error{ErrorCode::invalid_argument, "webhook_metadata must have at most 16 KiB", "webhook_metadata"};
    return {};
}

std::string new_webhook_secret() {
    return "whsec_" + core::to_hex(core::random_bytes(16));
}

Result<WebhookTest> parse_webhook_test(const Value& body, bool url_required) {
    json::Members in(body, json::Nulls::dropped);
    if (url_required) in.require({"webhook_url"});
    WebhookTest test;
    test.url = in.text("webhook_url").value_or("");
    auto secret = in.text("webhook_secret");
    if (const auto word = in.word("webhook_type", {"standard", "slack", "slack_workflow", "discord", "email"}))
        test.type = static_cast<WebhookType>(*word);
    const Object* metadata = in.object("webhook_metadata");
    if (in.error()) return *in.error();
    if (metadata != nullptr) {
        const Value value(*metadata);
        if (auto fine = validate_webhook_metadata(value); !fine) return fine.error();
        test.metadata = to_json(value);
    }
    // An empty secret asks for a generated one elsewhere; here there is nothing to keep it for.
    if (secret && !secret->empty()) {
        if (auto fine = validate_webhook_secret(*secret); !fine) return fine.error();
        test.secret = std::move(secret);
    }
    if (test.url.empty() && !url_required) return test;
    if (auto fine = validate_webhook_url(test.url, test.type.value_or(detect_webhook_type(test.url))); !fine)
        return fine.error();
    return test;
}

}  // namespace meter
