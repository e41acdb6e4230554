#include "html/tree_dump.hpp"

#include <libxml/tree.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "html/tree.hpp"

namespace meter::html::test {
namespace {

using namespace meter::html::detail;

// 13.2.6.1, "adjust foreign attributes": what is in a namespace when its element is SVG or MathML.
std::string attribute_name(const xmlAttr* attribute, Space space) {
    std::string name = chars(attribute->name);
    constexpr std::string_view adjusted[] = {"xlink:actuate", "xlink:arcrole", "xlink:href", "xlink:role",
                                             "xlink:show",    "xlink:title",   "xlink:type", "xml:lang",
                                             "xml:space",     "xmlns:xlink"};
    if (space == Space::html) return name;
    if (name == "xmlns") return "xmlns xmlns";
    if (std::find(std::begin(adjusted), std::end(adjusted), name) != std::end(adjusted)) name[name.find(':')] = ' ';
    return name;
}

class Dumper {
public:
    void nodes(const xmlNode* node, std::size_t level) {  // the depth cap bounds the recursion
        for (; node != nullptr; node = node->next) one(node, level);
    }
    void one(const xmlNode* node, std::size_t level) {
        if (is_text(node)) {
            line(level) += "\"" + std::string(text_of(node)) + "\"";
        } else if (node->type == XML_COMMENT_NODE) {
            line(level) += "<!-- " + std::string(text_of(node)) + " -->";
        } else if (node->type == XML_ELEMENT_NODE) {
            element(node, level);
        }
    }
    void doctype(const Doctype& doctype) {
        line(0) += "<!DOCTYPE " + doctype.name;
        if (!doctype.public_id.empty() || !doctype.system_id.empty())
            out_ += " \"" + doctype.public_id + "\" \"" + doctype.system_id + "\"";
        out_ += ">";
    }
    std::string take() { return std::move(out_); }

private:
    std::string& line(std::size_t level) {
        if (!out_.empty()) out_ += '\n';
        return out_.append("| ").append(2 * level, ' ');
    }
    void element(const xmlNode* node, std::size_t level) {
        const Space space = space_of(node);
        constexpr std::string_view prefixes[] = {"", "svg ", "math "};
        line(level).append("<").append(prefixes[static_cast<int>(space)]).append(chars(node->name)).append(">");
        std::vector<std::string> attributes;
        for (const xmlAttr* attribute = node->properties; attribute != nullptr; attribute = attribute->next)
            attributes.push_back(attribute_name(attribute, space) + "=\"" + std::string(value_of(attribute)) + "\"");
        std::sort(attributes.begin(), attributes.end());
        for (const std::string& attribute : attributes) line(level + 1) += attribute;
        if (const xmlNode* content = template_content(node); content != nullptr) {
            line(level + 1) += "content";
            nodes(content->children, level + 2);
        }
        nodes(node->children, level + 1);
    }

    std::string out_;
};

}  // namespace

std::string dump_tree(const Document& document, bool fragment) {
    Dumper dumper;
    const xmlNode* root = document.root().node();
    if (root == nullptr) return {};
    if (fragment) {
        dumper.nodes(root->children, 0);
        return dumper.take();
    }
    const auto& doctype = tree_of(root).doctype;
    if (doctype && doctype->after == nullptr) dumper.doctype(*doctype);
    for (const xmlNode* node = root->doc->children; node != nullptr; node = node->next) {
        dumper.one(node, 0);
        if (doctype && doctype->after == node) dumper.doctype(*doctype);
    }
    return dumper.take();
}

}  // namespace meter::html::test
