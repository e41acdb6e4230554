// Comments and doctypes of the slow tokeniser.
#include "html/slow_tokenizer_impl.hpp"

namespace meter::html::test {

// 13.2.5.41 to 13.2.5.52.
void Slow::step_comment(int c) {
    const auto close = [&] {
        emit_comment();
        state_ = S::data;
    };
    const auto cut_off = [&] {
        emit_comment();
        end();
    };
    const auto back = [&](std::string_view text) {
        comment_ += text;
        again(S::comment);
    };
    switch (state_) {
        case S::bogus_comment:
            if (c == '>')
                close();
            else if (c == end_of_input)
                cut_off();
            else if (c == 0)
                comment_ += replacement;
            else
                comment_ += static_cast<char>(c);
            return;
        case S::markup_declaration:
            comment_.clear();
            if (next_are("--", false)) {
                at_ += 1;
                state_ = S::comment_start;
            } else if (next_are("doctype", true)) {
                at_ += 6;
                state_ = S::doctype;
            } else if (next_are("[CDATA[", false) && sink_.cdata_allowed()) {
                at_ += 6;
                state_ = S::cdata;
            } else {
                again(S::bogus_comment);
            }
            return;
        case S::comment_start:
            if (c == '-')
                state_ = S::comment_start_dash;
            else if (c == '>')
                close();
            else
                again(S::comment);
            return;
        case S::comment_start_dash:
            if (c == '-') {
                state_ = S::comment_end;
            } else if (c == '>') {
                close();
            } else if (c == end_of_input) {
                cut_off();
            } else {
                back("-");
            }
            return;
        case S::comment:
            if (c == '<') {
                comment_ += '<';
                state_ = S::comment_lt;
            } else if (c == '-') {
                state_ = S::comment_end_dash;
            } else if (c == 0) {
                comment_ += replacement;
            } else if (c == end_of_input) {
                cut_off();
            } else {
                comment_ += static_cast<char>(c);
            }
            return;
        case S::comment_lt:
            if (c == '!') {
                comment_ += '!';
                state_ = S::comment_lt_bang;
            } else if (c == '<') {
                comment_ += '<';
            } else {
                again(S::comment);
            }
            return;
        case S::comment_lt_bang:
            if (c == '-')
                state_ = S::comment_lt_bang_dash;
            else
                again(S::comment);
            return;
        case S::comment_lt_bang_dash:
            if (c == '-')
                state_ = S::comment_lt_bang_dash_dash;
            else
                again(S::comment_end_dash);
            return;
        case S::comment_lt_bang_dash_dash:
            return again(S::comment_end);
        case S::comment_end_dash:
            if (c == '-')
                state_ = S::comment_end;
            else if (c == end_of_input)
                cut_off();
            else
                back("-");
            return;
        case S::comment_end:
            if (c == '>')
                close();
            else if (c == '!')
                state_ = S::comment_end_bang;
            else if (c == '-')
                comment_ += '-';
            else if (c == end_of_input)
                cut_off();
            else
                back("--");
            return;
        default:  // comment_end_bang
            if (c == '-') {
                comment_ += "--!";
                state_ = S::comment_end_dash;
            } else if (c == '>') {
                close();
            } else if (c == end_of_input) {
                cut_off();
            } else {
                back("--!");
            }
    }
}

// 13.2.5.53 to 13.2.5.56.
void Slow::step_doctype(int c) {
    const auto quirks = [&] { doctype_.force_quirks = true; };
    if (state_ == S::doctype) {
        doctype_ = {};
        doctype_name_.clear();
        public_id_.clear();
        system_id_.clear();
        if (c == end_of_input) {
            quirks();
            emit_doctype();
            return end();
        }
        if (is_space(c))
            state_ = S::before_doctype_name;
        else
            again(S::before_doctype_name);
        return;
    }
    if (c == end_of_input) {
        quirks();
        emit_doctype();
        return end();
    }
    if (state_ == S::before_doctype_name) {
        if (is_space(c)) return;
        if (c == '>') {
            quirks();
            return emit_doctype();
        }
        doctype_.has_name = true;
        again(S::doctype_name);
    } else if (state_ == S::doctype_name) {
        if (is_space(c))
            state_ = S::after_doctype_name;
        else if (c == '>')
            emit_doctype();
        else if (c == 0)
            doctype_name_ += replacement;
        else
            doctype_name_ += static_cast<char>(is_upper(c) ? c + 32 : c);
    } else {  // after_doctype_name
        if (is_space(c)) return;
        if (c == '>') return emit_doctype();
        if (next_are("public", true)) {
            at_ += 5;
            state_ = S::after_public_keyword;
        } else if (next_are("system", true)) {
            at_ += 5;
            state_ = S::after_system_keyword;
        } else {
            quirks();
            again(S::bogus_doctype);
        }
    }
}

// 13.2.5.57 to 13.2.5.68.
void Slow::step_doctype_id(int c) {
    const auto bad = [&] {
        doctype_.force_quirks = true;
        again(S::bogus_doctype);
    };
    const auto open_public = [&] {
        doctype_.has_public_id = true;
        state_ = c == '"' ? S::public_id_double : S::public_id_single;
    };
    const auto open_system = [&] {
        doctype_.has_system_id = true;
        state_ = c == '"' ? S::system_id_double : S::system_id_single;
    };
    const bool quote = c == '"' || c == '\'';
    if (c == end_of_input) {
        if (state_ != S::bogus_doctype) doctype_.force_quirks = true;
        emit_doctype();
        return end();
    }
    switch (state_) {
        case S::after_public_keyword:
        case S::before_public_id:
            if (is_space(c)) {
                state_ = S::before_public_id;
            } else if (quote) {
                open_public();
            } else if (c == '>') {
                doctype_.force_quirks = true;
                emit_doctype();
            } else {
                bad();
            }
            return;
        case S::public_id_double:
        case S::public_id_single:
        case S::system_id_double:
        case S::system_id_single: {
            const bool is_public = state_ < S::after_public_id;
            const bool is_double = state_ == S::public_id_double || state_ == S::system_id_double;
            std::string& id = is_public ? public_id_ : system_id_;
            if (c == (is_double ? '"' : '\'')) {
                state_ = is_public ? S::after_public_id : S::after_system_id;
            } else if (c == '>') {
                doctype_.force_quirks = true;
                emit_doctype();
            } else if (c == 0) {
                id += replacement;
            } else {
                id += static_cast<char>(c);
            }
            return;
        }
        case S::after_public_id:
        case S::between_ids:
            if (is_space(c))
                state_ = S::between_ids;
            else if (c == '>')
                emit_doctype();
            else if (quote)
                open_system();
            else
                bad();
            return;
        case S::after_system_keyword:
        case S::before_system_id:
            if (is_space(c)) {
                state_ = S::before_system_id;
            } else if (quote) {
                open_system();
            } else if (c == '>') {
                doctype_.force_quirks = true;
                emit_doctype();
            } else {
                bad();
            }
            return;
        case S::after_system_id:
            if (is_space(c)) return;
            if (c == '>')
                emit_doctype();
            else
                again(S::bogus_doctype);
            return;
        default:  // bogus_doctype
            if (c == '>') emit_doctype();
    }
}

}  // namespace meter::html::test
