// Microformats: classes that name items (h-card) and properties (p-name), and the classic ones as those.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/unicode.hpp"
#include "generate/embedded/item_graph.hpp"
#include "url/url.hpp"

namespace meter::generate::detail {
namespace {

struct ClassicName {
    std::string_view classic, now;
};

/// Root classes of the classic microformats.
constexpr auto classic_roots = std::to_array<ClassicName>({{"vcard", "h-card"},
                                                           {"hentry", "h-entry"},
                                                           {"hfeed", "h-feed"},
                                                           {"vevent", "h-event"},
                                                           {"hreview", "h-review"},
                                                           {"hreview-aggregate", "h-review-aggregate"},
                                                           {"hrecipe", "h-recipe"},
                                                           {"hproduct", "h-product"},
                                                           {"hresume", "h-resume"}});

/// Their property classes, which count inside a classic root only. Source: microformats.org/wiki, the page of each.
constexpr auto classic_properties = std::to_array<ClassicName>({{"fn", "p-name"},
                                                                {"entry-title", "p-name"},
                                                                {"entry-summary", "p-summary"},
                                                                {"entry-content", "e-content"},
                                                                {"published", "dt-published"},
                                                                {"updated", "dt-updated"},
                                                                {"author", "p-author"},
                                                                {"category", "p-category"},
                                                                {"summary", "p-name"},
                                                                {"dtstart", "dt-start"},
                                                                {"dtend", "dt-end"},
                                                                {"duration", "dt-duration"},
                                                                {"location", "p-location"},
                                                                {"description", "p-description"},
                                                                {"url", "u-url"},
                                                                {"photo", "u-photo"},
                                                                {"logo", "u-logo"},
                                                                {"email", "u-email"},
                                                                {"tel", "p-tel"},
                                                                {"org", "p-org"},
                                                                {"title", "p-job-title"},
                                                                {"role", "p-role"},
                                                                {"note", "p-note"},
                                                                {"adr", "p-adr"},
                                                                {"street-address", "p-street-address"},
                                                                {"extended-address", "p-extended-address"},
                                                                {"locality", "p-locality"},
                                                                {"region", "p-region"},
                                                                {"postal-code", "p-postal-code"},
                                                                {"country-name", "p-country-name"},
                                                                {"given-name", "p-given-name"},
                                                                {"family-name", "p-family-name"},
                                                                {"nickname", "p-nickname"},
                                                                {"bday", "dt-bday"},
                                                                {"latitude", "p-latitude"},
                                                                {"longitude", "p-longitude"},
                                                                {"geo", "p-geo"},
                                                                {"price", "p-price"},
                                                                {"brand", "p-brand"},
                                                                {"identifier", "u-identifier"},
                                                                {"review", "p-review"},
                                                                {"rating", "p-rating"},
                                                                {"best", "p-best"},
                                                                {"worst", "p-worst"},
                                                                {"average", "p-average"},
                                                                {"count", "p-count"},
                                                                {"votes", "p-votes"},
                                                                {"reviewer", "p-reviewer"},
                                                                {"dtreviewed", "dt-reviewed"},
                                                                {"ingredient", "p-ingredient"},
                                                                {"yield", "p-yield"},
                                                                {"instructions", "e-instructions"},
                                                                {"nutrition", "p-nutrition"}});

/// Items that are open while the tree is walked.
struct OpenItem {
    html::Element element;
    std::size_t item = 0;
    bool classic = false;
    bool explicit_name = false;  ///< it has p-* or e-* properties, or items inside: no name is implied
    bool has_url = false, has_photo = false, has_name = false;
    bool has_u = false, has_items = false;
};

bool starts_class(std::string_view name, std::string_view prefix) noexcept {
    return name.size() > prefix.size() && name.starts_with(prefix) &&
           std::all_of(name.begin() + static_cast<std::ptrdiff_t>(prefix.size()), name.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || (c >= '0' && c <= '9'); });
}

class MicroformatReader {
public:
    MicroformatReader(html::Element root, std::string_view base, const EmbeddedLimits& limits)
        : root_(root), base_(base), limits_(limits) {}

    std::vector<Item> run() {
        html::Element at = root_;
        while (at && properties_ < limits_.max_properties) {
            if (const auto classes = at.attribute("class")) enter(at, *classes);
            if (const html::Element child = at.first_child()) {
                at = child;
                continue;
            }
            leave(at);
            while (at != root_ && !at.next_sibling()) {
                at = at.parent();
                leave(at);
            }
            if (at == root_) break;
            at = at.next_sibling();
        }
        while (!open_.empty()) close();
        return std::move(items_);
    }

private:
    void leave(html::Element e) {
        if (!open_.empty() && open_.back().element == e) close();
    }

    struct Names {
        std::vector<std::string> roots, properties;
        bool classic = false;
    };

    Names read_names(std::string_view classes) const {
        Names names;
        const bool in_classic = !open_.empty() && open_.back().classic;
        constexpr std::string_view space = " \t\n\f\r";
        std::size_t count = 0;
        for (std::size_t at = classes.find_first_not_of(space); at != std::string_view::npos && count < 32; ++count) {
            const std::size_t end = std::min(classes.find_first_of(space, at), classes.size());
            const std::string_view name = classes.substr(at, end - at);
            at = classes.find_first_not_of(space, end);
            if (starts_class(name, "h-")) {
                names.roots.emplace_back(name);
                continue;
            }
            bool property = false;
            for (const std::string_view prefix : {"p-", "u-", "dt-", "e-"})
                property = property || starts_class(name, prefix);
            if (property && !open_.empty() && !in_classic) names.properties.emplace_back(name);
            for (const ClassicName& row : classic_roots)
                if (name == row.classic) {
                    names.roots.emplace_back(row.now);
                    names.classic = true;
                }
            if (!in_classic) continue;
            for (const ClassicName& row : classic_properties)
                if (name == row.classic) names.properties.emplace_back(row.now);
        }
        return names;
    }

    void enter(html::Element e, std::string_view classes) {
        Names names = read_names(classes);
        if (names.roots.empty() && names.properties.empty()) return;
        std::size_t nested = no_item;
        if (!names.roots.empty() && items_.size() < limits_.max_objects) {
            nested = items_.size();
            Item item;
            item.element = e;
            item.types = std::move(names.roots);
            item.top_level = open_.empty();
            items_.push_back(std::move(item));
        }
        if (!open_.empty()) {
            OpenItem& parent = open_.back();
            if (nested != no_item && names.properties.empty()) {
                parent.has_items = true;
                add(parent, "children", e, nested);
            }
            for (const std::string& name : names.properties) add(parent, name, e, nested);
        }
        if (nested != no_item) open_.push_back({.element = e, .item = nested, .classic = names.classic});
    }

    void add(OpenItem& parent, std::string_view name, html::Element e, std::size_t nested) {
        ItemProperty property{.name = std::string(name.substr(name == "children" ? 0 : name.find('-') + 1)),
                              .element = e};
        parent.has_url = parent.has_url || name == "u-url";
        parent.has_photo = parent.has_photo || name == "u-photo";
        parent.has_name = parent.has_name || name == "p-name";
        parent.has_u = parent.has_u || name.starts_with("u-");
        parent.explicit_name = parent.explicit_name || name.starts_with("p-") || name.starts_with("e-");
        if (nested != no_item) {
            property.item = nested;
        } else {
            set_value(property, name, e);
            if (property.text.size() > text_bytes_) return;
            text_bytes_ -= property.text.size();
        }
        ++properties_;
        items_[parent.item].properties.push_back(std::move(property));
    }

    bool take(ItemProperty& property, html::Element e, std::string_view attribute, bool link) const {
        const auto value = e.attribute(attribute);
        if (!value) return false;
        property.text = link ? url::resolve(base_, *value) : std::string(core::trim(*value));
        property.attribute = std::string(attribute);
        return true;
    }

    /// microformats2-parsing, "parsing a p- / u- / dt- / e- property".
    void set_value(ItemProperty& property, std::string_view name, html::Element e) const {
        const std::string_view tag = e.name();
        if (name.starts_with("u-")) {
            if ((tag == "a" || tag == "area" || tag == "link") && take(property, e, "href", true)) return;
            if ((tag == "img" || tag == "audio" || tag == "video" || tag == "source" || tag == "iframe") &&
                take(property, e, "src", true))
                return;
            if (tag == "object" && take(property, e, "data", true)) return;
        }
        if (name.starts_with("dt-") && (tag == "time" || tag == "ins" || tag == "del") &&
            take(property, e, "datetime", false))
            return;
        if (!name.starts_with("e-")) {
            if (tag == "abbr" && take(property, e, "title", false)) return;
            if ((tag == "data" || tag == "input") && take(property, e, "value", false)) return;
            if (tag == "meta" && take(property, e, "content", false)) return;
            if ((tag == "img" || tag == "area") && name.starts_with("p-") && take(property, e, "alt", false)) return;
        }
        property.text = item_text(e);
        property.attribute = "text";
    }

    /// The only child of this tag, which is no item itself; two levels deep as the specification says.
    static html::Element only_child(html::Element e, std::string_view tag) {
        for (int level = 0; level < 2; ++level) {
            html::Element found;
            std::size_t count = 0, children = 0;
            for (html::Element child = e.first_child(); child; child = child.next_sibling()) {
                ++children;
                if (child.name() != tag) continue;
                ++count;
                found = child;
            }
            if (count == 1) {
                const auto classes = found.attribute("class");
                if (!classes || (!classes->starts_with("h-") && classes->find(" h-") == std::string_view::npos))
                    return found;
                return {};
            }
            if (children != 1) return {};
            e = e.first_child();
        }
        return {};
    }

    /// Implied properties: name, photo and url of items that state none.
    void close() {
        const OpenItem open = open_.back();
        open_.pop_back();
        Item& item = items_[open.item];
        const html::Element e = open.element;
        const auto add_implied = [&](std::string_view name, html::Element from, std::string_view attribute, bool link) {
            ItemProperty property{.name = std::string(name), .element = from};
            if (!take(property, from, attribute, link)) return false;
            ++properties_;
            item.properties.push_back(std::move(property));
            return true;
        };
        if (!open.has_name && !open.explicit_name && !open.has_items && !open.classic) imply_name(item, e);
        if (!open.has_photo && !open.has_u && !open.has_items && !open.classic) {
            const html::Element image = e.name() == "img" ? e : only_child(e, "img");
            if (image) add_implied("photo", image, "src", true);
        }
        if (!open.has_url && !open.has_u && !open.has_items && !open.classic) {
            const html::Element link = e.name() == "a" || e.name() == "area" ? e : only_child(e, "a");
            if (link) add_implied("url", link, "href", true);
        }
    }

    void imply_name(Item& item, html::Element e) {
        ItemProperty property{.name = "name", .element = e};
        const std::string_view tag = e.name();
        const html::Element image = tag == "img" || tag == "area" ? e : sole_child(e, "img");
        const html::Element abbreviation = tag == "abbr" ? e : sole_child(e, "abbr");
        if (!(image && take(property, image, "alt", false)) &&
            !(abbreviation && take(property, abbreviation, "title", false))) {
            property.text = item_text(e);
            property.attribute = "text";
            if (property.text.size() > text_bytes_) return;
            text_bytes_ -= property.text.size();
        } else if (image) {
            property.element = image;
        }
        ++properties_;
        item.properties.push_back(std::move(property));
    }

    static html::Element sole_child(html::Element e, std::string_view tag) {
        for (int level = 0; level < 2; ++level) {
            const html::Element child = e.first_child();
            if (!child || child.next_sibling()) return {};
            if (child.name() == tag) return child;
            e = child;
        }
        return {};
    }

    html::Element root_;
    std::string_view base_;
    const EmbeddedLimits& limits_;
    std::vector<Item> items_;
    std::vector<OpenItem> open_;
    std::size_t properties_ = 0;
    std::size_t text_bytes_ = 16u << 20;
};

}  // namespace

std::vector<Item> read_microformats(html::Element root, std::string_view base, const EmbeddedLimits& limits) {
    if (!root) return {};
    return MicroformatReader(root, base, limits).run();
}

}  // namespace meter::generate::detail
