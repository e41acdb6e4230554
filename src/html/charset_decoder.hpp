// Bytes of a known encoding to UTF-8, piece by piece (Encoding standard).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace meter::html::detail {

/// How many bytes at the start of a text are ASCII.
std::size_t ascii_prefix(std::string_view text) noexcept;

/// What the bytes at the start of a text are in UTF-8.
struct Utf8Prefix {
    std::size_t valid = 0;      ///< bytes of well-formed sequences
    std::size_t malformed = 0;  ///< then bytes of a malformed one (its maximal subpart, Unicode 15 section 3.9); 0 at
                                ///< the end of the text or where that cuts a sequence off
};
Utf8Prefix utf8_prefix(std::string_view text) noexcept;

/// The same text whatever the pieces; malformed sequences are U+FFFD. Cost: linear. Memory: 32 KiB.
class CharsetDecoder {
public:
    using Receiver = std::function<void(std::string_view text)>;

    /// `encoding` is a canonical name, see encoding_for_label(). False where the C library lacks its table: then
    /// nothing may be fed.
    explicit CharsetDecoder(std::string_view encoding);
    ~CharsetDecoder();
    CharsetDecoder(const CharsetDecoder&) = delete;
    CharsetDecoder& operator=(const CharsetDecoder&) = delete;
    explicit operator bool() const noexcept { return kind_ != Kind::none; }

    /// Hands over text, never empty, cut between characters; views into `bytes` where they are the text.
    void feed(std::string_view bytes, const Receiver& out);
    /// What was cut off by the end.
    void finish(const Receiver& out);

private:
    enum class Kind { none, utf8, windows_1252, utf16_le, utf16_be, iconv };
    class Table;

    void feed_utf8(std::string_view bytes, const Receiver& out);
    void feed_windows_1252(std::string_view bytes, const Receiver& out);
    void feed_utf16(std::string_view bytes, const Receiver& out);
    void feed_iconv(std::string_view bytes, const Receiver& out);
    void flush(const Receiver& out);
    void flush_full(const Receiver& out);

    Kind kind_ = Kind::none;
    bool keeps_c1_ = false;  // bytes 0x80 to 0x9F without a character are C1 controls
    std::unique_ptr<Table> table_;
    std::string cut_off_;  // the start of a sequence
    std::string text_;     // decoded, not handed over yet
};

}  // namespace meter::html::detail
