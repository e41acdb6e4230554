// Members of store records and what they stand for (MemberType).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "meter/store_record.hpp"
#include "meter/time.hpp"

namespace meter::json {

/// Deepest nesting of a stored JSON text, with room for the record around it.
inline constexpr std::size_t record_depth = 160;

Value time_member(TimePoint time);
/// nullopt for anything that time_member() does not write.
std::optional<TimePoint> read_time_member(const Value& value);

/// A stored JSON text. It is parsed only where writing it again gives the same text.
Value json_member(std::string text);
/// The stored text of a `json` member that validate() has passed.
std::string json_text(const Value& value);

/// The record as API bodies have it: `json` members that are strings are parsed.
Object body_of(const StoreRecord& record);

}  // namespace meter::json
