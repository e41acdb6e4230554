#include "run/automation_execution.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "meter/json.hpp"

namespace meter::run {
namespace {

constexpr std::string_view lost_worker_text = "Interrupted by server restart";
constexpr std::chrono::seconds trouble_pause{1};
constexpr std::chrono::seconds longest_retry_pause{60};

/// 1, 2, 4, ... seconds, 60 at most (wire contract 20.5).
std::chrono::seconds retry_pause(std::int64_t failed_tries) {
    const auto doublings = std::min<std::int64_t>(failed_tries - 1, 6);
    return std::min(std::chrono::seconds(std::int64_t{1} << doublings), longest_retry_pause);
}

/// What the nodes that completed handed on; the others begin anew.
std::int64_t spilled_bytes(const std::vector<ExecutionNode>& nodes) {
    std::int64_t bytes = 0;
    for (const ExecutionNode& node : nodes)
        if (node.status == SpanStatus::completed) bytes += node.spilled_bytes;
    return bytes;
}

std::string items_text(std::int64_t count) {
    return std::to_string(count) + (count == 1 ? " item" : " items");
}

}  // namespace

AutomationExecution::AutomationExecution(const AutomationRunnerParts& parts, const ClaimedExecution& claimed,
                                         const AutomationOptions& options, std::stop_token stop)
    : parts_(parts),
      claimed_(claimed),
      parallel_(static_cast<std::size_t>(options.parallel_nodes)),
      stop_(std::move(stop)),
      settings_(json::read_execution_settings(claimed.execution.graph.settings)),
      budget_(options.max_spilled_bytes, spilled_bytes(claimed.nodes)),
      nodes_(claimed.nodes) {}

std::string AutomationExecution::timeout_text() const {
    return "Execution timed out after " + std::to_string(settings_.timeout.count()) + " seconds";
}

Result<AutomationExecution::End> AutomationExecution::perform() {
    if (claimed_.given_up) return finish(ExecutionStatus::failed, std::string(lost_worker_text));
    if (parts_.clock->now() >= claimed_.deadline) return finish(ExecutionStatus::failed, timeout_text());
    auto plan = AutomationPlan::make(claimed_.execution.graph);
    if (!plan) return finish(ExecutionStatus::failed, plan.error().message);
    if (plan->nodes.size() != nodes_.size())
        return finish(ExecutionStatus::failed, "The nodes of the execution are not those of its graph");
    return walk(*std::move(plan));
}

Result<AutomationExecution::End> AutomationExecution::walk(AutomationPlan plan) {
    plan_ = std::move(plan);
    redact_.emplace(*parts_.connections, *plan_);
    // Nobody runs what was in flight when its worker was lost.
    for (ExecutionNode& node : nodes_)
        if (node.status == SpanStatus::running) node.status = SpanStatus::pending;
    {
        const std::stop_callback on_stop(stop_, [this] { halt(); });
        const std::jthread watchdog([this](std::stop_token done) { watch(done); });
        std::vector<std::jthread> helpers;
        for (std::size_t i = 1; i < std::min(parallel_, nodes_.size()); ++i) helpers.emplace_back([this] { work(); });
        work();
    }
    return conclude();
}

void AutomationExecution::watch(std::stop_token done) {
    const std::stop_callback on_done(done, [this] {
        const std::lock_guard lock(mutex_);
        end_nap();
    });
    while (!done.stop_requested()) {
        TimePoint wake = claimed_.deadline;
        std::stop_token nap;
        {
            const std::lock_guard lock(mutex_);
            const TimePoint now = parts_.clock->now();  // not before that of whoever waits by now
            for (const ExecutionNode& node : nodes_) {
                if (node.status != SpanStatus::pending || !node.retry_at) continue;
                if (*node.retry_at > now)
                    wake = std::min(wake, *node.retry_at);
                else
                    changed_.notify_all();
            }
            nap = nap_.get_token();
        }
        if (done.stop_requested()) return;
        parts_.clock->sleep_until(wake, nap);
        const bool timed_out = parts_.clock->now() >= claimed_.deadline && !done.stop_requested();
        {
            const std::lock_guard lock(mutex_);
            timed_out_ = timed_out_ || timed_out;
            changed_.notify_all();  // a try may be due
        }
        if (timed_out) return halt();
    }
}

/// Held: mutex_.
void AutomationExecution::end_nap() {
    nap_.request_stop();
    nap_ = std::stop_source();
}

void AutomationExecution::work() {
    for (;;) {
        std::unique_lock lock(mutex_);
        if (halted_.stop_requested()) return;
        const auto node = next_ready(parts_.clock->now());
        if (!node && running_ == 0) return;
        if (!node) {
            changed_.wait(lock);  // for the end of a node, or halt()
            continue;
        }
        nodes_[*node].status = SpanStatus::running;
        ++running_;
        lock.unlock();
        run_node(*node);
        lock.lock();
        --running_;
        changed_.notify_all();
    }
}

std::optional<std::size_t> AutomationExecution::next_ready(TimePoint now) const {
    const auto& graph = plan_->graph;
    for (const std::size_t node : graph.order()) {
        if (nodes_[node].status != SpanStatus::pending || nodes_[node].retry_at.value_or(now) > now) continue;
        const auto& incoming = graph.incoming(node);
        if (std::all_of(incoming.begin(), incoming.end(), [&](std::size_t arc) {
                return nodes_[graph.arcs()[arc].from].status == SpanStatus::completed;
            }))
            return node;
    }
    return std::nullopt;
}

void AutomationExecution::halt() {
    halted_.request_stop();
    // Who has not seen the token waits by now: the lock was free.
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
}

void AutomationExecution::run_node(std::size_t node) {
    const auto tried = [&]() -> Result<void> {
        try {
            return try_node(node);
        } catch (const std::exception& e) {  // a store of the user's, or no memory
            return Error{ErrorCode::store, e.what()};
        }
    }();
    if (!tried) trouble_.note(tried.error());
    if (trouble_.any()) halted_.request_stop();
}

/// Errors: those of the store; what is wrong with the node is written down.
Result<void> AutomationExecution::try_node(std::size_t node) {
    ExecutionStore& store = parts_.store->executions();
    const Execution& execution = claimed_.execution;
    const json::StoredNode& stored = plan_->nodes[node];
    std::int64_t failed_tries = 0;
    {
        const std::lock_guard lock(mutex_);
        failed_tries = nodes_[node].failed_tries;
    }
    const auto begun = store.start_node(claimed_.ref(), static_cast<std::int64_t>(node), parts_.clock->now());
    trouble_.note(begun);
    if (!begun || !*begun) return {};

    StoredItems in(store, claimed_.ref(), plan_->feeds[node], trouble_, halted_.get_token());
    StoringSink out(store, claimed_.ref(), node, plan_->read_ports[node], budget_, trouble_);
    NodeLogger logger(*parts_.logger, *parts_.clock, *redact_, execution.execution_id, stored.id);
    if (const NodeType* type = parts_.nodes->find(stored.type); type != nullptr && !type->outputs.empty())
        out.preview_port(type->outputs.front().id);
    auto inputs = parse_json(execution.trigger_inputs, {.max_depth = 128, .max_bytes = std::size_t{1} << 30});
    NodeContext context{
        .config = stored.config,
        .fetcher = *parts_.fetcher,
        .notifier = parts_.notifier.get(),
        .clock = *parts_.clock,
        .logger = logger,
        .connections = *parts_.connections,
        .execution_id = execution.execution_id,
        .started_at = execution.started_at.value_or(execution.created_at),
        .trigger_inputs = inputs ? *std::move(inputs) : Value(Object{}),
        .has_inputs = !plan_->feeds[node].empty(),
        .node_id = stored.id,
        .account_id = execution.account_id,
        .stop = halted_.get_token(),
        .try_id = execution.execution_id + "." + std::to_string(node) + "." + std::to_string(failed_tries),
        .runs_again = [this] { return runs_again(); }};
    logger.note(LogLevel::info, "Node '" + stored.id + "' started");
    Result<void> outcome = parts_.nodes->run(stored.type, context, in, out);
    if (out.refusal()) outcome = *out.refusal();
    // The store is in trouble, not the node; and what was told to stop has not failed.
    if (trouble_.any() || (!outcome && halted_.stop_requested())) {
        logger.note(LogLevel::info, "Node '" + stored.id + "' was stopped");
        (void)store.add_logs(claimed_.ref(), logger.take());  // a store that is away has said so already
        return {};
    }

    NodeEnd end;
    end.node = static_cast<std::int64_t>(node);
    end.input_items = in.count();
    end.output_items = out.count();
    end.input_data = redact_->json(in.preview().text());
    end.output_data = redact_->json(out.preview().text());
    if (outcome) {
        end.chunks = out.take_rest();
        logger.note(LogLevel::info, "Node '" + stored.id + "' completed: " + items_text(end.input_items) + " in, " +
                                        items_text(end.output_items) + " out");
    } else {
        logger.note(LogLevel::error, "Node '" + stored.id + "' failed: " + outcome.error().message);
    }
    end.logs = logger.take();
    if (!outcome) budget_.give_back(out.bytes());
    end_try(node, outcome, std::move(end));
    return {};
}

bool AutomationExecution::runs_again() {
    {
        const std::lock_guard lock(mutex_);
        if (failure_ || timed_out_) return false;
    }
    if (!trouble_.any() && !halted_.stop_requested()) return false;  // the node ends by itself
    // Given back, or taken over by another process; unless it was stopped or deleted, which is stored by now.
    const Execution& execution = claimed_.execution;
    const auto found = parts_.store->executions().find({.account_id = execution.account_id,
                                                        .user_id = execution.user_id,
                                                        .organization_id = execution.organization_id},
                                                       execution.execution_id);
    return !found || (*found && !has_ended((*found)->status));
}

void AutomationExecution::end_try(std::size_t node, const Result<void>& outcome, NodeEnd end) {
    end.ended_at = parts_.clock->now();
    std::int64_t failed_tries = 0;
    {
        const std::lock_guard lock(mutex_);
        failed_tries = nodes_[node].failed_tries + (outcome ? 0 : 1);
    }
    if (!outcome) {
        const bool again = settings_.retry_on_failure && failed_tries <= settings_.max_retries;
        end.error = (*redact_)(outcome.error().message);
        end.status = again ? SpanStatus::pending : SpanStatus::failed;
        if (again) end.retry_at = end.ended_at + retry_pause(failed_tries);
    }
    const auto written = parts_.store->executions().end_node(claimed_.ref(), end);
    trouble_.note(written);
    if (written && !*written) (void)parts_.store->executions().add_logs(claimed_.ref(), end.logs);
    if (!written || !*written) return;
    {
        const std::lock_guard lock(mutex_);
        nodes_[node] = {end.status, failed_tries, end.retry_at};
        if (end.retry_at) end_nap();
        if (end.status == SpanStatus::failed && !failure_)
            failure_ = "Node '" + plan_->nodes[node].id + "' failed: " + *end.error;
    }
    if (end.status == SpanStatus::failed) halted_.request_stop();
}

Result<AutomationExecution::End> AutomationExecution::conclude() {
    {
        const std::lock_guard lock(trouble_.mutex);
        if (trouble_.lost) return End();
        if (trouble_.error) {
            const Error error = *trouble_.error;
            if (auto given = give_back(parts_.clock->now() + trouble_pause); !given) return given;
            return error;
        }
    }
    if (failure_) return finish(ExecutionStatus::failed, failure_);
    std::optional<TimePoint> retry_at;
    bool completed = true;
    for (const ExecutionNode& node : nodes_) {
        completed = completed && node.status == SpanStatus::completed;
        if (node.retry_at && node.status == SpanStatus::pending)
            retry_at = std::min(retry_at.value_or(*node.retry_at), *node.retry_at);
    }
    if (completed) return finish(ExecutionStatus::completed, std::nullopt);
    if (timed_out_) return finish(ExecutionStatus::failed, timeout_text());
    if (stop_.stop_requested()) return give_back(parts_.clock->now());
    return give_back(std::min(retry_at.value_or(parts_.clock->now()), claimed_.deadline));
}

Result<AutomationExecution::End> AutomationExecution::finish(ExecutionStatus status,
                                                             const std::optional<std::string>& error) {
    const auto ended = parts_.store->executions().finish(claimed_.ref(), status, error, parts_.clock->now());
    if (!ended) return ended.error();
    if (!*ended) return End();
    parts_.ended(claimed_.execution.execution_id);
    return End(status);
}

Result<AutomationExecution::End> AutomationExecution::give_back(TimePoint again_at) {
    const auto released = parts_.store->executions().release(claimed_.ref(), again_at);
    if (!released) return released.error();
    return End();
}

}  // namespace meter::run
