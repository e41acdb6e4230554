#include "html/references.hpp"

#include <algorithm>
#include <array>

#include "core/unicode.hpp"
#include "html/charset.hpp"

namespace meter::html::detail {
namespace {

struct ReferenceName {
    std::string_view name, text;
};

// Names of HTML 5 that HTML 4, and so libxml2, lacks (HTML standard 13.5), sorted; text that is markup is escaped
// again.
constexpr std::array html5_names{ReferenceName{"AMP", "&amp;"},
                                 ReferenceName{"Abreve", "\xc4\x82"},
                                 ReferenceName{"Amacr", "\xc4\x80"},
                                 ReferenceName{"Aogon", "\xc4\x84"},
                                 ReferenceName{"COPY", "\xc2\xa9"},
                                 ReferenceName{"Cacute", "\xc4\x86"},
                                 ReferenceName{"Ccaron", "\xc4\x8c"},
                                 ReferenceName{"Ccirc", "\xc4\x88"},
                                 ReferenceName{"Cdot", "\xc4\x8a"},
                                 ReferenceName{"CenterDot", "\xc2\xb7"},
                                 ReferenceName{"CloseCurlyDoubleQuote", "\xe2\x80\x9d"},
                                 ReferenceName{"CloseCurlyQuote", "\xe2\x80\x99"},
                                 ReferenceName{"Copf", "\xe2\x84\x82"},
                                 ReferenceName{"Dcaron", "\xc4\x8e"},
                                 ReferenceName{"DownArrow", "\xe2\x86\x93"},
                                 ReferenceName{"Dstrok", "\xc4\x90"},
                                 ReferenceName{"Ecaron", "\xc4\x9a"},
                                 ReferenceName{"Edot", "\xc4\x96"},
                                 ReferenceName{"Emacr", "\xc4\x92"},
                                 ReferenceName{"Eogon", "\xc4\x98"},
                                 ReferenceName{"GT", "&gt;"},
                                 ReferenceName{"Gbreve", "\xc4\x9e"},
                                 ReferenceName{"Gcedil", "\xc4\xa2"},
                                 ReferenceName{"Gcirc", "\xc4\x9c"},
                                 ReferenceName{"Gdot", "\xc4\xa0"},
                                 ReferenceName{"GreaterEqual", "\xe2\x89\xa5"},
                                 ReferenceName{"Hat", "^"},
                                 ReferenceName{"Hcirc", "\xc4\xa4"},
                                 ReferenceName{"Hstrok", "\xc4\xa6"},
                                 ReferenceName{"Idot", "\xc4\xb0"},
                                 ReferenceName{"Imacr", "\xc4\xaa"},
                                 ReferenceName{"Iogon", "\xc4\xae"},
                                 ReferenceName{"Jcirc", "\xc4\xb4"},
                                 ReferenceName{"Kcedil", "\xc4\xb6"},
                                 ReferenceName{"LT", "&lt;"},
                                 ReferenceName{"Lacute", "\xc4\xb9"},
                                 ReferenceName{"Lcaron", "\xc4\xbd"},
                                 ReferenceName{"Lcedil", "\xc4\xbb"},
                                 ReferenceName{"LeftArrow", "\xe2\x86\x90"},
                                 ReferenceName{"Lstrok", "\xc5\x81"},
                                 ReferenceName{"MediumSpace", "\xe2\x81\x9f"},
                                 ReferenceName{"Nacute", "\xc5\x83"},
                                 ReferenceName{"Ncaron", "\xc5\x87"},
                                 ReferenceName{"Ncedil", "\xc5\x85"},
                                 ReferenceName{"NewLine", "\n"},
                                 ReferenceName{"NoBreak", "\xe2\x81\xa0"},
                                 ReferenceName{"NonBreakingSpace", "\xc2\xa0"},
                                 ReferenceName{"NotEqual", "\xe2\x89\xa0"},
                                 ReferenceName{"Odblac", "\xc5\x90"},
                                 ReferenceName{"Omacr", "\xc5\x8c"},
                                 ReferenceName{"OpenCurlyDoubleQuote", "\xe2\x80\x9c"},
                                 ReferenceName{"OpenCurlyQuote", "\xe2\x80\x98"},
                                 ReferenceName{"PlusMinus", "\xc2\xb1"},
                                 ReferenceName{"Proportional", "\xe2\x88\x9d"},
                                 ReferenceName{"QUOT", "&quot;"},
                                 ReferenceName{"REG", "\xc2\xae"},
                                 ReferenceName{"Racute", "\xc5\x94"},
                                 ReferenceName{"Rcaron", "\xc5\x98"},
                                 ReferenceName{"RightArrow", "\xe2\x86\x92"},
                                 ReferenceName{"Sacute", "\xc5\x9a"},
                                 ReferenceName{"Scedil", "\xc5\x9e"},
                                 ReferenceName{"Scirc", "\xc5\x9c"},
                                 ReferenceName{"Sqrt", "\xe2\x88\x9a"},
                                 ReferenceName{"TRADE", "\xe2\x84\xa2"},
                                 ReferenceName{"Tab", "\t"},
                                 ReferenceName{"Tcaron", "\xc5\xa4"},
                                 ReferenceName{"Tcedil", "\xc5\xa2"},
                                 ReferenceName{"ThinSpace", "\xe2\x80\x89"},
                                 ReferenceName{"Ubreve", "\xc5\xac"},
                                 ReferenceName{"Udblac", "\xc5\xb0"},
                                 ReferenceName{"Umacr", "\xc5\xaa"},
                                 ReferenceName{"UnderBar", "_"},
                                 ReferenceName{"Uogon", "\xc5\xb2"},
                                 ReferenceName{"UpArrow", "\xe2\x86\x91"},
                                 ReferenceName{"Uring", "\xc5\xae"},
                                 ReferenceName{"Vert", "\xe2\x80\x96"},
                                 ReferenceName{"VerticalLine", "|"},
                                 ReferenceName{"VeryThinSpace", "\xe2\x80\x8a"},
                                 ReferenceName{"Wcirc", "\xc5\xb4"},
                                 ReferenceName{"Ycirc", "\xc5\xb6"},
                                 ReferenceName{"Zacute", "\xc5\xb9"},
                                 ReferenceName{"Zcaron", "\xc5\xbd"},
                                 ReferenceName{"Zdot", "\xc5\xbb"},
                                 ReferenceName{"ZeroWidthSpace", "\xe2\x80\x8b"},
                                 ReferenceName{"abreve", "\xc4\x83"},
                                 ReferenceName{"amacr", "\xc4\x81"},
                                 ReferenceName{"angst", "\xc3\x85"},
                                 ReferenceName{"aogon", "\xc4\x85"},
                                 ReferenceName{"ap", "\xe2\x89\x88"},
                                 ReferenceName{"approx", "\xe2\x89\x88"},
                                 ReferenceName{"ast", "*"},
                                 ReferenceName{"bigstar", "\xe2\x98\x85"},
                                 ReferenceName{"blacksquare", "\xe2\x96\xaa"},
                                 ReferenceName{"blacktriangleleft", "\xe2\x97\x82"},
                                 ReferenceName{"blacktriangleright", "\xe2\x96\xb8"},
                                 ReferenceName{"blank", "\xe2\x90\xa3"},
                                 ReferenceName{"block", "\xe2\x96\x88"},
                                 ReferenceName{"breve", "\xcb\x98"},
                                 ReferenceName{"bsol", "\\"},
                                 ReferenceName{"bullet", "\xe2\x80\xa2"},
                                 ReferenceName{"cacute", "\xc4\x87"},
                                 ReferenceName{"caron", "\xcb\x87"},
                                 ReferenceName{"ccaron", "\xc4\x8d"},
                                 ReferenceName{"ccirc", "\xc4\x89"},
                                 ReferenceName{"cdot", "\xc4\x8b"},
                                 ReferenceName{"centerdot", "\xc2\xb7"},
                                 ReferenceName{"check", "\xe2\x9c\x93"},
                                 ReferenceName{"checkmark", "\xe2\x9c\x93"},
                                 ReferenceName{"cir", "\xe2\x97\x8b"},
                                 ReferenceName{"clubsuit", "\xe2\x99\xa3"},
                                 ReferenceName{"colon", ":"},
                                 ReferenceName{"comma", ","},
                                 ReferenceName{"commat", "@"},
                                 ReferenceName{"copysr", "\xe2\x84\x97"},
                                 ReferenceName{"cross", "\xe2\x9c\x97"},
                                 ReferenceName{"dash", "\xe2\x80\x90"},
                                 ReferenceName{"dcaron", "\xc4\x8f"},
                                 ReferenceName{"diamondsuit", "\xe2\x99\xa6"},
                                 ReferenceName{"div", "\xc3\xb7"},
                                 ReferenceName{"dollar", "$"},
                                 ReferenceName{"dot", "\xcb\x99"},
                                 ReferenceName{"downarrow", "\xe2\x86\x93"},
                                 ReferenceName{"dstrok", "\xc4\x91"},
                                 ReferenceName{"dtri", "\xe2\x96\xbf"},
                                 ReferenceName{"dtrif", "\xe2\x96\xbe"},
                                 ReferenceName{"ecaron", "\xc4\x9b"},
                                 ReferenceName{"edot", "\xc4\x97"},
                                 ReferenceName{"emacr", "\xc4\x93"},
                                 ReferenceName{"emsp13", "\xe2\x80\x84"},
                                 ReferenceName{"emsp14", "\xe2\x80\x85"},
                                 ReferenceName{"eogon", "\xc4\x99"},
                                 ReferenceName{"equals", "="},
                                 ReferenceName{"excl", "!"},
                                 ReferenceName{"female", "\xe2\x99\x80"},
                                 ReferenceName{"ffilig", "\xef\xac\x83"},
                                 ReferenceName{"fflig", "\xef\xac\x80"},
                                 ReferenceName{"ffllig", "\xef\xac\x84"},
                                 ReferenceName{"filig", "\xef\xac\x81"},
                                 ReferenceName{"flat", "\xe2\x99\xad"},
                                 ReferenceName{"fllig", "\xef\xac\x82"},
                                 ReferenceName{"frac13", "\xe2\x85\x93"},
                                 ReferenceName{"frac15", "\xe2\x85\x95"},
                                 ReferenceName{"frac16", "\xe2\x85\x99"},
                                 ReferenceName{"frac18", "\xe2\x85\x9b"},
                                 ReferenceName{"frac23", "\xe2\x85\x94"},
                                 ReferenceName{"frac25", "\xe2\x85\x96"},
                                 ReferenceName{"frac35", "\xe2\x85\x97"},
                                 ReferenceName{"frac38", "\xe2\x85\x9c"},
                                 ReferenceName{"frac45", "\xe2\x85\x98"},
                                 ReferenceName{"frac56", "\xe2\x85\x9a"},
                                 ReferenceName{"frac58", "\xe2\x85\x9d"},
                                 ReferenceName{"frac78", "\xe2\x85\x9e"},
                                 ReferenceName{"gbreve", "\xc4\x9f"},
                                 ReferenceName{"gcirc", "\xc4\x9d"},
                                 ReferenceName{"gdot", "\xc4\xa1"},
                                 ReferenceName{"geq", "\xe2\x89\xa5"},
                                 ReferenceName{"grave", "`"},
                                 ReferenceName{"hairsp", "\xe2\x80\x8a"},
                                 ReferenceName{"half", "\xc2\xbd"},
                                 ReferenceName{"hcirc", "\xc4\xa5"},
                                 ReferenceName{"heartsuit", "\xe2\x99\xa5"},
                                 ReferenceName{"hookrightarrow", "\xe2\x86\xaa"},
                                 ReferenceName{"horbar", "\xe2\x80\x95"},
                                 ReferenceName{"hstrok", "\xc4\xa7"},
                                 ReferenceName{"hyphen", "\xe2\x80\x90"},
                                 ReferenceName{"imacr", "\xc4\xab"},
                                 ReferenceName{"imath", "\xc4\xb1"},
                                 ReferenceName{"incare", "\xe2\x84\x85"},
                                 ReferenceName{"infintie", "\xe2\xa7\x9d"},
                                 ReferenceName{"inodot", "\xc4\xb1"},
                                 ReferenceName{"iogon", "\xc4\xaf"},
                                 ReferenceName{"jcirc", "\xc4\xb5"},
                                 ReferenceName{"kcedil", "\xc4\xb7"},
                                 ReferenceName{"lacute", "\xc4\xba"},
                                 ReferenceName{"langle", "\xe2\x9f\xa8"},
                                 ReferenceName{"lbrace", "{"},
                                 ReferenceName{"lbrack", "["},
                                 ReferenceName{"lcaron", "\xc4\xbe"},
                                 ReferenceName{"lcedil", "\xc4\xbc"},
                                 ReferenceName{"lcub", "{"},
                                 ReferenceName{"ldquor", "\xe2\x80\x9e"},
                                 ReferenceName{"leftarrow", "\xe2\x86\x90"},
                                 ReferenceName{"leq", "\xe2\x89\xa4"},
                                 ReferenceName{"lowbar", "_"},
                                 ReferenceName{"lpar", "("},
                                 ReferenceName{"lsqb", "["},
                                 ReferenceName{"lsquor", "\xe2\x80\x9a"},
                                 ReferenceName{"lstrok", "\xc5\x82"},
                                 ReferenceName{"ltri", "\xe2\x97\x83"},
                                 ReferenceName{"ltrif", "\xe2\x97\x82"},
                                 ReferenceName{"male", "\xe2\x99\x82"},
                                 ReferenceName{"mho", "\xe2\x84\xa7"},
                                 ReferenceName{"midast", "*"},
                                 ReferenceName{"mldr", "\xe2\x80\xa6"},
                                 ReferenceName{"nacute", "\xc5\x84"},
                                 ReferenceName{"natural", "\xe2\x99\xae"},
                                 ReferenceName{"ncaron", "\xc5\x88"},
                                 ReferenceName{"ncedil", "\xc5\x86"},
                                 ReferenceName{"nldr", "\xe2\x80\xa5"},
                                 ReferenceName{"num", "#"},
                                 ReferenceName{"numero", "\xe2\x84\x96"},
                                 ReferenceName{"numsp", "\xe2\x80\x87"},
                                 ReferenceName{"odblac", "\xc5\x91"},
                                 ReferenceName{"ohm", "\xce\xa9"},
                                 ReferenceName{"omacr", "\xc5\x8d"},
                                 ReferenceName{"percnt", "%"},
                                 ReferenceName{"period", "."},
                                 ReferenceName{"phone", "\xe2\x98\x8e"},
                                 ReferenceName{"plus", "+"},
                                 ReferenceName{"pm", "\xc2\xb1"},
                                 ReferenceName{"puncsp", "\xe2\x80\x88"},
                                 ReferenceName{"quest", "?"},
                                 ReferenceName{"racute", "\xc5\x95"},
                                 ReferenceName{"rangle", "\xe2\x9f\xa9"},
                                 ReferenceName{"rbrace", "}"},
                                 ReferenceName{"rbrack", "]"},
                                 ReferenceName{"rcaron", "\xc5\x99"},
                                 ReferenceName{"rcub", "}"},
                                 ReferenceName{"rdquor", "\xe2\x80\x9d"},
                                 ReferenceName{"rightarrow", "\xe2\x86\x92"},
                                 ReferenceName{"ring", "\xcb\x9a"},
                                 ReferenceName{"rpar", ")"},
                                 ReferenceName{"rsqb", "]"},
                                 ReferenceName{"rsquor", "\xe2\x80\x99"},
                                 ReferenceName{"rtri", "\xe2\x96\xb9"},
                                 ReferenceName{"rtrif", "\xe2\x96\xb8"},
                                 ReferenceName{"sacute", "\xc5\x9b"},
                                 ReferenceName{"scedil", "\xc5\x9f"},
                                 ReferenceName{"scirc", "\xc5\x9d"},
                                 ReferenceName{"semi", ";"},
                                 ReferenceName{"sharp", "\xe2\x99\xaf"},
                                 ReferenceName{"sol", "/"},
                                 ReferenceName{"spadesuit", "\xe2\x99\xa0"},
                                 ReferenceName{"squ", "\xe2\x96\xa1"},
                                 ReferenceName{"square", "\xe2\x96\xa1"},
                                 ReferenceName{"squf", "\xe2\x96\xaa"},
                                 ReferenceName{"star", "\xe2\x98\x86"},
                                 ReferenceName{"starf", "\xe2\x98\x85"},
                                 ReferenceName{"sung", "\xe2\x99\xaa"},
                                 ReferenceName{"tcaron", "\xc5\xa5"},
                                 ReferenceName{"tcedil", "\xc5\xa3"},
                                 ReferenceName{"thickapprox", "\xe2\x89\x88"},
                                 ReferenceName{"ubreve", "\xc5\xad"},
                                 ReferenceName{"udblac", "\xc5\xb1"},
                                 ReferenceName{"umacr", "\xc5\xab"},
                                 ReferenceName{"uogon", "\xc5\xb3"},
                                 ReferenceName{"uparrow", "\xe2\x86\x91"},
                                 ReferenceName{"uring", "\xc5\xaf"},
                                 ReferenceName{"utri", "\xe2\x96\xb5"},
                                 ReferenceName{"utrif", "\xe2\x96\xb4"},
                                 ReferenceName{"verbar", "|"},
                                 ReferenceName{"vert", "|"},
                                 ReferenceName{"wcirc", "\xc5\xb5"},
                                 ReferenceName{"xlarr", "\xe2\x9f\xb5"},
                                 ReferenceName{"xrarr", "\xe2\x9f\xb6"},
                                 ReferenceName{"ycirc", "\xc5\xb7"},
                                 ReferenceName{"zacute", "\xc5\xba"},
                                 ReferenceName{"zcaron", "\xc5\xbe"},
                                 ReferenceName{"zdot", "\xc5\xbc"}};

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
static_assert(std::is_sorted(html5_names.begin(), html5_names.end(),
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
    if (name.size() < 2) return 0;
    if (end < text.size() && text[end] == ';') {
        const auto found =
            std::lower_bound(html5_names.begin(), html5_names.end(), name,
                             [](const ReferenceName& row, std::string_view key) { return row.name < key; });
        if (found == html5_names.end() || found->name != name) return 0;
        replacement = found->text;
        return end + 1;
    }
    for (std::size_t length = std::min<std::size_t>(name.size(), 6); length >= 2; --length) {
        const std::string_view bare = name.substr(0, length);
        if (!std::binary_search(bare_names.begin(), bare_names.end(), bare)) continue;
        // "?a=1&copy=2" in a link is no copyright sign (13.2.5.73).
        const char next = length + 1 < text.size() ? text[length + 1] : '\0';
        if (in_attribute && (next == '=' || is_reference_byte(next))) return 0;
        const bool upper =
            bare == "AMP" || bare == "LT" || bare == "GT" || bare == "QUOT" || bare == "COPY" || bare == "REG";
        replacement.assign(1, '&').append(upper ? core::ascii_lower(bare) : std::string(bare)).append(1, ';');
        return length + 1;
    }
    return 0;
}

}  // namespace meter::html::detail
