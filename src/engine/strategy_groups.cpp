// Strategy groups: made, filled, given a schema (wire contract 18). Their schedules are in group_schedules.cpp.
#include <algorithm>
#include <utility>

#include "core/id.hpp"
#include "engine/impl.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

constexpr std::string_view group_thing = "Strategy group";
constexpr int group_tries = 100;  // each lost race means that another change was stored

}  // namespace

Error busy_group(std::string_view group_id) {
    return {ErrorCode::unavailable, "The strategy group is being changed by others", std::string(group_id), true};
}

Result<StrategyGroup> Engine::Impl::require_strategy_group(std::string_view group_id, const Caller& caller) const {
    const auto id = object_id(group_id, group_thing);
    if (!id) return id.error();
    auto found = strategy_groups().find(caller.account_id, *id);
    if (!found) return found.error();
    if (!*found) return not_found(group_thing, *id);
    return **std::move(found);
}

Result<StrategyGroup> Engine::create_strategy_group(const StrategyGroupRequest& request, const Caller& caller) {
    Impl& self = *impl_;
    if (request.name.empty()) return bad_request("name must not be empty", "name");
    StrategyGroup group;
    group.created_at = group.updated_at = self.now();
    group.group_id = core::new_uuid(group.created_at);
    group.account_id = caller.account_id;
    group.name = request.name;
    group.description = request.description;
    if (auto stored = self.strategy_groups().insert(group); !stored) return stored.error();
    return group;
}

Result<StrategyGroupDetail> Engine::get_strategy_group(std::string_view group_id, const Caller& caller) {
    auto group = impl_->require_strategy_group(group_id, caller);
    if (!group) return group.error();
    auto strategies = impl_->strategy_groups().strategies(caller.account_id, group->group_id);
    if (!strategies) return strategies.error();
    StrategyGroupDetail detail{*std::move(group), *std::move(strategies)};
    detail.group.strategy_count = static_cast<std::int64_t>(detail.strategies.size());
    return detail;
}

Result<std::vector<StrategyGroup>> Engine::list_strategy_groups(ListRange range, const Caller& caller) {
    if (auto valid = validate(range, 1000); !valid) return valid.error();
    return impl_->strategy_groups().list(caller.account_id, range);
}

Result<StrategyGroup> Engine::update_strategy_group(std::string_view group_id, const StrategyGroupPatch& patch,
                                                    const Caller& caller) {
    Impl& self = *impl_;
    if (patch.name && patch.name->empty()) return bad_request("name must not be empty", "name");
    for (int i = 0; i < group_tries; ++i) {
        auto group = self.require_strategy_group(group_id, caller);
        if (!group || (!patch.name && !patch.description)) return group;
        if (patch.name) group->name = *patch.name;
        if (patch.description) group->description = *patch.description;
        group->updated_at = std::max(self.now(), group->updated_at);
        auto stored = self.strategy_groups().update(*group);
        if (!stored && stored.error().code == ErrorCode::conflict) continue;
        if (!stored) return stored.error();
        if (!*stored) return not_found(group_thing, group_id);
        return **std::move(stored);
    }
    return busy_group(group_id);
}

Result<void> Engine::delete_strategy_group(std::string_view group_id, const Caller& caller) {
    const auto id = object_id(group_id, group_thing);
    if (!id) return id.error();
    const auto removed = impl_->strategy_groups().remove(caller.account_id, *id);
    if (!removed) return removed.error();
    if (!*removed) return not_found(group_thing, *id);
    return {};
}

Result<std::int64_t> Engine::add_to_strategy_group(std::string_view group_id,
                                                   const std::vector<std::string>& strategy_ids, const Caller& caller) {
    const auto id = object_id(group_id, group_thing);
    if (!id) return id.error();
    std::vector<std::string> ids;
    ids.reserve(strategy_ids.size());
    for (const auto& text : strategy_ids) {
        auto strategy_id = object_id(text, "Strategy");
        if (!strategy_id) return strategy_id.error();
        ids.push_back(*std::move(strategy_id));
    }
    const auto added = impl_->strategy_groups().add(caller.account_id, *id, ids, impl_->now());
    if (!added) return added.error();
    if (!*added) return not_found(group_thing, *id);
    return **added;
}

Result<void> Engine::remove_from_strategy_group(std::string_view group_id, std::string_view strategy_id,
                                                const Caller& caller) {
    const auto group = impl_->require_strategy_group(group_id, caller);
    if (!group) return group.error();
    const auto id = object_id(strategy_id, "Strategy");
    if (!id) return id.error();
    const auto removed =
        impl_->strategy_groups().remove_strategy(caller.account_id, group->group_id, *id, impl_->now());
    if (!removed) return removed.error();
    if (!*removed) return not_found("Strategy", *id);
    return {};
}

Result<std::int64_t> Engine::apply_group_schema(std::string_view group_id, const Value& output_schema,
                                                const Caller& caller) {
    Impl& self = *impl_;
    if (self.runner->stopping()) return self.stopping_error();
    const auto schema = OutputSchema::parse(output_schema);
    if (!schema) return schema.error();
    const auto id = object_id(group_id, group_thing);
    if (!id) return id.error();
    const auto queued =
        self.strategy_groups().start_regeneration(caller.account_id, *id, to_json(schema->definition()), self.now());
    if (!queued) return queued.error();
    if (!*queued) return not_found(group_thing, *id);
    self.regenerator->notify();
    return **queued;
}

Result<RegenerationProgress> Engine::group_schema_progress(std::string_view group_id, const Caller& caller) {
    const auto id = object_id(group_id, group_thing);
    if (!id) return id.error();
    auto progress = impl_->strategy_groups().regeneration(caller.account_id, *id);
    if (!progress) return progress.error();
    if (!*progress) return not_found(group_thing, *id);
    return **std::move(progress);
}

Result<WebhookTestOutcome> Engine::test_group_webhook(std::string_view group_id, const WebhookTest& test,
                                                      const Caller& caller, std::stop_token stop) {
    const auto group = impl_->require_strategy_group(group_id, caller);
    if (!group) return group.error();
    if (!test.url.empty()) return test_webhook(test, stop);
    const WebhookTarget& applied = group->webhook;
    if (applied.url.empty()) return bad_request("Strategy group has no webhook URL", "webhook_url");
    WebhookTest own = test;
    own.url = applied.url;
    if (!own.type) own.type = applied.type;
    if (!own.secret) own.secret = applied.secret;
    if (!own.metadata) own.metadata = applied.metadata;
    return test_webhook(own, stop);
}

}  // namespace meter
