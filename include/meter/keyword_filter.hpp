// Keyword filters: which items, changes and changelog entries somebody wants to see.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/change.hpp"
#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter {

/// A compiled keyword filter: +required -excluded optional "a phrase" prefix*. Cheap to copy; const calls need no lock.
///   auto wanted = KeywordFilter::parse("+tariff -\"trade war\" rubio").value();
///   if (wanted.matches(item)) ...
class METER_EXPORT KeywordFilter {
public:
    /// Reads clauses separated by white space. Every text that is short enough and valid UTF-8 has a meaning: a quote
    /// that is not closed runs to the end, clauses without letters or digits are dropped.
    /// Errors: invalid_argument with the byte position in the message, `subject` "filter": more than 2000 characters,
    /// malformed UTF-8. Source: wire contract 14.3.
    static Result<KeywordFilter> parse(std::string_view text);

    /// No clause is left: everything matches, and `filter_applied` is null.
    bool blank() const noexcept;

    /// Does the item match? Looks at every scalar value at any depth, not at keys; a phrase never spans two values.
    /// Linear in the item, whatever the filter.
    bool matches(const Value& item) const;

    /// The text it was made from.
    const std::string& text() const noexcept;

    KeywordFilter(const KeywordFilter&);
    KeywordFilter& operator=(const KeywordFilter&);
    KeywordFilter(KeywordFilter&&) noexcept;
    KeywordFilter& operator=(KeywordFilter&&) noexcept;
    ~KeywordFilter();

private:
    struct Impl;
    explicit KeywordFilter(std::shared_ptr<const Impl> impl);
    std::shared_ptr<const Impl> impl_;
};

/// The items that match, in their order. Source: wire contract 14.1.
METER_EXPORT std::vector<Value> matching_items(const KeywordFilter& filter, std::vector<Value> items);

/// The entry with its lists cut to matching items; nullopt when no new and no removed item is left (an entry in which
/// only the order changed has none). A blank filter changes nothing. `item_count` stays the job's.
/// Source: wire contract 14.2.
METER_EXPORT std::optional<ChangelogEntry> matching_entry(const KeywordFilter& filter, ChangelogEntry entry);

}  // namespace meter
