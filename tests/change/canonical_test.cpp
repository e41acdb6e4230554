#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "change/canonical.hpp"
#include "core/hash.hpp"
#include "meter/change.hpp"
#include "meter/json.hpp"

using meter::Object;
using meter::Value;

namespace {

Value change_json(std::string_view text) {
    auto value = meter::parse_json(text, {.max_depth = 512});
    REQUIRE(value);
    return *value;
}

}  // namespace

TEST_SUITE("change.canonical") {
    // Wire contract, appendix C.
    TEST_CASE("The contract's canonical texts and hashes come out") {
        struct Row {
            std::string_view results, canonical, hash;
        };
        for (const Row& row : {
                 Row{R"([{"price":"$19.99","name":"Product A"},{"name":"Product B","price":"$29.99"}])",
                     R"([{"name":"Product A","price":"$19.99"},{"name":"Product B","price":"$29.99"}])",
                     "d63464a23634c95f2fc8ffed1fd5e813c93be11f32fa969d267c8de942f9449b"},
                 Row{"[]", "[]", "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"},
                 Row{R"([{"title":"Cafe\u0301  au\u00a0lait ","x":null,"ok":true,"n":1}])",
                     R"([{"n":1,"ok":true,"title":"Café au lait","x":null}])",
                     "a1df2138cc5b7033af1ade27e4b16bee4a868c291642aae44246ae8952875290"},
             }) {
            const Value results = change_json(row.results);
            CHECK(meter::canonical_json(results) == row.canonical);
            CHECK(meter::content_hash(results) == row.hash);
        }
    }

    // RFC 8785 section 3.2.3: the example of sorting.
    TEST_CASE("Members are sorted by UTF-16 code units") {
        const Value value = change_json(
            R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",)"
            R"("\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"})");
        const std::string text = meter::canonical_json(value);
        std::vector<std::size_t> places;
        for (const char* name : {"Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"})
            places.push_back(text.find(name));
        CHECK(std::is_sorted(places.begin(), places.end()));
        CHECK(places.back() != std::string::npos);
    }

    TEST_CASE("The order of UTF-8 names is that of their UTF-16 code units") {
        const auto units = [](char32_t c) {
            std::u16string text;
            if (c >= 0x10000) {
                text.push_back(static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10)));
                text.push_back(static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF)));
            } else {
                text.push_back(static_cast<char16_t>(c));
            }
            return text;
        };
        const auto bytes = [](char32_t c) {
            const auto put = [](char32_t byte) { return static_cast<char>(byte); };
            if (c < 0x80) return std::string{put(c)};
            if (c < 0x800) return std::string{put(0xC0 | (c >> 6)), put(0x80 | (c & 63))};
            if (c < 0x10000)
                return std::string{put(0xE0 | (c >> 12)), put(0x80 | ((c >> 6) & 63)), put(0x80 | (c & 63))};
            return std::string{put(0xF0 | (c >> 18)), put(0x80 | ((c >> 12) & 63)), put(0x80 | ((c >> 6) & 63)),
                               put(0x80 | (c & 63))};
        };
        std::mt19937 random(8785);
        const std::vector<char32_t> edges{'a',    0x7F,   0x80,   0x7FF,   0x800,   0xD7FF,
                                          0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x10FFFF};
        for (int i = 0; i < 5'000; ++i) {
            std::u16string a16, b16;
            std::string a8, b8;
            for (std::size_t n = random() % 3; n > 0; --n) {
                const char32_t c = edges[random() % edges.size()];
                a16 += units(c), a8 += bytes(c);
                if (random() % 2 == 0) b16 += units(c), b8 += bytes(c);
            }
            const char32_t last = edges[random() % edges.size()];
            b16 += units(last), b8 += bytes(last);
            CHECK(meter::detail::utf16_less(a8, b8) == (a16 < b16));
            CHECK(meter::detail::utf16_less(b8, a8) == (b16 < a16));
        }
    }

    TEST_CASE("Values are normalised and names are not") {
        struct Row {
            std::string_view value, canonical;
        };
        for (const Row& row : {
                 Row{R"({"a  b ":"a  b "})", R"({"a  b ":"a b"})"},
                 Row{R"("\n\t x \u2003 y\u00a0")", R"("x y")"},
                 Row{R"("zero\u200bwidth")", "\"zero\u200bwidth\""},
                 Row{R"("\u0000\u001f\b\"\\/\u007f")", "\"\\u0000\\u001f\\b\\\"\\\\/\x7f\""},
                 Row{R"("\u1e9b\u0323")", "\"\u1e9b\u0323\""},
                 Row{R"("\u212b")", "\"\u00c5\""},
                 Row{R"([0,-0,-0.0,1.0,1e21,1e-7,0.1,123456789012345680000,5e-324])",
                     R"([0,0,0,1,1e+21,1e-7,0.1,123456789012345680000,5e-324])"},
                 Row{R"([9007199254740993,-9223372036854775808])", R"([9007199254740993,-9223372036854775808])"},
                 Row{R"([[],{},[{}],""])", R"([[],{},[{}],""])"},
             }) {
            CAPTURE(row.value);
            CHECK(meter::canonical_json(change_json(row.value)) == row.canonical);
        }
        CHECK(meter::canonical_json(std::numeric_limits<double>::infinity()) == "null");
        CHECK(meter::canonical_json(Object{{"\xFF", "\xFE"}}) == "{\"\xEF\xBF\xBD\":\"\xEF\xBF\xBD\"}");
    }

    TEST_CASE("The hash is that of the text, however long and deep") {
        std::string deep(400, '['), close(400, ']');
        const Value nested = change_json(deep + close);
        CHECK(meter::content_hash(nested) == meter::core::sha256_hex(meter::canonical_json(nested)));

        Value::Array many;
        for (int i = 0; i < 20'000; ++i) many.push_back(Object{{"n", i}, {"text", "é  " + std::to_string(i)}});
        const Value results = std::move(many);
        CHECK(meter::content_hash(results) == meter::core::sha256_hex(meter::canonical_json(results)));
    }

    TEST_CASE("White space and member order do not count, item order and any edit do") {
        const std::string base = meter::content_hash(change_json(R"([{"a":"x y","b":1},{"a":"z","b":2}])"));
        CHECK(meter::content_hash(change_json(R"([{"b":1,"a":" x\n y"},{"b":2,"a":"z"}])")) == base);
        for (const std::string_view other :
             {R"([{"a":"z","b":2},{"a":"x y","b":1}])", R"([{"a":"xy","b":1},{"a":"z","b":2}])",
              R"([{"a":"x y","b":"1"},{"a":"z","b":2}])", R"([{"a":"x y","b":1}])",
              R"([{"a":"x y","b":1,"c":null},{"a":"z","b":2}])"})
            CHECK(meter::content_hash(change_json(other)) != base);
    }
}
