// The chunked transfer coding of request bodies (RFC 9112 section 7.1), decoded as it arrives. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace meter::server {

class ChunkedDecoder {
public:
    /// `max_bytes`: longest decoded body.
    explicit ChunkedDecoder(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    enum class State { more, complete, malformed, too_large };

    /// Takes coded bytes from the front of `input` and appends the decoded ones to `body`. What is left of `input`
    /// after `complete` belongs to the next request. Chunk extensions and trailers are dropped, bounded.
    State feed(std::string_view& input, std::string& body);

private:
    enum class Part { size, extension, size_end, data, data_cr, data_lf, trailer, trailer_lf };

    State step(char c);

    std::size_t max_bytes_;
    Part part_ = Part::size;
    std::uint64_t chunk_left_ = 0;
    std::size_t size_digits_ = 0, total_ = 0;
    std::size_t extension_bytes_ = 0;  ///< of the current size line
    std::size_t trailer_bytes_ = 0, trailer_line_ = 0;
    bool last_chunk_ = false;
};

}  // namespace meter::server
