// Shape of items: structural signature, field counts, and what they say about a run.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/change.hpp"

namespace meter {
namespace {

// A signature is stored and sent with every job: these keep one of hostile items (an object as a dictionary with a
// million keys, a key of a megabyte) small. Paths beyond them are left out, in document order, the same on every run.
constexpr std::size_t structure_max_fields = 10'000;
constexpr std::size_t structure_max_path = 512;

/// JSON types in the sorted order of their names; a bit each.
constexpr std::array<std::string_view, 6> structure_types{"array", "boolean", "null", "number", "object", "string"};

unsigned structure_type_bit(const Value& value) noexcept {
    const std::string_view name = value.type_name();
    for (unsigned i = 0; i < structure_types.size(); ++i)
        if (structure_types[i] == name) return 1u << i;
    return 0;
}

struct StructureField {
    unsigned types = 0;
    std::size_t present = 0;    ///< items that have it with a value that is not null
    std::size_t last_item = 0;  ///< 1-based: `a.b` as a key and as a path count once an item
    std::size_t order = 0;      ///< of first appearance
};

class StructureBuilder {
public:
    void add_item(const Value& item) {
        ++items_;
        expected_ = 0;
        const Object* object = item.if_object();
        if (object == nullptr) return;
        std::vector<Frame> open{{object->begin(), object->end(), 0}};
        std::string path;
        while (!open.empty()) {
            Frame& frame = open.back();
            if (frame.next == frame.end) {
                open.pop_back();
                continue;
            }
            const auto& [key, value] = *frame.next++;
            path.resize(frame.prefix);
            if (path.size() + key.size() + 1 > structure_max_path) continue;
            if (frame.prefix > 0) path.push_back('.');
            path.append(key);
            note(path, value);
            // What is inside arrays does not count: the contract's paths have no step into one.
            if (const Object* nested = value.if_object()) open.push_back({nested->begin(), nested->end(), path.size()});
        }
    }

    Value fields() const {
        Object fields;
        for (const auto& [path, field] : fields_) {
            Value::Array types;
            for (unsigned i = 0; i < structure_types.size(); ++i)
                if ((field.types & (1u << i)) != 0) types.emplace_back(structure_types[i]);
            fields.append(path, Object{{"types", std::move(types)}, {"always", field.present == items_}});
        }
        return fields;
    }

private:
    struct Frame {
        std::vector<Object::Member>::const_iterator next;
        std::vector<Object::Member>::const_iterator end;
        std::size_t prefix;  ///< length of the path of the object
    };

    void note(const std::string& path, const Value& value) {
        // Items mostly have the same fields in the same order.
        auto found = expected_ < in_order_.size() && in_order_[expected_]->first == path ? in_order_[expected_]
                                                                                         : fields_.find(path);
        if (found == fields_.end()) {
            if (fields_.size() == structure_max_fields) return;
            found = fields_.emplace(path, StructureField{.order = in_order_.size()}).first;
            in_order_.push_back(found);
        }
        StructureField& field = found->second;
        expected_ = field.order + 1;
        field.types |= structure_type_bit(value);
        if (value.is_null() || field.last_item == items_) return;
        field.last_item = items_;
        ++field.present;
    }

    std::size_t items_ = 0;
    std::size_t expected_ = 0;  ///< which field is likely to come next
    std::map<std::string, StructureField> fields_;
    std::vector<std::map<std::string, StructureField>::iterator> in_order_;
};

/// Name -> items that have it with a value that is not null, in order of first appearance.
class FieldCounter {
public:
    explicit FieldCounter(const std::vector<Value>& items) {
        for (const Value& item : items) {
            const Object* object = item.if_object();
            if (object == nullptr) continue;
            for (const auto& [name, value] : *object) {
                const auto [at, fresh] = index_.try_emplace(name, counts_.size());
                if (fresh) counts_.emplace_back(name, 0);
                if (!value.is_null()) ++counts_[at->second].second;
            }
        }
    }

    const std::vector<std::pair<std::string_view, std::int64_t>>& counts() const noexcept { return counts_; }
    std::int64_t count(std::string_view name) const {
        const auto found = index_.find(name);
        return found == index_.end() ? 0 : counts_[found->second].second;
    }

private:
    std::map<std::string_view, std::size_t> index_;  // views into the items; ordered, since keys may be made to collide
    std::vector<std::pair<std::string_view, std::int64_t>> counts_;
};

}  // namespace

Value structural_signature(const std::vector<Value>& items) {
    StructureBuilder builder;
    for (const Value& item : items) builder.add_item(item);
    Value fields = builder.fields();
    std::string hash = content_hash(fields);
    return Object{
        {"version", 1}, {"hash", std::move(hash)}, {"item_count", items.size()}, {"fields", std::move(fields)}};
}

Value field_counts(const std::vector<Value>& items) {
    Object counts;
    const FieldCounter counter(items);
    for (const auto& [name, count] : counter.counts()) counts.append(std::string(name), count);
    return counts;
}

Outcome judge(const std::vector<Value>& items, const BaselineShape* baseline) {
    if (baseline == nullptr || baseline->item_count <= 0) return Outcome::ok;
    if (items.empty()) return Outcome::empty;
    const Object* expected = baseline->field_counts.if_object();
    if (items.size() < 3 || expected == nullptr) return Outcome::ok;
    const FieldCounter now(items);
    for (const auto& [name, value] : *expected) {
        const std::int64_t* count = value.if_integer();
        if (count == nullptr || *count <= 0) continue;
        const bool expected_often = *count >= baseline->item_count - *count;
        if (expected_often && now.count(name) == 0) return Outcome::degraded;
    }
    return Outcome::ok;
}

}  // namespace meter
