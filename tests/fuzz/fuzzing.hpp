// What every fuzz target uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace meter::fuzzing {

/// Ends the program, which makes the input a finding.
inline void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

/// The input up to the first `separator`, which is taken off as well; all of it when there is none.
inline std::string_view take_part(std::string_view& input, char separator) {
    const auto end = input.find(separator);
    const auto part = input.substr(0, end);
    input = end == input.npos ? std::string_view() : input.substr(end + 1);
    return part;
}

}  // namespace meter::fuzzing
