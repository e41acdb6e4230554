#include "run/change_decision.hpp"

#include <utility>

#include "meter/change.hpp"
#include "meter/json.hpp"

namespace meter::run {
namespace {

constexpr JsonLimits stored_results_limits{.max_depth = 128, .max_bytes = std::size_t{1} << 31};

const std::optional<std::string> no_rules;

Result<Value> rule_value(const std::optional<std::string>& first, const std::optional<std::string>& second) {
    const auto& text = first ? first : second;
    if (!text) return Value();
    return parse_json(*text, {.max_depth = 128});
}

std::string array_json(std::vector<Value> items) {
    return to_json(Value(std::move(items)));
}

ChangeRecord record_of(ChangeSet changes) {
    ChangeRecord record;
    record.new_items_count = static_cast<std::int64_t>(changes.new_items.size());
    record.removed_items_count = static_cast<std::int64_t>(changes.removed_items.size());
    record.order_changed = changes.order_changed;
    const Value delta = change_delta(changes);
    if (const Value* modified = delta.find("modified")) record.modified_items = to_json(*modified);
    record.new_items = array_json(std::move(changes.new_items));
    record.removed_items = array_json(std::move(changes.removed_items));
    return record;
}

}  // namespace

Result<ChangeRules> combined_rules(const RuleTexts& first, const RuleTexts& second) {
    const auto ignore = rule_value(first.ignore, second.ignore);
    if (!ignore) return ignore.error();
    const auto key = rule_value(first.key, second.key);
    if (!key) return key.error();
    return ChangeRules::parse(*ignore, *key);
}

Result<ChangeDecision> decide_change(JobStore& jobs, const ChangeInput& input, const std::vector<Value>& items,
                                     std::string_view content_hash) {
    ChangeDecision decision;
    if (input.baseline == nullptr || input.baseline->content_hash == content_hash) return decision;
    const Schedule* schedule = input.schedule;
    const auto rules = combined_rules(
        {schedule != nullptr ? schedule->ignore : no_rules, schedule != nullptr ? schedule->key : no_rules},
        {input.strategy.ignore, input.strategy.key});
    if (!rules) return rules.error();
    decision.has_changes = true;
    if (schedule == nullptr && rules->empty()) return decision;  // nobody asks what it was

    const auto before = jobs.find(input.job.account_id, input.baseline->job_id);
    if (!before) return before.error();
    std::vector<Value> before_items;
    if (*before && (*before)->results) {
        auto results = parse_json(*(*before)->results, stored_results_limits);
        if (!results) return results.error();
        before_items = items_of(input.compiled.schema(), *std::move(results));
    }
    ChangeSet changes = diff(before_items, items, *rules);
    decision.has_changes = changes.changed;
    if (!changes.changed || schedule == nullptr) return decision;
    if (schedule->webhook_url)
        decision.delta =
            to_json(input.strategy.scraper_type == ScraperType::content ? section_delta(before_items, items, *rules)
                                                                        : change_delta(changes));
    decision.record = record_of(std::move(changes));
    return decision;
}

}  // namespace meter::run
