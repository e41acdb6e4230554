// What becomes of an attempt: the schedule of retries. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "meter/notifier.hpp"

namespace meter::notify {

/// The verdict on one attempt.
struct AttemptVerdict {
    bool delivered = false;
    int status_code = 0;     ///< 0: no HTTP answer
    std::string error = {};  ///< not delivered: one sentence, without URL and secrets
    /// Not delivered: how long to wait before the next attempt; nullopt: none any more.
    std::optional<std::chrono::milliseconds> wait = {};
};

/// May the same message be sent again after this status? 408, 425, 429 and 5xx (wire contract 15.5).
bool is_retryable_status(int status) noexcept;

/// Judges an answer or an error; `failures` counts the attempts that failed before this one. A Retry-After longer than
/// the schedule's own wait counts, up to WebhookOptions::max_retry_after; it never adds an attempt.
AttemptVerdict judge_attempt(const Result<WebhookAnswer>& answer, std::int64_t failures, const WebhookOptions& options);

}  // namespace meter::notify
