#include "run/discoverer.hpp"

#include <exception>
#include <utility>

#include "meter/discovery.hpp"

namespace meter::run {
namespace {

constexpr std::int64_t discovery_attempts = 5;

}  // namespace

Discoverer::Discoverer(DiscovererParts parts, int workers, const DiscoveryLimits& limits,
                       std::chrono::milliseconds lease)
    : parts_(std::move(parts)),
      limits_(limits),
      lease_(lease),
      pool_({parts_.clock, parts_.logger, [this] { return claim(); }}, workers, lease) {}

Result<std::optional<ClaimedWork>> Discoverer::claim() {
    auto claimed = parts_.store->discoveries().claim_next(parts_.clock->now(), lease_, discovery_attempts);
    if (!claimed) return claimed.error();
    if (!*claimed) return std::optional<ClaimedWork>{};
    const auto discovery = std::make_shared<const ClaimedDiscovery>(**std::move(claimed));
    ClaimedWork work;
    work.id = discovery->discovery.discovery_id;
    work.perform = [this, discovery](std::stop_token stop) { perform(*discovery, stop); };
    work.renew = [this, ref = discovery->ref()](TimePoint now) -> Result<bool> {
        const auto lost = parts_.store->discoveries().heartbeat({ref}, now, lease_);
        if (!lost) return lost.error();
        return lost->empty();
    };
    return std::optional(std::move(work));
}

void Discoverer::perform(const ClaimedDiscovery& claimed, std::stop_token stop) {
    DiscoveryStore& store = parts_.store->discoveries();
    bool held = true;
    const auto keep = [&](const DiscoveryStep& step) -> Result<bool> {
        auto kept = store.advance(claimed.ref(), step);
        if (kept) held = *kept;
        return kept;
    };
    const auto outcome = [&]() -> Result<void> {
        try {
            return discover_urls(claimed.discovery.request, *parts_.fetcher, claimed.state, keep, limits_, stop);
        } catch (const std::exception& e) {  // a fetcher of the user's
            return Error{ErrorCode::internal, e.what(), claimed.discovery.request.root_url};
        }
    }();
    if (!held) return;  // taken over, or deleted

    // A store in trouble and an engine that stops are no outcome: somebody goes on later.
    const bool unfinished =
        !outcome && (outcome.error().code == ErrorCode::store || outcome.error().code == ErrorCode::cancelled);
    const auto ended = unfinished ? store.release(claimed.ref())
                                  : store.finish(claimed.ref(), parts_.clock->now(),
                                                 outcome ? std::nullopt : std::optional(outcome.error().message));
    if (!ended || unfinished)
        parts_.logger->log(LogLevel::warning, "discovery interrupted",
                           {{"discovery_id", claimed.discovery.discovery_id},
                            {"reason", !ended ? ended.error().message : outcome.error().message}});
}

}  // namespace meter::run
