// UTF-8 text: validity, normal forms, case folding, white space, letters and digits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace meter::core {

/// RFC 3629: no overlong forms, no surrogates, at most U+10FFFF.
bool is_valid_utf8(std::string_view text) noexcept;

/// Malformed sequences become U+FFFD, one for each maximal subpart (Unicode 15 section 3.9, as browsers do).
std::string sanitize_utf8(std::string_view text);

/// Decodes the code point at `pos` of valid UTF-8 and moves `pos` past it.
char32_t next_code_point(std::string_view text, std::size_t& pos) noexcept;

void append_utf8(std::string& out, char32_t code_point);

/// Unicode White_Space, U+00A0 included; U+200B and U+FEFF are not.
bool is_space(char32_t code_point) noexcept;
bool is_letter_or_digit(char32_t code_point) noexcept;

/// Runs of white space become one space; both ends trimmed. Expects valid UTF-8.
std::string collapse_space(std::string_view text);
/// Both ends trimmed of white space.
std::string_view trim(std::string_view text) noexcept;

/// Unicode normalisation form C. Malformed UTF-8 is sanitised first.
std::string to_nfc(std::string_view text);
/// Simple case folding: one code point to one. Malformed UTF-8 is sanitised first.
std::string fold_case(std::string_view text);

/// ASCII only; the rest is untouched.
std::string ascii_lower(std::string_view text);
bool ascii_iequals(std::string_view a, std::string_view b) noexcept;

}  // namespace meter::core
