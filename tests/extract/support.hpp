// What the tests of this module share.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "meter/extract.hpp"
#include "meter/json.hpp"

namespace meter::test {

inline Value json_of(std::string_view text) {
    auto value = parse_json(text);
    if (!value) FAIL(value.error().message << ": " << text);
    return *value;
}

inline Plan plan_of(std::string_view definition) {
    auto plan = Plan::parse(json_of(definition));
    if (!plan) FAIL(plan.error().message);
    return *plan;
}

/// The items a plan makes of a page, as JSON text.
inline std::string items_text(std::string_view page, std::string_view definition,
                              std::string_view url = "https://shop.test/list/") {
    auto extraction = extract(page, plan_of(definition), url);
    if (!extraction) FAIL(extraction.error().message);
    return to_json(Value(std::move(extraction->items)));
}

}  // namespace meter::test
