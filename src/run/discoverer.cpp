#include "run/discoverer.hpp"

#include <exception>
#include <utility>

#include "meter/discovery.hpp"
#include "run/tick_jobs.hpp"

namespace meter::run {
namespace {

constexpr std::int64_t discovery_attempts = 5;
constexpr int finish_tries = 100;  // each lost race means that a change of the schedule was stored

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
    std::vector<std::string> urls = claimed.state.urls;
    const auto keep = [&](const DiscoveryStep& step) -> Result<bool> {
        auto kept = store.advance(claimed.ref(), step);
        if (kept) held = *kept;
        urls.insert(urls.end(), step.urls.begin(), step.urls.end());
        return kept;
    };
    const auto outcome = [&]() -> Result<void> {
        if (claimed.given_up) return Error{ErrorCode::internal, "Interrupted by server restart"};
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
    const auto ended = [&]() -> Result<void> {
        if (!unfinished && claimed.discovery.schedule_id)
            return finish_tick(claimed, outcome ? std::optional(std::move(urls)) : std::nullopt);
        const auto done = unfinished ? store.release(claimed.ref())
                                     : store.finish(claimed.ref(), parts_.clock->now(),
                                                    outcome ? std::nullopt : std::optional(outcome.error().message));
        if (!done) return done.error();
        return {};
    }();
    if (ended && !unfinished) ++(outcome ? completed_ : failed_);
    if (!ended || unfinished)
        parts_.logger->log(LogLevel::warning, "discovery interrupted",
                           {{"discovery_id", claimed.discovery.discovery_id},
                            {"reason", !ended ? ended.error().message : outcome.error().message}});
}

Result<void> Discoverer::finish_tick(const ClaimedDiscovery& claimed,
                                     const std::optional<std::vector<std::string>>& urls) {
    const Discovery& discovery = claimed.discovery;
    for (int i = 0; i < finish_tries; ++i) {
        const auto found = parts_.store->schedules().find(discovery.account_id, *discovery.schedule_id);
        if (!found) return found.error();
        std::optional<DiscoveryTick> tick;
        // One that was given URLs of its own, or disabled, meanwhile has no use for these.
        if (*found && (*found)->enabled && (*found)->rediscover) {
            const Schedule& schedule = **found;
            tick.emplace();
            tick->version = schedule.version;
            tick->urls = urls;
            TickJobs made = make_tick_jobs(schedule, urls ? *urls : schedule.urls.value_or(std::vector<std::string>{}),
                                           parts_.clock->now());
            tick->jobs = std::move(made.jobs);
            tick->batch = std::move(made.batch);
        }
        const auto done = parts_.store->discoveries().finish_tick(claimed.ref(), tick);
        if (!done && done.error().code == ErrorCode::conflict) continue;
        if (!done) return done.error();
        if (*done && tick && !tick->jobs.empty()) parts_.jobs_queued(tick->jobs.size());
        return {};
    }
    return Error{ErrorCode::unavailable, "The schedule is being changed by others", *discovery.schedule_id, true};
}

}  // namespace meter::run
