#include "http/chunked.hpp"

#include <algorithm>

namespace meter::server {
namespace {

constexpr std::size_t max_extension_bytes = 256;
constexpr std::size_t max_trailer_bytes = 4096;

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

// One byte outside of chunk data. `more` also stands for "go on".
ChunkedDecoder::State ChunkedDecoder::step(char c) {
    switch (part_) {
        case Part::size:
            if (const int digit = hex_digit(c); digit >= 0) {
                // 15 digits stay far from overflow and are far beyond every limit.
                if (++size_digits_ > 15) return State::too_large;
                chunk_left_ = chunk_left_ * 16 + static_cast<std::uint64_t>(digit);
                return State::more;
            }
            if (size_digits_ == 0) return State::malformed;
            if (c == '\r')
                part_ = Part::size_end;
            else if (c == ';' || c == ' ' || c == '\t')
                part_ = Part::extension;
            else
                return State::malformed;
            return State::more;
        case Part::extension:
            if (c == '\r')
                part_ = Part::size_end;
            else if (c == '\n' || c == '\0' || ++extension_bytes_ > max_extension_bytes)
                return State::malformed;
            return State::more;
        case Part::size_end:
            if (c != '\n') return State::malformed;
            last_chunk_ = chunk_left_ == 0;
            if (!last_chunk_ && chunk_left_ > max_bytes_ - total_) return State::too_large;
            part_ = last_chunk_ ? Part::trailer : Part::data;
            size_digits_ = extension_bytes_ = 0;
            return State::more;
        case Part::data_cr:
            if (c != '\r') return State::malformed;
            part_ = Part::data_lf;
            return State::more;
        case Part::data_lf:
            if (c != '\n') return State::malformed;
            part_ = Part::size;
            return State::more;
        case Part::trailer:
            if (++trailer_bytes_ > max_trailer_bytes || c == '\n' || c == '\0') return State::malformed;
            if (c == '\r')
                part_ = Part::trailer_lf;
            else
                ++trailer_line_;
            return State::more;
        case Part::trailer_lf:
            if (c != '\n') return State::malformed;
            if (trailer_line_ == 0) return State::complete;
            trailer_line_ = 0;
            part_ = Part::trailer;
            return State::more;
        case Part::data:
            break;
    }
    return State::malformed;
}

ChunkedDecoder::State ChunkedDecoder::feed(std::string_view& input, std::string& body) {
    while (!input.empty()) {
        if (part_ == Part::data) {
            const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input.size()));
            body.append(input.substr(0, take));
            input.remove_prefix(take);
            total_ += take;
            chunk_left_ -= take;
            if (chunk_left_ == 0) part_ = Part::data_cr;
            continue;
        }
        const State state = step(input.front());
        input.remove_prefix(1);
        if (state != State::more) return state;
    }
    return State::more;
}

}  // namespace meter::server
