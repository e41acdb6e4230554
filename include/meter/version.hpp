// The version of the library that is linked.
#pragma once

#include <string_view>

#include "meter/export.hpp"

namespace meter {

/// Semantic version of the linked library, for example "0.1.0". The view is valid for the life of the process.
METER_EXPORT std::string_view version() noexcept;

}  // namespace meter
