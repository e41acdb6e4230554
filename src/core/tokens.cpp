#include "core/tokens.hpp"

#include <algorithm>

#include "core/unicode.hpp"

namespace meter::core {

void append_tokens(std::string& out, std::string_view text) {
    bool inside = false;
    const auto end_token = [&] {
        if (inside) out.push_back(' ');
        inside = false;
    };
    if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
        for (const char c : text) {
            const bool upper = c >= 'A' && c <= 'Z';
            if (!upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) {
                end_token();
                continue;
            }
            out.push_back(upper ? static_cast<char>(c + 32) : c);
            inside = true;
        }
        return end_token();
    }
    const std::string folded = fold_case(to_nfc(text));
    for (std::size_t pos = 0; pos < folded.size();) {
        const std::size_t start = pos;
        if (!is_letter_or_digit(next_code_point(folded, pos))) {
            end_token();
            continue;
        }
        out.append(folded, start, pos - start);
        inside = true;
    }
    end_token();
}

}  // namespace meter::core
