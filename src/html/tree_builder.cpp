#include "html/tree_builder.hpp"

#include <libxml/HTMLparser.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include <algorithm>
#include <array>
#include <climits>
#include <memory>
#include <new>
#include <utility>

namespace meter::html::detail {
namespace {

struct ParserCloser {
    void operator()(xmlParserCtxt* context) const noexcept {
        if (context->myDoc != nullptr) xmlFreeDoc(context->myDoc);
        htmlFreeParserCtxt(context);
    }
};

// One per parse; reached through the parser's _private member.
struct SaxBuilder {
    Tree& tree;
    std::size_t max_units;  // two a node, one an attribute
    std::size_t max_open;   // names on libxml2's own stack, which its end tags search
    std::size_t units = 0;
    std::size_t too_deep = 0;              // open elements beyond depth_cap, kept as leaves
    std::vector<std::uint32_t> open;       // records of the open elements
    std::vector<std::uint32_t> latest;     // for each of them the last element child; [0] for the document
    xmlNode* text = nullptr;               // the text still growing
    std::uint32_t page = no_element;       // last element child of the root that was closed
    std::uint32_t page_last = no_element;  // and its last element child
    std::size_t text_capacity = 0;         // bytes allocated for it; 0 while it lies inside its node
    BuildOutcome outcome = BuildOutcome::built;
    std::array<const xmlChar*, tag_infos.size()> names{};
};

constexpr Tag p_tag = find_tag("p");
constexpr std::size_t depth_cap = 256;                  // libxml2's own stack of names is searched by each end tag
constexpr std::size_t inline_text = 2 * sizeof(void*);  // libxml2 frees no content that is &node->properties

SaxBuilder& builder_of(void* context) noexcept {
    return *static_cast<SaxBuilder*>(static_cast<xmlParserCtxt*>(context)->_private);
}

void stop_build(xmlParserCtxt* context, BuildOutcome outcome) noexcept {
    SaxBuilder& builder = builder_of(context);
    if (builder.outcome == BuildOutcome::built) builder.outcome = outcome;
    xmlStopParser(context);
}

bool spend(xmlParserCtxt* context, std::size_t units) noexcept {
    SaxBuilder& builder = builder_of(context);
    builder.units += units;
    if (builder.units <= builder.max_units) return true;
    stop_build(context, BuildOutcome::too_large);
    return false;
}

const xmlChar* intern(xmlParserCtxt* context, const xmlChar* name) noexcept {
    return xmlDictOwns(context->dict, name) == 1 ? name : xmlDictLookup(context->dict, name, -1);
}

xmlNode* new_node(xmlDoc* doc, xmlElementType type) noexcept {
    auto* node = static_cast<xmlNode*>(xmlMalloc(sizeof(xmlNode)));
    if (node == nullptr) return nullptr;
    std::memset(node, 0, sizeof(xmlNode));
    node->type = type;
    node->doc = doc;
    return node;
}

// `capacity` receives the size of the allocation, 0 when the text fits into the node.
xmlNode* new_text(xmlDoc* doc, const xmlChar* text, std::size_t length, std::size_t& capacity) noexcept {
    xmlNode* node = new_node(doc, XML_TEXT_NODE);
    if (node == nullptr) return nullptr;
    node->name = xmlStringText;
    capacity = length < inline_text ? 0 : length + 1;
    auto* content =
        capacity == 0 ? reinterpret_cast<xmlChar*>(&node->properties) : static_cast<xmlChar*>(xmlMalloc(capacity));
    if (content == nullptr) {
        xmlFree(node);
        return nullptr;
    }
    std::memcpy(content, text, length);
    content[length] = 0;
    node->content = content;
    node->_private = reinterpret_cast<void*>(length + 1);
    return node;
}

void append_child(xmlNode* parent, xmlNode* child) noexcept {
    child->parent = parent;
    child->prev = parent->last;
    if (parent->last != nullptr)
        parent->last->next = child;
    else
        parent->children = child;
    parent->last = child;
}

bool add_attributes(xmlParserCtxt* context, xmlNode* element, const xmlChar** attributes) noexcept {
    xmlAttr* last = nullptr;
    for (; attributes[0] != nullptr; attributes += 2) {
        if (!spend(context, 1)) return false;
        auto* attribute = static_cast<xmlAttr*>(xmlMalloc(sizeof(xmlAttr)));
        if (attribute == nullptr) return false;
        std::memset(attribute, 0, sizeof(xmlAttr));
        attribute->type = XML_ATTRIBUTE_NODE;
        attribute->doc = element->doc;
        attribute->parent = element;
        attribute->prev = last;
        (last != nullptr ? last->next : element->properties) = attribute;
        last = attribute;
        attribute->name = intern(context, attributes[0]);
        if (attribute->name == nullptr) return false;
        // HTML standard 13.1.2.3: an attribute without a value has the empty one (SAX2 would repeat its name).
        if (attributes[1] == nullptr || attributes[1][0] == 0) continue;
        const std::size_t length = std::strlen(chars(attributes[1]));
        std::size_t capacity = 0;
        xmlNode* value = new_text(element->doc, attributes[1], length, capacity);
        if (value == nullptr) return false;
        value->parent = reinterpret_cast<xmlNode*>(attribute);
        attribute->children = attribute->last = value;
        attribute->_private = value->_private;
    }
    return true;
}

void push_open(xmlParserCtxt* context, xmlNode* node, std::uint32_t record, std::uint32_t last_child) {
    SaxBuilder& builder = builder_of(context);
    builder.open.push_back(record);
    builder.latest.push_back(last_child);
    nodePush(context, node);
}

// Content after </html> makes libxml2 open a second html element. It belongs to the last child of the first
// (HTML standard 13.2.6.4.19, "after after body": back to the body).
void reopen_page(xmlParserCtxt* context) {
    const SaxBuilder& builder = builder_of(context);
    const std::uint32_t target = builder.page == no_element ? 0 : builder.page;
    push_open(context, const_cast<xmlNode*>(builder.tree[target].node), target, builder.page_last);
}

void close_element(xmlParserCtxt* context) noexcept {
    SaxBuilder& builder = builder_of(context);
    const std::size_t top = builder.open.size() - 1;
    if (builder.tree[builder.open[top]].parent == 0) {
        builder.page = builder.open[top];
        builder.page_last = builder.latest.back();
    }
    // An element that was pushed twice goes on where its upper entry ended.
    if (top > 0 && builder.open[top - 1] == builder.open[top]) builder.latest[top] = builder.latest[top + 1];
    nodePop(context);
    builder.open.pop_back();
    builder.latest.pop_back();
    builder.text = nullptr;
}

bool open_element(xmlParserCtxt* context, const xmlChar* name, const xmlChar** attributes) {
    SaxBuilder& builder = builder_of(context);
    builder.text = nullptr;
    if (static_cast<std::size_t>(context->nameNr) > builder.max_open) {
        builder.tree.depth_capped = true;
        xmlStopParser(context);
        return true;
    }
    if (context->node == nullptr && !builder.tree.records.empty()) {
        reopen_page(context);
        if (std::strcmp(chars(name), "html") == 0) return true;
    }
    // libxml2 wraps text outside of a body into a p that nobody wrote (its own names are not in the dictionary).
    const Tag tag = find_tag(chars(name));
    if (tag == p_tag && attributes == nullptr && !builder.open.empty() && builder.too_deep == 0 &&
        xmlDictOwns(context->dict, name) != 1) {
        push_open(context, context->node, builder.open.back(), builder.latest.back());
        return true;
    }
    if (!spend(context, 2)) return true;
    xmlNode* node = new_node(context->myDoc, XML_ELEMENT_NODE);
    if (node == nullptr) return false;
    append_child(context->node != nullptr ? context->node : reinterpret_cast<xmlNode*>(context->myDoc), node);
    const xmlChar*& known = builder.names[tag];
    if (tag == 0 || known == nullptr) known = intern(context, name);
    node->name = known;
    if (node->name == nullptr || (attributes != nullptr && !add_attributes(context, node, attributes))) return false;

    const auto index = static_cast<std::uint32_t>(builder.tree.records.size());
    ElementRecord record;
    record.node = node;
    record.tag = tag;
    record.bloom = bloom_of(node);
    record.previous = builder.latest.back();
    builder.latest.back() = index;
    if (!builder.open.empty()) {
        record.parent = builder.open.back();
        record.position = ++builder.tree.records[record.parent].children;
    }
    builder.tree.records.push_back(record);
    node->_private = reinterpret_cast<void*>(std::uintptr_t{index} + 1);
    node->line = tag;

    if (builder.open.size() >= depth_cap) {
        ++builder.too_deep;
        builder.tree.depth_capped = true;
    } else {
        push_open(context, node, index, no_element);
    }
    return true;
}

bool add_text(xmlParserCtxt* context, const xmlChar* text, std::size_t length) {
    SaxBuilder& builder = builder_of(context);
    if (length == 0) return true;
    if (context->node == nullptr) {
        if (builder.tree.records.empty()) return true;
        reopen_page(context);
        const bool added = add_text(context, text, length);
        close_element(context);
        return added;
    }
    if (builder.text == nullptr || builder.text != context->node->last) {
        if (!spend(context, 2)) return true;
        xmlNode* node = new_text(context->myDoc, text, length, builder.text_capacity);
        if (node == nullptr) return false;
        append_child(context->node, node);
        builder.text = node;
        return true;
    }
    // libxml2 hands text over in pieces of at most 1,000 bytes: grow by doubling.
    xmlNode* node = builder.text;
    const std::size_t old_length = text_of(node).size();
    const std::size_t needed = old_length + length + 1;
    if (needed > builder.text_capacity) {
        const std::size_t capacity = std::max<std::size_t>(64, std::max(needed, builder.text_capacity * 2));
        xmlChar* grown = nullptr;
        if (builder.text_capacity == 0) {
            if (needed <= inline_text) {
                grown = node->content;
            } else if ((grown = static_cast<xmlChar*>(xmlMalloc(capacity))) != nullptr) {
                std::memcpy(grown, node->content, old_length);
                node->properties = nullptr;
                builder.text_capacity = capacity;
            }
        } else if ((grown = static_cast<xmlChar*>(xmlRealloc(node->content, capacity))) != nullptr) {
            builder.text_capacity = capacity;
        }
        if (grown == nullptr) return false;
        node->content = grown;
    }
    std::memcpy(node->content + old_length, text, length);
    node->content[old_length + length] = 0;
    node->_private = reinterpret_cast<void*>(old_length + length + 1);
    return true;
}

void on_start_element(void* context, const xmlChar* name, const xmlChar** attributes) {
    auto* parser = static_cast<xmlParserCtxt*>(context);
    if (builder_of(context).outcome != BuildOutcome::built) return;
    try {
        if (!open_element(parser, name, attributes)) stop_build(parser, BuildOutcome::out_of_memory);
    } catch (const std::bad_alloc&) {
        stop_build(parser, BuildOutcome::out_of_memory);
    }
}

void on_end_element(void* context, const xmlChar*) {
    SaxBuilder& builder = builder_of(context);
    builder.text = nullptr;
    if (builder.too_deep > 0) {
        --builder.too_deep;
    } else if (!builder.open.empty()) {
        close_element(static_cast<xmlParserCtxt*>(context));
    }
}

void on_start_document(void* context) {
    xmlSAX2StartDocument(context);
    auto* parser = static_cast<xmlParserCtxt*>(context);
    if (parser->myDoc == nullptr) return;
    // Names belong to the parser's dictionary: the document must know before it is freed, even half-built.
    if (parser->myDoc->dict == nullptr) {
        parser->myDoc->dict = parser->dict;
        xmlDictReference(parser->dict);
    }
    parser->myDoc->_private = &builder_of(context).tree;
}

void on_text(void* context, const xmlChar* text, int length) {
    auto* parser = static_cast<xmlParserCtxt*>(context);
    if (builder_of(context).outcome != BuildOutcome::built) return;
    try {
        if (!add_text(parser, text, static_cast<std::size_t>(std::max(length, 0))))
            stop_build(parser, BuildOutcome::out_of_memory);
    } catch (const std::bad_alloc&) {
        stop_build(parser, BuildOutcome::out_of_memory);
    }
}

void on_comment(void* context, const xmlChar* value) {
    auto* parser = static_cast<xmlParserCtxt*>(context);
    if (builder_of(context).outcome == BuildOutcome::built && spend(parser, 2)) xmlSAX2Comment(context, value);
}

void finish_records(RecordArray<ElementRecord>& records) noexcept {
    for (std::size_t i = records.size(); i-- > 0;) {
        ElementRecord& record = records[i];
        record.end = std::max(record.end, static_cast<std::uint32_t>(i) + 1);
        if (record.parent != no_element) records[record.parent].end = std::max(records[record.parent].end, record.end);
    }
    // libxml2 adds the attributes of later <html> tags to the root by itself.
    if (!records.empty()) records[0].bloom = bloom_of(records[0].node);
}

}  // namespace

BuildOutcome build_tree(std::string_view text, std::size_t tags, std::size_t max_nodes, Tree& tree, xmlDocPtr& doc) {
    doc = nullptr;
    if (text.empty()) return BuildOutcome::built;
    if (text.size() > INT_MAX) return BuildOutcome::too_large;
    static const bool initialised = (xmlInitParser(), true);  // once, before any thread parses
    static_cast<void>(initialised);

    const std::unique_ptr<xmlParserCtxt, ParserCloser> parser(
        htmlCreateMemoryParserCtxt(text.data(), static_cast<int>(text.size())));
    if (parser == nullptr) return BuildOutcome::out_of_memory;
    // libxml2 compares an end tag with every open name: tags times open names is the work a hostile page can ask for.
    const std::size_t max_open = std::clamp<std::size_t>(400'000'000 / (tags + 1), depth_cap + 44, 10'000);
    SaxBuilder builder{tree, std::min(max_nodes, SIZE_MAX / 2) * 2, max_open, 0, 0, {}, {no_element}};
    tree.records.reserve(std::min(tags / 2 + 8, max_nodes));
    parser->_private = &builder;
    htmlCtxtUseOptions(parser.get(), HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                         HTML_PARSE_NODEFDTD | HTML_PARSE_IGNORE_ENC);
    xmlSwitchEncoding(parser.get(), XML_CHAR_ENCODING_UTF8);
    parser->encoding = xmlStrdup(reinterpret_cast<const xmlChar*>("UTF-8"));  // nothing left to sniff

    xmlSAXHandler& handler = *parser->sax;
    handler.startDocument = on_start_document;
    handler.startElement = on_start_element;
    handler.endElement = on_end_element;
    handler.characters = on_text;
    handler.ignorableWhitespace = on_text;
    handler.cdataBlock = on_text;
    handler.comment = on_comment;
    handler.processingInstruction = nullptr;
    handler.internalSubset = nullptr;
    handler.error = nullptr;
    handler.warning = nullptr;
    handler.fatalError = nullptr;
    handler.serror = nullptr;

    htmlParseDocument(parser.get());
    if (builder.outcome == BuildOutcome::built && parser->myDoc == nullptr) return BuildOutcome::out_of_memory;
    if (builder.outcome != BuildOutcome::built) return builder.outcome;
    finish_records(tree.records);
    tree.units = builder.units;
    doc = std::exchange(parser->myDoc, nullptr);
    return BuildOutcome::built;
}

}  // namespace meter::html::detail
