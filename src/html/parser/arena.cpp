#include "html/parser/arena.hpp"

#include <algorithm>

namespace meter::html::detail {

void* Arena::allocate_in_new_chunk(std::size_t bytes) {
    // Small chunks stay in the allocator's free lists from one page to the next; large ones would be mapped and
    // cleared by the system each time.
    constexpr std::size_t first_chunk = 16u << 10, largest_chunk = 96u << 10;
    const std::size_t usual = std::clamp(reserved_, first_chunk, largest_chunk);
    // A long text outgrows its chunk while it arrives: room for as much again keeps that linear.
    const std::size_t size = bytes > usual / 4 ? std::max(usual, bytes * 2 + 8) : usual;
    chunks_.reserve(chunks_.size() + 1);
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    reserved_ += size;
    char* const start = chunks_.back().get();  // new[] aligns to 16
    top_ = start + bytes;
    end_ = start + size;
    return start;
}

}  // namespace meter::html::detail
