#include "notify/notifier.hpp"

#include <utility>

#include "url/mail_address.hpp"

namespace meter::notify {
namespace {

// What a receiver says beyond its status is read only to keep the connection usable.
constexpr std::size_t most_answer_bytes = 64u << 10;
constexpr int mail_accepted = 250;

class BuiltInNotifier final : public Notifier {
public:
    explicit BuiltInNotifier(NotifierParts parts) : parts_(std::move(parts)) {}

    Result<WebhookAnswer> send(const WebhookMessage& message, std::stop_token stop) override {
        return message.type == WebhookType::email ? send_mail(message, stop) : post(message, stop);
    }

    bool supports(WebhookType type) const override { return type != WebhookType::email || parts_.mail != nullptr; }

private:
    Result<WebhookAnswer> post(const WebhookMessage& message, std::stop_token stop) {
        Request request;
        request.method = "POST";
        request.url = message.url;
        request.headers = message.headers;
        request.body = message.body;
        request.timeout = message.timeout;
        request.max_redirects = 0;
        request.max_retries = 0;
        request.max_body_bytes = 1u << 20;
        // Only a 2xx body comes here, so one piece of it says that the message was taken, however the rest drips.
        bool accepted = false;
        std::size_t read = 0;
        request.on_body = [&](std::string_view piece) {
            accepted = true;
            read += piece.size();
            return read <= most_answer_bytes;
        };
        auto response = parts_.fetcher->fetch(request, stop);
        if (!response) {
            if (accepted) return WebhookAnswer{.status = 200};
            return reported(response.error());
        }
        WebhookAnswer answer{.status = response->status};
        if (const auto text = response->header("retry-after"); !text.empty() && parts_.read_retry_after)
            answer.retry_after = parts_.read_retry_after(text, parts_.clock->now());
        return answer;
    }

    Result<WebhookAnswer> send_mail(const WebhookMessage& message, std::stop_token stop) {
        if (!parts_.mail) return Error{ErrorCode::unsupported, "Email notifications are not configured"};
        const Mail mail{.from = parts_.mail_from,
                        .to = url::mail_addresses(message.url),
                        .message = message.body,
                        .timeout = message.timeout};
        if (mail.to.empty()) return Error{ErrorCode::invalid_url, "Invalid URL format"};
        if (auto sent = parts_.mail->send(mail, stop); !sent) return sent.error();
        return WebhookAnswer{.status = mail_accepted};
    }

    /// Everything that may pass by itself is worth another attempt, whatever a fetch of a page would make of it. The
    /// URL of a webhook may be a secret: it stays out of the error.
    static Error reported(Error error) {
        error.subject.clear();
        switch (error.code) {
            case ErrorCode::network:
            case ErrorCode::timeout:
            case ErrorCode::too_large:
            case ErrorCode::internal:
            case ErrorCode::unavailable:
                error.retryable = true;
                break;
            default:
                error.retryable = false;
        }
        if (error.code == ErrorCode::too_large) error.message = "Answer too large";
        if (error.code == ErrorCode::timeout) error.message = "Connection timeout: receiver did not respond";
        return error;
    }

    const NotifierParts parts_;
};

}  // namespace

std::shared_ptr<Notifier> make_notifier(NotifierParts parts) {
    return std::make_shared<BuiltInNotifier>(std::move(parts));
}

}  // namespace meter::notify
