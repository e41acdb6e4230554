#include "json/wire_names.hpp"

#include <algorithm>
#include <array>

#include "meter/job.hpp"
#include "meter/schedule.hpp"

namespace meter {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 3> scraper_type_names{"css", "api", "content"};
constexpr std::array<std::string_view, 4> job_status_names{"pending", "running", "completed", "failed"};
constexpr std::array<std::string_view, 5> outcome_names{"ok", "empty", "degraded", "blocked", "failed"};
constexpr std::array<std::string_view, 2> schedule_type_names{"interval", "cron"};
constexpr std::array<std::string_view, 3> health_state_names{"ok", "degraded", "failing"};

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
