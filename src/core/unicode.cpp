#include "core/unicode.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace meter::core {
namespace {

/// One step of decoding: a code point, or a malformed piece (`code_point` U+FFFD) of `length` bytes.
struct Utf8Step {
    char32_t code_point;
    std::uint8_t length;
    bool valid;
};

/// Well-formed sequences of Unicode 15 table 3-7: only the second byte has ranges of its own. A malformed piece is the
/// longest start of a sequence that could have become well-formed, at least one byte (section 3.9, U+FFFD
/// substitution of maximal subparts).
Utf8Step decode_utf8_step(const unsigned char* at, const unsigned char* end) noexcept {
    const unsigned char lead = *at;
    if (lead < 0x80) return {lead, 1, true};
    std::uint8_t low = 0x80, high = 0xBF, more = 0;
    char32_t code_point = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
        more = 1;
        code_point = lead & 0x1Fu;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        more = 2;
        code_point = lead & 0x0Fu;
        if (lead == 0xE0) low = 0xA0;
        if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        more = 3;
        code_point = lead & 0x07u;
        if (lead == 0xF0) low = 0x90;
        if (lead == 0xF4) high = 0x8F;
    } else {
        return {0xFFFD, 1, false};
    }
    for (std::uint8_t i = 1; i <= more; ++i) {
        if (at + i == end || at[i] < low || at[i] > high) return {0xFFFD, i, false};
        code_point = (code_point << 6) | (at[i] & 0x3Fu);
        low = 0x80, high = 0xBF;
    }
    return {code_point, static_cast<std::uint8_t>(more + 1), true};
}

const unsigned char* utf8_bytes(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// Bytes below 0x80 at the start of the range, looked at eight at a time.
std::size_t ascii_prefix(const unsigned char* at, const unsigned char* end) noexcept {
    const unsigned char* const begin = at;
    while (end - at >= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        if ((word & 0x8080808080808080u) != 0) break;
        at += 8;
    }
    while (at != end && *at < 0x80) ++at;
    return static_cast<std::size_t>(at - begin);
}

/// Bytes at the start of `text` that are well-formed.
std::size_t valid_utf8_prefix(std::string_view text) noexcept {
    const unsigned char* const begin = utf8_bytes(text);
    const unsigned char* const end = begin + text.size();
    const unsigned char* at = begin;
    while (at != end) {
        at += ascii_prefix(at, end);
        if (at == end) break;
        const Utf8Step step = decode_utf8_step(at, end);
        if (!step.valid) break;
        at += step.length;
    }
    return static_cast<std::size_t>(at - begin);
}

/// Simple folding (CaseFolding.txt, status C and S). utf8proc knows the full folding only: where that gives several
/// code points, the simple one is the lower-case letter. U+0130 has a full folding but no simple one.
char32_t simple_fold(char32_t code_point) noexcept {
    if (code_point < 0x80) return code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point;
    if (code_point == 0x130) return code_point;
    utf8proc_int32_t folded[8];
    int boundary_class = 0;
    const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code_point), folded, 8, UTF8PROC_CASEFOLD,
                                               &boundary_class);
    if (count == 1) return static_cast<char32_t>(folded[0]);
    return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point)));
}

/// Below U+0300 every text is in NFC: nothing there composes or is a decomposable singleton.
bool is_plainly_nfc(std::string_view valid) noexcept {
    return std::none_of(valid.begin(), valid.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xCC; });
}

utf8proc_int32_t combining_class(utf8proc_int32_t code_point) noexcept {
    return utf8proc_get_property(code_point)->combining_class;
}

}  // namespace

bool is_valid_utf8(std::string_view text) noexcept {
    return valid_utf8_prefix(text) == text.size();
}

std::string sanitize_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t good = valid_utf8_prefix(text);
        out.append(text.substr(0, good));
        text.remove_prefix(good);
        if (text.empty()) break;
        out.append("\xEF\xBF\xBD");
        text.remove_prefix(decode_utf8_step(utf8_bytes(text), utf8_bytes(text) + text.size()).length);
    }
    return out;
}

char32_t next_code_point(std::string_view text, std::size_t& pos) noexcept {
    const Utf8Step step = decode_utf8_step(utf8_bytes(text) + pos, utf8_bytes(text) + text.size());
    pos += step.length;
    return step.code_point;
}

void append_utf8(std::string& out, char32_t code_point) {
    const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
    const bool scalar = code_point < 0xD800 || (code_point > 0xDFFF && code_point <= 0x10FFFF);
    if (!scalar) code_point = 0xFFFD;
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0 | (code_point >> 6));
        put(0x80 | (code_point & 0x3F));
    } else if (code_point < 0x10000) {
        put(0xE0 | (code_point >> 12));
        put(0x80 | ((code_point >> 6) & 0x3F));
        put(0x80 | (code_point & 0x3F));
    } else {
        put(0xF0 | (code_point >> 18));
        put(0x80 | ((code_point >> 12) & 0x3F));
        put(0x80 | ((code_point >> 6) & 0x3F));
        put(0x80 | (code_point & 0x3F));
    }
}

// PropList.txt, White_Space.
bool is_space(char32_t c) noexcept {
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_letter_or_digit(char32_t c) noexcept {
    if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO:
        case UTF8PROC_CATEGORY_ND:
            return true;
        default:
            return false;
    }
}

std::string collapse_space(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool gap = false;
    for (std::size_t pos = 0; pos < text.size();) {
        const std::size_t start = pos;
        if (is_space(next_code_point(text, pos))) {
            gap = true;
            continue;
        }
        if (gap && !out.empty()) out.push_back(' ');
        gap = false;
        out.append(text.substr(start, pos - start));
    }
    return out;
}

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty()) {
        std::size_t pos = 0;
        if (!is_space(next_code_point(text, pos))) break;
        text.remove_prefix(pos);
    }
    while (!text.empty()) {
        std::size_t start = text.size() - 1;
        while (start > 0 && text.size() - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80)
            --start;
        std::size_t pos = start;
        if (!is_space(next_code_point(text, pos)) || pos != text.size()) break;
        text.remove_suffix(text.size() - start);
    }
    return text;
}

// utf8proc_decompose() orders combining marks by swapping neighbours, which is quadratic in a run of them, so the
// marks are ordered here and utf8proc only decomposes single code points and composes.
std::string to_nfc(std::string_view text) {
    std::string clean;
    if (!is_valid_utf8(text)) text = clean = sanitize_utf8(text);
    if (is_plainly_nfc(text)) return std::string(text);

    std::vector<utf8proc_int32_t> points;
    points.reserve(text.size());
    std::size_t marks = 0;  // combining marks at the end of `points`
    const auto by_class = [](utf8proc_int32_t a, utf8proc_int32_t b) {
        return combining_class(a) < combining_class(b);
    };
    const auto order_marks = [&] {
        if (marks > 1) std::stable_sort(points.end() - static_cast<std::ptrdiff_t>(marks), points.end(), by_class);
        marks = 0;
    };
    for (std::size_t pos = 0; pos < text.size();) {
        utf8proc_int32_t parts[32];
        int boundary_class = 0;
        const auto whole = static_cast<utf8proc_int32_t>(next_code_point(text, pos));
        auto count = utf8proc_decompose_char(
            whole, parts, 32, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), &boundary_class);
        if (count <= 0 || count > 32) {  // not expected of a scalar value
            parts[0] = whole;
            count = 1;
        }
        for (utf8proc_ssize_t i = 0; i < count; ++i) {
            if (combining_class(parts[i]) == 0) {
                order_marks();
                points.push_back(parts[i]);
            } else {
                points.push_back(parts[i]);
                ++marks;
            }
        }
    }
    order_marks();
    const auto length = utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()),
                                                 static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    if (length < 0) return std::string(text);
    std::string out;
    out.reserve(text.size());
    for (utf8proc_ssize_t i = 0; i < length; ++i)
        append_utf8(out, static_cast<char32_t>(points[static_cast<std::size_t>(i)]));
    return out;
}

std::string fold_case(std::string_view text) {
    std::string clean;
    if (!is_valid_utf8(text)) text = clean = sanitize_utf8(text);
    std::string out;
    out.reserve(text.size());
    for (std::size_t pos = 0; pos < text.size();) append_utf8(out, simple_fold(next_code_point(text, pos)));
    return out;
}

std::string ascii_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

bool ascii_iequals(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace meter::core
