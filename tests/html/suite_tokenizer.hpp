// html5lib-tests, tokenizer/*.test.
#pragma once

#include <filesystem>

#include "html/suite_result.hpp"

namespace meter::html::test {

/// Runs every test of every file in `folder` in each of its initial states, whole and byte by byte. Tokens are
/// compared, parse errors are not. Lone surrogates, which UTF-8 cannot hold, are U+FFFD in input and output alike.
SuiteResult run_tokenizer_suite(const std::filesystem::path& folder);

}  // namespace meter::html::test
