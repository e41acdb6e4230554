// Webhooks: where events of a schedule go, and the record of each delivery.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"
#include "meter/value.hpp"

namespace meter {

/// What kind of receiver a URL leads to; decides the body (wire contract 15.1).
enum class WebhookType { standard, slack, slack_workflow, discord, email };

METER_EXPORT std::string_view to_string(WebhookType type) noexcept;
METER_EXPORT std::optional<WebhookType> parse_webhook_type(std::string_view name) noexcept;

/// Which jobs are told (wire contract 15.2): every one, or those that changed, failed, or are the first `empty` or
/// `degraded` one of a row.
enum class WebhookOn { all, changes };

METER_EXPORT std::string_view to_string(WebhookOn on) noexcept;
METER_EXPORT std::optional<WebhookOn> parse_webhook_on(std::string_view name) noexcept;

/// The webhook members of a schedule.
struct WebhookTarget {
    std::string url = {};  ///< http(s) URL; for email an address or a mailto: URI
    WebhookType type = WebhookType::standard;
    std::string secret = {};                   ///< sent to and signed for `standard` receivers only; never logged
    std::optional<std::string> metadata = {};  ///< JSON object text
    WebhookOn on = WebhookOn::all;

    bool operator==(const WebhookTarget&) const = default;
};

/// The type a URL has when none is given (wire contract 15.1). `standard` for anything that is nothing else.
METER_EXPORT WebhookType detect_webhook_type(std::string_view url);

/// May deliveries of this type go to this URL? An absolute http(s) URL, or for email one to ten addresses, bare or in
/// a mailto: URI. Errors: invalid_url "Invalid URL format" with `webhook_url` as subject.
METER_EXPORT Result<void> validate_webhook_url(std::string_view url, WebhookType type);

/// 1 to 256 printable ASCII characters, neither first nor last a space. Errors: invalid_argument, `webhook_secret`.
METER_EXPORT Result<void> validate_webhook_secret(std::string_view secret);

/// An object of at most 16 KiB as JSON text. Errors: invalid_argument, `webhook_metadata`.
METER_EXPORT Result<void> validate_webhook_metadata(const Value& metadata);

/// "whsec_" and 32 random hex digits.
METER_EXPORT std::string new_webhook_secret();

/// The receiver's side: is this request from who knows the secret, and of now? The first four texts are the secret and
/// the headers webhook-id, webhook-timestamp and webhook-signature; `body` is the request's body, byte for byte. Takes
/// as long for a wrong signature as for the right one. Source: the Standard Webhooks specification.
METER_EXPORT bool verify_webhook(std::string_view secret, std::string_view id, std::string_view timestamp,
                                 std::string_view signatures, std::string_view body, TimePoint now,
                                 std::chrono::seconds tolerance = std::chrono::minutes(5));

/// Are two secrets the same? Takes as long for those that differ, unless their lengths do.
METER_EXPORT bool equal_secrets(std::string_view given, std::string_view expected) noexcept;

/// pending -> delivered | failed; a replay makes either pending again.
enum class DeliveryStatus { pending, delivered, failed };

METER_EXPORT std::string_view to_string(DeliveryStatus status) noexcept;
METER_EXPORT std::optional<DeliveryStatus> parse_delivery_status(std::string_view name) noexcept;

/// One event on its way to one receiver: a row of the outbox. URL, type and secret are the schedule's at the time of
/// each attempt (wire contract 15.5), so they are not here.
struct Delivery {
    std::string delivery_id;  ///< UUID; sent as X-Webhook-Id and webhook-id, the same on every attempt
    std::string account_id;
    std::string schedule_id;
    std::optional<std::string> job_id;
    std::optional<std::string> workflow_run_id;
    std::string event;  ///< "job.completed", "job.failed", "workflow_run.completed", ...
    std::string name;   ///< of the strategy or workflow, for messages that people read
    /// The standard body, byte for byte; the bodies of the other types are made from it. Left out of lists.
    std::string payload;
    /// Deliveries to one endpoint share its places in flight (origin of the URL, or mail domain). A hint: an attempt
    /// whose schedule has moved on corrects it.
    std::string endpoint;
    DeliveryStatus status = DeliveryStatus::pending;
    std::int64_t attempts = 0;  ///< begun so far, those cut off by the end of a process included
    std::int64_t failures = 0;  ///< attempts that failed; the schedule of retries counts these
    /// pending: when the next attempt is due; while one is under way, when it counts as lost.
    std::optional<TimePoint> next_attempt_at;
    std::optional<std::int64_t> last_status_code;  ///< 0: no HTTP answer arrived
    std::optional<std::string> last_error;
    TimePoint created_at{};
    std::optional<TimePoint> completed_at;

    bool operator==(const Delivery&) const = default;
};

/// The wire form (WebhookDelivery).
METER_EXPORT std::string to_json(const Delivery& delivery);

/// Filters of a list of deliveries; all given ones must hold.
struct DeliveryQuery {
    std::optional<std::string> schedule_id = {};
    std::optional<DeliveryStatus> status = {};
    ListRange range{.limit = 50};
};

/// A test of a webhook (wire contract 15.6): one attempt with made-up ids.
struct WebhookTest {
    std::string url = {};
    std::optional<std::string> secret = {};
    std::optional<WebhookType> type = {};  ///< nullopt: detected
    std::optional<std::string> metadata = {};
};

/// Reads the body of POST /api/webhooks/test. Without `url_required` the URL may be missing, and is empty then. Errors:
/// invalid_argument, invalid_url.
METER_EXPORT Result<WebhookTest> parse_webhook_test(const Value& body, bool url_required = true);

struct WebhookTestOutcome {
    bool success = false;
    int status_code = 0;  ///< 0: no HTTP answer
    std::string message = {};
};

METER_EXPORT std::string to_json(const WebhookTestOutcome& outcome);

}  // namespace meter
