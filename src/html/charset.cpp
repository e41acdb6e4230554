#include "html/charset.hpp"

#include <algorithm>
#include <array>

#include "core/unicode.hpp"
#include "html/parser/input.hpp"
#include "html/tree.hpp"

namespace meter::html::detail {
namespace {

struct EncodingRow {
    std::string_view name;
    const char* iconv;        // glibc's nearest table; null where we decode ourselves
    std::string_view labels;  // lower case, separated by single spaces
};

// Encoding standard, section 4.2.
constexpr std::array encoding_rows{
    EncodingRow{"UTF-8", nullptr, "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8"},
    EncodingRow{"windows-1252", nullptr,
                "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 "
                "iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"},
    EncodingRow{"UTF-16LE", nullptr, "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le"},
    EncodingRow{"UTF-16BE", nullptr, "unicodefffe utf-16be"},
    EncodingRow{"IBM866", "IBM866", "866 cp866 csibm866 ibm866"},
    EncodingRow{"ISO-8859-2", "ISO-8859-2",
                "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2"},
    EncodingRow{"ISO-8859-3", "ISO-8859-3",
                "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3"},
    EncodingRow{"ISO-8859-4", "ISO-8859-4",
                "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4"},
    EncodingRow{"ISO-8859-5", "ISO-8859-5",
                "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988"},
    EncodingRow{"ISO-8859-6", "ISO-8859-6",
                "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e "
                "iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"},
    EncodingRow{"ISO-8859-7", "ISO-8859-7",
                "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
                "iso_8859-7:1987 sun_eu_greek"},
    EncodingRow{"ISO-8859-8", "ISO-8859-8",
                "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 "
                "iso_8859-8:1988 visual"},
    EncodingRow{"ISO-8859-8-I", "ISO-8859-8", "csiso88598i iso-8859-8-i logical"},
    EncodingRow{"ISO-8859-10", "ISO-8859-10", "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6"},
    EncodingRow{"ISO-8859-13", "ISO-8859-13", "iso-8859-13 iso8859-13 iso885913"},
    EncodingRow{"ISO-8859-14", "ISO-8859-14", "iso-8859-14 iso8859-14 iso885914"},
    EncodingRow{"ISO-8859-15", "ISO-8859-15", "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9"},
    EncodingRow{"ISO-8859-16", "ISO-8859-16", "iso-8859-16"},
    EncodingRow{"KOI8-R", "KOI8-R", "cskoi8r koi koi8 koi8-r koi8_r"},
    EncodingRow{"KOI8-U", "KOI8-U", "koi8-ru koi8-u"},
    EncodingRow{"macintosh", "MACINTOSH", "csmacintosh mac macintosh x-mac-roman"},
    EncodingRow{"windows-874", "CP874", "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874"},
    EncodingRow{"windows-1250", "CP1250", "cp1250 windows-1250 x-cp1250"},
    EncodingRow{"windows-1251", "CP1251", "cp1251 windows-1251 x-cp1251"},
    EncodingRow{"windows-1253", "CP1253", "cp1253 windows-1253 x-cp1253"},
    EncodingRow{"windows-1254", "CP1254",
                "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
                "windows-1254 x-cp1254"},
    EncodingRow{"windows-1255", "CP1255", "cp1255 windows-1255 x-cp1255"},
    EncodingRow{"windows-1256", "CP1256", "cp1256 windows-1256 x-cp1256"},
    EncodingRow{"windows-1257", "CP1257", "cp1257 windows-1257 x-cp1257"},
    EncodingRow{"windows-1258", "CP1258", "cp1258 windows-1258 x-cp1258"},
    EncodingRow{"x-mac-cyrillic", "MAC-CYRILLIC", "x-mac-cyrillic x-mac-ukrainian"},
    EncodingRow{"GBK", "GB18030",  // the standard decodes both as gb18030
                "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk"},
    EncodingRow{"gb18030", "GB18030", "gb18030"},
    EncodingRow{"Big5", "BIG5-HKSCS", "big5 big5-hkscs cn-big5 csbig5 x-x-big5"},
    EncodingRow{"EUC-JP", "EUC-JP-MS", "cseucpkdfmtjapanese euc-jp x-euc-jp"},
    EncodingRow{"ISO-2022-JP", "ISO-2022-JP", "csiso2022jp iso-2022-jp"},
    EncodingRow{"Shift_JIS", "CP932", "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis"},
    EncodingRow{"EUC-KR", "CP949",
                "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 "
                "windows-949"},
};

constexpr std::array<char16_t, 32> windows_1252_high{0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                                     0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
                                                     0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                                     0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

const EncodingRow* encoding_row(std::string_view name) noexcept {
    const auto row = std::find_if(encoding_rows.begin(), encoding_rows.end(),
                                  [&](const EncodingRow& candidate) { return candidate.name == name; });
    return row == encoding_rows.end() ? nullptr : &*row;
}

}  // namespace

std::string_view encoding_for_label(std::string_view label) noexcept {
    while (!label.empty() && is_html_space(label.front())) label.remove_prefix(1);
    while (!label.empty() && is_html_space(label.back())) label.remove_suffix(1);
    if (label.empty() || label.size() > 24) return {};
    for (const EncodingRow& row : encoding_rows) {
        std::string_view rest = row.labels;
        while (!rest.empty()) {
            const std::string_view candidate = rest.substr(0, rest.find(' '));
            if (core::ascii_iequals(candidate, label)) return row.name;
            rest.remove_prefix(std::min(rest.size(), candidate.size() + 1));
        }
    }
    return {};
}

char32_t windows_1252(unsigned char byte) noexcept {
    return byte >= 0x80 && byte <= 0x9f ? windows_1252_high[byte - 0x80u] : char32_t{byte};
}

const char* iconv_name(std::string_view encoding) noexcept {
    const EncodingRow* row = encoding_row(encoding);
    return row == nullptr ? nullptr : row->iconv;
}

void decode(std::string_view bytes, std::string_view content_type, Decoded& out) {
    InputDecoder decoder(content_type);
    const auto receive = [&](std::string_view text) {
        // Text that reaches to the end of the bytes is the bytes.
        if (out.storage.empty() && text.data() + text.size() == bytes.data() + bytes.size())
            out.text = text;
        else
            out.storage += text;
    };
    decoder.feed(bytes, receive);
    decoder.finish(receive);
    out.encoding = decoder.encoding();
    if (!out.storage.empty()) out.text = out.storage;
}

}  // namespace meter::html::detail
