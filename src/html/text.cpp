// Text of elements: the rule of wire contract 8.5, raw text, and walks.
#include "html/text.hpp"

#include <array>

#include "html/document.hpp"
#include "html/tree.hpp"

namespace meter::html {
namespace detail {
namespace {

// Length of the white space character at `at` (Unicode White_Space, U+00A0 included); 0 when it is another character.
std::size_t space_length(const char* at, const char* end) noexcept {
    const auto byte = [&](std::ptrdiff_t i) { return end - at > i ? static_cast<unsigned char>(at[i]) : 0u; };
    switch (byte(0)) {
        case 0x09:
        case 0x0a:
        case 0x0b:
        case 0x0c:
        case 0x0d:
        case 0x20:
            return 1;
        case 0xc2:
            return byte(1) == 0x85 || byte(1) == 0xa0 ? 2 : 0;
        case 0xe1:
            return byte(1) == 0x9a && byte(2) == 0x80 ? 3 : 0;  // U+1680
        case 0xe2:
            if (byte(1) == 0x80)  // U+2000..200A, 2028, 2029, 202F
                return (byte(2) >= 0x80 && byte(2) <= 0x8a) || byte(2) == 0xa8 || byte(2) == 0xa9 || byte(2) == 0xaf
                           ? 3
                           : 0;
            return byte(1) == 0x81 && byte(2) == 0x9f ? 3 : 0;  // U+205F
        case 0xe3:
            return byte(1) == 0x80 && byte(2) == 0x80 ? 3 : 0;  // U+3000
        default:
            return 0;
    }
}

// Bytes that may start white space: the others are copied without a second look.
constexpr std::array<bool, 256> may_be_space = [] {
    std::array<bool, 256> table{};
    for (const unsigned byte : {0x09u, 0x0au, 0x0bu, 0x0cu, 0x0du, 0x20u, 0xc2u, 0xe1u, 0xe2u, 0xe3u})
        table[byte] = true;
    return table;
}();

class TextCollector {
public:
    explicit TextCollector(std::string& out) noexcept : out_(out), start_(out.size()) {}

    void boundary() noexcept { pending_ = true; }

    void append(std::string_view text) {
        const char* at = text.data();
        const char* const end = at + text.size();
        while (at != end) {
            if (const std::size_t space = space_length(at, end); space != 0) {
                pending_ = true;
                at += space;
                continue;
            }
            const char* const word = at;
            do {
                ++at;
                while (at != end && !may_be_space[static_cast<unsigned char>(*at)]) ++at;
            } while (at != end && space_length(at, end) == 0);
            if (pending_ && out_.size() != start_) out_ += ' ';
            pending_ = false;
            out_.append(word, at);
        }
    }

private:
    std::string& out_;
    std::size_t start_;
    bool pending_ = false;
};

constexpr Tag br_tag = find_tag("br");

}  // namespace

std::size_t append_text(const xmlNode* root, std::string& out) {
    const Tree& tree = tree_of(root);
    if (tag_has(tree[record_of(root)].tag, tag_skipped)) return 1;
    TextCollector collector(out);
    std::size_t cost = 1;
    const xmlNode* node = root->children;
    if (node == nullptr) return cost;
    const auto is_line = [&](const xmlNode* element) {
        const Tag tag = tree[record_of(element)].tag;
        return tag_has(tag, tag_block) || tag == br_tag;
    };
    while (true) {
        ++cost;
        if (is_text(node)) {
            const std::string_view text = text_of(node);
            cost += text.size() / 16;
            collector.append(text);
        } else if (node->type == XML_ELEMENT_NODE) {
            if (is_line(node)) collector.boundary();
            if (node->children != nullptr && !tag_has(tag_of(node), tag_skipped)) {
                node = node->children;
                continue;
            }
        }
        while (node->next == nullptr) {
            node = node->parent;
            if (node == root) return cost;
            if (is_line(node)) collector.boundary();
        }
        node = node->next;
    }
}

void append_raw_text(const xmlNode* root, std::string& out) {
    for (const xmlNode* node = root->children; node != nullptr;) {
        if (is_text(node)) out += text_of(node);
        if (node->type == XML_ELEMENT_NODE && node->children != nullptr) {
            node = node->children;
            continue;
        }
        while (node->next == nullptr) {
            node = node->parent;
            if (node == root) return;
        }
        node = node->next;
    }
}

}  // namespace detail

std::string Element::text() const {
    std::string out;
    if (node_ != nullptr) detail::append_text(node_, out);
    return out;
}

std::string Element::raw_text() const {
    std::string out;
    if (node_ != nullptr) detail::append_raw_text(node_, out);
    return out;
}

bool is_block(std::string_view name) noexcept {
    return detail::tag_has(detail::find_tag(name), detail::tag_block);
}

void walk(Element root, bool (*visit)(void* context, const Node& node, bool entering), void* context) {
    if (!root || root.node()->children == nullptr) return;
    const xmlNode* node = root.node()->children;
    while (true) {
        bool descend = false;
        if (node->type == XML_ELEMENT_NODE) {
            descend = visit(context, {Node::Kind::element, Element(node), {}}, true);
            if (descend && node->children == nullptr) {
                visit(context, {Node::Kind::element, Element(node), {}}, false);
                descend = false;
            }
        } else if (detail::is_text(node)) {
            visit(context, {Node::Kind::text, Element(node->parent), detail::text_of(node)}, true);
        }
        if (descend) {
            node = node->children;
            continue;
        }
        while (node->next == nullptr) {
            node = node->parent;
            if (node == root.node()) return;
            visit(context, {Node::Kind::element, Element(node), {}}, false);
        }
        node = node->next;
    }
}

}  // namespace meter::html
