// What a language model answers, read as data: a css plan made of known members and wanted fields, or nothing.
#pragma once

#include <string>
#include <string_view>

#include "generate/intent.hpp"
#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter::generate {

/// The plan in the body of a chat completion. Text around the object (a fence, a train of thought) does not count.
/// Container and fields keep what docs/plans.md has for css plans; whatever else there is, is left out: other members,
/// other kinds of plans, fields that nobody wants. Names meet wanted ones as words do ("Prices" is "price").
/// `any_name`: other fields are wanted too, as snake_case, up to 40.
/// Errors: parse with what is wrong, for everything that is no such plan.
Result<Value> read_chat_answer(std::string_view body, const Intent& intent, bool any_name);

}  // namespace meter::generate
