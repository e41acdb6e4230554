#include "core/id.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>

#include "core/hash.hpp"

namespace meter::core {
namespace {

constexpr std::int64_t uuid_max_time = (std::int64_t{1} << 48) - 1;
constexpr std::uint32_t uuid_counter_bits = 26;  // 12 of rand_a and the first 14 of rand_b
constexpr std::uint32_t uuid_counter_end = 1u << uuid_counter_bits;

/// Where the sequence of ids stands. One for the process: two engines on one store must not interleave.
struct UuidSequence {
    std::mutex mutex;
    std::int64_t time = -1;
    std::uint32_t counter = 0;
};

std::int64_t uuid_time(TimePoint time) {
    return std::clamp<std::int64_t>(time.time_since_epoch().count(), 0, uuid_max_time);
}

/// `tail`: the last six bytes.
std::string uuid_text(std::int64_t time, std::uint32_t counter, std::string_view tail) {
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(time >> (40 - 8 * i));
    bytes[6] = static_cast<std::uint8_t>(0x70 | (counter >> 22));  // version 7
    bytes[7] = static_cast<std::uint8_t>(counter >> 14);
    bytes[8] = static_cast<std::uint8_t>(0x80 | ((counter >> 8) & 0x3F));  // variant 10
    bytes[9] = static_cast<std::uint8_t>(counter);
    for (std::size_t i = 10; i < 16; ++i) bytes[i] = static_cast<std::uint8_t>(tail[i - 10]);

    std::string hex = to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    for (const std::size_t dash : {8u, 13u, 18u, 23u}) hex.insert(dash, 1, '-');
    return hex;
}

std::uint32_t uuid_random_word(std::string_view bytes) {
    std::uint32_t word = 0;
    for (const char c : bytes.substr(0, 4)) word = (word << 8) | static_cast<unsigned char>(c);
    return word;
}

}  // namespace

std::string new_uuid(TimePoint now) {
    static UuidSequence sequence;
    const std::string random = random_bytes(10);
    std::int64_t time = uuid_time(now);
    std::uint32_t counter = 0;
    {
        // RFC 9562 6.2: the counter starts at a random number with a zero on top, so that a full counter is far; a
        // clock that stands still or steps back keeps the time of the last id; a full counter borrows from the future.
        std::lock_guard lock(sequence.mutex);
        if (time > sequence.time || ++sequence.counter == uuid_counter_end) {
            sequence.time = std::min(std::max(time, sequence.time + 1), uuid_max_time);
            sequence.counter = uuid_random_word(random) & (uuid_counter_end / 2 - 1);
        }
        time = sequence.time;
        counter = sequence.counter;
    }
    return uuid_text(time, counter, std::string_view(random).substr(4));
}

std::string derived_uuid(TimePoint time, std::uint64_t number, std::string_view seed) {
    const auto digest = sha256(seed);
    const std::string_view tail(reinterpret_cast<const char*>(digest.data()), digest.size());
    return uuid_text(uuid_time(time), static_cast<std::uint32_t>(number % uuid_counter_end), tail);
}

std::string new_prefixed_id(std::string_view prefix, TimePoint now) {
    std::string id(prefix);
    id += '_';
    for (const char c : new_uuid(now))
        if (c != '-') id += c;
    return id;
}

std::optional<std::string> normalize_uuid(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    std::string out(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        char& c = out[i];
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-') return std::nullopt;
        } else if (c >= 'A' && c <= 'F') {
            c = static_cast<char>(c + 32);
        } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return std::nullopt;
        }
    }
    return out;
}

}  // namespace meter::core
