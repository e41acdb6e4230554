#include <utf8proc.h>

#include <algorithm>
#include <cstdint>

#include "core/unicode.hpp"
#include "core/url_text.hpp"

namespace meter::core {
namespace {

constexpr std::size_t host_max_bytes = 1024;  // before mapping; 253 after it
constexpr std::uint32_t punycode_base = 36;

char punycode_digit(std::uint32_t value) {
    return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26));
}

// RFC 3492 section 6.1
std::uint32_t punycode_bias(std::uint32_t delta, std::uint32_t points, bool first) {
    delta = first ? delta / 700 : delta / 2;
    delta += delta / points;
    std::uint32_t k = 0;
    for (; delta > (punycode_base - 1) * 26 / 2; k += punycode_base) delta /= punycode_base - 1;
    return k + punycode_base * delta / (delta + 38);
}

/// RFC 3492 section 6.3. A label is at most host_max_bytes code points, so nothing overflows.
std::string to_punycode(const std::u32string& label) {
    std::string out;
    for (const char32_t c : label)
        if (c < 0x80) out.push_back(static_cast<char>(c));
    auto done = static_cast<std::uint32_t>(out.size());
    const std::uint32_t basic = done;
    if (basic > 0) out.push_back('-');
    std::uint32_t n = 0x80, delta = 0, bias = 72;
    while (done < label.size()) {
        char32_t next = 0x110000;
        for (const char32_t c : label)
            if (c >= n) next = std::min(next, c);
        delta += (static_cast<std::uint32_t>(next) - n) * (done + 1);
        n = static_cast<std::uint32_t>(next);
        for (const char32_t c : label) {
            if (c < n) ++delta;
            if (c != n) continue;
            std::uint32_t q = delta;
            for (std::uint32_t k = punycode_base;; k += punycode_base) {
                const std::uint32_t t = k <= bias ? 1 : std::min<std::uint32_t>(k - bias, 26);
                if (q < t) break;
                out.push_back(punycode_digit(t + (q - t) % (punycode_base - t)));
                q = (q - t) / (punycode_base - t);
            }
            out.push_back(punycode_digit(q));
            bias = punycode_bias(delta, done + 1, done == basic);
            delta = 0;
            ++done;
        }
        ++delta;
        ++n;
    }
    return out;
}

/// Not empty, and without the characters that end or confuse an authority (URL Standard, forbidden domain code points,
/// and those that libcurl refuses).
bool is_host_text(std::string_view host) {
    return !host.empty() && host.find_first_of("!\"#$%&'()*+,/:;<=>?@[\\]^`{|}") == std::string_view::npos &&
           std::none_of(host.begin(), host.end(), [](char c) { return (c >= 0 && c <= 0x20) || c == 0x7F; });
}

/// NFKC case folding of all but the characters that UTS #46 keeps in non-transitional processing: sharp s, final sigma.
std::u32string map_host(std::string_view host) {
    constexpr auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
                                                            UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    std::string mapped;
    for (std::size_t pos = 0; pos < host.size();) {
        const char32_t c = next_code_point(host, pos);
        if (c == 0xDF || c == 0x3C2) {
            append_utf8(mapped, c);
            continue;
        }
        utf8proc_int32_t parts[32];
        int boundary_class = 0;
        const auto count =
            utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts, 32, options, &boundary_class);
        for (utf8proc_ssize_t i = 0; i < std::min<utf8proc_ssize_t>(count, 32); ++i)
            append_utf8(mapped, static_cast<char32_t>(parts[i]));
    }
    mapped = to_nfc(mapped);
    std::u32string out;
    for (std::size_t pos = 0; pos < mapped.size();) {
        const char32_t c = next_code_point(mapped, pos);
        out.push_back(c == 0x3002 ? U'.' : c);  // the ideographic full stop separates labels (UTS #46 section 2.3)
    }
    return out;
}

}  // namespace

std::optional<std::string> to_ascii_host(std::string_view host) {
    if (host.size() > host_max_bytes) return std::nullopt;
    const std::string decoded = percent_decode(host);
    if (!is_valid_utf8(decoded)) return std::nullopt;
    const std::u32string mapped = map_host(decoded);
    std::string out;
    for (std::size_t start = 0; start <= mapped.size();) {
        const std::size_t end = std::min(mapped.find(U'.', start), mapped.size());
        const std::u32string label = mapped.substr(start, end - start);
        const bool ascii = std::all_of(label.begin(), label.end(), [](char32_t c) { return c < 0x80; });
        const std::string text = ascii ? std::string(label.begin(), label.end()) : "xn--" + to_punycode(label);
        if (text.size() > 63) return std::nullopt;
        if (start > 0) out.push_back('.');
        out.append(text);
        start = end + 1;
    }
    if (out.size() > 253 || !is_host_text(out)) return std::nullopt;
    return out;
}

}  // namespace meter::core
