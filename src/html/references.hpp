// Character references libxml2 does not know.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace meter::html::detail {

/// `text` starts with '&'. When libxml2 would read the reference otherwise than the HTML standard (13.2.5.72 on: names
/// without a semicolon, names of HTML 5, numbers of windows-1252), returns the length of the input to replace and sets
/// `replacement`; else 0. The standard's rarest names are left out and stay as written.
std::size_t fix_reference(std::string_view text, bool in_attribute, std::string& replacement);

}  // namespace meter::html::detail
