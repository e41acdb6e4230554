// Character references (HTML standard, sections 13.2.5.72 to 13.2.5.80).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace meter::html::detail {

/// The answer of read_reference() where the text may go on.
constexpr std::size_t reference_undecided = static_cast<std::size_t>(-1);

/// Reads the reference at the start of `text`, which is a '&', and appends what it stands for to `out`. Returns how
/// much of `text` it takes; 0 when it is none and the '&' means itself. `in_attribute`: a name without its semicolon is
/// none before '=' or an ASCII letter or digit. Unless `final`, reference_undecided when more text could change the
/// answer, which a name's first 33 characters always tell. Linear in what it takes.
std::size_t read_reference(std::string_view text, bool in_attribute, bool final, std::string& out);

}  // namespace meter::html::detail
