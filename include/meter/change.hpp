// Fingerprints of results, what makes two runs "the same", and how they differ when they are not. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/time.hpp"
#include "meter/value.hpp"

namespace meter {

/// Canonical JSON of results: RFC 8785 (sorted keys, shortest numbers, no white space) after every string was
/// NFC-normalised, its white-space runs made one space and trimmed. Source: wire contract 12.1.
METER_EXPORT std::string canonical_json(const Value& results);

/// Lower-case hex SHA-256 of canonical_json(). Item order counts.
METER_EXPORT std::string content_hash(const Value& results);

/// Shape of items: {"version":1,"hash","item_count","fields":{dotted path:{"types":[...],"always":bool}}}. The hash
/// covers `fields` only. Source: wire contract 12.2.
METER_EXPORT Value structural_signature(const std::vector<Value>& items);

/// How many of the items have each top-level field with a value that is not null. Object: name -> integer.
METER_EXPORT Value field_counts(const std::vector<Value>& items);

/// How a finished job is to be judged.
enum class Outcome { ok, empty, degraded, blocked, failed };

/// "ok", "empty", "degraded", "blocked" or "failed".
METER_EXPORT std::string_view to_string(Outcome outcome) noexcept;

/// What is remembered of a baseline in order to judge later runs.
struct BaselineShape {
    std::int64_t item_count = 0;
    Value field_counts = Object{};  ///< as field_counts() of its items

    bool operator==(const BaselineShape&) const = default;
};

/// Judges a completed extraction against its baseline (null pointer when there is none): `empty` when it has no item
/// and the baseline has some; `degraded` when it has at least three items and a field that at least half of the
/// baseline's items have is null in every one; `ok` otherwise. Source: wire contract 12.3.
METER_EXPORT Outcome judge(const std::vector<Value>& items, const BaselineShape* baseline);

/// Noise rules: what never counts as a change, and what identifies an item. Cheap to copy; const calls need no lock.
/// The default value has no rule.
///   auto rules = ChangeRules::parse(*parse_json(R"({"fields": ["views"], "tolerance": {"price": 0.05}})"), {});
class METER_EXPORT ChangeRules {
public:
    ChangeRules();
    /// Reads `ignore`, {"fields": [name], "values": [{"field": name or null, "regex"}], "tolerance": {name: number}},
    /// and `key`, [name]; null means none of it. Names are those of top-level fields; a dotted path names a nested
    /// value. At most 100 fields, 100 values, 100 tolerances and 10 keys. What a regex (RE2) matches is taken out of
    /// texts before they are compared, also inside arrays and objects. A tolerance is the largest difference of two
    /// numbers, or of the single number in two otherwise equal texts, that still counts as equal.
    /// Errors: invalid_argument; `subject` is the member at fault, like "ignore.values.0.regex" or "key.1".
    /// Source: wire contract 12.7.
    static Result<ChangeRules> parse(const Value& ignore, const Value& key);

    /// No rule at all: then two results differ exactly when their content hashes do.
    bool empty() const noexcept;
    /// What it was made from, as given; null when there was none.
    const Value& ignore() const noexcept;
    const Value& key() const noexcept;

    ChangeRules(const ChangeRules&);
    ChangeRules& operator=(const ChangeRules&);
    ChangeRules(ChangeRules&&) noexcept;
    ChangeRules& operator=(ChangeRules&&) noexcept;
    ~ChangeRules();

    struct Impl;
    const Impl& impl() const noexcept { return *impl_; }

private:
    explicit ChangeRules(std::shared_ptr<const Impl> impl);
    std::shared_ptr<const Impl> impl_;
};

/// A field of an item with its values on both sides; null for an absent one.
struct FieldChange {
    std::string name;
    Value before;
    Value after;

    bool operator==(const FieldChange&) const = default;
};

/// Two paired items that differ.
struct ModifiedItem {
    Value item;                       ///< as it is now
    std::vector<FieldChange> fields;  ///< those that differ, sorted by name; never empty

    bool operator==(const ModifiedItem&) const = default;
};

/// How a newer list of items differs from its baseline.
struct ChangeSet {
    /// The verdict. False: every list is empty. True: some list is not empty, or `order_changed` is set.
    bool changed = false;
    std::vector<Value> new_items;              ///< items that are not in the baseline, modified ones included
    std::vector<Value> removed_items;          ///< items of the baseline that are gone, former modified ones included
    std::vector<ModifiedItem> modified_items;  ///< pairs that differ (extension)
    bool order_changed = false;                ///< only the order differs
    std::vector<std::string> texts;            ///< readable: "1 item added", "Field 'price' changed in 3 items"

    bool operator==(const ChangeSet&) const = default;
};

/// Compares two lists of items (as items_of() gives them). Items are paired: equal ones first, then by `key` or the
/// first identity field, else by position (wire contract 12.5). Without rules `changed` is the same as different
/// content hashes. Linear but for sorting, whatever the items are.
/// Source: wire contract 12.5 to 12.7.
METER_EXPORT ChangeSet diff(const std::vector<Value>& baseline, const std::vector<Value>& newer,
                            const ChangeRules& rules = {});

/// The `changed` of diff() alone.
METER_EXPORT bool differs(const std::vector<Value>& baseline, const std::vector<Value>& newer,
                          const ChangeRules& rules = {});

/// {"changed","new_items","removed_items","modified_items","order_changed","texts"}: what a store keeps of a change.
METER_EXPORT Value to_value(const ChangeSet& changes);
/// Reads the same. Errors: parse; `subject` is the member at fault.
METER_EXPORT Result<ChangeSet> parse_change_set(const Value& value);

/// The `changes` of a webhook body: {"added","removed","modified","order_changed"}. Source: wire contract 12.6.
METER_EXPORT Value change_delta(const ChangeSet& changes);

/// The same for the sections of a content strategy, paired by level, heading and how often that heading came before:
/// `modified` holds {"heading","level","old_content","new_content"}, and its sections are in neither other list.
METER_EXPORT Value section_delta(const std::vector<Value>& baseline, const std::vector<Value>& newer,
                                 const ChangeRules& rules = {});

/// Cosine of the token counts of all scalar values, rounded to 4 decimals, in [0, 1]; 1.0 for equal content hashes
/// and for two results without tokens. Tokens are case-folded runs of letters and digits. Source: wire contract 12.4.
METER_EXPORT double similarity(const Value& a, const Value& b);

/// Sorted texts on how the shape of items changed: "Field 'x' added", "Field 'x' type changed: string -> number".
/// Both are structural_signature() values; a malformed one has no fields. Source: wire contract 12.2.
METER_EXPORT std::vector<std::string> structural_changes(const Value& baseline, const Value& newer);

/// What a comparison of two jobs says. Source: wire contract 11.7.
struct Comparison {
    std::string job_id;        ///< the newer
    std::string other_job_id;  ///< the baseline
    bool content_hash_match = false;
    bool structural_match = false;
    double semantic_similarity = 0.0;
    std::int64_t item_count_diff = 0;  ///< newer minus baseline
    std::vector<std::string> changes;
    std::vector<std::string> structural_changes;

    bool operator==(const Comparison&) const = default;
};

/// One side of a comparison.
struct ComparedJob {
    std::string job_id = {};
    std::vector<Value> items = {};
    std::string content_hash = {};  ///< as stored; empty: that of the items
};

/// Rules reach `changes` only: hashes, similarity and structure stay those of the full items.
METER_EXPORT Comparison compare(const ComparedJob& baseline, const ComparedJob& newer, const ChangeRules& rules = {});

/// The wire form.
METER_EXPORT std::string to_json(const Comparison& comparison);

/// One line of a schedule's changelog: a job with changes. Source: wire contract 14.2.
struct ChangelogEntry {
    std::string job_id;
    std::string url;
    TimePoint completed_at{};
    std::int64_t item_count = 0;  ///< of the job
    std::vector<Value> new_items;
    std::vector<Value> removed_items;
    std::vector<ModifiedItem> modified_items;
    bool order_changed = false;

    bool operator==(const ChangelogEntry&) const = default;
};

/// The wire form; the counts are the lengths of the lists. Without `include_items` the three lists are left out.
METER_EXPORT std::string to_json(const ChangelogEntry& entry, bool include_items = true);

}  // namespace meter
