// Cutting and escaping text for receivers with limits. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "meter/value.hpp"

namespace meter::notify {

/// Length in UTF-16 code units, which is at least the number of code points: whichever of both a receiver counts, a
/// text within the limit is within it.
std::size_t utf16_length(std::string_view text) noexcept;

/// The text, or as much of it as fits with "…" behind it. Never cuts a code point, nor a combining mark or variation
/// selector off its base. `limit` at least 1.
std::string cut(std::string_view text, std::size_t limit);

/// `&`, `<` and `>` as entities, as Slack wants them; the result fits into `limit`, and no entity is cut.
std::string slack_text(std::string_view text, std::size_t limit);

/// Backslashes before what Discord reads as markup; the result fits into `limit`, and no escape is cut.
std::string discord_text(std::string_view text, std::size_t limit);

/// One line for people: "name: Product A, price: $19.99". White space collapsed, long values cut.
std::string item_line(const Value& item, std::size_t limit);

/// A value in one line: strings as they are, anything else as JSON.
std::string value_text(const Value& value, std::size_t limit);

}  // namespace meter::notify
