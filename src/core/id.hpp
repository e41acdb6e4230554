// Identifiers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "meter/time.hpp"

namespace meter::core {

/// A new UUIDv7 (RFC 9562 section 5.7) in lower case. Within the process ids of the same or an earlier millisecond
/// still sort after those made before (section 6.2, method 1 counter), so order of ids is order of creation.
std::string new_uuid(TimePoint now);

/// A UUIDv7 that is always the same for the same arguments: for what must not be made twice. Those of one time are in
/// the order of `number`, as far as it is below 2^26.
std::string derived_uuid(TimePoint time, std::uint64_t number, std::string_view seed);

/// "<prefix>_" and 32 hexadecimal digits, in the order of new_uuid().
std::string new_prefixed_id(std::string_view prefix, TimePoint now);

/// The lower-case form of any UUID text (8-4-4-4-12 hex digits); nullopt for anything else.
std::optional<std::string> normalize_uuid(std::string_view text);

}  // namespace meter::core
