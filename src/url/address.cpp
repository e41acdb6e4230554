#include "url/address.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace meter::url {
namespace {

struct Ipv4Block {
    std::array<std::uint8_t, 4> prefix;
    unsigned bits;
};

// IANA IPv4 Special-Purpose Address Registry (RFC 6890), what is not globally reachable, and the multicast and
// reserved ranges of the IPv4 Address Space Registry. 192.0.0.0/24 is refused whole: its two anycast exceptions serve
// no web pages.
constexpr std::array<Ipv4Block, 15> ipv4_not_global{{
    {{0, 0, 0, 0}, 8},        // "this network", RFC 791
    {{10, 0, 0, 0}, 8},       // private, RFC 1918
    {{100, 64, 0, 0}, 10},    // shared address space, RFC 6598
    {{127, 0, 0, 0}, 8},      // loopback, RFC 1122
    {{169, 254, 0, 0}, 16},   // link local, RFC 3927
    {{172, 16, 0, 0}, 12},    // private
    {{192, 0, 0, 0}, 24},     // IETF protocol assignments, RFC 6890
    {{192, 0, 2, 0}, 24},     // documentation, RFC 5737
    {{192, 88, 99, 0}, 24},   // deprecated 6to4 relays, RFC 7526
    {{192, 168, 0, 0}, 16},   // private
    {{198, 18, 0, 0}, 15},    // benchmarks, RFC 2544
    {{198, 51, 100, 0}, 24},  // documentation
    {{203, 0, 113, 0}, 24},   // documentation
    {{224, 0, 0, 0}, 4},      // multicast, RFC 5771
    {{240, 0, 0, 0}, 4},      // reserved, RFC 1112; limited broadcast
}};

struct Ipv6Block {
    std::array<std::uint8_t, 16> prefix;
    unsigned bits;
};

constexpr Ipv6Block ipv6_mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 96};  // RFC 4291 2.5.5.2
constexpr Ipv6Block ipv6_nat64{{0x00, 0x64, 0xFF, 0x9B}, 96};                     // RFC 6052
constexpr Ipv6Block ipv6_6to4{{0x20, 0x02}, 16};                                  // RFC 3056
constexpr Ipv6Block ipv6_global_unicast{{0x20}, 3};                               // RFC 4291 2.4, as allocated by IANA

// Inside 2000::/3: IANA IPv6 Special-Purpose Address Registry. 2001::/23 is refused whole (Teredo, benchmarks, ORCHID);
// its few reachable anycast addresses serve no web pages.
constexpr std::array<Ipv6Block, 3> ipv6_not_global{{
    {{0x20, 0x01, 0x00}, 23},        // IETF protocol assignments, RFC 2928
    {{0x20, 0x01, 0x0D, 0xB8}, 32},  // documentation, RFC 3849
    {{0x3F, 0xFF, 0x00}, 20},        // documentation, RFC 9637
}};

template <class Address, class Block>
bool is_within(const Address& address, const Block& block) noexcept {
    for (unsigned i = 0; i * 8 < block.bits; ++i) {
        const unsigned left = block.bits - i * 8;
        const unsigned mask = left >= 8 ? 0xFFu : (0xFFu << (8 - left)) & 0xFFu;
        if (((address[i] ^ block.prefix[i]) & mask) != 0) return false;
    }
    return true;
}

std::array<std::uint8_t, 4> embedded_ipv4(const std::array<std::uint8_t, 16>& address, std::size_t at) noexcept {
    return {address[at], address[at + 1], address[at + 2], address[at + 3]};
}

}  // namespace

bool is_global_ipv4(std::array<std::uint8_t, 4> address) noexcept {
    return std::none_of(ipv4_not_global.begin(), ipv4_not_global.end(),
                        [&](const Ipv4Block& block) { return is_within(address, block); });
}

bool is_global_ipv6(const std::array<std::uint8_t, 16>& address) noexcept {
    if (is_within(address, ipv6_mapped) || is_within(address, ipv6_nat64))
        return is_global_ipv4(embedded_ipv4(address, 12));
    if (is_within(address, ipv6_6to4)) return is_global_ipv4(embedded_ipv4(address, 2));
    return is_within(address, ipv6_global_unicast) &&
           std::none_of(ipv6_not_global.begin(), ipv6_not_global.end(),
                        [&](const Ipv6Block& block) { return is_within(address, block); });
}

bool is_global_address(const sockaddr* address) noexcept {
    if (address == nullptr) return false;
    if (address->sa_family == AF_INET) {
        sockaddr_in ipv4;
        std::memcpy(&ipv4, address, sizeof ipv4);
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &ipv4.sin_addr, bytes.size());
        return is_global_ipv4(bytes);
    }
    if (address->sa_family == AF_INET6) {
        sockaddr_in6 ipv6;
        std::memcpy(&ipv6, address, sizeof ipv6);
        std::array<std::uint8_t, 16> bytes{};
        std::memcpy(bytes.data(), &ipv6.sin6_addr, bytes.size());
        return is_global_ipv6(bytes);
    }
    return false;
}

}  // namespace meter::url
