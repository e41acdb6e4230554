// html5lib-tests, encoding/*.dat.
#pragma once

#include <filesystem>

#include "html/suite_result.hpp"

namespace meter::html::test {

/// Decodes every test's page, whole and byte by byte, and compares the encoding. Where nothing is declared html5lib
/// expects windows-1252 and ours is UTF-8 for what is valid UTF-8 (wire contract 8.5): that counts as the same.
SuiteResult run_encoding_suite(const std::filesystem::path& folder);

}  // namespace meter::html::test
