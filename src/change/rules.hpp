// Noise rules, compiled, and items as the rules see them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/regex.hpp"
#include "meter/change.hpp"

namespace meter {

struct ChangeRules::Impl {
    struct TextRule {
        std::optional<std::string> field;  ///< nullopt: everywhere
        core::Regex regex;
    };
    struct Tolerance {
        std::string field;
        double most = 0;
    };

    Value ignore, key;
    std::vector<std::string> fields;
    std::vector<TextRule> texts;
    std::vector<Tolerance> tolerances;
    std::vector<std::string> key_fields;

    bool changes_items() const noexcept { return !fields.empty() || !texts.empty(); }
};

namespace detail {

/// An item without what the rules ignore: first texts lose what the regexes match, then fields go.
/// `key`, unless null, receives the canonical values of the key fields, read in between (an ignored field may still
/// identify); it is left empty when one is absent or null.
Value without_noise(const ChangeRules::Impl& rules, const Value& item, std::string* key);

/// Gives numbers of `newer` that are within their tolerance of those in `older` the older value.
void align_within_tolerance(const ChangeRules::Impl& rules, const Value& older, Value& newer);

}  // namespace detail
}  // namespace meter
