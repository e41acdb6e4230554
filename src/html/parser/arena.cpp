#include "html/parser/arena.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "core/blocks.hpp"

namespace meter::html::detail {

void* Arena::allocate_in_new_chunk(std::size_t bytes) {
    // What pages usually take comes in blocks that stay from one page to the next.
    constexpr std::size_t in_blocks = 16 * core::block_bytes, larger_chunk = 96u << 10, mapped_chunk = 16 * huge_page;
    using Source = ReleaseMemory::Source;
    ReleaseMemory release;
    if (reserved_ < in_blocks && bytes <= core::block_bytes) {
        release = {Source::block, core::block_bytes};
    } else {
        const std::size_t wanted = std::max(larger_chunk, bytes);
        if (reserved_ + wanted > 2 * huge_page)
            release = {Source::pages, whole_pages(std::max(wanted, mapped_chunk))};
        else
            release = {Source::heap, wanted};
    }
    chunks_.reserve(chunks_.size() + 1);
    auto* const chunk = static_cast<char*>(release.source == Source::block   ? core::take_block()
                                           : release.source == Source::pages ? map_pages(release.size)
                                                                             : std::malloc(release.size));
    if (chunk == nullptr) throw std::bad_alloc();
    chunks_.push_back(std::unique_ptr<char, ReleaseMemory>(chunk, release));
    reserved_ += release.size;
    if (release.size - bytes > static_cast<std::size_t>(end_ - top_)) {  // else the chunk before has more room left
        top_ = chunk + bytes;
        end_ = chunk + release.size;
    }
    return chunk;
}

}  // namespace meter::html::detail
