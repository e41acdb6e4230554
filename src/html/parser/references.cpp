#include "html/parser/references.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/unicode.hpp"
#include "html/charset.hpp"
#include "html/parser/references_table.hpp"
#include "html/tags.hpp"

namespace meter::html::detail {
namespace {

struct NamedReference {
    std::uint16_t name_at = 0, text_at = 0;  // in reference_list
    std::uint8_t name_size = 0, text_size = 0;
    bool bare = false;  // one also without its semicolon
};

struct ReferenceIndex {
    std::array<NamedReference, reference_count + 1> rows{};  // row 0 is no name
    std::array<std::uint16_t, 4096> slots{};                 // open addressing by the hash of the name
    std::size_t longest = 0, longest_bare = 0;
};

constexpr std::string_view reference_text{reference_list, sizeof reference_list - 1};
static_assert(reference_text.size() <= 0xffff);

constexpr std::uint16_t next_reference_space(std::size_t at) {
    while (reference_list[at] != ' ') ++at;
    return static_cast<std::uint16_t>(at);
}

constexpr ReferenceIndex reference_index = [] {
    ReferenceIndex index;
    std::uint16_t at = 0;
    for (std::size_t i = 1; i <= reference_count; ++i) {
        NamedReference& row = index.rows[i];
        const std::uint16_t name_end = next_reference_space(at);
        const std::uint16_t text_end = next_reference_space(name_end + 1u);
        row.bare = reference_list[name_end - 1] != ';';
        row.name_at = at;
        row.name_size = static_cast<std::uint8_t>(name_end - at - (row.bare ? 0 : 1));
        row.text_at = static_cast<std::uint16_t>(name_end + 1);
        row.text_size = static_cast<std::uint8_t>(text_end - name_end - 1);
        at = static_cast<std::uint16_t>(text_end + 1);
        if (row.name_size > index.longest) index.longest = row.name_size;
        if (row.bare && row.name_size > index.longest_bare) index.longest_bare = row.name_size;
        std::size_t slot = tag_hash(reference_text.substr(row.name_at, row.name_size)) % index.slots.size();
        while (index.slots[slot] != 0) slot = (slot + 1) % index.slots.size();
        index.slots[slot] = static_cast<std::uint16_t>(i);
    }
    return index;
}();

const NamedReference* find_reference(std::string_view name) noexcept {
    for (std::size_t slot = tag_hash(name) % reference_index.slots.size(); reference_index.slots[slot] != 0;
         slot = (slot + 1) % reference_index.slots.size()) {
        const NamedReference& row = reference_index.rows[reference_index.slots[slot]];
        if (reference_text.substr(row.name_at, row.name_size) == name) return &row;
    }
    return nullptr;
}

constexpr bool is_name_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr int digit_value(char c, bool hex) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (hex && c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (hex && c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// 13.2.5.75 to 13.2.5.80.
std::size_t read_numeric_reference(std::string_view text, bool final, std::string& out) {
    const bool hex = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
    const std::size_t digits = hex ? 3 : 2;
    std::size_t end = digits;
    char32_t value = 0;
    for (int digit = 0; end < text.size() && (digit = digit_value(text[end], hex)) >= 0; ++end)
        if (value <= 0x10ffff) value = value * (hex ? 16 : 10) + static_cast<char32_t>(digit);
    if (end == text.size() && !final) return reference_undecided;
    if (end == digits) return 0;
    if (end < text.size() && text[end] == ';') ++end;
    if (value >= 0x80 && value <= 0x9f)
        value = windows_1252(static_cast<unsigned char>(value));
    else if (value == 0)
        value = 0xfffd;
    core::append_utf8(out, value);  // surrogates and what is beyond U+10FFFF become U+FFFD
    return end;
}

}  // namespace

std::size_t read_reference(std::string_view text, bool in_attribute, bool final, std::string& out) {
    if (text.size() > 1 && text[1] == '#') return read_numeric_reference(text, final, out);
    // Names are letters and digits, so the longest match is the whole run with its semicolon, or else the longest
    // start of it that needs none.
    const std::size_t limit = std::min(text.size(), reference_index.longest + 2);
    std::size_t end = 1;
    while (end < limit && is_name_letter(text[end])) ++end;
    if (end == text.size() && !final) return reference_undecided;
    const std::string_view run = text.substr(1, end - 1);
    const auto taken = [&](const NamedReference& row, std::size_t length) {
        out.append(reference_text.substr(row.text_at, row.text_size));
        return length;
    };
    if (end < text.size() && text[end] == ';')
        if (const NamedReference* row = find_reference(run)) return taken(*row, end + 1);
    for (std::size_t size = std::min(run.size(), reference_index.longest_bare); size >= 2; --size) {
        const NamedReference* row = find_reference(run.substr(0, size));
        if (row == nullptr || !row->bare) continue;
        const char next = size + 1 < text.size() ? text[size + 1] : '\0';
        // "?a=1&copy=2" in a link is no copyright sign (13.2.5.73).
        if (in_attribute && (next == '=' || is_name_letter(next))) return 0;
        return taken(*row, size + 1);
    }
    return 0;
}

}  // namespace meter::html::detail
