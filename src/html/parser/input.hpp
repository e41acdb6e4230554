// From the bytes of a page to UTF-8 text, as they arrive (HTML standard, sections 13.2.3.1 and 13.2.3.2; wire
// contract 8.5).
#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace meter::html::detail {

/// Decides the encoding once, then decodes piece by piece: the same text whatever the pieces.
///
/// The encoding is that of the byte order mark, else the Content-Type's charset, else what the first 1,024 bytes
/// declare, so nothing is handed over before as many have come or finish() is called. Where nothing is declared, text
/// is handed over as long as it is ASCII, the same in all encodings; from the first other byte on it is kept until
///  - a declaration turns up in the first 64 KiB after all (13.2.3.4), or those 64 KiB are over,
///  - and then malformed UTF-8 shows in the first 64 KiB from that byte on, which makes it windows-1252, or does not,
///    which makes it UTF-8.
/// Cost: linear. Memory: at most 128 KiB of undecided bytes.
class InputDecoder {
public:
    /// Receives decoded text: never empty, valid UTF-8 without a byte order mark, cut between characters; CR and
    /// U+0000 are still in it. Malformed sequences are U+FFFD (Encoding standard, section 4.1). The view ends with the
    /// call; it may point into the bytes fed.
    using Receiver = std::function<void(std::string_view text)>;

    /// `content_type` is the value of the header; it need not outlive the call. "text/html; charset=utf-8" makes text
    /// that is known to be UTF-8 pass through.
    explicit InputDecoder(std::string_view content_type = {});
    ~InputDecoder();
    InputDecoder(const InputDecoder&) = delete;
    InputDecoder& operator=(const InputDecoder&) = delete;

    void feed(std::string_view bytes, const Receiver& out);
    /// The end of the input: decides what was undecided. Once.
    void finish(const Receiver& out);

    /// Canonical name ("UTF-8", "windows-1252", ...); empty while undecided, never empty after finish().
    std::string_view encoding() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace meter::html::detail
