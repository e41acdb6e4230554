// What we know about the elements of HTML, by a small number per name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace meter::html::detail {

/// Number of a known element name; 0 is any other name.
using Tag = std::uint8_t;

/// The namespace of an element. libxml2's own `ns` stays null, so that XPath finds "//svg" without a prefix; attributes
/// keep the names they were written with ("xlink:href").
enum class Space : std::uint8_t { html, svg, math };

enum : std::uint8_t {
    tag_block = 1,    ///< starts a new line when rendered by default (HTML standard, section 15.3)
    tag_skipped = 2,  ///< its content is no text of the page (wire contract 8.5)
    tag_void = 4,     ///< has no end tag (HTML standard, section 13.1.2)
    tag_raw = 8,      ///< its text is serialised as it is (HTML standard, section 13.3)
};

struct TagInfo {
    std::string_view name;
    std::uint8_t traits = 0;
};

constexpr std::array tag_infos{
    TagInfo{"", 0},
    TagInfo{"a", 0},
    TagInfo{"abbr", 0},
    TagInfo{"address", tag_block},
    TagInfo{"annotation-xml", 0},
    TagInfo{"applet", 0},
    TagInfo{"area", tag_void},
    TagInfo{"article", tag_block},
    TagInfo{"aside", tag_block},
    TagInfo{"audio", 0},
    TagInfo{"b", 0},
    TagInfo{"base", tag_void},
    TagInfo{"basefont", tag_void},
    TagInfo{"bdi", 0},
    TagInfo{"bdo", 0},
    TagInfo{"bgsound", tag_void},
    TagInfo{"big", 0},
    TagInfo{"blockquote", tag_block},
    TagInfo{"body", tag_block},
    TagInfo{"br", tag_void},
    TagInfo{"button", 0},
    TagInfo{"canvas", 0},
    TagInfo{"caption", tag_block},
    TagInfo{"center", tag_block},
    TagInfo{"cite", 0},
    TagInfo{"code", 0},
    TagInfo{"col", tag_block | tag_void},
    TagInfo{"colgroup", tag_block},
    TagInfo{"data", 0},
    TagInfo{"datalist", 0},
    TagInfo{"dd", tag_block},
    TagInfo{"del", 0},
    TagInfo{"desc", 0},
    TagInfo{"details", tag_block},
    TagInfo{"dfn", 0},
    TagInfo{"dialog", tag_block},
    TagInfo{"dir", tag_block},
    TagInfo{"div", tag_block},
    TagInfo{"dl", tag_block},
    TagInfo{"dt", tag_block},
    TagInfo{"em", 0},
    TagInfo{"embed", tag_void},
    TagInfo{"fieldset", tag_block},
    TagInfo{"figcaption", tag_block},
    TagInfo{"figure", tag_block},
    TagInfo{"font", 0},
    TagInfo{"footer", tag_block},
    TagInfo{"foreignobject", 0},
    TagInfo{"form", tag_block},
    TagInfo{"frame", tag_void},
    TagInfo{"frameset", tag_block},
    TagInfo{"h1", tag_block},
    TagInfo{"h2", tag_block},
    TagInfo{"h3", tag_block},
    TagInfo{"h4", tag_block},
    TagInfo{"h5", tag_block},
    TagInfo{"h6", tag_block},
    TagInfo{"head", tag_block},
    TagInfo{"header", tag_block},
    TagInfo{"hgroup", tag_block},
    TagInfo{"hr", tag_block | tag_void},
    TagInfo{"html", tag_block},
    TagInfo{"i", 0},
    TagInfo{"iframe", tag_raw},
    TagInfo{"image", 0},
    TagInfo{"img", tag_void},
    TagInfo{"input", tag_void},
    TagInfo{"ins", 0},
    TagInfo{"kbd", 0},
    TagInfo{"keygen", tag_void},
    TagInfo{"label", 0},
    TagInfo{"legend", tag_block},
    TagInfo{"li", tag_block},
    TagInfo{"link", tag_void},
    TagInfo{"listing", tag_block},
    TagInfo{"main", tag_block},
    TagInfo{"malignmark", 0},
    TagInfo{"map", 0},
    TagInfo{"mark", 0},
    TagInfo{"marquee", 0},
    TagInfo{"math", 0},
    TagInfo{"menu", tag_block},
    TagInfo{"meta", tag_void},
    TagInfo{"meter", 0},
    TagInfo{"mglyph", 0},
    TagInfo{"mi", 0},
    TagInfo{"mn", 0},
    TagInfo{"mo", 0},
    TagInfo{"ms", 0},
    TagInfo{"mtext", 0},
    TagInfo{"nav", tag_block},
    TagInfo{"nobr", 0},
    TagInfo{"noembed", tag_raw},
    TagInfo{"noframes", tag_block | tag_raw},
    TagInfo{"noscript", tag_skipped},
    TagInfo{"object", 0},
    TagInfo{"ol", tag_block},
    TagInfo{"optgroup", tag_block},
    TagInfo{"option", tag_block},
    TagInfo{"output", 0},
    TagInfo{"p", tag_block},
    TagInfo{"param", tag_void},
    TagInfo{"path", 0},
    TagInfo{"picture", 0},
    TagInfo{"plaintext", tag_block | tag_raw},
    TagInfo{"pre", tag_block},
    TagInfo{"progress", 0},
    TagInfo{"q", 0},
    TagInfo{"rb", 0},
    TagInfo{"rp", 0},
    TagInfo{"rt", 0},
    TagInfo{"rtc", 0},
    TagInfo{"ruby", 0},
    TagInfo{"s", 0},
    TagInfo{"samp", 0},
    TagInfo{"script", tag_skipped | tag_raw},
    TagInfo{"search", tag_block},
    TagInfo{"section", tag_block},
    TagInfo{"select", 0},
    TagInfo{"selectedcontent", 0},
    TagInfo{"slot", 0},
    TagInfo{"small", 0},
    TagInfo{"source", tag_void},
    TagInfo{"span", 0},
    TagInfo{"strike", 0},
    TagInfo{"strong", 0},
    TagInfo{"style", tag_skipped | tag_raw},
    TagInfo{"sub", 0},
    TagInfo{"summary", tag_block},
    TagInfo{"sup", 0},
    TagInfo{"svg", 0},
    TagInfo{"table", tag_block},
    TagInfo{"tbody", tag_block},
    TagInfo{"td", tag_block},
    TagInfo{"template", tag_skipped},
    TagInfo{"textarea", 0},
    TagInfo{"tfoot", tag_block},
    TagInfo{"th", tag_block},
    TagInfo{"thead", tag_block},
    TagInfo{"time", 0},
    TagInfo{"title", tag_block},
    TagInfo{"tr", tag_block},
    TagInfo{"track", tag_void},
    TagInfo{"tt", 0},
    TagInfo{"u", 0},
    TagInfo{"ul", tag_block},
    TagInfo{"use", 0},
    TagInfo{"var", 0},
    TagInfo{"video", 0},
    TagInfo{"wbr", tag_void},
    TagInfo{"xmp", tag_block | tag_raw},
};

// FNV-1a, for those who hash while they read: seed, a step for each byte, end.
constexpr std::uint32_t tag_hash_seed = 2166136261u;
constexpr std::uint32_t tag_hash_step(std::uint32_t hash, char c) noexcept {
    return (hash ^ static_cast<unsigned char>(c)) * 16777619u;
}
constexpr std::uint32_t tag_hash_end(std::uint32_t hash) noexcept {
    return hash ^ (hash >> 15);
}

constexpr std::uint32_t tag_hash(std::string_view name) noexcept {
    std::uint32_t hash = tag_hash_seed;
    for (const char c : name) hash = tag_hash_step(hash, c);
    return tag_hash_end(hash);
}

constexpr std::array<Tag, 512> tag_slots = [] {
    std::array<Tag, 512> slots{};
    for (std::size_t i = 1; i < tag_infos.size(); ++i) {
        std::size_t slot = tag_hash(tag_infos[i].name) % slots.size();
        while (slots[slot] != 0) slot = (slot + 1) % slots.size();
        slots[slot] = static_cast<Tag>(i);
    }
    return slots;
}();

/// The number of a lower-case name; 0 when it is none of ours.
constexpr Tag find_tag(std::string_view name, std::uint32_t hash) noexcept {
    for (std::size_t slot = hash % tag_slots.size(); tag_slots[slot] != 0; slot = (slot + 1) % tag_slots.size()) {
        const std::string_view known = tag_infos[tag_slots[slot]].name;
        if (known.size() != name.size()) continue;
        std::size_t i = 0;  // names are too short for a call
        while (i < name.size() && name[i] == known[i]) ++i;
        if (i == name.size()) return tag_slots[slot];
    }
    return 0;
}
constexpr Tag find_tag(std::string_view name) noexcept {
    return find_tag(name, tag_hash(name));
}

constexpr bool tag_has(Tag tag, std::uint8_t trait) noexcept {
    return (tag_infos[tag].traits & trait) != 0;
}

}  // namespace meter::html::detail
