// html5lib-tests, tree-construction/*.dat.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "html/suite_result.hpp"

namespace meter::html::test {

struct TreeTest {
    std::string data, context, expected;  ///< context: "td", "svg path"; empty for a document
    bool script_on = false;
};

std::vector<TreeTest> read_tree_tests(const std::filesystem::path& file);

/// The dump of what a test's data gives, fed whole or byte by byte.
std::string dump_of(const TreeTest& test, bool bytewise);

/// Runs every document and fragment test of every file in `folder`. Tests that need scripting on are skipped: those
/// marked so and those in the folder "scripted".
SuiteResult run_tree_suite(const std::filesystem::path& folder);

}  // namespace meter::html::test
