#include "metrics.hpp"

#include <cstdio>

namespace meter::server {
namespace {

std::string metric_number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.9g", value);
    return text.data();
}

void append_header(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
    out.append("# HELP ").append(name).append(" ").append(help).append("\n");
    out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void append_sample(std::string& out, std::string_view name, std::string_view type, std::string_view help,
                   const std::string& value) {
    append_header(out, name, type, help);
    out.append(name).append(" ").append(value).append("\n");
}

}  // namespace

void RequestMetrics::count(std::string_view method, std::string_view route, int status, double seconds) {
    // Methods come from the client: those no route has are one series.
    static constexpr std::string_view known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    std::string_view label = "other";
    for (const auto name : known)
        if (name == method) label = name;
    const std::lock_guard lock(mutex_);
    ++requests_[{label, route, status}];
    auto& durations = durations_[route];
    for (std::size_t i = 0; i < bounds.size(); ++i)
        if (seconds <= bounds[i]) ++durations.buckets[i];
    ++durations.count;
    durations.sum += seconds;
}

std::string RequestMetrics::text() const {
    std::string out;
    const std::lock_guard lock(mutex_);
    append_header(out, "meter_http_requests_total", "counter", "Requests answered.");
    for (const auto& [key, count] : requests_) {
        const auto& [method, route, status] = key;
        out.append("meter_http_requests_total{method=\"").append(method).append("\",route=\"").append(route);
        out.append("\",status=\"").append(std::to_string(status)).append("\"} ").append(std::to_string(count));
        out += '\n';
    }
    append_header(out, "meter_http_request_duration_seconds", "histogram", "Time from request to answer.");
    for (const auto& [route, durations] : durations_) {
        const std::string label = "route=\"" + std::string(route) + "\"";
        for (std::size_t i = 0; i < bounds.size(); ++i)
            out.append("meter_http_request_duration_seconds_bucket{")
                .append(label)
                .append(",le=\"")
                .append(metric_number(bounds[i]))
                .append("\"} ")
                .append(std::to_string(durations.buckets[i]))
                .append("\n");
        out.append("meter_http_request_duration_seconds_bucket{")
            .append(label)
            .append(",le=\"+Inf\"} ")
            .append(std::to_string(durations.count))
            .append("\n");
        out.append("meter_http_request_duration_seconds_sum{")
            .append(label)
            .append("} ")
            .append(metric_number(durations.sum))
            .append("\n");
        out.append("meter_http_request_duration_seconds_count{")
            .append(label)
            .append("} ")
            .append(std::to_string(durations.count))
            .append("\n");
    }
    return out;
}

std::string metrics_text(const EngineMetrics& metrics) {
    std::string out;
    append_header(out, "meter_jobs_total", "counter", "Jobs ended since the start.");
    out += "meter_jobs_total{status=\"completed\"} " + std::to_string(metrics.jobs_completed) + "\n";
    out += "meter_jobs_total{status=\"failed\"} " + std::to_string(metrics.jobs_failed) + "\n";
    append_sample(out, "meter_jobs_unchanged_total", "counter",
                  "Jobs of pages that had not changed since the job before.", std::to_string(metrics.jobs_unchanged));
    append_sample(out, "meter_items_extracted_total", "counter", "Items of completed jobs.",
                  std::to_string(metrics.items_extracted));
    append_sample(out, "meter_fetched_bytes_total", "counter", "Body bytes received.",
                  std::to_string(metrics.bytes_fetched));
    out += gauge_text("meter_jobs_pending", "Jobs that wait.", metrics.jobs_pending);
    out += gauge_text("meter_jobs_running", "Jobs that run.", metrics.jobs_running);
    append_sample(out, "meter_webhook_attempts_total", "counter", "Attempts to deliver a webhook.",
                  std::to_string(metrics.delivery_attempts));
    append_header(out, "meter_webhook_deliveries_total", "counter", "Webhook deliveries ended since the start.");
    out +=
        "meter_webhook_deliveries_total{status=\"delivered\"} " + std::to_string(metrics.deliveries_delivered) + "\n";
    out += "meter_webhook_deliveries_total{status=\"failed\"} " + std::to_string(metrics.deliveries_failed) + "\n";
    append_header(out, "meter_workflow_runs_total", "counter", "Workflow runs ended since the start.");
    const auto ended = [&out](std::string_view status, std::uint64_t count) {
        out.append("meter_workflow_runs_total{status=\"").append(status).append("\"} ");
        out.append(std::to_string(count)).append("\n");
    };
    ended("completed", metrics.workflow_runs_completed);
    ended("partial", metrics.workflow_runs_partial);
    ended("failed", metrics.workflow_runs_failed);
    ended("cancelled", metrics.workflow_runs_cancelled);
    out += gauge_text("meter_workflow_runs_open", "Workflow runs that are pending or running.",
                      metrics.workflow_runs_open);
    append_sample(out, "meter_workflow_node_transitions_total", "counter", "Changes of a workflow node's status.",
                  std::to_string(metrics.workflow_node_transitions));
    append_header(out, "meter_automation_executions_total", "counter", "Automation executions ended since the start.");
    const auto executed = [&out](std::string_view status, std::uint64_t count) {
        out.append("meter_automation_executions_total{status=\"").append(status).append("\"} ");
        out.append(std::to_string(count)).append("\n");
    };
    executed("completed", metrics.executions_completed);
    executed("failed", metrics.executions_failed);
    executed("stopped", metrics.executions_stopped);
    out += gauge_text("meter_automation_executions_open", "Automation executions that are pending or running.",
                      metrics.executions_open);
    out += gauge_text("meter_webhooks_in_flight", "Webhook attempts under way.", metrics.deliveries_in_flight);
    const auto append_ends = [&](std::string_view name, std::string_view help, std::uint64_t completed,
                                 std::uint64_t failed) {
        append_header(out, name, "counter", help);
        out.append(name).append("{status=\"completed\"} ").append(std::to_string(completed)).append("\n");
        out.append(name).append("{status=\"failed\"} ").append(std::to_string(failed)).append("\n");
    };
    append_ends("meter_discoveries_total", "Discoveries ended since the start.", metrics.discoveries_completed,
                metrics.discoveries_failed);
    append_ends("meter_regenerations_total", "Strategies made again for their group's schema since the start.",
                metrics.regenerations_completed, metrics.regenerations_failed);
    return out;
}

std::string gauge_text(std::string_view name, std::string_view help, std::int64_t value) {
    std::string out;
    append_sample(out, name, "gauge", help, std::to_string(value));
    return out;
}

}  // namespace meter::server
