#include "core/hash.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace meter::core {
namespace {

EVP_MD_CTX* sha256_context(void* context) {
    return static_cast<EVP_MD_CTX*>(context);
}

std::string_view digest_view(const unsigned char* digest, std::size_t size) {
    return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr || EVP_DigestInit_ex(sha256_context(context_), EVP_sha256(), nullptr) != 1) {
        EVP_MD_CTX_free(sha256_context(context_));
        throw std::bad_alloc();
    }
}

Sha256::~Sha256() {
    EVP_MD_CTX_free(sha256_context(context_));
}

void Sha256::update(std::string_view bytes) {
    EVP_DigestUpdate(sha256_context(context_), bytes.data(), bytes.size());
}

std::string Sha256::finish_hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(sha256_context(context_), digest, &size);
    return to_hex(digest_view(digest, size));
}

std::string sha256_hex(std::string_view bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish_hex();
}

std::array<std::uint8_t, 32> sha256(std::string_view bytes) {
    std::array<std::uint8_t, 32> out{};
    unsigned int size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
    return out;
}

std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view bytes) {
    std::array<std::uint8_t, 32> out{};
    unsigned int size = 0;
    // A null key means "reuse the last one" to OpenSSL, so an empty key needs an address.
    const char* const key_bytes = key.empty() ? "" : key.data();
    HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
         bytes.size(), out.data(), &size);
    return out;
}

std::string to_hex(std::string_view bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 15]);
    }
    return out;
}

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    for (std::size_t done = 0; done < count;) {
        const std::size_t part = std::min<std::size_t>(count - done, 1u << 20);
        if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data() + done), static_cast<int>(part)) != 1) std::abort();
        done += part;
    }
    return out;
}

std::string random_alphanumeric(std::size_t count) {
    static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    constexpr std::size_t fair = 256 - 256 % alphabet.size();  // larger bytes would favour the first characters
    std::string out;
    out.reserve(count);
    while (out.size() < count)
        for (const char c : random_bytes(count - out.size()))
            if (const auto byte = static_cast<unsigned char>(c); byte < fair)
                out.push_back(alphabet[byte % alphabet.size()]);
    return out;
}

}  // namespace meter::core
