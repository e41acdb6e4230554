// Checks of what a request carries: ids, query members, JSON bodies (wire contract 1, 3, 5, 11.6). Nothing is clamped.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "answers.hpp"
#include "http/message.hpp"
#include "http/query.hpp"
#include "meter/result.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"
#include "meter/value.hpp"

namespace meter::server {

/// A UUID in lower case; nullopt when it is none.
std::optional<std::string> read_uuid(std::string_view text);

// Query members; absent ones are nullopt or the default. Errors: invalid_argument with the member as subject.

Result<ListRange> read_range(const Query& query, std::int64_t default_limit, std::int64_t max_limit = 1000);
Result<std::optional<std::string>> read_uuid_member(const Query& query, std::string_view name);
/// One of `words`.
Result<std::optional<std::string>> read_word_member(const Query& query, std::string_view name,
                                                    std::span<const std::string_view> words);
/// true, false, 1 or 0 in any case.
Result<std::optional<bool>> read_flag_member(const Query& query, std::string_view name);
/// An RFC 3339 time, or a number and s, m, h, d or w back from now.
Result<std::optional<TimePoint>> read_moment(const Query& query, std::string_view name, TimePoint now);
/// The member "since".
Result<std::optional<TimePoint>> read_since(const Query& query, TimePoint now);

/// The request's body as a JSON object. Problems: 400 for another Content-Type, malformed JSON, another JSON type.
std::variant<Value, Problem> read_object_body(const HttpRequest& request);

/// A compressed body can be a thousand times its size; ours are small. Problems: 400.
std::optional<Problem> refuse_encoding(const HttpRequest& request);

/// For operations without a body: none, an empty one or `{}` is fine (wire contract 1), and any other JSON object.
std::optional<Problem> refuse_body(const HttpRequest& request);

/// Without the top-level members that are null: on create they count as absent.
Value without_null_members(Value body);

}  // namespace meter::server
