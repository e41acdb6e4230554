#include "html/references.hpp"

#include <libxml/HTMLparser.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "core/unicode.hpp"
#include "html/charset.hpp"

namespace meter::html::detail {
namespace {

struct ReferenceName {
    std::string_view name, text;
};

// Names of HTML 5 that HTML 4, and so libxml2, lacks (HTML standard 13.5), sorted; text that is markup is escaped
// again.
constexpr ReferenceName html5_names[] = {{"AMP", "&amp;"},
                                         {"Abreve", "\xc4\x82"},
                                         {"Amacr", "\xc4\x80"},
                                         {"Aogon", "\xc4\x84"},
                                         {"COPY", "\xc2\xa9"},
                                         {"Cacute", "\xc4\x86"},
                                         {"Ccaron", "\xc4\x8c"},
                                         {"Ccirc", "\xc4\x88"},
                                         {"Cdot", "\xc4\x8a"},
                                         {"CenterDot", "\xc2\xb7"},
                                         {"CloseCurlyDoubleQuote", "\xe2\x80\x9d"},
                                         {"CloseCurlyQuote", "\xe2\x80\x99"},
                                         {"Copf", "\xe2\x84\x82"},
                                         {"Dcaron", "\xc4\x8e"},
                                         {"DownArrow", "\xe2\x86\x93"},
                                         {"Dstrok", "\xc4\x90"},
                                         {"Ecaron", "\xc4\x9a"},
                                         {"Edot", "\xc4\x96"},
                                         {"Emacr", "\xc4\x92"},
                                         {"Eogon", "\xc4\x98"},
                                         {"GT", "&gt;"},
                                         {"Gbreve", "\xc4\x9e"},
                                         {"Gcedil", "\xc4\xa2"},
                                         {"Gcirc", "\xc4\x9c"},
                                         {"Gdot", "\xc4\xa0"},
                                         {"GreaterEqual", "\xe2\x89\xa5"},
                                         {"Hat", "^"},
                                         {"Hcirc", "\xc4\xa4"},
                                         {"Hstrok", "\xc4\xa6"},
                                         {"Idot", "\xc4\xb0"},
                                         {"Imacr", "\xc4\xaa"},
                                         {"Iogon", "\xc4\xae"},
                                         {"Jcirc", "\xc4\xb4"},
                                         {"Kcedil", "\xc4\xb6"},
                                         {"LT", "&lt;"},
                                         {"Lacute", "\xc4\xb9"},
                                         {"Lcaron", "\xc4\xbd"},
                                         {"Lcedil", "\xc4\xbb"},
                                         {"LeftArrow", "\xe2\x86\x90"},
                                         {"Lstrok", "\xc5\x81"},
                                         {"MediumSpace", "\xe2\x81\x9f"},
                                         {"Nacute", "\xc5\x83"},
                                         {"Ncaron", "\xc5\x87"},
                                         {"Ncedil", "\xc5\x85"},
                                         {"NewLine", "\n"},
                                         {"NoBreak", "\xe2\x81\xa0"},
                                         {"NonBreakingSpace", "\xc2\xa0"},
                                         {"NotEqual", "\xe2\x89\xa0"},
                                         {"Odblac", "\xc5\x90"},
                                         {"Omacr", "\xc5\x8c"},
                                         {"OpenCurlyDoubleQuote", "\xe2\x80\x9c"},
                                         {"OpenCurlyQuote", "\xe2\x80\x98"},
                                         {"PlusMinus", "\xc2\xb1"},
                                         {"Proportional", "\xe2\x88\x9d"},
                                         {"QUOT", "&quot;"},
                                         {"REG", "\xc2\xae"},
                                         {"Racute", "\xc5\x94"},
                                         {"Rcaron", "\xc5\x98"},
                                         {"RightArrow", "\xe2\x86\x92"},
                                         {"Sacute", "\xc5\x9a"},
                                         {"Scedil", "\xc5\x9e"},
                                         {"Scirc", "\xc5\x9c"},
                                         {"Sqrt", "\xe2\x88\x9a"},
                                         {"TRADE", "\xe2\x84\xa2"},
                                         {"Tab", "\t"},
                                         {"Tcaron", "\xc5\xa4"},
                                         {"Tcedil", "\xc5\xa2"},
                                         {"ThinSpace", "\xe2\x80\x89"},
                                         {"Ubreve", "\xc5\xac"},
                                         {"Udblac", "\xc5\xb0"},
                                         {"Umacr", "\xc5\xaa"},
                                         {"UnderBar", "_"},
                                         {"Uogon", "\xc5\xb2"},
                                         {"UpArrow", "\xe2\x86\x91"},
                                         {"Uring", "\xc5\xae"},
                                         {"Vert", "\xe2\x80\x96"},
                                         {"VerticalLine", "|"},
                                         {"VeryThinSpace", "\xe2\x80\x8a"},
                                         {"Wcirc", "\xc5\xb4"},
                                         {"Ycirc", "\xc5\xb6"},
                                         {"Zacute", "\xc5\xb9"},
                                         {"Zcaron", "\xc5\xbd"},
                                         {"Zdot", "\xc5\xbb"},
                                         {"ZeroWidthSpace", "\xe2\x80\x8b"},
                                         {"abreve", "\xc4\x83"},
                                         {"amacr", "\xc4\x81"},
                                         {"angst", "\xc3\x85"},
                                         {"aogon", "\xc4\x85"},
                                         {"ap", "\xe2\x89\x88"},
                                         {"approx", "\xe2\x89\x88"},
                                         {"ast", "*"},
                                         {"bigstar", "\xe2\x98\x85"},
                                         {"blacksquare", "\xe2\x96\xaa"},
                                         {"blacktriangleleft", "\xe2\x97\x82"},
                                         {"blacktriangleright", "\xe2\x96\xb8"},
                                         {"blank", "\xe2\x90\xa3"},
                                         {"block", "\xe2\x96\x88"},
                                         {"breve", "\xcb\x98"},
                                         {"bsol", "\\"},
                                         {"bullet", "\xe2\x80\xa2"},
                                         {"cacute", "\xc4\x87"},
                                         {"caron", "\xcb\x87"},
                                         {"ccaron", "\xc4\x8d"},
                                         {"ccirc", "\xc4\x89"},
                                         {"cdot", "\xc4\x8b"},
                                         {"centerdot", "\xc2\xb7"},
                                         {"check", "\xe2\x9c\x93"},
                                         {"checkmark", "\xe2\x9c\x93"},
                                         {"cir", "\xe2\x97\x8b"},
                                         {"clubsuit", "\xe2\x99\xa3"},
                                         {"colon", ":"},
                                         {"comma", ","},
                                         {"commat", "@"},
                                         {"copysr", "\xe2\x84\x97"},
                                         {"cross", "\xe2\x9c\x97"},
                                         {"dash", "\xe2\x80\x90"},
                                         {"dcaron", "\xc4\x8f"},
                                         {"diamondsuit", "\xe2\x99\xa6"},
                                         {"div", "\xc3\xb7"},
                                         {"dollar", "$"},
                                         {"dot", "\xcb\x99"},
                                         {"downarrow", "\xe2\x86\x93"},
                                         {"dstrok", "\xc4\x91"},
                                         {"dtri", "\xe2\x96\xbf"},
                                         {"dtrif", "\xe2\x96\xbe"},
                                         {"ecaron", "\xc4\x9b"},
                                         {"edot", "\xc4\x97"},
                                         {"emacr", "\xc4\x93"},
                                         {"emsp13", "\xe2\x80\x84"},
                                         {"emsp14", "\xe2\x80\x85"},
                                         {"eogon", "\xc4\x99"},
                                         {"equals", "="},
                                         {"excl", "!"},
                                         {"female", "\xe2\x99\x80"},
                                         {"ffilig", "\xef\xac\x83"},
                                         {"fflig", "\xef\xac\x80"},
                                         {"ffllig", "\xef\xac\x84"},
                                         {"filig", "\xef\xac\x81"},
                                         {"flat", "\xe2\x99\xad"},
                                         {"fllig", "\xef\xac\x82"},
                                         {"frac13", "\xe2\x85\x93"},
                                         {"frac15", "\xe2\x85\x95"},
                                         {"frac16", "\xe2\x85\x99"},
                                         {"frac18", "\xe2\x85\x9b"},
                                         {"frac23", "\xe2\x85\x94"},
                                         {"frac25", "\xe2\x85\x96"},
                                         {"frac35", "\xe2\x85\x97"},
                                         {"frac38", "\xe2\x85\x9c"},
                                         {"frac45", "\xe2\x85\x98"},
                                         {"frac56", "\xe2\x85\x9a"},
                                         {"frac58", "\xe2\x85\x9d"},
                                         {"frac78", "\xe2\x85\x9e"},
                                         {"gbreve", "\xc4\x9f"},
                                         {"gcirc", "\xc4\x9d"},
                                         {"gdot", "\xc4\xa1"},
                                         {"geq", "\xe2\x89\xa5"},
                                         {"grave", "`"},
                                         {"hairsp", "\xe2\x80\x8a"},
                                         {"half", "\xc2\xbd"},
                                         {"hcirc", "\xc4\xa5"},
                                         {"heartsuit", "\xe2\x99\xa5"},
                                         {"hookrightarrow", "\xe2\x86\xaa"},
                                         {"horbar", "\xe2\x80\x95"},
                                         {"hstrok", "\xc4\xa7"},
                                         {"hyphen", "\xe2\x80\x90"},
                                         {"imacr", "\xc4\xab"},
                                         {"imath", "\xc4\xb1"},
                                         {"incare", "\xe2\x84\x85"},
                                         {"infintie", "\xe2\xa7\x9d"},
                                         {"inodot", "\xc4\xb1"},
                                         {"iogon", "\xc4\xaf"},
                                         {"jcirc", "\xc4\xb5"},
                                         {"kcedil", "\xc4\xb7"},
                                         {"lacute", "\xc4\xba"},
                                         {"langle", "\xe2\x9f\xa8"},
                                         {"lbrace", "{"},
                                         {"lbrack", "["},
                                         {"lcaron", "\xc4\xbe"},
                                         {"lcedil", "\xc4\xbc"},
                                         {"lcub", "{"},
                                         {"ldquor", "\xe2\x80\x9e"},
                                         {"leftarrow", "\xe2\x86\x90"},
                                         {"leq", "\xe2\x89\xa4"},
                                         {"lowbar", "_"},
                                         {"lpar", "("},
                                         {"lsqb", "["},
                                         {"lsquor", "\xe2\x80\x9a"},
                                         {"lstrok", "\xc5\x82"},
                                         {"ltri", "\xe2\x97\x83"},
                                         {"ltrif", "\xe2\x97\x82"},
                                         {"male", "\xe2\x99\x82"},
                                         {"mho", "\xe2\x84\xa7"},
                                         {"midast", "*"},
                                         {"mldr", "\xe2\x80\xa6"},
                                         {"nacute", "\xc5\x84"},
                                         {"natural", "\xe2\x99\xae"},
                                         {"ncaron", "\xc5\x88"},
                                         {"ncedil", "\xc5\x86"},
                                         {"nldr", "\xe2\x80\xa5"},
                                         {"num", "#"},
                                         {"numero", "\xe2\x84\x96"},
                                         {"numsp", "\xe2\x80\x87"},
                                         {"odblac", "\xc5\x91"},
                                         {"ohm", "\xce\xa9"},
                                         {"omacr", "\xc5\x8d"},
                                         {"percnt", "%"},
                                         {"period", "."},
                                         {"phone", "\xe2\x98\x8e"},
                                         {"plus", "+"},
                                         {"pm", "\xc2\xb1"},
                                         {"puncsp", "\xe2\x80\x88"},
                                         {"quest", "?"},
                                         {"racute", "\xc5\x95"},
                                         {"rangle", "\xe2\x9f\xa9"},
                                         {"rbrace", "}"},
                                         {"rbrack", "]"},
                                         {"rcaron", "\xc5\x99"},
                                         {"rcub", "}"},
                                         {"rdquor", "\xe2\x80\x9d"},
                                         {"rightarrow", "\xe2\x86\x92"},
                                         {"ring", "\xcb\x9a"},
                                         {"rpar", ")"},
                                         {"rsqb", "]"},
                                         {"rsquor", "\xe2\x80\x99"},
                                         {"rtri", "\xe2\x96\xb9"},
                                         {"rtrif", "\xe2\x96\xb8"},
                                         {"sacute", "\xc5\x9b"},
                                         {"scedil", "\xc5\x9f"},
                                         {"scirc", "\xc5\x9d"},
                                         {"semi", ";"},
                                         {"sharp", "\xe2\x99\xaf"},
                                         {"sol", "/"},
                                         {"spadesuit", "\xe2\x99\xa0"},
                                         {"squ", "\xe2\x96\xa1"},
                                         {"square", "\xe2\x96\xa1"},
                                         {"squf", "\xe2\x96\xaa"},
                                         {"star", "\xe2\x98\x86"},
                                         {"starf", "\xe2\x98\x85"},
                                         {"sung", "\xe2\x99\xaa"},
                                         {"tcaron", "\xc5\xa5"},
                                         {"tcedil", "\xc5\xa3"},
                                         {"thickapprox", "\xe2\x89\x88"},
                                         {"ubreve", "\xc5\xad"},
                                         {"udblac", "\xc5\xb1"},
                                         {"umacr", "\xc5\xab"},
                                         {"uogon", "\xc5\xb3"},
                                         {"uparrow", "\xe2\x86\x91"},
                                         {"uring", "\xc5\xaf"},
                                         {"utri", "\xe2\x96\xb5"},
                                         {"utrif", "\xe2\x96\xb4"},
                                         {"verbar", "|"},
                                         {"vert", "|"},
                                         {"wcirc", "\xc5\xb5"},
                                         {"xlarr", "\xe2\x9f\xb5"},
                                         {"xrarr", "\xe2\x9f\xb6"},
                                         {"ycirc", "\xc5\xb7"},
                                         {"zacute", "\xc5\xba"},
                                         {"zcaron", "\xc5\xbe"},
                                         {"zdot", "\xc5\xbc"}};

// Names that count without a semicolon (HTML standard 13.5), sorted.
constexpr std::array<std::string_view, 106> bare_names{
    "AElig",  "AMP",    "Aacute", "Acirc",  "Agrave", "Aring",  "Atilde", "Auml",   "COPY",   "Ccedil", "ETH",
    "Eacute", "Ecirc",  "Egrave", "Euml",   "GT",     "Iacute", "Icirc",  "Igrave", "Iuml",   "LT",     "Ntilde",
    "Oacute", "Ocirc",  "Ograve", "Oslash", "Otilde", "Ouml",   "QUOT",   "REG",    "THORN",  "Uacute", "Ucirc",
    "Ugrave", "Uuml",   "Yacute", "aacute", "acirc",  "acute",  "aelig",  "agrave", "amp",    "aring",  "atilde",
    "auml",   "brvbar", "ccedil", "cedil",  "cent",   "copy",   "curren", "deg",    "divide", "eacute", "ecirc",
    "egrave", "eth",    "euml",   "frac12", "frac14", "frac34", "gt",     "iacute", "icirc",  "iexcl",  "igrave",
    "iquest", "iuml",   "laquo",  "lt",     "macr",   "micro",  "middot", "nbsp",   "not",    "ntilde", "oacute",
    "ocirc",  "ograve", "ordf",   "ordm",   "oslash", "otilde", "ouml",   "para",   "plusmn", "pound",  "quot",
    "raquo",  "reg",    "sect",   "shy",    "sup1",   "sup2",   "sup3",   "szlig",  "thorn",  "times",  "uacute",
    "ucirc",  "ugrave", "uml",    "uuml",   "yacute", "yen",    "yuml"};

static_assert(std::is_sorted(bare_names.begin(), bare_names.end()));
static_assert(std::is_sorted(std::begin(html5_names), std::end(html5_names),
                             [](const ReferenceName& a, const ReferenceName& b) { return a.name < b.name; }));

constexpr bool is_reference_byte(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr int reference_digit(char c, bool hex) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (hex && c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (hex && c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// HTML standard 13.2.5.80: 0x80 to 0x9F mean windows-1252, what is no character is U+FFFD.
std::size_t fix_number(std::string_view text, std::string& replacement) {
    const bool hex = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
    std::size_t end = hex ? 3 : 2;
    const std::size_t digits = end;
    char32_t value = 0;
    for (int digit = 0; end < text.size() && (digit = reference_digit(text[end], hex)) >= 0; ++end)
        if (value <= 0x10ffff) value = value * (hex ? 16 : 10) + static_cast<char32_t>(digit);
    if (end == digits) {
        replacement = "&amp;";
        return 1;
    }
    if (end < text.size() && text[end] == ';') ++end;
    char32_t meant = value;
    if (value >= 0x80 && value <= 0x9f)
        meant = windows_1252(static_cast<unsigned char>(value));
    else if (value == 0 || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        meant = 0xfffd;
    if (meant == value) return 0;
    replacement.clear();
    core::append_utf8(replacement, meant);
    return end;
}

}  // namespace

std::size_t fix_reference(std::string_view text, bool in_attribute, std::string& replacement) {
    if (text.size() > 1 && text[1] == '#') return fix_number(text, replacement);
    std::size_t end = 1;
    while (end < text.size() && end < 32 && is_reference_byte(text[end])) ++end;
    const std::string_view name = text.substr(1, end - 1);
    const bool closed = end < text.size() && text[end] == ';';
    if (closed) {
        const auto found =
            std::lower_bound(std::begin(html5_names), std::end(html5_names), name,
                             [](const ReferenceName& row, std::string_view key) { return row.name < key; });
        if (found != std::end(html5_names) && found->name == name) {
            replacement = found->text;
            return end + 1;
        }
    }
    for (std::size_t length = std::min<std::size_t>(name.size(), 6); length >= 2; --length) {
        const std::string_view bare = name.substr(0, length);
        if (!std::binary_search(bare_names.begin(), bare_names.end(), bare)) continue;
        if (closed && htmlEntityLookup(reinterpret_cast<const xmlChar*>(std::string(name).c_str())) != nullptr)
            return 0;
        // "?a=1&copy=2" in a link is no copyright sign (13.2.5.73).
        const char next = length + 1 < text.size() ? text[length + 1] : '\0';
        if (in_attribute && (next == '=' || is_reference_byte(next))) return 0;
        const bool upper = bare.front() < 'a' &&
                           htmlEntityLookup(reinterpret_cast<const xmlChar*>(std::string(bare).c_str())) == nullptr;
        replacement.assign(1, '&').append(upper ? core::ascii_lower(bare) : std::string(bare)).append(1, ';');
        return length + 1;
    }
    if (closed || in_attribute) return 0;
    replacement = "&amp;";  // no reference at all: spares libxml2 an error for each
    return 1;
}

}  // namespace meter::html::detail
