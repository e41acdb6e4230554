// Public conformance data, read by path and never copied (METER_SUITES, ../shared/suites by default).
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace meter::testing {

/// The folder of one suite; nullopt, with a message, when it is not there.
inline std::optional<std::filesystem::path> suite_folder(std::string_view name) {
    const char* root = std::getenv("METER_SUITES");
    const auto folder = std::filesystem::path(root != nullptr ? root : "../shared/suites") / name;
    if (std::filesystem::is_directory(folder)) return folder;
    MESSAGE("skipped: no folder " << folder.string() << " (METER_SUITES)");
    return std::nullopt;
}

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace meter::testing
