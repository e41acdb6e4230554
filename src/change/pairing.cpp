#include "change/pairing.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

// Everything is found by sorting, not hashing: texts come from outside and could be made to collide.
namespace meter::detail {
namespace {

constexpr std::array<std::string_view, 7> identity_first{"id", "url", "link", "href", "sku", "key", "slug"};
constexpr std::array<std::string_view, 3> identity_last{"heading", "name", "title"};

using Indices = std::vector<std::size_t>;

/// Members of an item, sorted by name: looked up often, and an item may be an object with a million of them.
class SortedMembers {
public:
    explicit SortedMembers(const Value& item) {
        if (const Object* object = item.if_object())
            for (const Object::Member& member : *object) members_.push_back(&member);
        std::sort(members_.begin(), members_.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    }

    /// The value, or null pointer when there is none or it is null.
    const Value* find(std::string_view name) const noexcept {
        const auto found =
            std::lower_bound(members_.begin(), members_.end(), name,
                             [](const auto* member, std::string_view key) { return member->first < key; });
        if (found == members_.end() || (*found)->first != name || (*found)->second.is_null()) return nullptr;
        return &(*found)->second;
    }

    std::vector<std::string_view> names_ending(std::string_view suffix) const {
        std::vector<std::string_view> names;
        for (const auto* member : members_)
            if (member->first.ends_with(suffix)) names.push_back(member->first);
        return names;
    }

private:
    std::vector<const Object::Member*> members_;
};

bool all_different(std::vector<std::string> texts) {
    std::sort(texts.begin(), texts.end());
    return std::adjacent_find(texts.begin(), texts.end()) == texts.end();
}

/// Canonical values of a field; nullopt when an item lacks it or two have the same.
std::optional<std::vector<std::string>> identities(const std::vector<SortedMembers>& items, std::string_view field) {
    std::vector<const Value*> values;
    for (const SortedMembers& item : items) {
        values.push_back(item.find(field));
        if (values.back() == nullptr) return std::nullopt;
    }
    std::vector<std::string> texts;
    for (const Value* value : values) texts.push_back(canonical_json(*value));
    if (!all_different(texts)) return std::nullopt;
    return texts;
}

/// The items of both sides that have no equal on the other.
class RestPairing {
public:
    RestPairing(const ComparedSide& older, const ComparedSide& newer, Indices& partner)
        : older_(older), newer_(newer), partner_(partner) {
        std::vector<bool> taken(older.size());
        for (const std::size_t at : partner)
            if (at != no_partner) taken[at] = true;
        // Only objects have fields that could continue others; anything else is removed and added.
        for (std::size_t i = 0; i < older.size(); ++i)
            if (!taken[i] && older.seen(i).is_object()) old_rest_.push_back(i);
        for (std::size_t i = 0; i < newer.size(); ++i)
            if (partner[i] == no_partner && newer.seen(i).is_object()) new_rest_.push_back(i);
    }

    void pair() {
        if (old_rest_.empty() || new_rest_.empty()) return;
        if (by_key() || by_identity()) return;
        for (std::size_t i = 0; i < std::min(old_rest_.size(), new_rest_.size()); ++i)
            partner_[new_rest_[i]] = old_rest_[i];
    }

private:
    static std::optional<std::vector<std::string>> keys_of(const ComparedSide& side, const Indices& rest) {
        std::vector<std::string> texts;
        for (const std::size_t at : rest) {
            if (side.keys[at].empty()) return std::nullopt;
            texts.push_back(side.keys[at]);
        }
        if (!all_different(texts)) return std::nullopt;
        return texts;
    }

    bool by_key() {
        if (older_.keys.empty() || newer_.keys.empty()) return false;
        const auto olds = keys_of(older_, old_rest_);
        if (!olds) return false;
        const auto news = keys_of(newer_, new_rest_);
        if (!news) return false;
        match(*olds, *news);
        return true;
    }

    bool by_identity() {
        std::vector<SortedMembers> olds, news;
        for (const std::size_t at : old_rest_) olds.emplace_back(older_.seen(at));
        for (const std::size_t at : new_rest_) news.emplace_back(newer_.seen(at));
        std::vector<std::string_view> fields(identity_first.begin(), identity_first.end());
        for (const std::string_view suffix : {std::string_view("_id"), std::string_view("_url")}) {
            const auto names = olds.front().names_ending(suffix);
            fields.insert(fields.end(), names.begin(), names.end());
        }
        fields.insert(fields.end(), identity_last.begin(), identity_last.end());
        for (const std::string_view field : fields) {
            const auto of_old = identities(olds, field);
            if (!of_old) continue;
            const auto of_new = identities(news, field);
            if (!of_new) continue;
            match(*of_old, *of_new);
            return true;
        }
        return false;
    }

    void match(const std::vector<std::string>& olds, const std::vector<std::string>& news) {
        const Indices partner = pair_equal(olds, news);
        for (std::size_t i = 0; i < partner.size(); ++i)
            if (partner[i] != no_partner) partner_[new_rest_[i]] = old_rest_[partner[i]];
    }

    const ComparedSide& older_;
    const ComparedSide& newer_;
    Indices& partner_;
    Indices old_rest_, new_rest_;
};

Indices sorted_indices(const std::vector<std::string>& texts) {
    Indices order(texts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const int way = texts[a].compare(texts[b]);
        return way != 0 ? way < 0 : a < b;
    });
    return order;
}

}  // namespace

ComparedSide::ComparedSide(const std::vector<Value>& given, const ChangeRules::Impl& rules) : items(given) {
    const bool keyed = !rules.key_fields.empty();
    digests.reserve(items.size());
    if (keyed) keys.resize(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (!keyed && !rules.changes_items()) {
            digests.push_back(content_hash(items[i]));
            continue;
        }
        clean.push_back(without_noise(rules, items[i], keyed ? &keys[i] : nullptr));
        digests.push_back(content_hash(clean.back()));
    }
}

std::vector<std::size_t> pair_equal(const std::vector<std::string>& older, const std::vector<std::string>& newer) {
    Indices partner(newer.size(), no_partner);
    const Indices olds = sorted_indices(older), news = sorted_indices(newer);
    for (std::size_t i = 0, j = 0; i < olds.size() && j < news.size();) {
        const int way = older[olds[i]].compare(newer[news[j]]);
        if (way == 0) partner[news[j]] = olds[i];
        if (way <= 0) ++i;
        if (way >= 0) ++j;
    }
    return partner;
}

std::vector<std::size_t> pair_items(const ComparedSide& older, const ComparedSide& newer) {
    Indices partner = pair_equal(older.digests, newer.digests);
    RestPairing(older, newer, partner).pair();
    return partner;
}

bool equal_within_rules(const ChangeRules::Impl& rules, const ComparedSide& older, std::size_t a,
                        const ComparedSide& newer, std::size_t b) {
    if (older.digests[a] == newer.digests[b]) return true;
    if (rules.tolerances.empty()) return false;
    Value aligned = newer.seen(b);
    align_within_tolerance(rules, older.seen(a), aligned);
    return content_hash(aligned) == older.digests[a];
}

}  // namespace meter::detail
