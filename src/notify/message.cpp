#include "notify/message.hpp"

#include "core/id.hpp"
#include "meter/version.hpp"
#include "notify/bodies.hpp"
#include "notify/events.hpp"
#include "notify/signature.hpp"
#include "notify/summary.hpp"
#include "url/mail_address.hpp"

namespace meter::notify {
namespace {

void add_standard_headers(WebhookMessage& message, const OutgoingEvent& event, const WebhookTarget& target,
                          TimePoint now) {
    const std::string timestamp = unix_seconds(now);
    message.headers.emplace_back("webhook-id", event.id);
    message.headers.emplace_back("webhook-timestamp", timestamp);
    if (target.secret.empty()) return;  // a test without one
    message.headers.emplace_back("X-Webhook-Secret", target.secret);
    message.headers.emplace_back("X-Webhook-Signature", body_signature(target.secret, message.body));
    if (auto signature = standard_signature(target.secret, event.id, timestamp, message.body); !signature.empty())
        message.headers.emplace_back("webhook-signature", std::move(signature));
}

Result<std::string> message_body(const OutgoingEvent& event, const WebhookTarget& target,
                                 const WebhookOptions& options) {
    if (target.type == WebhookType::standard) return std::string(event.payload);
    const auto summary = summarize(event.event, event.name, event.payload);
    if (!summary) return summary.error();
    switch (target.type) {
        case WebhookType::slack:
            return slack_body(*summary);
        case WebhookType::slack_workflow:
            return slack_workflow_body(*summary);
        case WebhookType::discord:
            return discord_body(*summary);
        case WebhookType::standard:
        case WebhookType::email:
            break;
    }
    MailEnvelope envelope{.from = options.smtp.from,
                          .to = url::mail_addresses(target.url),
                          .message_id = event.id,
                          .date = event.created_at};
    if (envelope.to.empty()) return Error{ErrorCode::invalid_url, "Invalid URL format", "webhook_url"};
    return mail_message(*summary, envelope);
}

}  // namespace

Result<WebhookMessage> make_message(const OutgoingEvent& event, const WebhookTarget& target, TimePoint now,
                                    const WebhookOptions& options) {
    auto body = message_body(event, target, options);
    if (!body) return body.error();
    WebhookMessage message;
    message.type = target.type;
    message.url = target.url;
    message.body = *std::move(body);
    message.timeout = options.timeout;
    if (target.type == WebhookType::email) return message;
    message.headers = {
        {"Content-Type", "application/json"},
        {"User-Agent", options.user_agent.empty() ? "meter-server/" + std::string(version()) : options.user_agent},
        {"X-Webhook-Event", std::string(event.event)},
        {"X-Webhook-Id", event.id},
        {"X-Webhook-Attempt", std::to_string(event.attempt)},
    };
    if (target.type == WebhookType::standard) add_standard_headers(message, event, target, now);
    return message;
}

std::string test_payload(const std::optional<std::string>& metadata, TimePoint now) {
    const JobFacts job{
        .job_id = core::new_uuid(now),
        .url = "https://example.com/products",
        .completed_at = now,
        .results = R"([{"name":"Sample product A","price":"$19.99"},{"name":"Sample product B","price":"$29.99"}])",
        .item_count = 2,
        .has_changes = true,
        .content_hash = "0000000000000000000000000000000000000000000000000000000000000000",
        .changes = R"({"added":[{"name":"Sample product B","price":"$29.99"}],"removed":[],"modified":[],)"
                   R"("order_changed":false})",
    };
    return job_payload(metadata, {.account_id = {}, .schedule_id = core::new_uuid(now), .strategy_name = {}}, job);
}

}  // namespace meter::notify

namespace meter {

Result<WebhookMessage> make_webhook_message(const WebhookEvent& event, const WebhookTarget& target, TimePoint now) {
    return notify::make_message({.id = event.id,
                                 .event = event.event,
                                 .name = event.name,
                                 .payload = event.payload,
                                 .created_at = event.created_at},
                                target, now, WebhookOptions{});
}

}  // namespace meter
