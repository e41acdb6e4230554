// Dotted paths into values.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "meter/value.hpp"

namespace meter::core {

/// The value at a dotted path: "pricing.amount", "images.0.url". At each object the whole rest of the path is tried as
/// one key before its first segment is, so a literal key with dots wins (wire contract 10). On arrays a segment is a
/// 0-based index in plain decimal. The empty path is the value itself. Null pointer when a step leads nowhere.
const Value* find_path(const Value& root, std::string_view dotted) noexcept;

/// "0", "17": an array index without sign or leading zeros; nullopt for anything else.
std::optional<std::size_t> array_index(std::string_view segment) noexcept;

}  // namespace meter::core
