// Comparison of two jobs (wire contract 11.7) and of their shapes (12.2).
#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "meter/change.hpp"

namespace meter {
namespace {

struct ShapeField {
    std::string types;  ///< "number|string"
    bool always = false;
};

/// Sorted by path: an object of ten thousand of them is looked up by each.
std::map<std::string_view, ShapeField> shape_fields(const Value& signature) {
    std::map<std::string_view, ShapeField> fields;
    const Value* listed = signature.find("fields");
    if (listed == nullptr || !listed->is_object()) return fields;
    for (const auto& [path, description] : *listed->if_object()) {
        ShapeField& field = fields[path];
        if (const Value* types = description.find("types"); types != nullptr && types->is_array())
            for (const Value& type : *types->if_array())
                if (const std::string* name = type.if_string())
                    field.types.append(field.types.empty() ? "" : "|").append(*name);
        const Value* always = description.find("always");
        field.always = always != nullptr && always->if_bool() != nullptr && *always->if_bool();
    }
    return fields;
}

bool shape_same_hash(const Value& a, const Value& b) {
    const Value *x = a.find("hash"), *y = b.find("hash");
    return x != nullptr && y != nullptr && *x == *y;
}

}  // namespace

std::vector<std::string> structural_changes(const Value& baseline, const Value& newer) {
    std::vector<std::string> texts;
    const auto olds = shape_fields(baseline), news = shape_fields(newer);
    const auto say = [&](std::string_view path, const std::string& what) {
        texts.push_back("Field '" + std::string(path) + "' " + what);
    };
    for (const auto& [path, old] : olds) {
        const auto found = news.find(path);
        if (found == news.end()) {
            say(path, "removed");
            continue;
        }
        const ShapeField& now = found->second;
        if (old.types != now.types) say(path, "type changed: " + old.types + " -> " + now.types);
        if (old.always != now.always) say(path, now.always ? "became required" : "became optional");
    }
    for (const auto& [path, now] : news)
        if (olds.find(path) == olds.end()) say(path, "added");
    std::sort(texts.begin(), texts.end());
    return texts;
}

Comparison compare(const ComparedJob& baseline, const ComparedJob& newer, const ChangeRules& rules) {
    const Value older_items(baseline.items), newer_items(newer.items);
    const auto hash_of = [](const ComparedJob& job, const Value& items) {
        return job.content_hash.empty() ? content_hash(items) : job.content_hash;
    };
    const Value older_shape = structural_signature(baseline.items), newer_shape = structural_signature(newer.items);

    Comparison comparison;
    comparison.job_id = newer.job_id;
    comparison.other_job_id = baseline.job_id;
    comparison.content_hash_match = hash_of(baseline, older_items) == hash_of(newer, newer_items);
    comparison.structural_match = shape_same_hash(older_shape, newer_shape);
    comparison.semantic_similarity = comparison.content_hash_match ? 1.0 : similarity(older_items, newer_items);
    comparison.item_count_diff =
        static_cast<std::int64_t>(newer.items.size()) - static_cast<std::int64_t>(baseline.items.size());
    if (!comparison.content_hash_match) comparison.changes = diff(baseline.items, newer.items, rules).texts;
    if (!comparison.structural_match) comparison.structural_changes = structural_changes(older_shape, newer_shape);
    return comparison;
}

}  // namespace meter
