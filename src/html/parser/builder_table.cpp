// Tables: HTML standard 13.2.6.4.9 to 13.2.6.4.15.
#include <algorithm>

#include "core/unicode.hpp"
#include "html/parser/builder.hpp"

namespace meter::html::detail {
namespace {

constexpr TagSet table_context{tag::table, tag::template_, tag::html};
constexpr TagSet section_context{tag::tbody, tag::tfoot, tag::thead, tag::template_, tag::html};
constexpr TagSet row_context{tag::tr, tag::template_, tag::html};
constexpr TagSet sections{tag::tbody, tag::tfoot, tag::thead};
constexpr TagSet cells{tag::td, tag::th};
constexpr TagSet table_parts{tag::caption, tag::col, tag::colgroup, tag::tbody, tag::td,
                             tag::tfoot,   tag::th,  tag::thead,    tag::tr};
// End tags that the modes ignore unless they say otherwise.
constexpr TagSet stray_ends = table_parts | TagSet{tag::body, tag::html};

}  // namespace

void TreeBuilder::start_in_table(const TagToken& tag) {
    switch (tag.tag) {
        case tag::caption:
            pop_to_context(table_context);
            push_marker();
            open_always(tag);
            mode_ = Mode::in_caption;
            return;
        case tag::colgroup:
            pop_to_context(table_context);
            open_always(tag);
            mode_ = Mode::in_column_group;
            return;
        case tag::col:
            pop_to_context(table_context);
            open_implied(tag::colgroup);
            mode_ = Mode::in_column_group;
            return start_in_column_group(tag);
        case tag::tbody:
        case tag::tfoot:
        case tag::thead:
            pop_to_context(table_context);
            open_always(tag);
            mode_ = Mode::in_table_body;
            return;
        case tag::td:
        case tag::th:
        case tag::tr:
            pop_to_context(table_context);
            open_implied(tag::tbody);
            mode_ = Mode::in_table_body;
            return start_in_table_body(tag);
        case tag::table:
            if (!has_in_table_scope(tag::table)) return;
            pop_until(tag::table);
            reset_insertion_mode();
            return start(tag);
        case tag::style:
        case tag::script:
        case tag::template_:
            return start_in_head(tag);
        case tag::input: {
            const auto hidden = [](const AttributeToken& one) {
                return one.name == "type" && core::ascii_iequals(one.value, "hidden");
            };
            if (std::none_of(tag.attributes.begin(), tag.attributes.end(), hidden)) break;
            insert(tag);
            return;
        }
        case tag::form:
            if (on_stack(tag::template_) || form_ != nullptr) return;
            form_ = insert(tag);
            return;
        default:
            break;
    }
    foster_parenting_ = true;
    start_in_body(tag);
    foster_parenting_ = false;
}

void TreeBuilder::end_in_table(const TagToken& tag) {
    if (tag.tag == tag::table) {
        if (!has_in_table_scope(tag::table)) return;
        pop_until(tag::table);
        return reset_insertion_mode();
    }
    if (stray_ends.has(tag.tag)) return;
    if (tag.tag == tag::template_) return end_template();
    foster_parenting_ = true;
    end_in_body(tag);
    foster_parenting_ = false;
}

// 13.2.6.4.10
void TreeBuilder::flush_table_text() {
    mode_ = original_mode_;
    if (table_text_.empty()) return;
    if (std::all_of(table_text_.begin(), table_text_.end(), is_html_space)) {
        insert_text(table_text_);
    } else {
        foster_parenting_ = true;
        text_in_body(table_text_);
        foster_parenting_ = false;
    }
    table_text_.clear();
}

bool TreeBuilder::close_caption() {
    if (!has_in_table_scope(tag::caption)) return false;
    generate_implied_end_tags();
    pop_until(tag::caption);
    clear_formatting_to_marker();
    mode_ = Mode::in_table;
    return true;
}

void TreeBuilder::start_in_caption(const TagToken& tag) {
    if (!table_parts.has(tag.tag)) return start_in_body(tag);
    if (close_caption()) start(tag);
}

void TreeBuilder::end_in_caption(const TagToken& tag) {
    if (tag.tag == tag::caption) {
        close_caption();
    } else if (tag.tag == tag::table) {
        if (close_caption()) end(tag);
    } else if (!stray_ends.has(tag.tag)) {
        end_in_body(tag);
    }
}

bool TreeBuilder::leave_column_group() {
    if (!current().is(tag::colgroup)) return false;
    pop();
    mode_ = Mode::in_table;
    return true;
}

void TreeBuilder::start_in_column_group(const TagToken& tag) {
    if (tag.tag == tag::html) return start_html_in_body(tag);
    if (tag.tag == tag::template_) return start_in_head(tag);
    if (tag.tag == tag::col) {
        insert(tag);
        return;
    }
    if (leave_column_group()) start(tag);
}

void TreeBuilder::end_in_column_group(const TagToken& tag) {
    if (tag.tag == tag::template_) return end_template();
    if (tag.tag == tag::col) return;
    if (leave_column_group() && tag.tag != tag::colgroup) end(tag);
}

void TreeBuilder::text_in_column_group(std::string_view text_here) {
    while (!text_here.empty()) {
        const auto next = std::find_if_not(text_here.begin(), text_here.end(), is_html_space);
        const auto spaces = static_cast<std::size_t>(next - text_here.begin());
        if (spaces > 0) insert_text(text_here.substr(0, spaces));
        text_here.remove_prefix(spaces);
        if (text_here.empty()) return;
        if (leave_column_group()) return text(text_here);
        // In a template's column group other characters are dropped one by one.
        const auto space = std::find_if(text_here.begin(), text_here.end(), is_html_space);
        text_here.remove_prefix(static_cast<std::size_t>(space - text_here.begin()));
    }
}

bool TreeBuilder::close_section() {
    if (!has_any_in(tags::table_scope, sections)) return false;
    pop_to_context(section_context);
    pop();
    mode_ = Mode::in_table;
    return true;
}

void TreeBuilder::start_in_table_body(const TagToken& tag) {
    switch (tag.tag) {
        case tag::tr:
            pop_to_context(section_context);
            open_always(tag);
            mode_ = Mode::in_row;
            return;
        case tag::th:
        case tag::td:
            pop_to_context(section_context);
            open_implied(tag::tr);
            mode_ = Mode::in_row;
            return start_in_row(tag);
        case tag::caption:
        case tag::col:
        case tag::colgroup:
        case tag::tbody:
        case tag::tfoot:
        case tag::thead:
            if (close_section()) start_in_table(tag);
            return;
        default:
            return start_in_table(tag);
    }
}

void TreeBuilder::end_in_table_body(const TagToken& tag) {
    if (sections.has(tag.tag)) {
        if (!has_in_table_scope(tag.tag)) return;
        pop_to_context(section_context);
        pop();
        mode_ = Mode::in_table;
    } else if (tag.tag == tag::table) {
        if (close_section()) end_in_table(tag);
    } else if (!stray_ends.has(tag.tag)) {
        end_in_table(tag);
    }
}

bool TreeBuilder::close_row() {
    if (!has_in_table_scope(tag::tr)) return false;
    pop_to_context(row_context);
    pop();
    mode_ = Mode::in_table_body;
    return true;
}

void TreeBuilder::start_in_row(const TagToken& tag) {
    if (cells.has(tag.tag)) {
        pop_to_context(row_context);
        open_always(tag);
        mode_ = Mode::in_cell;
        push_marker();
    } else if (table_parts.has(tag.tag)) {
        if (close_row()) start_in_table_body(tag);
    } else {
        start_in_table(tag);
    }
}

void TreeBuilder::end_in_row(const TagToken& tag) {
    if (tag.tag == tag::tr) {
        close_row();
    } else if (tag.tag == tag::table) {
        if (close_row()) end_in_table_body(tag);
    } else if (sections.has(tag.tag)) {
        if (has_in_table_scope(tag.tag) && close_row()) end_in_table_body(tag);
    } else if (!stray_ends.has(tag.tag)) {
        end_in_table(tag);
    }
}

bool TreeBuilder::close_cell() {
    if (!has_any_in(tags::table_scope, cells)) return false;
    generate_implied_end_tags();
    pop_until_in(cells);
    clear_formatting_to_marker();
    mode_ = Mode::in_row;
    return true;
}

void TreeBuilder::start_in_cell(const TagToken& tag) {
    if (!table_parts.has(tag.tag)) return start_in_body(tag);
    if (close_cell()) start_in_row(tag);
}

void TreeBuilder::end_in_cell(const TagToken& tag) {
    if (cells.has(tag.tag)) {
        if (!has_in_table_scope(tag.tag)) return;
        generate_implied_end_tags();
        pop_until(tag.tag);
        clear_formatting_to_marker();
        mode_ = Mode::in_row;
    } else if (tag.tag == tag::table || tag.tag == tag::tr || sections.has(tag.tag)) {
        if (has_in_table_scope(tag.tag) && close_cell()) end_in_row(tag);
    } else if (!stray_ends.has(tag.tag)) {
        end_in_body(tag);
    }
}

}  // namespace meter::html::detail
