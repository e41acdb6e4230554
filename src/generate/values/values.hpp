// What the texts of a page say: prices, numbers, dates, links, ratings and the like, and what kind a text is. Pure,
// linear, no state. Texts are expected in UTF-8; malformed bytes are read as letters and harm nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meter::generate {

/// Bytes [begin, end) of a text.
struct ByteRange {
    std::size_t begin = 0, end = 0;

    bool operator==(const ByteRange&) const = default;
};

// Numbers

/// Which sign parts whole from fraction.
enum class DecimalSign { automatic, point, comma };

struct FoundNumber {
    double value = 0;
    ByteRange range;  ///< digits, separators and sign
};

/// The first number in a text. With `automatic` the last separator is the decimal sign when one or two digits follow
/// it (or when both separators occur), and groups thousands when three do. Spaces, no-break spaces and apostrophes
/// group thousands. Source: price-parser's rule.
std::optional<FoundNumber> find_number(std::string_view text, DecimalSign decimal = DecimalSign::automatic);

/// The whole text as one number, signs of currency and percent around it allowed ("$1,299.00", "12 %", "1.2k").
std::optional<double> parse_number(std::string_view text, DecimalSign decimal = DecimalSign::automatic);

/// The decimal sign that all values of a slot agree on; automatic when nothing tells.
DecimalSign decimal_sign_of(std::span<const std::string> texts);

// Prices

struct Price {
    double amount = 0;
    std::string amount_text;  ///< as written: "1 299,00"
    std::string currency;     ///< as written: "€", "US$", "EUR", "zł"; empty when the text has none
    std::string
        currency_code;  ///< ISO 4217; empty when there is no currency, or it is of several countries ("$", "kr")
    ByteRange range;    ///< amount and, where it stands beside it, currency
    ByteRange amount_range;
    bool free = false;  ///< "free", "gratis": amount 0
};

/// The first price in a text. A currency counts when it stands before or behind the amount, the nearer one first;
/// without any the first number is the amount. `currency_hint`: text from around the price ("Preis in EUR") that is
/// searched when the text itself names no currency.
std::optional<Price> find_price(std::string_view text, std::string_view currency_hint = {},
                                DecimalSign decimal = DecimalSign::automatic);

/// Does the text hold a currency next to a number? What separates prices from other numbers.
bool has_price(std::string_view text);

/// The currency that a text without an amount names, else the one its hint names, as written; empty when neither does.
std::string find_currency(std::string_view text, std::string_view hint = {});

/// ISO 4217 code of a currency as written; empty when unknown or ambiguous.
std::string_view currency_code(std::string_view currency);

// Dates

/// The order of day and month in 3/4/2025.
enum class DateOrder { automatic, day_month, month_day, year_month };

struct DateHints {
    DateOrder order = DateOrder::automatic;
    std::string_view language = {};  ///< BCP 47, the page's: "de", "en-GB"; decides ambiguous words and orders
    int year = 0;                    ///< for dates without a year; 0: such dates are none
};

struct FoundDate {
    int year = 0, month = 0, day = 0;  ///< day 0: only year and month are known; month 0: only the year
    int hour = -1, minute = 0, second = 0, millisecond = 0;  ///< hour -1: no time
    std::optional<int> offset_minutes;                       ///< east of UTC; nullopt: not said
    std::string iso;  ///< "2014-12-05", "2014-12-05T10:55:50", with "Z" or "+02:00" when an offset is said
};

/// The date a text names, in full or to the month, in any of some sixty languages; a text that holds more than a
/// date (a sentence) has none. Relative dates ("3 hours ago") have none either: nothing here knows the time.
/// Ambiguous numbers: the hint's order, else the language's; else the day first between dots ("3.4.2025") and the month
/// first otherwise, as dateparser does. Thai dates of the Buddhist era become those of ours.
std::optional<FoundDate> find_date(std::string_view text, const DateHints& hints = {});

/// A date as above, one without a year, a time of day with a day ("Today, 10:15") or a relative one ("3 hours ago",
/// "gestern", "vor 2 Tagen"): what a slot of dates looks like.
bool is_date_like(std::string_view text);

// Others. All look at the whole text, trimmed.

bool is_url(std::string_view text);           ///< absolute http(s) URL, or //host/path, or www.host
bool is_image_url(std::string_view text);     ///< a URL or path that names an image file, or data:image/
bool is_email(std::string_view text);         ///< also with mailto:
bool is_phone(std::string_view text);         ///< 7 to 15 digits with a phone's punctuation, also with tel:
bool is_percent(std::string_view text);       ///< "25 %", "-5%"
bool is_number(std::string_view text);        ///< nothing but a number, also "1.2k" and "3,400"
bool is_boolean_like(std::string_view text);  ///< yes, no, true, false
bool is_availability(std::string_view text);  ///< "In stock", "sold out", "lieferbar", schema.org/InStock

struct Rating {
    double value = 0;
    double best = 0;  ///< 0: not said
};

/// "4.5 out of 5", "4,5/5", "★★★★☆", "Rated 4 stars", "Three" is none.
std::optional<Rating> find_rating(std::string_view text);

/// Seconds of "PT1H30M" (ISO 8601), "1 h 30 min", "90 minutes", "2:05:10", "1 hr"; nullopt for anything else.
std::optional<std::int64_t> find_duration(std::string_view text);

/// What a text is, the most particular kind that fits.
enum class ValueKind { empty, number, price, percent, date, url, image, email, phone, rating, duration, boolean, text };

ValueKind value_kind(std::string_view text);
std::string_view to_string(ValueKind kind) noexcept;

/// The form of a text: runs of letters become "a" (first capital: "A"), of digits "9", of white space one space; other
/// characters stay. At most 32 bytes. "EUR 1.299,00" is "A 9.9,9".
std::string value_shape(std::string_view text);

/// The words of a name: "datePosted", "date_posted", "date-posted", "date posted" are {"date", "posted"}; lower case
/// ASCII, digits are words of their own only when they start one ("h1" stays). At most 16.
std::vector<std::string> name_words(std::string_view name);

}  // namespace meter::generate
