#include <array>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "store/contract/report.hpp"

namespace meter::testing {

std::string sample_id(std::int64_t number) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "01946a2b-0000-7000-8000-%012lld", static_cast<long long>(number));
    return text.data();
}

std::vector<std::string> sample_ids(std::initializer_list<std::int64_t> numbers) {
    std::vector<std::string> ids;
    for (const auto number : numbers) ids.push_back(sample_id(number));
    return ids;
}

Strategy sample_strategy(std::string account_id, std::int64_t number, TimePoint created_at) {
    Strategy strategy;
    strategy.strategy_id = sample_id(number);
    strategy.account_id = std::move(account_id);
    strategy.name = "Strategy " + std::to_string(number);
    strategy.description = "names and prices";
    strategy.url = "https://shop.example/list";
    strategy.strategy = R"({"type":"css","container":{"selector":"li"},"fields":{}})";
    strategy.created_at = created_at;
    strategy.updated_at = created_at;
    return strategy;
}

AuditEvent sample_event(const Strategy& strategy, std::string event, std::int64_t number) {
    AuditEvent audit;
    audit.id = sample_id(number);
    audit.account_id = strategy.account_id;
    audit.event = std::move(event);
    audit.strategy_id = strategy.strategy_id;
    audit.strategy_name = strategy.name;
    audit.url = strategy.url;
    audit.created_at = strategy.created_at;
    return audit;
}

Strategy add_strategy(ContractReport& report, Store& store, std::string account_id, std::int64_t number) {
    Strategy strategy = sample_strategy(std::move(account_id), number);
    report.take(store.strategies().insert(strategy, sample_event(strategy, "created", number), std::nullopt, ""),
                "insert of a strategy");
    return strategy;
}

StrategyGroup add_group(ContractReport& report, Store& store, std::string account_id, std::int64_t number) {
    StrategyGroup group;
    group.group_id = sample_id(number);
    group.account_id = std::move(account_id);
    group.name = "Group " + std::to_string(number);
    group.created_at = group.updated_at = moment(number);
    report.take(store.strategy_groups().insert(group), "insert of a group");
    return group;
}

Job sample_job(const Strategy& strategy, std::int64_t number) {
    Job job;
    job.job_id = sample_id(number);
    job.account_id = strategy.account_id;
    job.strategy_id = strategy.strategy_id;
    job.url = "https://shop.example/list";
    job.created_at = moment(number);
    return job;
}

Job add_job(ContractReport& report, Store& store, const Strategy& strategy, std::int64_t number) {
    Job job = sample_job(strategy, number);
    report.take(store.jobs().insert({job}, std::nullopt), "insert of a job");
    return job;
}

BaselineKey key_of(const Job& job) {
    BaselineKey key = baseline_key(job);
    key.parameters = job.parameters;
    return key;
}

ClaimedJob claim(ContractReport& report, Store& store, std::int64_t now) {
    auto claimed =
        report.take(store.jobs().claim_next(moment(now), std::chrono::milliseconds{1'000}, "worker"), "claim_next()");
    report.expect(claimed.has_value(), "claim_next() finds the pending job");
    if (claimed && claimed->start) {
        const Job& job = claimed->job;
        report.expect(claimed->start->strategy && report.take(store.strategies().find(job.account_id, job.strategy_id),
                                                              "find()") == *claimed->start->strategy,
                      "a claim that reads along has the strategy of its job");
        report.expect(
            report.take(store.jobs().find_baseline(key_of(job)), "find_baseline()") == claimed->start->baseline,
            "a claim that reads along has the baseline of its job");
        report.expect(!job.workflow_run_id, "jobs of workflow runs begin with what their run has kept");
    }
    return claimed.value_or(ClaimedJob{});
}

ClaimRef claim_ref(const ClaimedJob& claimed) {
    ClaimRef ref;
    ref.job_id = claimed.job.job_id;
    ref.token = claimed.token;
    return ref;
}

JobCompletion sample_completion(const ClaimedJob& claimed, std::string content_hash) {
    JobCompletion completion;
    completion.claim = claim_ref(claimed);
    completion.key = key_of(claimed.job);
    completion.completed_at = moment(5'000);
    completion.results = R"([{"name":"A"},{"name":"B"}])";
    completion.item_count = 2;
    completion.content_hash = std::move(content_hash);
    completion.structural_signature = R"({"version":1})";
    return completion;
}

Baseline sample_baseline(const ClaimedJob& claimed, std::string content_hash) {
    Baseline baseline;
    baseline.job_id = claimed.job.job_id;
    baseline.content_hash = std::move(content_hash);
    baseline.shape.item_count = 2;
    baseline.shape.field_counts = Object{{"name", 2}};
    baseline.settings_hash = "settings";
    baseline.etag = "\"v1\"";
    baseline.last_modified = "Wed, 15 Jan 2025 10:30:00 GMT";
    baseline.page_hash = "page";
    return baseline;
}

void in_parallel(int threads, const std::function<void(int)>& work) {
    std::mutex mutex;
    std::condition_variable all_there;
    int there = 0;
    std::vector<std::jthread> running;
    for (int i = 0; i < threads; ++i)
        running.emplace_back([&, i] {
            {
                std::unique_lock lock(mutex);
                if (++there == threads) all_there.notify_all();
                all_there.wait(lock, [&] { return there == threads; });
            }
            work(i);
        });
}

}  // namespace meter::testing
