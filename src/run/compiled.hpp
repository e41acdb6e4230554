// Strategies made ready to run, and a small cache of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "meter/extract.hpp"
#include "meter/filter.hpp"
#include "meter/schema.hpp"
#include "meter/strategy.hpp"

namespace meter::run {

/// Fetch settings of a strategy in the form a request needs.
struct FetchSettings {
    std::vector<Header> headers;  ///< cookies included, as one Cookie header
    std::chrono::milliseconds timeout{0};
};

/// Expects what validate_fetch_settings() let through.
FetchSettings read_fetch_settings(const Value& fetch);

/// A strategy with everything parsed. Immutable: shared by workers.
struct CompiledStrategy {
    Plan plan;
    std::optional<OutputSchema> output_schema;
    std::optional<Filter> filter;
    FetchSettings fetch;
    /// Over plan, schema, filter and fetch settings: jobs with equal hashes read a page the same way.
    std::string settings_hash;

    const OutputSchema* schema() const noexcept { return output_schema ? &*output_schema : nullptr; }
};

/// Compiles from the parsed members; the texts are those that are stored.
Result<CompiledStrategy> compile(const Strategy& strategy);

/// Keeps the most recently used compiled strategies. Threads: any; compiling happens outside the lock.
class CompiledCache {
public:
    explicit CompiledCache(std::size_t capacity) : capacity_(capacity) {}

    /// The compiled form of exactly this version (strategy_id and settings) of the strategy.
    Result<std::shared_ptr<const CompiledStrategy>> get(const Strategy& strategy);

private:
    struct Entry {
        std::string strategy_id;
        Strategy source;  // what it was compiled from
        std::shared_ptr<const CompiledStrategy> compiled;
    };

    const std::size_t capacity_;
    std::mutex mutex_;
    std::list<Entry> entries_;                                           // guarded by mutex_, most recent first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_id_;  // guarded by mutex_
};

}  // namespace meter::run
