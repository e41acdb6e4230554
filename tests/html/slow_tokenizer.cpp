#include "html/slow_tokenizer.hpp"

#include <map>

#include "html/charset.hpp"
#include "html/parser/references_table.hpp"
#include "html/slow_tokenizer_impl.hpp"

namespace meter::html::test {
namespace {

const std::map<std::string, std::string>& reference_names() {
    static const std::map<std::string, std::string> names = [] {
        std::map<std::string, std::string> made;
        std::string_view list(detail::reference_list, sizeof detail::reference_list - 1);
        const auto word = [&] {
            const std::string_view found = list.substr(0, list.find(' '));
            list.remove_prefix(found.size() + 1);
            return std::string(found);
        };
        while (!list.empty()) {
            const std::string name = word(), text = word();
            if (name.back() == ';') {
                made[name] = text;
            } else {
                made[name] = text;
                made[name + ";"] = text;
            }
        }
        return made;
    }();
    return names;
}

}  // namespace

// 13.2.5.72 to 13.2.5.80, after the '&'.
void Slow::read_reference(std::string& out, bool in_attribute) {
    const auto peek = [&](std::size_t i) { return i < input_.size() ? static_cast<unsigned char>(input_[i]) : -1; };
    if (peek(at_) == '#') {
        std::size_t i = at_ + 1;
        const bool hex = peek(i) == 'x' || peek(i) == 'X';
        if (hex) ++i;
        const std::size_t digits = i;
        char32_t value = 0;
        for (;; ++i) {
            const int c = peek(i);
            int digit = -1;
            if (c >= '0' && c <= '9') digit = c - '0';
            if (hex && c >= 'a' && c <= 'f') digit = c - 'a' + 10;
            if (hex && c >= 'A' && c <= 'F') digit = c - 'A' + 10;
            if (digit < 0) break;
            value = std::min<char32_t>(value * (hex ? 16 : 10) + static_cast<char32_t>(digit), 0x110000);
        }
        if (i == digits) {
            out += '&';
            return;
        }
        at_ = i + (peek(i) == ';' ? 1 : 0);
        if (value == 0 || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) value = 0xfffd;
        if (value >= 0x80 && value <= 0x9f) value = detail::windows_1252(static_cast<unsigned char>(value));
        core::append_utf8(out, value);
        return;
    }
    for (std::size_t size = std::min<std::size_t>(40, input_.size() - std::min(at_, input_.size())); size > 0; --size) {
        const auto found = reference_names().find(input_.substr(at_, size));
        if (found == reference_names().end()) continue;
        const int next = peek(at_ + size);
        if (in_attribute && found->first.back() != ';' && (next == '=' || is_alnum(next))) break;
        out += found->second;
        at_ += size;
        return;
    }
    out += '&';
}

void Slow::step(int c) {
    switch (state_) {
        case S::data:
        case S::rcdata:
            if (c == '&') {
                std::string text;
                read_reference(text, false);
                put(text);
            } else if (c == '<') {
                state_ = state_ == S::data ? S::tag_open : S::raw_lt;
            } else if (c == 0) {
                state_ == S::data ? sink_.null_character() : put(replacement);
            } else if (c == end_of_input) {
                end();
            } else {
                put(c);
            }
            return;
        case S::rawtext:
        case S::script:
        case S::plaintext:
            if (c == '<' && state_ != S::plaintext)
                state_ = S::raw_lt;
            else if (c == 0)
                put(replacement);
            else if (c == end_of_input)
                end();
            else
                put(c);
            return;
        case S::tag_open:
            if (c == '!') {
                state_ = S::markup_declaration;
            } else if (c == '/') {
                state_ = S::end_tag_open;
            } else if (is_alpha(c)) {
                start_tag_token(false);
                again(S::tag_name);
            } else if (c == '?') {
                comment_.clear();
                again(S::bogus_comment);
            } else {
                put('<');
                again(S::data);
            }
            return;
        case S::end_tag_open:
            if (is_alpha(c)) {
                start_tag_token(true);
                again(S::tag_name);
            } else if (c == '>') {
                state_ = S::data;
            } else if (c == end_of_input) {
                put("</");
                end();
            } else {
                comment_.clear();
                again(S::bogus_comment);
            }
            return;
        case S::tag_name:
            if (is_space(c))
                state_ = S::before_attribute_name;
            else if (c == '/')
                state_ = S::self_closing;
            else if (c == '>')
                emit_tag();
            else if (c == 0)
                name_ += replacement;
            else if (c == end_of_input)
                end();
            else
                name_ += static_cast<char>(is_upper(c) ? c + 32 : c);
            return;
        case S::cdata:
            if (c == ']')
                state_ = S::cdata_bracket;
            else if (c == end_of_input)
                end();
            else if (c == 0)
                sink_.null_character();
            else
                put(c);
            return;
        case S::cdata_bracket:
            if (c == ']') {
                state_ = S::cdata_end;
            } else {
                put(']');
                again(S::cdata);
            }
            return;
        case S::cdata_end:
            if (c == ']') {
                put(']');
            } else if (c == '>') {
                state_ = S::data;
            } else {
                put("]]");
                again(S::cdata);
            }
            return;
        default:
            if (state_ < S::script_escape_start)
                step_raw(c);
            else if (state_ < S::before_attribute_name)
                step_script(c);
            else if (state_ < S::bogus_comment)
                step_attribute(c);
            else if (state_ < S::doctype)
                step_comment(c);
            else if (state_ < S::after_public_keyword)
                step_doctype(c);
            else
                step_doctype_id(c);
    }
}

// 13.2.5.9 to 13.2.5.17, and 13.2.5.24 and 13.2.5.25, which differ in where they go back to.
void Slow::step_raw(int c) {
    if (state_ == S::raw_lt) {
        if (c == '/') {
            buffer_.clear();
            state_ = S::raw_end_open;
        } else if (c == '!' && text_state_ == S::script) {
            put("<!");
            state_ = S::script_escape_start;
        } else {
            put('<');
            again(text_state_);
        }
    } else if (state_ == S::raw_end_open) {
        if (is_alpha(c)) {
            start_tag_token(true);
            again(S::raw_end_name);
        } else {
            put("</");
            again(text_state_);
        }
    } else if (is_space(c) && appropriate()) {
        state_ = S::before_attribute_name;
    } else if (c == '/' && appropriate()) {
        state_ = S::self_closing;
    } else if (c == '>' && appropriate()) {
        emit_tag();
    } else if (is_alpha(c)) {
        name_ += static_cast<char>(is_upper(c) ? c + 32 : c);
        buffer_ += static_cast<char>(c);
    } else {
        put("</" + buffer_);
        again(text_state_);
    }
}

// 13.2.5.18 to 13.2.5.31.
void Slow::step_script(int c) {
    const auto in_text = [&](S dash, S less_than, S otherwise) {
        text_state_ = otherwise;
        if (c == end_of_input) return end();
        state_ = otherwise;
        if (c == '-') state_ = dash;
        if (c == '<') state_ = less_than;
        if (c == '<' && less_than == S::escaped_lt) return;  // put where it is known to be text
        c == 0 ? put(replacement) : put(c);
    };
    switch (state_) {
        case S::script_escape_start:
        case S::script_escape_start_dash:
            if (c == '-') {
                put('-');
                state_ = state_ == S::script_escape_start ? S::script_escape_start_dash : S::escaped_dash_dash;
            } else {
                again(S::script);
            }
            return;
        case S::escaped:
            return in_text(S::escaped_dash, S::escaped_lt, S::escaped);
        case S::escaped_dash:
            return in_text(S::escaped_dash_dash, S::escaped_lt, S::escaped);
        case S::double_escaped:
            return in_text(S::double_escaped_dash, S::double_escaped_lt, S::double_escaped);
        case S::double_escaped_dash:
            return in_text(S::double_escaped_dash_dash, S::double_escaped_lt, S::double_escaped);
        case S::escaped_dash_dash:
        case S::double_escaped_dash_dash:
            if (c == '>') {
                put('>');
                state_ = text_state_ = S::script;
            } else if (state_ == S::escaped_dash_dash) {
                in_text(S::escaped_dash_dash, S::escaped_lt, S::escaped);
            } else {
                in_text(S::double_escaped_dash_dash, S::double_escaped_lt, S::double_escaped);
            }
            return;
        case S::escaped_lt:
            text_state_ = S::escaped;
            if (c == '/') {
                buffer_.clear();
                state_ = S::raw_end_open;
            } else if (is_alpha(c)) {
                buffer_.clear();
                put('<');
                again(S::double_escape_start);
            } else {
                put('<');
                again(S::escaped);
            }
            return;
        case S::double_escaped_lt:
            if (c == '/') {
                buffer_.clear();
                put('/');
                state_ = S::double_escape_end;
            } else {
                again(S::double_escaped);
            }
            return;
        default: {  // double_escape_start, double_escape_end
            const bool starts = state_ == S::double_escape_start;
            if (is_space(c) || c == '/' || c == '>') {
                state_ = (buffer_ == "script") == starts ? S::double_escaped : S::escaped;
                put(c);
            } else if (is_alpha(c)) {
                buffer_ += static_cast<char>(is_upper(c) ? c + 32 : c);
                put(c);
            } else {
                again(starts ? S::escaped : S::double_escaped);
            }
        }
    }
}

// 13.2.5.32 to 13.2.5.40.
void Slow::step_attribute(int c) {
    const auto value = [&]() -> std::string& { return attributes_.back().second; };
    switch (state_) {
        case S::before_attribute_name:
            if (is_space(c)) return;
            if (c == '/' || c == '>' || c == end_of_input) return again(S::after_attribute_name);
            attributes_.emplace_back();
            if (c != '=') return again(S::attribute_name);
            attributes_.back().first = "=";
            state_ = S::attribute_name;
            return;
        case S::attribute_name:
            if (is_space(c) || c == '/' || c == '>' || c == end_of_input)
                again(S::after_attribute_name);
            else if (c == '=')
                state_ = S::before_attribute_value;
            else if (c == 0)
                attributes_.back().first += replacement;
            else
                attributes_.back().first += static_cast<char>(is_upper(c) ? c + 32 : c);
            return;
        case S::after_attribute_name:
            if (is_space(c)) return;
            if (c == '/') {
                state_ = S::self_closing;
            } else if (c == '=') {
                state_ = S::before_attribute_value;
            } else if (c == '>') {
                emit_tag();
            } else if (c == end_of_input) {
                end();
            } else {
                attributes_.emplace_back();
                again(S::attribute_name);
            }
            return;
        case S::before_attribute_value:
            if (is_space(c)) return;
            if (c == '"')
                state_ = S::value_double_quoted;
            else if (c == '\'')
                state_ = S::value_single_quoted;
            else if (c == '>')
                emit_tag();
            else
                again(S::value_unquoted);
            return;
        case S::value_double_quoted:
        case S::value_single_quoted:
        case S::value_unquoted: {
            const bool quoted = state_ != S::value_unquoted;
            if (quoted && c == (state_ == S::value_double_quoted ? '"' : '\''))
                state_ = S::after_value_quoted;
            else if (!quoted && is_space(c))
                state_ = S::before_attribute_name;
            else if (!quoted && c == '>')
                emit_tag();
            else if (c == '&')
                read_reference(value(), true);
            else if (c == 0)
                value() += replacement;
            else if (c == end_of_input)
                end();
            else
                value() += static_cast<char>(c);
            return;
        }
        case S::after_value_quoted:
            if (is_space(c))
                state_ = S::before_attribute_name;
            else if (c == '/')
                state_ = S::self_closing;
            else if (c == '>')
                emit_tag();
            else if (c == end_of_input)
                end();
            else
                again(S::before_attribute_name);
            return;
        default:  // self_closing
            if (c == '>') {
                self_closing_ = true;
                emit_tag();
            } else if (c == end_of_input) {
                end();
            } else {
                again(S::before_attribute_name);
            }
    }
}

void tokenize_slowly(std::string_view page, detail::TokenSink& sink, detail::ContentModel model,
                     std::string_view last_start_tag) {
    Slow(page, sink, model, last_start_tag).run();
}

}  // namespace meter::html::test
