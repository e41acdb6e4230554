#include <utility>

#include "core/id.hpp"
#include "core/url_text.hpp"
#include "engine/impl.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

constexpr std::size_t most_urls = 10'000;

Job new_job(const Strategy& strategy, std::string url, const std::optional<std::string>& parameters, TimePoint now) {
    Job job;
    job.job_id = core::new_uuid(now);
    job.account_id = strategy.account_id;
    job.strategy_id = strategy.strategy_id;
    job.url = std::move(url);
    job.parameters = parameters;
    job.created_at = now;
    return job;
}

bool has_ended(const Job& job) {
    return job.status == JobStatus::completed || job.status == JobStatus::failed;
}

}  // namespace

std::optional<std::string> stored_parameters(const Strategy& strategy, const std::optional<Value>& parameters) {
    if (strategy.scraper_type != ScraperType::api || !parameters || parameters->is_null()) return std::nullopt;
    return to_json(*parameters);
}

Result<void> check_parameters(const std::optional<Value>& parameters) {
    if (!parameters || parameters->is_null()) return {};
    const Object* object = parameters->if_object();
    if (object == nullptr) return Error{ErrorCode::invalid_argument, "parameters must be an object", "parameters"};
    for (const auto& [name, value] : *object) {
        bool fine = value.is_scalar();
        if (const auto* array = value.if_array()) {
            fine = true;
            for (const Value& member : *array) fine = fine && member.is_scalar();
        }
        if (!fine)
            return Error{ErrorCode::invalid_argument, "parameters." + name + " must be a scalar or an array of scalars",
                         "parameters." + name};
    }
    return {};
}

Result<Job> Engine::submit(const JobRequest& request, const Caller& caller) {
    Impl& self = *impl_;
    if (self.runner->stopping()) return self.stopping_error();
    if (auto url = core::validate_url(request.url); !url) return url.error();
    if (auto parameters = check_parameters(request.parameters); !parameters) return parameters.error();
    const auto strategy = self.require_strategy(request.strategy_id, caller);
    if (!strategy) return strategy.error();
    if (self.runner->pending_estimate() >= self.options.jobs.max_pending)
        return Error{ErrorCode::unavailable, "The job queue is full", {}, true};

    Job job = new_job(*strategy, request.url, stored_parameters(*strategy, request.parameters), self.now());
    if (auto stored = self.jobs().insert({job}, std::nullopt); !stored) return stored.error();
    self.runner->notify(1);
    return job;
}

Result<Batch> Engine::submit_batch(const BatchRequest& request, const Caller& caller) {
    Impl& self = *impl_;
    if (self.runner->stopping()) return self.stopping_error();
    if (request.urls.empty() || request.urls.size() > most_urls)
        return Error{ErrorCode::invalid_argument, "urls must hold between 1 and " + std::to_string(most_urls) + " URLs",
                     "urls"};
    for (std::size_t i = 0; i < request.urls.size(); ++i)
        if (auto url = core::validate_url(request.urls[i]); !url)
            return Error{url.error().code, url.error().message, "urls." + std::to_string(i)};
    if (auto parameters = check_parameters(request.parameters); !parameters) return parameters.error();
    const auto strategy = self.require_strategy(request.strategy_id, caller);
    if (!strategy) return strategy.error();
    if (self.runner->pending_estimate() + static_cast<std::int64_t>(request.urls.size()) >
        self.options.jobs.max_pending)
        return Error{ErrorCode::unavailable, "The job queue is full", {}, true};

    const TimePoint now = self.now();
    Batch batch{.batch_id = core::new_uuid(now),
                .account_id = strategy->account_id,
                .strategy_id = strategy->strategy_id,
                .job_count = static_cast<std::int64_t>(request.urls.size()),
                .created_at = now};
    const auto parameters = stored_parameters(*strategy, request.parameters);
    std::vector<Job> jobs;
    jobs.reserve(request.urls.size());
    for (const std::string& url : request.urls) {
        jobs.push_back(new_job(*strategy, url, parameters, now));
        jobs.back().batch_id = batch.batch_id;
    }
    if (auto stored = self.jobs().insert(jobs, batch); !stored) return stored.error();
    self.runner->notify(jobs.size());
    return batch;
}

Result<Job> Engine::execute(const JobRequest& request, const Caller& caller, std::stop_token stop) {
    Impl& self = *impl_;
    auto job = submit(request, caller);
    if (!job) return job;
    if (self.options.jobs.workers == 0)
        if (auto ran = run_pending(stop); !ran) return ran.error();

    auto ended = wait_for_job(job->job_id, self.options.jobs.execute_timeout, caller, stop);
    if (ended || ended.error().code != ErrorCode::timeout) return ended;
    const auto seconds = std::to_string(self.options.jobs.execute_timeout.count());
    const auto failed = self.jobs().fail_unfinished(caller.account_id, job->job_id, self.now(),
                                                    "Job timed out after " + seconds + " seconds");
    if (!failed) return failed.error();
    self.runner->cancel_job(job->job_id);
    return get_job(job->job_id, caller);
}

Result<Job> Engine::wait_for_job(std::string_view job_id, std::chrono::milliseconds timeout, const Caller& caller,
                                 std::stop_token stop) {
    Impl& self = *impl_;
    const auto id = object_id(job_id, "Job");
    if (!id) return id.error();
    std::optional<Job> seen;
    const auto ended = self.runner->wait(*id, self.now() + timeout, stop, [&]() -> Result<bool> {
        auto job = get_job(*id, caller);
        if (!job) return job.error();
        if (!has_ended(*job)) return false;
        seen = *std::move(job);
        return true;
    });
    if (!ended) return ended.error();
    if (!*ended) return Error{ErrorCode::timeout, "The job has not ended yet", *id, true};
    return *std::move(seen);
}

Result<Job> Engine::get_job(std::string_view job_id, const Caller& caller) {
    const auto id = object_id(job_id, "Job");
    if (!id) return id.error();
    auto found = impl_->jobs().find(caller.account_id, *id);
    if (!found) return found.error();
    if (!*found) return not_found("Job", *id);
    return **std::move(found);
}

Result<std::vector<Job>> Engine::list_jobs(const JobQuery& query, const Caller& caller) {
    if (auto valid = validate(query.range, 1000); !valid) return valid.error();
    return impl_->jobs().list(caller.account_id, query);
}

Result<std::vector<HistoryEntry>> Engine::history(std::string_view strategy_id, ListRange range, const Caller& caller) {
    if (auto valid = validate(range, 1000); !valid) return valid.error();
    const auto strategy = impl_->require_strategy(strategy_id, caller);
    if (!strategy) return strategy.error();
    return impl_->jobs().history(caller.account_id, strategy->strategy_id, range);
}

Result<BatchProgress> Engine::batch_progress(std::string_view batch_id, const Caller& caller) {
    const auto id = object_id(batch_id, "Batch");
    if (!id) return id.error();
    auto found = impl_->jobs().batch_progress(caller.account_id, *id);
    if (!found) return found.error();
    if (!*found) return not_found("Batch", *id);
    return **std::move(found);
}

}  // namespace meter
