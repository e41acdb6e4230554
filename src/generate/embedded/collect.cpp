// Everything a page carries, in one pass over each syntax.
#include <algorithm>
#include <string>
#include <utility>

#include "core/unicode.hpp"
#include "generate/embedded/item_graph.hpp"
#include "generate/embedded/script_sources.hpp"

namespace meter::generate {
namespace {

constexpr std::size_t max_meta = 1'000;

std::vector<std::pair<std::string, std::string>> read_meta(html::Element root) {
    std::vector<std::pair<std::string, std::string>> meta;
    for (html::Element at = root; at && meta.size() < max_meta; at = at.next_in(root)) {
        if (at.name() != "meta") continue;
        const auto content = at.attribute("content");
        if (!content) continue;
        for (const std::string_view attribute : {"property", "name"})
            if (const auto name = at.attribute(attribute); name && !name->empty() && name->size() <= 128) {
                meta.emplace_back(core::ascii_lower(core::trim(*name)), std::string(core::trim(*content)));
                break;
            }
    }
    return meta;
}

/// Open Graph and its relatives: names with a prefix that says what the page is about.
bool is_open_graph(std::string_view name) noexcept {
    for (const std::string_view prefix : {"og:", "product:", "article:", "book:", "video:", "music:", "profile:",
                                          "business:", "restaurant:", "place:", "event:"})
        if (name.starts_with(prefix)) return true;
    return false;
}

/// One object of all Open Graph members: "og:title" is title, "product:price:amount" is price_amount.
void append_open_graph(const std::vector<std::pair<std::string, std::string>>& meta,
                       std::vector<EmbeddedObject>& objects) {
    EmbeddedObject object;
    object.syntax = Syntax::open_graph;
    Object data;
    for (const auto& [name, content] : meta) {
        if (!is_open_graph(name) || content.empty()) continue;
        std::string key = name.substr(name.find(':') + 1);
        std::replace(key.begin(), key.end(), ':', '_');
        if (name == "og:type") object.types.emplace_back(content.substr(0, 64));
        if (Value* known = data.find(key)) {
            if (!known->is_array()) {
                Value::Array array;
                array.push_back(std::move(*known));
                *known = Value(std::move(array));
            }
            known->if_array()->emplace_back(content);
        } else {
            data.append(std::move(key), content);
        }
    }
    if (data.empty()) return;
    object.data = std::move(data);
    objects.push_back(std::move(object));
}

/// RDFa that is nothing but the Open Graph members over again.
bool is_meta_only(const EmbeddedObject& object) {
    return std::all_of(object.origins.begin(), object.origins.end(),
                       [](const PropertyOrigin& origin) { return origin.element.name() == "meta"; });
}

}  // namespace

std::string_view to_string(Syntax syntax) noexcept {
    switch (syntax) {
        case Syntax::json_ld:
            return "JSON-LD";
        case Syntax::microdata:
            return "microdata";
        case Syntax::rdfa:
            return "RDFa";
        case Syntax::open_graph:
            return "Open Graph";
        case Syntax::microformat:
            return "microformat";
        default:
            return "JSON";
    }
}

const EmbeddedObject* Embedded::find(std::string_view type) const {
    for (const EmbeddedObject& object : objects)
        if (object.top_level && std::find(object.types.begin(), object.types.end(), type) != object.types.end())
            return &object;
    return nullptr;
}

std::string_view Embedded::meta_content(std::string_view name) const {
    for (const auto& [key, content] : meta)
        if (key == name) return content;
    return {};
}

Embedded collect_embedded(const html::Document& document, std::string_view page_url, const EmbeddedLimits& limits) {
    Embedded embedded;
    const html::Element root = document.root();
    if (!root) return embedded;
    const std::string base = document.base_url(page_url);
    embedded.scripts = detail::read_scripts(root, limits);
    embedded.meta = read_meta(root);
    detail::append_json_ld(embedded.scripts, limits, embedded.objects);
    detail::append_item_objects(Syntax::microdata, detail::read_microdata(root, base, limits), limits,
                                embedded.objects);
    const std::size_t before = embedded.objects.size();
    const auto triples = detail::read_rdfa(root, base, limits);
    detail::append_item_objects(Syntax::rdfa, detail::rdfa_items(triples, limits), limits, embedded.objects);
    embedded.objects.erase(std::remove_if(embedded.objects.begin() + static_cast<std::ptrdiff_t>(before),
                                          embedded.objects.end(), is_meta_only),
                           embedded.objects.end());
    append_open_graph(embedded.meta, embedded.objects);
    detail::append_item_objects(Syntax::microformat, detail::read_microformats(root, base, limits), limits,
                                embedded.objects);
    return embedded;
}

}  // namespace meter::generate
