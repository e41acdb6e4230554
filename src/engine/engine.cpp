#include "meter/engine.hpp"

#include <algorithm>
#include <utility>

#include "core/id.hpp"
#include "engine/automation_parts.hpp"
#include "engine/engine_nodes.hpp"
#include "engine/impl.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

constexpr int jobs_beside_fetches = 2;  // of one host: what they fetched is being read and stored

/// The built-in generator, with the model of `chat` where there is one. `given`: the fetcher that the host gave.
Result<std::shared_ptr<Generator>> generator_of(const EngineOptions& options, std::shared_ptr<Fetcher> given) {
    auto built_in = make_generator(options.fetcher);
    if (options.chat.url.empty()) return built_in;
    if (!given) {
        FetchOptions fetch = options.fetch;
        fetch.allow_private_networks = options.chat.allow_private_networks;
        fetch.respect_robots = false;
        auto made = make_fetcher(fetch);
        if (!made) return made.error();
        given = *std::move(made);
    }
    return make_chat_generator(options.chat, std::move(given), std::move(built_in), options.logger);
}

}  // namespace

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::open(EngineOptions options) {
    if (auto valid = validate(options); !valid) return valid.error();
    if (!options.clock) options.clock = system_clock();
    if (!options.logger) options.logger = null_logger();
    if (!options.store) {
        auto store = open_store("memory:");
        if (!store) return store.error();
        options.store = *std::move(store);
    }
    if (!options.notifier) {  // before the fetcher is set: null stands for one of the notifier's own
        auto notifier = make_notifier(options);
        if (!notifier) return notifier.error();
        options.notifier = *std::move(notifier);
    }
    const std::shared_ptr<Fetcher> given_fetcher = options.fetcher;
    if (!options.fetcher) {
        auto fetcher = make_fetcher(options.fetch);
        if (!fetcher) return fetcher.error();
        options.fetcher = *std::move(fetcher);
        if (options.jobs.per_host == 0) options.jobs.per_host = options.fetch.per_host + jobs_beside_fetches;
    }
    if (!options.generator) {
        auto generator = generator_of(options, given_fetcher);
        if (!generator) return generator.error();
        options.generator = *std::move(generator);
    }
    if (!options.connections) options.connections = std::make_shared<const Connections>();
    auto nodes = options.nodes ? Result<NodeRegistry>(*options.nodes) : NodeRegistry::with_builtins();
    if (!nodes) return nodes.error();
    auto impl = std::make_unique<Impl>();
    impl->nodes = std::make_shared<NodeRegistry>(*std::move(nodes));
    impl->options = std::move(options);
    const EngineOptions& set = impl->options;
    WebhookOptions webhooks = set.webhooks;
    if (set.jobs.workers == 0) webhooks.max_in_flight = 0;
    impl->outbox = std::make_unique<run::Outbox>(
        run::OutboxParts{set.store, set.notifier, set.clock, set.logger,
                         [store = set.store](std::string_view account_id, std::string_view schedule_id) {
                             return target_of_schedule(*store, account_id, schedule_id);
                         }},
        webhooks);
    impl->runner = std::make_unique<run::Runner>(
        run::RunnerParts{set.store, set.fetcher, set.clock, set.logger,
                         [outbox = impl->outbox.get()] { outbox->notify(); }, [bell = impl->run_due] { bell->ring(); }},
        set.jobs, set.snapshot_retention);
    auto crawler =
        set.discovery.respect_robots ? make_robots_fetcher(set.fetcher, set.clock, set.fetch.user_agent) : set.fetcher;
    impl->discoverer = std::make_unique<run::Discoverer>(
        run::DiscovererParts{set.store, std::move(crawler), set.clock, set.logger,
                             [runner = impl->runner.get()](std::size_t jobs) { runner->notify(jobs); }},
        set.jobs.workers > 0 ? set.discovery.workers : 0, set.discovery.limits, set.discovery.lease);
    impl->scheduler = std::make_unique<run::Scheduler>(
        run::SchedulerParts{set.store, set.clock, set.logger, [bell = impl->run_due] { bell->ring(); },
                            [discoverer = impl->discoverer.get()] { discoverer->notify(); },
                            [bell = impl->execution_due] { bell->ring(); }, set.workflows.run_timeout},
        *impl->runner, set.jobs.max_pending);
    impl->workflow_runner = std::make_unique<run::WorkflowRunner>(
        run::WorkflowRunnerParts{set.store, set.clock, set.logger, impl->run_due,
                                 [outbox = impl->outbox.get()] { outbox->notify(); }},
        *impl->runner, set.jobs.workers > 0 ? set.workflows.workers : 0, set.workflows, set.jobs.max_pending);
    if (auto added = impl->add_own_nodes(); !added) return added.error();
    impl->regenerator = std::make_unique<run::Regenerator>(
        run::RegeneratorParts{set.store, set.clock, set.logger,
                              [options = &set](const Strategy& strategy, std::string_view output_schema,
                                               std::optional<PageSnapshot> snapshot, std::stop_token stop) {
                                  return regenerate_strategy(*options, strategy, output_schema, std::move(snapshot),
                                                             stop);
                              }},
        set.jobs.workers > 0 ? set.strategy_groups.workers : 0, set.strategy_groups.lease);
    impl->automation_runner = std::make_unique<run::AutomationRunner>(
        run::AutomationRunnerParts{
            set.store, set.fetcher, set.notifier, set.clock, set.logger, impl->nodes, set.connections,
            impl->execution_due,
            [runner = impl->runner.get()](std::string_view execution_id) { runner->announce(execution_id); }},
        set.jobs.workers > 0 ? set.automations.workers : 0, set.automations);
    const auto automation_parts = std::make_shared<const AutomationParts>(AutomationParts{
        set.store, set.clock, impl->nodes, set.connections, impl->execution_due, impl->automation_runner.get(),
        impl->runner.get(), impl->scheduler.get(), set.automations.max_pending, set.schedules.min_interval});
    impl->automations = std::make_unique<Automations>(automation_parts);
    impl->executions = std::make_unique<Executions>(automation_parts);
    if (set.jobs.workers > 0) impl->scheduler->start();
    return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Result<void> Engine::Impl::add_own_nodes() {
    EngineNodeParts parts{
        .store = options.store,
        .runner = *runner,
        .max_pending = options.jobs.max_pending,
        .max_node_jobs = options.workflows.max_node_jobs,
        .start_run =
            [this](std::string_view account_id, std::string_view workflow_id, bool force, std::string_view run_id) {
                return start_run(workflow_id, force, {.account_id = std::string(account_id)}, run_id);
            },
        .cancel_run =
            [this](std::string_view account_id, std::string_view workflow_id, std::string_view run_id) {
                return cancel_run(workflow_id, run_id, {.account_id = std::string(account_id)});
            },
        .run_pending = {}};
    if (options.jobs.workers == 0)
        parts.run_pending = [this](std::stop_token stop) -> Result<void> {
            const auto ran = run_jobs(stop);
            if (!ran) return ran.error();
            return {};
        };
    return add_engine_nodes(*nodes, std::move(parts));
}

Result<std::size_t> Engine::Impl::run_jobs(std::stop_token stop) {
    for (std::size_t count = 0;;) {
        if (auto moved = workflow_runner->run_pending(stop); !moved) return moved;
        const auto ran = runner->run_pending(stop);
        if (!ran) return ran;
        count += *ran;
        if (*ran == 0) return count;  // and so no run waits for the end of a job
    }
}

Result<std::size_t> Engine::run_pending(std::stop_token stop) {
    if (auto ticked = impl_->scheduler->run_due(stop); !ticked) return ticked;
    if (auto discovered = impl_->discoverer->run_pending(stop); !discovered) return discovered;
    if (auto made = impl_->regenerator->run_pending(stop); !made) return made;
    for (std::size_t count = 0;;) {
        const auto ran = impl_->run_jobs(stop);
        if (!ran) return ran;
        count += *ran;
        const auto executed = impl_->automation_runner->run_pending(stop);
        if (!executed) return executed;
        if (*executed == 0) return count;  // their nodes may have queued more
    }
}

void Engine::stop(std::chrono::milliseconds grace) {
    impl_->scheduler->stop();
    impl_->discoverer->stop();
    impl_->regenerator->stop();
    impl_->automation_runner->stop();
    impl_->workflow_runner->stop();
    const auto began = std::chrono::steady_clock::now();  // real time, as in Runner::stop()
    impl_->runner->stop(grace);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::milliseconds(grace) -
                                                                            (std::chrono::steady_clock::now() - began));
    impl_->outbox->stop(std::max(left, std::chrono::milliseconds(0)));
}

EngineMetrics Engine::metrics() const {
    EngineMetrics metrics = impl_->runner->metrics();
    const run::OutboxMetrics outbox = impl_->outbox->metrics();
    metrics.delivery_attempts = outbox.attempts;
    metrics.deliveries_delivered = outbox.delivered;
    metrics.deliveries_failed = outbox.failed;
    metrics.deliveries_in_flight = outbox.in_flight;
    impl_->workflow_runner->add_to(metrics);
    if (const auto open = impl_->workflows().count_open_runs()) metrics.workflow_runs_open = *open;
    impl_->automation_runner->add_to(metrics);
    if (const auto open = impl_->options.store->executions().count_open()) metrics.executions_open = *open;
    const run::EndCounts discoveries = impl_->discoverer->ended();
    metrics.discoveries_completed = discoveries.completed;
    metrics.discoveries_failed = discoveries.failed;
    const run::EndCounts regenerations = impl_->regenerator->ended();
    metrics.regenerations_completed = regenerations.completed;
    metrics.regenerations_failed = regenerations.failed;
    return metrics;
}

Automations& Engine::automations() noexcept {
    return *impl_->automations;
}

Executions& Engine::executions() noexcept {
    return *impl_->executions;
}

const NodeRegistry& Engine::nodes() const noexcept {
    return *impl_->nodes;
}

Store& Engine::store() noexcept {
    return *impl_->options.store;
}

Clock& Engine::clock() noexcept {
    return *impl_->options.clock;
}

Error not_found(std::string_view thing, std::string_view id) {
    return {ErrorCode::not_found, std::string(thing) + " not found", std::string(id)};
}

Error bad_request(std::string message, std::string subject) {
    return {ErrorCode::invalid_argument, std::move(message), std::move(subject)};
}

Result<std::string> object_id(std::string_view text, std::string_view thing) {
    auto id = core::normalize_uuid(text);
    if (!id) return not_found(thing, text);
    return *std::move(id);
}

std::optional<std::string> rule_text(const Value& rule) {
    if (rule.is_null()) return std::nullopt;
    return to_json(rule);
}

Result<void> validate(const ListRange& range, std::int64_t most) {
    if (range.limit < 1 || range.limit > most)
        return Error{ErrorCode::invalid_argument, "limit must be between 1 and " + std::to_string(most), "limit"};
    if (range.offset < 0) return Error{ErrorCode::invalid_argument, "offset must be at least 0", "offset"};
    return {};
}

}  // namespace meter
