// A page flattened for induction: one compact record per element in document order, the text of every element a piece
// of one buffer. Everything the generator looks at comes from here; it never walks the tree again.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "html/document.hpp"
#include "html/tags.hpp"

namespace meter::generate {

constexpr std::uint32_t no_node = 0xffffffffu;

/// What a class name is worth in a selector.
enum class ClassKind : std::uint8_t {
    semantic,   ///< says what the element is: "price", "product-title"
    state,      ///< says how it is shown now: "odd", "active", "first"
    numbered,   ///< ends in a number or holds two digits: "post-123"
    generated,  ///< made by a tool: "css-1x2y3z", "sc-bdVaJa", "md:flex", "mt-4"
};

ClassKind class_kind(std::string_view name);

/// Strings by number, in the order they were first seen.
class Names {
public:
    std::uint32_t id(std::string_view text);
    std::uint32_t find(std::string_view text) const;  ///< no_node when unknown
    std::string_view text(std::uint32_t id) const { return texts_[id]; }
    std::size_t size() const { return texts_.size(); }

private:
    std::deque<std::string> texts_;
    std::unordered_map<std::string_view, std::uint32_t> ids_;
};

struct PageNode {
    html::Element element;
    std::uint32_t parent = no_node;
    std::uint32_t end = 0;  ///< one past the last descendant
    std::uint32_t text_begin = 0, text_end = 0;
    std::uint32_t first_piece = no_node;  ///< texts directly inside, see PageIndex::pieces
    std::uint32_t class_begin = 0;
    std::uint32_t images = 0;         ///< img elements before this one, itself not counted
    std::uint32_t position = 1;       ///< among the element children of its parent, from 1, all elements counted
    std::uint32_t type_position = 1;  ///< the same among those of its name
    std::uint16_t class_count = 0;
    std::uint16_t depth = 0;
    html::detail::Tag tag = 0;
    std::uint8_t zone = 0;    ///< how many of it and its ancestors are navigation, footers, widgets; at most 255
    bool inline_only = true;  ///< nothing but inline elements, images and breaks inside
    bool prose = true;        ///< nothing but paragraphs, lists and inline elements inside
};

struct TextPiece {
    std::uint32_t begin = 0, end = 0, next = no_node;
};

class PageIndex {
public:
    /// Elements and bytes of text that are looked at; what comes after is left out.
    static constexpr std::size_t max_nodes = 150'000;
    static constexpr std::size_t max_text = 8u << 20;

    explicit PageIndex(const html::Document& document);

    std::vector<PageNode> nodes;
    std::vector<TextPiece> pieces;
    std::vector<std::uint32_t> classes;  ///< ids in `names` of all elements' classes
    Names names;                         ///< class names
    std::vector<ClassKind> class_kinds;  ///< by id
    std::string text;

    std::string_view text_of(std::uint32_t node) const;
    /// Text directly inside the element, that of its children left out; pieces are joined by a space.
    std::string own_text(std::uint32_t node) const;
    std::string_view first_own_text(std::uint32_t node) const;
    bool has_own_text(std::uint32_t node) const { return nodes[node].first_piece != no_node; }
    bool has_image(std::uint32_t node) const {
        const std::uint32_t end = nodes[node].end;
        return (end < nodes.size() ? nodes[end].images : images_) > nodes[node].images;
    }
    std::uint32_t first_child(std::uint32_t node) const { return node + 1 < nodes[node].end ? node + 1 : no_node; }
    std::uint32_t next_sibling(std::uint32_t node) const {
        const PageNode& n = nodes[node];
        return n.parent != no_node && n.end < nodes[n.parent].end ? n.end : no_node;
    }
    bool has_class(std::uint32_t node, std::uint32_t id) const;
    std::string_view attribute(std::uint32_t node, std::string_view name) const {
        return nodes[node].element.attribute(name).value_or(std::string_view{});
    }
    std::string_view tag_name(std::uint32_t node) const { return nodes[node].element.name(); }
    bool truncated() const { return truncated_; }

private:
    friend struct PageIndexBuilder;
    std::uint32_t images_ = 0;
    bool truncated_ = false;
};

// Groups of tags.
bool is_inline_tag(html::detail::Tag tag);   ///< part of a line of text: a, b, span, em, ...
bool is_skipped_tag(html::detail::Tag tag);  ///< holds nothing that a reader sees as text
bool is_heading_tag(html::detail::Tag tag);

namespace tags {
using html::detail::find_tag;
using html::detail::Tag;
inline constexpr Tag a = find_tag("a"), img = find_tag("img"), td = find_tag("td"), th = find_tag("th"),
                     tr = find_tag("tr"), table = find_tag("table"), thead = find_tag("thead"),
                     tbody = find_tag("tbody"), tfoot = find_tag("tfoot"), p = find_tag("p"), br = find_tag("br"),
                     hr = find_tag("hr"), time = find_tag("time"), meta = find_tag("meta"), link = find_tag("link"),
                     dt = find_tag("dt"), dd = find_tag("dd"), dl = find_tag("dl"), ul = find_tag("ul"),
                     ol = find_tag("ol"), li = find_tag("li"), div = find_tag("div"), span = find_tag("span"),
                     body = find_tag("body"), html = find_tag("html"), article = find_tag("article"),
                     section = find_tag("section"), col = find_tag("col"), colgroup = find_tag("colgroup"),
                     caption = find_tag("caption"), h1 = find_tag("h1"), h2 = find_tag("h2"), h3 = find_tag("h3"),
                     h4 = find_tag("h4"), h5 = find_tag("h5"), h6 = find_tag("h6"), b = find_tag("b"),
                     strong = find_tag("strong"), label = find_tag("label"), small = find_tag("small"),
                     i = find_tag("i"), em = find_tag("em"), nav = find_tag("nav"), footer = find_tag("footer"),
                     aside = find_tag("aside"), header = find_tag("header"), blockquote = find_tag("blockquote"),
                     del = find_tag("del"), s = find_tag("s"), strike = find_tag("strike"), head = find_tag("head"),
                     source = find_tag("source");
}  // namespace tags

}  // namespace meter::generate
