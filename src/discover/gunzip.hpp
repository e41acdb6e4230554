// gzip files as they arrive. Without zlib (METER_WITH_ZLIB=OFF) every one of them is refused.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace meter::discover {

class Gunzip {
public:
    /// Whether this build can read any.
    static const bool supported;

    Gunzip();
    ~Gunzip();
    Gunzip(const Gunzip&) = delete;
    Gunzip& operator=(const Gunzip&) = delete;

    /// Hands the decoded bytes to `use` until it returns false. False when the data are broken or `use` ended it.
    bool feed(std::string_view bytes, const std::function<bool(std::string_view)>& use);

private:
    struct Stream;
    std::unique_ptr<Stream> stream_;  ///< null: none could be made
};

}  // namespace meter::discover
