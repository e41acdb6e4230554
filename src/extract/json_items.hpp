// Items out of a JSON document: items_path and fields of api plans and embedded plans.
#pragma once

#include <string_view>

#include "extract/item_sink.hpp"
#include "extract/plan.hpp"

namespace meter::detail {

/// Deepest JSON that is read. Results are one array and perhaps a wrapper deeper than their items, and are read again
/// with parse_json()'s own limit of 64.
constexpr std::size_t json_max_depth = 60;

/// Adds the items of one document. An array at the path gives its members, an object one item, anything else none;
/// `*` steps over every member of an array. Scalars and arrays as items become {"value": x}, nulls none.
/// `drop_empty`: items all of whose fields are null or [] are left out. Errors: too_large.
Result<void> collect_json_items(const Value& root, const JsonSource& source, bool drop_empty, ItemSink& sink);

/// Reads the JSON answer of an API: UTF-8, a byte order mark is skipped, malformed bytes and lone surrogates become
/// U+FFFD. Errors: parse "Extraction failed: response is not JSON", also for what is nested too deeply.
Result<Value> parse_json_answer(std::string_view body);

}  // namespace meter::detail
