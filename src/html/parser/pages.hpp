// Where a document's memory comes from: blocks that stay from page to page, the heap, and straight from the system for
// documents that need many megabytes.
#pragma once

#include <cstddef>

namespace meter::html::detail {

/// Blocks at least this long are worth a call of their own to the system.
constexpr std::size_t huge_page = 2u << 20;

/// A block of zeroes, on a boundary of huge_page. What is not written takes no memory. In pages of 4 KiB the system
/// spends as long on handing memory out as the parser on filling it: it is asked for pages of 2 MiB, and gives smaller
/// ones when it has none. `bytes` is a multiple of huge_page. Throws std::bad_alloc.
void* map_pages(std::size_t bytes);
void unmap_pages(void* start, std::size_t bytes) noexcept;

constexpr std::size_t whole_pages(std::size_t bytes) noexcept {
    return (bytes + huge_page - 1) / huge_page * huge_page;
}

/// Gives memory back to where it came from.
struct ReleaseMemory {
    enum class Source : unsigned char { heap, block, pages } source = Source::heap;
    std::size_t size = 0;
    void operator()(void* memory) const noexcept;
};

}  // namespace meter::html::detail
