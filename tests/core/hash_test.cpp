#include "core/hash.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace meter::core;

TEST_SUITE("core.hash") {
    TEST_CASE("SHA-256 of known texts") {
        // FIPS 180-4 examples; the third is wire contract appendix C.
        CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        CHECK(sha256_hex("[]") == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
    }

    TEST_CASE("hashing in parts gives the hash of the whole") {
        Sha256 hash;
        for (const char* part : {"a", "", "b", "c"}) hash.update(part);
        CHECK(hash.finish_hex() == sha256_hex("abc"));
        CHECK(Sha256().finish_hex() == sha256_hex(""));
    }

    TEST_CASE("HMAC of known texts") {
        const auto hex = [](std::string_view key, std::string_view text) {
            const auto mac = hmac_sha256(key, text);
            return to_hex({reinterpret_cast<const char*>(mac.data()), mac.size()});
        };
        // Wire contract appendix C; RFC 4231 test case 2; RFC 2104 with an empty key.
        CHECK(hex("whsec_test", R"({"a":1})") == "51426af50a41dd7ff2cd3f116594734766d4018d15d6fb07169aee5d2959adf5");
        CHECK(hex("Jefe", "what do ya want for nothing?") ==
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        CHECK(hex("", "") == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
        CHECK(hex({}, {}) == hex("", ""));
    }

    TEST_CASE("bytes are written as two lower-case digits") {
        CHECK(to_hex(std::string_view("\x00\x0F\xA0\xFF", 4)) == "000fa0ff");
        CHECK(to_hex("").empty());
    }

    TEST_CASE("random texts have the asked length, alphabet and do not repeat") {
        std::set<std::string> seen;
        for (int i = 0; i < 200; ++i) {
            const std::string text = random_alphanumeric(32);
            CHECK(text.size() == 32);
            CHECK(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") ==
                  std::string::npos);
            CHECK(seen.insert(text).second);
        }
        CHECK(random_alphanumeric(0).empty());
        CHECK(random_bytes(0).empty());
        CHECK(random_bytes(3'000'000).size() == 3'000'000);
    }

    TEST_CASE("every character of the alphabet is about equally likely") {
        std::array<int, 128> counts{};
        for (const char c : random_alphanumeric(62'000)) ++counts[static_cast<unsigned char>(c)];
        for (const char c : std::string_view("AZaz09")) {
            CAPTURE(c);
            CHECK(counts[static_cast<unsigned char>(c)] > 700);  // 1000 expected, 9 standard deviations away
            CHECK(counts[static_cast<unsigned char>(c)] < 1300);
        }
    }
}
