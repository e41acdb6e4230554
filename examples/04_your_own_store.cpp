// Your own store: everything is handed on to a built-in one, one call does more. The same way leads to a store that
// audits, measures, mirrors or refuses; a store over another database implements the same interfaces from scratch.
#include <atomic>
#include <iostream>

#include "forwarding_store.hpp"
#include "loopback_site.hpp"
#include "meter/meter.hpp"

namespace {

/// Counts the jobs that found a change.
class WatchedJobs final : public ForwardingJobStore {
public:
    using ForwardingJobStore::ForwardingJobStore;

    // Called once for each job that completes, with everything that is written then, in one transaction.
    meter::Result<bool> complete(const meter::JobCompletion& completion) override {
        const auto written = ForwardingJobStore::complete(completion);
        if (written && *written) {
            ++completed_;
            if (completion.has_changes) ++changed_;
        }
        return written;
    }
    int completed() const { return completed_; }
    int changed() const { return changed_; }

private:
    std::atomic<int> completed_{0}, changed_{0};  // jobs end on several threads
};

class WatchedStore final : public ForwardingStore {
public:
    using ForwardingStore::ForwardingStore;
    WatchedJobs& jobs() override { return jobs_; }

private:
    WatchedJobs jobs_{real().jobs()};
};

}  // namespace

int main() {
    LoopbackSite site{{"/price", "<p id=price>$10"}};
    const std::string url = site.url("/price");

    const auto store = std::make_shared<WatchedStore>(meter::open_store("memory:").value());
    meter::EngineOptions options;
    options.store = store;
    options.fetch.allow_private_networks = true;
    const auto engine = meter::Engine::open(options).value();

    const auto plan =
        meter::parse_json(R"({"container": {"selector": "#price"}, "fields": {"price": {"selector": ":self"}}})")
            .value();
    const auto strategy = engine->create_strategy({.url = url, .name = "Price", .strategy = plan}).value();
    for (const char* price : {"$10", "$10", "$12", "$9"}) {
        site.set("/price", std::string("<p id=price>") + price);
        const auto job = engine->execute({.strategy_id = strategy.strategy_id, .url = url}).value();
        std::cout << job.results.value_or(job.error.value_or("?")) << "\n";
    }
    std::cout << store->jobs().completed() << " jobs completed, " << store->jobs().changed() << " found a change\n";
    return store->jobs().completed() == 4 && store->jobs().changed() == 2 ? 0 : 1;
}
