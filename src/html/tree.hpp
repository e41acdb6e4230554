// The parsed tree as src/html reads it: libxml2's nodes, and beside them one compact record per element in document
// order. Selectors walk the records, so that most elements are rejected without touching a node.
#pragma once

#include <libxml/tree.h>

#include <cstdint>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "html/parser/arena.hpp"
#include "html/records.hpp"
#include "html/tags.hpp"

namespace meter::html::detail {

constexpr std::uint32_t no_element = 0xffffffffu;

/// Elements opened inside this many others become siblings at this depth, as in browsers.
constexpr std::size_t max_depth = 512;

struct ElementRecord {
    const xmlNode* node = nullptr;
    std::uint64_t bloom = 0;              ///< bits of its id, classes and attribute names
    std::uint32_t parent = no_element;    ///< index of the parent's record
    std::uint32_t end = 0;                ///< one past the last descendant; the next sibling when inside the parent
    std::uint32_t previous = no_element;  ///< previous element sibling
    std::uint32_t position = 1;           ///< 1 for the first element among its siblings
    std::uint32_t children = 0;           ///< element children
    Tag tag = 0;                          ///< of the name in lower case, whatever the namespace
    Space space = Space::html;
};

struct Doctype {
    std::string name, public_id, system_id;
    const xmlNode* after = nullptr;  ///< the comment before it
};

/// What libxml2's nodes point back to: `doc->_private` is the Tree, an element's `_private` its record's index plus
/// one, a text's and an attribute's `_private` the length of its value plus one (zero where libxml2 made the node
/// itself). An element's `line` is its Tag, its `extra` its Space. The content of a template is no part of the tree, as
/// in browsers: the template's `psvi` is a document fragment node, whose `psvi` is the template; elements in it have no
/// record.
struct Tree {
    RecordArray<ElementRecord> records;
    bool depth_capped = false;
    std::size_t units = 0;  ///< two for each node that was made and one for each attribute
    std::optional<Doctype> doctype;
    bool quirks = false;
    mutable std::once_flag xpath_prepared;  ///< document order and ids, made when the first XPath asks
    Arena arena;                            ///< every node but those libxml2's own parser made

    const ElementRecord& operator[](std::uint32_t index) const noexcept { return records[index]; }
};

inline const Tree& tree_of(const xmlNode* node) noexcept {
    return *static_cast<const Tree*>(node->doc->_private);
}

inline std::uint32_t record_of(const xmlNode* element) noexcept {
    return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(element->_private)) - 1;
}

inline Tag tag_of(const xmlNode* element) noexcept {
    return static_cast<Tag>(element->line);
}

inline Space space_of(const xmlNode* element) noexcept {
    return static_cast<Space>(element->extra & 3);
}

/// The fragment with a template's content; null for every other element.
inline const xmlNode* template_content(const xmlNode* element) noexcept {
    return static_cast<const xmlNode*>(element->psvi);
}

inline const char* chars(const xmlChar* text) noexcept {
    return reinterpret_cast<const char*>(text);
}

inline std::string_view measured(const xmlChar* text, const void* length_plus_one) noexcept {
    if (text == nullptr) return {};
    const auto stored = reinterpret_cast<std::uintptr_t>(length_plus_one);
    return {chars(text), stored != 0 ? stored - 1 : std::strlen(chars(text))};
}

inline bool is_text(const xmlNode* node) noexcept {
    return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}
inline std::string_view text_of(const xmlNode* text) noexcept {
    return measured(text->content, text->_private);
}

inline std::string_view value_of(const xmlAttr* attribute) noexcept {
    const xmlNode* text = attribute->children;
    return text == nullptr ? std::string_view{} : measured(text->content, attribute->_private);
}

inline const xmlAttr* find_attribute(const xmlNode* element, const char* name) noexcept {
    for (const xmlAttr* attribute = element->properties; attribute != nullptr; attribute = attribute->next)
        if (std::strcmp(chars(attribute->name), name) == 0) return attribute;
    return nullptr;
}

/// The ASCII white space of HTML (Infra standard, section 4.6).
constexpr bool is_html_space(char c) noexcept {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

/// Calls `use` for each token of a white-space separated list (class, rel).
template <class Use>
void for_each_token(std::string_view text, Use&& use) {
    std::size_t at = 0;
    while (at < text.size()) {
        while (at < text.size() && is_html_space(text[at])) ++at;
        const std::size_t start = at;
        while (at < text.size() && !is_html_space(text[at])) ++at;
        if (at > start) use(text.substr(start, at - start));
    }
}

/// The bit of an attribute's name in a Bloom filter of 64, from tag_hash(name).
constexpr std::uint64_t bloom_of_name(std::uint32_t hash) noexcept {
    return std::uint64_t{1} << ((hash * 0x9e3779b1u) >> 26);
}

/// Bits of a Bloom filter of 64: two for an id ('#') or class ('.'), one for an attribute's name ('[').
inline std::uint64_t bloom_bits(char kind, std::string_view text) noexcept {
    if (kind == '[') return bloom_of_name(tag_hash(text));
    std::uint32_t hash = 2166136261u ^ static_cast<unsigned char>(kind);
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    hash ^= hash >> 13;
    return std::uint64_t{1} << (hash & 63u) | std::uint64_t{1} << ((hash >> 6) & 63u);
}

/// All bits of an element's attributes.
std::uint64_t bloom_of(const xmlNode* element) noexcept;

}  // namespace meter::html::detail
