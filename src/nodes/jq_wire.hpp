// What the jq child and its parent say to each other: one byte of kind, four bytes of length, the text.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace meter::nodes {

enum class JqMessage : char {
    item = 'i',       ///< to the child: run on this
    listed = 'a',     ///< to the child: add this to the list
    list_end = 'r',   ///< to the child: run on the list
    compiled = 'c',   ///< from the child: ready
    malformed = 'm',  ///< from the child: the program does not compile, this is why
    output = 'o',     ///< from the child
    done = 'd',       ///< from the child: a message has been worked off
    failed = 'e',     ///< from the child: the program's error
    no_memory = 'n',  ///< from the child, its last word
};

inline constexpr std::size_t jq_head_bytes = 5;

inline void append_jq_message(std::string& out, JqMessage kind, std::string_view text) {
    const auto length = static_cast<std::uint32_t>(text.size());
    char head[jq_head_bytes];
    head[0] = static_cast<char>(kind);
    std::memcpy(head + 1, &length, sizeof length);
    out.append(head, sizeof head).append(text);
}

struct JqIncoming {
    JqMessage kind;
    std::string_view text;
    std::size_t size;  ///< of the whole message
};

/// The message at the front of `bytes`, if it has come whole.
inline std::optional<JqIncoming> front_jq_message(std::string_view bytes) {
    std::uint32_t length = 0;
    if (bytes.size() < jq_head_bytes) return std::nullopt;
    std::memcpy(&length, bytes.data() + 1, sizeof length);
    if (bytes.size() - jq_head_bytes < length) return std::nullopt;
    return JqIncoming{static_cast<JqMessage>(bytes[0]), bytes.substr(jq_head_bytes, length), jq_head_bytes + length};
}

}  // namespace meter::nodes
