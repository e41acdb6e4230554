// Start tags and text in the body: HTML standard 13.2.6.4.7.
#include <algorithm>

#include "core/unicode.hpp"
#include "html/parser/builder.hpp"

namespace meter::html::detail {

void TreeBuilder::text_in_body(std::string_view text) {
    reconstruct_formatting();
    insert_text(text);
    if (frameset_ok_ && !std::all_of(text.begin(), text.end(), is_html_space)) frameset_ok_ = false;
}

void TreeBuilder::close_p() {
    generate_implied_end_tags(tag::p);
    pop_until(tag::p);
}

void TreeBuilder::close_p_in_button_scope() {
    if (on_stack(tag::p) && has_in_button_scope(tag::p)) close_p();
}

void TreeBuilder::insert_void(const TagToken& tag) {
    reconstruct_formatting();
    insert(tag);
}

void TreeBuilder::open_formatting(const TagToken& tag) {
    if (open(tag)) push_formatting(current().node);
}

void TreeBuilder::start_in_body(const TagToken& tag) {
    switch (tag.tag) {
        case tag::html:
            return start_html_in_body(tag);
        case tag::base:
        case tag::basefont:
        case tag::bgsound:
        case tag::link:
        case tag::meta:
        case tag::noframes:
        case tag::script:
        case tag::style:
        case tag::template_:
        case tag::title:
            return start_in_head(tag);
        case tag::body:
            if (stack_.size() == 1 || !stack_[1].is(tag::body) || on_stack(tag::template_)) return;
            frameset_ok_ = false;
            return merge_attributes(stack_[1].node, tag);
        case tag::frameset:
            return start_frameset_in_body(tag);
        case tag::address:
        case tag::article:
        case tag::aside:
        case tag::blockquote:
        case tag::center:
        case tag::details:
        case tag::dialog:
        case tag::dir:
        case tag::div:
        case tag::dl:
        case tag::fieldset:
        case tag::figcaption:
        case tag::figure:
        case tag::footer:
        case tag::header:
        case tag::hgroup:
        case tag::main:
        case tag::menu:
        case tag::nav:
        case tag::ol:
        case tag::p:
        case tag::search:
        case tag::section:
        case tag::summary:
        case tag::ul:
            close_p_in_button_scope();
            open(tag);
            return;
        case tag::h1:
        case tag::h2:
        case tag::h3:
        case tag::h4:
        case tag::h5:
        case tag::h6:
            close_p_in_button_scope();
            if (current_in(tags::headings)) pop();
            open(tag);
            return;
        case tag::pre:
        case tag::listing:
            close_p_in_button_scope();
            open(tag);
            skip_line_feed_ = true;
            frameset_ok_ = false;
            return;
        case tag::form:
            if (form_ != nullptr && !on_stack(tag::template_)) return;
            close_p_in_button_scope();
            if (open(tag) && !on_stack(tag::template_)) form_ = current().node;
            return;
        case tag::li:
        case tag::dd:
        case tag::dt:
            return start_list_item(tag);
        case tag::plaintext:
            close_p_in_button_scope();
            open_always(tag);
            model_ = ContentModel::plaintext;
            return;
        case tag::button:
            if (has_in_scope(tag::button)) {
                generate_implied_end_tags();
                pop_until(tag::button);
            }
            reconstruct_formatting();
            open(tag);
            frameset_ok_ = false;
            return;
        case tag::a:
            if (const std::size_t listed = find_formatting(tag::a); listed != npos) {
                xmlNode* const earlier = formatting_[listed].node;
                run_adoption_agency(tag);
                if (const std::size_t still = find_formatting(earlier); still != npos)
                    formatting_.erase(formatting_.begin() + static_cast<std::ptrdiff_t>(still));
                if (const std::size_t still = index_on_stack(earlier); still != stack_.size()) remove_from_stack(still);
            }
            [[fallthrough]];
        case tag::b:
        case tag::big:
        case tag::code:
        case tag::em:
        case tag::font:
        case tag::i:
        case tag::s:
        case tag::small:
        case tag::strike:
        case tag::strong:
        case tag::tt:
        case tag::u:
            reconstruct_formatting();
            return open_formatting(tag);
        case tag::nobr:
            reconstruct_formatting();
            if (has_in_scope(tag::nobr)) {
                run_adoption_agency(tag);
                reconstruct_formatting();
            }
            return open_formatting(tag);
        case tag::applet:
        case tag::marquee:
        case tag::object:
            reconstruct_formatting();
            if (open(tag)) push_marker();
            frameset_ok_ = false;
            return;
        case tag::table:
            if (!tree_.quirks) close_p_in_button_scope();
            frameset_ok_ = false;
            if (open(tag)) mode_ = Mode::in_table;
            return;
        case tag::area:
        case tag::br:
        case tag::embed:
        case tag::img:
        case tag::keygen:
        case tag::wbr:
            insert_void(tag);
            frameset_ok_ = false;
            return;
        case tag::input:
        case tag::hr:
        case tag::select:
        case tag::optgroup:
        case tag::option:
            return start_select_part(tag);
        case tag::param:
        case tag::source:
        case tag::track:
            insert(tag);
            return;
        case tag::image: {  // "Don't ask."
            TagToken img = tag;
            img.tag = tag::img;
            return start(img);
        }
        case tag::textarea:
            open_raw(tag, ContentModel::rcdata);
            skip_line_feed_ = true;
            frameset_ok_ = false;
            return;
        case tag::xmp:
            close_p_in_button_scope();
            reconstruct_formatting();
            frameset_ok_ = false;
            return open_raw(tag, ContentModel::rawtext);
        case tag::iframe:
            frameset_ok_ = false;
            return open_raw(tag, ContentModel::rawtext);
        case tag::noembed:
            return open_raw(tag, ContentModel::rawtext);
        case tag::rb:
        case tag::rtc:
            if (has_in_scope(tag::ruby)) generate_implied_end_tags();
            open(tag);
            return;
        case tag::rp:
        case tag::rt:
            if (has_in_scope(tag::ruby)) generate_implied_end_tags(tag::rtc);
            open(tag);
            return;
        case tag::math:
        case tag::svg:
            reconstruct_formatting();
            return open_foreign(tag, tag.tag == tag::svg ? Space::svg : Space::math);
        case tag::caption:
        case tag::col:
        case tag::colgroup:
        case tag::frame:
        case tag::head:
        case tag::tbody:
        case tag::td:
        case tag::tfoot:
        case tag::th:
        case tag::thead:
        case tag::tr:
            return;
        case tag::selectedcontent:
            has_selected_content_ = true;
            [[fallthrough]];
        default:
            reconstruct_formatting();
            open(tag);
            return;
    }
}

void TreeBuilder::start_html_in_body(const TagToken& tag) {
    if (!on_stack(tag::template_)) merge_attributes(stack_.front().node, tag);
}

void TreeBuilder::start_frameset_in_body(const TagToken& tag) {
    if (stack_.size() == 1 || !stack_[1].is(tag::body) || !frameset_ok_) return;
    sink_.detach(stack_[1].node);
    truncate(1);
    open_always(tag);
    mode_ = Mode::in_frameset;
}

void TreeBuilder::start_list_item(const TagToken& tag) {
    frameset_ok_ = false;
    const bool is_li = tag.tag == tag::li;
    for (std::size_t i = stack_.size(); i-- > 0; ++steps_) {
        const Open& one = stack_[i];
        if (is_li ? one.is(tag::li) : one.is(tag::dd) || one.is(tag::dt)) {
            const Tag closed = one.tag;
            generate_implied_end_tags(closed);
            pop_until(closed);
            break;
        }
        if ((one.traits & is_special) != 0 && !one.is(tag::address) && !one.is(tag::div) && !one.is(tag::p)) break;
    }
    close_p_in_button_scope();
    open(tag);
}

// input, hr, select, optgroup and option: what a select changes, wherever in it they stand.
void TreeBuilder::start_select_part(const TagToken& tag) {
    const bool in_select = has_in_scope(tag::select);
    switch (tag.tag) {
        case tag::input: {
            if (context_.is(tag::select)) return;
            if (in_select) pop_until(tag::select);
            insert_void(tag);
            const auto type = std::find_if(tag.attributes.begin(), tag.attributes.end(),
                                           [](const AttributeToken& one) { return one.name == "type"; });
            if (type == tag.attributes.end() || !core::ascii_iequals(type->value, "hidden")) frameset_ok_ = false;
            return;
        }
        case tag::hr:
            close_p_in_button_scope();
            if (in_select) generate_implied_end_tags();
            insert(tag);
            frameset_ok_ = false;
            return;
        case tag::select:
            if (context_.is(tag::select)) return;
            if (in_select) return pop_until(tag::select);
            reconstruct_formatting();
            open(tag);
            frameset_ok_ = false;
            return;
        default:
            if (in_select)
                generate_implied_end_tags(tag.tag == tag::option ? tag::optgroup : 0);
            else if (current().is(tag::option))
                pop();
            reconstruct_formatting();
            open(tag);
            return;
    }
}

}  // namespace meter::html::detail
