// Items with properties as microdata, RDFa and microformats read them, before they become one form.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "generate/embedded/embedded.hpp"

namespace meter::generate::detail {

constexpr std::size_t no_item = static_cast<std::size_t>(-1);

struct ItemProperty {
    std::string name;
    std::string text = {};
    html::Element element = {};
    std::string attribute = {};  ///< what of the element gives the text: "text", "content", "href" ...
    std::size_t item = no_item;  ///< the item that is the value instead of the text
};

struct Item {
    html::Element element = {};
    std::vector<std::string> types = {};  ///< in full
    std::string id = {};
    std::vector<ItemProperty> properties = {};
    bool top_level = true;
};

/// "http://schema.org/Product" is "Product", "https://ogp.me/ns#title" title, "og:title" title.
std::string_view short_name(std::string_view name) noexcept;

/// Adds the items that are no value of another one as objects, others inside them. Nests at most 12 deep; what is
/// shared by several items is repeated in each until `limits.max_properties`.
void append_item_objects(Syntax syntax, const std::vector<Item>& items, const EmbeddedLimits& limits,
                         std::vector<EmbeddedObject>& objects);

/// Text of an element without the space around it and runs of it made one; scripts are left out.
std::string item_text(html::Element element);

/// Microdata (HTML Living Standard section 5), with @content believed on any element as search engines do.
std::vector<Item> read_microdata(html::Element root, std::string_view base, const EmbeddedLimits& limits);

/// Microformats: h-* with their properties, and the classic hCard, hCalendar, hReview, hRecipe, hProduct and hEntry.
/// Source: microformats.org/wiki/microformats2-parsing.
std::vector<Item> read_microformats(html::Element root, std::string_view base, const EmbeddedLimits& limits);

/// A statement of RDFa.
struct RdfaTriple {
    std::string subject;    ///< IRI, or "_:1" for a node without one
    std::string predicate;  ///< IRI
    std::string object;     ///< literal, IRI or "_:1"
    bool literal = false;
    html::Element element = {};  ///< that states it
    std::string attribute = {};
};

/// RDFa 1.1 in HTML (W3C rdfa-core, html-rdfa) without lists (@inlist) and XML literals.
std::vector<RdfaTriple> read_rdfa(html::Element root, std::string_view base, const EmbeddedLimits& limits);

/// The same statements as items: one for each subject that has a property besides what HTML's rel values say.
std::vector<Item> rdfa_items(const std::vector<RdfaTriple>& triples, const EmbeddedLimits& limits);

}  // namespace meter::generate::detail
