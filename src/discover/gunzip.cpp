#include "discover/gunzip.hpp"

#ifdef METER_WITH_ZLIB
#include <zlib.h>

#include <array>
#endif

namespace meter::discover {

#ifdef METER_WITH_ZLIB

const bool Gunzip::supported = true;

struct Gunzip::Stream {
    Stream() { open = inflateInit2(&z, 16 + MAX_WBITS) == Z_OK; }
    ~Stream() {
        if (open) inflateEnd(&z);
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    z_stream z{};
    bool open = false;
    bool ended = false;
};

Gunzip::Gunzip() : stream_(std::make_unique<Stream>()) {}

bool Gunzip::feed(std::string_view bytes, const std::function<bool(std::string_view)>& use) {
    if (!stream_->open) return false;
    z_stream& z = stream_->z;
    std::array<char, 16'384> out;
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z.avail_in = static_cast<uInt>(bytes.size());
    while (z.avail_in > 0 && !stream_->ended) {
        z.next_out = reinterpret_cast<Bytef*>(out.data());
        z.avail_out = static_cast<uInt>(out.size());
        const int code = inflate(&z, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return false;
        if (!use(std::string_view(out.data(), out.size() - z.avail_out))) return false;
        stream_->ended = code == Z_STREAM_END;  // what follows the file is no part of it
    }
    return true;
}

#else

const bool Gunzip::supported = false;

struct Gunzip::Stream {};

Gunzip::Gunzip() = default;

bool Gunzip::feed(std::string_view, const std::function<bool(std::string_view)>&) {
    return false;
}

#endif

Gunzip::~Gunzip() = default;

}  // namespace meter::discover
