#include "run/regenerator.hpp"

#include <exception>
#include <utility>

namespace meter::run {
namespace {

constexpr std::int64_t regeneration_attempts = 5;  // workers lost
constexpr int regeneration_tries = 5;              // each lost race means that a caller's change was stored

/// A store in trouble and an engine that stops are no outcome: somebody goes on later.
bool is_interruption(const Error& error) {
    return error.code == ErrorCode::store || error.code == ErrorCode::cancelled;
}

}  // namespace

Regenerator::Regenerator(RegeneratorParts parts, int workers, std::chrono::milliseconds lease)
    : parts_(std::move(parts)),
      lease_(lease),
      pool_({parts_.clock, parts_.logger, [this] { return claim(); }}, workers, lease) {}

Result<std::optional<ClaimedWork>> Regenerator::claim() {
    auto claimed =
        parts_.store->strategy_groups().claim_regeneration(parts_.clock->now(), lease_, regeneration_attempts);
    if (!claimed) return claimed.error();
    if (!*claimed) return std::optional<ClaimedWork>{};
    ClaimedWork work;
    work.id = (*claimed)->ref.strategy_id;
    work.renew = [this, ref = (*claimed)->ref](TimePoint now) -> Result<bool> {
        const auto lost = parts_.store->strategy_groups().heartbeat({ref}, now, lease_);
        if (!lost) return lost.error();
        return lost->empty();
    };
    work.perform = [this, regeneration = **std::move(claimed)](std::stop_token stop) { perform(regeneration, stop); };
    return std::optional(std::move(work));
}

void Regenerator::perform(const ClaimedRegeneration& claimed, std::stop_token stop) {
    StrategyGroupStore& groups = parts_.store->strategy_groups();
    Error error{ErrorCode::unavailable, "The strategy is being changed by others", claimed.ref.strategy_id, true};
    for (int i = 0; i < regeneration_tries; ++i) {
        const auto done = try_once(claimed, stop);
        if (done && *done) return;
        if (done) continue;
        error = done.error();
        break;
    }
    const bool interrupted = stop.stop_requested() || is_interruption(error);
    RegenerationEnd end;
    end.error = error.message;
    end.ended_at = parts_.clock->now();
    const auto ended = interrupted ? groups.release(claimed.ref) : groups.finish(claimed.ref, end);
    if (ended && *ended && !interrupted) ++failed_;
    if (!ended || interrupted)
        parts_.logger->log(
            LogLevel::warning, "regeneration interrupted",
            {{"strategy_id", claimed.ref.strategy_id}, {"reason", !ended ? ended.error().message : error.message}});
}

Result<bool> Regenerator::try_once(const ClaimedRegeneration& claimed, std::stop_token stop) {
    const auto strategy = parts_.store->strategies().find(claimed.account_id, claimed.ref.strategy_id);
    if (!strategy) return strategy.error();
    RegenerationEnd end;
    if (*strategy) {
        auto snapshot = parts_.store->strategies().find_snapshot(claimed.account_id, claimed.ref.strategy_id);
        if (!snapshot) return snapshot.error();
        auto update = [&]() -> Result<StrategyUpdate> {
            try {
                return parts_.regenerate(**strategy, claimed.output_schema, *std::move(snapshot), stop);
            } catch (const std::exception& e) {  // a fetcher of the user's
                return Error{ErrorCode::internal, e.what(), claimed.ref.strategy_id};
            }
        }();
        if (!update) return update.error();
        end.update = *std::move(update);
    }
    end.ended_at = parts_.clock->now();
    const auto finished = parts_.store->strategy_groups().finish(claimed.ref, end);
    if (!finished && finished.error().code == ErrorCode::conflict) return false;
    if (!finished) return finished.error();
    if (*finished && end.update) ++completed_;
    return true;  // also when the claim was lost: it is somebody else's now
}

}  // namespace meter::run
