// Text that JSON holds as it is: what most strings are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace meter::json {

/// Bytes at the start of `text` that are printable ASCII other than '"' and '\\', looked at eight at a time.
inline std::size_t plain_prefix(std::string_view text) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    const auto any_below = [](std::uint64_t word, std::uint64_t limit) { return (word - ones * limit) & ~word & high; };
    std::size_t i = 0;
    for (; text.size() - i >= 8; i += 8) {
        std::uint64_t word;
        std::memcpy(&word, text.data() + i, sizeof word);
        if (((word & high) | any_below(word, 0x20) | any_below(word ^ ones * '"', 1) |
             any_below(word ^ ones * '\\', 1)) != 0)
            break;
    }
    for (; i < text.size(); ++i)
        if (const auto byte = static_cast<unsigned char>(text[i]);
            byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\')
            break;
    return i;
}

}  // namespace meter::json
