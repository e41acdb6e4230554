// Selectors: CSS matched directly on the tree, XPath 1.0 after "xpath:".
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "html/document.hpp"
#include "meter/result.hpp"

namespace meter::html {

/// What a selector found: an element, or (XPath only) an attribute's value or a string.
struct Match {
    Element element;                  ///< false for an XPath string
    std::optional<std::string> text;  ///< set for XPath attributes and strings
};

/// A parsed selector. Cheap to copy; const calls need no lock.
class Selector {
public:
    /// CSS: Selectors 3 plus :is, :where, :not and :has with lists, all :nth-* (with "of S" for nth-child), :scope,
    /// :root, :empty, :contains("text") (case-insensitive, on normalised text), attribute flags i and s, escapes.
    /// A selector may start with a combinator ("> a"): it is then relative to the scope. "xpath:" starts XPath 1.0.
    /// At most 2048 bytes.
    /// Errors: invalid_argument; the message names what is wrong and the byte position ("Unknown pseudo-class :foo at
    /// position 3"), `subject` is the selector.
    static Result<Selector> parse(std::string_view text);

    /// Does this element match (CSS only; false for XPath)? `scope` is what :scope and leading combinators mean.
    bool matches(Element element, Element scope = {}) const;

    /// Descendants of `scope` that match, in document order, at most `limit`. Ancestors outside the scope count for
    /// CSS combinators, as with querySelectorAll. For XPath `scope` is the context node.
    /// Errors: too_large when XPath needs more than a million operations, or its result is no node set or string.
    Result<std::vector<Match>> all(Element scope, std::size_t limit = SIZE_MAX) const;
    /// The first of all().
    Result<std::optional<Match>> first(Element scope) const;

    bool is_xpath() const noexcept;

private:
    friend class SelectorSet;
    struct Impl;
    std::shared_ptr<const Impl> impl_;
};

/// Several CSS selectors run in one walk over a subtree: what reading all fields of an item costs.
class SelectorSet {
public:
    /// Adds a selector; returns its index. With `first_only` a selector is not tried again after its first match.
    std::size_t add(const Selector& selector, bool first_only);

    /// Matches below `scope` for each selector by index, in document order. XPath selectors run on their own.
    /// `found` is cleared and refilled: pass the same vector again to spare allocations.
    Result<void> run(Element scope, std::vector<std::vector<Match>>& found) const;

private:
    struct Entry {
        Selector selector;
        bool first_only;
    };
    std::vector<Entry> entries_;
};

}  // namespace meter::html
