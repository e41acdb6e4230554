// Parts that several request bodies have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "json/members.hpp"
#include "meter/schedule.hpp"
#include "meter/value.hpp"

namespace meter::json {

/// `parameters`: name -> scalar, array of scalars, or null to remove (wire contract 8.6).
std::optional<Value> read_parameters(Members& in);

/// `urls`: 1 to 10,000. All texts first, then all URLs: what answers 422 comes after everything that answers 400.
std::vector<std::string> read_urls(Members& in);

/// `ignore` and `key` (wire contract 12.7); with Nulls::kept a null is a value. What is in them is checked where it is
/// compiled (ChangeRules).
std::optional<Value> read_ignore(Members& in);
std::optional<Value> read_key(Members& in);

/// The webhook members of a new schedule (wire contract 13.3), URL and secret not judged yet.
WebhookRequest read_webhook(Members& in);

inline constexpr std::int64_t most_interval_seconds = 31'536'000;
inline constexpr std::int64_t most_jitter_seconds = 3'600;

}  // namespace meter::json
