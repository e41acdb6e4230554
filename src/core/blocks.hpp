// Memory that comes and goes with every page: blocks of one size, kept for the next one that wants some.
#pragma once

#include <cstddef>

namespace meter::core {

constexpr std::size_t block_bytes = std::size_t{64} << 10;

/// A block of block_bytes, aligned as malloc() would, not cleared. One that was given back lately where there is one:
/// the allocator would return so much memory to the system with every page, and fault it in again with the next. The
/// whole process shares what is kept, at most 2 MiB. With AddressSanitizer nothing is kept.
/// Throws std::bad_alloc. Threads: any.
void* take_block();
void give_block(void* block) noexcept;

/// Returns what is kept to the system.
void drop_blocks() noexcept;

}  // namespace meter::core
