#include "html/css_reader.hpp"

#include <algorithm>
#include <utility>

#include "core/unicode.hpp"

namespace meter::html::detail {
namespace {

constexpr int css_hex_digit(char c) noexcept {
    if (is_css_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr bool is_css_line_break(char c) noexcept {
    return c == '\n' || c == '\r' || c == '\f';
}

}  // namespace

bool CssReader::fail(std::string_view message, std::size_t position) {
    if (!error_) {
        std::string sentence(message);
        sentence += " at position " + std::to_string(position);
        error_ = Error{ErrorCode::invalid_argument, std::move(sentence), std::string(text_)};
    }
    return false;
}

bool CssReader::fail_unexpected() {
    if (at_end()) return fail("Unexpected end of selector", at_);
    std::size_t after = at_;
    core::next_code_point(text_, after);
    return fail("Unexpected \"" + std::string(text_.substr(at_, after - at_)) + "\"", at_);
}

std::optional<std::size_t> CssReader::find_bad_utf8() const noexcept {
    if (core::is_valid_utf8(text_)) return std::nullopt;
    std::size_t good = 0;  // length of the longest valid prefix; a character has at most four bytes
    for (std::size_t length = 1; length <= text_.size() && length <= good + 4; ++length)
        if (core::is_valid_utf8(text_.substr(0, length))) good = length;
    return good;
}

bool CssReader::skip_comments() {
    while (peek() == '/' && peek(1) == '*') {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return fail("Comment is not closed", at_);
        at_ = end + 2;
    }
    return true;
}

bool CssReader::skip_space(bool* any) {
    while (!error_) {
        if (!skip_comments()) return false;
        if (at_end() || !is_html_space(text_[at_])) return true;
        if (any != nullptr) *any = true;
        ++at_;
    }
    return false;
}

// CSS Syntax 4.3.8: a backslash that is not followed by a line break.
bool CssReader::is_escape(std::size_t ahead) const noexcept {
    if (peek(ahead) != '\\') return false;
    const std::size_t next = at_ + ahead + 1;
    return next < text_.size() && !is_css_line_break(text_[next]);
}

// CSS Syntax 4.3.9
bool CssReader::is_identifier_start(std::size_t ahead) const noexcept {
    if (peek(ahead) == '-') return is_css_name_start(peek(ahead + 1)) || peek(ahead + 1) == '-' || is_escape(ahead + 1);
    return is_css_name_start(peek(ahead)) || is_escape(ahead);
}

// CSS Syntax 4.3.7, at the byte after the backslash.
void CssReader::read_escape(std::string& out) {
    char32_t value = 0;
    int digits = 0;
    for (; digits < 6 && css_hex_digit(peek()) >= 0; ++digits, ++at_)
        value = value * 16 + static_cast<char32_t>(css_hex_digit(peek()));
    if (digits == 0) {
        if (peek() == '\0') {
            ++at_;
            core::append_utf8(out, 0xfffd);
            return;
        }
        const std::size_t start = at_;
        core::next_code_point(text_, at_);
        out.append(text_.substr(start, at_ - start));
        return;
    }
    if (peek() == '\r' && peek(1) == '\n')
        at_ += 2;
    else if (!at_end() && is_html_space(peek()))
        ++at_;
    const bool bad = value == 0 || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff);
    core::append_utf8(out, bad ? 0xfffd : value);
}

bool CssReader::read_identifier(std::string& out) {
    if (!is_identifier_start()) return fail_unexpected();
    out.clear();
    while (!at_end()) {
        if (is_css_name(text_[at_])) {
            out += text_[at_++];
        } else if (is_escape(0)) {
            ++at_;
            read_escape(out);
        } else {
            break;
        }
    }
    return true;
}

bool CssReader::read_string(std::string& out) {
    const std::size_t start = at_;
    const char quote = text_[at_++];
    out.clear();
    while (!at_end()) {
        const char c = text_[at_];
        if (c == quote) {
            ++at_;
            return true;
        }
        if (is_css_line_break(c)) break;
        ++at_;
        if (c != '\\') {
            out += c;
        } else if (peek() == '\n' || peek() == '\f') {
            ++at_;  // an escaped line break is nothing
        } else if (peek() == '\r') {
            at_ += peek(1) == '\n' ? 2 : 1;
        } else if (!at_end()) {
            read_escape(out);
        }
    }
    return fail("String is not closed", start);
}

std::int32_t CssReader::read_number() noexcept {
    std::int64_t value = 0;
    for (; is_css_digit(peek()); ++at_) value = std::min<std::int64_t>(value * 10 + (peek() - '0'), 1'000'000'000);
    return static_cast<std::int32_t>(value);
}

}  // namespace meter::html::detail
