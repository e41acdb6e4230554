// Where items are collected: counts items, bytes and fields that were ever filled.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "meter/extract.hpp"

namespace meter::detail {

/// "Extraction failed: too many results".
Error too_many_results();

/// About the length of the value's JSON text; stops counting once past `cap`. Iterative.
std::size_t value_size(const Value& value, std::size_t cap);

/// Null or an empty array: what a field is when nothing was found.
bool is_nothing(const Value& value) noexcept;

/// Collects the items of one extraction within its limits.
class ItemSink {
public:
    /// `plan_limit`: the plan's own limit, at which the extraction stops without an error.
    ItemSink(const ExtractLimits& limits, std::size_t plan_limit, std::vector<std::string> field_names)
        : limits_(limits), plan_limit_(plan_limit), names_(std::move(field_names)), filled_(names_.size(), false) {}

    /// No further items are wanted.
    bool full() const noexcept { return items_.size() >= plan_limit_; }

    /// Bytes that the item being built may still take.
    std::size_t room() const noexcept { return limits_.max_result_bytes - bytes_; }

    /// Adds an item built of values in the order of the field names. All of them null or []: dropped, when
    /// `drop_empty`. Errors: too_large.
    Result<void> add_fields(std::vector<Value> values, bool drop_empty);
    /// Adds an item as it is. Errors: too_large.
    Result<void> add(Value item);

    void warn(std::string sentence);

    /// The items, and a warning for each field that none of them has.
    Extraction finish() &&;

private:
    Result<void> count(const Value& item);

    ExtractLimits limits_;
    std::size_t plan_limit_;
    std::vector<std::string> names_;
    std::vector<bool> filled_;
    std::vector<Value> items_;
    std::vector<std::string> warnings_;
    std::size_t bytes_ = 0;
};

}  // namespace meter::detail
