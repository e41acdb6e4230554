// Makes the strategies of groups again when the group is given an output schema.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "meter/clock.hpp"
#include "meter/logger.hpp"
#include "meter/store.hpp"
#include "run/claim_pool.hpp"

namespace meter::run {

/// The change that gives a strategy this output schema (JSON object text); `snapshot` is the page kept from making it.
/// It must name `expected_strategy`.
using Regenerate = std::function<Result<StrategyUpdate>(const Strategy& strategy, std::string_view output_schema,
                                                        std::optional<PageSnapshot> snapshot, std::stop_token stop)>;

struct RegeneratorParts {
    std::shared_ptr<Store> store;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Logger> logger;
    Regenerate regenerate;
};

/// Threads: every member from any thread.
class Regenerator {
public:
    Regenerator(RegeneratorParts parts, int workers, std::chrono::milliseconds lease);

    /// Strategies were queued: look for them.
    void notify() { pool_.notify(); }
    /// Makes strategies on this thread until none is left; how many.
    Result<std::size_t> run_pending(std::stop_token stop) { return pool_.run_pending(stop); }
    /// Gives back what is being made. Idempotent.
    void stop() { pool_.stop(); }
    EndCounts ended() const noexcept { return {completed_.load(), failed_.load()}; }

private:
    Result<std::optional<ClaimedWork>> claim();
    void perform(const ClaimedRegeneration& claimed, std::stop_token stop);
    /// How it ended; false when a caller changed the plan meanwhile and it has to be made anew.
    Result<bool> try_once(const ClaimedRegeneration& claimed, std::stop_token stop);

    const RegeneratorParts parts_;
    const std::chrono::milliseconds lease_;
    std::atomic<std::uint64_t> completed_{0}, failed_{0};
    ClaimPool pool_;  // last: its threads use the rest
};

}  // namespace meter::run
