// Classes of IP addresses: what the egress gate lets through.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

struct sockaddr;

namespace meter::url {

/// Is this a global unicast address, one that belongs to the public internet? IPv4-mapped, NAT64 (64:ff9b::/96) and
/// 6to4 forms are judged by the IPv4 address inside. False for loopback, private, link-local, CGNAT, benchmark,
/// documentation, multicast, reserved and unspecified addresses (IANA special-purpose registries, RFC 6890), for
/// Teredo, NAT64 local use and every family that is not IP.
bool is_global_address(const sockaddr* address) noexcept;
bool is_global_ipv4(std::array<std::uint8_t, 4> address) noexcept;
bool is_global_ipv6(const std::array<std::uint8_t, 16>& address) noexcept;

}  // namespace meter::url
