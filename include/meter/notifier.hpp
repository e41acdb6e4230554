// Notifying: the seam through which events leave, and what the built-in one is made of.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "meter/clock.hpp"
#include "meter/export.hpp"
#include "meter/fetcher.hpp"
#include "meter/result.hpp"
#include "meter/webhook.hpp"

namespace meter {

/// One attempt, ready to go out. Holds secrets: not for logs.
struct WebhookMessage {
    WebhookType type = WebhookType::standard;
    std::string url = {};
    std::vector<Header> headers = {};  ///< email: none
    std::string body = {};             ///< email: the whole message, headers included, lines ended by CRLF
    std::chrono::milliseconds timeout{30'000};
};

/// What a receiver said.
struct WebhookAnswer {
    int status = 0;  ///< HTTP status; 250 when a mail server took the message
    std::optional<std::chrono::milliseconds> retry_after = {};
};

/// Sends one message and returns its answer, whatever the status. Tries once and follows no redirect.
/// Threads: called concurrently; implementations synchronise themselves. Blocks the caller.
class METER_EXPORT Notifier {
public:
    virtual ~Notifier();

    /// Errors, `retryable` when the same message may be taken later: network, timeout, blocked, invalid_url, cancelled
    /// (soon after a stop), unsupported "Email notifications are not configured".
    virtual Result<WebhookAnswer> send(const WebhookMessage& message, std::stop_token stop) = 0;
    /// Can messages of this type be sent at all?
    virtual bool supports(WebhookType type) const = 0;
};

/// An event before it is put into the form of its receiver.
struct WebhookEvent {
    std::string id = {};       ///< sent as X-Webhook-Id and webhook-id
    std::string event = {};    ///< "job.completed"
    std::string name = {};     ///< of what it is about, for messages that people read
    std::string payload = {};  ///< the standard body, JSON object text; the other bodies are made from it
    TimePoint created_at{};
};

/// The message of the first attempt at `now`, as wire contract 15.3 and 15.4 have it; the secret and its signatures go
/// to standard receivers only. Errors: parse for a payload that is no JSON, invalid_url for mail without an address.
METER_EXPORT Result<WebhookMessage> make_webhook_message(const WebhookEvent& event, const WebhookTarget& target,
                                                         TimePoint now);

/// Where mail goes. The server is the operator's own choice, so the egress gate does not apply to it.
struct SmtpOptions {
    enum class Security { starttls, tls, none };

    std::string host = {};                   ///< empty: no mail is sent
    std::uint16_t port = 587;                ///< [1, 65535]
    Security security = Security::starttls;  ///< starttls: refused when the server does not offer it
    std::string username = {};               ///< empty: no login
    std::string password = {};
    std::string from = {};  ///< sender's address
    bool verify_tls = true;
    std::string ca_file = {};  ///< PEM bundle; empty: the system's
};

/// Checks ranges. Errors: invalid_argument with the field as `subject` ("from").
METER_EXPORT Result<void> validate(const SmtpOptions& options);

/// One mail, ready to go out.
struct Mail {
    std::string from = {};  ///< bare addresses
    std::vector<std::string> to = {};
    std::string message = {};  ///< RFC 5322 text with CRLF
    std::chrono::milliseconds timeout{30'000};
};

/// Hands mail to a server. Threads: called concurrently. Blocks the caller.
class METER_EXPORT MailSender {
public:
    virtual ~MailSender();

    /// Errors: network, timeout, cancelled; `retryable` unless the server refused for good (RFC 5321 4.2.1, 5yz).
    virtual Result<void> send(const Mail& mail, std::stop_token stop) = 0;
};

/// The built-in one: SMTP with STARTTLS or TLS, and login. Errors: those of validate().
METER_EXPORT Result<std::shared_ptr<MailSender>> make_mail_sender(const SmtpOptions& options);

/// When and how deliveries are attempted.
struct WebhookOptions {
    std::chrono::milliseconds timeout{30'000};  ///< one attempt; (0, 10 min]
    /// Waits before each retry, counted from the failure before; when used up, the delivery has failed. At most 20.
    std::vector<std::chrono::milliseconds> retry{std::chrono::seconds(10), std::chrono::minutes(1),
                                                 std::chrono::minutes(5), std::chrono::minutes(30)};
    std::chrono::milliseconds max_retry_after{3'600'000};  ///< a longer Retry-After counts as this; [0, 24 h]
    int per_endpoint = 4;                                  ///< in flight at once to one endpoint; [1, 1000]
    /// In flight at once over all endpoints, each on a thread made when needed. 0: none, the host calls
    /// Engine::deliver_pending(). [0, 4096]
    int max_in_flight = 256;
    std::chrono::milliseconds lease{30'000};  ///< renewed every third of it; [100 ms, 1 h]
    std::chrono::hours retention{24 * 30};    ///< how long ended deliveries are kept; [1 h, 10 years]
    std::string user_agent = {};              ///< empty: "meter-server/<version>"
    SmtpOptions smtp = {};
};

/// Checks ranges, but for those of `smtp`. Errors: invalid_argument with the field as `subject` ("per_endpoint").
METER_EXPORT Result<void> validate(const WebhookOptions& options);

}  // namespace meter
