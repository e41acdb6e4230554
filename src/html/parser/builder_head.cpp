// The insertion modes before and after the body: HTML standard 13.2.6.4.1 to 13.2.6.4.6 and 13.2.6.4.16 to
// 13.2.6.4.21.
#include "html/parser/builder.hpp"

namespace meter::html::detail {
namespace {

constexpr TagSet head_content{tag::base,     tag::basefont, tag::bgsound, tag::link,      tag::meta,
                              tag::noframes, tag::script,   tag::style,   tag::template_, tag::title};
constexpr TagSet reopening_ends{tag::head, tag::body, tag::html, tag::br};

}  // namespace

// "Anything else": each of these modes makes what was left out, and the next one goes on with the token.
void TreeBuilder::leave_mode() {
    switch (mode_) {
        case Mode::initial:
            tree_.quirks = true;
            mode_ = Mode::before_html;
            return;
        case Mode::before_html: {
            TagToken html;
            html.tag = tag::html;
            xmlNode* node = make(html);
            sink_.insert({sink_.document_node(), nullptr}, node);
            push(node);
            mode_ = Mode::before_head;
            return;
        }
        case Mode::before_head:
            open_implied(tag::head);
            head_ = current().node;
            mode_ = Mode::in_head;
            return;
        case Mode::in_head:
            pop();
            mode_ = Mode::after_head;
            return;
        case Mode::in_head_noscript:
            pop();
            mode_ = Mode::in_head;
            return;
        default:
            open_implied(tag::body);
            mode_ = Mode::in_body;
            return;
    }
}

void TreeBuilder::start_before_html(const TagToken& tag) {
    if (tag.tag != tag::html) {
        leave_mode();
        return start_before_head(tag);
    }
    xmlNode* node = make(tag);
    sink_.insert({sink_.document_node(), nullptr}, node);
    push(node);
    mode_ = Mode::before_head;
}

void TreeBuilder::start_before_head(const TagToken& tag) {
    if (tag.tag == tag::html) return start_html_in_body(tag);
    if (tag.tag != tag::head) {
        leave_mode();
        return start_in_head(tag);
    }
    open_always(tag);
    head_ = current().node;
    mode_ = Mode::in_head;
}

void TreeBuilder::end_before_head(const TagToken& tag) {
    if (!reopening_ends.has(tag.tag)) return;
    while (mode_ < Mode::in_head) leave_mode();
    end(tag);
}

// Also what other modes hand over "using the rules for the in head insertion mode".
void TreeBuilder::start_in_head(const TagToken& tag) {
    switch (tag.tag) {
        case tag::html:
            return start_html_in_body(tag);
        case tag::base:
        case tag::basefont:
        case tag::bgsound:
        case tag::link:
        case tag::meta:
            insert(tag);
            return;
        case tag::title:
            return open_raw(tag, ContentModel::rcdata);
        case tag::noframes:
        case tag::style:
            return open_raw(tag, ContentModel::rawtext);
        case tag::script:
            return open_raw(tag, ContentModel::script_data);
        case tag::template_:
            if (!open(tag)) return;
            push_marker();
            frameset_ok_ = false;
            mode_ = Mode::in_template;
            template_modes_.push_back(Mode::in_template);
            return;
        case tag::noscript:
            open_always(tag);
            mode_ = Mode::in_head_noscript;
            return;
        case tag::head:
            return;
        default:
            leave_mode();
            return start_after_head(tag);
    }
}

void TreeBuilder::end_in_head(const TagToken& tag) {
    if (tag.tag == tag::template_) return end_template();
    if (tag.tag == tag::head && mode_ == Mode::in_head) return leave_mode();
    if (tag.tag != tag::body && tag.tag != tag::html && tag.tag != tag::br) return;
    while (mode_ <= Mode::after_head) leave_mode();
    end_in_body(tag);
}

void TreeBuilder::end_template() {
    if (!on_stack(tag::template_)) return;
    while (tags::implied_end_thoroughly.has(current().tag)) pop();
    pop_until(tag::template_);
    clear_formatting_to_marker();
    if (!template_modes_.empty()) template_modes_.pop_back();
    reset_insertion_mode();
}

void TreeBuilder::start_in_head_noscript(const TagToken& tag) {
    switch (tag.tag) {
        case tag::html:
            return start_html_in_body(tag);
        case tag::basefont:
        case tag::bgsound:
        case tag::link:
        case tag::meta:
        case tag::noframes:
        case tag::style:
            return start_in_head(tag);
        case tag::head:
        case tag::noscript:
            return;
        default:
            leave_mode();
            return start_in_head(tag);
    }
}

void TreeBuilder::end_in_head_noscript(const TagToken& tag) {
    if (tag.tag == tag::noscript) return leave_mode();
    if (tag.tag != tag::br) return;
    leave_mode();
    end_in_head(tag);
}

void TreeBuilder::start_after_head(const TagToken& tag) {
    switch (tag.tag) {
        case tag::html:
            return start_html_in_body(tag);
        case tag::body:
            open_always(tag);
            frameset_ok_ = false;
            mode_ = Mode::in_body;
            return;
        case tag::frameset:
            open_always(tag);
            mode_ = Mode::in_frameset;
            return;
        case tag::head:
            return;
        default:
            break;
    }
    if (!head_content.has(tag.tag) || head_ == nullptr) {
        leave_mode();
        return start_in_body(tag);
    }
    push(head_);
    start_in_head(tag);
    remove_from_stack(index_on_stack(head_));
}

void TreeBuilder::start_in_template(const TagToken& tag) {
    Mode mode = Mode::in_body;
    switch (tag.tag) {
        case tag::caption:
        case tag::colgroup:
        case tag::tbody:
        case tag::tfoot:
        case tag::thead:
            mode = Mode::in_table;
            break;
        case tag::col:
            mode = Mode::in_column_group;
            break;
        case tag::tr:
            mode = Mode::in_table_body;
            break;
        case tag::td:
        case tag::th:
            mode = Mode::in_row;
            break;
        default:
            if (head_content.has(tag.tag)) return start_in_head(tag);
            break;
    }
    template_modes_.back() = mode;
    mode_ = mode;
    start(tag);
}

void TreeBuilder::start_after_body(const TagToken& tag) {
    if (tag.tag == tag::html) return start_html_in_body(tag);
    mode_ = Mode::in_body;
    start_in_body(tag);
}

void TreeBuilder::end_after_body(const TagToken& tag) {
    if (mode_ == Mode::after_body && tag.tag == tag::html) {
        if (!is_fragment_) mode_ = Mode::after_after_body;
        return;
    }
    mode_ = Mode::in_body;
    end_in_body(tag);
}

void TreeBuilder::start_in_frameset(const TagToken& tag) {
    if (tag.tag == tag::html) return start_html_in_body(tag);
    if (tag.tag == tag::frameset) {
        open(tag);
    } else if (tag.tag == tag::frame) {
        insert(tag);
    } else if (tag.tag == tag::noframes) {
        start_in_head(tag);
    }
}

void TreeBuilder::end_in_frameset(const TagToken& tag) {
    if (mode_ == Mode::in_frameset) {
        if (tag.tag != tag::frameset || stack_.size() == 1) return;
        pop();
        if (!is_fragment_ && !current().is(tag::frameset)) mode_ = Mode::after_frameset;
    } else if (mode_ == Mode::after_frameset && tag.tag == tag::html) {
        mode_ = Mode::after_after_frameset;
    }
}

void TreeBuilder::start_after_frameset(const TagToken& tag) {
    if (tag.tag == tag::html) return start_html_in_body(tag);
    if (tag.tag == tag::noframes) start_in_head(tag);
}

}  // namespace meter::html::detail
