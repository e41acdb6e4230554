// Microdata: itemscope, itemtype, itemprop, itemid, itemref.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/unicode.hpp"
#include "generate/embedded/item_graph.hpp"
#include "url/url.hpp"

namespace meter::generate::detail {
namespace {

/// Calls `use` for each word of a space-separated list.
template <class Use>
void for_each_item_token(std::string_view text, Use&& use) {
    constexpr std::string_view space = " \t\n\f\r";
    for (std::size_t at = text.find_first_not_of(space); at != std::string_view::npos;) {
        const std::size_t end = std::min(text.find_first_of(space, at), text.size());
        use(text.substr(at, end - at));
        at = text.find_first_not_of(space, end);
    }
}

struct ItemValue {
    std::string text;
    std::string_view attribute;
};

/// HTML Living Standard 5.2.4, the value of a property.
ItemValue microdata_value(html::Element element, std::string_view base) {
    const std::string_view name = element.name();
    // Not in the standard, but what shops write and search engines read.
    if (const auto content = element.attribute("content")) return {std::string(core::trim(*content)), "content"};
    const auto link = [&](std::string_view attribute) {
        const auto value = element.attribute(attribute);
        return ItemValue{value ? url::resolve(base, *value) : std::string(), attribute};
    };
    for (const std::string_view tag : {"audio", "embed", "iframe", "img", "source", "track", "video"})
        if (name == tag) return link("src");
    for (const std::string_view tag : {"a", "area", "link"})
        if (name == tag) return link("href");
    if (name == "object") return link("data");
    for (const std::string_view tag : {"data", "meter"})
        if (name == tag)
            if (const auto value = element.attribute("value")) return {std::string(core::trim(*value)), "value"};
    if (name == "time")
        if (const auto value = element.attribute("datetime")) return {std::string(core::trim(*value)), "datetime"};
    if (name == "meta") return {{}, "content"};
    return {item_text(element), "text"};
}

class MicrodataReader {
public:
    MicrodataReader(html::Element root, std::string_view base, const EmbeddedLimits& limits)
        : root_(root), base_(base), limits_(limits) {}

    std::vector<Item> run() {
        std::size_t elements = 0;
        bool references = false;
        for (html::Element at = root_; at; at = at.next_in(root_)) {
            ++elements;
            if (!at.has_attribute("itemscope")) continue;
            references = references || at.has_attribute("itemref");
            if (items_.size() < limits_.max_objects) index_item(at);
        }
        if (items_.empty()) return {};
        steps_ = 4 * elements + 10'000;
        text_bytes_ = 16u << 20;
        if (references) index_ids();
        for (std::size_t i = 0; i < items_.size(); ++i) read_properties(i);
        return std::move(items_);
    }

private:
    void index_item(html::Element element) {
        Item item;
        item.element = element;
        if (const auto types = element.attribute("itemtype"))
            for_each_item_token(*types, [&](std::string_view type) {
                if (item.types.size() < 8) item.types.emplace_back(type);
            });
        if (const auto id = element.attribute("itemid")) item.id = url::resolve(base_, *id);
        item.top_level = !element.has_attribute("itemprop");
        by_element_.emplace(element.node(), items_.size());
        items_.push_back(std::move(item));
    }

    void index_ids() {
        for (html::Element at = root_; at; at = at.next_in(root_))
            if (const auto id = at.attribute("id")) by_id_.emplace(*id, at);
    }

    void read_properties(std::size_t index) {
        const html::Element scope = items_[index].element;
        crawl(index, scope, scope);
        const auto references = scope.attribute("itemref");
        if (!references) return;
        std::size_t count = 0;
        for_each_item_token(*references, [&](std::string_view id) {
            const auto found = by_id_.find(id);
            if (found == by_id_.end() || found->second == scope || ++count > 64) return;
            if (enter(index, found->second)) crawl(index, found->second, scope);
        });
    }

    /// Reads the properties below `root`; nested items are not entered.
    void crawl(std::size_t index, html::Element root, html::Element scope) {
        for (html::Element at = root.first_child(); at && steps_ > 0;) {
            --steps_;
            const bool enters = enter(index, at) && at != scope && at.first_child();
            at = enters ? at.first_child() : after(at, root);
        }
    }

    static html::Element after(html::Element element, html::Element root) {
        while (element && element != root) {
            if (const html::Element next = element.next_sibling()) return next;
            element = element.parent();
        }
        return {};
    }

    /// Takes the element as a property; false when its content belongs to another item.
    bool enter(std::size_t index, html::Element element) {
        const auto nested = by_element_.find(element.node());
        const bool item = nested != by_element_.end();
        const auto names = element.attribute("itemprop");
        if (!names) return !item;
        if (properties_ >= limits_.max_properties) return false;
        ItemProperty property{.name = {}, .element = element};
        if (item) {
            property.item = nested->second;
        } else {
            ItemValue value = microdata_value(element, base_);
            if (value.text.size() > text_bytes_) return true;
            text_bytes_ -= value.text.size();
            property.text = std::move(value.text);
            property.attribute = std::string(value.attribute);
        }
        std::size_t count = 0;
        for_each_item_token(*names, [&](std::string_view name) {
            if (++count > 8) return;
            property.name = std::string(name);
            items_[index].properties.push_back(property);
            ++properties_;
        });
        return !item;
    }

    html::Element root_;
    std::string_view base_;
    const EmbeddedLimits& limits_;
    std::vector<Item> items_;
    std::unordered_map<const _xmlNode*, std::size_t> by_element_;
    std::unordered_map<std::string_view, html::Element> by_id_;
    std::size_t steps_ = 0;
    std::size_t properties_ = 0;
    std::size_t text_bytes_ = 0;  ///< of property texts that may still be made: nested properties repeat theirs
};

}  // namespace

std::vector<Item> read_microdata(html::Element root, std::string_view base, const EmbeddedLimits& limits) {
    if (!root) return {};
    return MicrodataReader(root, base, limits).run();
}

}  // namespace meter::generate::detail
