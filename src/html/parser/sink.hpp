// Makes libxml2's nodes in the arena of a Tree, links them, and numbers the elements.
#pragma once

#include <libxml/tree.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "html/parser/token.hpp"
#include "html/tree.hpp"

namespace meter::html::detail {

/// Where a node goes: before `before`, or last in `parent` when that is null.
struct Place {
    xmlNode* parent = nullptr;
    xmlNode* before = nullptr;
};

/// One per document. No function recurses; all throw std::bad_alloc. Nodes count against the limit when they are made;
/// beyond it they are made all the same, and over_limit() tells.
class TreeSink {
public:
    /// `max_units`: two for each node, one for each attribute. Clones, which no tag of the page stands for, may take a
    /// quarter as many as all others and free_clones.
    TreeSink(Tree& tree, xmlDoc* doc, std::size_t max_units);

    /// The name by which nodes are made: one address per name and document.
    const xmlChar* intern(std::string_view name, std::uint32_t hash);

    xmlNode* make_element(const xmlChar* name, Tag tag, Space space, std::span<const AttributeToken> attributes);
    /// The same name and attributes; values share their memory.
    xmlNode* clone_element(const xmlNode* original);
    /// Adds an attribute unless the element has one of this name.
    void add_missing_attribute(xmlNode* element, const AttributeToken& attribute);

    void insert(Place place, xmlNode* node);
    void insert_text(Place place, std::string_view text);
    void insert_comment(Place place, std::string_view text);
    void detach(xmlNode* node) noexcept;
    void move_children(xmlNode* from, xmlNode* to) noexcept;
    /// A copy of all that `from` contains, behind what `to` contains.
    void copy_children(const xmlNode* from, xmlNode* to);

    /// What comes next may stand before what was made already.
    void expect_reordering() noexcept { reordered_ = true; }

    xmlNode* document_node() noexcept { return reinterpret_cast<xmlNode*>(doc_); }
    bool over_limit() const noexcept { return units_ > max_units_; }
    /// Nodes made, texts extended and nodes moved: work that does not depend on the machine.
    std::uint64_t steps() const noexcept { return steps_; }

    /// Completes the records. Nothing may change afterwards.
    void finish();

private:
    struct KnownName {
        std::uint32_t hash = 0, length = 0;
        const xmlChar* name = nullptr;
    };

    xmlNode* make_text(std::string_view text);
    xmlAttr* make_attribute(xmlNode* element, const xmlChar* name, std::string_view value);
    void extend_text(xmlNode* node, std::string_view text);
    void record(xmlNode* element, const xmlNode* parent);
    void number(xmlNode* element, std::uint64_t bloom, std::uint32_t parent);  ///< appends its record
    void renumber();

    Tree& tree_;
    xmlDoc* doc_;
    // A few bytes can ask for hundreds of copies of elements again and again: what is not on the page costs as little
    // as the page allows.
    static constexpr std::size_t free_clones = 100'000;
    std::size_t max_units_, units_ = 0, cloned_units_ = 0;
    std::uint64_t steps_ = 0;
    // Records are made in the order of creation, which is document order unless something is put before or taken from
    // where it was: then they are made anew at the end.
    bool reordered_ = false;
    const xmlNode* fresh_ = nullptr;  // the element made last, and its attributes' bits
    std::uint64_t fresh_bloom_ = 0;
    std::array<KnownName, 256> names_{};
};

}  // namespace meter::html::detail
