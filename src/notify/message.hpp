// From a delivery and its schedule's webhook to what goes out. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "meter/notifier.hpp"
#include "meter/result.hpp"
#include "meter/webhook.hpp"

namespace meter::notify {

/// What is sent.
struct OutgoingEvent {
    std::string id;          ///< X-Webhook-Id
    std::string_view event;  ///< "job.completed", "test"
    std::string_view name;
    std::string_view payload;  ///< standard body
    std::int64_t attempt = 1;
    TimePoint created_at{};  ///< of the event
};

/// The message of one attempt at `now`. For one event and type the body is the same bytes each time; the secret goes
/// to standard receivers only (wire contract 15.3). Errors: parse, invalid_url (no mail address).
Result<WebhookMessage> make_message(const OutgoingEvent& event, const WebhookTarget& target, TimePoint now,
                                    const WebhookOptions& options);

/// The standard body of a test (wire contract 15.6), with made-up ids.
std::string test_payload(const std::optional<std::string>& metadata, TimePoint now);

}  // namespace meter::notify
