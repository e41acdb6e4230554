#include "core/blocks.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

using namespace meter::core;

TEST_SUITE("core.blocks") {
    TEST_CASE("blocks in use are memory of their own") {
        constexpr int more_than_are_kept = 100;
        for (int round = 0; round < 2; ++round) {
            std::set<void*> blocks;
            for (int i = 0; i < more_than_are_kept; ++i) {
                void* const block = take_block();
                CHECK(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t) == 0);
                std::memset(block, i, block_bytes);
                CHECK(blocks.insert(block).second);
            }
            for (void* const block : blocks) give_block(block);
        }
        drop_blocks();
        give_block(take_block());
    }

    TEST_CASE("threads never hold the same block") {
        std::vector<std::thread> threads;
        std::vector<int> mixed(4);
        for (int& other : mixed)
            threads.emplace_back([&other] {
                for (int i = 0; i < 2'000; ++i) {
                    auto* const block = static_cast<int**>(take_block());
                    *block = &other;
                    std::this_thread::yield();
                    if (*block != &other) ++other;
                    give_block(block);
                }
            });
        for (auto& thread : threads) thread.join();
        for (const int other : mixed) CHECK(other == 0);
        drop_blocks();
    }
}
