#include <algorithm>
#include <utility>

#include "core/id.hpp"
#include "engine/impl.hpp"
#include "meter/filter.hpp"
#include "meter/json.hpp"
#include "run/scrape.hpp"

namespace meter {

Result<Strategy> Engine::Impl::require_strategy(std::string_view strategy_id, const Caller& caller) const {
    const auto id = object_id(strategy_id, "Strategy");
    if (!id) return id.error();
    auto found = strategies().find(caller.account_id, *id);
    if (!found) return found.error();
    if (!*found) return not_found("Strategy", *id);
    return **std::move(found);
}

Result<Strategy> Engine::get_strategy(std::string_view strategy_id, const Caller& caller) {
    return impl_->require_strategy(strategy_id, caller);
}

Result<std::vector<Strategy>> Engine::list_strategies(ListRange range, const Caller& caller) {
    if (auto valid = validate(range, 1000); !valid) return valid.error();
    return impl_->strategies().list(caller.account_id, range);
}

Result<Strategy> Engine::update_strategy(std::string_view strategy_id, const StrategyPatch& patch,
                                         const Caller& caller) {
    Impl& self = *impl_;
    const auto clears = [](const Value& value) { return value.is_null(); };
    StrategyUpdate update;
    if (patch.name) {
        if (patch.name->empty()) return bad_request("name must not be empty", "name");
        update.name = patch.name;
    }
    if (patch.description) update.description = patch.description;
    if (patch.filter_config) {
        const Object* object = patch.filter_config->if_object();
        if (clears(*patch.filter_config) || (object != nullptr && object->empty())) {
            update.filter_config = std::optional<std::string>{};
        } else {
            if (auto filter = Filter::parse(*patch.filter_config); !filter) return filter.error();
            update.filter_config = to_json(*patch.filter_config);
        }
    }
    if (patch.fetch) {
        if (clears(*patch.fetch)) {
            update.fetch = std::optional<std::string>{};
        } else {
            if (auto fetch = validate_fetch_settings(*patch.fetch); !fetch) return fetch.error();
            update.fetch = to_json(*patch.fetch);
        }
    }

    if (patch.ignore || patch.key) {
        const auto rules = ChangeRules::parse(patch.ignore.value_or(Value()), patch.key.value_or(Value()));
        if (!rules) return rules.error();
        if (patch.ignore) update.ignore = rule_text(*patch.ignore);
        if (patch.key) update.key = rule_text(*patch.key);
    }

    auto current = self.require_strategy(strategy_id, caller);
    if (!current) return current;
    if (!update.name && !update.description && !update.filter_config && !update.fetch && !update.ignore && !update.key)
        return current;

    if (update.filter_config) {
        const auto snapshot = self.strategies().find_snapshot(caller.account_id, current->strategy_id);
        if (!snapshot) return snapshot.error();
        if (*snapshot) {
            Strategy changed = *current;
            changed.filter_config = *update.filter_config;
            const auto compiled = run::compile(changed);
            if (!compiled) return compiled.error();
            const PageSnapshot& page = **snapshot;
            auto extraction =
                extract({page.body, page.url, page.content_type}, compiled->plan, self.options.jobs.extract);
            if (!extraction) return extraction.error();
            update.preview_data =
                preview_of(*compiled, run::shape_and_filter(*compiled, std::move(extraction->items), page.url));
        }
    }
    update.updated_at = std::max(self.now(), current->updated_at);
    auto updated = self.strategies().update(caller.account_id, current->strategy_id, update);
    if (!updated) return updated.error();
    if (!*updated) return not_found("Strategy", strategy_id);
    return **std::move(updated);
}

Result<void> Engine::delete_strategy(std::string_view strategy_id, const Caller& caller) {
    Impl& self = *impl_;
    const auto strategy = self.require_strategy(strategy_id, caller);
    if (!strategy) return strategy.error();
    const TimePoint now = self.now();
    const auto removed = self.strategies().remove(caller.account_id, strategy->strategy_id,
                                                  {.id = core::new_uuid(now),
                                                   .account_id = caller.account_id,
                                                   .event = "deleted",
                                                   .strategy_id = strategy->strategy_id,
                                                   .strategy_name = strategy->name,
                                                   .url = strategy->url,
                                                   .api_key_prefix = caller.api_key_prefix,
                                                   .created_at = now});
    if (!removed) return removed.error();
    if (!*removed) return not_found("Strategy", strategy->strategy_id);
    self.runner->cancel_strategy(strategy->strategy_id);
    return {};
}

Result<std::vector<AuditEvent>> Engine::list_audit(const AuditQuery& query, const Caller& caller) {
    if (auto valid = validate(query.range, 1000); !valid) return valid.error();
    if (query.event && *query.event != "created" && *query.event != "deleted")
        return bad_request("event must be one of: created, deleted", "event");
    return impl_->strategies().list_audit(caller.account_id, query);
}

Result<StrategyQuota> Engine::quota(const Caller& caller) {
    return impl_->quota(caller);
}

Result<StrategyQuota> Engine::Impl::quota(const Caller& caller) const {
    const TimePoint moment = now();
    const auto usage = strategies().quota_usage(caller.account_id, moment - quota_window, moment);
    if (!usage) return usage.error();
    StrategyQuota state{.used = usage->used, .limit = options.quota.limit, .tier = options.quota.tier, .reset_at = {}};
    if (state.limit != -1 && usage->oldest) state.reset_at = *usage->oldest + quota_window;
    return state;
}

}  // namespace meter
