// The words of dates in the languages of pages: months, days of the week, times of the day, and what may stand around.
#pragma once

#include <string>
#include <string_view>

namespace meter::generate::detail {

/// A word as the tables have it: folded, Latin and Greek letters without their marks, Indic dots below left out.
std::string plain_word(std::string_view word);

/// What a word of a date means.
struct DateWord {
    enum class Kind {
        unknown,
        month,  ///< `value`: 1 to 12
        weekday,
        noise,  ///< "of", "at", "Uhr", "published"
        am,
        pm,  ///< also "morning" and "evening" words
        noon,
        midnight,
        zone,  ///< `value`: minutes east of UTC
        year_mark,
        month_mark,
        day_mark,
        hour_mark,
        minute_mark,
        second_mark,  ///< "年", "год", "Uhr" after a number
        ago,          ///< "ago", "vor": makes a relative date
        relative,     ///< "yesterday", "heute"
        unit,         ///< "days", "Stunden"
    };
    Kind kind = Kind::unknown;
    int value = 0;
    bool weekday_too = false;  ///< a month that is the short form of a day of the week elsewhere ("mar")
    bool day_first = false;    ///< a word of a language that writes the day before the month in numbers
};

/// `word` is plain_word()'s. `language`: of the page, decides words that several languages use ("lip": July in Polish,
/// June in Croatian); empty: the more common reading.
DateWord read_date_word(std::string_view word, std::string_view language);

/// Vietnamese number words after "tháng": 1 to 12, 0 for others. `word` is plain.
int vietnamese_number(std::string_view word) noexcept;

}  // namespace meter::generate::detail
