// Element names as constants for `switch`, and sets of them.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "html/tags.hpp"

namespace meter::html::detail {

namespace tag {
inline constexpr Tag a = find_tag("a");
inline constexpr Tag abbr = find_tag("abbr");
inline constexpr Tag address = find_tag("address");
inline constexpr Tag annotation_xml = find_tag("annotation-xml");
inline constexpr Tag applet = find_tag("applet");
inline constexpr Tag area = find_tag("area");
inline constexpr Tag article = find_tag("article");
inline constexpr Tag aside = find_tag("aside");
inline constexpr Tag audio = find_tag("audio");
inline constexpr Tag b = find_tag("b");
inline constexpr Tag base = find_tag("base");
inline constexpr Tag basefont = find_tag("basefont");
inline constexpr Tag bdi = find_tag("bdi");
inline constexpr Tag bdo = find_tag("bdo");
inline constexpr Tag bgsound = find_tag("bgsound");
inline constexpr Tag big = find_tag("big");
inline constexpr Tag blockquote = find_tag("blockquote");
inline constexpr Tag body = find_tag("body");
inline constexpr Tag br = find_tag("br");
inline constexpr Tag button = find_tag("button");
inline constexpr Tag canvas = find_tag("canvas");
inline constexpr Tag caption = find_tag("caption");
inline constexpr Tag center = find_tag("center");
inline constexpr Tag cite = find_tag("cite");
inline constexpr Tag code = find_tag("code");
inline constexpr Tag col = find_tag("col");
inline constexpr Tag colgroup = find_tag("colgroup");
inline constexpr Tag data = find_tag("data");
inline constexpr Tag datalist = find_tag("datalist");
inline constexpr Tag dd = find_tag("dd");
inline constexpr Tag del = find_tag("del");
inline constexpr Tag desc = find_tag("desc");
inline constexpr Tag details = find_tag("details");
inline constexpr Tag dfn = find_tag("dfn");
inline constexpr Tag dialog = find_tag("dialog");
inline constexpr Tag dir = find_tag("dir");
inline constexpr Tag div = find_tag("div");
inline constexpr Tag dl = find_tag("dl");
inline constexpr Tag dt = find_tag("dt");
inline constexpr Tag em = find_tag("em");
inline constexpr Tag embed = find_tag("embed");
inline constexpr Tag fieldset = find_tag("fieldset");
inline constexpr Tag figcaption = find_tag("figcaption");
inline constexpr Tag figure = find_tag("figure");
inline constexpr Tag font = find_tag("font");
inline constexpr Tag footer = find_tag("footer");
inline constexpr Tag foreignobject = find_tag("foreignobject");
inline constexpr Tag form = find_tag("form");
inline constexpr Tag frame = find_tag("frame");
inline constexpr Tag frameset = find_tag("frameset");
inline constexpr Tag h1 = find_tag("h1");
inline constexpr Tag h2 = find_tag("h2");
inline constexpr Tag h3 = find_tag("h3");
inline constexpr Tag h4 = find_tag("h4");
inline constexpr Tag h5 = find_tag("h5");
inline constexpr Tag h6 = find_tag("h6");
inline constexpr Tag head = find_tag("head");
inline constexpr Tag header = find_tag("header");
inline constexpr Tag hgroup = find_tag("hgroup");
inline constexpr Tag hr = find_tag("hr");
inline constexpr Tag html = find_tag("html");
inline constexpr Tag i = find_tag("i");
inline constexpr Tag iframe = find_tag("iframe");
inline constexpr Tag image = find_tag("image");
inline constexpr Tag img = find_tag("img");
inline constexpr Tag input = find_tag("input");
inline constexpr Tag ins = find_tag("ins");
inline constexpr Tag kbd = find_tag("kbd");
inline constexpr Tag keygen = find_tag("keygen");
inline constexpr Tag label = find_tag("label");
inline constexpr Tag legend = find_tag("legend");
inline constexpr Tag li = find_tag("li");
inline constexpr Tag link = find_tag("link");
inline constexpr Tag listing = find_tag("listing");
inline constexpr Tag main = find_tag("main");
inline constexpr Tag malignmark = find_tag("malignmark");
inline constexpr Tag map = find_tag("map");
inline constexpr Tag mark = find_tag("mark");
inline constexpr Tag marquee = find_tag("marquee");
inline constexpr Tag math = find_tag("math");
inline constexpr Tag menu = find_tag("menu");
inline constexpr Tag meta = find_tag("meta");
inline constexpr Tag meter = find_tag("meter");
inline constexpr Tag mglyph = find_tag("mglyph");
inline constexpr Tag mi = find_tag("mi");
inline constexpr Tag mn = find_tag("mn");
inline constexpr Tag mo = find_tag("mo");
inline constexpr Tag ms = find_tag("ms");
inline constexpr Tag mtext = find_tag("mtext");
inline constexpr Tag nav = find_tag("nav");
inline constexpr Tag nobr = find_tag("nobr");
inline constexpr Tag noembed = find_tag("noembed");
inline constexpr Tag noframes = find_tag("noframes");
inline constexpr Tag noscript = find_tag("noscript");
inline constexpr Tag object = find_tag("object");
inline constexpr Tag ol = find_tag("ol");
inline constexpr Tag optgroup = find_tag("optgroup");
inline constexpr Tag option = find_tag("option");
inline constexpr Tag output = find_tag("output");
inline constexpr Tag p = find_tag("p");
inline constexpr Tag param = find_tag("param");
inline constexpr Tag path = find_tag("path");
inline constexpr Tag picture = find_tag("picture");
inline constexpr Tag plaintext = find_tag("plaintext");
inline constexpr Tag pre = find_tag("pre");
inline constexpr Tag progress = find_tag("progress");
inline constexpr Tag q = find_tag("q");
inline constexpr Tag rb = find_tag("rb");
inline constexpr Tag rp = find_tag("rp");
inline constexpr Tag rt = find_tag("rt");
inline constexpr Tag rtc = find_tag("rtc");
inline constexpr Tag ruby = find_tag("ruby");
inline constexpr Tag s = find_tag("s");
inline constexpr Tag samp = find_tag("samp");
inline constexpr Tag script = find_tag("script");
inline constexpr Tag search = find_tag("search");
inline constexpr Tag section = find_tag("section");
inline constexpr Tag select = find_tag("select");
inline constexpr Tag selectedcontent = find_tag("selectedcontent");
inline constexpr Tag slot = find_tag("slot");
inline constexpr Tag small = find_tag("small");
inline constexpr Tag source = find_tag("source");
inline constexpr Tag span = find_tag("span");
inline constexpr Tag strike = find_tag("strike");
inline constexpr Tag strong = find_tag("strong");
inline constexpr Tag style = find_tag("style");
inline constexpr Tag sub = find_tag("sub");
inline constexpr Tag summary = find_tag("summary");
inline constexpr Tag sup = find_tag("sup");
inline constexpr Tag svg = find_tag("svg");
inline constexpr Tag table = find_tag("table");
inline constexpr Tag tbody = find_tag("tbody");
inline constexpr Tag td = find_tag("td");
inline constexpr Tag template_ = find_tag("template");
inline constexpr Tag textarea = find_tag("textarea");
inline constexpr Tag tfoot = find_tag("tfoot");
inline constexpr Tag th = find_tag("th");
inline constexpr Tag thead = find_tag("thead");
inline constexpr Tag time = find_tag("time");
inline constexpr Tag title = find_tag("title");
inline constexpr Tag tr = find_tag("tr");
inline constexpr Tag track = find_tag("track");
inline constexpr Tag tt = find_tag("tt");
inline constexpr Tag u = find_tag("u");
inline constexpr Tag ul = find_tag("ul");
inline constexpr Tag use = find_tag("use");
inline constexpr Tag var = find_tag("var");
inline constexpr Tag video = find_tag("video");
inline constexpr Tag wbr = find_tag("wbr");
inline constexpr Tag xmp = find_tag("xmp");
}  // namespace tag

/// A set of known element names; an unknown name (0) is in none.
class TagSet {
public:
    constexpr TagSet(std::initializer_list<Tag> tags) noexcept {
        for (const Tag one : tags) bits_[one >> 6] |= std::uint64_t{1} << (one & 63u);
    }
    constexpr bool has(Tag one) const noexcept { return (bits_[one >> 6] >> (one & 63u) & 1u) != 0; }
    constexpr TagSet operator|(const TagSet& other) const noexcept {
        TagSet both = *this;
        for (std::size_t i = 0; i < bits_.size(); ++i) both.bits_[i] |= other.bits_[i];
        return both;
    }

private:
    std::array<std::uint64_t, 4> bits_{};
};

namespace tags {

/// HTML standard 13.2.4.2: the "special" category, as far as it is HTML.
inline constexpr TagSet special{
    tag::address, tag::applet,     tag::area,      tag::article,    tag::aside,     tag::base,     tag::basefont,
    tag::bgsound, tag::blockquote, tag::body,      tag::br,         tag::button,    tag::caption,  tag::center,
    tag::col,     tag::colgroup,   tag::dd,        tag::details,    tag::dir,       tag::div,      tag::dl,
    tag::dt,      tag::embed,      tag::fieldset,  tag::figcaption, tag::figure,    tag::footer,   tag::form,
    tag::frame,   tag::frameset,   tag::h1,        tag::h2,         tag::h3,        tag::h4,       tag::h5,
    tag::h6,      tag::head,       tag::header,    tag::hgroup,     tag::hr,        tag::html,     tag::iframe,
    tag::img,     tag::input,      tag::keygen,    tag::li,         tag::link,      tag::listing,  tag::main,
    tag::marquee, tag::menu,       tag::meta,      tag::nav,        tag::noembed,   tag::noframes, tag::noscript,
    tag::object,  tag::ol,         tag::p,         tag::param,      tag::plaintext, tag::pre,      tag::script,
    tag::search,  tag::section,    tag::select,    tag::source,     tag::style,     tag::summary,  tag::table,
    tag::tbody,   tag::td,         tag::template_, tag::textarea,   tag::tfoot,     tag::th,       tag::thead,
    tag::title,   tag::tr,         tag::track,     tag::ul,         tag::wbr,       tag::xmp};

/// 13.2.4.2, "has an element in scope": what ends the search.
inline constexpr TagSet scope{tag::applet, tag::caption, tag::html,   tag::table,  tag::td,
                              tag::th,     tag::marquee, tag::object, tag::select, tag::template_};
inline constexpr TagSet list_item_scope = scope | TagSet{tag::ol, tag::ul};
inline constexpr TagSet button_scope = scope | TagSet{tag::button};
inline constexpr TagSet table_scope{tag::html, tag::table, tag::template_};

/// 13.2.6.3
inline constexpr TagSet implied_end{tag::dd, tag::dt, tag::li, tag::optgroup, tag::option,
                                    tag::p,  tag::rb, tag::rp, tag::rt,       tag::rtc};
inline constexpr TagSet implied_end_thoroughly =
    implied_end | TagSet{tag::caption, tag::colgroup, tag::tbody, tag::td, tag::tfoot, tag::th, tag::thead, tag::tr};

inline constexpr TagSet headings{tag::h1, tag::h2, tag::h3, tag::h4, tag::h5, tag::h6};
inline constexpr TagSet rows_and_sections{tag::table, tag::tbody, tag::tfoot, tag::thead, tag::tr};

}  // namespace tags
}  // namespace meter::html::detail
