// Which charset a page is in, and its bytes as UTF-8 (WHATWG Encoding standard; wire contract 8.5).
#pragma once

#include <string>
#include <string_view>

namespace meter::html::detail {

/// The canonical name of an encoding by one of its labels, trimmed, in any case: "latin1" is "windows-1252", "gb2312"
/// is "GBK". Empty for what is no label. Source: Encoding standard, section 4.2; the "replacement" encodings are left
/// out.
std::string_view encoding_for_label(std::string_view label) noexcept;

/// The charset a Content-Type value or a meta element's content names; empty when none is known.
std::string_view charset_of_content_type(std::string_view value) noexcept;

/// The charset the first 1024 bytes declare: <meta charset>, <meta http-equiv="Content-Type">, <?xml encoding?>.
/// Empty when there is none. Source: HTML standard, section 13.2.3.2.
std::string_view sniff_declared_encoding(std::string_view bytes);

/// The same for a declaration that comes later than it should, which browsers honour when they meet it (13.2.3.4):
/// searches all of `bytes`, but not the content of scripts and the like.
std::string_view sniff_late_declaration(std::string_view bytes);

/// The C library's table for an encoding; null where we decode ourselves.
const char* iconv_name(std::string_view encoding) noexcept;

/// The character of a byte in windows-1252.
char32_t windows_1252(unsigned char byte) noexcept;

struct Decoded {
    std::string storage;        ///< empty when the input is the text
    std::string_view text;      ///< valid UTF-8 without a BOM
    std::string_view encoding;  ///< canonical name

    Decoded() = default;
    Decoded(const Decoded&) = delete;  // `text` may point into `storage`
    Decoded& operator=(const Decoded&) = delete;
};

/// All of a page at once, as InputDecoder decodes it. `out.text` may point into `bytes`.
void decode(std::string_view bytes, std::string_view content_type, Decoded& out);

}  // namespace meter::html::detail
