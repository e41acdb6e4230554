// The `sort` parameter of the automation dialect's lists (wire contract 20.1, 20.5, 20.6).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "meter/result.hpp"

namespace meter::json {

/// Names of sort fields with what each stands for; names that stand for the same one follow it, the first is
/// documented.
template <class Field, std::size_t count>
using SortFields = std::array<std::pair<std::string_view, Field>, count>;

/// "name:asc", "name:desc" or "name", which is ascending, into the members `sort` and `ascending` of a query.
/// Anything else is invalid_argument at "sort" and names the fields.
template <class Query, class Field, std::size_t count>
Result<void> read_sort(const SortFields<Field, count>& fields, std::string_view text, Query& query) {
    const auto colon = text.find(':');
    const auto direction = colon == std::string_view::npos ? "asc" : text.substr(colon + 1);
    std::string names;
    for (std::size_t i = 0; i < count; ++i) {
        const auto& [name, field] = fields[i];
        if (name == text.substr(0, colon) && (direction == "asc" || direction == "desc")) {
            query.sort = field;
            query.ascending = direction == "asc";
            return {};
        }
        if (i > 0 && field == fields[i - 1].second) continue;
        names.append(names.empty() ? "" : i + 1 == count ? " or " : ", ").append(name);
    }
    return Error{ErrorCode::invalid_argument, "sort must be " + names + ", with :asc or :desc behind it", "sort"};
}

}  // namespace meter::json
