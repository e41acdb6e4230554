#include "json/wire_names.hpp"

#include <algorithm>
#include <array>

#include "meter/job.hpp"
#include "meter/schedule.hpp"
#include "meter/workflow.hpp"

namespace meter {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 3> scraper_type_names{"css", "api", "content"};
constexpr std::array<std::string_view, 4> job_status_names{"pending", "running", "completed", "failed"};
constexpr std::array<std::string_view, 5> outcome_names{"ok", "empty", "degraded", "blocked", "failed"};
constexpr std::array<std::string_view, 2> schedule_type_names{"interval", "cron"};
constexpr std::array<std::string_view, 3> health_state_names{"ok", "degraded", "failing"};
constexpr std::array<std::string_view, 4> node_input_type_names{"static_urls", "upstream_urls", "upstream_data",
                                                                "trigger_only"};
constexpr std::array<std::string_view, 6> run_status_names{"pending", "running", "completed",
                                                           "partial", "failed",  "cancelled"};
constexpr std::array<std::string_view, 6> node_status_names{"pending", "running", "completed",
                                                            "failed",  "skipped", "cancelled"};
constexpr std::array<std::string_view, 2> skip_reason_names{"unchanged", "upstream_failed"};
constexpr std::array<std::string_view, 2> run_trigger_names{"manual", "schedule"};

template <class Enum, std::size_t N>
std::optional<Enum> enumerator_named(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view to_string(ScraperType type) noexcept {
    return scraper_type_names[static_cast<std::size_t>(type)];
}
std::string_view to_string(JobStatus status) noexcept {
    return job_status_names[static_cast<std::size_t>(status)];
}
std::string_view to_string(Outcome outcome) noexcept {
    return outcome_names[static_cast<std::size_t>(outcome)];
}

std::string_view to_string(ScheduleType type) noexcept {
    return schedule_type_names[static_cast<std::size_t>(type)];
}
std::string_view to_string(HealthState state) noexcept {
    return health_state_names[static_cast<std::size_t>(state)];
}

std::string_view to_string(NodeInputType type) noexcept {
    return node_input_type_names[static_cast<std::size_t>(type)];
}
std::string_view to_string(RunStatus status) noexcept {
    return run_status_names[static_cast<std::size_t>(status)];
}
std::string_view to_string(NodeStatus status) noexcept {
    return node_status_names[static_cast<std::size_t>(status)];
}
std::string_view to_string(SkipReason reason) noexcept {
    return skip_reason_names[static_cast<std::size_t>(reason)];
}
std::string_view to_string(RunTrigger trigger) noexcept {
    return run_trigger_names[static_cast<std::size_t>(trigger)];
}

std::optional<NodeInputType> parse_node_input_type(std::string_view name) noexcept {
    return enumerator_named<NodeInputType>(node_input_type_names, name);
}
std::optional<RunStatus> parse_run_status(std::string_view name) noexcept {
    return enumerator_named<RunStatus>(run_status_names, name);
}
std::optional<NodeStatus> parse_node_status(std::string_view name) noexcept {
    return enumerator_named<NodeStatus>(node_status_names, name);
}
std::optional<SkipReason> parse_skip_reason(std::string_view name) noexcept {
    return enumerator_named<SkipReason>(skip_reason_names, name);
}
std::optional<RunTrigger> parse_run_trigger(std::string_view name) noexcept {
    return enumerator_named<RunTrigger>(run_trigger_names, name);
}

std::optional<HealthState> parse_health_state(std::string_view name) noexcept {
    return enumerator_named<HealthState>(health_state_names, name);
}

std::optional<JobStatus> parse_job_status(std::string_view name) noexcept {
    return enumerator_named<JobStatus>(job_status_names, name);
}

std::optional<ScraperType> json::parse_scraper_type(std::string_view name) noexcept {
    return enumerator_named<ScraperType>(scraper_type_names, name);
}

std::optional<Outcome> json::parse_outcome(std::string_view name) noexcept {
    return enumerator_named<Outcome>(outcome_names, name);
}

}  // namespace meter
