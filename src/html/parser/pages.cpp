#include "html/parser/pages.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>

#include "core/blocks.hpp"

namespace meter::html::detail {

void* map_pages(std::size_t bytes) {
    if (bytes > std::numeric_limits<std::size_t>::max() / 2) throw std::bad_alloc();
    const std::size_t mapped = bytes + huge_page;
    void* const any = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (any == MAP_FAILED) throw std::bad_alloc();
    char* const first = static_cast<char*>(any);
    const std::size_t before = -reinterpret_cast<std::uintptr_t>(first) % huge_page;
    if (before > 0) munmap(first, before);
    munmap(first + before + bytes, huge_page - before);
#if defined(MADV_HUGEPAGE)
    madvise(first + before, bytes, MADV_HUGEPAGE);  // a wish
#endif
    return first + before;
}

void unmap_pages(void* start, std::size_t bytes) noexcept {
    munmap(start, bytes);
}

void ReleaseMemory::operator()(void* memory) const noexcept {
    if (source == Source::block)
        core::give_block(memory);
    else if (source == Source::pages)
        unmap_pages(memory, size);
    else
        std::free(memory);
}

}  // namespace meter::html::detail
