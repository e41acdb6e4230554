#include "notify/retry.hpp"

#include <doctest/doctest.h>

namespace meter::notify {
namespace {

using namespace std::chrono_literals;

Result<WebhookAnswer> status(int code, std::optional<std::chrono::milliseconds> retry_after = {}) {
    return WebhookAnswer{.status = code, .retry_after = retry_after};
}

}  // namespace

TEST_SUITE("notify.retry") {
    TEST_CASE("2xx delivers, and nothing else does") {
        for (const int code : {200, 201, 202, 204, 250, 299}) {
            CAPTURE(code);
            const auto verdict = judge_attempt(status(code), 0, {});
            CHECK(verdict.delivered);
            CHECK_FALSE(verdict.wait);
            CHECK(verdict.status_code == code);
        }
        for (const int code : {100, 199, 300, 301, 302, 304, 307, 400, 404, 410, 500})
            CHECK_FALSE(judge_attempt(status(code), 0, {}).delivered);
    }

    TEST_CASE("408, 425, 429 and 5xx are tried again, redirects and other refusals are not") {
        for (const int code : {408, 425, 429, 500, 502, 503, 504, 599}) {
            CAPTURE(code);
            CHECK(judge_attempt(status(code), 0, {}).wait == 10s);
        }
        for (const int code : {301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 413, 422, 451, 600}) {
            CAPTURE(code);
            const auto verdict = judge_attempt(status(code), 0, {});
            CHECK_FALSE(verdict.wait);
            CHECK(verdict.error == "Webhook returned status " + std::to_string(code));
        }
    }

    TEST_CASE("the waits are those of the wire contract, and then it is over") {
        const WebhookOptions options;
        const std::vector<std::chrono::milliseconds> waits{10s, 1min, 5min, 30min};
        for (std::size_t failures = 0; failures < waits.size(); ++failures)
            CHECK(judge_attempt(status(500), static_cast<std::int64_t>(failures), options).wait == waits[failures]);
        CHECK_FALSE(judge_attempt(status(500), 4, options).wait);
        CHECK_FALSE(judge_attempt(status(500), 400, options).wait);
        CHECK_FALSE(judge_attempt(status(500), 0, {.retry = {}}).wait);
    }

    TEST_CASE("Retry-After prolongs a wait up to an hour, never shortens it, never adds one") {
        CHECK(judge_attempt(status(429, 90s), 0, {}).wait == 90s);
        CHECK(judge_attempt(status(503, 5s), 0, {}).wait == 10s);
        CHECK(judge_attempt(status(429, 2h), 0, {}).wait == 1h);
        CHECK(judge_attempt(status(500, 90s), 0, {}).wait == 90s);
        CHECK_FALSE(judge_attempt(status(429, 90s), 4, {}).wait);
        CHECK_FALSE(judge_attempt(status(400, 90s), 0, {}).wait);
    }

    TEST_CASE("failures without an answer are tried again when the error says so") {
        const auto lost =
            judge_attempt(Error{ErrorCode::network, "Connection failed: connection refused", {}, true}, 1, {});
        CHECK(lost.wait == 1min);
        CHECK(lost.status_code == 0);
        CHECK(lost.error == "Webhook request failed: Connection failed: connection refused");
        CHECK_FALSE(judge_attempt(Error{ErrorCode::blocked, "URL not allowed by server policy"}, 0, {}).wait);
    }
}

}  // namespace meter::notify
