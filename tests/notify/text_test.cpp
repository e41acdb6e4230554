#include "notify/text.hpp"

#include <doctest/doctest.h>

#include "core/unicode.hpp"
#include "meter/json.hpp"

namespace meter::notify {

TEST_SUITE("notify.text") {
    TEST_CASE("a cut text fits, is valid, and ends where a character ends") {
        struct Row {
            std::string_view text;
            std::size_t limit;
            std::string_view cut;
        };
        for (const Row& row : {
                 Row{"", 3, ""},
                 Row{"abc", 3, "abc"},
                 Row{"abcd", 3, "ab\xE2\x80\xA6"},
                 Row{"a\xC3\xA4\xC3\xB6\xC3\xBC", 4, "a\xC3\xA4\xC3\xB6\xC3\xBC"},
                 Row{"a\xC3\xA4\xC3\xB6\xC3\xBC", 3, "a\xC3\xA4\xE2\x80\xA6"},
                 Row{"\xF0\x9F\x98\x80\xF0\x9F\x98\x80", 4, "\xF0\x9F\x98\x80\xF0\x9F\x98\x80"},
                 Row{"\xF0\x9F\x98\x80\xF0\x9F\x98\x80", 3, "\xF0\x9F\x98\x80\xE2\x80\xA6"},
                 Row{"\xF0\x9F\x98\x80\xF0\x9F\x98\x80", 2, "\xE2\x80\xA6"},
                 Row{"ae\xCC\x81z", 3, "a\xE2\x80\xA6"},  // e and its accent stay together
                 Row{"ab", 1, "\xE2\x80\xA6"},
             }) {
            CAPTURE(row.text);
            CAPTURE(row.limit);
            CHECK(cut(row.text, row.limit) == row.cut);
        }
    }

    TEST_CASE("every limit of every text holds, in each way of writing") {
        const std::string text =
            "a<b>&c \xC3\xA4\xF0\x9F\x98\x80*_`|x\xE2\x80\x8D"
            "e\xCC\x81\\\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9!";
        for (std::size_t limit = 1; limit < 90; ++limit) {
            CAPTURE(limit);
            for (const std::string& made : {cut(text, limit), slack_text(text, limit), discord_text(text, limit)}) {
                CHECK(utf16_length(made) <= limit);
                CHECK(core::is_valid_utf8(made));
            }
            const std::string slack = slack_text(text, limit);
            for (std::size_t at = slack.find('&'); at != std::string::npos; at = slack.find('&', at + 1))
                CHECK(slack.find(';', at) < at + 5);
            const std::string discord = discord_text(text, limit);
            CHECK((discord.empty() || discord.back() != '\\' || discord.ends_with("\\\\")));
        }
        CHECK(slack_text("a<b>&c", 100) == "a&lt;b&gt;&amp;c");
        CHECK(discord_text("*[x](y)", 100) == "\\*\\[x\\](y)");
    }

    TEST_CASE("items become one line") {
        struct Row {
            std::string_view item, line;
        };
        for (const Row& row : {
                 Row{R"({"name":"Product A","price":"$19.99"})", "name: Product A, price: $19.99"},
                 Row{R"({"a":null,"b":1,"c":[1,2],"d":{"x":true}})", "b: 1, c: [1,2], d: {\"x\":true}"},
                 Row{R"({"a":"two\n\tlines "})", "a: two lines"},
                 Row{R"("text")", "text"},
                 Row{"{}", ""},
             }) {
            CAPTURE(row.item);
            CHECK(item_line(parse_json(row.item).value(), 200) == row.line);
        }
        const Value huge(Object{{"a", std::string(5'000'000, 'x')}, {"b", std::string(5'000'000, ' ')}});
        CHECK(utf16_length(item_line(huge, 150)) <= 150);
    }
}

}  // namespace meter::notify
