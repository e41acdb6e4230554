// How the tokeniser finds its way: which bytes mean something, and fast searches for them.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace meter::html::detail {

enum : std::uint8_t {
    byte_space = 1,   ///< TAB, LF, FF, CR, SPACE: CR has become LF when the standard's states see it (13.2.3.5)
    byte_slash = 2,   ///< '/'
    byte_close = 4,   ///< '>'
    byte_equals = 8,  ///< '='
    byte_upper = 16,  ///< ASCII upper case: names are rewritten
    byte_null = 32,   ///< U+0000
    byte_lower = 64,  ///< ASCII lower case
    byte_amp = 128,   ///< '&'
};

constexpr std::array<std::uint8_t, 256> byte_classes = [] {
    std::array<std::uint8_t, 256> classes{};
    for (const char c : {'\t', '\n', '\f', '\r', ' '}) classes[static_cast<unsigned char>(c)] = byte_space;
    classes['/'] = byte_slash;
    classes['>'] = byte_close;
    classes['='] = byte_equals;
    classes['&'] = byte_amp;
    classes[0] = byte_null;
    for (unsigned c = 'A'; c <= 'Z'; ++c) classes[c] = byte_upper;
    for (unsigned c = 'a'; c <= 'z'; ++c) classes[c] = byte_lower;
    return classes;
}();

constexpr std::uint8_t byte_class(char c) noexcept {
    return byte_classes[static_cast<unsigned char>(c)];
}

constexpr bool is_byte(char c, unsigned classes) noexcept {
    return (byte_class(c) & classes) != 0;
}

constexpr char lower_ascii(char c) noexcept {
    return is_byte(c, byte_upper) ? static_cast<char>(c + 32) : c;
}

/// The first of these bytes in [at, end), or end. Equal ones cost nothing more.
template <char A, char B, char C, char D>
inline const char* find_any(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
    const __m128i a = _mm_set1_epi8(A), b = _mm_set1_epi8(B), c = _mm_set1_epi8(C), d = _mm_set1_epi8(D);
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, a), _mm_cmpeq_epi8(bytes, b)),
                                           _mm_or_si128(_mm_cmpeq_epi8(bytes, c), _mm_cmpeq_epi8(bytes, d)));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
        if (mask != 0) return at + std::countr_zero(mask);
    }
#else
    // Eight bytes at a time: a byte is zero exactly when subtracting one borrows into its clear high bit. False alarms
    // above a true one are harmless, since the bytes are then looked at one by one.
    constexpr std::uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    const auto zeroes = [](std::uint64_t word, char byte) {
        const std::uint64_t differs = word ^ (ones * static_cast<unsigned char>(byte));
        return (differs - ones) & ~differs & highs;
    };
    for (; end - at >= 8; at += 8) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        if ((zeroes(word, A) | zeroes(word, B) | zeroes(word, C) | zeroes(word, D)) != 0) break;
    }
#endif
    while (at != end && *at != A && *at != B && *at != C && *at != D) ++at;
    return at;
}

/// The first such byte, or end.
inline const char* find_byte(const char* at, const char* end, char byte) noexcept {
    if (at == end) return end;
    const void* found = std::memchr(at, byte, static_cast<std::size_t>(end - at));
    return found == nullptr ? end : static_cast<const char*>(found);
}

}  // namespace meter::html::detail
