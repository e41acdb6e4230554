// The public conformance suites for HTML, decided by percentage: tree construction and tokeniser 99.5 %, encoding all.
//   METER_SUITES=../shared/suites bin/html_test [-v]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "html/suite_encoding.hpp"
#include "html/suite_tokenizer.hpp"
#include "html/suite_tree.hpp"

namespace {

using meter::html::test::SuiteResult;

bool report(const SuiteResult& result, double needed, bool verbose) {
    std::printf("%s\n", result.summary().c_str());
    constexpr std::size_t few = 20;
    for (std::size_t i = 0; i < result.failures.size() && (verbose || i < few); ++i)
        std::printf("  failed %s\n\n", result.failures[i].c_str());
    if (!verbose && result.failures.size() > few)
        std::printf("  ... %zu more (-v lists them all)\n", result.failures.size() - few);
    const bool enough = result.total > 0 && result.percent() >= needed;
    if (!enough) std::printf("  NOT ENOUGH: %.1f %% are asked for\n", needed);
    return enough;
}

}  // namespace

int main(int count, char** arguments) {
    const bool verbose = count > 1 && std::strcmp(arguments[1], "-v") == 0;
    const char* root = std::getenv("METER_SUITES");
    const auto folder = std::filesystem::path(root != nullptr ? root : "../shared/suites") / "html5lib-tests";
    if (!std::filesystem::is_directory(folder)) {
        std::printf("skipped: no folder %s (METER_SUITES)\n", folder.string().c_str());
        return 77;
    }
    bool passed = report(meter::html::test::run_tree_suite(folder / "tree-construction"), 99.5, verbose);
    passed = report(meter::html::test::run_tokenizer_suite(folder / "tokenizer"), 99.5, verbose) && passed;
    passed = report(meter::html::test::run_encoding_suite(folder / "encoding"), 100, verbose) && passed;
    return passed ? 0 : 1;
}
