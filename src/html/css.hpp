// A CSS selector list in compiled form, its parser and its matcher.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "html/tree.hpp"
#include "meter/error.hpp"

namespace meter::html::detail {

constexpr std::size_t max_selector_bytes = 2048;
constexpr int max_selector_nesting = 16;  ///< functions inside functions; also bounds the matcher's recursion

/// How a compound stands to the one written on its left.
enum class Combinator : std::uint8_t { none, descendant, child, next, subsequent };

enum class AttributeOperator : std::uint8_t { exists, equals, includes, dash, prefix, suffix, substring };

struct SimpleSelector {
    enum class Kind : std::uint8_t {
        id,
        class_name,
        attribute,
        nth,
        empty,
        root,
        scope,
        is,
        negation,
        has,
        contains,
        lang,
        checked,
        disabled,
        enabled,
        link,
        never
    };
    Kind kind = Kind::never;
    AttributeOperator op = AttributeOperator::exists;
    bool fold = false;                ///< attribute: compare ASCII case-insensitively
    bool last = false;                ///< nth: count from the end
    bool of_type = false;             ///< nth: among siblings of the same name
    std::uint32_t list = no_element;  ///< is, negation, has, nth "of": index into CssProgram::lists
    std::uint32_t slot = 0;           ///< contains, nth, has: number of its cache
    std::int32_t a = 0, b = 0;        ///< nth: an+b
    std::string name;                 ///< attribute: lower-case name
    std::string value;                ///< id, class, attribute value, contains (folded), lang (lower case)
};

struct Compound {
    Combinator combinator = Combinator::none;  ///< to the compound on its left: the next one in CssProgram::compounds
    bool any_name = true;
    bool anchor = false;                 ///< stands for the element a relative selector hangs on
    Tag tag = 0;                         ///< a known element name
    std::string name;                    ///< a name we have no number for, lower case
    std::uint64_t bloom = 0;             ///< bits an element must have: a quick rejection
    std::uint32_t first = 0, count = 0;  ///< range of CssProgram::simples, cheapest first
};

/// Compounds from right to left. One that starts with a combinator ends in an anchor.
struct ComplexSelector {
    std::uint32_t first = 0, count = 0;  ///< range of CssProgram::compounds
    Combinator leading = Combinator::none;
};

struct SelectorList {
    std::uint32_t first = 0, count = 0;  ///< range of CssProgram::complexes
};

struct CssProgram {
    std::vector<SimpleSelector> simples;
    std::vector<Compound> compounds;
    std::vector<ComplexSelector> complexes;
    std::vector<SelectorList> lists;
    SelectorList top;
    std::uint32_t slots = 0;
    bool beyond_scope = false;  ///< an alternative starts with + or ~: it looks at what follows the scope
};

/// Nothing on success; else the error, its message ending in " at position N" (bytes, from 0).
std::optional<Error> parse_css(std::string_view text, CssProgram& program);

/// Matches one program against one document. Cheap to make; used by one thread for one call.
class CssMatcher {
public:
    /// Work allowed for one call: tests of compounds, steps between elements, bytes of text by 16.
    static constexpr std::int64_t step_budget = 50'000'000;

    CssMatcher(const CssProgram& program, const Tree& tree, std::uint32_t scope) noexcept
        : program_(program), tree_(tree), scope_(scope) {}

    bool matches(std::uint32_t element);
    /// Hands the matching records to `use` in document order until it returns false. False when the budget ran out.
    template <class Use>
    bool run(Use&& use);

    bool exhausted() const noexcept { return steps_ < 0; }

private:
    // Why a match failed, so that searches among siblings and ancestors stop early (as in WebKit's SelectorChecker).
    enum class Outcome : std::uint8_t { matched, fails_here, fails_siblings, fails_everywhere };
    struct Position {
        std::uint32_t from_start = 0, from_end = 0;
    };
    struct Failure {  // no descendant of this record contains the text either
        std::uint32_t start = 0, end = 0;
    };

    bool spend(std::int64_t steps) noexcept { return (steps_ -= steps) >= 0; }
    bool matches_list(const SelectorList& list, std::uint32_t element, std::uint32_t anchor);
    Outcome match_from(std::uint32_t compound, std::uint32_t element, std::uint32_t anchor);
    Outcome match_earlier_sibling(std::uint32_t compound, std::uint32_t element, std::uint32_t anchor);
    bool test(const Compound& compound, std::uint32_t element, std::uint32_t anchor);
    bool test_simple(const SimpleSelector& simple, std::uint32_t element);
    bool test_attribute(const SimpleSelector& simple, const xmlNode* node) const noexcept;
    bool test_nth(const SimpleSelector& simple, std::uint32_t element);
    bool counts_with(const SimpleSelector& nth, std::uint32_t sibling, std::uint32_t element);
    Position position_of(const SimpleSelector& nth, std::uint32_t element);
    bool test_has(const SimpleSelector& simple, std::uint32_t element);
    bool search_relative(const ComplexSelector& complex, std::uint32_t element);
    bool test_contains(const SimpleSelector& simple, std::uint32_t element);
    bool test_lang(const SimpleSelector& simple, std::uint32_t element) const noexcept;
    bool is_disabled(std::uint32_t element) const noexcept;

    std::uint32_t first_child(std::uint32_t element) const noexcept {
        return tree_[element].children > 0 ? element + 1 : no_element;
    }
    std::uint32_t next_sibling(std::uint32_t element) const noexcept {
        const ElementRecord& record = tree_[element];
        return record.parent != no_element && record.end < tree_[record.parent].end ? record.end : no_element;
    }
    static std::uint64_t cache_key(std::uint32_t slot, std::uint32_t record) noexcept {
        return std::uint64_t{slot} << 32 | record;
    }

    const CssProgram& program_;
    const Tree& tree_;
    std::uint32_t scope_;
    std::int64_t steps_ = step_budget;
    int has_depth_ = 0;
    // Filled only where a plain walk would be quadratic.
    std::unordered_map<std::uint64_t, std::vector<Position>> positions_;  // (nth, parent) -> one per child
    std::unordered_map<std::uint64_t, std::uint32_t> first_siblings_;     // (compound, parent) -> first that matches
    std::unordered_map<std::uint64_t, bool> has_results_;                 // (has, element), nested :has only
    std::unordered_map<std::uint32_t, Failure> contains_failures_;        // contains -> latest failure
    std::string text_;
};

template <class Use>
bool CssMatcher::run(Use&& use) {
    const ElementRecord& scope = tree_[scope_];
    // The root element stands for the document, of which it is a descendant itself.
    std::uint32_t i = scope.parent == no_element ? scope_ : scope_ + 1;
    std::uint32_t end = scope.end;
    if (program_.beyond_scope && scope.parent != no_element) end = tree_[scope.parent].end;
    if (!spend(std::int64_t{program_.top.count} * (end - i) / 8)) return false;
    for (; i < end; ++i) {
        if (!matches(i)) continue;
        if (exhausted()) return false;
        if (!use(i)) return true;
    }
    return !exhausted();
}

inline bool CssMatcher::matches(std::uint32_t element) {
    const ElementRecord& record = tree_[element];
    const ComplexSelector* complex = &program_.complexes[program_.top.first];
    for (const ComplexSelector* const end = complex + program_.top.count; complex != end; ++complex) {
        const Compound& compound = program_.compounds[complex->first];
        if ((record.bloom & compound.bloom) != compound.bloom) continue;
        if (!compound.any_name && record.tag != compound.tag) continue;
        if (match_from(complex->first, element, scope_) == Outcome::matched) return true;
    }
    return false;
}

}  // namespace meter::html::detail
