#include "notify/text.hpp"

#include <algorithm>

#include "core/unicode.hpp"
#include "meter/json.hpp"

namespace meter::notify {
namespace {

constexpr std::string_view ellipsis = "\xE2\x80\xA6";
constexpr std::size_t item_value_length = 100;
constexpr std::size_t item_bytes_read = 4096;

std::size_t utf16_units(char32_t code_point) noexcept {
    return code_point > 0xFFFF ? 2 : 1;
}

/// Code points that change the one before them: a cut in front of one would show another character.
bool joins_previous(char32_t c) noexcept {
    return (c >= 0x300 && c <= 0x36F) || (c >= 0x1AB0 && c <= 0x1AFF) || (c >= 0x1DC0 && c <= 0x1DFF) ||
           (c >= 0x20D0 && c <= 0x20FF) || (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xFE20 && c <= 0xFE2F) ||
           c == 0x200D || (c >= 0x1F3FB && c <= 0x1F3FF) || (c >= 0xE0100 && c <= 0xE01EF);
}

/// Appends the characters of `text`, each as `escape` writes it, as long as they fit; otherwise cut with an ellipsis.
template <class Escape>
std::string cut_escaped(std::string_view text, std::size_t limit, Escape&& escape) {
    std::string out;
    std::size_t length = 0;
    std::size_t safe_bytes = 0;  // of `out`: an ellipsis still fits behind it, and no character is torn
    bool after_joiner = false;
    for (std::size_t pos = 0; pos < text.size();) {
        const std::size_t start = pos;
        const char32_t c = core::next_code_point(text, pos);
        if (length + 1 <= limit && !joins_previous(c) && !after_joiner) safe_bytes = out.size();
        after_joiner = c == 0x200D;
        const std::string_view raw = text.substr(start, pos - start);
        const std::string_view written = escape(c, raw);
        length += written.data() == raw.data() ? utf16_units(c) : written.size();
        if (length > limit) {
            out.resize(safe_bytes);
            return out.append(ellipsis);
        }
        out.append(written);
    }
    return out;
}

}  // namespace

std::size_t utf16_length(std::string_view text) noexcept {
    std::size_t length = 0;
    for (std::size_t pos = 0; pos < text.size();) length += utf16_units(core::next_code_point(text, pos));
    return length;
}

std::string cut(std::string_view text, std::size_t limit) {
    return cut_escaped(text, limit, [](char32_t, std::string_view raw) { return raw; });
}

std::string slack_text(std::string_view text, std::size_t limit) {
    return cut_escaped(text, limit, [](char32_t c, std::string_view raw) -> std::string_view {
        switch (c) {
            case '&':
                return "&amp;";
            case '<':
                return "&lt;";
            case '>':
                return "&gt;";
            default:
                return raw;
        }
    });
}

std::string discord_text(std::string_view text, std::size_t limit) {
    static constexpr std::string_view markup = "\\*_~`|[]<>#";
    static constexpr std::string_view escaped = "\\\\\\*\\_\\~\\`\\|\\[\\]\\<\\>\\#";
    return cut_escaped(text, limit, [](char32_t c, std::string_view raw) -> std::string_view {
        const auto at = raw.size() == 1 ? markup.find(static_cast<char>(c)) : std::string_view::npos;
        return at == std::string_view::npos ? raw : escaped.substr(2 * at, 2);
    });
}

std::string value_text(const Value& value, std::size_t limit) {
    const std::string* string = value.if_string();
    const std::string text = string != nullptr ? *string : to_json(value);
    // A long text is not worth collapsing as a whole: a multiple of what is shown holds enough.
    std::string_view head = std::string_view(text).substr(0, item_bytes_read);
    while (head.size() < text.size() && !head.empty() && !core::is_valid_utf8(head)) head.remove_suffix(1);
    return cut(core::collapse_space(head), limit);
}

std::string item_line(const Value& item, std::size_t limit) {
    const Object* object = item.if_object();
    if (object == nullptr) return value_text(item, limit);
    std::string line;
    for (const auto& [name, value] : *object) {
        if (value.is_null()) continue;
        if (!line.empty()) line += ", ";
        line += cut(core::collapse_space(name), item_value_length) + ": " + value_text(value, item_value_length);
        if (line.size() > item_bytes_read) break;
    }
    return cut(line, limit);
}

}  // namespace meter::notify
