// Did a completed job change anything, and what: the step between a scrape and its storage (wire contract 12.3, 12.6).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "meter/result.hpp"
#include "meter/schedule.hpp"
#include "meter/store.hpp"
#include "meter/strategy.hpp"
#include "meter/value.hpp"
#include "run/compiled.hpp"

namespace meter::run {

struct ChangeDecision {
    bool has_changes = false;
    std::optional<ChangeRecord> record;  ///< jobs of a schedule that changed something
    std::string delta;                   ///< the same as `changes` of a webhook (JSON object text); empty: none
};

/// What a job is compared by.
struct ChangeInput {
    const Job& job;
    const Strategy& strategy;
    const CompiledStrategy& compiled;
    const Schedule* schedule = nullptr;  ///< of the job; null: it has none any more
    const Baseline* baseline = nullptr;
};

/// Compares items, whose results have this hash, with those of the baseline. The noise rules of the schedule win over
/// those of the strategy. Reads the baseline's results only when they are needed.
/// Errors: store.
Result<ChangeDecision> decide_change(JobStore& jobs, const ChangeInput& input, const std::vector<Value>& items,
                                     std::string_view content_hash);

/// The noise rules of two places; a member of `first` wins over that of `second`. Errors: those of
/// ChangeRules::parse().
struct RuleTexts {
    const std::optional<std::string>& ignore;
    const std::optional<std::string>& key;
};
Result<ChangeRules> combined_rules(const RuleTexts& first, const RuleTexts& second);

}  // namespace meter::run
