// Webhook deliveries: what happened to them, replays, tests (wire contract 15.5, 15.6).
#include <utility>

#include "core/id.hpp"
#include "engine/impl.hpp"
#include "fetch/policy.hpp"
#include "meter/notifier.hpp"
#include "notify/message.hpp"
#include "notify/notifier.hpp"
#include "notify/retry.hpp"

namespace meter {

Result<std::shared_ptr<Notifier>> make_notifier(const EngineOptions& options) {
    notify::NotifierParts parts{.fetcher = options.fetcher,
                                .mail_from = options.webhooks.smtp.from,
                                .clock = options.clock,
                                .read_retry_after = fetch::parse_retry_after};
    if (!parts.fetcher) {
        // Receivers have a fetcher of their own: pages and webhooks of one host do not wait for each other, and nobody
        // asks a receiver for its robots.txt.
        FetchOptions fetch = options.fetch;
        fetch.per_host = options.webhooks.per_endpoint;
        fetch.per_host_delay = {};
        fetch.respect_robots = false;
        auto made = make_fetcher(fetch);
        if (!made) return made.error();
        parts.fetcher = *std::move(made);
    }
    if (!options.webhooks.smtp.host.empty()) {
        auto mail = make_mail_sender(options.webhooks.smtp);
        if (!mail) return mail.error();
        parts.mail = *std::move(mail);
    }
    return notify::make_notifier(std::move(parts));
}

bool can_send_mail(const EngineOptions& options) noexcept {
    return options.notifier != nullptr && options.notifier->supports(WebhookType::email);
}

Result<std::optional<WebhookTarget>> target_of_schedule(Store& store, std::string_view account_id,
                                                        std::string_view schedule_id) {
    const auto schedule = store.schedules().find(account_id, schedule_id);
    if (!schedule) return schedule.error();
    if (!*schedule) return std::optional<WebhookTarget>{};
    return std::optional<WebhookTarget>(webhook_target(**schedule).value_or(WebhookTarget{}));
}

Result<std::vector<Delivery>> Engine::list_deliveries(const DeliveryQuery& query, const Caller& caller) {
    if (auto valid = validate(query.range, 1000); !valid) return valid.error();
    return impl_->options.store->deliveries().list(caller.account_id, query);
}

Result<Delivery> Engine::get_delivery(std::string_view delivery_id, const Caller& caller) {
    const auto id = object_id(delivery_id, "Delivery");
    if (!id) return id.error();
    auto found = impl_->options.store->deliveries().find(caller.account_id, *id);
    if (!found) return found.error();
    if (!*found) return not_found("Delivery", *id);
    return **std::move(found);
}

Result<Delivery> Engine::replay_delivery(std::string_view delivery_id, const Caller& caller) {
    const auto delivery = get_delivery(delivery_id, caller);
    if (!delivery) return delivery.error();
    const std::string* id = &delivery->delivery_id;
    if (delivery->status != DeliveryStatus::pending) {  // nowhere to send it to: it stays listed as it ended
        const auto target = target_of_schedule(*impl_->options.store, caller.account_id, delivery->schedule_id);
        if (!target) return target.error();
        if (!*target) return Error{ErrorCode::conflict, "The schedule of this delivery was deleted", *id};
        if ((*target)->url.empty()) return Error{ErrorCode::conflict, "Schedule has no webhook URL", *id};
    }
    auto replayed = impl_->options.store->deliveries().replay(caller.account_id, *id, impl_->now());
    if (!replayed) return replayed.error();
    if (!*replayed) return not_found("Delivery", *id);
    impl_->outbox->notify();
    return **std::move(replayed);
}

Result<WebhookTestOutcome> Engine::test_webhook(const WebhookTest& test, std::stop_token stop) {
    WebhookTarget target{
        .url = test.url, .type = test.type.value_or(detect_webhook_type(test.url)), .secret = test.secret.value_or("")};
    if (auto fine = validate_webhook_url(target.url, target.type); !fine) return fine.error();
    if (!target.secret.empty())
        if (auto fine = validate_webhook_secret(target.secret); !fine) return fine.error();

    const TimePoint now = impl_->now();
    const auto failed = [](std::string_view why) {
        return WebhookTestOutcome{.message = "Webhook request failed: " + std::string(why)};
    };
    if (!impl_->options.notifier->supports(target.type)) return failed("Email notifications are not configured");
    const std::string payload = notify::test_payload(test.metadata, now);
    const auto message = notify::make_message(
        {.id = core::new_uuid(now), .event = "test", .name = "Test", .payload = payload, .created_at = now}, target,
        now, impl_->options.webhooks);
    if (!message) return message.error();
    const auto answer = impl_->options.notifier->send(*message, stop);
    if (!answer && answer.error().code == ErrorCode::cancelled) return answer.error();
    const auto verdict = notify::judge_attempt(answer, 0, impl_->options.webhooks);
    return WebhookTestOutcome{.success = verdict.delivered,
                              .status_code = verdict.status_code,
                              .message = verdict.delivered ? "Webhook delivered successfully" : verdict.error};
}

Result<std::size_t> Engine::deliver_pending(std::stop_token stop) {
    return impl_->outbox->run_due(stop);
}

}  // namespace meter
