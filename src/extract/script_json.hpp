// JSON as scripts on pages hold it: wrapped, commented, assigned to variables.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter::detail {

/// \ud800 escapes without their other half become \ufffd. Nothing else changes. Linear.
std::string repair_json_text(std::string_view text);

/// Reads the whole text of a script as JSON. Tolerated, because pages have them: HTML comments and CDATA marks around
/// the text, JavaScript comments, trailing semicolons, raw control characters inside strings (they become escapes),
/// commas before a closing bracket, lone surrogates. Errors: parse, too_large (nested too deeply).
Result<Value> parse_script_json(std::string_view text);

/// The JSON that a script assigns to a variable: `window.X = {...}`, `var X = [...]`, `window["X"] = ...`,
/// `X = JSON.parse("...")`. The first assignment whose right side is JSON counts; nullopt when there is none. `name`
/// may be given with or without "window.". Linear in the script.
std::optional<Value> find_assigned_json(std::string_view script, std::string_view name);

}  // namespace meter::detail
