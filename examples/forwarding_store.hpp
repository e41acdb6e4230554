// Stores that hand every call on to another one: derive and override what should be different. Not part of the
// library.
#pragma once

#include <memory>
#include <utility>

#include "meter/store.hpp"

class ForwardingJobStore : public meter::JobStore {
public:
    explicit ForwardingJobStore(meter::JobStore& real) : real_(real) {}

    meter::Result<void> insert(const std::vector<meter::Job>& jobs, const std::optional<meter::Batch>& batch) override {
        return real_.insert(jobs, batch);
    }
    meter::Result<std::optional<meter::Job>> find(std::string_view account_id, std::string_view job_id) override {
        return real_.find(account_id, job_id);
    }
    meter::Result<std::vector<meter::Job>> list(std::string_view account_id, const meter::JobQuery& query) override {
        return real_.list(account_id, query);
    }
    meter::Result<std::vector<meter::HistoryEntry>> history(std::string_view account_id, std::string_view strategy_id,
                                                            meter::ListRange range) override {
        return real_.history(account_id, strategy_id, range);
    }
    meter::Result<std::optional<meter::BatchProgress>> batch_progress(std::string_view account_id,
                                                                      std::string_view batch_id) override {
        return real_.batch_progress(account_id, batch_id);
    }
    meter::Result<std::optional<meter::ClaimedJob>> claim_next(meter::TimePoint now, std::chrono::milliseconds lease,
                                                               std::string_view worker) override {
        return real_.claim_next(now, lease, worker);
    }
    meter::Result<std::vector<meter::ClaimedJob>> claim(meter::TimePoint now, std::chrono::milliseconds lease,
                                                        std::string_view worker, std::size_t most,
                                                        const meter::HostLoad& hosts) override {
        return real_.claim(now, lease, worker, most, hosts);
    }
    meter::Result<std::vector<std::string>> heartbeat(const std::vector<meter::ClaimRef>& claims, meter::TimePoint now,
                                                      std::chrono::milliseconds lease) override {
        return real_.heartbeat(claims, now, lease);
    }
    meter::Result<std::optional<meter::Baseline>> find_baseline(const meter::BaselineKey& key) override {
        return real_.find_baseline(key);
    }
    meter::Result<bool> complete(const meter::JobCompletion& completion) override { return real_.complete(completion); }
    meter::Result<bool> fail(const meter::JobFailure& failure) override { return real_.fail(failure); }
    meter::Result<bool> fail_unfinished(std::string_view account_id, std::string_view job_id,
                                        meter::TimePoint completed_at, std::string_view error) override {
        return real_.fail_unfinished(account_id, job_id, completed_at, error);
    }
    meter::Result<bool> release(const meter::ClaimRef& claim) override { return real_.release(claim); }
    meter::Result<meter::SweepResult> sweep(meter::TimePoint now, std::int64_t max_attempts) override {
        return real_.sweep(now, max_attempts);
    }
    meter::Result<meter::JobCounts> counts() override { return real_.counts(); }
    meter::Result<meter::DroppedJobs> drop_ended_before(meter::TimePoint moment,
                                                        const std::optional<meter::EndedPlace>& after,
                                                        std::int64_t limit) override {
        return real_.drop_ended_before(moment, after, limit);
    }

private:
    meter::JobStore& real_;
};

class ForwardingStore : public meter::Store {
public:
    explicit ForwardingStore(std::shared_ptr<meter::Store> real) : real_(std::move(real)) {}

    meter::StrategyStore& strategies() override { return real_->strategies(); }
    meter::JobStore& jobs() override { return real_->jobs(); }
    meter::ScheduleStore& schedules() override { return real_->schedules(); }
    meter::IdempotencyStore& idempotency() override { return real_->idempotency(); }
    meter::ApiKeyStore& api_keys() override { return real_->api_keys(); }
    meter::DeliveryStore& deliveries() override { return real_->deliveries(); }
    meter::DiscoveryStore& discoveries() override { return real_->discoveries(); }
    meter::StrategyGroupStore& strategy_groups() override { return real_->strategy_groups(); }
    meter::WorkflowStore& workflows() override { return real_->workflows(); }
    meter::AutomationStore& automations() override { return real_->automations(); }
    meter::ExecutionStore& executions() override { return real_->executions(); }
    meter::Result<void> ping() override { return real_->ping(); }
    meter::Result<std::vector<std::string>> check() override { return real_->check(); }
    meter::Result<void> backup(const std::string& path) override { return real_->backup(path); }
    meter::Result<void> export_records(const meter::RecordSink& sink) override { return real_->export_records(sink); }
    meter::Result<void> import_records(meter::RecordSource& source) override { return real_->import_records(source); }

protected:
    meter::Store& real() { return *real_; }

private:
    std::shared_ptr<meter::Store> real_;
};
