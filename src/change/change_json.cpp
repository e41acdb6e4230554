// JSON forms of differences: stored, in webhooks, in the changelog, in comparisons.
#include <string>
#include <string_view>
#include <utility>

#include "meter/change.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

Value change_modified_value(const std::vector<ModifiedItem>& items) {
    Value::Array list;
    for (const ModifiedItem& modified : items) {
        Object fields;
        for (const FieldChange& field : modified.fields)
            fields.append(field.name, Object{{"old", field.before}, {"new", field.after}});
        list.emplace_back(Object{{"item", modified.item}, {"fields", std::move(fields)}});
    }
    return list;
}

Value change_texts_value(const std::vector<std::string>& texts) {
    return Value::Array(texts.begin(), texts.end());
}

Error change_malformed(std::string member) {
    return Error{ErrorCode::parse, "A stored change is malformed", std::move(member)};
}

Result<std::vector<Value>> change_read_items(const Value& object, std::string_view name) {
    const Value* list = object.find(name);
    if (list == nullptr || !list->is_array()) return change_malformed(std::string(name));
    return *list->if_array();
}

Result<bool> change_read_bool(const Value& object, std::string_view name) {
    const Value* value = object.find(name);
    if (value == nullptr || !value->is_bool()) return change_malformed(std::string(name));
    return *value->if_bool();
}

Result<ModifiedItem> change_read_modified(const Value& value) {
    const Value *item = value.find("item"), *fields = value.find("fields");
    if (item == nullptr || fields == nullptr || !fields->is_object()) return change_malformed("modified_items");
    ModifiedItem modified{*item, {}};
    for (const auto& [name, pair] : *fields->if_object()) {
        const Value *before = pair.find("old"), *after = pair.find("new");
        if (before == nullptr || after == nullptr) return change_malformed("modified_items");
        modified.fields.push_back({name, *before, *after});
    }
    return modified;
}

}  // namespace

Value to_value(const ChangeSet& changes) {
    return Object{{"changed", changes.changed},
                  {"new_items", changes.new_items},
                  {"removed_items", changes.removed_items},
                  {"modified_items", change_modified_value(changes.modified_items)},
                  {"order_changed", changes.order_changed},
                  {"texts", change_texts_value(changes.texts)}};
}

Result<ChangeSet> parse_change_set(const Value& value) {
    ChangeSet changes;
    auto changed = change_read_bool(value, "changed");
    if (!changed) return changed.error();
    changes.changed = *changed;
    auto new_items = change_read_items(value, "new_items");
    if (!new_items) return new_items.error();
    changes.new_items = std::move(*new_items);
    auto removed_items = change_read_items(value, "removed_items");
    if (!removed_items) return removed_items.error();
    changes.removed_items = std::move(*removed_items);
    const auto modified_items = change_read_items(value, "modified_items");
    if (!modified_items) return modified_items.error();
    for (const Value& entry : *modified_items) {
        auto modified = change_read_modified(entry);
        if (!modified) return modified.error();
        changes.modified_items.push_back(std::move(*modified));
    }
    auto order_changed = change_read_bool(value, "order_changed");
    if (!order_changed) return order_changed.error();
    changes.order_changed = *order_changed;
    const auto texts = change_read_items(value, "texts");
    if (!texts) return texts.error();
    for (const Value& text : *texts) {
        if (!text.is_string()) return change_malformed("texts");
        changes.texts.push_back(*text.if_string());
    }
    return changes;
}

Value change_delta(const ChangeSet& changes) {
    return Object{{"added", changes.new_items},
                  {"removed", changes.removed_items},
                  {"modified", change_modified_value(changes.modified_items)},
                  {"order_changed", changes.order_changed}};
}

std::string to_json(const Comparison& comparison) {
    return to_json(Value(Object{{"job_id", comparison.job_id},
                                {"other_job_id", comparison.other_job_id},
                                {"content_hash_match", comparison.content_hash_match},
                                {"structural_match", comparison.structural_match},
                                {"semantic_similarity", comparison.semantic_similarity},
                                {"item_count_diff", comparison.item_count_diff},
                                {"changes", change_texts_value(comparison.changes)},
                                {"structural_changes", change_texts_value(comparison.structural_changes)}}));
}

std::string to_json(const ChangelogEntry& entry, bool include_items) {
    Object object{{"job_id", entry.job_id},
                  {"url", entry.url},
                  {"completed_at", format_time(entry.completed_at)},
                  {"item_count", entry.item_count},
                  {"new_items_count", entry.new_items.size()},
                  {"removed_items_count", entry.removed_items.size()}};
    if (include_items) {
        object.append("new_items", entry.new_items);
        object.append("removed_items", entry.removed_items);
        object.append("modified_items", change_modified_value(entry.modified_items));
    }
    object.append("order_changed", entry.order_changed);
    return to_json(Value(std::move(object)));
}

}  // namespace meter
