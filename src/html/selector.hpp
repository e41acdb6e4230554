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
    /// CSS: Selectors 3 plus :is, :where, :not and :has with lists, all :nth-* (with "of S" for -child), :scope, :root,
    /// :empty, :lang, :link, :checked, :enabled, :disabled, :contains("text") (case-insensitive, on normalised text),
    /// attribute flags i and s, escapes. "*|a" is any namespace; "|a" is none and so finds nothing in HTML. Classes and
    /// ids are case-sensitive; so are attribute values but for those the HTML standard names (4.16.2). Lists are not
    /// forgiving. What a fetched page has nothing of is read and finds nothing: pseudo-elements at the end of a
    /// selector, :hover, :focus, :active, :visited, :target and the like. Form validation (:valid) is unknown. A
    /// selector may start with a combinator ("> a"): it is then relative to the scope. "xpath:" starts XPath 1.0
    /// without variables, namespace prefixes and functions beyond the core library.
    /// At most 2048 bytes; CSS functions nest 16 deep, XPath brackets 64.
    /// Errors: invalid_argument; the message names what is wrong and the byte position from 0 ("Unknown pseudo-class
    /// :foo at position 3"), `subject` is the selector.
    static Result<Selector> parse(std::string_view text);

    /// Does this element match (CSS only; false for XPath)? `scope` is what :scope and leading combinators mean.
    bool matches(Element element, Element scope = {}) const;

    /// Descendants of `scope` that match, in document order, at most `limit`. Ancestors outside the scope count for CSS
    /// combinators, as with querySelectorAll. The root element stands for the document: it can be found itself. With a
    /// leading "+" or "~" what follows the scope inside its parent is searched too: records spread over sibling rows.
    /// For XPath `scope` is the context node; elements become Match::element, attributes, text nodes, strings, numbers
    /// and booleans Match::text; comments and the document node are left out.
    /// Errors: too_large "Selector needs too many steps": more than 50 million for CSS, a million operations for XPath;
    /// invalid_argument when an XPath expression turns out to be ill-typed.
    Result<std::vector<Match>> all(Element scope, std::size_t limit = SIZE_MAX) const;
    /// The first of all().
    Result<std::optional<Match>> first(Element scope) const;

    bool is_xpath() const noexcept;

private:
    friend class SelectorSet;
    struct Impl;
    std::shared_ptr<const Impl> impl_;
};

/// Several selectors run over one subtree: what reading all fields of an item costs.
class SelectorSet {
public:
    /// Adds a selector; returns its index. With `first_only` a selector is not tried again after its first match.
    std::size_t add(const Selector& selector, bool first_only);

    /// Matches below `scope` for each selector by index, as all() finds them. Errors: those of all(), of the first that
    /// fails.
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
