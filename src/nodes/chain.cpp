#include <deque>
#include <optional>
#include <thread>

#include "meter/node.hpp"
#include "nodes/builtin.hpp"

namespace meter {
namespace {

class NothingBefore final : public ItemSource {
public:
    Result<std::optional<Value>> next() override { return std::optional<Value>(); }
};

/// Keeps the first failure and stops everybody else at it.
class FirstFailure {
public:
    explicit FirstFailure(std::stop_source stop) : stop_(std::move(stop)) {}

    void note(const Result<void>& outcome) {
        if (outcome) return;
        const std::lock_guard lock(mutex_);
        if (error_) return;
        error_ = outcome.error();
        stop_.request_stop();
    }

    Result<void> outcome() const { return error_ ? Result<void>(*error_) : Result<void>(); }

private:
    std::mutex mutex_;
    std::optional<Error> error_;  // guarded by mutex_
    std::stop_source stop_;
};

}  // namespace

Result<void> run_chain(const NodeRegistry& registry, const std::vector<NodeStep>& steps, const NodeContext& context,
                       ItemSink& out) {
    std::stop_source stop;
    const std::stop_callback pass_on(context.stop, [&stop] { stop.request_stop(); });
    FirstFailure failure(stop);
    std::deque<ItemPipe> pipes;
    for (std::size_t i = 0; i + 1 < steps.size(); ++i) pipes.emplace_back(stop.get_token());
    NothingBefore nothing;

    const auto run = [&](std::size_t at) {
        NodeContext own = context;
        own.config = steps[at].config;
        own.stop = stop.get_token();
        own.has_inputs = at > 0;
        ItemSource& in = at > 0 ? static_cast<ItemSource&>(pipes[at - 1]) : nothing;
        ItemSink& next = at + 1 < steps.size() ? static_cast<ItemSink&>(pipes[at]) : out;
        const auto outcome = registry.run(steps[at].node_id, own, in, next);
        failure.note(outcome);
        if (at > 0) pipes[at - 1].close();
        if (at + 1 < steps.size()) pipes[at].finish(outcome);
    };
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i + 1 < steps.size(); ++i) threads.emplace_back(run, i);
        if (!steps.empty()) run(steps.size() - 1);
    }
    if (context.stop.stop_requested()) return nodes::cancelled_error();
    return failure.outcome();
}

}  // namespace meter
