#include "notify/retry.hpp"

#include <algorithm>

namespace meter::notify {
namespace {

bool is_success_status(int status) noexcept {
    return status >= 200 && status < 300;
}

}  // namespace

bool is_retryable_status(int status) noexcept {
    return status == 408 || status == 425 || status == 429 || (status >= 500 && status < 600);
}

AttemptVerdict judge_attempt(const Result<WebhookAnswer>& answer, std::int64_t failures,
                             const WebhookOptions& options) {
    AttemptVerdict verdict;
    std::chrono::milliseconds asked{0};
    if (answer) {
        verdict.status_code = answer->status;
        if (is_success_status(answer->status)) {
            verdict.delivered = true;
            return verdict;
        }
        verdict.error = "Webhook returned status " + std::to_string(answer->status);
        if (!is_retryable_status(answer->status)) return verdict;
        asked = std::min(answer->retry_after.value_or(asked), options.max_retry_after);
    } else {
        verdict.error = "Webhook request failed: " + answer.error().message;
        if (!answer.error().retryable) return verdict;
    }
    if (failures < static_cast<std::int64_t>(options.retry.size()))
        verdict.wait = std::max(options.retry[static_cast<std::size_t>(std::max<std::int64_t>(failures, 0))], asked);
    return verdict;
}

}  // namespace meter::notify
