#include "core/blocks.hpp"

#include <array>
#include <cstdlib>
#include <mutex>
#include <new>

namespace meter::core {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool may_keep_blocks = false;
#elif defined(__has_feature)
constexpr bool may_keep_blocks = !__has_feature(address_sanitizer);
#else
constexpr bool may_keep_blocks = true;
#endif

struct BlockStock {
    std::mutex mutex;
    std::array<void*, (std::size_t{2} << 20) / block_bytes> blocks{};  // the one given back last is taken first
    std::size_t count = 0;
};

constinit BlockStock block_stock;

}  // namespace

void* take_block() {
    if (may_keep_blocks) {
        const std::lock_guard lock(block_stock.mutex);
        if (block_stock.count > 0) return block_stock.blocks[--block_stock.count];
    }
    void* const block = std::malloc(block_bytes);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}

void give_block(void* block) noexcept {
    if (may_keep_blocks) {
        const std::lock_guard lock(block_stock.mutex);
        if (block_stock.count < block_stock.blocks.size()) {
            block_stock.blocks[block_stock.count++] = block;
            return;
        }
    }
    std::free(block);
}

void drop_blocks() noexcept {
    const std::lock_guard lock(block_stock.mutex);
    while (block_stock.count > 0) std::free(block_stock.blocks[--block_stock.count]);
}

}  // namespace meter::core
