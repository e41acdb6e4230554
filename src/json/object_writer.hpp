// Writes the wire form of stored objects. Members stored as JSON text are spliced in without being parsed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/time.hpp"

namespace meter::json {

/// One JSON object, member by member; names are ours and need no escapes. The wire contract leaves members out only
/// where it says so; those the caller does not write, all others that may be absent are written `_or_null`.
///   ObjectWriter out;
///   out.text("url", job.url).json_or_null("results", job.results);
///   return std::move(out).finish();
class ObjectWriter {
public:
    ObjectWriter& text(std::string_view name, std::string_view value);
    ObjectWriter& text_or_null(std::string_view name, const std::optional<std::string>& value);
    ObjectWriter& texts(std::string_view name, const std::vector<std::string>& values);
    ObjectWriter& json(std::string_view name, std::string_view value);  ///< `value` must be valid JSON
    ObjectWriter& json_or_null(std::string_view name, const std::optional<std::string>& value);
    ObjectWriter& integer(std::string_view name, std::int64_t value);
    ObjectWriter& integer_or_null(std::string_view name, const std::optional<std::int64_t>& value);
    ObjectWriter& number(std::string_view name, double value);
    ObjectWriter& flag(std::string_view name, bool value);
    ObjectWriter& flag_or_null(std::string_view name, const std::optional<bool>& value);
    ObjectWriter& time(std::string_view name, TimePoint value);
    ObjectWriter& time_or_null(std::string_view name, const std::optional<TimePoint>& value);

    std::string finish() &&;

private:
    void begin(std::string_view name);

    std::string text_;
};

}  // namespace meter::json
