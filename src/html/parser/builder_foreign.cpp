// SVG and MathML: HTML standard 13.2.6.5, with the adjustments of 13.2.6.1.
#include <algorithm>
#include <array>
#include <optional>

#include "core/unicode.hpp"
#include "html/parser/builder.hpp"

namespace meter::html::detail {
namespace {

struct Adjusted {
    std::string_view from, to;
};

constexpr std::array<Adjusted, 37> svg_elements{{
    {"altglyph", "altGlyph"},
    {"altglyphdef", "altGlyphDef"},
    {"altglyphitem", "altGlyphItem"},
    {"animatecolor", "animateColor"},
    {"animatemotion", "animateMotion"},
    {"animatetransform", "animateTransform"},
    {"clippath", "clipPath"},
    {"feblend", "feBlend"},
    {"fecolormatrix", "feColorMatrix"},
    {"fecomponenttransfer", "feComponentTransfer"},
    {"fecomposite", "feComposite"},
    {"feconvolvematrix", "feConvolveMatrix"},
    {"fediffuselighting", "feDiffuseLighting"},
    {"fedisplacementmap", "feDisplacementMap"},
    {"fedistantlight", "feDistantLight"},
    {"fedropshadow", "feDropShadow"},
    {"feflood", "feFlood"},
    {"fefunca", "feFuncA"},
    {"fefuncb", "feFuncB"},
    {"fefuncg", "feFuncG"},
    {"fefuncr", "feFuncR"},
    {"fegaussianblur", "feGaussianBlur"},
    {"feimage", "feImage"},
    {"femerge", "feMerge"},
    {"femergenode", "feMergeNode"},
    {"femorphology", "feMorphology"},
    {"feoffset", "feOffset"},
    {"fepointlight", "fePointLight"},
    {"fespecularlighting", "feSpecularLighting"},
    {"fespotlight", "feSpotLight"},
    {"fetile", "feTile"},
    {"feturbulence", "feTurbulence"},
    {"foreignobject", "foreignObject"},
    {"glyphref", "glyphRef"},
    {"lineargradient", "linearGradient"},
    {"radialgradient", "radialGradient"},
    {"textpath", "textPath"},
}};

constexpr std::array<Adjusted, 58> svg_attributes{{
    {"attributename", "attributeName"},
    {"attributetype", "attributeType"},
    {"basefrequency", "baseFrequency"},
    {"baseprofile", "baseProfile"},
    {"calcmode", "calcMode"},
    {"clippathunits", "clipPathUnits"},
    {"diffuseconstant", "diffuseConstant"},
    {"edgemode", "edgeMode"},
    {"filterunits", "filterUnits"},
    {"glyphref", "glyphRef"},
    {"gradienttransform", "gradientTransform"},
    {"gradientunits", "gradientUnits"},
    {"kernelmatrix", "kernelMatrix"},
    {"kernelunitlength", "kernelUnitLength"},
    {"keypoints", "keyPoints"},
    {"keysplines", "keySplines"},
    {"keytimes", "keyTimes"},
    {"lengthadjust", "lengthAdjust"},
    {"limitingconeangle", "limitingConeAngle"},
    {"markerheight", "markerHeight"},
    {"markerunits", "markerUnits"},
    {"markerwidth", "markerWidth"},
    {"maskcontentunits", "maskContentUnits"},
    {"maskunits", "maskUnits"},
    {"numoctaves", "numOctaves"},
    {"pathlength", "pathLength"},
    {"patterncontentunits", "patternContentUnits"},
    {"patterntransform", "patternTransform"},
    {"patternunits", "patternUnits"},
    {"pointsatx", "pointsAtX"},
    {"pointsaty", "pointsAtY"},
    {"pointsatz", "pointsAtZ"},
    {"preservealpha", "preserveAlpha"},
    {"preserveaspectratio", "preserveAspectRatio"},
    {"primitiveunits", "primitiveUnits"},
    {"refx", "refX"},
    {"refy", "refY"},
    {"repeatcount", "repeatCount"},
    {"repeatdur", "repeatDur"},
    {"requiredextensions", "requiredExtensions"},
    {"requiredfeatures", "requiredFeatures"},
    {"specularconstant", "specularConstant"},
    {"specularexponent", "specularExponent"},
    {"spreadmethod", "spreadMethod"},
    {"startoffset", "startOffset"},
    {"stddeviation", "stdDeviation"},
    {"stitchtiles", "stitchTiles"},
    {"surfacescale", "surfaceScale"},
    {"systemlanguage", "systemLanguage"},
    {"tablevalues", "tableValues"},
    {"targetx", "targetX"},
    {"targety", "targetY"},
    {"textlength", "textLength"},
    {"viewbox", "viewBox"},
    {"viewtarget", "viewTarget"},
    {"xchannelselector", "xChannelSelector"},
    {"ychannelselector", "yChannelSelector"},
    {"zoomandpan", "zoomAndPan"},
}};

template <std::size_t N>
std::string_view adjusted(const std::array<Adjusted, N>& table, std::string_view name) noexcept {
    const auto found = std::lower_bound(table.begin(), table.end(), name,
                                        [](const Adjusted& row, std::string_view wanted) { return row.from < wanted; });
    return found != table.end() && found->from == name ? found->to : name;
}

constexpr TagSet breakout{
    tag::b,      tag::big,  tag::blockquote, tag::body,  tag::br,   tag::center, tag::code,    tag::dd,   tag::div,
    tag::dl,     tag::dt,   tag::em,         tag::embed, tag::h1,   tag::h2,     tag::h3,      tag::h4,   tag::h5,
    tag::h6,     tag::head, tag::hr,         tag::i,     tag::img,  tag::li,     tag::listing, tag::menu, tag::meta,
    tag::nobr,   tag::ol,   tag::p,          tag::pre,   tag::ruby, tag::s,      tag::small,   tag::span, tag::strong,
    tag::strike, tag::sub,  tag::sup,        tag::table, tag::tt,   tag::u,      tag::ul,      tag::var};

bool breaks_out(const TagToken& tag) noexcept {
    if (breakout.has(tag.tag)) return true;
    return tag.tag == tag::font &&
           std::any_of(tag.attributes.begin(), tag.attributes.end(), [](const AttributeToken& one) {
               return one.name == "color" || one.name == "face" || one.name == "size";
           });
}

}  // namespace

std::uint8_t TreeBuilder::foreign_traits(const xmlNode* node) noexcept {
    const Tag name = tag_of(node);
    if (space_of(node) == Space::svg) {
        const bool point = name == tag::foreignobject || name == tag::desc || name == tag::title;
        return point ? is_special | ends_scope | html_integration : 0;
    }
    if (name == tag::mi || name == tag::mo || name == tag::mn || name == tag::ms || name == tag::mtext)
        return is_special | ends_scope | text_integration;
    if (name != tag::annotation_xml) return 0;
    const xmlAttr* encoding = find_attribute(node, "encoding");
    const bool is_html = encoding != nullptr && (core::ascii_iequals(value_of(encoding), "text/html") ||
                                                 core::ascii_iequals(value_of(encoding), "application/xhtml+xml"));
    return static_cast<std::uint8_t>(is_special | ends_scope | annotation_xml | (is_html ? html_integration : 0));
}

void TreeBuilder::open_foreign(const TagToken& tag, Space space) {
    std::vector<AttributeToken> attributes(tag.attributes.begin(), tag.attributes.end());
    for (AttributeToken& attribute : attributes) {
        const std::string_view name = space == Space::svg                 ? adjusted(svg_attributes, attribute.name)
                                      : attribute.name == "definitionurl" ? std::string_view("definitionURL")
                                                                          : attribute.name;
        if (name.data() == attribute.name.data()) continue;
        attribute.name = name;
        attribute.hash = tag_hash(name);
    }
    const std::string_view name = space == Space::svg ? adjusted(svg_elements, tag.name) : tag.name;
    const xmlChar* interned = tag.tag != 0 && name.data() == tag.name.data()
                                  ? reinterpret_cast<const xmlChar*>(tag_infos[tag.tag].name.data())
                                  : sink_.intern(name, tag_hash(name));
    xmlNode* node = sink_.make_element(interned, tag.tag, space, attributes);
    sink_.insert(place(), node);
    if (tag.self_closing) return;
    if (stack_.size() >= max_depth) {
        tree_.depth_capped = true;
        too_deep_.push_back(tag.tag);
        return;
    }
    push(node);
}

void TreeBuilder::start_foreign(const TagToken& tag) {
    if (!breaks_out(tag)) return open_foreign(tag, adjusted_current().space);
    while (current().space != Space::html && (current().traits & (text_integration | html_integration)) == 0) pop();
    start(tag);
}

void TreeBuilder::end_foreign(const TagToken& tag) {
    if (tag.tag == tag::br || tag.tag == tag::p) {
        while (current().space != Space::html && (current().traits & (text_integration | html_integration)) == 0) pop();
        return end(tag);
    }
    for (std::size_t i = stack_.size(); i-- > 0; ++steps_) {
        const Open& one = stack_[i];
        if (i == 0) return;
        if (one.space == Space::html) return end(tag);
        const bool same = tag.tag != 0 ? tag_of(one.node) == tag.tag
                                       : tag_of(one.node) == 0 && core::ascii_iequals(chars(one.node->name), tag.name);
        if (same) return truncate(i);
    }
}

}  // namespace meter::html::detail
