// The head of an HTTP/1.x request: found in a stream of bytes, checked, and taken apart. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace meter::server {

/// Caps on one request head.
struct HeadLimits {
    std::size_t max_bytes = 32u << 10;  ///< request line and header lines together -> 431
    std::size_t max_headers = 100;      ///< header lines -> 431
    std::size_t max_target = 8u << 10;  ///< path and query -> 414
};

/// Why a request was refused before it had a handler. The connection is closed after the answer.
struct Refusal {
    int status = 400;
    std::string detail = {};
    bool operator==(const Refusal&) const = default;
};

/// Where the body ends.
enum class Framing { none, length, chunked };

/// A checked request head. Header values are as sent, without surrounding white space.
struct RequestHead {
    std::string method = {};
    std::string target = {};  ///< origin form: path and query as sent; "*" for the asterisk form
    bool http10 = false;
    std::vector<std::pair<std::string, std::string>> headers = {};  ///< names in lower case
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;
    bool keep_alive = true;
    bool expects_continue = false;

    /// The value of the only header with this lower-case name; null pointer when there is none. With several, the
    /// first: use count() where that matters.
    const std::string* header(std::string_view name) const noexcept;
    std::size_t count(std::string_view name) const noexcept;
    std::string_view path() const noexcept;   ///< target up to "?"
    std::string_view query() const noexcept;  ///< target after "?"
};

/// Finds the end of a head in bytes that arrive in pieces. Looks at each byte once.
class HeadReader {
public:
    explicit HeadReader(const HeadLimits& limits) : limits_(limits) {}

    enum class State { more, complete, refused };

    /// `bytes` are all bytes since the start of the request: those of earlier calls and new ones behind them.
    State advance(std::string_view bytes);
    /// complete: bytes of the head, the empty line included.
    std::size_t size() const noexcept { return position_; }
    const Refusal& refusal() const noexcept { return refusal_; }

private:
    State refuse(int status, std::string_view detail);

    HeadLimits limits_;
    std::size_t position_ = 0, line_start_ = 0, lines_ = 0, blank_lines_ = 0;
    bool after_cr_ = false;
    Refusal refusal_;
};

/// Takes a complete head apart. Refuses what two readers could read differently: RFC 9112 sections 3, 5, 6.
/// Returns the refusal, or nothing and fills `head`.
std::optional<Refusal> parse_head(std::string_view bytes, const HeadLimits& limits, RequestHead& head);

/// Target and Origin of a head that may be incomplete or malformed, as far as they can be told; for the form of a
/// refusal only.
RequestHead guess_head(std::string_view bytes);

/// ASCII lower case.
std::string lower_ascii(std::string_view text);

}  // namespace meter::server
