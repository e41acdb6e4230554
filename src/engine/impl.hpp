// What an engine is made of.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "meter/engine.hpp"
#include "run/compiled.hpp"
#include "run/runner.hpp"

namespace meter {

/// Creations count against the quota for this long.
constexpr std::chrono::hours quota_window{24 * 30};

struct Engine::Impl {
    EngineOptions options;  // every seam set
    std::unique_ptr<run::Runner> runner;

    TimePoint now() const { return options.clock->now(); }
    StrategyStore& strategies() const { return options.store->strategies(); }
    JobStore& jobs() const { return options.store->jobs(); }

    Result<Strategy> require_strategy(std::string_view strategy_id, const Caller& caller) const;
    Error stopping_error() const { return {ErrorCode::unavailable, "The engine is stopping", {}, true}; }
};

/// Ids reach the store in lower case; what is no UUID is simply not there.
Result<std::string> object_id(std::string_view text, std::string_view thing);

/// "<Thing> not found".
Error not_found(std::string_view thing, std::string_view id);

/// invalid_argument about one member of a request.
Error bad_request(std::string message, std::string subject);

/// The `preview_data` of a strategy: its first ten items.
std::string preview_of(const run::CompiledStrategy& compiled, std::vector<Value> items);

/// Errors: invalid_argument naming `limit` or `offset`.
Result<void> validate(const ListRange& range, std::int64_t most);

}  // namespace meter
