#include <algorithm>

#include "core/unicode.hpp"
#include "html/css.hpp"
#include "html/text.hpp"

namespace meter::html::detail {
namespace {

using Kind = SimpleSelector::Kind;

constexpr std::uint32_t short_walk = 16;  // siblings looked at before a cache is made

constexpr Tag a_tag = find_tag("a"), area_tag = find_tag("area"), button_tag = find_tag("button"),
              fieldset_tag = find_tag("fieldset"), input_tag = find_tag("input"), legend_tag = find_tag("legend"),
              optgroup_tag = find_tag("optgroup"), option_tag = find_tag("option"), select_tag = find_tag("select"),
              textarea_tag = find_tag("textarea");

bool is_form_control(Tag tag) noexcept {
    return tag == button_tag || tag == input_tag || tag == select_tag || tag == textarea_tag || tag == fieldset_tag ||
           tag == optgroup_tag || tag == option_tag;
}

char css_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_text(std::string_view a, std::string_view b, bool fold) noexcept {
    return fold ? core::ascii_iequals(a, b) : a == b;
}

bool has_token(std::string_view list, std::string_view token, bool fold) noexcept {
    bool found = false;
    for_each_token(list, [&](std::string_view candidate) { found = found || equal_text(candidate, token, fold); });
    return found;
}

bool contains_text(std::string_view text, std::string_view part, bool fold) noexcept {
    if (!fold) return text.find(part) != std::string_view::npos;
    return std::search(text.begin(), text.end(), part.begin(), part.end(),
                       [](char a, char b) { return css_lower(a) == css_lower(b); }) != text.end();
}

bool is_ascii(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
}

}  // namespace

bool CssMatcher::matches_list(const SelectorList& list, std::uint32_t element, std::uint32_t anchor) {
    for (std::uint32_t i = 0; i < list.count; ++i)
        if (match_from(program_.complexes[list.first + i].first, element, anchor) == Outcome::matched) return true;
    return false;
}

// Matches a compound and all that stands on its left. The recursion is as deep as the selector is long.
CssMatcher::Outcome CssMatcher::match_from(std::uint32_t index, std::uint32_t element, std::uint32_t anchor) {
    const Compound& compound = program_.compounds[index];
    if (!spend(1)) return Outcome::fails_everywhere;
    if (!test(compound, element, anchor)) return Outcome::fails_here;
    switch (compound.combinator) {
        case Combinator::none:
            return Outcome::matched;
        case Combinator::descendant:
            for (std::uint32_t up = tree_[element].parent; up != no_element; up = tree_[up].parent) {
                const Outcome outcome = match_from(index + 1, up, anchor);
                if (outcome == Outcome::matched || outcome == Outcome::fails_everywhere) return outcome;
            }
            return Outcome::fails_everywhere;
        case Combinator::child: {
            const std::uint32_t parent = tree_[element].parent;
            if (parent == no_element) return Outcome::fails_everywhere;
            const Outcome outcome = match_from(index + 1, parent, anchor);
            // Its siblings share the parent.
            return outcome == Outcome::fails_here ? Outcome::fails_siblings : outcome;
        }
        case Combinator::next: {
            const std::uint32_t previous = tree_[element].previous;
            return previous == no_element ? Outcome::fails_siblings : match_from(index + 1, previous, anchor);
        }
        case Combinator::subsequent:
            return match_earlier_sibling(index, element, anchor);
    }
    return Outcome::fails_everywhere;
}

CssMatcher::Outcome CssMatcher::match_earlier_sibling(std::uint32_t index, std::uint32_t element,
                                                      std::uint32_t anchor) {
    std::uint32_t sibling = tree_[element].previous;
    for (std::uint32_t i = 0; i < short_walk; ++i, sibling = tree_[sibling].previous) {
        if (sibling == no_element) return Outcome::fails_siblings;
        const Outcome outcome = match_from(index + 1, sibling, anchor);
        if (outcome != Outcome::fails_here) return outcome;
    }
    // Many siblings: find the first of them that matches once for all.
    const std::uint32_t parent = tree_[element].parent;
    if (anchor != scope_ || parent == no_element) {  // inside :has() the answer changes with the anchor
        for (; sibling != no_element; sibling = tree_[sibling].previous) {
            const Outcome outcome = match_from(index + 1, sibling, anchor);
            if (outcome != Outcome::fails_here) return outcome;
        }
        return Outcome::fails_siblings;
    }
    const std::uint64_t key = cache_key(index, parent);
    auto known = first_siblings_.find(key);
    if (known == first_siblings_.end()) {
        std::uint32_t first = first_child(parent);
        for (; first != no_element; first = next_sibling(first)) {
            const Outcome outcome = match_from(index + 1, first, anchor);
            if (outcome == Outcome::matched) break;
            if (outcome != Outcome::fails_everywhere) continue;
            first = no_element;
            break;
        }
        known = first_siblings_.emplace(key, first).first;
    }
    return known->second != no_element && known->second < element ? Outcome::matched : Outcome::fails_siblings;
}

bool CssMatcher::test(const Compound& compound, std::uint32_t element, std::uint32_t anchor) {
    if (compound.anchor) return element == anchor;
    const ElementRecord& record = tree_[element];
    if ((record.bloom & compound.bloom) != compound.bloom) return false;
    if (!compound.any_name) {
        if (record.tag != compound.tag) return false;
        // SVG names keep their capitals ("clipPath").
        if (compound.tag == 0 && !core::ascii_iequals(compound.name, chars(record.node->name))) return false;
    }
    for (std::uint32_t i = 0; i < compound.count; ++i)
        if (!test_simple(program_.simples[compound.first + i], element)) return false;
    return true;
}

bool CssMatcher::test_simple(const SimpleSelector& simple, std::uint32_t element) {
    const ElementRecord& record = tree_[element];
    switch (simple.kind) {
        case Kind::id: {
            const xmlAttr* id = find_attribute(record.node, "id");
            return id != nullptr && value_of(id) == simple.value;
        }
        case Kind::class_name: {
            const xmlAttr* names = find_attribute(record.node, "class");
            return names != nullptr && has_token(value_of(names), simple.value, false);
        }
        case Kind::attribute:
            return test_attribute(simple, record.node);
        case Kind::nth:
            return test_nth(simple, element);
        case Kind::empty:  // Selectors 3, 6.6.5.3: no element and no text of any length
            for (const xmlNode* child = record.node->children; child != nullptr; child = child->next)
                if (child->type == XML_ELEMENT_NODE || is_text(child)) return false;
            return true;
        case Kind::root:
            return record.parent == no_element;
        case Kind::scope:
            return element == scope_;
        case Kind::is:
            return matches_list(program_.lists[simple.list], element, scope_);
        case Kind::negation:
            return !matches_list(program_.lists[simple.list], element, scope_) && !exhausted();
        case Kind::has:
            return test_has(simple, element);
        case Kind::contains:
            return test_contains(simple, element);
        case Kind::lang:
            return test_lang(simple, element);
        case Kind::checked:
            if (record.tag == option_tag) return find_attribute(record.node, "selected") != nullptr;
            if (record.tag == input_tag && find_attribute(record.node, "checked") != nullptr) {
                const xmlAttr* type = find_attribute(record.node, "type");
                return type != nullptr && (core::ascii_iequals(value_of(type), "checkbox") ||
                                           core::ascii_iequals(value_of(type), "radio"));
            }
            return false;
        case Kind::disabled:
            return is_disabled(element);
        case Kind::enabled:
            return is_form_control(record.tag) && !is_disabled(element);
        case Kind::link:
            return (record.tag == a_tag || record.tag == area_tag) && find_attribute(record.node, "href") != nullptr;
        case Kind::never:
            return false;
    }
    return false;
}

bool CssMatcher::test_attribute(const SimpleSelector& simple, const xmlNode* node) const noexcept {
    const xmlAttr* attribute = find_attribute(node, simple.name.c_str());
    if (attribute == nullptr) return false;
    if (simple.op == AttributeOperator::exists) return true;
    const std::string_view value = value_of(attribute);
    const std::string_view wanted = simple.value;
    const bool fold = simple.fold;
    if (simple.op == AttributeOperator::equals) return equal_text(value, wanted, fold);
    if (simple.op == AttributeOperator::dash)
        return equal_text(value.substr(0, wanted.size()), wanted, fold) &&
               (value.size() == wanted.size() || value[wanted.size()] == '-');
    if (wanted.empty() || wanted.size() > value.size()) return false;  // Selectors 3, 6.3.2
    switch (simple.op) {
        case AttributeOperator::includes:
            return has_token(value, wanted, fold);
        case AttributeOperator::prefix:
            return equal_text(value.substr(0, wanted.size()), wanted, fold);
        case AttributeOperator::suffix:
            return equal_text(value.substr(value.size() - wanted.size()), wanted, fold);
        default:
            return contains_text(value, wanted, fold);
    }
}

bool CssMatcher::test_nth(const SimpleSelector& simple, std::uint32_t element) {
    const ElementRecord& record = tree_[element];
    std::int64_t position = 1;
    if (simple.of_type || simple.list != no_element) {
        if (simple.list != no_element && !matches_list(program_.lists[simple.list], element, scope_)) return false;
        const Position counted = position_of(simple, element);
        position = simple.last ? counted.from_end : counted.from_start;
    } else if (record.parent != no_element) {
        position = simple.last ? tree_[record.parent].children - record.position + 1 : record.position;
    }
    const std::int64_t difference = position - simple.b;
    return simple.a == 0 ? difference == 0 : difference % simple.a == 0 && difference / simple.a >= 0;
}

bool CssMatcher::counts_with(const SimpleSelector& nth, std::uint32_t sibling, std::uint32_t element) {
    if (!spend(1)) return false;
    if (nth.list != no_element) return matches_list(program_.lists[nth.list], sibling, scope_);
    // Names are interned per document: unknown ones are the same when their pointers are.
    return tree_[sibling].tag == tree_[element].tag && tree_[sibling].node->name == tree_[element].node->name;
}

// Position of the element among the siblings that count, from the start or (only when nth.last) from the end.
CssMatcher::Position CssMatcher::position_of(const SimpleSelector& nth, std::uint32_t element) {
    const std::uint32_t parent = tree_[element].parent;
    if (parent == no_element) return {1, 1};
    const std::uint32_t siblings = tree_[parent].children;
    if (siblings <= short_walk) {
        Position position{1, 1};
        if (nth.last) {
            for (std::uint32_t s = next_sibling(element); s != no_element; s = next_sibling(s))
                position.from_end += counts_with(nth, s, element) ? 1 : 0;
        } else {
            for (std::uint32_t s = tree_[element].previous; s != no_element; s = tree_[s].previous)
                position.from_start += counts_with(nth, s, element) ? 1 : 0;
        }
        return position;
    }
    std::vector<Position>& table = positions_[cache_key(nth.of_type ? no_element : nth.slot, parent)];
    if (table.empty() && spend(std::int64_t{siblings} * 8)) {  // eight: the table's memory is bounded by the budget too
        table.resize(siblings);
        std::unordered_map<const xmlChar*, std::uint32_t> counts;
        const auto count_of = [&](std::uint32_t s) -> std::uint32_t& {
            return counts[nth.of_type ? tree_[s].node->name : nullptr];
        };
        for (std::uint32_t s = first_child(parent), i = 0; s != no_element; s = next_sibling(s), ++i)
            if (nth.of_type || counts_with(nth, s, element)) table[i].from_start = ++count_of(s);
        for (std::uint32_t s = first_child(parent), i = 0; s != no_element; s = next_sibling(s), ++i)
            table[i].from_end = count_of(s) - table[i].from_start + 1;
    }
    return table.empty() ? Position{} : table[tree_[element].position - 1];
}

bool CssMatcher::test_has(const SimpleSelector& simple, std::uint32_t element) {
    // Nested :has() would look at the same element once for each of its ancestors.
    const std::uint64_t key = cache_key(simple.slot, element);
    if (has_depth_ > 0) {
        if (const auto known = has_results_.find(key); known != has_results_.end()) return known->second;
    }
    ++has_depth_;
    const SelectorList& list = program_.lists[simple.list];
    bool found = false;
    for (std::uint32_t i = 0; i < list.count && !found; ++i)
        found = search_relative(program_.complexes[list.first + i], element);
    --has_depth_;
    if (has_depth_ > 0 && spend(64))  // memory is bounded by the budget too
        has_results_.emplace(key, found);
    return found;
}

bool CssMatcher::search_relative(const ComplexSelector& complex, std::uint32_t element) {
    const Compound& last = program_.compounds[complex.first];
    const ElementRecord& record = tree_[element];
    const bool inside = complex.leading == Combinator::descendant || complex.leading == Combinator::child;
    const bool only_siblings = complex.count == 2 && complex.leading != Combinator::descendant;
    // With one compound before the anchor every candidate stands right to it.
    const auto try_one = [&](std::uint32_t candidate) {
        if (complex.count == 2) return spend(1) && test(last, candidate, element);
        return match_from(complex.first, candidate, element) == Outcome::matched;
    };
    if (only_siblings) {
        std::uint32_t candidate = inside ? first_child(element) : next_sibling(element);
        for (; candidate != no_element && !exhausted(); candidate = next_sibling(candidate)) {
            if (try_one(candidate)) return true;
            if (complex.leading == Combinator::next) return false;
        }
        return false;
    }
    const std::uint32_t start = inside ? element + 1 : record.end;
    const std::uint32_t end = inside || record.parent == no_element ? record.end : tree_[record.parent].end;
    for (std::uint32_t candidate = start; candidate < end && !exhausted(); ++candidate)
        if (try_one(candidate)) return true;
    return false;
}

bool CssMatcher::test_contains(const SimpleSelector& simple, std::uint32_t element) {
    if (simple.value.empty()) return true;
    // What an element does not contain its descendants do not either, unless they are left out of its text.
    const auto known = contains_failures_.find(simple.slot);
    if (known != contains_failures_.end() && element > known->second.start && element < known->second.end) {
        bool left_out = false;
        for (std::uint32_t up = tree_[element].parent; up != no_element && up >= known->second.start && !left_out;
             up = tree_[up].parent)
            left_out = tag_has(tree_[up].tag, tag_skipped);
        if (!left_out) return false;
    }
    text_.clear();
    if (!spend(static_cast<std::int64_t>(append_text(tree_[element].node, text_)))) return false;
    if (is_ascii(text_))
        std::transform(text_.begin(), text_.end(), text_.begin(), css_lower);
    else
        text_ = core::fold_case(text_);
    if (text_.find(simple.value) != std::string::npos) return true;
    contains_failures_[simple.slot] = {element, tree_[element].end};
    return false;
}

bool CssMatcher::test_lang(const SimpleSelector& simple, std::uint32_t element) const noexcept {
    for (std::uint32_t up = element; up != no_element; up = tree_[up].parent) {
        const xmlAttr* lang = find_attribute(tree_[up].node, "lang");
        if (lang == nullptr) lang = find_attribute(tree_[up].node, "xml:lang");
        if (lang == nullptr) continue;
        const std::string_view value = value_of(lang);
        std::string_view ranges = simple.value;  // ",en,de,"
        for (ranges.remove_prefix(1); !ranges.empty();) {
            const std::string_view range = ranges.substr(0, ranges.find(','));
            if (!range.empty() && core::ascii_iequals(value.substr(0, range.size()), range) &&
                (value.size() == range.size() || value[range.size()] == '-'))
                return true;
            ranges.remove_prefix(range.size() + 1);
        }
        return false;
    }
    return false;
}

// HTML standard 4.16.3 and 4.10.18.5: fieldsets disable what is not in their first legend.
bool CssMatcher::is_disabled(std::uint32_t element) const noexcept {
    const Tag tag = tree_[element].tag;
    if (!is_form_control(tag)) return false;
    if (find_attribute(tree_[element].node, "disabled") != nullptr) return true;
    if (tag == option_tag) {
        const std::uint32_t parent = tree_[element].parent;
        return parent != no_element && tree_[parent].tag == optgroup_tag &&
               find_attribute(tree_[parent].node, "disabled") != nullptr;
    }
    if (tag == optgroup_tag) return false;
    for (std::uint32_t below = element, up = tree_[element].parent; up != no_element;
         below = up, up = tree_[up].parent) {
        if (tree_[up].tag != fieldset_tag || find_attribute(tree_[up].node, "disabled") == nullptr) continue;
        bool in_first_legend = tree_[below].tag == legend_tag;
        for (std::uint32_t s = tree_[below].previous; s != no_element && in_first_legend; s = tree_[s].previous)
            in_first_legend = tree_[s].tag != legend_tag;
        if (!in_first_legend) return true;
    }
    return false;
}

}  // namespace meter::html::detail
