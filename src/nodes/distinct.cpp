#include "nodes/distinct.hpp"

#include <cstring>
#include <utility>

#include "core/hash.hpp"

namespace meter::nodes {

bool DistinctTexts::insert(std::string_view text) {
    if ((size_ + 1) * 4 > slots_.size() * 3) {  // at most three quarters full
        std::vector<Digest> old(slots_.empty() ? 1024 : slots_.size() * 2, Digest{0, 0});
        std::swap(old, slots_);
        for (const Digest& digest : old)
            if (digest != Digest{0, 0}) place(digest);
    }
    const auto hash = core::sha256(text);
    Digest digest;
    std::memcpy(digest.data(), hash.data(), sizeof digest);
    if (digest == Digest{0, 0}) digest[0] = 1;
    if (!place(digest)) return false;
    ++size_;
    return true;
}

bool DistinctTexts::place(const Digest& digest) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = digest[0] & mask;; at = (at + 1) & mask) {
        if (slots_[at] == digest) return false;
        if (slots_[at] != Digest{0, 0}) continue;
        slots_[at] = digest;
        return true;
    }
}

}  // namespace meter::nodes
