#include "html/charset_decoder.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "core/unicode.hpp"
#include "html/charset.hpp"

namespace meter::html::detail {
namespace {

constexpr std::size_t decoded_at_once = 16384;
constexpr char32_t malformed_sequence = 0xfffd;

const char* skip_ascii(const char* at, const char* end) noexcept {
    for (; end - at >= 16; at += 16) {
        std::uint64_t words[2];
        std::memcpy(words, at, sizeof words);
        if (((words[0] | words[1]) & 0x8080808080808080u) != 0) break;
    }
    while (at != end && static_cast<signed char>(*at) >= 0) ++at;
    return at;
}

// Unicode 15 table 3-7: bytes after this lead, and the range of the first of them.
struct Utf8Lead {
    std::uint8_t more, low, high;
};
constexpr std::array<Utf8Lead, 256> utf8_leads = [] {
    std::array<Utf8Lead, 256> leads{};
    // Whole elements and no member initialisers: g++ 12 forgets those of an element of which one member is set here.
    for (Utf8Lead& lead : leads) lead = {0, 0x80, 0xbf};
    for (unsigned byte = 0xc2; byte <= 0xdf; ++byte) leads[byte] = {1, 0x80, 0xbf};
    for (unsigned byte = 0xe0; byte <= 0xef; ++byte) leads[byte] = {2, 0x80, 0xbf};
    for (unsigned byte = 0xf0; byte <= 0xf4; ++byte) leads[byte] = {3, 0x80, 0xbf};
    leads[0xe0].low = 0xa0;
    leads[0xed].high = 0x9f;
    leads[0xf0].low = 0x90;
    leads[0xf4].high = 0x8f;
    return leads;
}();

}  // namespace

std::size_t ascii_prefix(std::string_view text) noexcept {
    return static_cast<std::size_t>(skip_ascii(text.data(), text.data() + text.size()) - text.data());
}

Utf8Prefix utf8_prefix(std::string_view text) noexcept {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const char* at = begin;
    while (at != end) {
        if (static_cast<signed char>(*at) >= 0) {
            at = skip_ascii(at, end);
            continue;
        }
        const Utf8Lead& lead = utf8_leads[static_cast<unsigned char>(*at)];
        const std::size_t wanted = lead.more + 1u, there = static_cast<std::size_t>(end - at);
        std::size_t size = 1;
        while (size < wanted && size < there) {
            const auto byte = static_cast<unsigned char>(at[size]);
            if (size == 1 ? byte < lead.low || byte > lead.high : byte < 0x80 || byte > 0xbf) break;
            ++size;
        }
        if (wanted == 1 || size < std::min(wanted, there)) return {static_cast<std::size_t>(at - begin), size};
        if (size < wanted) return {static_cast<std::size_t>(at - begin), 0};
        at += size;
    }
    return {text.size(), 0};
}

class CharsetDecoder::Table {
public:
    explicit Table(const char* name) : handle_(iconv_open("UTF-8", name)) {}
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;
    ~Table() {
        if (*this) iconv_close(handle_);
    }
    // False when the C library lacks the table.
    explicit operator bool() const noexcept { return handle_ != reinterpret_cast<iconv_t>(-1); }
    iconv_t get() const noexcept { return handle_; }

private:
    iconv_t handle_;
};

CharsetDecoder::CharsetDecoder(std::string_view encoding) {
    if (encoding == "UTF-8") {
        kind_ = Kind::utf8;
    } else if (encoding == "windows-1252") {
        kind_ = Kind::windows_1252;
    } else if (encoding == "UTF-16LE") {
        kind_ = Kind::utf16_le;
    } else if (encoding == "UTF-16BE") {
        kind_ = Kind::utf16_be;
    } else if (const char* name = iconv_name(encoding); name != nullptr) {
        table_ = std::make_unique<Table>(name);
        if (*table_) kind_ = Kind::iconv;
        keeps_c1_ = encoding.starts_with("windows-");
    }
}

CharsetDecoder::~CharsetDecoder() = default;

void CharsetDecoder::flush(const Receiver& out) {
    if (!text_.empty()) out(text_);
    text_.clear();
}

void CharsetDecoder::flush_full(const Receiver& out) {
    if (text_.size() >= decoded_at_once) flush(out);
}

void CharsetDecoder::feed(std::string_view bytes, const Receiver& out) {
    switch (kind_) {
        case Kind::none:
            return;
        case Kind::utf8:
            feed_utf8(bytes, out);
            break;
        case Kind::windows_1252:
            feed_windows_1252(bytes, out);
            break;
        case Kind::utf16_le:
        case Kind::utf16_be:
            feed_utf16(bytes, out);
            break;
        case Kind::iconv:
            feed_iconv(bytes, out);
            break;
    }
    flush(out);
}

void CharsetDecoder::finish(const Receiver& out) {
    if (!cut_off_.empty()) {
        // One for the sequence, as the standard's decoders have it at the end of the queue.
        core::append_utf8(text_, malformed_sequence);
        cut_off_.clear();
    }
    if (kind_ == Kind::iconv) {  // what the table has kept back: a base character that could have been composed
        std::array<char, 64> buffer;
        char* to = buffer.data();
        std::size_t room = buffer.size();
        iconv(table_->get(), nullptr, nullptr, &to, &room);
        text_.append(buffer.data(), buffer.size() - room);
    }
    flush(out);
}

void CharsetDecoder::feed_utf8(std::string_view bytes, const Receiver& out) {
    while (!cut_off_.empty() && !bytes.empty()) {
        cut_off_ += bytes.front();
        const Utf8Prefix prefix = utf8_prefix(cut_off_);
        if (prefix.malformed != 0) {  // because of the new byte, which starts afresh
            core::append_utf8(text_, malformed_sequence);
            cut_off_.clear();
            break;
        }
        bytes.remove_prefix(1);
        if (prefix.valid == 0) continue;
        text_ += cut_off_;
        cut_off_.clear();
    }
    while (!bytes.empty()) {
        const Utf8Prefix prefix = utf8_prefix(bytes);
        const std::string_view valid = bytes.substr(0, prefix.valid);
        if (valid.size() > 512) {
            flush(out);
            out(valid);
        } else {
            text_ += valid;
        }
        bytes.remove_prefix(prefix.valid);
        if (prefix.malformed == 0) {
            cut_off_ = bytes;
            return;
        }
        core::append_utf8(text_, malformed_sequence);
        bytes.remove_prefix(prefix.malformed);
        flush_full(out);
    }
}

void CharsetDecoder::feed_windows_1252(std::string_view bytes, const Receiver& out) {
    const char* const end = bytes.data() + bytes.size();
    for (const char* at = bytes.data(); at != end;) {
        const char* const ascii = at;
        at = skip_ascii(at, end);
        text_.append(ascii, at);
        for (; at != end && static_cast<signed char>(*at) < 0; ++at) {
            core::append_utf8(text_, detail::windows_1252(static_cast<unsigned char>(*at)));
            flush_full(out);
        }
        flush_full(out);
    }
}

void CharsetDecoder::feed_utf16(std::string_view bytes, const Receiver& out) {
    std::string joined;
    if (!cut_off_.empty()) {
        joined.append(cut_off_).append(bytes);
        bytes = joined;
        cut_off_.clear();
    }
    const auto unit = [&](std::size_t i) {
        const auto first = static_cast<unsigned char>(bytes[i]);
        const auto second = static_cast<unsigned char>(bytes[i + 1]);
        return static_cast<char32_t>(kind_ == Kind::utf16_be ? first << 8 | second : second << 8 | first);
    };
    std::size_t i = 0;
    for (; i + 1 < bytes.size(); i += 2) {
        char32_t code_point = unit(i);
        if (code_point >= 0xd800 && code_point <= 0xdbff) {
            if (i + 3 >= bytes.size()) break;
            if (const char32_t low = unit(i + 2); low >= 0xdc00 && low <= 0xdfff) {
                code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        core::append_utf8(text_, code_point);  // a surrogate alone becomes U+FFFD
        flush_full(out);
    }
    cut_off_ = bytes.substr(i);
}

void CharsetDecoder::feed_iconv(std::string_view bytes, const Receiver& out) {
    constexpr auto failed = static_cast<std::size_t>(-1);
    std::string joined;
    if (!cut_off_.empty()) {
        joined.append(cut_off_).append(bytes);
        bytes = joined;
        cut_off_.clear();
    }
    std::array<char, decoded_at_once> buffer;
    char* in = const_cast<char*>(bytes.data());  // iconv only reads it
    std::size_t left = bytes.size();
    while (left > 0) {
        char* to = buffer.data();
        std::size_t room = buffer.size();
        const bool broken = iconv(table_->get(), &in, &left, &to, &room) == failed;
        const int error = errno;
        text_.append(buffer.data(), buffer.size() - room);
        flush_full(out);
        if (!broken || error == E2BIG) continue;
        if (error == EINVAL && left < 16) {  // no sequence is longer
            cut_off_.assign(in, left);
            return;
        }
        const auto byte = static_cast<unsigned char>(*in);
        core::append_utf8(text_, keeps_c1_ && byte >= 0x80 && byte <= 0x9f ? byte : malformed_sequence);
        ++in;
        --left;
    }
}

}  // namespace meter::html::detail
