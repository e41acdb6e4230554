#include "generate/values/currency.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "core/unicode.hpp"
#include "generate/values/number_scan.hpp"

namespace meter::generate {
namespace detail {
namespace {

enum class CurrencyForm : std::uint8_t {
    sign,    ///< may touch anything
    exact,   ///< the same, with the country in it
    word,    ///< bounded by no letters
    prefix,  ///< the start of a word: "руб" of "рублей"
    weak,    ///< a word that counts beside a number only
};

struct CurrencyRow {
    std::string_view text, code;
    CurrencyForm form;
};

using enum CurrencyForm;

/// Written forms that are no ISO codes. Unicode chart 20A0, CLDR 44 currency symbols and names, and what shops write.
constexpr CurrencyRow currency_rows[] = {
    {"€", "EUR", sign},
    {"£", "GBP", sign},
    {"$", "", sign},
    {"￡", "GBP", sign},
    {"¥", "", sign},
    {"￥", "", sign},
    {"₹", "INR", sign},
    {"₽", "RUB", sign},
    {"₺", "TRY", sign},
    {"₴", "UAH", sign},
    {"₩", "KRW", sign},
    {"₫", "VND", sign},
    {"₪", "ILS", sign},
    {"฿", "THB", sign},
    {"₱", "PHP", sign},
    {"₦", "NGN", sign},
    {"₡", "CRC", sign},
    {"₲", "PYG", sign},
    {"₵", "GHS", sign},
    {"₸", "KZT", sign},
    {"₼", "AZN", sign},
    {"₾", "GEL", sign},
    {"₮", "MNT", sign},
    {"₭", "LAK", sign},
    {"₣", "", sign},
    {"₤", "", sign},
    {"₨", "", sign},
    {"₳", "", sign},
    {"₶", "", sign},
    {"₿", "BTC", sign},
    {"Ƀ", "BTC", sign},
    {"﷼", "", sign},
    {"៛", "KHR", sign},
    {"৳", "BDT", sign},
    {"֏", "AMD", sign},
    {"؋", "AFN", sign},
    {"ƒ", "", sign},
    {"ლ", "GEL", sign},
    {"¢", "", sign},
    {"¤", "", sign},
    {"元", "CNY", sign},
    {"円", "JPY", sign},
    {"원", "KRW", sign},
    {"圆", "CNY", sign},
    {"圓", "", sign},
    {"人民币", "CNY", sign},
    {"र", "INR", sign},
    {"ரூ", "INR", sign},
    {"රු", "LKR", sign},
    {"บาท", "THB", sign},
    {"đ", "VND", sign},
    {"₠", "", sign},
    {"US$", "USD", exact},
    {"US $", "USD", exact},
    {"USD$", "USD", exact},
    {"U$", "USD", exact},
    {"A$", "AUD", exact},
    {"AU$", "AUD", exact},
    {"AU $", "AUD", exact},
    {"AUD$", "AUD", exact},
    {"C$", "CAD", exact},
    {"CA$", "CAD", exact},
    {"CAN$", "CAD", exact},
    {"CAD$", "CAD", exact},
    {"Can$", "CAD", exact},
    {"NZ$", "NZD", exact},
    {"NZ $", "NZD", exact},
    {"HK$", "HKD", exact},
    {"HK $", "HKD", exact},
    {"S$", "SGD", exact},
    {"SG$", "SGD", exact},
    {"NT$", "TWD", exact},
    {"R$", "BRL", exact},
    {"MX$", "MXN", exact},
    {"Mex$", "MXN", exact},
    {"BZ$", "BZD", exact},
    {"CUC$", "CUC", exact},
    {"RD$", "DOP", exact},
    {"J$", "JMD", exact},
    {"MOP$", "MOP", exact},
    {"N$", "NAD", exact},
    {"TT$", "TTD", exact},
    {"DT$", "TND", exact},
    {"$U", "UYU", exact},
    {"$b", "BOB", exact},
    {"Z$", "ZWL", exact},
    {"G$", "GYD", exact},
    {"GY$", "GYD", exact},
    {"T$", "TOP", exact},
    {"B$", "BND", exact},
    {"FJ$", "FJD", exact},
    {"EC$", "XCD", exact},
    {"Bs.", "", word},
    {"Bs", "", word},
    {"B/.", "PAB", exact},
    {"S/.", "PEN", exact},
    {"S/", "PEN", exact},
    {"E£", "EGP", exact},
    {"GH₵", "GHS", exact},
    {"GH¢", "GHS", exact},
    {"R₣", "RWF", exact},
    {"Kč", "CZK", prefix},
    {"Kčs", "CZK", word},
    {"kč", "CZK", word},
    {"KČ", "CZK", word},
    {"zł", "PLN", word},
    {"Zł", "PLN", word},
    {"ZŁ", "PLN", word},
    {"zl", "PLN", weak},
    {"złotych", "PLN", word},
    {"Ft", "HUF", weak},
    {"ft", "HUF", weak},
    {"forint", "HUF", word},
    {"лв", "BGN", word},
    {"лв.", "BGN", word},
    {"руб.", "RUB", word},
    {"руб", "RUB", prefix},
    {"Руб", "RUB", prefix},
    {"р.", "RUB", weak},
    {"Р", "RUB", weak},
    {"р", "RUB", weak},
    {"RUR", "RUB", word},
    {"грн.", "UAH", word},
    {"грн", "UAH", word},
    {"hrn", "UAH", word},
    {"тг", "KZT", word},
    {"тг.", "KZT", word},
    {"тенге", "KZT", word},
    {"сом", "KGS", word},
    {"сум", "UZS", word},
    {"сўм", "UZS", word},
    {"so'm", "UZS", word},
    {"soʻm", "UZS", word},
    {"дин", "RSD", word},
    {"дин.", "RSD", word},
    {"Дин", "RSD", word},
    {"Din", "RSD", weak},
    {"din", "RSD", weak},
    {"din.", "RSD", weak},
    {"Dinara", "RSD", word},
    {"dinara", "RSD", word},
    {"ден", "MKD", word},
    {"ден.", "MKD", word},
    {"ДЕН", "MKD", word},
    {"км", "BAM", weak},
    {"КМ", "BAM", weak},
    {"KM", "BAM", weak},
    {"kn", "HRK", weak},
    {"kn.", "HRK", weak},
    {"lei", "RON", word},
    {"Lei", "RON", word},
    {"LEI", "RON", word},
    {"leu", "RON", word},
    {"L", "", weak},
    {"Lek", "ALL", word},
    {"lek", "ALL", word},
    {"lari", "GEL", word},
    {"ლარი", "GEL", word},
    {"man.", "AZN", weak},
    {"Rp", "IDR", prefix},
    {"Rp.", "IDR", word},
    {"RM", "MYR", weak},
    {"Rs", "", weak},
    {"Rs.", "", weak},
    {"rs", "", weak},
    {"rs.", "", weak},
    {"Re", "INR", weak},
    {"RS", "", weak},
    {"Rf", "MVR", weak},
    {"MRf", "MVR", weak},
    {"Nu.", "BTN", weak},
    {"Nu", "BTN", weak},
    {"Tk", "BDT", weak},
    {"Tk.", "BDT", weak},
    {"kr", "", weak},
    {"kr.", "", weak},
    {"Kr", "", weak},
    {"Kr.", "", weak},
    {"KR", "", weak},
    {"KR.", "", weak},
    {"Dkr", "DKK", word},
    {"Skr", "SEK", word},
    {"Nkr", "NOK", word},
    {"Ikr", "ISK", word},
    {"Fr.", "CHF", weak},
    {"Fr", "CHF", weak},
    {"fr.", "CHF", weak},
    {"SFr", "CHF", word},
    {"SFr.", "CHF", word},
    {"sFr.", "CHF", word},
    {"francs", "", word},
    {"franc", "", word},
    {"FCFA", "XOF", word},
    {"F CFA", "XOF", word},
    {"CFA", "XOF", word},
    {"FBu", "BIF", word},
    {"Fbu", "BIF", word},
    {"Fdj", "DJF", word},
    {"FG", "GNF", weak},
    {"GFr", "GNF", word},
    {"FRw", "RWF", word},
    {"RF", "RWF", weak},
    {"CF", "KMF", weak},
    {"F", "", weak},
    {"euro", "EUR", word},
    {"Euro", "EUR", word},
    {"EURO", "EUR", word},
    {"euros", "EUR", word},
    {"Euros", "EUR", word},
    {"ευρώ", "EUR", word},
    {"евро", "EUR", word},
    {"dollar", "", prefix},
    {"Dollar", "", prefix},
    {"dólar", "", prefix},
    {"pound", "GBP", prefix},
    {"GBp", "GBP", word},
    {"quid", "GBP", weak},
    {"stg", "GBP", weak},
    {"P", "", weak},
    {"p", "", weak},
    {"yen", "JPY", word},
    {"Yen", "JPY", word},
    {"yuan", "CNY", word},
    {"Yuan", "CNY", word},
    {"RMB", "CNY", word},
    {"rmb", "CNY", word},
    {"块", "CNY", weak},
    {"baht", "THB", word},
    {"Baht", "THB", word},
    {"won", "KRW", weak},
    {"nis", "ILS", weak},
    {"NIS", "ILS", word},
    {"ש\"ח", "ILS", sign},
    {"ש״ח", "ILS", sign},
    {"ש'ח", "ILS", sign},
    {"שקל", "ILS", prefix},
    {"TL", "TRY", weak},
    {"tl", "TRY", weak},
    {"Tl", "TRY", weak},
    {"VNĐ", "VND", word},
    {"vnđ", "VND", word},
    {"Br", "", weak},
    {"Ksh", "KES", word},
    {"KSh", "KES", word},
    {"KShs", "KES", word},
    {"Kshs", "KES", word},
    {"TSh", "TZS", word},
    {"TSh.", "TZS", word},
    {"USh", "UGX", word},
    {"Sh", "", weak},
    {"Sh.", "", weak},
    {"R", "ZAR", weak},
    {"K", "", weak},
    {"ZK", "ZMW", weak},
    {"MK", "MWK", weak},
    {"Kz", "AOA", weak},
    {"kwz", "AOA", weak},
    {"MT", "MZN", weak},
    {"MTn", "MZN", weak},
    {"LD", "LRD", weak},
    {"KD", "KWD", weak},
    {"BD", "BHD", weak},
    {"JD", "JOD", weak},
    {"DT", "TND", weak},
    {"DA", "DZD", weak},
    {"Dh", "", weak},
    {"Dhs", "AED", weak},
    {"Dhs.", "AED", weak},
    {"DH", "", weak},
    {"DHS", "AED", weak},
    {"DHs", "AED", weak},
    {"SR", "SAR", weak},
    {"SAR", "SAR", word},
    {"QR", "QAR", weak},
    {"LE", "EGP", weak},
    {"L.E.", "EGP", weak},
    {"Nfk", "ERN", word},
    {"ናቕፋ", "ERN", word},
    {"نافكا", "ERN", word},
    {"ብር", "ETB", word},
    {"UM", "MRU", weak},
    {"D", "GMD", weak},
    {"E", "SZL", weak},
    {"S", "", weak},
    {"T", "", weak},
    {"G", "", weak},
    {"Q", "GTQ", weak},
    {"q", "GTQ", weak},
    {"Vt", "VUV", weak},
    {"VT", "VUV", weak},
    {"Esc", "CVE", weak},
    {"ID", "IQD", weak},
    {"Ks", "MMK", weak},
    {"NT", "", weak},
    {"Rbl", "BYN", weak},
    {"Rbl.", "BYN", weak},
    {"Sl", "", weak},
    {"SPL", "", weak},
    {"S'", "UZS", weak},
    {"Sʻ", "UZS", weak},
    {"som", "", weak},
    {"с", "KGS", weak},
    {"₥", "", sign},
    {"CND", "CAD", word},
    {"Afs", "AFN", word},
    {"ر.س", "SAR", sign},
    {"ر.س.", "SAR", sign},
    {"ريال", "", prefix},
    {"ریال", "IRR", prefix},
    {"تومان", "IRR", prefix},
    {"درهم", "", prefix},
    {"جنيه", "EGP", prefix},
    {"دينار", "", word},
    {"ج.م", "EGP", sign},
    {"ج.م.", "EGP", sign},
    {"ج.س", "SDG", sign},
    {"ج.س.", "SDG", sign},
    {"د.إ", "AED", sign},
    {"د.إ.", "AED", sign},
    {"د.ك", "KWD", sign},
    {"د.ب", "BHD", sign},
    {".د.ب", "BHD", sign},
    {"د.ع", "IQD", sign},
    {"د.ل", "LYD", sign},
    {"ل.د", "LYD", sign},
    {"د.م", "MAD", sign},
    {"د.م.", "MAD", sign},
    {"د.ت", "TND", sign},
    {"د.ج", "DZD", sign},
    {"دج", "DZD", word},
    {"د.أ", "JOD", sign},
    {"د.ا", "JOD", sign},
    {"ع.د", "IQD", sign},
    {"د.", "", sign},
    {"ر.ع", "OMR", sign},
    {"ر.ع.", "OMR", sign},
    {"ر.ق", "QAR", sign},
    {"ر.ي", "YER", sign},
    {"ل.ل", "LBP", sign},
    {"ل.س", "SYP", sign},
    {"ش.ج", "ILS", sign},
    {"ش.ص", "SOS", sign},
    {"دينار أردني", "JOD", word},
    {"دينار كويتي", "KWD", word},
};

/// ISO 4217 with the codes of currencies that euro replaced and RMB's alias.
constexpr std::string_view currency_codes =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTC BTN BWP BYN BYR BZD CAD "
    "CDF CHF CLF CLP CNH CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP GBP GEL GGP GHS GIP "
    "GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS IMP INR IQD IRR ISK JEP JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD "
    "KZT LAK LBP LKR LRD LSL LTL LVL LYD MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK "
    "NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STD "
    "STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VEF VES VND VUV WST XAF XCD XOF XPF YER "
    "ZAR ZMW ZWL DEM FRF ITL ESP PTE ATS BEF NLG FIM GRD IEP";

/// Codes that are words of languages too: they count in capitals and beside a number only.
constexpr std::string_view currency_words = "ALL TOP TRY CUP GEL PEN MAD BAM IMP STD WST SOS MOP";

bool in_list(std::string_view list, std::string_view code) noexcept {
    for (std::size_t at = 0; at + 3 <= list.size(); at += 4)
        if (list.substr(at, 3) == code) return true;
    return false;
}

/// The code in `currency_codes`, so that the view outlives the text.
std::string_view listed_code(std::string_view code) noexcept {
    for (std::size_t at = 0; at + 3 <= currency_codes.size(); at += 4)
        if (currency_codes.substr(at, 3) == code) return currency_codes.substr(at, 3);
    return {};
}

bool is_ascii_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Rows by their first byte.
struct CurrencyIndex {
    std::array<std::uint16_t, 257> first{};
    std::vector<std::uint16_t> rows;

    CurrencyIndex() {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            first[byte] = static_cast<std::uint16_t>(rows.size());
            for (std::size_t i = 0; i < std::size(currency_rows); ++i)
                if (static_cast<unsigned char>(currency_rows[i].text.front()) == byte)
                    rows.push_back(static_cast<std::uint16_t>(i));
        }
        first[256] = static_cast<std::uint16_t>(rows.size());
    }
};

const CurrencyIndex& currency_index() {
    static const CurrencyIndex index;
    return index;
}

bool letter_before(std::string_view text, std::size_t at) noexcept {
    return is_word_char(code_point_before(text, at).value);
}
bool letter_at(std::string_view text, std::size_t at) noexcept {
    return is_word_char(code_point_at(text, at).value);
}

/// The code that stands at `at`, bounded by no letters; "EUR29", "NOK" and, before or behind a digit, "pln".
bool match_code(std::string_view text, std::size_t at, CurrencyHit& hit) noexcept {
    if (at + 3 > text.size()) return false;
    const std::string_view found = text.substr(at, 3);
    if (!std::all_of(found.begin(), found.end(), is_ascii_letter)) return false;
    if (letter_before(text, at) || letter_at(text, at + 3)) return false;
    char upper[3];
    bool capitals = true;
    for (std::size_t i = 0; i < 3; ++i) {
        capitals = capitals && found[i] < 'a';
        upper[i] = static_cast<char>(found[i] & ~0x20);
    }
    const std::string_view code = listed_code({upper, 3});
    if (code.empty()) return false;
    const bool word = in_list(currency_words, code);
    if (word && !capitals) return false;
    hit = {{at, at + 3}, code, word || !capitals, true};
    return true;
}

bool match_row(std::string_view text, std::size_t at, const CurrencyRow& row) noexcept {
    if (!text.substr(at).starts_with(row.text)) return false;
    const std::size_t end = at + row.text.size();
    switch (row.form) {
        case CurrencyForm::sign:
            return true;
        case CurrencyForm::exact:
            return !is_ascii_letter(row.text.front()) || at == 0 || !is_ascii_letter(text[at - 1]);
        case CurrencyForm::prefix:
            return !letter_before(text, at);
        default:
            return !letter_before(text, at) && (row.text.ends_with('.') || !letter_at(text, end));
    }
}

}  // namespace

std::vector<CurrencyHit> find_currencies(std::string_view text, std::size_t limit) {
    std::vector<CurrencyHit> hits;
    const CurrencyIndex& index = currency_index();
    for (std::size_t at = 0; at < text.size() && hits.size() < limit;) {
        const auto byte = static_cast<unsigned char>(text[at]);
        CurrencyHit best{{at, at}, {}, false, false};
        for (std::size_t i = index.first[byte]; i < index.first[byte + 1u]; ++i) {
            const CurrencyRow& row = currency_rows[index.rows[i]];
            if (row.text.size() <= best.range.end - at || !match_row(text, at, row)) continue;
            best = {
                {at, at + row.text.size()}, row.code, row.form == CurrencyForm::weak, row.form == CurrencyForm::exact};
        }
        CurrencyHit code;
        if (is_ascii_letter(text[at]) && best.range.end - at < 3 && match_code(text, at, code)) best = code;
        if (best.range.end > at) {
            hits.push_back(best);
            at = best.range.end;
        } else {
            at += std::max<std::size_t>(code_point_at(text, at).length, 1);
        }
    }
    return hits;
}

bool has_three_decimals(std::string_view code) noexcept {
    return in_list("BHD IQD JOD KWD LYD OMR TND", code);
}

bool is_dollar_code(std::string_view code) noexcept {
    return in_list(
        "USD AUD CAD NZD SGD HKD MXN TWD ARS CLP COP BBD BMD BND BSD BZD CUP DOP FJD GYD JMD KYD LRD NAD "
        "SBD SRD TTD UYU XCD ZWL MOP",
        code);
}

}  // namespace detail

std::string_view currency_code(std::string_view currency) {
    currency = core::trim(currency);
    const auto hits = detail::find_currencies(currency, 2);
    if (hits.size() != 1 || hits.front().range.begin != 0) return {};
    return hits.front().code;
}

}  // namespace meter::generate
