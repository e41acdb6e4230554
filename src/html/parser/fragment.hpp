// Where a fragment stands.
#pragma once

#include <string_view>

#include "html/tags.hpp"

namespace meter::html::detail {

/// The element in whose innerHTML a fragment is parsed (HTML standard 13.4).
struct FragmentContext {
    std::string_view name = "body";
    Space space = Space::html;
};

}  // namespace meter::html::detail
