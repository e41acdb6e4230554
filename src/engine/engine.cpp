#include "meter/engine.hpp"

#include <utility>

#include "core/id.hpp"
#include "engine/impl.hpp"

namespace meter {
namespace {

constexpr int jobs_beside_fetches = 2;  // of one host: what they fetched is being read and stored

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
    if (!options.fetcher) {
        auto fetcher = make_fetcher(options.fetch);
        if (!fetcher) return fetcher.error();
        options.fetcher = *std::move(fetcher);
        if (options.jobs.per_host == 0) options.jobs.per_host = options.fetch.per_host + jobs_beside_fetches;
    }
    auto impl = std::make_unique<Impl>();
    impl->options = std::move(options);
    const EngineOptions& set = impl->options;
    impl->runner = std::make_unique<run::Runner>(run::RunnerParts{set.store, set.fetcher, set.clock, set.logger},
                                                 set.jobs, set.snapshot_retention);
    return std::unique_ptr<Engine>(new Engine(std::move(impl)));
    if (!options.generator) options.generator = make_generator(options.fetcher);
}

Result<std::size_t> Engine::run_pending(std::stop_token stop) {
    return impl_->runner->run_pending(stop);
}

void Engine::stop(std::chrono::milliseconds grace) {
    impl_->runner->stop(grace);
}

EngineMetrics Engine::metrics() const {
    return impl_->runner->metrics();
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

Result<std::string> object_id(std::string_view text, std::string_view thing) {
    auto id = core::normalize_uuid(text);
    if (!id) return not_found(thing, text);
    return *std::move(id);
}

Error bad_request(std::string message, std::string subject) {
    return {ErrorCode::invalid_argument, std::move(message), std::move(subject)};
}

Result<void> validate(const ListRange& range, std::int64_t most) {
    if (range.limit < 1 || range.limit > most)
        return Error{ErrorCode::invalid_argument, "limit must be between 1 and " + std::to_string(most), "limit"};
    if (range.offset < 0) return Error{ErrorCode::invalid_argument, "offset must be at least 0", "offset"};
    return {};
}

}  // namespace meter
