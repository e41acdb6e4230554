// Ranges of the options (DESIGN 8: each is documented where it is declared).
#include <string>
#include <string_view>

#include "meter/notifier.hpp"

namespace meter {
namespace {

constexpr std::size_t most_retries = 20;

Error webhook_option_error(std::string_view name, std::string_view must) {
    return {ErrorCode::invalid_argument, std::string(name) + " must " + std::string(must), std::string(name)};
}

template <class Duration, class Low, class High>
bool within(Duration value, Low low, High high) {
    return value >= low && value <= high;
}

}  // namespace

Result<void> validate(const WebhookOptions& options) {
    using namespace std::chrono_literals;
    if (!within(options.timeout, 1ms, 10min)) return webhook_option_error("timeout", "be at most 10 minutes");
    if (options.retry.size() > most_retries) return webhook_option_error("retry", "have at most 20 waits");
    for (const auto wait : options.retry)
        if (!within(wait, 0ms, 24h * 30)) return webhook_option_error("retry", "hold waits of at most 30 days");
    if (!within(options.max_retry_after, 0ms, 24h))
        return webhook_option_error("max_retry_after", "be between 0 and 24 hours");
    if (!within(options.per_endpoint, 1, 1000)) return webhook_option_error("per_endpoint", "be between 1 and 1000");
    if (!within(options.max_in_flight, 0, 4096)) return webhook_option_error("max_in_flight", "be between 0 and 4096");
    if (!within(options.lease, 100ms, 1h)) return webhook_option_error("lease", "be between 100 ms and 1 hour");
    if (!within(options.retention, 1h, 87'600h))
        return webhook_option_error("retention", "be between 1 h and 10 years");
    for (const char c : options.user_agent)
        if (c < ' ' || c > '~') return webhook_option_error("user_agent", "be printable ASCII");
    return {};
}

}  // namespace meter
