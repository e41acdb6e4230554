#include "html/document.hpp"

#include <libxml/HTMLtree.h>

#include <algorithm>
#include <new>
#include <utility>

#include "html/charset.hpp"
#include "html/document_impl.hpp"
#include "html/parser/parser.hpp"
#include "html/prescan.hpp"
#include "html/tree_builder.hpp"
#include "url/url.hpp"

namespace meter::html {
namespace {

constexpr detail::Tag body_tag = detail::find_tag("body");
constexpr detail::Tag title_tag = detail::find_tag("title");
constexpr detail::Tag base_tag = detail::find_tag("base");

Error page_too_large() {
    return Error{ErrorCode::too_large, "Page too large"};
}

/// Most names differ in their first letters: no need to know their length.
bool is_named(const char* name, std::string_view wanted) noexcept {
    std::size_t i = 0;
    while (i < wanted.size() && name[i] == wanted[i] && name[i] != 0) ++i;
    return i == wanted.size() && name[i] == 0;
}

Element element_at(const detail::Tree& tree, std::uint32_t index) noexcept {
    return index < tree.records.size() ? Element(tree[index].node) : Element();
}

}  // namespace

Document::Document(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Document::Impl::Impl() : doc(htmlNewDocNoDtD(nullptr, nullptr)) {
    if (doc == nullptr) throw std::bad_alloc();
    doc->_private = &tree;
    doc->dict = xmlDictCreate();
    if (doc->dict == nullptr) throw std::bad_alloc();
}

Result<Document> Document::parse(std::string_view bytes, const ParseOptions& options) {
    if (options.parser == ParserKind::html5) {
        Parser parser(options);
        return parser.finish(bytes);
    }
    if (bytes.size() > options.max_bytes) return page_too_large();
    try {
        auto impl = std::make_unique<Impl>();
        impl->doc.reset();
        detail::Decoded decoded;
        detail::decode(bytes, options.content_type, decoded);
        impl->encoding = decoded.encoding;
        detail::Prescan prescan(decoded.text, {options.max_attributes_per_tag, options.max_nodes});
        if (prescan.too_large()) return page_too_large();
        xmlDocPtr doc = nullptr;
        const auto outcome = detail::build_tree(prescan.text(), prescan.tags(), options.max_nodes, impl->tree, doc);
        impl->doc.reset(doc);
        if (outcome == detail::BuildOutcome::too_large) return page_too_large();
        if (outcome == detail::BuildOutcome::out_of_memory)
            return Error{ErrorCode::parse, "Out of memory while parsing the page"};
        return Document(std::move(impl));
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::parse, "Out of memory while parsing the page"};
    }
}

Result<Document> Document::parse_fragment(std::string_view text, std::string_view context,
                                          const ParseOptions& options) {
    Parser parser(options, detail::FragmentContext{context});
    return parser.finish(text);
}

Element Document::root() const noexcept {
    return element_at(impl_->tree, 0);
}

Element Document::body() const noexcept {
    const auto& records = impl_->tree.records;
    if (impl_->is_fragment) return root();
    for (std::size_t i = 1; i < records.size(); i = records[i].end)
        if (records[i].tag == body_tag) return Element(records[i].node);
    return {};
}

std::string Document::title() const {
    for (const auto& record : impl_->tree.records)
        if (record.tag == title_tag && record.space == detail::Space::html) return Element(record.node).text();
    return {};
}

std::string_view Document::encoding() const noexcept {
    return impl_->encoding;
}

std::string Document::base_url(std::string_view page_url) const {
    // HTML standard 4.2.3: the first base element that has an href counts.
    for (const auto& record : impl_->tree.records) {
        if (record.tag != base_tag || record.space != detail::Space::html) continue;
        const auto href = Element(record.node).attribute("href");
        if (!href) continue;
        std::string base = url::resolve(page_url, *href);
        const bool is_http = base.starts_with("http://") || base.starts_with("https://");
        return is_http ? base : std::string(page_url);
    }
    return std::string(page_url);
}

bool Document::depth_capped() const noexcept {
    return impl_->tree.depth_capped;
}

Extent Document::extent() const noexcept {
    const detail::Tree& tree = impl_->tree;
    std::uint32_t at = detail::no_element;
    std::size_t depth = 0, deepest = 0;
    for (std::uint32_t i = 0; i < tree.records.size(); ++i) {
        for (; at != tree[i].parent; at = tree[at].parent) --depth;
        at = i;
        deepest = std::max(deepest, ++depth);
    }
    return {tree.units / 2, deepest};
}

std::string_view Element::name() const noexcept {
    return node_ != nullptr ? std::string_view(detail::chars(node_->name)) : std::string_view();
}

bool Element::is_html() const noexcept {
    return node_ != nullptr && detail::space_of(node_) == detail::Space::html;
}

std::optional<std::string_view> Element::attribute(std::string_view name) const noexcept {
    if (node_ == nullptr) return std::nullopt;
    for (const xmlAttr* attribute = node_->properties; attribute != nullptr; attribute = attribute->next)
        if (is_named(detail::chars(attribute->name), name)) return detail::value_of(attribute);
    return std::nullopt;
}

Element Element::parent() const noexcept {
    if (node_ == nullptr) return {};
    const auto& tree = detail::tree_of(node_);
    return element_at(tree, tree[detail::record_of(node_)].parent);
}

Element Element::first_child() const noexcept {
    if (node_ == nullptr) return {};
    const auto& tree = detail::tree_of(node_);
    const std::uint32_t index = detail::record_of(node_);
    return tree[index].children > 0 ? Element(tree[index + 1].node) : Element();
}

Element Element::next_sibling() const noexcept {
    if (node_ == nullptr) return {};
    const auto& tree = detail::tree_of(node_);
    const auto& record = tree[detail::record_of(node_)];
    if (record.parent == detail::no_element || record.end >= tree[record.parent].end) return {};
    return Element(tree[record.end].node);
}

Element Element::previous_sibling() const noexcept {
    if (node_ == nullptr) return {};
    const auto& tree = detail::tree_of(node_);
    return element_at(tree, tree[detail::record_of(node_)].previous);
}

Element Element::next_in(Element root) const noexcept {
    if (node_ == nullptr || !root) return {};
    const auto& tree = detail::tree_of(node_);
    const std::uint32_t next = detail::record_of(node_) + 1;
    return next < tree[detail::record_of(root.node_)].end ? Element(tree[next].node) : Element();
}

}  // namespace meter::html
