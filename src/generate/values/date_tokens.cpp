#include "generate/values/date_tokens.hpp"

#include <utility>

#include "generate/values/number_scan.hpp"

namespace meter::generate::detail {
namespace {

/// Ideographs that mark parts of dates and stand alone even where no space parts them.
bool is_date_ideograph(char32_t c) noexcept {
    return c == U'年' || c == U'月' || c == U'日' || c == U'号' || c == U'號' || c == U'时' || c == U'時' ||
           c == U'点' || c == U'點' || c == U'分' || c == U'秒' || c == U'년' || c == U'월' || c == U'일' || c == U'시';
}

class DateTokenizer {
public:
    DateTokenizer(std::string_view text, std::string_view language) : text_(text), language_(language) {}

    /// False: this is no text of a date.
    bool run(DateTokens& tokens) {
        while (at_ < text_.size()) {
            const auto c = code_point_at(text_, at_);
            if (is_text_space(c.value)) {
                spaced_ = true;
                at_ += c.length;
                continue;
            }
            if (tokens.size() >= max_date_tokens) return false;
            DateToken token;
            token.spaced = spaced_;
            spaced_ = false;
            if (date_digit(c.value) >= 0) {
                if (!read_number(token)) return false;
                token.apostrophe = !tokens.empty() && tokens.back().is_symbol('\'');
            } else if (is_word_char(c.value)) {
                read_word(token, !tokens.empty() && tokens.back().type == DateToken::Type::number);
            } else {
                token.symbol = plain_symbol(c.value);
                at_ += c.length;
            }
            tokens.push_back(std::move(token));
        }
        return true;
    }

private:
    static char32_t plain_symbol(char32_t c) noexcept {
        if (c == 0x2010 || c == 0x2011 || c == 0x2012 || c == 0x2013 || c == 0x2212) return '-';
        if (c == 0x2019 || c == 0x02BC) return '\'';
        if (c == 0xFF1A) return ':';
        if (c == 0xFF0F) return '/';
        return c;
    }

    bool read_number(DateToken& token) {
        token.type = DateToken::Type::number;
        while (true) {
            const auto c = code_point_at(text_, at_);
            const int digit = c.length == 0 ? -1 : date_digit(c.value);
            if (digit < 0) return true;
            if (++token.digits > 9) return false;
            token.value = token.value * 10 + digit;
            at_ += c.length;
        }
    }

    void read_word(DateToken& token, bool after_number) {
        token.type = DateToken::Type::word;
        const std::size_t start = at_;
        auto c = code_point_at(text_, at_);
        token.thai = c.value >= 0xE00 && c.value < 0xE80;
        at_ += c.length;
        std::size_t since_dot = 1;
        const bool mark = after_number && is_date_ideograph(c.value);
        while (!mark && at_ < text_.size()) {
            c = code_point_at(text_, at_);
            const auto next = code_point_at(text_, at_ + c.length);
            const bool inner_mark =
                c.value == '\'' || c.value == 0x2019 || (c.value == '.' && (since_dot == 1 || token.thai));
            if (is_word_char(c.value)) {
                ++since_dot;
            } else if (inner_mark && is_word_char(next.value)) {
                since_dot = 0;  // "a.m", "ก.พ", "d'abril"
            } else {
                break;
            }
            at_ += c.length;
        }
        token.text = plain_word(text_.substr(start, at_ - start));
        token.word = read_date_word(token.text, language_);
    }

    std::string_view text_, language_;
    std::size_t at_ = 0;
    bool spaced_ = false;
};

}  // namespace

int date_digit(char32_t c) noexcept {
    if (c == 0xB2 || c == 0xB3) return static_cast<int>(c - 0xB0);
    if (c == 0xB9) return 1;
    if (c == 0x2070 || (c >= 0x2074 && c <= 0x2079)) return static_cast<int>(c - 0x2070);
    if (c >= 0x2080 && c <= 0x2089) return static_cast<int>(c - 0x2080);
    return digit_value(c);
}

bool read_date_tokens(std::string_view text, std::string_view language, DateTokens& tokens) {
    return DateTokenizer(text, language).run(tokens);
}

}  // namespace meter::generate::detail
