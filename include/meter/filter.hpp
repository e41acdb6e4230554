// Conditions on items: the filter_config of strategies and workflow edges.
#pragma once

#include <memory>
#include <string_view>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter {

/// A validated, compiled filter. Cheap to copy; const calls need no lock.
///   auto cheap = Filter::parse(*parse_json(R"({"conditions":[{"field":"price","operator":"lt","value":20}]})"));
///   if (cheap->matches(item)) ...
class METER_EXPORT Filter {
public:
    /// Reads {"mode": "all"|"any", "conditions": [{"field","operator","value","case_sensitive"}]}.
    /// Operators: contains, not_contains, equals, not_equals, regex_match, exists, not_exists, gt, lt. Regexes are
    /// RE2's: linear time, at most 1000 bytes, no back-references or look-around. At most 100 conditions.
    /// Errors: invalid_argument; `subject` is the member at fault, like "filter_config.conditions.0.value".
    /// Source: wire contract 10.
    static Result<Filter> parse(const Value& config);

    /// Does the item pass? An empty filter lets every item through. Linear in the texts it looks at.
    bool matches(const Value& item) const;

    /// The configuration it was made from, as given.
    const Value& config() const noexcept;

    Filter(const Filter&);
    Filter& operator=(const Filter&);
    Filter(Filter&&) noexcept;
    Filter& operator=(Filter&&) noexcept;
    ~Filter();

private:
    struct Impl;
    explicit Filter(std::shared_ptr<const Impl> impl);
    std::shared_ptr<const Impl> impl_;
};

}  // namespace meter
