// What kind of thing a text is.
#include <algorithm>
#include <array>

#include "core/unicode.hpp"
#include "generate/values/number_scan.hpp"

namespace meter::generate {
namespace {

bool is_ascii_alnum(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool kind_starts_with(std::string_view text, std::string_view start) noexcept {
    return text.size() >= start.size() && core::ascii_iequals(text.substr(0, start.size()), start);
}

bool has_kind_space(std::string_view text) noexcept {
    return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
}

/// A host name with a dot in it.
bool is_host_text(std::string_view host) noexcept {
    host = host.substr(0, host.find_first_of("/?#:"));
    const std::size_t dot = host.rfind('.');
    if (host.size() > 253 || dot == std::string_view::npos || dot == 0 || host.size() - dot < 3) return false;
    return std::all_of(host.begin(), host.end(), [](char c) {
        return is_ascii_alnum(c) || c == '-' || c == '.' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
    });
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& list) noexcept {
    return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

bool is_url(std::string_view text) {
    text = core::trim(text);
    if (text.size() < 5 || text.size() > 4'096 || has_kind_space(text)) return false;
    for (const std::string_view scheme : {"https://", "http://"})
        if (kind_starts_with(text, scheme)) return text.size() > scheme.size();
    if (text.starts_with("//")) return is_host_text(text.substr(2));
    return kind_starts_with(text, "www.") && is_host_text(text);
}

bool is_image_url(std::string_view text) {
    text = core::trim(text);
    if (kind_starts_with(text, "data:image/")) return true;
    if (text.size() < 5 || text.size() > 4'096 || has_kind_space(text)) return false;
    const std::string_view path = text.substr(0, text.find_first_of("?#"));
    const std::size_t dot = path.rfind('.');
    if (dot == std::string_view::npos || path.size() - dot > 6) return false;
    static constexpr auto types = std::to_array<std::string_view>(
        {"jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "ico", "tif", "tiff"});
    return is_one_of(core::ascii_lower(path.substr(dot + 1)), types);
}

bool is_email(std::string_view text) {
    text = core::trim(text);
    if (kind_starts_with(text, "mailto:")) {
        text.remove_prefix(7);
        text = text.substr(0, text.find('?'));
    }
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 254) return false;
    const std::string_view local = text.substr(0, at);
    const bool atoms = std::all_of(local.begin(), local.end(), [](char c) {  // RFC 5322 section 3.2.3
        return is_ascii_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos ||
               static_cast<unsigned char>(c) >= 0x80;
    });
    return atoms && local.front() != '.' && local.back() != '.' && text.find('@', at + 1) == std::string_view::npos &&
           text.find_first_of("/?#:", at) == std::string_view::npos && is_host_text(text.substr(at + 1));
}

bool is_phone(std::string_view text) {
    text = core::trim(text);
    bool scheme = false;
    if (kind_starts_with(text, "tel:")) {
        text.remove_prefix(4);
        scheme = true;
    }
    if (text.size() > 40) return false;
    std::size_t digits = 0, groups = 0, dots = 0, opened = 0;
    bool in_group = false, plus = false;
    for (std::size_t at = 0; at < text.size();) {
        const auto c = detail::code_point_at(text, at);
        const std::size_t here = at;
        at += c.length;
        if (detail::digit_value(c.value) >= 0) {
            ++digits;
            groups += in_group ? 0 : 1;
            in_group = true;
            continue;
        }
        in_group = false;
        if (c.value == '+') {
            if (here != 0 && text[here - 1] != '(') return false;
            plus = true;
        } else if (c.value == '(') {
            ++opened;
        } else if (c.value == '.') {
            ++dots;
        } else if (c.value != ')' && c.value != '-' && c.value != '/' && c.value != 0x2010 && c.value != 0x2011 &&
                   c.value != 0x2013 && !detail::is_text_space(c.value)) {
            const std::string_view rest = text.substr(here);  // an extension: "ext. 12", "x12"
            const bool extension = digits >= 7 && (kind_starts_with(rest, "ext") || kind_starts_with(rest, "x"));
            return extension && rest.size() <= 12 && rest.find_first_of("0123456789") != std::string_view::npos;
        }
    }
    if (digits < 7 || digits > 15) return false;  // ITU-T E.164: at most 15
    if (scheme || plus || opened == 1) return true;
    // Grouped digits that are no amount and no date: at least three groups, or two of a local number.
    if (groups < 2 || dots == 1 || opened > 1) return false;
    const auto number = detail::scan_number(text, 0);
    if (number && number->range.begin == 0 && number->range.end == text.size()) return false;
    return !find_date(text);
}

bool is_percent(std::string_view text) {
    text = core::trim(text);
    if (text.size() > 24) return false;
    const auto number = detail::scan_number(text, 0);
    if (!number || !number->regular || number->range.begin > 3) return false;
    const std::string_view before = core::trim(text.substr(0, number->range.begin));
    const std::string_view behind = core::trim(text.substr(number->range.end));
    const bool lead = before.empty() || before == "-" || before == "+" || before == "−" || before == "~";
    return (lead && (behind == "%" || behind == "٪" || behind == "％")) || (before == "%" && behind.empty());
}

bool is_number(std::string_view text) {
    text = core::trim(text);
    if (text.empty() || text.size() > 32) return false;
    if (text.find_first_of("$%(*#") != std::string_view::npos) return false;
    for (const std::string_view sign : {"€", "£", "¥", "₹"})
        if (text.find(sign) != std::string_view::npos) return false;
    return parse_number(text).has_value();
}

bool is_boolean_like(std::string_view text) {
    static constexpr auto words = std::to_array<std::string_view>(
        {"yes", "no", "true", "false", "ja", "nein", "oui", "non", "sí", "да", "нет", "tak"});
    return is_one_of(core::ascii_lower(core::trim(text)), words);
}

bool is_availability(std::string_view text) {
    text = core::trim(text);
    if (text.empty() || text.size() > 80) return false;
    const std::string folded = core::fold_case(text);
    std::string_view plain = folded;
    const std::size_t slash = plain.find("schema.org/");
    if (slash != std::string_view::npos) plain.remove_prefix(slash + 11);
    // schema.org ItemAvailability, and what shops write
    static constexpr auto phrases = std::to_array<std::string_view>(
        {"in stock",    "instock",     "out of stock", "outofstock",    "sold out",     "soldout",       "available",
         "unavailable", "preorder",    "pre-order",    "backorder",     "back-order",   "in store only", "instoreonly",
         "onlineonly",  "online only", "limited",      "discontinued",  "lieferbar",    "auf lager",     "vorrätig",
         "ausverkauft", "verfügbar",   "en stock",     "disponible",    "indisponible", "épuisé",        "agotado",
         "disponibile", "esaurito",    "disponível",   "esgotado",      "op voorraad",  "uitverkocht",   "skladem",
         "dostępny",    "na stanie",   "в наличии",    "нет в наличии", "i lager"});
    if (is_one_of(plain, phrases)) return true;
    if (plain.size() > 48) return false;
    return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
        return phrase.size() >= 7 && phrase.find("limited") == std::string_view::npos &&
               plain.find(phrase) != std::string_view::npos && plain.size() <= phrase.size() + 28;
    });
}

ValueKind value_kind(std::string_view text) {
    text = core::trim(text);
    if (text.empty()) return ValueKind::empty;
    if (text.size() > 4'096) return ValueKind::text;
    if (is_image_url(text) && (is_url(text) || text.find('/') != std::string_view::npos)) return ValueKind::image;
    if (is_url(text)) return ValueKind::url;
    if (text.size() > 300) return ValueKind::text;
    if (is_email(text)) return ValueKind::email;
    if (is_boolean_like(text)) return ValueKind::boolean;
    if (is_percent(text)) return ValueKind::percent;
    if (is_number(text)) return ValueKind::number;
    if (text.size() <= 64 && has_price(text)) return ValueKind::price;
    if (find_rating(text)) return ValueKind::rating;
    if (find_duration(text)) return ValueKind::duration;
    if (is_date_like(text)) return ValueKind::date;
    if (is_phone(text)) return ValueKind::phone;
    return ValueKind::text;
}

std::string_view to_string(ValueKind kind) noexcept {
    static constexpr std::array<std::string_view, 13> names{"empty",    "number",  "price", "percent", "date",
                                                            "url",      "image",   "email", "phone",   "rating",
                                                            "duration", "boolean", "text"};
    return names[static_cast<std::size_t>(kind)];
}

std::string value_shape(std::string_view text) {
    std::string shape;
    text = core::trim(text);
    char last = '\0';
    for (std::size_t at = 0; at < text.size() && shape.size() < 32;) {
        const auto c = detail::code_point_at(text, at);
        char mark = '\0';
        if (detail::digit_value(c.value) >= 0)
            mark = '9';
        else if (detail::is_word_char(c.value))
            mark = c.value >= 'A' && c.value <= 'Z' ? 'A' : 'a';
        else if (detail::is_text_space(c.value))
            mark = ' ';
        const bool goes_on =
            mark != '\0' && (mark == last || (mark == 'a' && last == 'A') || (mark == 'A' && last == 'a'));
        if (mark != '\0' && !goes_on) shape.push_back(mark);
        if (mark == '\0') {
            if (shape.size() + c.length > 32) break;
            shape.append(text.substr(at, c.length));
        }
        last = goes_on ? last : mark;
        at += c.length;
    }
    return shape;
}

std::vector<std::string> name_words(std::string_view name) {
    std::vector<std::string> words;
    std::string word;
    const auto flush = [&] {
        if (!word.empty() && words.size() < 16) words.push_back(core::ascii_lower(word));
        word.clear();
    };
    for (std::size_t i = 0; i < name.size() && i < 256; ++i) {
        const char c = name[i];
        if (!is_ascii_alnum(c) && static_cast<unsigned char>(c) < 0x80) {
            flush();
            continue;
        }
        const bool upper = c >= 'A' && c <= 'Z';
        const bool after_lower = i > 0 && ((name[i - 1] >= 'a' && name[i - 1] <= 'z'));
        const bool before_lower = i + 1 < name.size() && name[i + 1] >= 'a' && name[i + 1] <= 'z';
        const bool after_upper = i > 0 && name[i - 1] >= 'A' && name[i - 1] <= 'Z';
        // "datePosted"; "HTMLTitle" is html, title
        if (upper && (after_lower || (after_upper && before_lower))) flush();
        word.push_back(c);
    }
    flush();
    return words;
}

}  // namespace meter::generate
