// What changed between two lists of items (wire contract 12.5 to 12.7).
#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "change/pairing.hpp"
#include "change/rules.hpp"
#include "meter/change.hpp"

namespace meter {
namespace {

using detail::ComparedSide;
using detail::no_partner;

/// The verdict: nothing but noise differs, item by item.
bool diff_is_equal(const ChangeRules::Impl& rules, const ComparedSide& older, const ComparedSide& newer) {
    if (older.size() != newer.size()) return false;
    for (std::size_t i = 0; i < older.size(); ++i)
        if (!equal_within_rules(rules, older, i, newer, i)) return false;
    return true;
}

std::vector<const Object::Member*> diff_sorted(const Value& item) {
    std::vector<const Object::Member*> members;
    if (const Object* object = item.if_object())
        for (const Object::Member& member : *object) members.push_back(&member);
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    return members;
}

struct FieldDifference {
    std::string_view name;
    bool in_old = false, in_new = false;
};

/// Names of the top-level fields in which two items differ, sorted; nested values compare whole.
std::vector<FieldDifference> diff_fields(const Value& older, const Value& newer) {
    std::vector<FieldDifference> fields;
    const auto olds = diff_sorted(older), news = diff_sorted(newer);
    for (std::size_t i = 0, j = 0; i < olds.size() || j < news.size();) {
        const int way = i == olds.size() ? 1 : j == news.size() ? -1 : olds[i]->first.compare(news[j]->first);
        if (way != 0)
            fields.push_back({way < 0 ? olds[i]->first : news[j]->first, way<0, way> 0});
        else if (canonical_json(olds[i]->second) != canonical_json(news[j]->second))
            fields.push_back({olds[i]->first, true, true});
        if (way <= 0) ++i;
        if (way >= 0) ++j;
    }
    return fields;
}

/// Does any item of a side have a field? Asked of few fields, after one look at all.
class FieldNames {
public:
    explicit FieldNames(const ComparedSide& side) : side_(side) {}

    bool has(std::string_view name) {
        if (!collected_) collect();
        return std::binary_search(names_.begin(), names_.end(), name);
    }

private:
    void collect() {
        collected_ = true;
        for (std::size_t i = 0; i < side_.size(); ++i)
            if (const Object* object = side_.seen(i).if_object())
                for (const Object::Member& member : *object) names_.push_back(member.first);
        std::sort(names_.begin(), names_.end());
        names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
    }

    const ComparedSide& side_;
    bool collected_ = false;
    std::vector<std::string_view> names_;
};

std::string diff_items(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " item" : " items");
}

class DiffBuilder {
public:
    DiffBuilder(const ChangeRules::Impl& rules, const ComparedSide& older, const ComparedSide& newer)
        : rules_(rules), older_(older), newer_(newer), partner_(pair_items(older, newer)) {}

    ChangeSet build() {
        set_.changed = true;
        std::vector<bool> continued(older_.size()), unchanged(older_.size());
        for (std::size_t i = 0; i < newer_.size(); ++i) {
            const std::size_t old = partner_[i];
            if (old != no_partner) continued[old] = true;
            if (old != no_partner && !add_if_modified(old, i))
                unchanged[old] = true;
            else
                set_.new_items.push_back(newer_.items[i]);
            if (old == no_partner) ++added_;
        }
        for (std::size_t i = 0; i < older_.size(); ++i) {
            if (!continued[i]) ++removed_;
            if (!unchanged[i]) set_.removed_items.push_back(older_.items[i]);
        }
        // Something differs, or this would not be asked: if no item does, their order does.
        set_.order_changed = set_.new_items.empty() && set_.removed_items.empty();
        write_texts();
        return std::move(set_);
    }

private:
    bool add_if_modified(std::size_t old, std::size_t now) {
        if (older_.digests[old] == newer_.digests[now]) return false;
        Value aligned;
        const Value* newer = &newer_.seen(now);
        if (!rules_.tolerances.empty()) {
            aligned = *newer;
            detail::align_within_tolerance(rules_, older_.seen(old), aligned);
            newer = &aligned;
        }
        const auto fields = diff_fields(older_.seen(old), *newer);
        if (fields.empty()) return false;
        ModifiedItem modified;
        modified.item = newer_.items[now];
        const auto olds = diff_sorted(older_.items[old]), news = diff_sorted(newer_.items[now]);
        for (const FieldDifference& field : fields) {
            modified.fields.push_back({std::string(field.name), value_of(olds, field.name, field.in_old),
                                       value_of(news, field.name, field.in_new)});
            FieldCount& count = counts_[std::string(field.name)];
            ++count.pairs;
            count.came = count.came || !field.in_old;
            count.went = count.went || !field.in_new;
        }
        set_.modified_items.push_back(std::move(modified));
        return true;
    }

    static Value value_of(const std::vector<const Object::Member*>& sorted, std::string_view name, bool present) {
        if (!present) return {};
        const auto found =
            std::lower_bound(sorted.begin(), sorted.end(), name,
                             [](const auto* member, std::string_view key) { return member->first < key; });
        return found != sorted.end() && (*found)->first == name ? (*found)->second : Value{};
    }

    void write_texts() {
        auto& texts = set_.texts;
        if (set_.order_changed) {
            texts.emplace_back("Item order changed");
            return;
        }
        if (older_.size() != newer_.size())
            texts.push_back("Item count changed: " + std::to_string(older_.size()) + " -> " +
                            std::to_string(newer_.size()));
        if (added_ > 0) texts.push_back(diff_items(added_) + " added");
        if (removed_ > 0) texts.push_back(diff_items(removed_) + " removed");
        FieldNames old_names(older_), new_names(newer_);
        std::vector<std::string> came, went;
        for (const auto& [name, count] : counts_) {
            const std::string field = "Field '" + name + "' ";
            if (count.came && !old_names.has(name))
                came.push_back(field + "added");
            else if (count.went && !new_names.has(name))
                went.push_back(field + "removed");
            else
                texts.push_back(field + "changed in " + diff_items(count.pairs));
        }
        texts.insert(texts.end(), came.begin(), came.end());
        texts.insert(texts.end(), went.begin(), went.end());
    }

    struct FieldCount {
        std::size_t pairs = 0;
        bool came = false, went = false;  ///< in some pair: absent before, absent now
    };

    const ChangeRules::Impl& rules_;
    const ComparedSide& older_;
    const ComparedSide& newer_;
    const std::vector<std::size_t> partner_;
    std::map<std::string, FieldCount> counts_;
    std::size_t added_ = 0, removed_ = 0;
    ChangeSet set_;
};

Value diff_member(const Value& item, std::string_view name) {
    const Value* value = item.find(name);
    return value == nullptr ? Value{} : *value;
}

/// Level and heading of each section, and how often they came before (as position among equals when paired).
std::vector<std::string> section_keys(const ComparedSide& side) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < side.size(); ++i)
        keys.push_back(
            canonical_json(Value::Array{diff_member(side.items[i], "level"), diff_member(side.items[i], "heading")}));
    return keys;
}

}  // namespace

ChangeSet diff(const std::vector<Value>& baseline, const std::vector<Value>& newer, const ChangeRules& rules) {
    const ComparedSide old_side(baseline, rules.impl()), new_side(newer, rules.impl());
    if (diff_is_equal(rules.impl(), old_side, new_side)) return {};
    return DiffBuilder(rules.impl(), old_side, new_side).build();
}

bool differs(const std::vector<Value>& baseline, const std::vector<Value>& newer, const ChangeRules& rules) {
    if (baseline.size() != newer.size()) return true;
    const ComparedSide old_side(baseline, rules.impl()), new_side(newer, rules.impl());
    return !diff_is_equal(rules.impl(), old_side, new_side);
}

Value section_delta(const std::vector<Value>& baseline, const std::vector<Value>& newer, const ChangeRules& rules) {
    const ComparedSide old_side(baseline, rules.impl()), new_side(newer, rules.impl());
    const auto partner = detail::pair_equal(section_keys(old_side), section_keys(new_side));
    Value::Array added, removed, modified;
    std::vector<bool> continued(baseline.size());
    bool moved = false;
    for (std::size_t i = 0; i < newer.size(); ++i) {
        const std::size_t old = partner[i];
        if (old == no_partner) {
            added.push_back(newer[i]);
            continue;
        }
        continued[old] = true;
        moved = moved || old != i;
        if (equal_within_rules(rules.impl(), old_side, old, new_side, i)) continue;
        modified.emplace_back(Object{{"heading", diff_member(newer[i], "heading")},
                                     {"level", diff_member(newer[i], "level")},
                                     {"old_content", diff_member(baseline[old], "content")},
                                     {"new_content", diff_member(newer[i], "content")}});
    }
    for (std::size_t i = 0; i < baseline.size(); ++i)
        if (!continued[i]) removed.push_back(baseline[i]);
    const bool order_changed = moved && added.empty() && removed.empty() && modified.empty();
    return Object{{"added", std::move(added)},
                  {"removed", std::move(removed)},
                  {"modified", std::move(modified)},
                  {"order_changed", order_changed}};
}

}  // namespace meter
