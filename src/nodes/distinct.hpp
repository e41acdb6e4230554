// A set that only knows whether it has seen a text: 16 bytes for each, whatever its length.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace meter::nodes {

/// Keeps the first half of each text's SHA-256, with open addressing. Two texts are taken for one with a chance of
/// 2^-64 at four billion of them; nobody can make them so on purpose.
class DistinctTexts {
public:
    /// Was the text new?
    bool insert(std::string_view text);
    std::size_t size() const noexcept { return size_; }

private:
    using Digest = std::array<std::uint64_t, 2>;

    bool place(const Digest& digest);

    std::vector<Digest> slots_;  // a power of two; {0, 0} is empty
    std::size_t size_ = 0;
};

}  // namespace meter::nodes
