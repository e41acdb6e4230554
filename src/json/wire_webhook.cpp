// Webhook deliveries as the wire contract's WebhookDelivery and WebhookTestResponse, and the names they use.
#include <array>

#include "json/object_writer.hpp"
#include "meter/webhook.hpp"

namespace meter {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 5> webhook_type_names{"standard", "slack", "slack_workflow", "discord", "email"};
constexpr std::array<std::string_view, 2> webhook_on_names{"all", "changes"};
constexpr std::array<std::string_view, 3> delivery_status_names{"pending", "delivered", "failed"};

template <class Enum, std::size_t N>
std::optional<Enum> webhook_word(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == name) return static_cast<Enum>(i);
    return std::nullopt;
}

}  // namespace

std::string_view to_string(WebhookType type) noexcept {
    return webhook_type_names[static_cast<std::size_t>(type)];
}
std::string_view to_string(WebhookOn on) noexcept {
    return webhook_on_names[static_cast<std::size_t>(on)];
}
std::string_view to_string(DeliveryStatus status) noexcept {
    return delivery_status_names[static_cast<std::size_t>(status)];
}

std::optional<WebhookType> parse_webhook_type(std::string_view name) noexcept {
    return webhook_word<WebhookType>(webhook_type_names, name);
}
std::optional<WebhookOn> parse_webhook_on(std::string_view name) noexcept {
    return webhook_word<WebhookOn>(webhook_on_names, name);
}
std::optional<DeliveryStatus> parse_delivery_status(std::string_view name) noexcept {
    return webhook_word<DeliveryStatus>(delivery_status_names, name);
}

std::string to_json(const Delivery& delivery) {
    json::ObjectWriter out;
    out.text("id", delivery.delivery_id)
        .text("delivery_id", delivery.delivery_id)
        .text("schedule_id", delivery.schedule_id)
        .text_or_null("job_id", delivery.job_id)
        .text_or_null("workflow_run_id", delivery.workflow_run_id)
        .text("event", delivery.event)
        .text("status", to_string(delivery.status))
        .integer("attempts", delivery.attempts)
        .time_or_null("next_attempt_at", delivery.next_attempt_at)
        .integer_or_null("last_status_code", delivery.last_status_code)
        .text_or_null("last_error", delivery.last_error)
        .time("created_at", delivery.created_at)
        .time_or_null("completed_at", delivery.completed_at);
    return std::move(out).finish();
}

std::string to_json(const WebhookTestOutcome& outcome) {
    json::ObjectWriter out;
    out.flag("success", outcome.success).integer("status_code", outcome.status_code).text("message", outcome.message);
    return std::move(out).finish();
}

}  // namespace meter
