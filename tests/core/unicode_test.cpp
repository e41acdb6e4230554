#include "core/unicode.hpp"

#include <doctest/doctest.h>

#include <map>

#include "core/suites.hpp"

using namespace meter::core;
using namespace std::string_literals;

namespace {

/// "1.2:invalid:BYTES" lines: id and kind -> bytes. Bytes may hold anything but a line feed.
std::map<std::string, std::string> read_utf8_rows(const std::filesystem::path& path) {
    std::map<std::string, std::string> rows;
    const std::string text = meter::testing::read_file(path);
    for (std::size_t pos = 0; pos < text.size();) {
        const std::size_t end = std::min(text.find('\n', pos), text.size());
        const std::string line = text.substr(pos, end - pos);
        pos = end + 1;
        const std::size_t kind = line.find(':');
        const std::size_t bytes = kind == std::string::npos ? kind : line.find(':', kind + 1);
        if (bytes != std::string::npos) rows[line.substr(0, bytes)] = line.substr(bytes + 1);
    }
    return rows;
}

}  // namespace

TEST_SUITE("core.unicode") {
    TEST_CASE("malformed UTF-8 is found and replaced as the utf8tests suite expects") {
        const auto folder = meter::testing::suite_folder("utf8tests");
        if (!folder) return;
        const auto given = read_utf8_rows(*folder / "utf8tests.bin");
        const auto expected = read_utf8_rows(*folder / "utf8.replace.ref.txt");
        CHECK(given.size() > 200);
        for (const auto& row : given) {
            const std::string& id = row.first;
            const std::string& bytes = row.second;
            CAPTURE(id);
            REQUIRE(expected.contains(id));
            CHECK(is_valid_utf8(bytes) == id.ends_with(":valid"));
            CHECK(sanitize_utf8(bytes) == expected.at(id));
        }
    }

    TEST_CASE("valid UTF-8 is exactly what Unicode table 3-7 lists, by exhaustive decoding") {
        // Every one- and two-byte text, and every start of three bytes, against the definition by encoding.
        std::map<std::string, char32_t> encoded;
        for (char32_t c = 0; c < 0x110000; c = c < 0x3000 ? c + 1 : c + 0x3FF) {
            if (c >= 0xD800 && c <= 0xDFFF) continue;
            std::string text;
            append_utf8(text, c);
            CHECK_MESSAGE(is_valid_utf8(text), static_cast<std::uint32_t>(c));
            std::size_t pos = 0;
            CHECK(next_code_point(text, pos) == c);
            CHECK(pos == text.size());
            encoded[text] = c;
        }
        for (int a = 0; a < 256; ++a) {
            CHECK(is_valid_utf8(std::string(1, static_cast<char>(a))) == (a < 0x80));
            for (int b = 0; b < 256; ++b) {
                const std::string text{static_cast<char>(a), static_cast<char>(b)};
                const bool two_ascii = a < 0x80 && b < 0x80;
                CHECK(is_valid_utf8(text) == (two_ascii || encoded.contains(text)));
            }
        }
    }

    TEST_CASE("every cut of a text is sanitised to valid UTF-8 that starts alike") {
        const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
        for (std::size_t size = 0; size <= text.size(); ++size) {
            CAPTURE(size);
            const std::string clean = sanitize_utf8(text.substr(0, size));
            CHECK(is_valid_utf8(clean));
            CHECK(sanitize_utf8(clean) == clean);
        }
        CHECK(sanitize_utf8("\xF0\x9F\x98") == "\xEF\xBF\xBD");
        CHECK(sanitize_utf8("\xF0\x9F\x41") == "\xEF\xBF\xBD\x41");
        CHECK(sanitize_utf8("\xE0\x80\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    }

    TEST_CASE("surrogates and numbers beyond Unicode are encoded as U+FFFD") {
        for (const char32_t c : {0xD800u, 0xDFFFu, 0x110000u, 0xFFFFFFFFu}) {
            std::string out;
            append_utf8(out, c);
            CHECK(out == "\xEF\xBF\xBD");
        }
    }

    TEST_CASE("white space is Unicode White_Space and no more") {
        for (const char32_t c : {0x9u, 0xAu, 0xBu, 0xCu, 0xDu, 0x20u, 0x85u, 0xA0u, 0x1680u, 0x2000u, 0x200Au, 0x2028u,
                                 0x2029u, 0x202Fu, 0x205Fu, 0x3000u})
            CHECK_MESSAGE(is_space(c), static_cast<std::uint32_t>(c));
        for (const char32_t c : {0x8u, 0xEu, 0x21u, 0x180Eu, 0x200Bu, 0x2060u, 0xFEFFu})
            CHECK_MESSAGE(!is_space(c), static_cast<std::uint32_t>(c));
    }

    TEST_CASE("runs of white space become one space and ends are trimmed") {
        struct Row {
            std::string_view text, collapsed, trimmed;
        };
        for (const Row& row :
             {Row{"", "", ""}, Row{" \t\n", "", ""}, Row{"a", "a", "a"}, Row{"  a \n\t b  ", "a b", "a \n\t b"},
              Row{"\xC2\xA0"
                  "au\xC2\xA0lait\xE3\x80\x80",
                  "au lait", "au\xC2\xA0lait"},
              Row{"\xE2\x80\x8B a", "\xE2\x80\x8B a", "\xE2\x80\x8B a"}, Row{"\xC3\xA9", "\xC3\xA9", "\xC3\xA9"}}) {
            CAPTURE(row.text);
            CHECK(collapse_space(row.text) == row.collapsed);
            CHECK(trim(row.text) == row.trimmed);
        }
    }

    TEST_CASE("trim leaves malformed bytes alone and ends") {
        CHECK(trim("\x80\x80\x80\x80\x80 ") == "\x80\x80\x80\x80\x80");
        CHECK(trim("\xE2\x80") == "\xE2\x80");
    }

    TEST_CASE("letters and digits of any script count, signs and marks do not") {
        for (const char32_t c : {U'a', U'Z', U'0', U'\u00E9', U'\u00DF', U'\u4E2D', U'\u0416', U'\u0665', U'\u02B0'})
            CHECK_MESSAGE(is_letter_or_digit(c), static_cast<std::uint32_t>(c));
        for (const char32_t c : {U' ', U'-', U'_', U'\u20AC', U'\u0301', U'\u00B2', U'\u2160', U'\U0001F600'})
            CHECK_MESSAGE(!is_letter_or_digit(c), static_cast<std::uint32_t>(c));
    }

    TEST_CASE("normal form C composes, orders marks and leaves the rest") {
        struct Row {
            std::string_view text, nfc;
        };
        for (const Row& row : {Row{"plain", "plain"}, Row{"Cafe\xCC\x81", "Caf\xC3\xA9"},
                               Row{"\xE2\x84\xAB", "\xC3\x85"},                              // U+212B is a singleton
                               Row{"q\xCC\x87\xCC\xA3", "q\xCC\xA3\xCC\x87"},                // marks by class
                               Row{"\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "\xED\x95\x9C"},  // Hangul
                               Row{"\xE0\xA5\x98", "\xE0\xA4\x95\xE0\xA4\xBC"},              // composition exclusion
                               Row{"\xEF\xAC\x81", "\xEF\xAC\x81"},                          // no compatibility mapping
                               Row{"a\xFF", "a\xEF\xBF\xBD"}, Row{"\xCC\x81", "\xCC\x81"}})
            CHECK_MESSAGE(to_nfc(row.text) == row.nfc, std::string(row.text));
        CHECK(to_nfc("a\0b\xC2\xA0"s) == "a\0b\xC2\xA0"s);
        const std::string nul_inside = "e\xCC\x81\0e\xCC\x81"s;
        CHECK(to_nfc(nul_inside) == "\xC3\xA9\0\xC3\xA9"s);
    }

    TEST_CASE("half a million combining marks out of order are normalised without quadratic work") {
        std::string text = "a";
        for (int i = 0; i < 250'000; ++i) text.append("\xCC\x81");  // class 230
        for (int i = 0; i < 250'000; ++i) text.append("\xCC\xA3");  // class 220
        const std::string nfc = to_nfc(text);
        CHECK(nfc.starts_with("\xE1\xBA\xA1\xCC\xA3"));  // the dot below now comes first and composes
        CHECK(nfc.ends_with("\xCC\x81"));
    }

    TEST_CASE("case folding is simple: one code point to one") {
        struct Row {
            std::string_view text, folded;
        };
        for (const Row& row :
             {Row{"ABC xyz", "abc xyz"}, Row{"\xC3\x84\xC3\x96\xC3\x9C", "\xC3\xA4\xC3\xB6\xC3\xBC"},
              Row{"\xC3\x9F", "\xC3\x9F"},                  // sharp s: only the full folding is "ss"
              Row{"\xE1\xBA\x9E", "\xC3\x9F"},              // capital sharp s, status S
              Row{"\xCE\xA3\xCF\x82", "\xCF\x83\xCF\x83"},  // both sigmas
              Row{"\xC4\xB0", "\xC4\xB0"},                  // U+0130 has no simple folding
              Row{"\xE2\x84\xAA", "k"},                     // Kelvin sign
              Row{"\xD0\x96", "\xD0\xB6"}, Row{"\xE1\xBE\x88", "\xE1\xBE\x80"}, Row{"I\xFF", "i\xEF\xBF\xBD"}})
            CHECK_MESSAGE(fold_case(row.text) == row.folded, std::string(row.text));
    }

    TEST_CASE("ASCII helpers touch ASCII only") {
        CHECK(ascii_lower("ABZ\xC3\x84[@") == "abz\xC3\x84[@");
        CHECK(ascii_iequals("Content-TYPE", "content-type"));
        CHECK_FALSE(ascii_iequals("a", "ab"));
        CHECK_FALSE(ascii_iequals("\xC3\x84", "\xC3\xA4"));
        CHECK_FALSE(ascii_iequals("@", "`"));
    }
}
