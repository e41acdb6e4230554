#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/suites.hpp"
#include "generate/values/values.hpp"
#include "meter/json.hpp"
#include "meter/time.hpp"

namespace {

using meter::generate::find_date;
using meter::generate::FoundDate;

std::string text_of(const meter::Value& value) {
    const std::string* text = value.if_string();
    return text != nullptr ? *text : std::string();
}

/// "datetime(2014, 12, 5, 10, 55)" as its numbers; empty for anything else.
std::vector<int> numbers_of(std::string_view expression) {
    std::vector<int> numbers;
    if (!expression.starts_with("datetime(")) return numbers;
    for (std::size_t at = 9; at < expression.size(); ++at)
        if (expression[at] >= '0' && expression[at] <= '9') {
            if (numbers.empty() || expression[at - 1] == ' ' || expression[at - 1] == '(') numbers.push_back(0);
            numbers.back() = numbers.back() * 10 + (expression[at] - '0');
        }
    return numbers;
}

/// A row tells a moment of its own when the year stands in its text, in full or short.
bool is_absolute(std::string_view text, int year) {
    const std::string full = std::to_string(year);
    if (text.find(full) != std::string_view::npos) return true;
    for (const std::string_view zero : {"০", "०"}) {  // Bengali and Devanagari digits
        std::string other;
        for (const char digit : full) {
            other += zero;
            other.back() = static_cast<char>(other.back() + (digit - '0'));
        }
        if (text.find(other) != std::string_view::npos) return true;
    }
    const std::size_t at = text.find(full.substr(2));
    return at != std::string_view::npos && text.size() > 5 && text.find_first_of("/.'") != std::string_view::npos;
}

/// The found date in UTC where it says its offset.
std::string utc_text(const FoundDate& date) {
    if (!date.offset_minutes) return date.iso;
    const auto time = meter::parse_time(date.iso);
    if (!time) return date.iso;
    std::string text = meter::format_time(*time);
    text.pop_back();
    return text;
}

std::string local_text(FoundDate date) {
    const std::size_t end = date.iso.find_first_of("Z+", 11);
    if (date.iso.size() > 19 && date.offset_minutes) date.iso.resize(end == std::string::npos ? 19 : end);
    return date.iso.substr(0, 19);
}

std::string expected_text(const std::vector<int>& n) {
    char text[32];
    const auto part = [&](std::size_t i) { return i < n.size() ? n[i] : 0; };
    std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", part(0), part(1), part(2), part(3), part(4),
                  part(5));
    return text;
}

}  // namespace

TEST_SUITE("generate.dates") {
    TEST_CASE("the published absolute dates are read in at least 90 of 100 cases") {
        const auto folder = meter::testing::suite_folder("dateparser");
        if (!folder) return;
        const auto cases = meter::parse_json(meter::testing::read_file(*folder / "cases.json"));
        REQUIRE(cases);
        int total = 0, passed = 0;
        std::string missed;
        for (const meter::Value& row : *cases->if_array()) {
            const meter::Value::Array& cells = *row.if_array();
            if (text_of(cells[0]) != "test_date_parser.py" || cells.size() < 3) continue;
            // [file, text, datetime], [file, text, zone, local datetime] or [file, language, text, datetime]
            std::string text = text_of(cells[1]), language;
            const std::vector<int> expected = numbers_of(text_of(cells.back()));
            if (expected.size() < 3) continue;
            bool local = false;
            if (cells.size() == 4) {
                if (!numbers_of(text_of(cells[2])).empty()) continue;  // relative to a given moment
                if (text.size() <= 3) {
                    language = text;
                    text = text_of(cells[2]);
                } else {
                    local = text_of(cells[2]) != "UTC" && text_of(cells[2]) != "GMT";
                }
            }
            if (!is_absolute(text, expected[0])) continue;
            ++total;
            const auto found = find_date(text, {.language = language});
            std::string got = found ? (local ? local_text(*found) : utc_text(*found)) : "none";
            if (got.size() == 10) got += "T00:00:00";
            const bool right = got.substr(0, 19) == expected_text(expected);
            passed += right;
            if (!right) missed += "\n  " + text + " -> " + got + " for " + expected_text(expected);
        }
        MESSAGE("dateparser, absolute dates: ", passed, "/", total);
        if (std::getenv("METER_VERBOSE") != nullptr) MESSAGE("missed:", missed);
        CHECK(total > 200);
        CHECK(passed * 100 >= total * 90);
    }

    TEST_CASE("the published dates in other languages are read in at least 90 of 100 cases of those we know") {
        const auto folder = meter::testing::suite_folder("dateparser");
        if (!folder) return;
        const auto cases = meter::parse_json(meter::testing::read_file(*folder / "cases.json"));
        REQUIRE(cases);
        const std::string_view known =
            " en de fr es it pt nl sv da nb nn fi pl cs sk hu ro hr bs bs-Latn bs-Cyrl sr sr-Latn sr-Cyrl sl bg mk ru "
            "uk be "
            "el tr az uz lt lv et ca gl eu ga sq is mt af id ms tl fil vi th ja zh ko ar fa he hi mr ne bn ta te gu pa "
            "kk ky "
            "ka hy ";
        int total = 0, passed = 0, all = 0, read = 0;
        std::string missed;
        for (const meter::Value& row : *cases->if_array()) {
            const meter::Value::Array& cells = *row.if_array();
            if (text_of(cells[0]) != "test_languages.py" || cells.size() != 4) continue;
            const std::string language = text_of(cells[1]);
            const auto english = find_date(text_of(cells[3]), {.language = language});
            if (!english || english->day == 0) continue;
            const auto found = find_date(text_of(cells[2]), {.language = language});
            const bool right =
                found && found->year == english->year && found->month == english->month && found->day == english->day;
            ++all;
            read += right;
            if (known.find(" " + language + " ") == std::string_view::npos) continue;
            ++total;
            passed += right;
            if (!right)
                missed += "\n  " + language + ": " + text_of(cells[2]) + " -> " + (found ? found->iso : "none") +
                          " for " + english->iso;
        }
        MESSAGE("dateparser, dates in 65 languages: ", passed, "/", total, ", in all 200: ", read, "/", all);
        if (std::getenv("METER_VERBOSE") != nullptr) MESSAGE("missed:", missed);
        CHECK(total > 100);
        CHECK(passed * 100 >= total * 90);
    }
}
