#include "generate/page_index.hpp"

#include <algorithm>
#include <array>

#include "core/unicode.hpp"
#include "generate/words.hpp"

namespace meter::generate {
namespace {

using html::detail::find_tag;
using html::detail::Tag;

template <std::size_t N>
constexpr std::array<bool, 256> tag_set(const std::array<std::string_view, N>& names) {
    std::array<bool, 256> set{};
    for (const std::string_view name : names) set[find_tag(name)] = true;
    set[0] = false;
    return set;
}

constexpr auto inline_tags = tag_set(std::to_array<std::string_view>(
    {"a",   "b",   "i", "em", "strong", "span", "small", "font", "u",   "sup", "sub", "mark", "abbr", "time",
     "bdi", "bdo", "s", "q",  "cite",   "code", "label", "del",  "ins", "tt",  "big", "nobr", "data", "strike"}));
constexpr auto skipped_tags = tag_set(
    std::to_array<std::string_view>({"script", "style", "noscript", "template", "svg", "head", "option", "select",
                                     "textarea", "iframe", "object", "link", "meta", "button", "input"}));
constexpr auto prose_tags = tag_set(std::to_array<std::string_view>({"p", "ul", "ol", "li", "blockquote", "hr"}));
/// Not even walked into: their text is no text of the page.
constexpr auto opaque_tags = tag_set(
    std::to_array<std::string_view>({"script", "style", "noscript", "template", "head", "iframe", "svg", "textarea"}));

bool is_state_class(std::string_view name) {
    static constexpr auto words = std::to_array<std::string_view>(
        {"odd",      "even",      "first",  "last",      "active",  "selected",   "current",    "hot",
         "new",      "old",       "alt",    "unread",    "read",    "clearfix",   "cf",         "row",
         "item",     "hover",     "open",   "closed",    "visible", "hidden",     "left",       "right",
         "featured", "premium",   "sticky", "nonsticky", "show",    "hide",       "disabled",   "enabled",
         "expanded", "collapsed", "fade",   "in",        "clear",   "last-child", "first-child"});
    const std::string lower = core::ascii_lower(name);
    if (std::find(words.begin(), words.end(), lower) != words.end()) return true;
    return lower.ends_with("-odd") || lower.ends_with("-even") || lower.ends_with("_odd") || lower.ends_with("_even") ||
           lower.ends_with("-first") || lower.ends_with("-last") || lower.ends_with("-active") ||
           lower.ends_with("-selected") || lower.starts_with("is-") || lower.starts_with("has-") ||
           lower.starts_with("js-");
}

/// Names that tools make: hashes, style sheets in scripts, utility classes.
bool is_generated_class(std::string_view name) {
    if (name.find_first_of(":[]/@!%") != std::string_view::npos) return true;
    for (const std::string_view prefix : {"css-", "sc-", "jsx-", "emotion-", "svelte-", "jss"})
        if (name.starts_with(prefix)) return true;
    // A word of mixed case and digits that is no camelCase name, or without vowels: "bdVaJa", "x1y2z", "kqZrTs".
    const auto hash_like = [](std::string_view part) {
        if (part.size() < 5) return false;
        int turns = 0, vowels = 0, letters = 0, digits = 0;
        for (std::size_t i = 0; i < part.size(); ++i) {
            const char c = part[i];
            const bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
            letters += upper || lower;
            digits += digit;
            if (std::string_view("aeiouyAEIOUY").find(c) != std::string_view::npos) ++vowels;
            if (i > 0) {
                const char p = part[i - 1];
                if (upper && p >= 'a' && p <= 'z') ++turns;
                if (digit && !(p >= '0' && p <= '9')) ++turns;
            }
        }
        if (letters == 0) return true;
        if (digits >= 1 && turns >= 2) return true;
        if (turns >= 2 && part.size() <= 8) return true;
        return letters >= 6 && vowels == 0;
    };
    std::size_t start = 0;
    while (start <= name.size()) {
        std::size_t stop = name.find_first_of("-_", start);
        if (stop == std::string_view::npos) stop = name.size();
        if (hash_like(name.substr(start, stop - start))) return true;
        start = stop + 1;
    }
    // Utility classes: one or two letters and a size, "mt-4", "px-2", "w-full", "text-sm".
    static constexpr auto utilities = std::to_array<std::string_view>(
        {"flex", "grid", "block", "inline-block", "hidden", "relative", "absolute", "truncate", "items-center",
         "justify-between", "font-bold", "uppercase", "underline", "inline-flex"});
    if (std::find(utilities.begin(), utilities.end(), name) != utilities.end()) return true;
    for (const std::string_view prefix :
         {"text-", "bg-",  "font-",  "border-", "rounded-", "leading-", "flex-", "w-",  "h-",
          "p-",    "m-",   "mt-",    "mb-",     "ml-",      "mr-",      "px-",   "py-", "pt-",
          "pb-",   "gap-", "space-", "col-",    "order-",   "max-",     "min-",  "z-",  "grid-"})
        if (name.starts_with(prefix) && name.size() <= prefix.size() + 9) return true;
    return false;
}

bool is_numbered_class(std::string_view name) {
    if (name.empty()) return false;
    if (name.back() >= '0' && name.back() <= '9') return true;
    int run = 0;
    for (const char c : name) {
        run = c >= '0' && c <= '9' ? run + 1 : 0;
        if (run >= 2) return true;
    }
    return false;
}

/// Words that name the parts of a page around its content.
bool is_zone_word(std::string_view word) {
    static constexpr auto words = std::to_array<std::string_view>(
        {"aside",   "breadcrumb",     "breadcrumbs", "carousel",   "cookie",   "dropdown", "facet",   "filter",
         "filters", "footer",         "header",      "lang",       "language", "login",    "menu",    "nav",
         "navbar",  "navigation",     "pager",       "pagination", "related",  "share",    "sidebar", "slider",
         "social",  "submenu",        "tab",         "tabs",       "ticker",   "topbar",   "widget",  "promo",
         "banner",  "recommendations"});
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool has_zone_word(std::string_view text) {
    bool found = false;
    for_each_word(text, [&](std::string_view word) { found = found || is_zone_word(word); });
    return found;
}

}  // namespace

bool is_inline_tag(Tag tag) {
    return inline_tags[tag];
}
bool is_skipped_tag(Tag tag) {
    return skipped_tags[tag];
}
bool is_heading_tag(Tag tag) {
    return tag != 0 && (tag == tags::h1 || tag == tags::h2 || tag == tags::h3 || tag == tags::h4 || tag == tags::h5 ||
                        tag == tags::h6);
}

ClassKind class_kind(std::string_view name) {
    if (is_state_class(name)) return ClassKind::state;
    if (is_generated_class(name)) return ClassKind::generated;
    if (is_numbered_class(name)) return ClassKind::numbered;
    return ClassKind::semantic;
}

std::uint32_t Names::id(std::string_view text) {
    if (const auto found = ids_.find(text); found != ids_.end()) return found->second;
    const auto next = static_cast<std::uint32_t>(texts_.size());
    texts_.emplace_back(text);
    ids_.emplace(texts_.back(), next);
    return next;
}

std::uint32_t Names::find(std::string_view text) const {
    const auto found = ids_.find(text);
    return found == ids_.end() ? no_node : found->second;
}

/// Fills an index during one walk.
struct PageIndexBuilder {
    PageIndex& index;
    std::vector<std::uint32_t> open;        ///< elements whose end is not known
    std::vector<std::uint32_t> last_piece;  ///< by depth of `open`
    std::vector<std::uint32_t> children;    ///< element children so far, by depth of `open`
    std::vector<std::uint8_t> class_zone;   ///< by class id: 0 unknown, 1 no, 2 yes
    bool pending_space = false;

    bool names_zone(std::uint32_t id) {
        if (class_zone.size() <= id) class_zone.resize(id + 1, 0);
        if (class_zone[id] == 0) class_zone[id] = has_zone_word(index.names.text(id)) ? 2 : 1;
        return class_zone[id] == 2;
    }

    void enter(html::Element element) {
        const auto at = static_cast<std::uint32_t>(index.nodes.size());
        PageNode node;
        node.element = element;
        node.tag = find_tag(element.name());
        node.images = index.images_;
        if (node.tag == tags::img) ++index.images_;
        node.text_begin = static_cast<std::uint32_t>(index.text.size());
        node.class_begin = static_cast<std::uint32_t>(index.classes.size());
        bool zone =
            node.tag == tags::nav || node.tag == tags::footer || node.tag == tags::aside || node.tag == tags::header;
        if (const auto list = element.attribute("class")) {
            std::size_t start = 0;
            const std::string_view space = " \t\n\r\f";
            while (node.class_count < 24 && (start = list->find_first_not_of(space, start)) != list->npos) {
                const std::size_t stop = std::min(list->find_first_of(space, start), list->size());
                const std::uint32_t id = index.names.id(list->substr(start, stop - start));
                if (id == index.class_kinds.size()) index.class_kinds.push_back(class_kind(index.names.text(id)));
                const auto begin = index.classes.begin() + node.class_begin;
                if (std::find(begin, index.classes.end(), id) == index.classes.end()) {
                    index.classes.push_back(id);
                    ++node.class_count;
                }
                zone = zone || (index.class_kinds[id] != ClassKind::generated && names_zone(id));
                start = stop;
            }
        }
        if (!zone && node.tag != tags::body && node.tag != tags::html) {
            if (const auto id = element.attribute("id"); id && id->size() < 60) zone = has_zone_word(*id);
            if (const auto role = element.attribute("role"); !zone && role) zone = has_zone_word(*role);
        }
        if (node.tag == tags::body || node.tag == tags::html) zone = false;
        if (!open.empty()) {
            const PageNode& parent = index.nodes[open.back()];
            node.parent = open.back();
            node.depth = static_cast<std::uint16_t>(parent.depth + 1);
            node.zone = parent.zone;
            node.position = ++children.back();
        }
        if (zone && node.zone < 255) ++node.zone;
        index.nodes.push_back(node);
        open.push_back(at);
        last_piece.push_back(no_node);
        children.push_back(0);
        if (html::is_block(element.name()) || node.tag == tags::br) pending_space = true;
    }

    void leave() {
        const std::uint32_t at = open.back();
        PageNode& node = index.nodes[at];
        node.end = static_cast<std::uint32_t>(index.nodes.size());
        node.text_end = static_cast<std::uint32_t>(index.text.size());
        open.pop_back();
        last_piece.pop_back();
        children.pop_back();
        if (html::is_block(node.element.name())) pending_space = true;
        if (node.parent == no_node) return;
        PageNode& parent = index.nodes[node.parent];
        const bool flows = is_inline_tag(node.tag) || node.tag == tags::br || node.tag == tags::img;
        if (!flows || !node.inline_only) parent.inline_only = false;
        if ((!flows && !prose_tags[node.tag]) || !node.prose) parent.prose = false;
    }

    void add_text(std::string_view text) {
        const std::size_t before = index.text.size();
        std::size_t start = before;
        std::size_t at = 0;
        bool any = false;
        while (at < text.size()) {
            const auto byte = static_cast<unsigned char>(text[at]);
            if (byte < 0x80) {
                if (byte <= ' ' && (byte == ' ' || (byte >= 9 && byte <= 13))) {
                    pending_space = true;
                    ++at;
                    continue;
                }
                put(text.substr(at, 1), any, start);
                ++at;
                continue;
            }
            const std::size_t from = at;
            const char32_t code = core::next_code_point(text, at);
            if (core::is_space(code)) {
                pending_space = true;
                continue;
            }
            put(text.substr(from, at - from), any, start);
        }
        if (!any) return;
        const auto piece = static_cast<std::uint32_t>(index.pieces.size());
        index.pieces.push_back({static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(index.text.size())});
        if (last_piece.back() == no_node)
            index.nodes[open.back()].first_piece = piece;
        else
            index.pieces[last_piece.back()].next = piece;
        last_piece.back() = piece;
    }

    void put(std::string_view bytes, bool& any, std::size_t& start) {
        if (pending_space && !index.text.empty()) index.text += ' ';
        pending_space = false;
        if (!any) start = index.text.size();
        any = true;
        index.text += bytes;
    }

    static bool visit(void* context, const html::Node& node, bool entering) {
        auto& builder = *static_cast<PageIndexBuilder*>(context);
        PageIndex& index = builder.index;
        if (node.kind == html::Node::Kind::text) {
            if (index.text.size() + node.text.size() > PageIndex::max_text) {
                index.truncated_ = true;
                return false;
            }
            builder.add_text(node.text);
            return false;
        }
        if (!entering) {
            builder.leave();
            return false;
        }
        if (index.nodes.size() >= PageIndex::max_nodes) {
            index.truncated_ = true;
            return false;
        }
        builder.enter(node.element);
        if (opaque_tags[index.nodes.back().tag]) {
            builder.leave();
            return false;
        }
        return true;
    }
};

PageIndex::PageIndex(const html::Document& document) {
    const html::Element root = document.root();
    if (!root) return;
    PageIndexBuilder builder{*this, {}, {}, {}, {}};
    builder.enter(root);
    html::walk(root, &PageIndexBuilder::visit, &builder);
    while (!builder.open.empty()) builder.leave();
    // Places among siblings of one name, counted once the tree is known.
    std::vector<std::pair<Tag, std::uint32_t>> counts;
    for (std::uint32_t node = 0; node < nodes.size(); ++node) {
        counts.clear();
        for (std::uint32_t child = first_child(node); child != no_node; child = next_sibling(child)) {
            const Tag tag = nodes[child].tag;
            auto found = std::find_if(counts.begin(), counts.end(), [&](const auto& c) { return c.first == tag; });
            if (found == counts.end()) found = counts.insert(counts.end(), {tag, 0});
            nodes[child].type_position = ++found->second;
        }
    }
}

std::string_view PageIndex::text_of(std::uint32_t node) const {
    const PageNode& n = nodes[node];
    std::string_view view = std::string_view(text).substr(n.text_begin, n.text_end - n.text_begin);
    if (view.starts_with(' ')) view.remove_prefix(1);
    return view;
}

std::string PageIndex::own_text(std::uint32_t node) const {
    std::string out;
    for (std::uint32_t piece = nodes[node].first_piece; piece != no_node; piece = pieces[piece].next) {
        if (!out.empty()) out += ' ';
        out.append(text, pieces[piece].begin, pieces[piece].end - pieces[piece].begin);
    }
    return out;
}

std::string_view PageIndex::first_own_text(std::uint32_t node) const {
    const std::uint32_t piece = nodes[node].first_piece;
    if (piece == no_node) return {};
    return std::string_view(text).substr(pieces[piece].begin, pieces[piece].end - pieces[piece].begin);
}

bool PageIndex::has_class(std::uint32_t node, std::uint32_t id) const {
    const PageNode& n = nodes[node];
    const auto begin = classes.begin() + n.class_begin;
    return std::find(begin, begin + n.class_count, id) != begin + n.class_count;
}

}  // namespace meter::generate
