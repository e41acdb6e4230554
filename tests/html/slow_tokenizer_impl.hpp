// The inside of the slow tokeniser: the standard's states and what they share.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/unicode.hpp"
#include "html/parser/token.hpp"

namespace meter::html::test {

// The states' names without "state". Section 13.2.5 numbers them in this order, from 1.
enum class S {
    data,
    rcdata,
    rawtext,
    script,
    plaintext,
    tag_open,
    end_tag_open,
    tag_name,
    raw_lt,        // "RCDATA less-than sign", "RAWTEXT ...", "script data ..."
    raw_end_open,  // "RCDATA end tag open", ...
    raw_end_name,  // "RCDATA end tag name", ...
    script_escape_start,
    script_escape_start_dash,
    escaped,
    escaped_dash,
    escaped_dash_dash,
    escaped_lt,
    double_escape_start,
    double_escaped,
    double_escaped_dash,
    double_escaped_dash_dash,
    double_escaped_lt,
    double_escape_end,
    before_attribute_name,
    attribute_name,
    after_attribute_name,
    before_attribute_value,
    value_double_quoted,
    value_single_quoted,
    value_unquoted,
    after_value_quoted,
    self_closing,
    bogus_comment,
    markup_declaration,
    comment_start,
    comment_start_dash,
    comment,
    comment_lt,
    comment_lt_bang,
    comment_lt_bang_dash,
    comment_lt_bang_dash_dash,
    comment_end_dash,
    comment_end,
    comment_end_bang,
    doctype,
    before_doctype_name,
    doctype_name,
    after_doctype_name,
    after_public_keyword,
    before_public_id,
    public_id_double,
    public_id_single,
    after_public_id,
    between_ids,
    after_system_keyword,
    before_system_id,
    system_id_double,
    system_id_single,
    after_system_id,
    bogus_doctype,
    cdata,
    cdata_bracket,
    cdata_end,
};

constexpr int end_of_input = -1;
inline constexpr std::string_view replacement = "\xef\xbf\xbd";

inline bool is_space(int c) {
    return c == '\t' || c == '\n' || c == '\f' || c == ' ';
}
inline bool is_upper(int c) {
    return c >= 'A' && c <= 'Z';
}
inline bool is_alpha(int c) {
    return is_upper(c) || (c >= 'a' && c <= 'z');
}
inline bool is_alnum(int c) {
    return is_alpha(c) || (c >= '0' && c <= '9');
}

class Slow {
public:
    Slow(std::string_view page, detail::TokenSink& sink, detail::ContentModel model, std::string_view last)
        : sink_(sink), last_start_tag_(last) {
        for (std::size_t i = 0; i < page.size(); ++i) {
            if (page[i] != '\r')
                input_ += page[i];
            else if (i + 1 == page.size() || page[i + 1] != '\n')
                input_ += '\n';
        }
        enter(model);
    }

    void run() {
        while (!done_) {
            const int c = at_ < input_.size() ? static_cast<unsigned char>(input_[at_]) : end_of_input;
            ++at_;
            step(c);
        }
        sink_.end_of_file();
    }

private:
    void enter(detail::ContentModel model) {
        constexpr S states[] = {S::data, S::rcdata, S::rawtext, S::script, S::plaintext};
        state_ = states[static_cast<std::size_t>(model)];
        text_state_ = state_;
    }

    void put(std::string_view text) { sink_.characters(text); }
    void put(int c) {
        const char byte = static_cast<char>(c);
        put(std::string_view(&byte, 1));
    }
    // Goes on in this state, with the same character.
    void again(S state) {
        state_ = state;
        --at_;
    }
    void end() { done_ = true; }

    bool next_are(std::string_view expected, bool any_case) const {
        const std::string_view there =
            std::string_view(input_).substr(std::min(at_ - 1, input_.size()), expected.size());
        return any_case ? core::ascii_iequals(there, expected) : there == expected;
    }

    void start_tag_token(bool is_end) {
        name_.clear();
        attributes_.clear();
        is_end_ = is_end;
        self_closing_ = false;
    }
    bool appropriate() const { return is_end_ && !last_start_tag_.empty() && name_ == last_start_tag_; }

    void emit_tag() {
        std::vector<detail::AttributeToken> kept;
        for (const auto& [name, value] : attributes_) {
            const auto same = [&, &own = name](const detail::AttributeToken& other) { return other.name == own; };
            if (std::none_of(kept.begin(), kept.end(), same)) kept.push_back({name, value, detail::tag_hash(name)});
        }
        detail::TagToken tag;
        tag.name = name_;
        tag.hash = detail::tag_hash(name_);
        tag.tag = detail::find_tag(name_);
        tag.self_closing = self_closing_;
        state_ = S::data;
        if (is_end_) {
            sink_.end_tag(tag);
            text_state_ = S::data;
            return;
        }
        tag.attributes = kept;
        last_start_tag_ = name_;
        enter(sink_.start_tag(tag));
    }

    void emit_comment() { sink_.comment(comment_); }

    void emit_doctype() {
        doctype_.name = doctype_name_;
        doctype_.public_id = public_id_;
        doctype_.system_id = system_id_;
        sink_.doctype(doctype_);
        state_ = S::data;
    }

    void read_reference(std::string& out, bool in_attribute);
    void step(int c);
    void step_raw(int c);
    void step_script(int c);
    void step_attribute(int c);
    void step_comment(int c);
    void step_doctype(int c);
    void step_doctype_id(int c);

    std::string input_;
    std::size_t at_ = 0;
    detail::TokenSink& sink_;
    S state_ = S::data, text_state_ = S::data;
    bool done_ = false;
    std::string last_start_tag_, name_, buffer_, comment_;
    bool is_end_ = false, self_closing_ = false;
    std::vector<std::pair<std::string, std::string>> attributes_;
    detail::DoctypeToken doctype_;
    std::string doctype_name_, public_id_, system_id_;
};

}  // namespace meter::html::test
