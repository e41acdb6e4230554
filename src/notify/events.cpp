#include "notify/events.hpp"

#include "core/id.hpp"
#include "json/object_writer.hpp"
#include "url/mail_address.hpp"
#include "url/url.hpp"

namespace meter::notify {

bool is_told(WebhookOn on, const JobFacts& job) noexcept {
    if (on == WebhookOn::all || !job.completed || job.has_changes) return true;
    const auto is_broken = [](Outcome outcome) { return outcome == Outcome::empty || outcome == Outcome::degraded; };
    return is_broken(job.outcome) && !(job.previous_outcome && is_broken(*job.previous_outcome));
}

std::string job_payload(const std::optional<std::string>& metadata, const ScheduleFacts& schedule,
                        const JobFacts& job) {
    json::ObjectWriter out;
    out.text("job_id", job.job_id)
        .text("schedule_id", schedule.schedule_id)
        .text("status", job.completed ? "completed" : "failed")
        .text("url", job.url);
    if (job.completed) {
        out.json("results", job.results)
            .integer("item_count", job.item_count)
            .flag("has_changes", job.has_changes)
            .text("content_hash", job.content_hash)
            .json("changes", job.has_changes && !job.changes.empty() ? job.changes : std::string_view("null"));
    } else {
        out.text("error", job.error);
    }
    out.time("completed_at", job.completed_at).json_or_null("metadata", metadata);
    return std::move(out).finish();
}

std::vector<Delivery> job_deliveries(const WebhookTarget& target, const ScheduleFacts& schedule, const JobFacts& job) {
    if (target.url.empty() || !is_told(target.on, job)) return {};
    Delivery delivery;
    delivery.delivery_id = core::new_uuid(job.completed_at);
    delivery.account_id = schedule.account_id;
    delivery.schedule_id = schedule.schedule_id;
    delivery.job_id = job.job_id;
    delivery.event = job.completed ? "job.completed" : "job.failed";
    delivery.name = schedule.strategy_name;
    delivery.payload = job_payload(target.metadata, schedule, job);
    delivery.endpoint = endpoint_of(target.url, target.type);
    delivery.next_attempt_at = job.completed_at;
    delivery.created_at = job.completed_at;
    std::vector<Delivery> deliveries;
    deliveries.push_back(std::move(delivery));
    return deliveries;
}

std::string endpoint_of(std::string_view url, WebhookType type) {
    if (type == WebhookType::email) {
        const auto addresses = url::mail_addresses(url);
        if (addresses.empty()) return std::string(url);
        const std::string& first = addresses.front();
        return "mailto:" + first.substr(first.rfind('@') + 1);
    }
    const auto parsed = url::parse_url(url);
    return parsed ? url::origin(*parsed) : std::string(url);
}

}  // namespace meter::notify
