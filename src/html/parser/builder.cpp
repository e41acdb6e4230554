#include "html/parser/builder.hpp"

#include <algorithm>

#include "html/parser/quirks.hpp"

namespace meter::html::detail {
namespace {

constexpr TagSet table_text_parents = tags::rows_and_sections | TagSet{tag::template_};

}  // namespace

TreeBuilder::TreeBuilder(Tree& tree, TreeSink& sink) : tree_(tree), sink_(sink) {
    stack_.reserve(max_depth + 8);
}

ContentModel TreeBuilder::start_fragment(const FragmentContext& context) {
    is_fragment_ = true;
    context_.space = context.space;
    const Tag name = find_tag(context.name == "foreignObject" ? "foreignobject" : context.name);
    if (context.space == Space::html) {
        context_.tag = name;
    } else {
        const auto* stand_in =
            sink_.make_element(sink_.intern(context.name, tag_hash(context.name)), name, context.space, {});
        context_.traits = foreign_traits(stand_in);
    }
    TagToken root;
    root.tag = tag::html;
    push(make(root));
    sink_.insert({sink_.document_node(), nullptr}, stack_.back().node);
    if (context_.is(tag::template_)) template_modes_.push_back(Mode::in_template);
    reset_insertion_mode();
    if (context_.is(tag::form)) {
        root.tag = tag::form;
        form_ = make(root);  // never on the stack
    }
    switch (context_.tag) {  // 13.4, step 4
        case tag::title:
        case tag::textarea:
            return ContentModel::rcdata;
        case tag::style:
        case tag::xmp:
        case tag::iframe:
        case tag::noembed:
        case tag::noframes:
            return ContentModel::rawtext;
        case tag::script:
            return ContentModel::script_data;
        case tag::plaintext:
            return ContentModel::plaintext;
        default:
            return ContentModel::data;
    }
}

const TreeBuilder::Open& TreeBuilder::adjusted_current() const noexcept {
    return is_fragment_ && stack_.size() == 1 ? context_ : stack_.back();
}

// 13.2.6, the tree construction dispatcher.
bool TreeBuilder::uses_html_rules(const TagToken& tag) const noexcept {
    if (stack_.empty()) return true;
    const Open& node = adjusted_current();
    if (node.space == Space::html) return true;
    if ((node.traits & text_integration) != 0 && tag.tag != tag::mglyph && tag.tag != tag::malignmark) return true;
    if ((node.traits & annotation_xml) != 0 && tag.tag == tag::svg) return true;
    return (node.traits & html_integration) != 0;
}

bool TreeBuilder::text_uses_html_rules() const noexcept {
    if (stack_.empty()) return true;
    const Open& node = adjusted_current();
    return node.space == Space::html || (node.traits & (text_integration | html_integration)) != 0;
}

bool TreeBuilder::cdata_allowed() const {
    return !stack_.empty() && adjusted_current().space != Space::html;
}

void TreeBuilder::begin_token() {
    skip_line_feed_ = false;
    if (mode_ == Mode::in_table_text) flush_table_text();
}

ContentModel TreeBuilder::start_tag(const TagToken& tag) {
    begin_token();
    model_ = ContentModel::data;
    if (uses_html_rules(tag))
        start(tag);
    else
        start_foreign(tag);
    return model_;
}

void TreeBuilder::end_tag(const TagToken& tag) {
    begin_token();
    if (!too_deep_.empty() && mode_ != Mode::text && closes_too_deep(tag.tag)) return;
    if (stack_.empty() || adjusted_current().space == Space::html)
        end(tag);
    else
        end_foreign(tag);
}

void TreeBuilder::characters(std::string_view characters) {
    if (skip_line_feed_) {
        skip_line_feed_ = false;
        if (characters.front() == '\n') characters.remove_prefix(1);
        if (characters.empty()) return;
    }
    if (text_uses_html_rules()) {
        text(characters);
        return;
    }
    insert_text(characters);
    if (frameset_ok_ && !std::all_of(characters.begin(), characters.end(), is_html_space)) frameset_ok_ = false;
}

void TreeBuilder::null_character() {
    skip_line_feed_ = false;
    if (!text_uses_html_rules()) {
        insert_text("\xef\xbf\xbd");  // 13.2.6.5
        return;
    }
    // A character like others where one ends a mode, and then dropped (13.2.6.4.7).
    while (mode_ <= Mode::after_head) leave_mode();
    if (mode_ == Mode::after_body || mode_ == Mode::after_after_body) mode_ = Mode::in_body;
    if (mode_ == Mode::in_column_group) leave_column_group();
}

void TreeBuilder::comment(std::string_view text) {
    begin_token();
    switch (mode_) {
        case Mode::initial:
        case Mode::before_html:
        case Mode::after_after_body:
        case Mode::after_after_frameset:
            sink_.insert_comment({sink_.document_node(), nullptr}, text);
            return;
        case Mode::after_body:
            sink_.insert_comment({stack_.front().node, nullptr}, text);
            return;
        default:
            sink_.insert_comment(place(), text);
    }
}

void TreeBuilder::doctype(const DoctypeToken& doctype) {
    begin_token();
    if (mode_ != Mode::initial) return;
    tree_.doctype = Doctype{std::string(doctype.name), std::string(doctype.public_id), std::string(doctype.system_id),
                            sink_.document_node()->last};
    tree_.quirks = means_quirks(doctype);
    mode_ = Mode::before_html;
}

void TreeBuilder::end_of_file() {
    begin_token();
    if (mode_ == Mode::text) {
        pop();
        mode_ = original_mode_;
    }
    while (mode_ <= Mode::after_head) leave_mode();
    while (!template_modes_.empty() && on_stack(tag::template_)) {  // 13.2.6.4.18
        pop_until(tag::template_);
        clear_formatting_to_marker();
        template_modes_.pop_back();
        reset_insertion_mode();
        while (mode_ <= Mode::after_head) leave_mode();
    }
    stop_parsing();
}

void TreeBuilder::stop_parsing() {
    truncate(0);
    if (has_selected_content_) finish_selects();
}

void TreeBuilder::start(const TagToken& tag) {
    switch (mode_) {
        case Mode::initial:
            leave_mode();
            [[fallthrough]];
        case Mode::before_html:
            return start_before_html(tag);
        case Mode::before_head:
            return start_before_head(tag);
        case Mode::in_head:
            return start_in_head(tag);
        case Mode::in_head_noscript:
            return start_in_head_noscript(tag);
        case Mode::after_head:
            return start_after_head(tag);
        case Mode::in_body:
            return start_in_body(tag);
        case Mode::text:
        case Mode::in_table_text:
            return;  // no start tag comes in the first, and begin_token() leaves the second
        case Mode::in_table:
            return start_in_table(tag);
        case Mode::in_caption:
            return start_in_caption(tag);
        case Mode::in_column_group:
            return start_in_column_group(tag);
        case Mode::in_table_body:
            return start_in_table_body(tag);
        case Mode::in_row:
            return start_in_row(tag);
        case Mode::in_cell:
            return start_in_cell(tag);
        case Mode::in_template:
            return start_in_template(tag);
        case Mode::after_body:
        case Mode::after_after_body:
            return start_after_body(tag);
        case Mode::in_frameset:
            return start_in_frameset(tag);
        case Mode::after_frameset:
        case Mode::after_after_frameset:
            return start_after_frameset(tag);
    }
}

void TreeBuilder::end(const TagToken& tag) {
    switch (mode_) {
        case Mode::initial:
            leave_mode();
            [[fallthrough]];
        case Mode::before_html:
        case Mode::before_head:
            return end_before_head(tag);
        case Mode::in_head:
        case Mode::after_head:
            return end_in_head(tag);
        case Mode::in_head_noscript:
            return end_in_head_noscript(tag);
        case Mode::in_body:
            return end_in_body(tag);
        case Mode::text:
            pop();
            mode_ = original_mode_;
            return;
        case Mode::in_table_text:
            return;
        case Mode::in_table:
            return end_in_table(tag);
        case Mode::in_caption:
            return end_in_caption(tag);
        case Mode::in_column_group:
            return end_in_column_group(tag);
        case Mode::in_table_body:
            return end_in_table_body(tag);
        case Mode::in_row:
            return end_in_row(tag);
        case Mode::in_cell:
            return end_in_cell(tag);
        case Mode::in_template:
            if (tag.tag == tag::template_) end_template();
            return;
        case Mode::after_body:
        case Mode::after_after_body:
            return end_after_body(tag);
        case Mode::in_frameset:
        case Mode::after_frameset:
        case Mode::after_after_frameset:
            return end_in_frameset(tag);
    }
}

void TreeBuilder::text(std::string_view text) {
    while (!text.empty()) {
        const auto spaces =
            static_cast<std::size_t>(mode_ == Mode::in_body || mode_ == Mode::text
                                         ? 0
                                         : std::find_if_not(text.begin(), text.end(), is_html_space) - text.begin());
        switch (mode_) {
            case Mode::in_body:
            case Mode::in_caption:
            case Mode::in_cell:
            case Mode::in_template:
                return text_in_body(text);
            case Mode::text:
                return insert_text(text);
            case Mode::in_table_text:
                table_text_ += text;
                return;
            case Mode::in_table:
            case Mode::in_table_body:
            case Mode::in_row:
                if (current_in(table_text_parents)) {
                    original_mode_ = mode_;
                    mode_ = Mode::in_table_text;
                    table_text_ = text;
                } else {
                    foster_parenting_ = true;
                    text_in_body(text);
                    foster_parenting_ = false;
                }
                return;
            case Mode::in_column_group:
                return text_in_column_group(text);
            case Mode::initial:
            case Mode::before_html:
            case Mode::before_head:
                text.remove_prefix(spaces);
                if (!text.empty()) leave_mode();
                break;
            case Mode::in_head:
            case Mode::in_head_noscript:
            case Mode::after_head:
                if (spaces > 0) insert_text(text.substr(0, spaces));
                text.remove_prefix(spaces);
                if (!text.empty()) leave_mode();
                break;
            case Mode::after_body:
            case Mode::after_after_body:
                if (spaces > 0) text_in_body(text.substr(0, spaces));
                text.remove_prefix(spaces);
                if (!text.empty()) mode_ = Mode::in_body;
                break;
            case Mode::in_frameset:
            case Mode::after_frameset:
            case Mode::after_after_frameset: {
                // Only white space stays; after everything it goes to the body's place, which is the html element.
                if (spaces > 0) insert_text(text.substr(0, spaces));
                text.remove_prefix(spaces);
                const auto next = std::find_if(text.begin(), text.end(), is_html_space);
                text.remove_prefix(static_cast<std::size_t>(next - text.begin()));
                break;
            }
        }
    }
}

void TreeBuilder::push(xmlNode* node) {
    Open one;
    one.node = node;
    one.space = space_of(node);
    if (one.space == Space::html) {
        one.tag = tag_of(node);
        ++open_[one.tag];
        if (tags::special.has(one.tag)) one.traits = is_special;
        if (tags::scope.has(one.tag)) one.traits |= ends_scope;
    } else {
        one.traits = foreign_traits(node);
    }
    node->extra |= open_mark;
    stack_.push_back(one);
}

void TreeBuilder::pop() noexcept {
    const Open& one = stack_.back();
    if (one.space == Space::html) --open_[one.tag];
    one.node->extra = static_cast<unsigned short>(one.node->extra & ~open_mark);
    stack_.pop_back();
}

void TreeBuilder::truncate(std::size_t size) noexcept {
    while (stack_.size() > size) pop();
}

void TreeBuilder::pop_until(Tag tag) noexcept {
    if (!on_stack(tag)) return;
    while (!current().is(tag)) pop();
    pop();
}

void TreeBuilder::pop_until_in(const TagSet& set) noexcept {
    while (!stack_.empty() && !current_in(set)) pop();
    if (!stack_.empty()) pop();
}

void TreeBuilder::pop_to_context(const TagSet& set) noexcept {
    while (stack_.size() > 1 && !current_in(set)) pop();
}

std::size_t TreeBuilder::index_on_stack(const xmlNode* node) const noexcept {
    if (!is_open(node)) return stack_.size();
    std::size_t i = stack_.size();
    while (stack_[--i].node != node) ++steps_;
    return i;
}

void TreeBuilder::remove_from_stack(std::size_t index) noexcept {
    const Open& one = stack_[index];
    if (one.space == Space::html) --open_[one.tag];
    one.node->extra = static_cast<unsigned short>(one.node->extra & ~open_mark);
    steps_ += stack_.size() - index;
    stack_.erase(stack_.begin() + static_cast<std::ptrdiff_t>(index));
}

// 13.2.4.2
bool TreeBuilder::has_in(const TagSet& scope, Tag tag) const noexcept {
    if (open_[tag] == 0) return false;
    const bool foreign_ends = &scope != &tags::table_scope;
    for (std::size_t i = stack_.size(); i-- > 0; ++steps_) {
        const Open& one = stack_[i];
        if (one.is(tag) && one.space == Space::html) return true;
        if (scope.has(one.tag) || (foreign_ends && one.space != Space::html && (one.traits & ends_scope) != 0))
            return false;
    }
    return false;
}

bool TreeBuilder::has_any_in(const TagSet& scope, const TagSet& tags) const noexcept {
    const bool foreign_ends = &scope != &tags::table_scope;
    for (std::size_t i = stack_.size(); i-- > 0; ++steps_) {
        const Open& one = stack_[i];
        if (tags.has(one.tag)) return true;
        if (scope.has(one.tag) || (foreign_ends && one.space != Space::html && (one.traits & ends_scope) != 0))
            return false;
    }
    return false;
}

void TreeBuilder::generate_implied_end_tags(Tag except) noexcept {
    while (current_in(tags::implied_end) && !(except != 0 && current().is(except))) pop();
}

// 13.2.4.1
void TreeBuilder::reset_insertion_mode() noexcept {
    for (std::size_t i = stack_.size(); i-- > 0; ++steps_) {
        const bool last = i == 0;
        const Tag name = last && is_fragment_ ? context_.tag : stack_[i].tag;
        switch (name) {
            case tag::td:
            case tag::th:
                if (last) break;
                mode_ = Mode::in_cell;
                return;
            case tag::tr:
                mode_ = Mode::in_row;
                return;
            case tag::tbody:
            case tag::thead:
            case tag::tfoot:
                mode_ = Mode::in_table_body;
                return;
            case tag::caption:
                mode_ = Mode::in_caption;
                return;
            case tag::colgroup:
                mode_ = Mode::in_column_group;
                return;
            case tag::table:
                mode_ = Mode::in_table;
                return;
            case tag::template_:
                mode_ = template_modes_.empty() ? Mode::in_body : template_modes_.back();
                return;
            case tag::head:
                if (last) break;
                mode_ = Mode::in_head;
                return;
            case tag::body:
                mode_ = Mode::in_body;
                return;
            case tag::frameset:
                mode_ = Mode::in_frameset;
                return;
            case tag::html:
                mode_ = head_ == nullptr ? Mode::before_head : Mode::after_head;
                return;
            default:
                break;
        }
        if (last) mode_ = Mode::in_body;
    }
}

xmlNode* TreeBuilder::container(xmlNode* element) noexcept {
    return element->psvi != nullptr ? static_cast<xmlNode*>(element->psvi) : element;
}

// 13.2.6.1, "appropriate place for inserting a node"
Place TreeBuilder::place_in(xmlNode* target) const noexcept {
    if (!foster_parenting_ || space_of(target) != Space::html || !tags::rows_and_sections.has(tag_of(target)))
        return {container(target), nullptr};
    sink_.expect_reordering();
    for (std::size_t i = stack_.size(); i-- > 0; ++steps_) {
        xmlNode* const node = stack_[i].node;
        if (stack_[i].is(tag::template_)) return {container(node), nullptr};
        if (!stack_[i].is(tag::table)) continue;
        if (node->parent != nullptr) return {node->parent, node};
        return {container(stack_[i - 1].node), nullptr};
    }
    return {stack_.front().node, nullptr};
}

xmlNode* TreeBuilder::make(const TagToken& tag, Space space) {
    const auto* name = tag.tag != 0 ? reinterpret_cast<const xmlChar*>(tag_infos[tag.tag].name.data())
                                    : sink_.intern(tag.name, tag.hash);
    return sink_.make_element(name, tag.tag, space, tag.attributes);
}

xmlNode* TreeBuilder::insert(const TagToken& tag) {
    xmlNode* node = make(tag);
    sink_.insert(place(), node);
    return node;
}

bool TreeBuilder::open(const TagToken& tag) {
    xmlNode* node = insert(tag);
    if (stack_.size() >= max_depth) {
        tree_.depth_capped = true;
        too_deep_.push_back(tag.tag);
        return false;
    }
    push(node);
    return true;
}

void TreeBuilder::open_always(const TagToken& tag) {
    push(insert(tag));
}

void TreeBuilder::open_implied(Tag tag) {
    TagToken token;
    token.tag = tag;
    open_always(token);
}

void TreeBuilder::open_raw(const TagToken& tag, ContentModel model) {
    open_always(tag);
    model_ = model;
    original_mode_ = mode_;
    mode_ = Mode::text;
}

void TreeBuilder::merge_attributes(xmlNode* element, const TagToken& tag) {
    for (const AttributeToken& attribute : tag.attributes) sink_.add_missing_attribute(element, attribute);
}

// Is this the end tag of an element that the depth cap kept from being opened?
bool TreeBuilder::closes_too_deep(Tag tag) noexcept {
    if (stack_.size() < max_depth) {
        too_deep_.clear();
        return false;
    }
    constexpr std::size_t looked_at = 16;
    for (std::size_t i = too_deep_.size(), n = 0; i-- > 0 && n < looked_at; ++n)
        if (too_deep_[i] == tag) {
            too_deep_.resize(i);
            return true;
        }
    return false;
}

// 4.10.10: a selectedcontent element shows a copy of what the selected option contains. Browsers copy whenever an
// option is closed; the outcome is the same.
void TreeBuilder::finish_selects() {
    xmlNode* const document = sink_.document_node();
    const auto next_in = [](xmlNode* node, const xmlNode* root) -> xmlNode* {
        if (node->children != nullptr && node->type == XML_ELEMENT_NODE) return node->children;
        while (node != root && node->next == nullptr) node = node->parent;
        return node == root ? nullptr : node->next;
    };
    for (xmlNode* select = document->children; select != nullptr;) {
        if (select->type != XML_ELEMENT_NODE || tag_of(select) != tag::select ||
            find_attribute(select, "multiple") != nullptr) {
            if (select->children != nullptr && select->type == XML_ELEMENT_NODE) {
                select = select->children;
                continue;
            }
        } else {
            xmlNode *shown = nullptr, *option = nullptr;
            for (xmlNode* node = next_in(select, select); node != nullptr; node = next_in(node, select)) {
                if (node->type != XML_ELEMENT_NODE || space_of(node) != Space::html) continue;
                if (shown == nullptr && tag_of(node) == tag::selectedcontent) shown = node;
                if (tag_of(node) != tag::option) continue;
                if (option == nullptr || find_attribute(node, "selected") != nullptr) option = node;
            }
            for (const xmlNode* up = shown; up != nullptr && up != select; up = up->parent)
                if (tag_of(up) == tag::option) shown = nullptr;  // it would contain itself
            if (shown != nullptr && option != nullptr && shown->children == nullptr) sink_.copy_children(option, shown);
        }
        while (select->next == nullptr && select->parent != nullptr && select->parent != document)
            select = select->parent;
        select = select->next;
    }
}

}  // namespace meter::html::detail
