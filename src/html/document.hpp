// HTML documents: parsed once, read through light views. libxml2's types stay behind this header.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "meter/result.hpp"

// libxml2's node: named here so that views are one pointer wide, defined only in src/html/*.cpp.
struct _xmlNode;

namespace meter::html {

/// A view of an element; valid while its Document lives. Cheap to copy. Comparable by identity.
class Element {
public:
    Element() = default;
    explicit Element(const _xmlNode* node) noexcept : node_(node) {}
    explicit operator bool() const noexcept { return node_ != nullptr; }
    bool operator==(const Element&) const = default;

    std::string_view name() const noexcept;  ///< lower case, but for SVG names like "foreignObject"
    bool is_html() const noexcept;           ///< neither SVG nor MathML
    /// The attribute's value; nullopt when absent. HTML names are lower case.
    std::optional<std::string_view> attribute(std::string_view name) const noexcept;
    bool has_attribute(std::string_view name) const noexcept { return attribute(name).has_value(); }

    Element parent() const noexcept;        ///< false at the root
    Element first_child() const noexcept;   ///< first child element
    Element next_sibling() const noexcept;  ///< next sibling element
    Element previous_sibling() const noexcept;
    /// Next element in document order, not leaving `root`; false at the end.
    Element next_in(Element root) const noexcept;

    /// Text of the element and its descendants as a reader sees it: script, style, template and noscript content left
    /// out, block boundaries and <br> become one space, runs of Unicode white space become one space, trimmed.
    /// (Wire contract 8.5.)
    std::string text() const;
    /// Text content as it is, scripts included: for reading embedded JSON.
    std::string raw_text() const;
    /// HTML standard 13.3 (fragment serialisation), comments included.
    std::string inner_html() const;

    const _xmlNode* node() const noexcept { return node_; }  ///< for src/html only

private:
    const _xmlNode* node_ = nullptr;
};

/// A piece of text or the boundary of an element, for walks that need the order of both (content sections).
struct Node {
    enum class Kind { element, text } kind = Kind::element;
    Element element;        ///< the element, or the parent of the text
    std::string_view text;  ///< kind text only
};

/// Bounds on what walks over a page cost.
struct Extent {
    std::size_t nodes = 0;  ///< elements and texts, at most
    std::size_t depth = 0;  ///< elements inside one another
};

/// Which parser makes the tree.
enum class ParserKind {
    html5,    ///< ours: the tree that browsers have
    libxml2,  ///< libxml2's HTML parser, for comparison; no fragments, no templates, nothing of what HTML 5 says
};

struct ParseOptions {
    std::string_view content_type = {};          ///< Content-Type header; its charset counts after a BOM
    std::size_t max_bytes = 32u << 20;           ///< larger input is too_large
    std::size_t max_attributes_per_tag = 1'000;  ///< more are dropped
    /// More is too_large; two attributes count as one. So are more than 50,000 copies of formatting elements (an open
    /// <b> in each paragraph that follows) on a page with less than four times as many nodes of its own.
    std::size_t max_nodes = 1'000'000;
    ParserKind parser = ParserKind::html5;
    std::stop_token stop = {};  ///< asked every 32 KiB: cancelled
    /// Looked at every 32 KiB: timeout. By default there is none.
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

/// A parsed page. Movable, not copyable. Threads: const calls from any thread.
class Document {
public:
    /// Never fails on malformed HTML. The charset is decided here, once: BOM, HTTP header, <meta>, then UTF-8 when the
    /// bytes are valid UTF-8, else windows-1252. For input that arrives piece by piece see Parser.
    /// The tree is that of the HTML standard (13.2), scripting off: every page has html, head and body. The content of
    /// a template is not in it (text, selectors, views), only inner_html() writes it.
    /// Errors: too_large "Page too large", cancelled, timeout, parse (out of memory).
    static Result<Document> parse(std::string_view bytes, const ParseOptions& options = {});

    /// Markup without a page around it, as innerHTML of an element named `context` is read (HTML standard 13.4): HTML
    /// in JSON and feeds. `text` is UTF-8. The root is an html element that holds what was parsed; body() is the same.
    static Result<Document> parse_fragment(std::string_view text, std::string_view context = "div",
                                           const ParseOptions& options = {});

    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;
    ~Document();

    Element root() const noexcept;               ///< the html element; libxml2's parser may find none
    Element body() const noexcept;               ///< false when there is none: a frameset
    std::string title() const;                   ///< text of the first HTML <title>, white space collapsed
    std::string_view encoding() const noexcept;  ///< "UTF-8", "windows-1252", ...
    /// The URL links are relative to: <base href> resolved against `page_url`, or `page_url`.
    std::string base_url(std::string_view page_url) const;
    /// True when elements were nested deeper than 512 (256 by libxml2's parser): they became siblings at that depth,
    /// with their text.
    bool depth_capped() const noexcept;
    /// Cost: one look at each element, none at texts.
    Extent extent() const noexcept;

private:
    friend class Parser;
    struct Impl;
    explicit Document(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Calls `visit(Node, entering)` for every element and text below `root` in document order: elements twice (entering
/// true, then false after their children), texts once (entering true). When a call on entering returns false the
/// element's children and its leaving call are skipped. Iterative: depth costs no stack.
void walk(Element root, bool (*visit)(void* context, const Node& node, bool entering), void* context);

/// Is the element one that starts a new line when rendered by default (div, p, li, h1, tr, ...)?
bool is_block(std::string_view name) noexcept;

}  // namespace meter::html
