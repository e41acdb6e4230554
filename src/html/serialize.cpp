// inner_html: the fragment serialisation of the HTML standard (section 13.3). Ours rather than libxml2's, which
// percent-encodes link targets and writes entities of HTML 4.
#include "html/document.hpp"
#include "html/tree.hpp"

namespace meter::html {
namespace detail {
namespace {

void append_escaped(std::string& out, std::string_view text, bool in_attribute) {
    std::size_t copied = 0;
    const auto replace = [&](std::size_t at, std::size_t length, std::string_view by) {
        out.append(text, copied, at - copied).append(by);
        copied = at + length;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '&')
            replace(i, 1, "&amp;");
        else if (c == '"' && in_attribute)
            replace(i, 1, "&quot;");
        else if (c == '<' && !in_attribute)
            replace(i, 1, "&lt;");
        else if (c == '>' && !in_attribute)
            replace(i, 1, "&gt;");
        else if (c == '\xc2' && i + 1 < text.size() && text[i + 1] == '\xa0')
            replace(i++, 2, "&nbsp;");
    }
    out.append(text, copied, std::string_view::npos);
}

void append_start_tag(std::string& out, const xmlNode* element) {
    out.append(1, '<').append(chars(element->name));
    for (const xmlAttr* attribute = element->properties; attribute != nullptr; attribute = attribute->next) {
        out.append(1, ' ').append(chars(attribute->name)).append("=\"");
        append_escaped(out, value_of(attribute), true);
        out += '"';
    }
    out += '>';
}

bool is_html_with(const xmlNode* element, std::uint8_t trait) noexcept {
    return element->type == XML_ELEMENT_NODE && space_of(element) == Space::html && tag_has(tag_of(element), trait);
}

// What stands between the tags of an element; null when nothing does.
const xmlNode* first_inside(const xmlNode* element) noexcept {
    const xmlNode* content = template_content(element);
    return content != nullptr ? content->children : element->children;
}

// The element around a node: that of the template when the node lies in its content.
const xmlNode* element_around(const xmlNode* node) noexcept {
    const xmlNode* parent = node->parent;
    return parent->type == XML_DOCUMENT_FRAG_NODE ? static_cast<const xmlNode*>(parent->psvi) : parent;
}

void append_end_tag(std::string& out, const xmlNode* element) {
    if (!is_html_with(element, tag_void)) out.append("</").append(chars(element->name)).append(1, '>');
}

}  // namespace
}  // namespace detail

std::string Element::inner_html() const {
    using namespace detail;
    std::string out;
    if (node_ == nullptr) return out;
    for (const xmlNode* node = first_inside(node_); node != nullptr;) {
        if (is_text(node)) {
            if (is_html_with(node->parent, tag_raw))
                out += text_of(node);
            else
                append_escaped(out, text_of(node), false);
        } else if (node->type == XML_COMMENT_NODE) {
            out.append("<!--").append(node->content != nullptr ? chars(node->content) : "").append("-->");
        } else if (node->type == XML_ELEMENT_NODE) {
            append_start_tag(out, node);
            if (const xmlNode* first = first_inside(node); first != nullptr) {
                node = first;
                continue;
            }
            append_end_tag(out, node);
        }
        while (node->next == nullptr) {
            node = element_around(node);
            if (node == node_) return out;
            append_end_tag(out, node);
        }
        node = node->next;
    }
    return out;
}

}  // namespace meter::html
