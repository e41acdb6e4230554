// Places of slots as numbers: equal places give equal numbers, in every run.
#pragma once

#include <cstdint>

namespace meter::generate {

constexpr std::uint64_t place_root = 0x51ed27;

constexpr std::uint64_t place_mix(std::uint64_t a, std::uint64_t b) {
    std::uint64_t x = (a ^ (b + 0x9e3779b97f4a7c15u)) * 0xbf58476d1ce4e5b9u;
    return x ^ (x >> 29);
}

}  // namespace meter::generate
