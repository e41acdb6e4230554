// The tree construction stage (HTML standard, section 13.2.6), scripting off: tokens in, tree out.
#pragma once

#include <libxml/tree.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "html/parser/fragment.hpp"
#include "html/parser/names.hpp"
#include "html/parser/sink.hpp"
#include "html/parser/token.hpp"

namespace meter::html::detail {

/// Receives the tokens of one document. The modes of one group have a source file each: builder_head, builder_body
/// (start tags) and builder_body_end (end tags), builder_table, builder_foreign; formatting.cpp has the list of active
/// formatting elements. Selects have no mode of their own since the standard relaxed their content in 2025.
///
/// Cost: linear. At most max_depth elements are open at a time (a table's parts may add four), so that every walk over
/// them is bounded; counts by name answer most questions without one. Depth costs no stack.
class TreeBuilder final : public TokenSink {
public:
    TreeBuilder(Tree& tree, TreeSink& sink);
    /// Parses a fragment. Returns how the tokeniser starts.
    ContentModel start_fragment(const FragmentContext& context);

    ContentModel start_tag(const TagToken& tag) override;
    void end_tag(const TagToken& tag) override;
    void characters(std::string_view text) override;
    void null_character() override;
    void comment(std::string_view text) override;
    void doctype(const DoctypeToken& doctype) override;
    void end_of_file() override;
    bool cdata_allowed() const override;
    bool stopped() const override { return sink_.over_limit(); }

    /// Entries of the stack and of the formatting list looked at: work that does not depend on the machine.
    std::uint64_t steps() const noexcept { return steps_; }

private:
    enum class Mode : std::uint8_t {
        initial,
        before_html,
        before_head,
        in_head,
        in_head_noscript,
        after_head,
        in_body,
        text,
        in_table,
        in_table_text,
        in_caption,
        in_column_group,
        in_table_body,
        in_row,
        in_cell,
        in_template,
        after_body,
        in_frameset,
        after_frameset,
        after_after_body,
        after_after_frameset
    };

    enum : std::uint8_t {
        is_special = 1,        ///< 13.2.4.2
        ends_scope = 2,        ///< for "has an element in scope"
        text_integration = 4,  ///< MathML text integration point
        html_integration = 8,
        annotation_xml = 16
    };
    struct Open {
        xmlNode* node = nullptr;
        Tag tag = 0;  ///< 0 for unknown names and for what is not HTML
        Space space = Space::html;
        std::uint8_t traits = 0;
        bool is(Tag one) const noexcept { return tag == one; }
    };
    struct Formatting {
        xmlNode* node = nullptr;  ///< null is a marker
        Tag tag = 0;
        std::uint32_t attributes = 0;  ///< a sketch of them, whatever their order
    };

    // builder.cpp: dispatch, the stack, insertion
    void begin_token();
    bool uses_html_rules(const TagToken& tag) const noexcept;
    bool text_uses_html_rules() const noexcept;
    void start(const TagToken& tag);  ///< dispatches by insertion mode
    void end(const TagToken& tag);
    void text(std::string_view text);
    const Open& current() const noexcept { return stack_.back(); }
    const Open& adjusted_current() const noexcept;
    bool current_in(const TagSet& set) const noexcept { return set.has(current().tag); }
    void push(xmlNode* node);
    void pop() noexcept;
    void pop_until(Tag tag) noexcept;  ///< that element included
    void pop_until_in(const TagSet& set) noexcept;
    void pop_to_context(const TagSet& set) noexcept;  ///< that element excluded
    void truncate(std::size_t size) noexcept;
    std::size_t index_on_stack(const xmlNode* node) const noexcept;  ///< stack_.size() when it is not there
    void remove_from_stack(std::size_t index) noexcept;
    bool on_stack(Tag tag) const noexcept { return open_[tag] != 0; }
    bool has_in(const TagSet& scope, Tag tag) const noexcept;
    bool has_any_in(const TagSet& scope, const TagSet& tags) const noexcept;
    bool has_in_scope(Tag tag) const noexcept { return has_in(tags::scope, tag); }
    bool has_in_button_scope(Tag tag) const noexcept { return has_in(tags::button_scope, tag); }
    bool has_in_table_scope(Tag tag) const noexcept { return has_in(tags::table_scope, tag); }
    void generate_implied_end_tags(Tag except = 0) noexcept;
    void reset_insertion_mode() noexcept;
    static xmlNode* container(xmlNode* element) noexcept;
    Place place() const noexcept { return place_in(current().node); }
    Place place_in(xmlNode* target) const noexcept;
    xmlNode* make(const TagToken& tag, Space space = Space::html);
    xmlNode* insert(const TagToken& tag);   ///< inserts without opening it
    bool open(const TagToken& tag);         ///< inserts and opens; false at the depth cap, where it stays a leaf
    void open_always(const TagToken& tag);  ///< the same, whatever the depth
    void open_implied(Tag tag);
    void open_raw(const TagToken& tag, ContentModel model);  ///< 13.2.6.2
    void merge_attributes(xmlNode* element, const TagToken& tag);
    void insert_text(std::string_view text) { sink_.insert_text(place(), text); }
    bool closes_too_deep(Tag tag) noexcept;
    void stop_parsing();
    void finish_selects();

    // builder_head.cpp: before and after the body
    void start_before_html(const TagToken& tag);
    void start_before_head(const TagToken& tag);
    void start_in_head(const TagToken& tag);
    void start_in_head_noscript(const TagToken& tag);
    void start_after_head(const TagToken& tag);
    void start_in_template(const TagToken& tag);
    void start_after_body(const TagToken& tag);
    void start_in_frameset(const TagToken& tag);
    void start_after_frameset(const TagToken& tag);
    void end_before_head(const TagToken& tag);
    void end_in_head(const TagToken& tag);
    void end_in_head_noscript(const TagToken& tag);
    void end_template();
    void end_after_body(const TagToken& tag);
    void end_in_frameset(const TagToken& tag);
    void leave_mode();  ///< "anything else" of the modes before the body

    // builder_body.cpp, builder_body_end.cpp
    void start_in_body(const TagToken& tag);
    void end_in_body(const TagToken& tag);
    void text_in_body(std::string_view text);
    void close_p_in_button_scope();
    void close_p();
    void start_list_item(const TagToken& tag);
    void start_select_part(const TagToken& tag);
    void start_html_in_body(const TagToken& tag);
    void start_frameset_in_body(const TagToken& tag);
    void open_formatting(const TagToken& tag);
    void insert_void(const TagToken& tag);
    void end_form();
    void end_any_other(const TagToken& tag);

    // builder_table.cpp
    void start_in_table(const TagToken& tag);
    void start_in_caption(const TagToken& tag);
    void start_in_column_group(const TagToken& tag);
    void start_in_table_body(const TagToken& tag);
    void start_in_row(const TagToken& tag);
    void start_in_cell(const TagToken& tag);
    void end_in_table(const TagToken& tag);
    void end_in_caption(const TagToken& tag);
    void end_in_column_group(const TagToken& tag);
    void end_in_table_body(const TagToken& tag);
    void end_in_row(const TagToken& tag);
    void end_in_cell(const TagToken& tag);
    void text_in_column_group(std::string_view text);
    void flush_table_text();
    bool close_caption();
    bool close_cell();
    bool close_row();
    bool close_section();
    bool leave_column_group();

    // builder_foreign.cpp
    void start_foreign(const TagToken& tag);
    void end_foreign(const TagToken& tag);
    void open_foreign(const TagToken& tag, Space space);
    static std::uint8_t foreign_traits(const xmlNode* node) noexcept;

    // formatting.cpp
    void push_formatting(xmlNode* node);
    void push_marker() { formatting_.push_back({}); }
    void clear_formatting_to_marker() noexcept;
    void reconstruct_formatting();
    void reopen_formatting();
    std::size_t find_formatting(Tag tag) const noexcept;  ///< behind the last marker; npos when there is none
    std::size_t find_formatting(const xmlNode* node) const noexcept;
    static bool is_open(const xmlNode* node) noexcept { return (node->extra & open_mark) != 0; }
    void run_adoption_agency(const TagToken& tag);
    bool adopt(const TagToken& tag);  ///< one round; false ends them

    static constexpr unsigned short open_mark = 16;  // in an element's `extra` while it is on the stack
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);

    Tree& tree_;
    TreeSink& sink_;
    Mode mode_ = Mode::initial, original_mode_ = Mode::in_body;
    ContentModel model_ = ContentModel::data;
    bool frameset_ok_ = true;
    bool foster_parenting_ = false;
    bool skip_line_feed_ = false;
    bool is_fragment_ = false;
    bool has_selected_content_ = false;
    std::vector<Open> stack_;
    std::array<std::uint16_t, 256> open_{};  // HTML elements on the stack by name
    std::vector<Tag> too_deep_;              // what would be open if the depth had no cap
    std::vector<Formatting> formatting_;
    std::vector<Mode> template_modes_;
    std::string table_text_;
    xmlNode* head_ = nullptr;
    xmlNode* form_ = nullptr;
    Open context_;  // of a fragment
    mutable std::uint64_t steps_ = 0;
};

}  // namespace meter::html::detail
