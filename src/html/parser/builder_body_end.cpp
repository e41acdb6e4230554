// End tags in the body: HTML standard 13.2.6.4.7.
#include "html/parser/builder.hpp"

namespace meter::html::detail {
namespace {

bool is_named(const xmlNode* node, std::string_view name) noexcept {
    return name == chars(node->name);
}

}  // namespace

void TreeBuilder::end_in_body(const TagToken& tag) {
    switch (tag.tag) {
        case tag::template_:
            return end_template();
        case tag::body:
        case tag::html:
            if (!has_in_scope(tag::body)) return;
            mode_ = Mode::after_body;
            if (tag.tag == tag::html) end_after_body(tag);
            return;
        case tag::address:
        case tag::article:
        case tag::aside:
        case tag::blockquote:
        case tag::button:
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
        case tag::listing:
        case tag::main:
        case tag::menu:
        case tag::nav:
        case tag::ol:
        case tag::pre:
        case tag::search:
        case tag::section:
        case tag::select:
        case tag::summary:
        case tag::ul:
            if (!has_in_scope(tag.tag)) return;
            generate_implied_end_tags();
            return pop_until(tag.tag);
        case tag::form:
            return end_form();
        case tag::p:
            if (!has_in_button_scope(tag::p)) {
                TagToken p;
                p.tag = tag::p;
                if (!open(p)) return;
            }
            return close_p();
        case tag::li:
            if (!has_in(tags::list_item_scope, tag::li)) return;
            generate_implied_end_tags(tag::li);
            return pop_until(tag::li);
        case tag::dd:
        case tag::dt:
            if (!has_in_scope(tag.tag)) return;
            generate_implied_end_tags(tag.tag);
            return pop_until(tag.tag);
        case tag::h1:
        case tag::h2:
        case tag::h3:
        case tag::h4:
        case tag::h5:
        case tag::h6:
            if (!has_any_in(tags::scope, tags::headings)) return;
            generate_implied_end_tags();
            return pop_until_in(tags::headings);
        case tag::a:
        case tag::b:
        case tag::big:
        case tag::code:
        case tag::em:
        case tag::font:
        case tag::i:
        case tag::nobr:
        case tag::s:
        case tag::small:
        case tag::strike:
        case tag::strong:
        case tag::tt:
        case tag::u:
            return run_adoption_agency(tag);
        case tag::applet:
        case tag::marquee:
        case tag::object:
            if (!has_in_scope(tag.tag)) return;
            generate_implied_end_tags();
            pop_until(tag.tag);
            return clear_formatting_to_marker();
        case tag::br: {
            TagToken br;
            br.tag = tag::br;
            return start_in_body(br);
        }
        default:
            return end_any_other(tag);
    }
}

void TreeBuilder::end_form() {
    if (on_stack(tag::template_)) {
        if (!has_in_scope(tag::form)) return;
        generate_implied_end_tags();
        return pop_until(tag::form);
    }
    xmlNode* const node = form_;
    form_ = nullptr;
    if (node == nullptr || !is_open(node) || !has_in_scope(tag::form)) return;
    generate_implied_end_tags();
    remove_from_stack(index_on_stack(node));
}

void TreeBuilder::end_any_other(const TagToken& tag) {
    if (open_[tag.tag] == 0) return;  // with an unknown name: when no unknown element is open
    for (std::size_t i = stack_.size(); i-- > 0; ++steps_) {
        const Open& one = stack_[i];
        if (one.is(tag.tag) && one.space == Space::html && (tag.tag != 0 || is_named(one.node, tag.name))) {
            generate_implied_end_tags(tag.tag);
            return truncate(i);
        }
        if ((one.traits & is_special) != 0) return;
    }
}

}  // namespace meter::html::detail
