// Discoveries: started, read, turned into batches, removed (wire contract 17).
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/id.hpp"
#include "engine/impl.hpp"
#include "engine/schedules.hpp"

namespace meter {
namespace {

constexpr std::int64_t all_discovered_urls = 10'000;

}  // namespace

Result<Discovery> Engine::start_discovery(const DiscoveryRequest& request, const Caller& caller) {
    Impl& self = *impl_;
    if (self.runner->stopping()) return self.stopping_error();
    if (auto valid = validate(request); !valid) return valid.error();
    Discovery discovery;
    discovery.created_at = self.now();
    discovery.discovery_id = core::new_uuid(discovery.created_at);
    discovery.account_id = caller.account_id;
    discovery.request = request;
    if (auto stored = self.discoveries().insert(discovery); !stored) return stored.error();
    self.discoverer->notify();
    return discovery;
}

Result<Discovery> Engine::get_discovery(std::string_view discovery_id, const Caller& caller) {
    const auto id = object_id(discovery_id, "Discovery");
    if (!id) return id.error();
    auto found = impl_->discoveries().find(caller.account_id, *id);
    if (!found) return found.error();
    if (!*found) return not_found("Discovery", *id);
    return **std::move(found);
}

Result<std::vector<Discovery>> Engine::list_discoveries(const DiscoveryQuery& query, const Caller& caller) {
    if (auto valid = validate(query.range, 1000); !valid) return valid.error();
    return impl_->discoveries().list(caller.account_id, query);
}

Result<DiscoveredUrls> Engine::discovered_urls(std::string_view discovery_id, ListRange range, const Caller& caller) {
    if (auto valid = validate(range, all_discovered_urls); !valid) return valid.error();
    const auto id = object_id(discovery_id, "Discovery");
    if (!id) return id.error();
    auto found = impl_->discoveries().urls(caller.account_id, *id, range);
    if (!found) return found.error();
    if (!*found) return not_found("Discovery", *id);
    return **std::move(found);
}

Result<Batch> Engine::execute_discovery(std::string_view discovery_id, const DiscoveryExecuteRequest& request,
                                        const Caller& caller) {
    const auto discovery = get_discovery(discovery_id, caller);
    if (!discovery) return discovery.error();
    if (request.max_urls && *request.max_urls < 1) return bad_request("max_urls must be at least 1", "max_urls");
    if (const auto strategy = impl_->require_strategy(request.strategy_id, caller); !strategy) return strategy.error();
    if (discovery->status != DiscoveryStatus::completed)
        return Error{ErrorCode::conflict, "Discovery is not completed", discovery->discovery_id};

    auto found = discovered_urls(discovery_id, {.limit = all_discovered_urls}, caller);
    if (!found) return found.error();
    std::vector<std::string> urls = std::move(found->urls);
    if (request.urls) {
        const std::unordered_set<std::string> known(urls.begin(), urls.end());
        for (std::size_t i = 0; i < request.urls->size(); ++i)
            if (!known.contains((*request.urls)[i]))
                return bad_request("urls must be a subset of the discovered URLs", "urls." + std::to_string(i));
        urls = *request.urls;
    }
    if (request.max_urls && static_cast<std::int64_t>(urls.size()) > *request.max_urls)
        urls.resize(static_cast<std::size_t>(*request.max_urls));
    if (urls.empty()) return bad_request("No URLs to scrape", "urls");
    return submit_batch({.strategy_id = request.strategy_id, .urls = std::move(urls), .parameters = request.parameters},
                        caller);
}

Result<Schedule> Engine::schedule_discovery(std::string_view discovery_id, const DiscoveryScheduleRequest& request,
                                            const Caller& caller) {
    Impl& self = *impl_;
    if (self.runner->stopping()) return self.stopping_error();
    ScheduleRequest wanted = request.schedule;
    wanted.url = "https://discovery.invalid/";  // it has those of the discovery
    wanted.urls.reset();
    auto schedule = draft_schedule(self.options, wanted);
    if (!schedule) return schedule;
    const auto discovery = get_discovery(discovery_id, caller);
    if (!discovery) return discovery.error();
    const auto strategy = self.require_strategy(wanted.strategy_id, caller);
    if (!strategy) return strategy.error();
    if (discovery->status != DiscoveryStatus::completed)
        return Error{ErrorCode::conflict, "Discovery is not completed", discovery->discovery_id};
    auto found = discovered_urls(discovery_id, {.limit = all_discovered_urls}, caller);
    if (!found) return found.error();
    if (found->urls.empty() && !request.rediscover) return bad_request("No URLs to scrape", {});

    schedule->strategy_id = strategy->strategy_id;
    schedule->parameters = stored_parameters(*strategy, wanted.parameters);
    schedule->url.reset();
    schedule->urls = std::move(found->urls);
    schedule->discovery_id = discovery->discovery_id;
    schedule->rediscover = request.rediscover;
    const auto due = begin_schedule(*schedule, caller.account_id, self.now());
    if (auto stored = self.schedules().insert(*schedule, due); !stored) return stored.error();
    self.scheduler->wake();
    show_next_runs(*schedule);
    return schedule;
}

Result<void> Engine::delete_discovery(std::string_view discovery_id, const Caller& caller) {
    const auto id = object_id(discovery_id, "Discovery");
    if (!id) return id.error();
    const auto removed = impl_->discoveries().remove(caller.account_id, *id);
    if (!removed) return removed.error();
    if (!*removed) return not_found("Discovery", *id);
    impl_->discoverer->cancel(*id);
    return {};
}

}  // namespace meter
