#include <doctest/doctest.h>

#include "core/suites.hpp"
#include "html/suite_encoding.hpp"
#include "html/suite_tokenizer.hpp"

namespace {

using meter::html::test::SuiteResult;

void check_suite(const SuiteResult& result, double needed) {
    MESSAGE(result.summary());
    for (const std::string& failure : result.failures) MESSAGE(failure);
    CHECK(result.total > 0);
    CHECK(result.percent() >= needed);
}

TEST_SUITE("html.html5lib") {
    TEST_CASE("html5lib's tokeniser tests give html5lib's tokens") {
        if (const auto folder = meter::testing::suite_folder("html5lib-tests"))
            check_suite(meter::html::test::run_tokenizer_suite(*folder / "tokenizer"), 99.5);
    }

    TEST_CASE("html5lib's encoding tests find html5lib's encodings") {
        if (const auto folder = meter::testing::suite_folder("html5lib-tests"))
            check_suite(meter::html::test::run_encoding_suite(*folder / "encoding"), 100);
    }
}

}  // namespace
