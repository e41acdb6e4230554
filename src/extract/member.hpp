// Reading the members of a plan: every error names the dotted member at fault.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "extract/plan.hpp"
#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter::detail {

constexpr std::size_t plan_max_fields = 200;
constexpr std::size_t plan_max_path = 2048;  ///< bytes of a dotted path; the limit of selectors
constexpr std::size_t plan_max_name = 256;   ///< bytes of a field, script or parameter name

/// "strategy.container.limit: must be ..." with the member as subject.
Error plan_error(std::string member, std::string_view why);
Error plan_missing(std::string member);

/// A member that counts: null is the same as absent (wire contract 1). Null pointer when there is none.
const Value* plan_member(const Object& object, std::string_view name);

/// An optional string; `fallback` when absent.
Result<std::string> plan_string(const Object& object, std::string_view name, const std::string& at,
                                std::string_view fallback = {});
Result<bool> plan_flag(const Object& object, std::string_view name, const std::string& at, bool fallback);
/// An optional object; null pointer when absent.
Result<const Object*> plan_object(const Object& object, std::string_view name, const std::string& at);
/// An optional whole number from `lowest` up; `fallback` when absent.
Result<std::size_t> plan_count(const Object& object, std::string_view name, const std::string& at, std::size_t lowest,
                               std::size_t highest, std::size_t fallback);

/// A selector, errors in the words of the selector parser.
Result<html::Selector> plan_selector(const std::string& text, const std::string& at);

/// `items_path` and `fields` of api plans and embedded plans.
Result<JsonSource> plan_json_source(const Object& definition);

}  // namespace meter::detail
