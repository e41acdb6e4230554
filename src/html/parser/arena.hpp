// Memory for the nodes of one document: handed out in order, given back all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "html/parser/pages.hpp"

namespace meter::html::detail {

/// Blocks are aligned to 8 bytes and not initialised. Throws std::bad_alloc.
class Arena {
public:
    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    void* allocate(std::size_t bytes) {
        char* const start = top_ + (-reinterpret_cast<std::uintptr_t>(top_) & 7u);
        if (static_cast<std::size_t>(end_ - top_) < bytes + 7) return allocate_in_new_chunk(bytes);
        top_ = start + bytes;
        return start;
    }

    /// Makes the latest block, which ends at `block_end`, longer by `bytes`. False when it is not the latest or there
    /// is no room behind it.
    bool extend(const char* block_end, std::size_t bytes) noexcept {
        if (block_end != top_ || static_cast<std::size_t>(end_ - top_) < bytes) return false;
        top_ += bytes;
        return true;
    }

    /// Bytes asked of the system.
    std::size_t reserved() const noexcept { return reserved_; }

private:
    void* allocate_in_new_chunk(std::size_t bytes);

    char* top_ = nullptr;
    char* end_ = nullptr;
    std::size_t reserved_ = 0;
    std::vector<std::unique_ptr<char, ReleaseMemory>> chunks_;
};

}  // namespace meter::html::detail
