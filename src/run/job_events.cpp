#include "run/job_events.hpp"

#include <utility>

#include "notify/events.hpp"

namespace meter::run {
namespace {

Result<notify::JobFacts> job_facts(Store& store, const Job& job, Outcome outcome, TimePoint completed_at) {
    const auto previous = store.schedules().previous_outcome(job.account_id, *job.schedule_id, job.url, job.job_id);
    if (!previous) return previous.error();
    notify::JobFacts facts;
    facts.job_id = job.job_id;
    facts.url = job.url;
    facts.outcome = outcome;
    facts.previous_outcome = *previous;
    facts.completed_at = completed_at;
    return facts;
}

notify::ScheduleFacts schedule_facts(const Schedule& schedule, const Strategy& strategy) {
    return {schedule.account_id, schedule.schedule_id, strategy.name};
}

}  // namespace

Result<std::vector<Delivery>> completion_events(Store& store, const Job& job, const Strategy& strategy,
                                                const Schedule* schedule, const JobCompletion& completion,
                                                std::string_view delta) {
    using Deliveries = std::vector<Delivery>;
    const auto target = schedule != nullptr ? webhook_target(*schedule) : std::nullopt;
    if (!target) return Deliveries{};
    auto facts = job_facts(store, job, completion.outcome, completion.completed_at);
    if (!facts) return facts.error();
    facts->completed = true;
    facts->item_count = completion.item_count;
    facts->has_changes = completion.has_changes;
    facts->content_hash = completion.content_hash;
    facts->changes = delta;
    facts->results = completion.results;
    std::optional<Job> baseline;  // holds the results that are taken over
    if (completion.reuse_baseline && completion.expected_baseline) {
        auto found = store.jobs().find(job.account_id, *completion.expected_baseline);
        if (!found) return found.error();
        baseline = *std::move(found);
        facts->results = baseline && baseline->results ? std::string_view(*baseline->results) : "[]";
    }
    return notify::job_deliveries(*target, schedule_facts(*schedule, strategy), *facts);
}

Result<std::vector<Delivery>> failure_events(Store& store, const Job& job, const JobFailure& failure) {
    using Deliveries = std::vector<Delivery>;
    if (!job.schedule_id) return Deliveries{};
    const auto schedule = store.schedules().find(job.account_id, *job.schedule_id);
    if (!schedule) return schedule.error();
    const auto target = *schedule ? webhook_target(**schedule) : std::nullopt;
    if (!target) return Deliveries{};
    const auto strategy = store.strategies().find(job.account_id, job.strategy_id);
    if (!strategy) return strategy.error();
    if (!*strategy) return Deliveries{};
    auto facts = job_facts(store, job, failure.outcome, failure.completed_at);
    if (!facts) return facts.error();
    facts->completed = false;
    facts->error = failure.error;
    return notify::job_deliveries(*target, schedule_facts(**schedule, **strategy), *facts);
}

}  // namespace meter::run
