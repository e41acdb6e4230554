// Decoding pages as they arrive.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "core/unicode.hpp"
#include "html/charset.hpp"
#include "html/charset_decoder.hpp"
#include "html/parser/input.hpp"
#include "html/support.hpp"

namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using meter::core::is_valid_utf8;
using meter::html::detail::CharsetDecoder;
using meter::html::detail::InputDecoder;
using meter::html::test::Random;

struct Page {
    std::string text, encoding;
    bool operator==(const Page&) const = default;
};

// In pieces of `piece` bytes, or of random sizes for 0.
Page decoded(std::string_view bytes, std::string_view content_type, std::size_t piece, Random& random) {
    InputDecoder decoder(content_type);
    Page page;
    const auto receive = [&](std::string_view text) {
        CHECK_FALSE(text.empty());
        CHECK(is_valid_utf8(text));
        page.text += text;
    };
    while (!bytes.empty()) {
        const std::size_t size = std::min(piece != 0 ? piece : 1 + random.below(700), bytes.size());
        const std::string copy(bytes.substr(0, size));
        decoder.feed(copy, receive);
        bytes.remove_prefix(size);
    }
    decoder.finish(receive);
    page.encoding = decoder.encoding();
    return page;
}

Page decoded(std::string_view bytes, std::string_view content_type = {}) {
    Random random(1);
    return decoded(bytes, content_type, bytes.size() + 1, random);
}

TEST_SUITE("html.encoding") {
    TEST_CASE("malformed UTF-8 becomes one U+FFFD for each maximal subpart, wherever it is cut") {
        struct Row {
            std::string_view bytes, text;
        };
        // Unicode 15, tables 3-8 to 3-11.
        for (const Row& row :
             {Row{"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41",
                  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\x41"},
              Row{"\xed\xa0\x80\x41", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\x41"},
              Row{"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\x41"},
              Row{"a\xf0\x9f\x98", "a\xef\xbf\xbd"},
              Row{"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
              Row{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"}}) {
            CAPTURE(row.text);
            for (std::size_t cut = 0; cut <= row.bytes.size(); ++cut) {
                CharsetDecoder decoder("UTF-8");
                std::string text;
                const auto receive = [&](std::string_view piece) { text += piece; };
                decoder.feed(row.bytes.substr(0, cut), receive);
                decoder.feed(row.bytes.substr(cut), receive);
                decoder.finish(receive);
                CHECK(text == row.text);
            }
        }
    }

    TEST_CASE("a page is decoded to the same text whatever its pieces") {
        Random random(7);
        const std::string filler(3'000, 'x');
        const std::string words = "\xc3\xa9t\xc3\xa9 \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80 ";
        for (const std::string& page :
             {"<meta charset=utf-8>" + words + "\xff\xc3" + filler + words, filler + words + filler,
              filler + "\xe9t\xe9", words + filler + "<meta charset=koi8-r>" + words, "\xef\xbb\xbf" + words,
              "\xff\xfe<\0\x3d\xd8\0\xdex\0\0\xd8"s, "\xfe\xff\0<\xd8\x3d\xde\0\0"s,
              "<meta charset=gbk>\xd6\xd0\xce\xc4\xff\x81" + filler + "\x81\x30\x81\x30\x81",
              "<meta charset=shift_jis>\x93\xfa\x96\x7b\x87\x40\x81<b>\xa0"s,
              "<meta charset=iso-2022-jp>\x1b$BF|K\\\x1b(B!"s, "<meta charset=euc-kr>\xc7\xd1\xb1\xdb\xff z"s,
              "<meta charset=big5>\xa4\xa4\xa4\xe5\xff\x88\x62"s, "<meta charset=windows-1255>\xf9\xc8\xd1\xe0"s,
              "<meta charset=windows-1252>\x80\x81\xff"s, ""s, "\xc3"s, "\xef\xbb"s}) {
            CAPTURE(page.substr(0, 40));
            const Page whole = decoded(page);
            CHECK(decoded(page, {}, 1, random) == whole);
            for (int round = 0; round < 5; ++round) CHECK(decoded(page, {}, 0, random) == whole);
            meter::html::detail::Decoded at_once;
            meter::html::detail::decode(page, {}, at_once);
            CHECK(at_once.text == whole.text);
            CHECK(at_once.encoding == whole.encoding);
        }
    }

    TEST_CASE("an undeclared page is UTF-8 unless its first 64 KiB from the first other byte say otherwise") {
        const std::string ascii(200'000, 'a'), near(60'000, 'a'), far(70'000, 'a');
        struct Row {
            std::string page;
            std::string_view encoding;
        };
        for (const Row& row : {Row{ascii, "UTF-8"}, Row{ascii + "\xc3\xa9", "UTF-8"},
                               Row{ascii + "\xe9", "windows-1252"}, Row{"\xc3\xa9" + near + "\xe9", "windows-1252"},
                               Row{"\xc3\xa9" + far + "\xe9", "UTF-8"}, Row{ascii + "\xc3\xa9" + far + "\xe9", "UTF-8"},
                               Row{ascii + "\xc3\xa9" + near + "\xe9", "windows-1252"}, Row{"\xc3", "windows-1252"}}) {
            CAPTURE(row.page.size());
            CHECK(decoded(row.page).encoding == row.encoding);
        }
        CHECK(decoded("\xc3\xa9" + far + "\xe9").text == "\xc3\xa9" + far + "\xef\xbf\xbd");
    }

    TEST_CASE("ASCII is handed over before the encoding is decided") {
        InputDecoder decoder;
        std::size_t given = 0;
        const auto count = [&](std::string_view text) { given += text.size(); };
        decoder.feed(std::string(1'023, 'a'), count);
        CHECK(given == 0);
        decoder.feed("aa", count);
        CHECK(given == 1'025);
        decoder.feed("\xc3\xa9", count);
        CHECK(given == 1'025);
        CHECK(decoder.encoding().empty());
        decoder.finish(count);
        CHECK(given == 1'027);
        CHECK(decoder.encoding() == "UTF-8");
    }

    TEST_CASE("a declaration that comes late counts, but not one in a script, nor after 64 KiB") {
        const std::string filler(5'000, ' ');
        struct Row {
            std::string page;
            std::string_view encoding;
        };
        for (const Row& row :
             {Row{filler + "<title>\xd4</title><meta charset=koi8-r>", "KOI8-R"},
              Row{filler + "<script>'<meta charset=koi8-r>'</script>", "UTF-8"},
              Row{filler + "<script>'</script >\xd4<meta charset=koi8-r>", "KOI8-R"},
              Row{filler + "<style><meta charset=koi8-r>", "UTF-8"},
              Row{std::string(70'000, ' ') + "<meta charset=koi8-r>", "UTF-8"},
              Row{"<?xml version='1.0' encoding='big5'?><meta charset=koi8-r>", "KOI8-R"},
              Row{"<?xml version='1.0' encoding='big5'?><p>", "Big5"}, Row{"<meta charset=koi8-r x", "UTF-8"},
              Row{"<\0?\0x\0"s, "UTF-16LE"}, Row{"\0<\0?\0x"s, "UTF-16BE"}}) {
            CAPTURE(row.page.substr(0, 60));
            CHECK(decoded(row.page).encoding == row.encoding);
        }
        CHECK(decoded(filler + "\xd4<meta charset=koi8-r>").text == filler + "т<meta charset=koi8-r>");
        CHECK(decoded("<meta charset=koi8-r>\xd4", "text/html; charset=windows-1251").encoding == "windows-1251");
    }

    TEST_CASE("C1 bytes without a character stay C1 controls in the windows encodings") {
        CHECK(decoded("\x81\x98", "text/html; charset=windows-1253").text == "\xc2\x81\xc2\x98");
        CHECK(decoded("\x81", "text/html; charset=windows-1252").text == "\xc2\x81");
        CHECK(decoded("\xaa", "text/html; charset=windows-1253").text == "\xef\xbf\xbd");
    }

    TEST_CASE("random bytes in every encoding become valid text, the same in pieces") {
        Random random(3);
        for (const std::string_view label :
             {"utf-8", "windows-1252", "utf-16le", "utf-16be", "ibm866", "iso-8859-6", "koi8-u", "macintosh",
              "windows-874", "windows-1255", "windows-1258", "gbk", "gb18030", "big5", "euc-jp", "iso-2022-jp",
              "shift_jis", "euc-kr"}) {
            CAPTURE(label);
            const std::string type = "text/html; charset=" + std::string(label);
            for (int round = 0; round < 40; ++round) {
                std::string page = "abc";
                for (std::size_t size = random.below(300); size > 0; --size)
                    page += static_cast<char>(random.below(256));
                const Page whole = decoded(page, type);
                CHECK(decoded(page, type, 1, random) == whole);
                CHECK(decoded(page, type, 3, random) == whole);
            }
        }
    }
}

}  // namespace
