// Prices: an amount and the currency that belongs to it.
#include <algorithm>
#include <array>

#include "core/unicode.hpp"
#include "generate/values/currency.hpp"
#include "generate/values/number_scan.hpp"

namespace meter::generate {
namespace {

using detail::CurrencyHit;
using detail::ScannedNumber;

/// Text read for one price; what is behind it is of no price.
constexpr std::size_t max_price_text = 4'096;
constexpr std::size_t max_price_numbers = 48;

/// Only spaces, and "US$:12.99"'s colon? Before a weak currency's amount only spaces.
bool is_gap_before(std::string_view gap, bool weak) noexcept {
    std::size_t count = 0;
    for (std::size_t at = 0; at < gap.size(); ++count) {
        const auto c = detail::code_point_at(gap, at);
        const bool mark = !weak && (c.value == ':' || c.value == '.');
        if (!mark && !detail::is_text_space(c.value)) return false;
        at += c.length;
    }
    return count <= 3;
}

/// Only spaces, or the dash for no cents and spaces: "50,- Kč", "105.– Fr.".
bool is_gap_behind(std::string_view gap) noexcept {
    if (gap.starts_with(',') || gap.starts_with('.')) gap.remove_prefix(1);
    for (const std::string_view dash : {"--", "-", "–", "—"})
        if (gap.starts_with(dash)) {
            gap.remove_prefix(dash.size());
            break;
        }
    return is_gap_before(gap, true);
}

/// How far a currency is from an amount, in bytes; nullopt when something is between them.
std::optional<std::size_t> price_distance(std::string_view text, const ScannedNumber& number, const CurrencyHit& hit) {
    std::string_view gap;
    if (hit.range.end <= number.range.begin) {
        gap = text.substr(hit.range.end, number.range.begin - hit.range.end);
        if (!is_gap_before(gap, hit.weak)) return std::nullopt;
    } else if (hit.range.begin >= number.range.end) {
        gap = text.substr(number.range.end, hit.range.begin - number.range.end);
        if (!is_gap_behind(gap)) return std::nullopt;
    }  // else the euro sign inside "35€99"
    return gap.size() * 2 + (hit.weak ? 1 : 0);
}

/// Between the two numbers of "26 to 50 €" and "841 – 995 zł".
bool is_range_joiner(std::string_view gap) noexcept {
    gap = core::trim(gap);
    static constexpr auto joiners = std::to_array<std::string_view>(
        {"-", "–", "—", "to", "bis", "à", "a", "do", "до", "~", "al", "al", "tot", "až", "till"});
    return std::find(joiners.begin(), joiners.end(), gap) != joiners.end();
}

/// The words that stand for an amount of nothing, as the whole text.
bool is_free_word(std::string_view text) {
    text = core::trim(text);
    while (!text.empty() && (text.back() == '!' || text.back() == '.' || text.back() == '*')) text.remove_suffix(1);
    if (text.empty() || text.size() > 24) return false;
    const std::string folded = core::fold_case(text);
    static constexpr auto words =
        std::to_array<std::string_view>({"free", "for free", "gratis", "kostenlos", "gratuit", "gratuito", "grátis",
                                         "ilmainen", "ücretsiz", "бесплатно", "zdarma", "無料"});
    return std::find(words.begin(), words.end(), folded) != words.end();
}

struct PriceChoice {
    ScannedNumber number;
    const CurrencyHit* currency = nullptr;
};

/// Numbers that may be amounts: none of "40 %".
std::vector<ScannedNumber> amounts_of(std::string_view text, detail::ScanRules rules) {
    std::vector<ScannedNumber> numbers;
    for (std::size_t at = 0; numbers.size() < max_price_numbers;) {
        auto number = detail::scan_number(text, at, rules);
        if (!number) break;
        at = number->range.end;
        const std::size_t behind = detail::skip_text_space(text, at);
        if (behind < text.size() && text[behind] == '%') continue;
        if (!number->regular) continue;  // a date or a version
        if (number->negative) {          // "- 5" and "-5": a dash, an amount has no sign here
            number->value = -number->value;
            number->range.begin += detail::code_point_at(text, number->range.begin).length;
        }
        numbers.push_back(*number);
    }
    return numbers;
}

/// The first amount that has a currency beside it, the nearer currency of two.
std::optional<PriceChoice> beside_currency(std::string_view text, const std::vector<ScannedNumber>& numbers,
                                           const std::vector<CurrencyHit>& hits, bool weak) {
    std::size_t first = 0;
    for (std::size_t n = 0; n < numbers.size(); ++n) {
        const CurrencyHit* best = nullptr;
        std::size_t nearest = 0;
        // Both lists are in order: currencies that end long before this amount are of no use to later ones.
        while (first < hits.size() && hits[first].range.end + 16 < numbers[n].range.begin) ++first;
        for (std::size_t h = first; h < hits.size(); ++h) {
            if (hits[h].range.begin > numbers[n].range.end + 16) break;
            if (hits[h].weak && !weak) continue;
            const auto distance = price_distance(text, numbers[n], hits[h]);
            if (!distance || (best != nullptr && *distance >= nearest)) continue;
            best = &hits[h];
            nearest = *distance;
        }
        if (best == nullptr) continue;
        std::size_t chosen = n;
        if (n > 0 && best->range.begin >= numbers[n].range.end) {
            const std::size_t from = numbers[n - 1].range.end;
            if (is_range_joiner(text.substr(from, numbers[n].range.begin - from))) chosen = n - 1;
        }
        return PriceChoice{numbers[chosen], best};
    }
    return std::nullopt;
}

/// A bare "$" next to a dollar code means that dollar: "NZD $100.70", "$1,190.00 AUD".
const CurrencyHit* exact_dollar(std::string_view text, const PriceChoice& choice,
                                const std::vector<CurrencyHit>& hits) {
    const CurrencyHit* sign = choice.currency;
    if (text.substr(sign->range.begin, sign->range.end - sign->range.begin) != "$") return sign;
    const std::size_t begin = std::min(sign->range.begin, choice.number.range.begin);
    const std::size_t end = std::max(sign->range.end, choice.number.range.end);
    for (const CurrencyHit& hit : hits) {
        if (!hit.exact || !detail::is_dollar_code(hit.code)) continue;
        if (hit.range.end <= begin && begin - hit.range.end <= 2) return &hit;
        if (hit.range.begin >= end && hit.range.begin - end <= 2) return &hit;
    }
    return sign;
}

/// The currency a hint names: a certain one anywhere, a doubtful one beside a number or alone.
const CurrencyHit* hinted_currency(std::string_view hint, const std::vector<CurrencyHit>& hits) {
    for (const CurrencyHit& hit : hits)
        if (!hit.weak) return &hit;
    if (hits.size() == 1 && core::trim(hint).size() == hits[0].range.end - hits[0].range.begin) return &hits[0];
    const auto choice = beside_currency(hint, amounts_of(hint, {}), hits, true);
    return choice ? choice->currency : nullptr;
}

void set_currency(Price& price, std::string_view text, const CurrencyHit& hit) {
    price.currency = std::string(text.substr(hit.range.begin, hit.range.end - hit.range.begin));
    price.currency_code = std::string(hit.code);
}

std::string amount_text_of(std::string_view text, ByteRange range) {
    return std::string(text.substr(range.begin, range.end - range.begin));
}

}  // namespace

std::optional<Price> find_price(std::string_view text, std::string_view currency_hint, DecimalSign decimal) {
    text = text.substr(0, max_price_text);
    currency_hint = currency_hint.substr(0, max_price_text);
    const std::vector<CurrencyHit> hits = detail::find_currencies(text);
    detail::ScanRules rules{.decimal = decimal, .spaced_fraction = true, .euro_fraction = true};
    rules.three_decimals =
        std::any_of(hits.begin(), hits.end(), [](const auto& hit) { return detail::has_three_decimals(hit.code); });
    const std::vector<ScannedNumber> numbers = amounts_of(text, rules);

    Price price;
    if (numbers.empty()) {
        if (!is_free_word(text)) return std::nullopt;
        price.free = true;
        price.amount_text = "0";
        price.range = price.amount_range = {0, text.size()};
        return price;
    }
    auto choice = beside_currency(text, numbers, hits, false);
    if (!choice) choice = beside_currency(text, numbers, hits, true);
    if (!choice) choice = PriceChoice{numbers.front(), nullptr};
    if (choice->currency != nullptr) {
        choice->currency = exact_dollar(text, *choice, hits);
    } else {
        const auto strong = std::find_if(hits.begin(), hits.end(), [](const auto& hit) { return !hit.weak; });
        if (strong != hits.end()) choice->currency = &*strong;
    }

    const ScannedNumber& number = choice->number;
    price.amount = number.value;
    price.amount_range = price.range = number.range;
    price.amount_text = amount_text_of(text, number.range);
    if (choice->currency != nullptr) {
        set_currency(price, text, *choice->currency);
        if (price_distance(text, number, *choice->currency)) {
            price.range.begin = std::min(price.range.begin, choice->currency->range.begin);
            price.range.end = std::max(price.range.end, choice->currency->range.end);
        }
        return price;
    }
    const std::vector<CurrencyHit> hinted = detail::find_currencies(currency_hint);
    if (const CurrencyHit* hit = hinted_currency(currency_hint, hinted)) set_currency(price, currency_hint, *hit);
    return price;
}

std::string find_currency(std::string_view text, std::string_view hint) {
    for (std::string_view source : {text, hint}) {
        source = source.substr(0, max_price_text);
        const std::vector<CurrencyHit> hits = detail::find_currencies(source);
        if (const CurrencyHit* hit = hinted_currency(source, hits))
            return std::string(source.substr(hit->range.begin, hit->range.end - hit->range.begin));
    }
    return {};
}

bool has_price(std::string_view text) {
    text = text.substr(0, max_price_text);
    const std::vector<CurrencyHit> hits = detail::find_currencies(text);
    if (hits.empty()) return false;
    const auto numbers = amounts_of(text, {.spaced_fraction = true, .euro_fraction = true});
    if (beside_currency(text, numbers, hits, false)) return true;
    // Single letters and the like make a price only where nothing else is said: "5 L of milk" is none.
    const auto weak = beside_currency(text, numbers, hits, true);
    if (!weak) return false;
    std::string rest(text);
    const auto blank = [&rest](ByteRange range) {
        std::fill(rest.begin() + static_cast<std::ptrdiff_t>(range.begin),
                  rest.begin() + static_cast<std::ptrdiff_t>(range.end), ' ');
    };
    blank(weak->currency->range);
    for (const ScannedNumber& number : numbers) blank(number.range);
    const std::size_t length = weak->currency->range.end - weak->currency->range.begin;
    std::size_t letters = 0;
    for (std::size_t at = 0; at < rest.size();) {
        const auto c = detail::code_point_at(rest, at);
        letters += detail::is_word_char(c.value) ? 1 : 0;
        at += c.length;
    }
    return letters == 0 || (length >= 2 && letters <= 16);
}

}  // namespace meter::generate
