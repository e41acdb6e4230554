// Dates as pages write them, in many languages.
#include <algorithm>
#include <array>
#include <cstdio>

#include "core/unicode.hpp"
#include "generate/values/date_tokens.hpp"
#include "generate/values/number_scan.hpp"

namespace meter::generate {
namespace {

using detail::date_digit;
using detail::DateToken;
using detail::DateTokens;
using detail::DateWord;
using detail::max_date_text;
using detail::max_date_tokens;
using WordKind = DateWord::Kind;

/// Words around a date that the tables may not know.
constexpr int max_unknown_words = 2;

int month_length(int year, int month) noexcept {
    static constexpr std::array<int, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : lengths[static_cast<std::size_t>(month - 1)];
}

bool valid_day(int year, int month, int day) noexcept {
    return month >= 1 && month <= 12 && day >= 1 && day <= month_length(year == 0 ? 2000 : year, month);
}

/// Languages that write the month first in numbers; all others the day or the year.
DateOrder order_of_language(std::string_view language) {
    if (language.empty()) return DateOrder::automatic;
    const std::string tag = core::ascii_lower(language);
    if (tag == "en" || tag == "en-us" || tag == "en_us" || tag == "fil" || tag == "tl") return DateOrder::automatic;
    for (const std::string_view year_first : {"zh", "ja", "ko", "hu", "lt", "mn"})
        if (std::string_view(tag).substr(0, 2) == year_first) return DateOrder::year_month;
    return DateOrder::day_month;
}

class DateReader {
public:
    DateReader(DateTokens& tokens, const DateHints& hints) : tokens_(tokens), hints_(hints) {
        order_ = hints.order != DateOrder::automatic ? hints.order : order_of_language(hints.language);
    }

    bool run() {
        read_marks();
        for (std::size_t i = 0; i < tokens_.size(); ++i)
            if (!read_time(i)) return false;
        read_words();
        if (!read_months()) return false;
        if (!assign_numbers()) return false;
        return finish();
    }

    FoundDate date;
    bool relative = false;  ///< "ago", "yesterday" among the words

private:
    const DateToken* at(std::size_t i) const noexcept { return i < tokens_.size() ? &tokens_[i] : nullptr; }
    bool number_at(std::size_t i) const noexcept { return i < tokens_.size() && tokens_[i].is_number(); }
    bool symbol_at(std::size_t i, char32_t c) const noexcept { return i < tokens_.size() && tokens_[i].is_symbol(c); }
    bool word_at(std::size_t i, WordKind kind) const noexcept { return i < tokens_.size() && tokens_[i].is_word(kind); }

    /// Token i is part of a time.
    void use_time(std::size_t i) noexcept { tokens_[i].used = true; }
    /// Token i is part of a date.
    void use(std::size_t i) noexcept {
        tokens_[i].used = true;
        first_ = std::min(first_, i);
        last_ = std::max(last_, i);
    }

    /// 2016年3月20日, 8 tháng 1 năm 2015
    void read_marks() {
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            if (number_at(i) && word_at(i + 1, WordKind::year_mark) && tokens_[i].digits >= 2 && date.year == 0) {
                date.year = tokens_[i].value;
                year_digits_ = tokens_[i].digits;
            } else if (number_at(i) && word_at(i + 1, WordKind::month_mark) && date.month == 0) {
                date.month = tokens_[i].value;
            } else if (number_at(i) && word_at(i + 1, WordKind::day_mark) && date.day == 0) {
                date.day = tokens_[i].value;
            } else if (tokens_[i].text == "thang" && date.month == 0) {
                if (read_vietnamese_month(i + 1)) use(i);
                continue;
            } else {
                continue;
            }
            use(i);
            use(i + 1);
        }
    }

    bool read_vietnamese_month(std::size_t i) {
        if (number_at(i)) {
            date.month = tokens_[i].value;
            use(i);
            return true;
        }
        const DateToken* word = at(i);
        date.month = word != nullptr ? detail::vietnamese_number(word->text) : 0;
        if (date.month == 0) return false;
        use(i);
        const DateToken* second = at(i + 1);
        const int more = second != nullptr && date.month == 10 ? detail::vietnamese_number(second->text) : 0;
        if (more == 1 || more == 2) {
            date.month += more;
            use(i + 1);
        }
        return true;
    }

    /// A time that begins at token i. False: the text holds what looks like a time and is none.
    bool read_time(std::size_t i) {
        if (!number_at(i) || tokens_[i].digits > 2) return true;
        std::size_t next = i + 1;
        const bool colon = symbol_at(next, ':') && number_at(next + 1) && !tokens_[next + 1].spaced;
        if (colon) {
            if (date.hour >= 0) return false;  // a second time: a span
            date.hour = tokens_[i].value;
            date.minute = tokens_[next + 1].value;
            next += 2;
            if (symbol_at(next, ':') && number_at(next + 1)) {
                date.second = tokens_[next + 1].value;
                next += 2;
                if ((symbol_at(next, '.') || symbol_at(next, ',')) && number_at(next + 1) && !tokens_[next + 1].spaced)
                    next = read_fraction(next + 1);
            }
        } else if (word_at(next, WordKind::hour_mark) && date.hour < 0) {
            next = read_hour_mark(i);
        } else if ((word_at(next, WordKind::am) || word_at(next, WordKind::pm)) && date.hour < 0 &&
                   tokens_[i].value <= 12 && !tokens_[next].used) {
            // "4pm", and "5.45 pm" whose first number was seen before
            if (i >= 2 && symbol_at(i - 1, '.') && number_at(i - 2) && tokens_[i - 2].value <= 12 &&
                tokens_[i].digits == 2 && !tokens_[i].spaced && !(i >= 4 && symbol_at(i - 3, '.')))
                return true;  // read by read_dotted_time()
            date.hour = tokens_[i].value;
        } else if (symbol_at(next, '.') && number_at(next + 1) && tokens_[next + 1].digits == 2 && date.hour < 0 &&
                   is_time_word(next + 2) && tokens_[i].value < 24 && tokens_[next + 1].value < 60) {
            date.hour = tokens_[i].value;  // "18.37 Uhr", "5.45 pm"
            date.minute = tokens_[next + 1].value;
            next += 2;
        } else {
            return true;
        }
        for (std::size_t used = i; used < next; ++used) use_time(used);
        read_offset(next);
        return true;
    }

    bool is_time_word(std::size_t i) const {
        if (word_at(i, WordKind::am) || word_at(i, WordKind::pm)) return true;
        return i < tokens_.size() && tokens_[i].text == "uhr";
    }

    std::size_t read_fraction(std::size_t i) {
        int value = tokens_[i].value, digits = tokens_[i].digits;
        for (; digits > 3; --digits) value /= 10;
        for (; digits < 3; ++digits) value *= 10;
        date.millisecond = value;
        return i + 1;
    }

    std::size_t read_hour_mark(std::size_t i) {
        date.hour = tokens_[i].value;
        std::size_t next = i + 2;
        if (!number_at(next) || tokens_[next].digits > 2) return next;
        date.minute = tokens_[next++].value;
        if (!word_at(next, WordKind::minute_mark)) return next;
        ++next;
        if (!number_at(next) || !word_at(next + 1, WordKind::second_mark)) return next;
        date.second = tokens_[next].value;
        return next + 2;
    }

    /// "+0200", "-08:00", "GMT+0800" behind a time; an am or pm may stand between.
    void read_offset(std::size_t i) {
        if (word_at(i, WordKind::am) || word_at(i, WordKind::pm)) ++i;
        if (word_at(i, WordKind::zone)) {
            date.offset_minutes = tokens_[i].word.value;
            use_time(i++);
        }
        if ((!symbol_at(i, '+') && !symbol_at(i, '-')) || !number_at(i + 1) || tokens_[i + 1].spaced) return;
        const DateToken& hours = tokens_[i + 1];
        int minutes = 0;
        std::size_t end = i + 2;
        if (hours.digits == 4) {
            minutes = hours.value / 100 * 60 + hours.value % 100;
        } else if (hours.digits <= 2 && symbol_at(i + 2, ':') && number_at(i + 3)) {
            minutes = hours.value * 60 + tokens_[i + 3].value;
            end = i + 4;
        } else if (hours.digits <= 2 && date.offset_minutes) {
            minutes = hours.value * 60;
        } else {
            return;
        }
        if (minutes > 16 * 60) return;
        date.offset_minutes = symbol_at(i, '+') ? minutes : -minutes;
        for (; i < end; ++i) use_time(i);
    }

    void read_words() {
        for (DateToken& token : tokens_) {
            if (token.type != DateToken::Type::word) continue;
            day_first_ = day_first_ || token.word.day_first;
            if (token.used) continue;
            switch (token.word.kind) {
                case WordKind::unknown:
                    ++unknown_;
                    break;
                case WordKind::am:
                    half_day_ = 1;
                    break;
                case WordKind::pm:
                    half_day_ = 2;
                    break;
                case WordKind::noon:
                    if (date.hour < 0) date.hour = 12;
                    break;
                case WordKind::midnight:
                    if (date.hour < 0) date.hour = 0;
                    break;
                case WordKind::zone:
                    if (date.hour >= 0 && !date.offset_minutes) date.offset_minutes = token.word.value;
                    break;
                case WordKind::ago:
                case WordKind::relative:
                    relative = true;
                    break;
                default:
                    break;
            }
        }
    }

    /// The one word that names the month.
    bool read_months() {
        std::size_t found = tokens_.size();
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            if (!tokens_[i].is_word(WordKind::month) || tokens_[i].used) continue;
            if (found < tokens_.size()) {
                // "mar 5 enero": one of the two is a day of the week
                if (tokens_[found].word.weekday_too)
                    found = i;
                else if (!tokens_[i].word.weekday_too)
                    return false;
            } else {
                found = i;
            }
        }
        if (found == tokens_.size()) return true;
        if (date.month != 0) return false;
        date.month = tokens_[found].word.value;
        thai_ = tokens_[found].thai;
        first_ = std::min(first_, found);
        last_ = std::max(last_, found);
        return true;
    }

    static bool looks_like_year(const DateToken& token) noexcept {
        return token.digits == 4 || token.apostrophe || (token.digits == 2 && token.value > 31);
    }

    void set_year(const DateToken& token) noexcept {
        date.year = token.value;
        year_digits_ = token.digits;
    }

    bool assign_numbers() {
        std::vector<std::size_t> left;
        for (std::size_t i = 0; i < tokens_.size(); ++i)
            if (tokens_[i].is_number()) left.push_back(i);
        if (!take_dotted_time(left)) return false;
        for (const std::size_t i : left) use(i);
        if (date.month != 0) return assign_around_month(left);
        return date.year == 0 && date.day == 0 && assign_numeric(left);
    }

    /// "29.02.2020 13.12": two numbers more than the date needs are a time.
    bool take_dotted_time(std::vector<std::size_t>& left) {
        const std::size_t needed = (date.month == 0 ? 3u : 2u) - (date.year != 0 ? 1u : 0u) - (date.day != 0 ? 1u : 0u);
        if (left.size() <= needed) return true;
        if (left.size() != needed + 2 || date.hour >= 0) return false;
        const std::size_t hour = left[needed], minute = left[needed + 1];
        if (minute != hour + 2 || !symbol_at(hour + 1, '.') || tokens_[minute].digits != 2) return false;
        date.hour = tokens_[hour].value;
        date.minute = tokens_[minute].value;
        use_time(hour);
        use_time(minute);
        left.resize(needed);
        return true;
    }

    bool assign_around_month(const std::vector<std::size_t>& left) {
        for (const std::size_t i : left) {
            const DateToken& token = tokens_[i];
            const bool last = &token == &tokens_[left.back()] && left.size() == 2;
            if (token.digits > 4 || token.digits == 3) return false;
            if (date.year == 0 && (looks_like_year(token) || (last && date.day != 0))) {
                set_year(token);
            } else if (date.day == 0 && token.digits <= 2) {
                date.day = token.value;
                if (token.value == 0) return false;
            } else {
                return false;
            }
        }
        return true;
    }

    /// Three numbers with the same sign between them.
    bool assign_numeric(const std::vector<std::size_t>& left) {
        if (left.size() != 3 && left.size() != 2) return false;
        char32_t sign = 0;
        for (std::size_t k = 0; k + 1 < left.size(); ++k) {
            std::size_t i = left[k] + 1;
            if (i + 1 != left[k + 1]) return false;
            const DateToken& between = tokens_[i];
            const char32_t c = between.symbol;
            if (between.type != DateToken::Type::symbol || (c != '/' && c != '-' && c != '.')) return false;
            if (sign != 0 && c != sign) return false;
            sign = c;
        }
        const DateToken& a = tokens_[left[0]];
        const DateToken& b = tokens_[left[1]];
        if (left.size() == 2) return assign_pair(a, b, sign);
        const DateToken& c = tokens_[left[2]];
        if (b.digits > 2) return false;
        if (a.digits == 4) {
            if (c.digits > 2) return false;
            set_year(a);
            return set_day_month(c.value, b.value, true);
        }
        if (a.digits > 2 || (c.digits != 4 && c.digits != 2)) return false;
        if (c.digits == 2 && (a.value > 31 || (order_ == DateOrder::year_month && sign != '.'))) {
            set_year(a);
            return set_day_month(c.value, b.value, true);
        }
        set_year(c);
        // Dots are the writing of languages that put the day first; what else is ambiguous is read as dateparser does.
        const bool month_first =
            order_ == DateOrder::month_day || (order_ == DateOrder::automatic && sign != '.' && !day_first_);
        return month_first ? set_day_month(b.value, a.value, true) : set_day_month(a.value, b.value, true);
    }

    /// "2015-08" and "08/2015".
    bool assign_pair(const DateToken& a, const DateToken& b, char32_t sign) {
        if (sign == '.' || date.hour >= 0) return false;
        if (a.digits == 4 && b.digits == 2) {
            set_year(a);
            date.month = b.value;
        } else if (a.digits <= 2 && b.digits == 4) {
            set_year(b);
            date.month = a.value;
        } else {
            return false;
        }
        return date.month >= 1 && date.month <= 12;
    }

    bool set_day_month(int day, int month, bool swap) {
        if (month > 12 && swap) std::swap(day, month);
        date.day = day;
        date.month = month;
        return true;
    }

    bool finish() {
        if (year_digits_ == 2) date.year += date.year < 50 ? 2000 : 1900;
        if (thai_ && date.year > 2400 && date.year < 2700) date.year -= 543;  // the Buddhist era
        if (date.year == 0) date.year = hints_.year;
        if (date.month == 0 || date.month > 12) return false;
        if (date.year != 0 && (date.year < 1000 || date.year > 2999)) return false;
        if (date.day != 0 && !valid_day(date.year, date.month, date.day)) return false;
        if (date.hour >= 0) {
            if (half_day_ != 0 && date.hour <= 12) date.hour = date.hour % 12 + (half_day_ == 2 ? 12 : 0);
            if (date.hour > 23 || date.minute > 59 || date.second > 60) return false;
        }
        return words_fit();
    }

    /// Words that the tables do not know: few, and only around a whole date.
    bool words_fit() const {
        const bool whole = date.year != 0 && date.month != 0 && date.day != 0;
        if (!whole && relative) return false;
        if (unknown_ == 0) return true;
        if (!whole || unknown_ > max_unknown_words) return false;
        for (std::size_t i = first_; i <= last_ && i < tokens_.size(); ++i)
            if (tokens_[i].is_word(WordKind::unknown) && !tokens_[i].used) return false;
        return true;
    }

    DateTokens& tokens_;
    const DateHints& hints_;
    DateOrder order_;
    bool day_first_ = false;
    bool thai_ = false;
    int half_day_ = 0;  ///< 1: before noon, 2: after
    int unknown_ = 0;
    int year_digits_ = 4;
    std::size_t first_ = max_date_tokens, last_ = 0;  ///< tokens the date is made of
};

std::string iso_text(const FoundDate& date) {
    char text[48];
    int length = std::snprintf(text, sizeof text, "%04d", date.year);
    const auto add = [&](const char* format, int value) {
        length += std::snprintf(text + length, sizeof text - static_cast<std::size_t>(length), format, value);
    };
    if (date.month != 0) add("-%02d", date.month);
    if (date.day != 0) add("-%02d", date.day);
    if (date.day != 0 && date.hour >= 0) {
        add("T%02d", date.hour);
        add(":%02d", date.minute);
        add(":%02d", date.second);
        if (date.millisecond != 0) add(".%03d", date.millisecond);
        if (date.offset_minutes) {
            const int minutes = *date.offset_minutes;
            if (minutes == 0) {
                add("%c", 'Z');
            } else {
                add("%c", minutes < 0 ? '-' : '+');
                add("%02d", std::abs(minutes) / 60);
                add(":%02d", std::abs(minutes) % 60);
            }
        }
    }
    return {text, static_cast<std::size_t>(length)};
}

/// Could it be a date at all? Spares most texts the work.
bool may_be_date(std::string_view text) noexcept {
    if (text.size() < 3 || text.size() > max_date_text) return false;
    std::size_t spaces = 0;
    for (const char c : text) spaces += c == ' ' ? 1 : 0;
    return spaces <= 16;
}

bool has_date_digit(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const auto c = detail::code_point_at(text, at);
        if (date_digit(c.value) >= 0) return true;
        at += c.length;
    }
    return false;
}

/// Quantity, unit and direction; a day named by its distance; a day of the week; a time alone.
bool is_relative_date(const DateTokens& tokens) noexcept {
    bool number = false, unit = false, ago = false, relative = false, clock = false, month = false;
    int unknown = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const DateToken& token = tokens[i];
        if (token.type == DateToken::Type::number) {
            number = true;
            clock = clock || (i + 2 < tokens.size() && tokens[i + 1].is_symbol(':'));
            continue;
        }
        if (token.type != DateToken::Type::word) continue;
        switch (token.word.kind) {
            case WordKind::unknown:
                ++unknown;
                break;
            case WordKind::unit:
            case WordKind::hour_mark:
            case WordKind::minute_mark:
            case WordKind::second_mark:
                unit = true;
                break;
            case WordKind::ago:
                ago = true;
                break;
            case WordKind::relative:
                relative = true;
                break;
            case WordKind::month:
                month = true;
                break;
            default:
                break;
        }
    }
    if (unknown > 1 || tokens.size() > 12) return false;
    if (ago && unit) return true;
    if (relative && unknown == 0) return true;
    return number && unknown == 0 && (month || (clock && tokens.size() >= 3));
}

}  // namespace

std::optional<FoundDate> find_date(std::string_view text, const DateHints& hints) {
    text = core::trim(text);
    if (!may_be_date(text) || !has_date_digit(text)) return std::nullopt;
    DateTokens tokens;
    if (!detail::read_date_tokens(text, hints.language, tokens)) return std::nullopt;
    DateReader reader(tokens, hints);
    if (!reader.run() || reader.date.year == 0) return std::nullopt;
    reader.date.iso = iso_text(reader.date);
    return std::move(reader.date);
}

bool is_date_like(std::string_view text) {
    text = core::trim(text);
    if (!may_be_date(text)) return false;
    DateTokens tokens;
    if (!detail::read_date_tokens(text, {}, tokens)) return false;
    const DateTokens fresh = tokens;
    const DateHints hints{.year = 2000};
    if (has_date_digit(text) && DateReader(tokens, hints).run()) return true;
    return is_relative_date(fresh);
}

}  // namespace meter::generate
