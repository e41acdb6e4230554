// The tokens of a text that may be a date.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "generate/values/date_words.hpp"

namespace meter::generate::detail {

/// A text longer than this holds more than a date.
constexpr std::size_t max_date_text = 200;
constexpr std::size_t max_date_tokens = 40;

struct DateToken {
    enum class Type { number, word, symbol } type = Type::symbol;
    char32_t symbol = 0;
    int value = 0;  ///< of a number with at most nine digits
    int digits = 0;
    bool apostrophe = false;  ///< a number behind one: "'21"
    bool spaced = false;      ///< white space stands before it
    bool used = false;
    DateWord word;
    std::string text;  ///< of a word, plain
    bool thai = false;

    bool is_symbol(char32_t c) const noexcept { return type == Type::symbol && symbol == c; }
    bool is_number() const noexcept { return type == Type::number && !used; }
    bool is_word(DateWord::Kind kind) const noexcept { return type == Type::word && word.kind == kind; }
};

using DateTokens = std::vector<DateToken>;

/// Superscript and subscript digits stand for their digits in dates; -1 for what is no digit.
int date_digit(char32_t c) noexcept;

/// Splits the text. False: too long, or numbers no date has.
bool read_date_tokens(std::string_view text, std::string_view language, DateTokens& tokens);

}  // namespace meter::generate::detail
