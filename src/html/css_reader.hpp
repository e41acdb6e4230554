// The tokens of CSS a selector is made of (CSS Syntax Level 3, section 4), and errors with their positions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "html/tree.hpp"
#include "meter/error.hpp"

namespace meter::html::detail {

constexpr bool is_css_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_css_name_start(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<signed char>(c) < 0;
}
constexpr bool is_css_name(char c) noexcept {
    return is_css_name_start(c) || is_css_digit(c) || c == '-';
}

/// A cursor over the selector. Functions that return bool answer false after an error was set; the first one counts.
class CssReader {
protected:
    explicit CssReader(std::string_view text) noexcept : text_(text) {}

    bool fail(std::string_view message, std::size_t position);
    bool fail_unexpected();
    /// Position of the first malformed byte; nullopt for valid UTF-8.
    std::optional<std::size_t> find_bad_utf8() const noexcept;

    bool at_end() const noexcept { return at_ >= text_.size(); }
    char peek(std::size_t ahead = 0) const noexcept { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
    bool take(char c) noexcept {
        if (at_end() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool expect(char c) { return take(c) || fail_unexpected(); }

    bool skip_comments();
    /// White space and comments; `any` becomes true when there was white space.
    bool skip_space(bool* any = nullptr);

    bool is_identifier_start(std::size_t ahead = 0) const noexcept;
    bool read_identifier(std::string& out);
    bool read_string(std::string& out);
    bool read_value(std::string& out) {
        return peek() == '"' || peek() == '\'' ? read_string(out) : read_identifier(out);
    }
    /// Decimal digits; more than 1e9 is 1e9.
    std::int32_t read_number() noexcept;

    std::string_view text_;
    std::size_t at_ = 0;
    std::optional<Error> error_;

private:
    bool is_escape(std::size_t ahead) const noexcept;
    void read_escape(std::string& out);
};

}  // namespace meter::html::detail
