#include "run/compiled.hpp"

#include <utility>

#include "core/hash.hpp"
#include "meter/json.hpp"

namespace meter::run {
namespace {

// Stored JSON was written by this library; deeper than the API's limit only by what wrapping adds.
constexpr JsonLimits stored_limits{.max_depth = 128};

void hash_part(core::Sha256& hash, const std::optional<std::string>& part) {
    // The length keeps neighbouring parts apart; "-" is a part that is absent.
    hash.update(part ? std::to_string(part->size()) + ":" : "-");
    if (part) hash.update(*part);
}

bool same_settings(const Strategy& a, const Strategy& b) {
    return a.strategy == b.strategy && a.output_schema == b.output_schema && a.filter_config == b.filter_config &&
           a.fetch == b.fetch;
}

}  // namespace

FetchSettings read_fetch_settings(const Value& fetch) {
    FetchSettings settings;
    if (const Value* headers = fetch.find("headers"); headers != nullptr && headers->is_object())
        for (const auto& [name, value] : *headers->if_object())
            if (const auto* text = value.if_string()) settings.headers.emplace_back(name, *text);
    if (const Value* cookies = fetch.find("cookies"); cookies != nullptr && cookies->is_object()) {
        std::string line;
        for (const auto& [name, value] : *cookies->if_object())
            if (const auto* text = value.if_string()) line += (line.empty() ? "" : "; ") + name + "=" + *text;
        if (!line.empty()) settings.headers.emplace_back("Cookie", std::move(line));
    }
    if (const Value* seconds = fetch.find("timeout_seconds"); seconds != nullptr && seconds->is_integer())
        settings.timeout = std::chrono::seconds(*seconds->if_integer());
    return settings;
}

Result<CompiledStrategy> compile(const Strategy& strategy) {
    const auto definition = parse_json(strategy.strategy, stored_limits);
    if (!definition) return definition.error();
    auto plan = Plan::parse(*definition);
    if (!plan) return plan.error();

    CompiledStrategy compiled{*std::move(plan), std::nullopt, std::nullopt, {}, {}};
    if (strategy.output_schema) {
        const auto value = parse_json(*strategy.output_schema, stored_limits);
        if (!value) return value.error();
        auto schema = OutputSchema::parse(*value);
        if (!schema) return schema.error();
        compiled.output_schema = *std::move(schema);
    }
    if (strategy.filter_config) {
        const auto value = parse_json(*strategy.filter_config, stored_limits);
        if (!value) return value.error();
        auto filter = Filter::parse(*value);
        if (!filter) return filter.error();
        compiled.filter = *std::move(filter);
    }
    if (strategy.fetch) {
        const auto value = parse_json(*strategy.fetch, stored_limits);
        if (!value) return value.error();
        compiled.fetch = read_fetch_settings(*value);
    }

    core::Sha256 hash;
    hash_part(hash, strategy.strategy);
    hash_part(hash, strategy.output_schema);
    hash_part(hash, strategy.filter_config);
    hash_part(hash, strategy.fetch);
    compiled.settings_hash = hash.finish_hex();
    return compiled;
}

Result<std::shared_ptr<const CompiledStrategy>> CompiledCache::get(const Strategy& strategy) {
    {
        std::lock_guard lock(mutex_);
        if (const auto found = by_id_.find(strategy.strategy_id);
            found != by_id_.end() && same_settings(found->second->source, strategy)) {
            entries_.splice(entries_.begin(), entries_, found->second);
            return found->second->compiled;
        }
    }
    auto compiled = compile(strategy);
    if (!compiled) return compiled.error();
    auto shared = std::make_shared<const CompiledStrategy>(*std::move(compiled));

    std::lock_guard lock(mutex_);
    if (const auto found = by_id_.find(strategy.strategy_id); found != by_id_.end()) {
        entries_.erase(found->second);
        by_id_.erase(found);
    }
    entries_.push_front(Entry{strategy.strategy_id, strategy, shared});
    by_id_[strategy.strategy_id] = entries_.begin();
    if (entries_.size() > capacity_) {
        by_id_.erase(entries_.back().strategy_id);
        entries_.pop_back();
    }
    return shared;
}

}  // namespace meter::run
