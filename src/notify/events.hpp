// What an ended job tells its schedule's webhook: the rows that go into the outbox with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/change.hpp"
#include "meter/time.hpp"
#include "meter/webhook.hpp"

namespace meter::notify {

/// What an event needs to know of the schedule.
struct ScheduleFacts {
    std::string account_id;
    std::string schedule_id;
    std::string strategy_name;
};

/// What an event needs to know of the job that ended.
struct JobFacts {
    std::string job_id;
    std::string url;
    bool completed = true;  ///< false: failed
    Outcome outcome = Outcome::ok;
    /// Outcome of the schedule's previous job on this URL; nullopt: there was none.
    std::optional<Outcome> previous_outcome = {};
    TimePoint completed_at{};

    // Completed jobs.
    std::string_view results = "[]";  ///< JSON array text, also when it was taken over from the baseline
    std::int64_t item_count = 0;
    bool has_changes = false;
    std::string content_hash = {};
    /// Difference to the baseline, JSON object text (ContentDelta: added, removed, modified, order_changed); empty when
    /// nothing changed.
    std::string_view changes = {};

    // Failed jobs.
    std::string error = {};
};

/// Is the job told under this rule? (Wire contract 15.2.)
bool is_told(WebhookOn on, const JobFacts& job) noexcept;

/// The deliveries of one ended job, due at once: one, or none when `target.on` leaves it out. Only ids are random.
/// The results are read here and kept in the rows.
std::vector<Delivery> job_deliveries(const WebhookTarget& target, const ScheduleFacts& schedule, const JobFacts& job);

/// A job as JobFacts' `results` and `changes` members stand in the standard body (JSON object text, wire contract
/// 15.3).
std::string job_payload(const std::optional<std::string>& metadata, const ScheduleFacts& schedule, const JobFacts& job);

/// The key under which deliveries share places in flight: the origin of an http(s) URL, "mailto:<domain>" for email,
/// or the text itself when it is neither.
std::string endpoint_of(std::string_view url, WebhookType type);

}  // namespace meter::notify
