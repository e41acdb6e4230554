#include "run/tick_jobs.hpp"

#include <cstdint>
#include <utility>

#include "core/id.hpp"

namespace meter::run {

TickJobs make_tick_jobs(const Schedule& schedule, const std::vector<std::string>& urls, TimePoint now) {
    TickJobs made;
    if (urls.size() > 1)
        made.batch = Batch{.batch_id = core::new_uuid(now),
                           .account_id = schedule.account_id,
                           .strategy_id = schedule.strategy_id,
                           .job_count = static_cast<std::int64_t>(urls.size()),
                           .created_at = now};
    made.jobs.reserve(urls.size());
    for (const std::string& url : urls) {
        Job job;
        job.job_id = core::new_uuid(now);
        job.account_id = schedule.account_id;
        job.strategy_id = schedule.strategy_id;
        job.schedule_id = schedule.schedule_id;
        if (made.batch) job.batch_id = made.batch->batch_id;
        job.url = url;
        job.parameters = schedule.parameters;
        job.created_at = now;
        made.jobs.push_back(std::move(job));
    }
    return made;
}

}  // namespace meter::run
