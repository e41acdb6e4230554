// SHA-256, HMAC and randomness, all from OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace meter::core {

std::array<std::uint8_t, 32> sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);  ///< lower-case, 64 digits

/// Incremental SHA-256: hashes parts without joining them.
class Sha256 {
public:
    Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    ~Sha256();
    void update(std::string_view bytes);
    std::string finish_hex();  ///< once

private:
    void* context_;
};

std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view bytes);
std::string to_hex(std::string_view bytes);

/// Cryptographically strong random bytes. Aborts when the system has none.
std::string random_bytes(std::size_t count);
/// `count` random characters of [A-Za-z0-9], unbiased.
std::string random_alphanumeric(std::size_t count);

}  // namespace meter::core
