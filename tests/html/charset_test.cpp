#include "html/charset.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "core/suites.hpp"
#include "html/support.hpp"

namespace {

using meter::html::detail::charset_of_content_type;
using meter::html::detail::encoding_for_label;
using meter::html::detail::sniff_declared_encoding;

TEST_SUITE("html.charset") {
    TEST_CASE("labels mean what the Encoding standard says, in any case and with white space around") {
        struct Row {
            std::string_view label, encoding;
        };
        for (const Row& row : {Row{"utf8", "UTF-8"},
                               Row{" UTF-8\n", "UTF-8"},
                               Row{"latin1", "windows-1252"},
                               Row{"ISO-8859-1", "windows-1252"},
                               Row{"us-ascii", "windows-1252"},
                               Row{"gb2312", "GBK"},
                               Row{"GBK", "GBK"},
                               Row{"gb18030", "gb18030"},
                               Row{"sjis", "Shift_JIS"},
                               Row{"Shift-JIS", "Shift_JIS"},
                               Row{"x-euc-jp", "EUC-JP"},
                               Row{"ks_c_5601-1987", "EUC-KR"},
                               Row{"big5-hkscs", "Big5"},
                               Row{"koi8-r", "KOI8-R"},
                               Row{"cp1251", "windows-1251"},
                               Row{"iso-8859-9", "windows-1254"},
                               Row{"tis-620", "windows-874"},
                               Row{"utf-16", "UTF-16LE"},
                               Row{"latin", ""},
                               Row{"", ""},
                               Row{"utf-7", ""},
                               Row{"windows-1252 ", "windows-1252"}}) {
            CAPTURE(row.label);
            CHECK(encoding_for_label(row.label) == row.encoding);
        }
    }

    TEST_CASE("the charset parameter of a Content-Type is found where it stands") {
        struct Row {
            std::string_view header, encoding;
        };
        for (const Row& row : {Row{"text/html; charset=utf-8", "UTF-8"}, Row{"text/html;CHARSET=\"koi8-r\"", "KOI8-R"},
                               Row{"text/html; charset = 'big5' ; x=y", "Big5"}, Row{"text/html", ""},
                               Row{"text/html; charset=nonsense", ""}, Row{"charsetcharset=euc-jp", "EUC-JP"},
                               Row{"text/html; charset=\"utf-8", ""}, Row{"charset=", ""}}) {
            CAPTURE(row.header);
            CHECK(charset_of_content_type(row.header) == row.encoding);
        }
    }

    TEST_CASE("the encoding is decided by BOM, header, declaration and validity, in this order") {
        struct Row {
            std::string_view bytes, header, encoding, text;
        };
        using namespace std::string_view_literals;
        for (const Row& row :
             {Row{"\xef\xbb\xbf<meta charset=koi8-r>\xc3\xa9", "text/html; charset=big5", "UTF-8", "é"},
              Row{"\xff\xfe<\0p\0>\0\xe9\0"sv, "text/html; charset=utf-8", "UTF-16LE", "é"},
              Row{"\xfe\xff\0<\0p\0>\0\xe9"sv, "", "UTF-16BE", "é"},
              Row{"<meta charset=utf-8>\xe9", "text/html; charset=iso-8859-1", "windows-1252", "é"},
              Row{"<meta charset=windows-1251>\xe9", "", "windows-1251", "й"},
              Row{"<meta charset=windows-1251>\xe9", "text/html; charset=unheard-of", "windows-1251", "й"},
              Row{"<meta http-equiv=content-type content='text/html; charset=koi8-r'>\xc9", "", "KOI8-R", "и"},
              Row{"<?xml version='1.0' encoding='iso-8859-2'?><p>\xb1", "", "ISO-8859-2", "ą"},
              Row{"<p>\xc3\xa9", "", "UTF-8", "é"}, Row{"<p>caf\xe9 \x80 \x93", "", "windows-1252", "café € “"},
              Row{"<p>x\xe9y\xff", "text/html; charset=utf-8", "UTF-8", "x\xef\xbf\xbdy\xef\xbf\xbd"},
              Row{"<meta charset=utf-16>\xc3\xa9", "", "UTF-8", "é"}, Row{"", "", "UTF-8", ""}}) {
            CAPTURE(row.bytes);
            const auto document = meter::html::test::page(row.bytes, {.content_type = row.header});
            CHECK(document.encoding() == row.encoding);
            CHECK(document.root().text() == row.text);
        }
    }

    TEST_CASE("pages in the charsets of the web are read as their readers wrote them") {
        struct Row {
            std::string_view label, bytes, text;
        };
        for (const Row& row : {Row{"gb2312", "\xd6\xd0\xce\xc4", "中文"},
                               Row{"gbk", "\x81\x40", "丂"},
                               Row{"gb18030", "\x81\x30\x81\x30", "\xc2\x80"},
                               Row{"shift_jis", "\x93\xfa\x96\x7b\x87\x40", "日本①"},
                               Row{"euc-jp", "\xc6\xfc\xcb\xdc", "日本"},
                               Row{"iso-2022-jp", "\x1b$BF|K\\\x1b(B!", "日本!"},
                               Row{"euc-kr", "\xc7\xd1\xb1\xdb", "한글"},
                               Row{"big5", "\xa4\xa4\xa4\xe5", "中文"},
                               Row{"koi8-u", "\xa4", "є"},
                               Row{"windows-1250", "\x9e", "ž"},
                               Row{"windows-1251", "\xcf\xf0", "Пр"},
                               Row{"windows-1253", "\xe1", "α"},
                               Row{"windows-1254", "\xfe", "ş"},
                               Row{"windows-1255", "\xf9", "ש"},
                               Row{"windows-1256", "\xc8", "ب"},
                               Row{"windows-1257", "\xf0", "š"},
                               Row{"windows-1258", "\xd0", "Đ"},
                               Row{"iso-8859-5", "\xd0", "а"},
                               Row{"iso-8859-7", "\xe1", "α"},
                               Row{"iso-8859-15", "\xa4", "€"},
                               Row{"windows-874", "\xa1", "ก"},
                               Row{"macintosh", "\x8e", "é"},
                               Row{"ibm866", "\x80", "А"},
                               Row{"utf-16le", std::string_view("a\0b\0", 4), "ab"}}) {
            CAPTURE(row.label);
            const auto document =
                meter::html::test::page(row.bytes, {.content_type = "text/html; charset=" + std::string(row.label)});
            CHECK(document.encoding() == encoding_for_label(row.label));
            CHECK(document.root().text() == row.text);
        }
    }

    TEST_CASE("malformed sequences become U+FFFD and what follows is kept") {
        struct Row {
            std::string_view label, bytes, text;
        };
        const std::string_view bad = "\xef\xbf\xbd";
        for (const Row& row : {Row{"shift_jis", "a\x81<b>x", "x"}, Row{"euc-kr", "a\xff z", "z"},
                               Row{"gbk", "z\xff", ""}, Row{"big5", "\xffy", "y"}}) {
            CAPTURE(row.label);
            const auto document =
                meter::html::test::page(row.bytes, {.content_type = "text/html; charset=" + std::string(row.label)});
            const std::string text = document.root().text();
            CHECK(text.find(bad) != std::string::npos);
            CHECK(text.ends_with(row.text));
        }
        const auto utf16 = meter::html::test::page(std::string_view("\xff\xfe\0\xd8x\0\0\xdcy", 9));
        CHECK(utf16.root().text() == std::string(bad) + "x" + std::string(bad) + std::string(bad));
    }

    TEST_CASE("the declaration is found as browsers find it") {
        struct Row {
            std::string_view head, encoding;
        };
        for (const Row& row :
             {Row{"<meta charset=utf-8>", "UTF-8"}, Row{"<META CHARSET='KOI8-R'/>", "KOI8-R"},
              Row{"<!-- <meta charset=koi8-r> --><meta charset=big5>", "Big5"}, Row{"<!--><meta charset=big5>", "Big5"},
              Row{"<metacharset=big5>", ""}, Row{"<meta content='text/html; charset=big5'>", ""},
              Row{"<meta content='text/html; charset=big5' http-equiv=Content-Type>", "Big5"},
              Row{"<a title='<meta charset=big5>'>", ""}, Row{"</a <meta charset=big5>", ""},
              Row{"<meta charset=big5", ""}, Row{"<meta name=x charset=nonsense><meta charset=big5>", "Big5"},
              Row{"<? <meta charset=koi8-r> <meta charset=big5>", "Big5"},
              Row{"<?xml version=\"1.0\" encoding = \"euc-jp\" ?>", "EUC-JP"},
              Row{"<meta charset=x-user-defined>", "windows-1252"}}) {
            CAPTURE(row.head);
            CHECK(sniff_declared_encoding(row.head) == row.encoding);
        }
        CHECK(sniff_declared_encoding(std::string(1024, ' ') + "<meta charset=big5>").empty());
        CHECK(sniff_declared_encoding(std::string(1000, ' ') + "<meta charset=big5>") == "Big5");
    }

    TEST_CASE("html5lib's encoding tests find what we find") {
        const auto folder = meter::testing::suite_folder("html5lib-tests");
        if (!folder) return;
        std::size_t checked = 0;
        for (const char* file : {"tests1.dat", "tests2.dat", "test-yahoo-jp.dat"}) {
            const std::string text = meter::testing::read_file(*folder / "encoding" / file);
            for (std::size_t at = text.find("#data\n"); at != std::string::npos;) {
                const std::size_t end = text.find("\n#encoding\n", at);
                if (end == std::string::npos) break;
                const std::string data = text.substr(at + 6, end - at - 6);
                const std::size_t name = end + 11;
                const std::string expected = text.substr(name, text.find('\n', name) - name);
                at = text.find("#data\n", name);
                // Some declare their encoding later than the standard's 1024 bytes.
                if (data.find("charset") > 1000 && data.find("charset") != std::string::npos) continue;
                CAPTURE(data);
                if (data.starts_with("\xef\xbb\xbf")) {
                    CHECK(meter::html::test::page(data).encoding() == encoding_for_label(expected));
                    continue;
                }
                const auto found = sniff_declared_encoding(data);
                CHECK((found.empty() ? "windows-1252" : found) == encoding_for_label(expected));
                ++checked;
            }
        }
        CHECK(checked > 50);
    }
}

}  // namespace
