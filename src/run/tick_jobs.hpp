// The jobs of one tick of a schedule.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "meter/job.hpp"
#include "meter/schedule.hpp"
#include "meter/time.hpp"

namespace meter::run {

struct TickJobs {
    std::vector<Job> jobs;
    std::optional<Batch> batch;  ///< when there are several
};

/// One for each URL.
TickJobs make_tick_jobs(const Schedule& schedule, const std::vector<std::string>& urls, TimePoint now);

}  // namespace meter::run
