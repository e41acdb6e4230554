#include "html/parser/sink.hpp"

#include <libxml/parserInternals.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "html/parser/names.hpp"

namespace meter::html::detail {
namespace {

// `_private` of an element made after something was moved, whose record will be made at the end. Its bits wait in
// `content`, which elements have no use for.
void* const numbered_later = reinterpret_cast<void*>(std::uintptr_t{no_element});

constexpr std::uint32_t class_hash = tag_hash("class"), id_hash = tag_hash("id");

// A text node ends with its content pointer: libxml2 reads nothing behind it in texts. The text itself follows.
constexpr std::size_t text_header = offsetof(xmlNode, content) + sizeof(xmlChar*);

// Text that outgrew its node lies in a block of its own, behind its capacity.
struct TextBlock {
    std::size_t capacity;
};

char* inline_text_of(xmlNode* text) noexcept {
    return reinterpret_cast<char*>(text) + text_header;
}

void set_text(xmlNode* text, char* content, std::size_t length) noexcept {
    text->content = reinterpret_cast<xmlChar*>(content);
    text->_private = reinterpret_cast<void*>(length + 1);
}

xmlNode* init_text(void* memory, xmlDoc* doc, xmlElementType type, const xmlChar* name) noexcept {
    auto* node = static_cast<xmlNode*>(memory);
    node->type = type;
    node->name = name;
    node->children = node->last = node->parent = node->next = node->prev = nullptr;
    node->doc = doc;
    node->ns = nullptr;
    return node;
}

// Member by member: the general clearing of memory costs more than all else that making a node takes.
template <class Node>
void init_node(Node* node, xmlElementType type, const xmlChar* name, xmlNode* parent, xmlDoc* doc) noexcept {
    node->_private = nullptr;
    node->type = type;
    node->name = name;
    node->children = node->last = nullptr;
    node->parent = parent;
    node->next = node->prev = nullptr;
    node->doc = doc;
    node->ns = nullptr;
    node->psvi = nullptr;
    if constexpr (requires { node->id; }) node->id = nullptr;  // attributes of libxml2 2.13 and newer
}

void init_element(xmlNode* node, xmlElementType type, const xmlChar* name, xmlDoc* doc) noexcept {
    init_node(node, type, name, nullptr, doc);
    node->content = nullptr;
    node->properties = nullptr;
    node->nsDef = nullptr;
    node->line = node->extra = 0;
}

std::uint64_t known_bloom(const xmlNode* element, const RecordArray<ElementRecord>& records) noexcept {
    if (element->_private == nullptr) return bloom_of(element);
    if (element->_private == numbered_later) return reinterpret_cast<std::uintptr_t>(element->content);
    return records[record_of(element)].bloom;
}

}  // namespace

std::uint64_t bloom_of(const xmlNode* element) noexcept {
    std::uint64_t bits = 0;
    for (const xmlAttr* attribute = element->properties; attribute != nullptr; attribute = attribute->next) {
        const std::string_view name = chars(attribute->name);
        bits |= bloom_bits('[', name);
        if (name == "class") {
            for_each_token(value_of(attribute), [&](std::string_view token) { bits |= bloom_bits('.', token); });
        } else if (name == "id") {
            bits |= bloom_bits('#', value_of(attribute));
        }
    }
    return bits;
}

TreeSink::TreeSink(Tree& tree, xmlDoc* doc, std::size_t max_units) : tree_(tree), doc_(doc), max_units_(max_units) {}

const xmlChar* TreeSink::intern(std::string_view name, std::uint32_t hash) {
    KnownName& known = names_[(hash ^ hash >> 8) % names_.size()];
    if (known.hash == hash && known.length == name.size() && known.name != nullptr &&
        std::memcmp(known.name, name.data(), name.size()) == 0)
        return known.name;
    // The dictionary's own hash is keyed: names made to collide in ours only miss this cache.
    const xmlChar* interned =
        xmlDictLookup(doc_->dict, reinterpret_cast<const xmlChar*>(name.data()), static_cast<int>(name.size()));
    if (interned == nullptr) throw std::bad_alloc();
    known = {hash, static_cast<std::uint32_t>(name.size()), interned};
    return interned;
}

xmlNode* TreeSink::make_text(std::string_view text) {
    auto* node = init_text(tree_.arena.allocate(text_header + text.size() + 1), doc_, XML_TEXT_NODE, xmlStringText);
    char* const content = inline_text_of(node);
    std::memcpy(content, text.data(), text.size());
    content[text.size()] = 0;
    set_text(node, content, text.size());
    return node;
}

xmlAttr* TreeSink::make_attribute(xmlNode* element, const xmlChar* name, std::string_view value) {
    auto* attribute = static_cast<xmlAttr*>(tree_.arena.allocate(sizeof(xmlAttr)));
    init_node(attribute, XML_ATTRIBUTE_NODE, name, element, doc_);
    attribute->atype = xmlAttributeType{};
    if (!value.empty()) {
        xmlNode* text = make_text(value);
        text->parent = reinterpret_cast<xmlNode*>(attribute);
        attribute->children = attribute->last = text;
        attribute->_private = text->_private;
    }
    ++units_;
    return attribute;
}

xmlNode* TreeSink::make_element(const xmlChar* name, Tag tag, Space space, std::span<const AttributeToken> attributes) {
    auto* node = static_cast<xmlNode*>(tree_.arena.allocate(sizeof(xmlNode)));
    init_element(node, XML_ELEMENT_NODE, name, doc_);
    node->line = tag;
    node->extra = static_cast<unsigned short>(space);
    units_ += 2;
    ++steps_;
    if (tag == tag::template_ && space == Space::html) {  // 4.12.3: the content is a fragment of its own
        auto* content = static_cast<xmlNode*>(tree_.arena.allocate(sizeof(xmlNode)));
        init_element(content, XML_DOCUMENT_FRAG_NODE, nullptr, doc_);
        content->psvi = node;
        node->psvi = content;
        ++units_;
    }
    std::uint64_t bloom = 0;
    xmlAttr* last = nullptr;
    for (const AttributeToken& token : attributes) {
        xmlAttr* attribute = make_attribute(node, intern(token.name, token.hash), token.value);
        attribute->prev = last;
        (last != nullptr ? last->next : node->properties) = attribute;
        last = attribute;
        bloom |= bloom_of_name(token.hash);
        if (token.hash == class_hash && token.name == "class") {
            for_each_token(token.value, [&](std::string_view one) { bloom |= bloom_bits('.', one); });
        } else if (token.hash == id_hash && token.name == "id") {
            bloom |= bloom_bits('#', token.value);
        }
    }
    fresh_ = node;
    fresh_bloom_ = bloom;
    return node;
}

xmlNode* TreeSink::clone_element(const xmlNode* original) {
    const std::size_t units_before = units_;
    xmlNode* node = make_element(original->name, tag_of(original), space_of(original), {});
    xmlAttr* last = nullptr;
    for (const xmlAttr* attribute = original->properties; attribute != nullptr; attribute = attribute->next) {
        xmlAttr* copy = make_attribute(node, attribute->name, {});
        copy->prev = last;
        (last != nullptr ? last->next : node->properties) = copy;
        last = copy;
        if (attribute->children == nullptr) continue;
        auto* text = init_text(tree_.arena.allocate(text_header), doc_, XML_TEXT_NODE, xmlStringText);
        text->content = attribute->children->content;
        text->_private = attribute->children->_private;
        text->parent = reinterpret_cast<xmlNode*>(copy);
        copy->children = copy->last = text;
        copy->_private = text->_private;
    }
    fresh_bloom_ = known_bloom(original, tree_.records);
    cloned_units_ += units_ - units_before;
    if (cloned_units_ > free_clones + (units_ - cloned_units_) / 4) max_units_ = 0;
    return node;
}

void TreeSink::add_missing_attribute(xmlNode* element, const AttributeToken& token) {
    const xmlChar* name = intern(token.name, token.hash);
    xmlAttr* last = nullptr;
    for (xmlAttr* attribute = element->properties; attribute != nullptr; attribute = attribute->next) {
        if (attribute->name == name) return;
        last = attribute;
    }
    xmlAttr* attribute = make_attribute(element, name, token.value);
    attribute->prev = last;
    (last != nullptr ? last->next : element->properties) = attribute;
    if (element->_private == numbered_later)
        element->content = reinterpret_cast<xmlChar*>(bloom_of(element));
    else if (element->_private != nullptr)
        tree_.records[record_of(element)].bloom = bloom_of(element);
}

void TreeSink::record(xmlNode* element, const xmlNode* parent) {
    const bool is_root = parent->type == XML_HTML_DOCUMENT_NODE;
    if (is_root ? !tree_.records.empty() : parent->_private == nullptr) return;  // the latter in a template
    if (reordered_) {
        element->_private = numbered_later;
        element->content = reinterpret_cast<xmlChar*>(fresh_bloom_);
        return;
    }
    number(element, fresh_bloom_, is_root ? no_element : record_of(parent));
}

void TreeSink::number(xmlNode* element, std::uint64_t bloom, std::uint32_t parent) {
    const auto index = static_cast<std::uint32_t>(tree_.records.size());
    ElementRecord& one = tree_.records.emplace_back();
    one.node = element;
    one.bloom = bloom;
    one.parent = parent;
    one.tag = tag_of(element);
    one.space = space_of(element);
    if (parent != no_element) {
        ElementRecord& above = tree_.records[parent];
        one.position = ++above.children;
        // Until finish(), `end` is the index of the last child.
        if (one.position > 1) one.previous = above.end;
        above.end = index;
    }
    element->_private = reinterpret_cast<void*>(std::uintptr_t{index} + 1);
}

void TreeSink::insert(Place place, xmlNode* node) {
    xmlNode* const parent = place.parent;
    node->parent = parent;
    if (place.before == nullptr) {
        node->next = nullptr;
        node->prev = parent->last;
        parent->last = node;
        if (node->type == XML_ELEMENT_NODE) {
            if (node == fresh_)
                record(node, parent);
            else
                reordered_ = true;
        }
    } else {
        node->next = place.before;
        node->prev = place.before->prev;
        place.before->prev = node;
        if (node->type == XML_ELEMENT_NODE) {
            reordered_ = true;
            if (node == fresh_) record(node, parent);
        }
    }
    if (node->prev != nullptr)
        node->prev->next = node;
    else
        parent->children = node;
    fresh_ = nullptr;
}

void TreeSink::insert_text(Place place, std::string_view text) {
    if (place.parent == document_node()) return;  // a Document has no text (13.2.6.1)
    xmlNode* before = place.before == nullptr ? place.parent->last : place.before->prev;
    if (before != nullptr && before->type == XML_TEXT_NODE) return extend_text(before, text);
    units_ += 2;
    ++steps_;
    insert(place, make_text(text));
}

void TreeSink::extend_text(xmlNode* node, std::string_view text) {
    ++steps_;
    char* content = reinterpret_cast<char*>(node->content);
    const std::size_t length = text_of(node).size();
    const std::size_t needed = length + text.size() + 1;
    if (!tree_.arena.extend(content + length + 1, text.size())) {
        const bool in_node = content == inline_text_of(node);
        if (in_node || reinterpret_cast<TextBlock*>(content - sizeof(TextBlock))->capacity < needed) {
            const std::size_t capacity = needed * 2;
            auto* block = static_cast<char*>(tree_.arena.allocate(sizeof(TextBlock) + capacity));
            reinterpret_cast<TextBlock*>(block)->capacity = capacity;
            std::memcpy(block + sizeof(TextBlock), content, length);
            content = block + sizeof(TextBlock);
            steps_ += length / 64;
        }
    }
    std::memcpy(content + length, text.data(), text.size());
    content[needed - 1] = 0;
    set_text(node, content, needed - 1);
}

void TreeSink::insert_comment(Place place, std::string_view text) {
    units_ += 2;
    ++steps_;
    auto* node =
        init_text(tree_.arena.allocate(text_header + text.size() + 1), doc_, XML_COMMENT_NODE, xmlStringComment);
    char* const content = inline_text_of(node);
    std::memcpy(content, text.data(), text.size());
    content[text.size()] = 0;
    set_text(node, content, text.size());
    insert(place, node);
}

void TreeSink::detach(xmlNode* node) noexcept {
    if (node->parent == nullptr) return;
    ++steps_;
    (node->prev != nullptr ? node->prev->next : node->parent->children) = node->next;
    (node->next != nullptr ? node->next->prev : node->parent->last) = node->prev;
    node->parent = node->next = node->prev = nullptr;
    reordered_ = true;
}

void TreeSink::move_children(xmlNode* from, xmlNode* to) noexcept {
    if (from->children == nullptr) return;
    for (xmlNode* child = from->children; child != nullptr; child = child->next) {
        child->parent = to;
        ++steps_;
    }
    from->children->prev = to->last;
    (to->last != nullptr ? to->last->next : to->children) = from->children;
    to->last = from->last;
    from->children = from->last = nullptr;
    reordered_ = true;
}

void TreeSink::copy_children(const xmlNode* from, xmlNode* to) {
    reordered_ = true;  // `to` may stand before what was made already
    const xmlNode* node = from->children;
    while (node != nullptr && !over_limit()) {
        xmlNode* copy = nullptr;
        if (node->type == XML_ELEMENT_NODE) {
            insert({to, nullptr}, copy = clone_element(node));
        } else if (is_text(node)) {
            insert_text({to, nullptr}, text_of(node));
        } else if (node->type == XML_COMMENT_NODE) {
            insert_comment({to, nullptr}, text_of(node));
        }
        if (copy != nullptr && node->children != nullptr) {
            node = node->children;
            to = copy;
            continue;
        }
        while (node->next == nullptr) {
            node = node->parent;
            if (node == from) return;
            to = to->parent;
        }
        node = node->next;
    }
}

void TreeSink::renumber() {
    RecordArray<ElementRecord> before;
    before.swap(tree_.records);
    tree_.records.reserve(before.size());
    xmlNode* root = doc_->children;
    while (root != nullptr && root->type != XML_ELEMENT_NODE) root = root->next;
    std::uint32_t parent = no_element;
    for (xmlNode* node = root; node != nullptr;) {
        if (node->type == XML_ELEMENT_NODE) {
            const std::uint64_t bloom = known_bloom(node, before);
            node->content = nullptr;
            number(node, bloom, parent);
            if (node->children != nullptr) {
                parent = record_of(node);
                node = node->children;
                continue;
            }
        }
        while (node != root && node->next == nullptr) {
            node = node->parent;
            parent = tree_.records[parent].parent;
        }
        node = node == root ? nullptr : node->next;
    }
}

void TreeSink::finish() {
    if (reordered_) renumber();
    tree_.units = units_;
    // From the last to the first: where an element ends its last child does, which is done by then.
    auto& records = tree_.records;
    for (std::size_t i = records.size(); i-- > 0;) {
        ElementRecord& one = records[i];
        one.end = one.children > 0 ? records[one.end].end : static_cast<std::uint32_t>(i) + 1;
    }
}

}  // namespace meter::html::detail
