// Which item of a newer list continues which item of its baseline.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "change/rules.hpp"
#include "meter/change.hpp"

namespace meter::detail {

/// One list of items, as the rules see them.
struct ComparedSide {
    const std::vector<Value>& items;   ///< in full
    std::vector<Value> clean;          ///< without noise; empty when the rules change no item
    std::vector<std::string> keys;     ///< canonical values of the key fields; empty without `key`
    std::vector<std::string> digests;  ///< of the canonical clean items

    ComparedSide(const std::vector<Value>& given, const ChangeRules::Impl& rules);
    const Value& seen(std::size_t at) const { return clean.empty() ? items[at] : clean[at]; }
    std::size_t size() const noexcept { return items.size(); }
};

constexpr std::size_t no_partner = static_cast<std::size_t>(-1);

/// For each item of the newer side the index of its partner in the older one, or no_partner; no two share one.
/// Equal items first, in order; the rest by `key`, else by the first identity field that all of the rest have with
/// values unique on each side, else by position (wire contract 12.5).
std::vector<std::size_t> pair_items(const ComparedSide& older, const ComparedSide& newer);

/// Pairs equal texts, in order: the n-th on one side with the n-th on the other. Indices as pair_items().
std::vector<std::size_t> pair_equal(const std::vector<std::string>& older, const std::vector<std::string>& newer);

/// Do two items differ in nothing but noise?
bool equal_within_rules(const ChangeRules::Impl& rules, const ComparedSide& older, std::size_t a,
                        const ComparedSide& newer, std::size_t b);

}  // namespace meter::detail
