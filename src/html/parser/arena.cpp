#include "html/parser/arena.hpp"

#include <algorithm>
#include <new>

namespace meter::html::detail {

void* Arena::allocate_in_new_chunk(std::size_t bytes) {
    // Small chunks stay in the allocator's free lists from one page to the next; large ones would be mapped and
    // cleared by the system each time.
    constexpr std::size_t first_chunk = 16u << 10, largest_chunk = 96u << 10, mapped_chunk = 16 * huge_page;
    const std::size_t usual = std::clamp(reserved_, first_chunk, largest_chunk);
    const std::size_t wanted = std::max(usual, bytes);
    const bool mapped = reserved_ + wanted > 2 * huge_page;
    const std::size_t size = mapped ? whole_pages(std::max(wanted, mapped_chunk)) : wanted;
    chunks_.reserve(chunks_.size() + 1);
    auto* const chunk = static_cast<char*>(mapped ? map_pages(size) : std::malloc(size));
    if (chunk == nullptr) throw std::bad_alloc();
    chunks_.push_back(std::unique_ptr<char, Free>(chunk, Free{mapped ? size : 0}));
    reserved_ += size;
    if (size - bytes > static_cast<std::size_t>(end_ - top_)) {  // else the chunk before has more room left
        top_ = chunk + bytes;
        end_ = chunk + size;
    }
    return chunk;
}

}  // namespace meter::html::detail
