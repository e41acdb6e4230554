// Canonical JSON, written piece by piece into a string or a hash.
#pragma once

#include <string>
#include <string_view>

#include "meter/value.hpp"

namespace meter::detail {

/// Receives canonical JSON in pieces, in order.
class CanonicalSink {
public:
    virtual ~CanonicalSink() = default;
    virtual void write(std::string_view piece) = 0;
};

/// Writes the canonical form of wire contract 12.1: RFC 8785 after every string value was NFC-normalised, its
/// white-space runs made one space and trimmed. Member names stay as they are: two that normalise alike are two
/// members, and folding them would lose one. Integers keep all their digits, also beyond 2^53, where RFC 8785 would
/// round: ids of 64 bits that differ must not hash alike. Linear but for sorting; no recursion on depth.
void write_canonical(CanonicalSink& sink, const Value& value);

/// Order of member names in RFC 8785 section 3.2.3: by UTF-16 code units.
bool utf16_less(std::string_view a, std::string_view b) noexcept;

}  // namespace meter::detail
