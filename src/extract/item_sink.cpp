#include "extract/item_sink.hpp"

#include <algorithm>
#include <utility>

namespace meter::detail {
namespace {

constexpr std::size_t sink_max_warnings = 300;  // 200 fields and some scripts

std::size_t scalar_size(const Value& value) noexcept {
    if (const auto* text = value.if_string()) return text->size() + 2;
    return value.is_number() ? 8 : 4;
}

}  // namespace

Error too_many_results() {
    return {ErrorCode::too_large, "Extraction failed: too many results"};
}

std::size_t value_size(const Value& value, std::size_t cap) {
    std::size_t size = 0;
    std::vector<const Value*> open{&value};
    while (!open.empty() && size <= cap) {
        const Value* current = open.back();
        open.pop_back();
        if (const auto* array = current->if_array()) {
            size += 2 + array->size();
            if (size > cap) break;
            for (const Value& member : *array) open.push_back(&member);
        } else if (const auto* object = current->if_object()) {
            size += 2;
            for (const auto& [key, member] : *object) {
                size += key.size() + 4;
                open.push_back(&member);
            }
        } else {
            size += scalar_size(*current);
        }
    }
    return size;
}

bool is_nothing(const Value& value) noexcept {
    return value.is_null() || (value.if_array() != nullptr && value.if_array()->empty());
}

Result<void> ItemSink::count(const Value& item) {
    if (items_.size() >= limits_.max_items) return too_many_results();
    const std::size_t size = value_size(item, room()) + 1;
    if (size > room()) return too_many_results();
    bytes_ += size;
    return {};
}

Result<void> ItemSink::add_fields(std::vector<Value> values, bool drop_empty) {
    if (drop_empty && std::all_of(values.begin(), values.end(), is_nothing)) return {};
    Object item;
    item.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!is_nothing(values[i])) filled_[i] = true;
        item.append(names_[i], std::move(values[i]));
    }
    return add(std::move(item));
}

Result<void> ItemSink::add(Value item) {
    auto counted = count(item);
    if (!counted) return counted;
    items_.push_back(std::move(item));
    return {};
}

void ItemSink::warn(std::string sentence) {
    if (warnings_.size() < sink_max_warnings) warnings_.push_back(std::move(sentence));
}

Extraction ItemSink::finish() && {
    if (!items_.empty())
        for (std::size_t i = 0; i < names_.size(); ++i)
            if (!filled_[i]) warn("Field '" + names_[i] + "' was not found in any item.");
    return {std::move(items_), std::move(warnings_)};
}

}  // namespace meter::detail
